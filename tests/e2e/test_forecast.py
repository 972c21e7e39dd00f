"""Forecasts: of a history that is known, what is said is what follows from it; and when nothing is said, why."""

import datetime
import json
import subprocess
import time

import pytest

from huoma import BINARY, Server, Visitor, link, page_groups, redirect_groups

ZONE = datetime.timezone(datetime.timedelta(hours=5, minutes=30))  # hours of India begin in the middle of UTC's
HOUR = 3600


@pytest.fixture(scope="module")
def server():
    with Server(workers=1, env={"HUOMA_TIMEZONE": "Asia/Kolkata"}) as s:
        yield s


def put_history(server, slug, seats, hours=72, zone=ZONE, now=None, group="g1"):
    """`seats` of each of the last hours, before the one that goes on, as the ledger's scripts count them."""
    redis, at = server.redis_client(), datetime.datetime.fromtimestamp(now or time.time(), zone)
    for back in range(1, hours + 1):
        then = at - datetime.timedelta(hours=back)
        redis.hset(f"hm:{{{slug}}}:stats:{then:%Y-%m-%d}", f"d{then:%H}:{group}", seats)
        redis.hset(f"hm:{{{slug}}}:seats", f"d:{then:%Y-%m-%d}", 1)  # by which a deletion knows its days
    minutes = at.minute + at.second / 60
    redis.hset(f"hm:{{{slug}}}:stats:{at:%Y-%m-%d}", f"d{at:%H}:{group}", round(seats * minutes / 60))


def forecast(server, slug):
    f = server.api("GET", f"/campaigns/{slug}/forecast").json()
    return f, {g["id"]: g for g in f["groups"]}


def seconds(text, since):
    return (datetime.datetime.fromisoformat(text) - datetime.datetime.fromisoformat(since)).total_seconds()


