"""Statistics: what was counted equals what was sent, to the unit, however the requests fall, and whatever is killed but
for a second."""

import collections
import csv
import datetime
import io
import json
import os
import re
import signal
import subprocess

import pytest
from test_waiting import Waiter

from huoma import (BINARY, PHONE, ROOT, TOKEN, RedisServer, Server, Visitor, Visits, get, link, once, page_groups,
                   redirect_groups, seeded, wait_for, wechat)

SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))
ZONE = {"HUOMA_TIMEZONE": "Asia/Shanghai"}
KIND_SEATS = 6  # STAT_SEATS, of storage/store.h
VISITS = int(os.environ.get("HUOMA_STATS_VISITS", 3000))  # a large event's day has 200,000
WEIBO = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120 Mobile Weibo (phone)"
DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120 Safari/537.36"
CRAWLER = "facebookexternalhit/1.1"
LOOKS = [(PHONE, "zh-CN,zh;q=0.9", "wechat/ios", "zh"), (WEIBO, "en-US", "weibo/android", "en"),
         (DESKTOP, "de", "browser/desktop", "de"),
         (DESKTOP, None, "browser/desktop", "")]
KINDS = ["views", "people", "returning", "seats", "held", "confirmed", "given_back", "reports", "full", "machines",
         "lost"]


@pytest.fixture(scope="module")
def server():
    with Server(workers=2, env=ZONE) as s:
        yield s


def stats(server, slug, by="day", **query):
    path = f"/campaigns/{slug}/stats" if slug else "/stats"
    return server.api("GET", path + f"?by={by}" + "".join(f"&{k}={v}" for k, v in query.items())).json()


def settled(server, slug, views):
    """Waits until the workers have told of that many views."""
    return wait_for(f"{views} views", lambda: (s := stats(server, slug))["totals"]["views"] >= views and s, seconds=15)


def today():
    return datetime.datetime.now(SHANGHAI).strftime("%Y-%m-%d")


def nonzero(row):
    return {k: v for k, v in row.items() if k != "key" and v}


def check_sums(server, slug):
    """Every way of grouping says the same."""
    totals = stats(server, slug)["totals"]
    for by in ("day", "hour", "group", "channel", "device", "language"):
        answer = stats(server, slug, by)
        assert answer["totals"] == totals and answer["by"] == by
        for kind in KINDS:
            known = [r[kind] for r in answer["rows"] if r[kind] is not None]
            # What led to no group has none.
            if known and not (by == "group" and kind in ("views", "full", "machines", "returning")):
                assert sum(known) == totals[kind], (by, kind)
    return totals


class Day:
    """Visits, and what they must have been counted as."""

    def __init__(self, server, slug, rng):
        self.server, self.slug, self.rng = server, slug, rng
        self.sent, self.by, self.visitors = collections.Counter(), collections.defaultdict(collections.Counter), []

    def note(self, look, channel, kinds, group=None):
        for kind in kinds:
            self.sent[kind] += 1
            self.by["device"][look[2], kind] += 1
            self.by["language"][look[3], kind] += 1
            if kind not in ("confirmed", "reports"):
                self.by["channel"][channel or "", kind] += 1

    def headers(self, look):
        return {"Accept_Language": look[1]} if look[1] else {}

    def new_visitor(self):
        look, channel = self.rng.choice(LOOKS), self.rng.choice([None, "shop-1", "shop-2"])
        v = Visitor(self.server, self.slug, agent=look[0])
        answer = v.scan(channel, **self.headers(look))
        if answer.group == "none":
            self.note(look, channel, ["views", "full"])
        else:
            held = answer.status == 200
            self.note(look, channel, ["views", "people", "seats", "held" if held else "confirmed"])
            self.visitors.append([v, look, held])

    def returner(self):
        v, look, _ = self.rng.choice(self.visitors)
        v.scan(**self.headers(look))
        self.note(look, None, ["views", "returning"])

    def confirm(self):
        one = self.rng.choice(self.visitors)
        v, look, held = one
        assert v.ask("POST", f"/{self.slug}/seat", **self.headers(look)).status == 204
        if held:
            self.note(look, None, ["confirmed"])
            one[2] = False

    def machine(self):
        look = self.rng.choice(LOOKS)
        machine = (CRAWLER, look[1], "browser/desktop", look[3])
        Visitor(self.server, self.slug, agent=CRAWLER).scan(**self.headers(look))
        self.note(machine, None, ["machines"])

    def run(self, count):
        self.new_visitor()
        for _ in range(count - 1):
            self.rng.choices([self.new_visitor, self.returner, self.confirm, self.machine], [4, 3, 2, 1])[0]()


