"""Where links may lead: a server with `allowed_hosts` refuses all others wherever they are set, and sends nobody to
those that were set before. Beside it on the same store stands a server without a list."""

import json
import time

import pytest

from huoma import RedisServer, Server, Visitor, wait_for
from test_cli_serve import assert_one_line, run

GOOD, BAD, DEEP = "https://example.com/a", "https://evil.example.net/a", "https://a.chat.example.org/b"
HOSTS = "example.com,*.Example.org,weixin.qq.com"
WHY = "leads to evil.example.net, which this server does not allow"
MINI = {"appid": "wx0123456789abcdef", "path": "pages/join"}


@pytest.fixture(scope="module")
def redis():
    with RedisServer() as r:
        yield r


@pytest.fixture(scope="module")
def free(redis):
    with Server(workers=1, redis=redis, name="free") as s:
        yield s


@pytest.fixture(scope="module")
def strict(redis, free, tmp_path_factory):
    """The clock of its alerts stands still, so it looks at campaigns all the time."""
    clock = tmp_path_factory.mktemp("clock") / "clock"
    clock.write_text(str(int(time.time())))
    with Server(workers=1, redis=redis, flags=["--allowed-hosts", HOSTS], env={"HUOMA_TEST_CLOCK": str(clock)},
                name="strict") as s:
        yield s


def errors(server, method, path, body):
    answer = server.api(method, path, body, 422).json()
    return {e["field"]: e["reason"] for e in answer["errors"]}


@pytest.mark.parametrize("body,field", [
    ({"url": BAD}, "url"),
    ({"groups": [{"url": GOOD}, {"url": BAD}]}, "groups[1].url"),
    ({"groups": [{"url": BAD, "when": {"os": ["ios"]}}]}, "groups[0].url"),
    ({"groups": [{"url": GOOD}], "fallback": {"url": BAD}}, "fallback.url"),
    ({"groups": [{"url": GOOD}], "fallback": {"contact": BAD}}, "fallback.contact"),
    ({"groups": [{"url": "https://weixin.qq.com/g/A", "limit": 1},
                 {"url": "https://evil.example.net/g/A", "show": "page"}]}, "groups[1].url"),
])
def test_what_leads_elsewhere_cannot_be_made(strict, slug, body, field):
    assert errors(strict, "POST", "/campaigns", {"slug": slug, **body}) == {field: WHY}
    batch = errors(strict, "POST", "/campaigns:batch", {"campaigns": [{"slug": slug, **body}]})
    assert batch == {f"campaigns[0].{field}": WHY}
    strict.api("GET", f"/campaigns/{slug}", expect=404)


def test_links_of_apps_have_to_be_named_too(strict, slug):
    assert errors(strict, "POST", "/campaigns", {"slug": slug, "url": "tg://join?invite=A"}) == {
        "url": "leads to tg:, which this server does not allow"}
    refused = errors(strict, "POST", "/campaigns", {"slug": slug, "groups": [{"miniprogram": MINI}]})
    assert refused["groups[0].miniprogram"] == "leads to weixin:, which this server does not allow"


def test_changes_are_refused_and_change_nothing(strict, slug):
    strict.create(slug, [{"url": GOOD}, {"url": DEEP}])
    before = strict.show(slug)
    assert errors(strict, "PATCH", f"/campaigns/{slug}", {"title": "new", "fallback": {"url": BAD}}) == \
        {"fallback.url": WHY}
    assert errors(strict, "PATCH", f"/campaigns/{slug}", {"groups": [{"id": "g1", "url": BAD}]}) == \
        {"groups[0].url": WHY}
    assert errors(strict, "PATCH", f"/campaigns/{slug}/groups/g1", {"url": BAD}) == {"url": WHY}
    assert errors(strict, "POST", f"/campaigns/{slug}/groups", {"url": BAD}) == {"url": WHY}
    made = strict.api("POST", f"/campaigns/{slug}/groups/g1/owner-links", {"days": 1}, 201).json()
    answer = strict.api("PATCH", "/owner", {"url": BAD}, 422, token=None,
                        Authorization="Owner " + made["url"].split("#owner=")[1])
    assert answer.json()["errors"] == [{"field": "url", "reason": WHY}]
    assert strict.show(slug) == before


def test_the_command_line_and_imports_are_refused_likewise(redis, free, strict, slug, tmp_path):
    flags = ["--redis-url", redis.url, "--allowed-hosts", HOSTS]
    assert_one_line(run("campaign", "create", slug, "--url", BAD, *flags), 1, "url", WHY)
    strict.create(slug, [{"url": GOOD}])
    assert_one_line(run("campaign", "edit", slug, "--group-url", f"g1={BAD}", *flags), 1, "url", WHY)
    (tmp_path / "a.csv").write_text(f"slug,url\n{slug}-csv,{BAD}\n")
    out = run("import", tmp_path / "a.csv", *flags)
    assert out.returncode == 1 and WHY in out.stdout + out.stderr
    free.create(f"{slug}-own", [{"url": GOOD}, {"url": BAD}])
    exported = run("export", "--redis-url", redis.url)
    line = next(text for text in exported.stdout.splitlines() if json.loads(text).get("slug") == f"{slug}-own")
    free.api("DELETE", f"/campaigns/{slug}-own", expect=204)
    (tmp_path / "own.jsonl").write_text("\n".join([exported.stdout.splitlines()[0], line]) + "\n")
    out = run("import", tmp_path / "own.jsonl", *flags)
    assert out.returncode == 1 and f"groups[1].url {WHY}" in out.stdout + out.stderr, out
    for made in (f"{slug}-csv", f"{slug}-own"):
        free.api("GET", f"/campaigns/{made}", expect=404)