def after(seconds_):
    return datetime.datetime.fromtimestamp(time.time() + seconds_, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def told(moment, at):
    """Hours until it is full."""
    assert moment["why"] is None
    assert seconds(moment["earliest"], at) <= seconds(moment["full_at"], at) <= seconds(moment["latest"], at)
    return seconds(moment["full_at"], at) / HOUR


def test_a_steady_stream_fills_one_group_behind_the_other(server, slug):
    server.create(slug, redirect_groups(120, 180))
    put_history(server, slug, 60)
    f, groups = forecast(server, slug)
    assert f["slug"] == slug and f["per_hour"] == pytest.approx(60, rel=0.1)
    assert told(groups["g1"], f["at"]) == pytest.approx(2, rel=0.15)
    assert told(groups["g2"], f["at"]) == told(f, f["at"]) == pytest.approx(5, rel=0.15)


def test_scans_make_a_rate_at_once_and_seats_that_are_gone_are_full(server, slug):
    server.create(slug, redirect_groups(2, 40))
    put_history(server, slug, 60)
    for _ in range(12):
        assert Visitor(server, slug).scan().status == 302
    f, groups = forecast(server, slug)
    assert groups["g1"]["why"] == "full" and groups["g1"]["full_at"] is None
    assert told(groups["g2"], f["at"]) == pytest.approx(0.5, rel=0.2)


@pytest.mark.parametrize("change,why,of_group", [
    ({"enabled": False}, "not_running", "not_running"), ({"ends_at": 1800}, "ends_first", "ends_first"),
    ({"starts_at": 600}, "not_running", "not_running"), ({}, None, None)])
def test_a_campaign_that_is_paused_or_ends(server, slug, change, why, of_group):
    server.create(slug, redirect_groups(90), **{k: v if isinstance(v, bool) else after(v) for k, v in change.items()})
    put_history(server, slug, 60)
    f, groups = forecast(server, slug)
    assert (f["why"], groups["g1"]["why"]) == (why, of_group)
    assert (f["full_at"] is None) == (why is not None)


def test_groups_without_a_limit_that_are_off_or_expire_sooner(server, slug):
    server.create(slug, redirect_groups(120, 60, 30) + [{"url": link(9), "limit": None}])
    server.patch(slug, {"expires_at": after(1200)}, group="g1")
    server.patch(slug, {"enabled": False}, group="g3")
    put_history(server, slug, 60)
    f, groups = forecast(server, slug)
    assert f["why"] == "no_limit"
    assert [groups[g]["why"] for g in ("g1", "g3", "g4")] == ["expires_first", "closed", "no_limit"]
    assert told(groups["g2"], f["at"]) == pytest.approx(1.33, rel=0.2)  # from when g1 expires
    server.api("DELETE", f"/campaigns/{slug}/groups/g4")
    server.patch(slug, {"expires_at": after(2400)}, group="g2")
    assert forecast(server, slug)[0]["why"] == "expires_first"


def test_nothing_is_said_of_what_nobody_knows(server, slug):
    server.create(slug, page_groups(5, 5))
    f, groups = forecast(server, slug)
    assert (f["why"], f["per_hour"], groups["g1"]["why"]) == ("too_little_history", None, "too_little_history")
    server.api("GET", "/campaigns/nobody-there/forecast", expect=404)
    server.create(slug + "-empty", [])
    assert forecast(server, slug + "-empty")[0]["why"] == "closed"


def test_one_hour_is_enough_and_days_ago_are_not(server, slug):
    server.create(slug, redirect_groups(120))
    put_history(server, slug, 60, hours=1)
    assert told(forecast(server, slug)[0], after(0)) == pytest.approx(2, rel=0.3)
    server.create(slug + "-old", redirect_groups(120))
    day = datetime.datetime.now(ZONE) - datetime.timedelta(days=20)
    server.redis_client().hset(f"hm:{{{slug}-old}}:stats:{day:%Y-%m-%d}", "d12:g1", 50)
    assert forecast(server, slug + "-old")[0]["why"] == "nobody_comes"


def test_a_campaign_made_anew_has_no_history(server, slug):
    server.create(slug, redirect_groups(120))
    put_history(server, slug, 60)
    assert forecast(server, slug)[0]["why"] is None
    server.api("DELETE", f"/campaigns/{slug}")
    server.create(slug, redirect_groups(120))
    assert forecast(server, slug)[0]["why"] == "too_little_history"


def test_many_who_ask_are_answered_by_one_reading(server, slug):
    server.create(slug, redirect_groups(120))
    redis = server.redis_client()
    before = redis.info("commandstats").get("cmdstat_hgetall", {"calls": 0})["calls"]
    first = forecast(server, slug)
    once = redis.info("commandstats")["cmdstat_hgetall"]["calls"] - before
    for _ in range(20):
        assert forecast(server, slug)[0]["why"] == first[0]["why"]
    more = redis.info("commandstats")["cmdstat_hgetall"]["calls"] - before - once
    assert more <= 20 * 2 < once  # a campaign's counters, not its history


def test_the_command_line_tells_it(server, slug):
    def show(*more):
        return subprocess.run([BINARY, "campaign", "show", slug, "--data-dir", server.data_dir, "--timezone",
                               "Asia/Kolkata", *more],
                              capture_output=True, text=True, timeout=60, check=True).stdout

    server.create(slug, redirect_groups(120, 180))
    server.patch(slug, {"expires_at": after(1800)}, group="g1")
    put_history(server, slug, 60)
    lines = show().splitlines()
    said, = [line for line in lines if line.startswith("Forecast: full in about ")]
    assert " (" in said and said.endswith(" seats in the next hour")
    assert "  g1 the code expires before it fills" in lines
    shown, f = json.loads(show("--json")), forecast(server, slug)[0]
    assert shown["forecast"]["groups"][0]["why"] == "expires_first"
    assert abs(seconds(shown["forecast"]["full_at"], f["full_at"])) < 60
    assert {k: v for k, v in shown.items() if k != "forecast"}.keys() == server.show(slug).keys()