def test_statistics_of_a_day_equal_what_was_sent(server):
    rng = seeded("stats")
    # Nothing comes back by itself, however long the day takes.
    server.create("day", page_groups(VISITS // 10, VISITS // 10) + redirect_groups(VISITS // 8), hold_seconds=86400)
    day = Day(server, "day", rng)
    day.run(VISITS)
    settled(server, "day", day.sent["views"])
    wait_for("machines", lambda: stats(server, "day")["totals"]["machines"] >= day.sent["machines"])
    wait_for("confirmations",
             lambda: sum(r["confirmed"] for r in stats(server, "day", "device")["rows"]) >= day.sent["confirmed"])
    totals = check_sums(server, "day")
    assert totals == {k: day.sent[k] for k in KINDS}
    assert day.sent["full"] and day.sent["held"] and day.sent["returning"] and day.sent["machines"]
    for by, counted in day.by.items():
        got = {(r["key"], k): r[k] for r in stats(server, "day", by)["rows"] for k in KINDS if r[k]}
        expected = {key: n for key, n in counted.items() if key[1] != "held"}
        assert got == expected, by
    groups = server.groups("day")
    for row in stats(server, "day", "group")["rows"]:
        g = groups[row["key"]]
        assert row["seats"] - row["given_back"] == g["used"]
        assert row["confirmed"] == g["confirmed"]
    assert [r["key"] for r in stats(server, "day", **{"from": today(), "to": today()})["rows"]] == [today()]


def test_what_went_back_and_who_could_not_get_in_is_counted(server):
    server.create("back", page_groups(5, 5))
    v = Visitor(server, "back")
    v.scan()
    v.next()
    totals = wait_for("a report", lambda: (t := stats(server, "back")["totals"])["reports"] and t["views"] and t)
    assert (totals["seats"], totals["given_back"], totals["reports"], totals["people"]) == (2, 1, 1, 1)
    used = sum(g["used"] for g in server.groups("back").values())
    assert used == totals["seats"] - totals["given_back"]
    row = {r["key"]: nonzero(r) for r in stats(server, "back", "group")["rows"]}
    assert row["g1"]["reports"] == 1 and row["g1"]["given_back"] == 1 and row["g2"]["seats"] == 1


def test_one_group_by_day_and_hour_has_what_is_its_own(server):
    server.create("one", page_groups(2, 9))
    visitors = [Visitor(server, "one") for _ in range(5)]
    for v in visitors:
        v.scan()
    assert visitors[0].ask("POST", "/one/seat").status == 204
    settled(server, "one", 5)
    groups = {r["key"]: r for r in stats(server, "one", "group")["rows"]}
    for group, seats, confirmed in (("g1", 2, 1), ("g2", 3, 0)):
        day = stats(server, "one", group=group, **{"from": today(), "to": today()})
        assert day["totals"] == {k: v
                                 for k, v in day["rows"][0].items()
                                 if k != "key"} == {k: groups[group][k] for k in KINDS}
        assert (day["totals"]["seats"], day["totals"]["confirmed"], day["totals"]["views"]) == (seats, confirmed, seats)
        hours = stats(server, "one", "hour", group=group, **{"from": today(), "to": today()})
        assert len(hours["rows"]) == 24 and sum(r["seats"] for r in hours["rows"]) == hours["totals"]["seats"] == seats
        assert hours["totals"]["views"] is None and hours["rows"][0]["machines"] is None
    assert not any(stats(server, "one", group="g9")["totals"].values())
    head = server.api("GET", "/campaigns/one/stats?group=g1&format=csv").header("Content-Disposition")
    assert "one-g1-" in head


def untold(server, slug):
    """Seats of which no worker has told, as the store has them: also those of the running hour."""
    redis, left = server.redis_client(), 0
    for key in redis.keys(f"hm:{{{slug}}}:stats:*"):
        fields = redis.hgetall(key).items()
        left += sum(int(n) * {"h": 1, "d": 1, "q": -1}[f[0]] for f, n in fields if re.match(r"[hdq]\d\d", f))
    for key in redis.keys(f"hm:{{{slug}}}:visits:*"):
        left -= sum(int(counts.split()[KIND_SEATS]) for f, counts in redis.hgetall(key).items() if f[0] == "h")
    return left


def test_seats_of_which_no_worker_told_are_lost(server):
    server.create("lost", page_groups(5))
    redis = server.redis_client()
    redis.hset("hm:{lost}:stats:2026-01-01",
               mapping={"h14:g1": 10, "d14": 3, "q14": 2, "d15:g1": 4, "q16": -1, "c14:g1": 9})
    redis.hset("hm:{lost}:visits:2026-01-01",
               mapping={"h14": "9 9 9 9 9 9 5 9", "h15": "4 4 0 0 0 0 4 4", "h16": "1 0 0 0 0 0 1 0",
                        "gg1": "9 9 9 9 9 9 9 9"})
    # these may be on their way
    redis.hset(f"hm:{{lost}}:stats:{today()}", f"h{datetime.datetime.now(SHANGHAI).hour:02}:g1", 7)
    range_ = {"from": "2026-01-01", "to": "2026-01-01"}
    for by, rows in (("day", {"2026-01-01": 6}), ("hour", {"2026-01-01T14": 6}), ("group", {}), ("device", {})):
        answer = stats(server, "lost", by, **range_)
        assert answer["totals"]["lost"] == 6 and {r["key"]: r["lost"] for r in answer["rows"] if r["lost"]} == rows
    assert (stats(server, "lost", "device", **range_)["rows"] == []
            and stats(server, "lost", "group", **range_)["rows"][0]["lost"] is None)
    assert (stats(server, "lost", group="g1", **range_)["totals"]["lost"] is None
            and stats(server, None)["totals"]["lost"] is None)
    assert stats(server, "lost", **{"from": today()})["totals"] | {"seats": 7, "held": 7, "lost": 0} == \
        stats(server, "lost", **{"from": today()})["totals"]


def test_all_that_was_lost_yesterday_and_today_is_in_the_metrics():
    yesterday = str(datetime.datetime.now(SHANGHAI).date() - datetime.timedelta(days=1))
    with RedisServer() as redis, Server(workers=1, redis=redis, env=ZONE) as one:
        for n in range(3):
            one.create(f"lost-{n}", page_groups(5))
        client = one.redis_client()
        client.hset(f"hm:{{lost-0}}:stats:{yesterday}", mapping={"h14:g1": 10, "d14": 3, "q14": 2})
        client.hset(f"hm:{{lost-0}}:visits:{yesterday}", "h14", "9 9 9 9 9 9 5 9")
        client.hset(f"hm:{{lost-2}}:stats:{yesterday}", "h09:g1", 4)
        client.hset("hm:{lost-2}:stats:2026-01-01", "h09:g1", 50)
        # these may be on their way
        client.hset(f"hm:{{lost-1}}:stats:{today()}", f"h{datetime.datetime.now(SHANGHAI).hour:02}:g1", 7)
        told = [stats(one, f"lost-{n}", **{"from": yesterday, "to": today()})["totals"]["lost"] for n in range(3)]
        assert told == [6, 0, 4]
        with Server(workers=1, redis=redis, env=ZONE, name="two") as two:
            wait_for("a look at all", lambda: "\nhuoma_seats_lost 10\n" in once(two.admin, "GET", "/metrics").text)


def test_seats_that_no_scan_asked_for_are_not_lost(server):
    server.create("promised", [{"url": wechat(1), "limit": 0}], fallback={"waiting": {}})
    waiters = [Waiter(server, "/promised") for _ in range(3)]
    for w in waiters:
        w.scan()
        w.join()
    server.patch("promised", {"limit": 9}, group="g1")
    assert waiters[0].scan().group == "g1" and untold(server, "promised") > 0
    wait_for("the one who came", lambda: untold(server, "promised") == 0)
    server.create("late", page_groups(2))
    v = Visitor(server, "late")
    v.scan()
    redis = server.redis_client()
    bucket, = redis.zrange("hm:{late}:due", 0, -1)
    redis.zrem("hm:{late}:due", bucket), redis.hdel("hm:{late}:seats", "b:" + bucket)  # as if it had gone back
    assert v.confirm().status == 204 and stats(server, "late")["totals"]["seats"] == 2
    wait_for("the first seat", lambda: untold(server, "late") == 0)


def test_all_campaigns_together_cost_one_row_a_day(server):
    before = stats(server, None)["totals"]
    for slug in ("all-a", "all-b"):
        server.create(slug, [{"url": link(1)}])
        Visitor(server, slug).scan()
    after = wait_for("both", lambda: (t := stats(server, None)["totals"])["views"] >= before["views"] + 2 and t)
    assert (after["people"] - before["people"], after["seats"] - before["seats"]) == (2, 2)
    assert after["held"] is None and after["given_back"] is None
    assert len(stats(server, None, "hour", **{"from": today(), "to": today()})["rows"]) == 24
    assert server.api("GET", "/stats?by=group", expect=422).json()["errors"][0]["field"] == "by"


def test_csv_has_the_same_rows_and_no_formula(server):
    server.create("sheet", [{"url": link(1)}])
    Visitor(server, "sheet").scan("shop-1")
    settled(server, "sheet", 1)
    answer = server.api("GET", "/campaigns/sheet/stats?by=channel&format=csv")
    assert answer.header("Content-Type").startswith("text/csv")
    rows = list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert rows[0] == ["channel", *KINDS]
    assert rows[1] == ["shop-1", "1", "1", "0", "1", "", "", "", "", "0", "0", ""]


@pytest.mark.parametrize("query,field",
                         [("from=2026-13-01", "from"), ("to=2026-02-30", "to"),
                          ("from=2026-01-02&to=2026-01-01", "from"),
                                         ("from=2024-01-01&to=2026-01-01", "from"), ("by=week", "by"),
                          ("format=xml", "format"),
                                         ("by=channel&group=g1", "group"), ("group=G%201", "group")])
def test_what_makes_no_range_is_told(server, query, field):
    server.create("range", [{"url": link(1)}], expect="any")
    errors = server.api("GET", "/campaigns/range/stats?" + query, expect=422).json()["errors"]
    assert [e["field"] for e in errors] == [field]
    server.api("GET", "/campaigns/nobody/stats", expect=404)


def test_the_command_line_shows_the_same(server):
    def run(*args):
        return subprocess.run([BINARY, "campaign", "stats", "cli", "--data-dir", server.data_dir, "--timezone",
                               "Asia/Shanghai", *args],
                              capture_output=True, text=True)

    server.create("cli", [{"url": link(1)}])
    Visitor(server, "cli").scan("shop-1")
    settled(server, "cli", 1)
    for by in ("day", "hour", "channel", "device"):
        range_ = {"from": today(), "to": today()}
        words = ["--from", today(), "--to", today(), "--by", by]
        of_api = stats(server, "cli", by, **range_)
        assert datetime.datetime.fromisoformat(of_api.pop("now")).utcoffset() == datetime.timedelta(hours=8)
        assert json.loads(run(*words, "--json").stdout) == of_api
        of_api = server.api("GET", f"/campaigns/cli/stats?by={by}&format=csv&from={today()}&to={today()}").body
        assert run(*words, "--csv").stdout.encode() == of_api.replace(b"\r\n", b"\n")
    table = run("--by", "group").stdout.splitlines()
    assert table[0].split()[:3] == ["group", "views", "people"] and table[1].split()[:3] == ["g1", "1", "1"]
    assert run("--by", "week").returncode == 2 and run("--from", "x").returncode == 2


def test_four_hundred_days_are_read(server):
    server.create("long", [{"url": link(1)}])
    answer = stats(server, "long", **{"from": "2025-01-01", "to": "2026-02-04"})
    assert len(answer["rows"]) == 400 and not any(answer["totals"].values())


def test_more_channels_than_a_day_has_are_others(server):
    server.create("many", [{"url": link(1)}])
    Visitor(server, "many").scan("first")
    settled(server, "many", 1)
    redis = server.redis_client()
    redis.hset(f"hm:{{many}}:visits:{today()}", "#c", 2000)
    redis.hset(f"hm:{{many}}:stats:{today()}", "channels", 2000)
    for name in ("second", "third"):
        Visitor(server, "many").scan(name)
    settled(server, "many", 3)
    rows = {r["key"]: (r["views"], r["seats"]) for r in stats(server, "many", "channel")["rows"]}
    assert rows == {"first": (1, 1), "~other": (2, 2)}


def test_a_flush_that_is_sent_again_counts_once(server):
    server.create("twice", [{"url": link(1)}])
    Visitor(server, "twice").scan()
    settled(server, "twice", 1)
    redis = server.redis_client()
    number = {k: int(v.split()[0]) for k, v in redis.hgetall("hm:{twice}:flushed").items()}
    uid, = redis.hmget("hm:{twice}:seats", "uid")
    (worker, last), = number.items()
    script = (ROOT / "storage/scripts/count_visits.lua").read_text()
    keys = ["hm:{twice}:seats", f"hm:{{twice}}:visits:{today()}", "hm:{twice}:flushed"]

    def flush(n, name=uid):
        return redis.eval(script, 3, *keys, name, today(), worker, n, 86400, worker[-2:], 0, "gg1", "c", "dx", "lzh",
                          *[1] * 8)

    assert [flush(last), flush(last + 1), flush(last + 1), flush(last + 9, "another")] == [0, 1, 0, -1]
    assert stats(server, "twice")["totals"]["views"] == 2
    keys = ["hm:{~all}:seats", f"hm:{{~all}}:visits:{today()}", "hm:{~all}:flushed"]
    for _ in range(2):
        redis.eval(script, 3, *keys, "", today(), "w:2026112514", 1, 86400, "14", 7, "", "", "", "", *[0] * 8)
    assert stats(server, None)["dropped"] == 7


def preview(path):
    """A visit, for Visits."""
    yield get(path, User_Agent=CRAWLER)


def test_what_a_worker_has_no_room_for_is_counted_as_dropped():
    room, sent = 3072, 3400  # COUNTS_FILLED, of server/public/counts.h
    with Server(workers=1) as s:
        s.create("wide", [{"url": link(1)}])
        Visitor(s, "wide", agent=CRAWLER).scan()
        wait_for("one", lambda: stats(s, "wide")["totals"]["machines"] == 1)
        os.kill(s.redis_pid(), signal.SIGSTOP)  # nothing can be sent, so all must fit into the table
        try:
            each = Visits(s.public, (preview(f"/wide/c-{n}") for n in range(sent)), at_once=200).run()
            assert each.answers == {200: sent}
        finally:
            os.kill(s.redis_pid(), signal.SIGCONT)
        dropped = wait_for("dropped", lambda: stats(s, None)["dropped"], seconds=20)
        wait_for("the rest", lambda: stats(s, "wide")["totals"]["machines"] + dropped == sent + 1, seconds=20)
        assert dropped <= sent - room
        metrics = parse_metrics(once(s.admin, "GET", "/metrics").text)
        assert metrics["huoma_visits_dropped_total"][""] == dropped


def test_nothing_of_a_deleted_campaign_stays(server):
    server.create("gone", [{"url": link(1)}])
    Visitor(server, "gone").scan("shop")
    settled(server, "gone", 1)
    server.api("DELETE", "/campaigns/gone")
    assert not server.redis_client().keys("hm:{gone}*")


def test_the_last_second_is_counted_at_the_end_seats_after_a_kill_and_days_are_of_the_zone(tmp_path):
    # Zones 26 hours apart: their days differ at any moment.
    with Server(workers=1, data_dir=tmp_path, env={"HUOMA_TIMEZONE": "Etc/GMT+12"}, flags=["--stats-days", "3"]) as s:
        s.create("end", [{"url": wechat(1)}])
        for _ in range(20):
            Visitor(s, "end").scan("shop")
        keys = s.redis_client().keys("hm:{end}:stats:*")
        assert [0 < s.redis_client().ttl(k) <= 3 * 86400 for k in keys] == [True]
        west = keys[0].rsplit(":", 1)[1]
    with Server(workers=1, data_dir=tmp_path, env={"HUOMA_TIMEZONE": "Pacific/Kiritimati"}) as s:
        assert stats(s, "end")["totals"]["views"] == 20
        for _ in range(5):
            Visitor(s, "end").scan()
        s.kill()
    with Server(workers=1, data_dir=tmp_path, env={"HUOMA_TIMEZONE": "Pacific/Kiritimati"}) as s:
        answer = stats(s, "end")
        seats = {r["key"]: r["seats"] for r in answer["rows"] if r["seats"]}
        assert seats == {west: 20, answer["to"]: 5} and west < answer["to"]
        assert answer["totals"]["seats"] == 25 == s.show("end")["seats"]["used"]
        assert 20 <= answer["totals"]["views"] <= 25


SAMPLE = re.compile(r'([a-z_]+)(?:\{([a-z]+)="([^"\\\n]*)"\})? (\d+(?:\.\d+)?(?:e[+-]\d+)?)')


def parse_metrics(text):
    """{name: {label value or "": number}}, as strictly as the format's description has it."""
    found, types, told = collections.defaultdict(dict), {}, set()
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# "):
            word, name, rest = line[2:].split(" ", 2)
            assert word in ("HELP", "TYPE") and (word, name) not in told and rest
            told.add((word, name))
            if word == "TYPE":
                assert ("HELP", name) in told and rest in ("counter", "gauge", "histogram")
                types[name] = rest
            continue
        name, _, label, number = SAMPLE.fullmatch(line).groups()
        family = re.sub("_(bucket|sum|count)$", "", name)
        family = family if types.get(family) == "histogram" else name
        assert family in types and family == list(types)[-1], line  # all lines of a metric stand together
        assert types[family] != "counter" or name.endswith("_total")
        assert (label or "") not in found[name]
        found[name][label or ""] = float(number)
    return found


def test_metrics_are_what_prometheus_reads(server):
    answer = once(server.admin, "GET", "/metrics")
    assert answer.status == 200 and answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"
    before = parse_metrics(answer.text)
    server.create("measured", page_groups(5))
    visitors = [Visitor(server, "measured") for _ in range(7)]
    for v in visitors:
        v.scan()
    assert visitors[0].confirm().status == 204

    def counted():
        now = parse_metrics(once(server.admin, "GET", "/metrics").text)
        return now if now["huoma_visits_total"]["views"] == before["huoma_visits_total"]["views"] + 7 and \
            now["huoma_visits_total"]["confirmed"] == before["huoma_visits_total"]["confirmed"] + 1 else None

    now = wait_for("seven views", counted)
    more = {k: v - before["huoma_visits_total"][k] for k, v in now["huoma_visits_total"].items()}
    assert (more["people"], more["seats"], more["full"], more["machines"]) == (5, 5, 2, 0)
    assert [now[f"huoma_{name}"][""] - before[f"huoma_{name}"][""]
            for name in ("holds_total", "holds_confirmed_total")] == [5, 1]
    buckets = list(now["huoma_scan_duration_seconds_bucket"].items())
    assert [float(b) for b, _ in buckets] == sorted(float(b) for b, _ in buckets) and buckets[-1][0] == "+Inf"
    assert [n for _, n in buckets] == sorted(n for _, n in buckets)
    assert buckets[-1][1] == now["huoma_scan_duration_seconds_count"][""] == now["huoma_visits_total"]["views"]
    assert now["huoma_store_up"] == {"worker-0": 1, "worker-1": 1, "admin": 1}
    assert now["huoma_print_jobs"] == {"code": 0, "sheet": 0}
    assert now["huoma_seat_call_scans_total"][""] >= now["huoma_seat_calls_total"][""] > 0


def test_metrics_through_a_proxy_need_a_token(server):
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    assert once(server.admin, "GET", "/metrics", forwarded).status == 401
    assert once(server.admin, "GET", "/metrics", {**forwarded, "X-Api-Key": TOKEN}).status == 200


def day_of(groups, channels, hours, languages):
    """The fields of a day of a campaign, as scripts and workers write them."""
    seats = {f"{kind}{h:02}:g{g}": 123 for kind in "hcb" for h in range(hours) for g in range(1, groups + 1)}
    seats |= {f"seat:shop-{n}": 123 for n in range(channels)} | {"channels": channels}
    names = [f"h{h:02}" for h in range(hours)] + [f"gg{g}"
                                                  for g in range(1,
                                                                 groups + 1)] + [f"cshop-{n}" for n in range(channels)]
    names += [f"d{app}/{os_}" for app in ("wechat", "browser")
              for os_ in ("ios", "android", "desktop")] + [f"l{n}" for n in range(languages)]
    return seats, {name: "1234 567 123 12 34 5 678 567" for name in names}


@pytest.mark.parametrize("shape,most",
                         [((3, 10, 12, 3), 3_200), ((3, 10, 24, 3), 20_000), ((3, 2000, 24, 100), 380_000)])
def test_a_day_takes_the_memory_that_the_docs_state(server, shape, most):
    redis, size = server.redis_client(), 0
    for key, fields in zip(("hm:{memory}:stats:2026-01-01", "hm:{memory}:visits:2026-01-01"), day_of(*shape)):
        redis.delete(key)
        redis.hset(key, mapping=fields)
        size += redis.memory_usage(key, samples=0)
        redis.delete(key)
    print(shape, size)
    assert size <= most