def test_nobody_is_sent_to_what_was_set_before(free, strict, slug):
    free.create(slug, [{"url": BAD, "limit": 5}, {"url": GOOD, "limit": 5}], fallback={"text": "Come back"})
    assert Visitor(free, slug).scan().header("Location") == BAD
    shown = Visitor(strict, slug).scan()
    assert (shown.status, shown.group, shown.header("Location")) == (200, "none", None) and "Come back" in shown.text
    known = Visitor(free, slug)
    assert known.scan().group == "g1"
    known.address = strict.public
    assert known.scan().header("Location") != BAD
    listed = Visitor(strict, slug + "+").scan().text
    assert BAD not in listed and GOOD in listed
    strict.patch(slug, {"enabled": False}, group="g1")
    assert Visitor(strict, slug).scan().header("Location") == GOOD


def test_who_had_a_seat_there_gets_one_where_they_may_go(free, strict, slug):
    free.create(slug, [{"url": GOOD, "limit": 1}, {"url": BAD, "limit": 5}])
    anna = Visitor(free, slug)
    assert (Visitor(free, slug).scan().group, anna.scan().group) == ("g1", "g2")
    free.patch(slug, {"limit": 5}, group="g1")
    anna.address = strict.public
    assert anna.scan().header("Location") == GOOD


def test_where_every_group_leads_elsewhere_no_seat_is_taken(free, strict, slug):
    for confirm in ("scan", "tap"):
        name = f"{slug}-{confirm}"
        free.create(name, [{"url": BAD}, {"url": GOOD, "enabled": False}], confirm=confirm)
        anna = Visitor(strict, name)
        last = [anna.scan(), anna.ask("POST", f"/{name}/seat") if confirm == "tap" else anna.scan()][1]
        assert (last.status, last.group, last.cookie) == (200, "none", None)
        assert strict.show(name)["seats"]["used"] == 0


def test_a_fallback_that_was_set_before_is_the_plain_page(free, strict, slug):
    free.create(slug, [{"url": GOOD, "limit": 0}], fallback={"url": BAD})
    assert Visitor(free, slug).scan().header("Location") == BAD
    shown = Visitor(strict, slug).scan()
    assert (shown.status, shown.group, shown.header("Location")) == (200, "none", None) and "evil" not in shown.text
    free.create(slug + "-2", [{"url": GOOD, "limit": 0}], fallback={"contact": BAD})
    assert "<img" in Visitor(free, slug + "-2").scan().text
    assert "<img" not in Visitor(strict, slug + "-2").scan().text


def test_admins_see_it_as_a_trouble_and_may_change_all_else(free, strict, slug):
    free.create(slug, [{"url": BAD, "limit": 5, "miniprogram": None}, {"url": GOOD}], fallback={"contact": BAD})
    shown = strict.show(slug)
    assert shown["severity"] == "stopped" and shown["groups"][0]["state"] == "off" and shown["groups"][0]["enabled"]
    assert shown["troubles"] == [{"kind": "barred", "stops": True, "group": "g1", "n": 1},
                                 {"kind": "barred", "stops": False, "group": None, "n": None}]
    assert free.show(slug)["severity"] == "well"
    strict.patch(slug, {"title": "renamed", "groups": shown["groups"], "fallback": shown["fallback"]})
    strict.patch(slug, {"limit": 6}, group="g1")
    assert errors(strict, "PATCH", f"/campaigns/{slug}", {"fallback": {"url": BAD + "b"}}) == {"fallback.url": WHY}
    strict.patch(slug, {"url": DEEP}, group="g1")
    strict.patch(slug, {"fallback": {"contact": None}})
    assert strict.show(slug)["troubles"] == [] and strict.show(slug)["groups"][0]["state"] == "open"


def test_admins_are_told_until_it_is_changed(free, strict, slug):
    free.create(slug, [{"url": GOOD, "limit": 5}, {"url": BAD, "limit": 5}, {"url": BAD + "b", "limit": 5}])

    def of_it(state):
        listed = strict.api("GET", f"/alerts?limit=200&state={state}").json()["data"]
        return [a for a in listed if (a["campaign"], a["kind"]) == (slug, "barred")]
    alert, = wait_for("the alert", lambda: of_it("open"), 20)
    assert (alert["seats"] == 2
            and alert["text"]["en"] == f"{slug}: groups that lead to hosts this server does not allow: 2")
    strict.patch(slug, {"url": DEEP}, group="g2")
    strict.patch(slug, {"enabled": False}, group="g3")
    wait_for("its end", lambda: of_it("over"), 20)
