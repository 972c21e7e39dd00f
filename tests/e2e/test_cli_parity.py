"""`huoma campaign` can set whatever the API can: each field that the API's own description names as writable has an
option here, and what the API shows afterwards is what the option said. A field that is added to the API without an
option fails this file."""

import hashlib
import json
import subprocess
from unittest.mock import ANY

import pytest

from huoma import BINARY, Visitor, wait_for
from test_cli_serve import assert_one_line, run

A, B = "https://example.com/a", "https://example.com/b"
APPID = "wx0123456789abcdef"

# field -> the value that the API shows, options of create, options of edit (None: fixed when it is made)
CAMPAIGN = {
    "slug": ("parity-slug", ["--slug", "parity-slug"], None),
    "title": ("Läufer 跑", ["--title", "Läufer 跑"], ["--title", "Läufer 跑"]),
    "strategy": ("even", ["--strategy", "even"], ["--strategy=even"]),
    "enabled": (False, ["--enabled", "off"], ["--enabled", "off"]),
    "starts_at": ("2030-01-02T03:04:05Z", ["--starts-at", "2030-01-02T03:04:05Z"],
                  ["--starts-at", "2030-01-02T04:04:05+01:00"]),
    "ends_at": ("2031-01-02T03:04:05Z", ["--ends-at", "2031-01-02T03:04:05Z"], ["--ends-at", "2031-01-02T03:04:05Z"]),
    "confirm": ("tap", ["--confirm", "tap"], ["--confirm", "tap"]),
    "hold_seconds": (60, ["--hold", "60"], ["--hold", "60"]),
    "timezone": ("Asia/Shanghai", ["--hours-in", "Asia/Shanghai"], ["--hours-in", "Asia/Shanghai"]),
    "spread": (5, ["--spread", "5"], ["--spread", "5"]),
    "per_address": (30, ["--per-address", "30"], ["--per-address", "30"]),
    "forward_query": (True, ["--forward-query", "on"], ["--forward-query", "on"]),
    "follow_members": (True, ["--follow-members", "on"], ["--follow-members", "on"]),
    "fallback.url": (B, ["--fallback-url", B], ["--fallback-url", B]),
    "fallback.text": ("Later, \"perhaps\"", ["--fallback-text", "Later, \"perhaps\""],
                      ["--fallback-text", "Later, \"perhaps\""]),
    "fallback.contact": (B, ["--fallback-contact", B], ["--fallback-contact", B]),
    "fallback.waiting.ask": ("number", ["--waiting", "number"], ["--waiting", "number"]),
    "fallback.waiting.promise_seconds": (90, ["--waiting-promise", "90"], ["--waiting-promise=90"]),
    "fallback.waiting.limit": (7, ["--waiting-limit", "7"], ["--waiting", "nickname", "--waiting-limit", "7"]),
    "fallback.waiting.privacy": ("For us, \"only\"", ["--waiting-privacy", "For us, \"only\""],
                                 ["--waiting-privacy", "For us, \"only\""]),
    "aliases": (["/s/%s-1", "/q/%s"], ["--alias", "/s/%s-1", "--alias", "/q/%s"],
                ["--alias", "/s/%s-1", "--alias", "/q/%s"]),
}
# The value, the group's text behind --group, options of edit for the group g1
GROUP = {
    "id": ("door-1", f"{A},id=door-1", None),
    "name": ("First, of all", f"{A},name=First, of all", ["--group-name", "g1=First, of all"]),
    "url": (B, B, ["--group-url", f"g1={B}"]),
    "show": ("page", f"{A},show=page", ["--group-show", "g1=page"]),
    "limit": (200, f"{A},limit=200", ["--group-limit", "g1=200"]),
    "weight": (7, f"{A},weight=7", ["--group-weight", "g1=7"]),
    "enabled": (False, f"{A},enabled=off", ["--group-enabled", "g1=off"]),
    "expires_at": ("2030-01-02T03:04:05Z", f"{A},expires_at=2030-01-02T03:04:05Z",
                   ["--group-expires-at", "g1=2030-01-02T03:04:05Z"]),
    "confirmed": (5, None, ["--group-confirmed", "g1=5"]),
    "when.app": (["wechat", "qq"], f"{A},app=wechat,qq", ["--group-when", "g1=app=wechat,qq"]),
    "when.os": (["ios"], f"{A},os=ios,limit=3", ["--group-when", "g1=os=ios"]),
    "when.language": (["zh", "en-us"], f"{A},language=zh,en-us", ["--group-when", "g1=language=zh,en-us"]),
    "when.channel": (["shop-1"], f"{A},channel=shop-1", ["--group-when", "g1=channel=shop-1"]),
    "when.hours": (["mon-fri 09:00-18:00", "sat 10:00-12:00"], f"{A},hours=mon-fri 09:00-18:00,sat 10:00-12:00",
                   ["--group-when", "g1=hours=mon-fri 09:00-18:00,sat 10:00-12:00"]),
    "miniprogram.appid": (APPID, f"appid={APPID}", ["--group-mini", f"g1=appid={APPID}"]),
    "miniprogram.path": ("pages/a,b", f"appid={APPID},path=pages/a,b",
                         ["--group-mini", f"g1=appid={APPID},path=pages/a,b"]),
    "miniprogram.query": ("a=1&b=2", f"appid={APPID},query=a=1&b=2,limit=9",
                          ["--group-mini", f"g1=appid={APPID},query=a=1&b=2"]),
    "miniprogram.env_version": ("trial", f"appid={APPID},env_version=trial",
                                ["--group-mini", f"g1=env_version=trial,appid={APPID}"]),
    "miniprogram.url_link": ("https://wxaurl.cn/x", f"appid={APPID},url_link=https://wxaurl.cn/x",
                             ["--group-mini", f"g1=appid={APPID},url_link=https://wxaurl.cn/x"]),
    "miniprogram.code": (B, f"weixin://dl/business/?t=abc,code={B}", ["--group-mini", f"g1=appid={APPID},code={B}"]),
    "miniprogram.fallback_url": (B, f"appid={APPID},fallback_url={B}",
                                 ["--group-mini", f"g1=appid={APPID},fallback_url={B}"]),
}
# Fields that a server takes only with a database (test_country.py); without one it says so.
REFUSED = {"when.country": ("CN", "not offered")}


def writable(schemas, name, prefix=""):
    """Names of the fields that are not read-only, of objects inside with a dot; `groups` stands for itself."""
    for key, field in schemas[name]["properties"].items():
        inner = [f["$ref"].rsplit("/", 1)[1] for f in [field, *field.get("anyOf", [])] if "$ref" in f]
        if field.get("readOnly") or key == "groups":
            continue
        if inner:
            yield from writable(schemas, inner[0], f"{prefix}{key}.")
        elif "properties" in field:
            yield from writable({**schemas, "inner": field}, "inner", f"{prefix}{key}.")
        else:
            yield prefix + key


def at(shown, field):
    for key in field.split("."):
        shown = shown and shown[key]
    return shown


@pytest.fixture
def cli(server):
    def call(*args):
        return run("campaign", *args, "--data-dir", server.data_dir, "--base-url", "http://q.example.com")

    def good(*args):
        out = call(*args)
        assert out.returncode == 0, out
        return out.stdout
    call.good = good
    return call


def own(values, slug):
    """With what must be each campaign's own."""
    return [v.replace("%s", slug) for v in values] if isinstance(values, list) else values


def test_each_writable_field_of_the_api_has_an_option(server):
    schemas = server.api("GET", "/openapi.json").json()["components"]["schemas"]
    assert set(writable(schemas, "Campaign")) == set(CAMPAIGN)
    assert set(writable(schemas, "Group")) == set(GROUP) | set(REFUSED)


@pytest.mark.parametrize("field", CAMPAIGN)
def test_a_campaigns_field(server, cli, field):
    value, create, edit = CAMPAIGN[field]
    slug = "f-" + field.replace(".", "-").replace("_", "-")
    if create:
        made = slug if field == "slug" else "c-" + slug
        shown = json.loads(cli.good("create", *([] if field == "slug" else [made]), "--url", A, *own(create, made),
                                    "--json-out"))
        assert at(shown, field) == own(value, made) and server.show(shown["slug"]) == shown
    if edit:
        server.create(slug, [{"url": A}])
        assert at(server.show(slug), field) != own(value, slug), "the edit is one"
        cli.good("edit", slug, *own(edit, slug))
        assert at(server.show(slug), field) == own(value, slug)


def test_stop_and_start_in_one_word(server, cli, slug):
    server.create(slug, [{"url": A}])
    anna = Visitor(server, slug)
    assert anna.scan().status == 302
    assert f"\n{'http://q.example.com'}/{slug}\noff, " in cli.good("stop", slug)
    assert anna.scan().status == 410 and Visitor(server, slug).scan().status == 410
    entry = server.api("GET", "/audit?limit=1").json()["data"][0]
    assert (entry["action"], entry["target"], entry["before"], entry["after"]) == (
        "campaign.change", f"campaign:{slug}", {"enabled": True}, {"enabled": False})
    cli.good("stop", slug)
    cli.good("start", slug.upper())
    assert (anna.scan().status, server.show(slug)["enabled"], server.show(slug)["seats"]["used"]) == (302, True, 1)
    assert_one_line(cli("stop"), 2, "campaign stop", "SLUG")
    assert_one_line(cli("start", slug, slug), 2, "campaign start", "SLUG")
    assert_one_line(cli("stop", "a_b"), 2, "not a slug")
    assert_one_line(cli("stop", f"{slug}-none"), 1, f"{slug}-none")


def test_a_waiting_list_is_closed(server, cli):
    server.create("closing", [{"url": A}], fallback={"text": "full", "waiting": {"ask": "number"}})
    assert "people wait, with a number" in cli.good("show", "closing")
    cli.good("edit", "closing", "--waiting", "none")
    assert server.show("closing")["fallback"] == {"url": None, "text": "full", "contact": None, "waiting": None}
    assert_one_line(cli("edit", "closing", "--waiting", "none", "--waiting-limit", "3"), 2)


@pytest.mark.parametrize("field", GROUP)
def test_a_groups_field(server, cli, field):
    value, text, edit = GROUP[field]
    slug = "g-" + field.replace(".", "-").replace("_", "-")
    if text:
        cli.good("create", "c-" + slug, "--group", text)
        assert at(server.show("c-" + slug)["groups"][0], field) == value
        server.create("a-" + slug, [{"url": A}])
        cli.good("edit", "a-" + slug, "--add-group", text)
        assert at(server.show("a-" + slug)["groups"][1], field) == value
    if edit:
        server.create(slug, [{"url": A}])
        cli.good("edit", slug, *edit)
        assert at(server.groups(slug)["g1"], field) == value


@pytest.mark.parametrize("field, word, why", [(f, *w) for f, w in REFUSED.items()])
def test_what_no_server_takes_is_brought_to_it(cli, slug, field, word, why):
    assert_one_line(cli("create", slug, "--group", f"{A},{field.split('.')[1]}={word}"), 1, field, why)


def test_none_takes_values_away(server, cli, slug):
    server.create(slug,
                  [{"url": A, "limit": 3, "when": {"app": ["wechat"], "os": ["ios"]},
                    "expires_at": "2030-01-01T00:00:00Z"},
                         {"miniprogram": {"appid": APPID, "path": "a", "query": "b"}}],
                  hold_seconds=60, spread=4, timezone="Asia/Shanghai", fallback={"url": B, "text": "x", "contact": B},
                  starts_at="2020-01-01T00:00:00Z")
    cli.good("edit", slug, "--hold", "none", "--spread", "none", "--hours-in", "none", "--fallback-url", "none",
             "--fallback-text", "none", "--fallback-contact",
             "none", "--starts-at", "none", "--group-limit", "g1=none", "--group-when", "g1=app=none",
             "--group-expires-at", "g1=none",
             "--group-mini", "g2=path=none")
    shown = server.show(slug)
    assert [shown[k] for k in ("hold_seconds", "timezone", "starts_at", "spread")] == [None] * 3 + [1]
    assert [shown["fallback"][k] for k in ("url", "text", "contact")] == [None] * 3
    first, second = shown["groups"]
    assert (first["limit"], first["when"], first["expires_at"]) == (None, {"os": ["ios"]}, None)
    assert (second["miniprogram"]["path"], second["miniprogram"]["query"]) == (None, "b")
    cli.good("edit", slug, "--group-when", "g1=none", "--group-mini", "g2=none", "--group-url", f"g2={B}")
    first, second = server.show(slug)["groups"]
    assert (first["when"], second["miniprogram"], second["url"]) == (None, None, B)


# --- lists of groups ---


def test_groups_come_go_and_change_places_in_one_edit(server, cli, slug):
    server.create(slug, [{"url": A}, {"url": A}, {"url": A}])
    cli.good("edit", slug, "--remove-group", "g2", "--add-group", f"{B},id=new,limit=9", "--order", "new,g3,g1",
             "--group-name", "g3=Third")
    groups = server.show(slug)["groups"]
    assert [g["id"] for g in groups] == ["new", "g3", "g1"] and groups[0]["limit"] == 9 and groups[1]["name"] == "Third"
    assert server.show(slug)["version"] == 2, "one change"


def test_a_relative_limit_counts_from_the_one_that_is_there(server, cli, slug):
    server.create(slug, [{"url": A, "limit": 200}, {"url": A, "limit": 5}, {"url": A}])
    cli.good("edit", slug, "--group-limit", "g1=+10", "--group-limit", "g2=-5", "--group-name", "g1=More")
    first, second, _ = server.show(slug)["groups"]
    assert (first["limit"], first["name"], second["limit"]) == (210, "More", 0)
    assert_one_line(cli("edit", slug, "--group-limit", "g2=-1"), 1, "g2.limit", "-1")
    assert_one_line(cli("edit", slug, "--group-limit", "g3=+1"), 1, "g3.limit", "+1")
    assert server.show(slug)["version"] == 2


def test_two_who_raise_a_limit_at_once_raise_it_twice(server, slug):
    server.create(slug, [{"url": A, "limit": 0}])
    command = [str(BINARY), "campaign", "edit", slug, "--group-limit", "g1=+1", "--data-dir", str(server.data_dir)]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(4)]
    assert [p.wait(60) for p in running] == [0] * 4
    assert server.show(slug)["groups"][0]["limit"] == 4


def test_a_change_of_another_version_is_refused(server, cli, slug):
    server.create(slug, [{"url": A}])
    cli.good("edit", slug, "--title", "Two", "--if-version", "1")
    assert_one_line(cli("edit", slug, "--title", "Three", "--if-version", "1"), 1, slug, "version 2")
    assert_one_line(cli("delete", slug, "--yes", "--if-version", "1"), 1, slug, "version 2")
    assert server.show(slug)["title"] == "Two"
    cli.good("delete", slug, "--yes", "--if-version", "2")
    server.api("GET", f"/campaigns/{slug}", expect=404)


# --- reading ---


def test_the_list_has_the_apis_pages(server, cli):
    for i in range(5):
        server.create(f"paged-{i}", [{"url": A}])
    wait_for("all five", lambda: server.api("GET", "/campaigns?q=paged-").json()["total"] == 5, 3)
    seen, cursor = [], []
    while True:
        page = json.loads(cli.good("list", "--q", "paged-", "--limit", "2", *cursor, "--json"))
        listed = server.api("GET", f"/campaigns?q=paged-&limit=2{'&cursor=' + cursor[1] if cursor else ''}").json()
        del listed["forecasts"]  # the server remembers them; nobody else knows them
        assert page == listed
        seen += [c["slug"] for c in page["data"]]
        if page["next"] is None:
            break
        assert f"--cursor {page['next']}" in cli.good("list", "--q", "paged-", "--limit", "2", *cursor)
        cursor = ["--cursor", page["next"]]
    assert seen == [f"paged-{i}" for i in range(5)]
    assert len(json.loads(cli.good("list", "--q", "paged-", "--json"))["data"]) == 5


def test_show_is_what_the_api_shows(server, cli, slug):
    server.create(slug, [{"url": A, "when": {"app": ["wechat", "qq"], "hours": ["mon-fri 09:00-18:00"]}},
                         {"miniprogram": {"appid": APPID, "path": "pages/join"}}], timezone="Asia/Shanghai",
                  strategy="random")
    assert json.loads(cli.good("show", slug, "--json")) == server.show(slug) | {"forecast": ANY}  # test_forecast.py
    assert json.loads(cli.good("show", slug, "--group", "g2", "--json")) == server.show(slug)["groups"][1]
    text = cli.good("show", slug)
    for words in ("by weight", "hours in Asia/Shanghai", "g1  for app wechat, qq; hours mon-fri 09:00-18:00",
                  f"appid {APPID}", "path pages/join"):
        assert words in text, text
    one = cli.good("show", slug, "--group", "g1")
    assert "for app wechat" in one and APPID not in one
    assert_one_line(cli("show", slug, "--group", "g9"), 1, slug, "g9")


# --- what is wrong ---


@pytest.mark.parametrize("options, code, words", [
    (["--group-limit", "g1=many"], 1, ["g1.limit"]), (["--group-limit", "200"], 2, ["--group-limit", "GROUP=VALUE"]),
    (["--group-limit", "g1=+"], 1, ["g1.limit"]), (["--group-limit", "g9=1"], 1, ["g9", "no such group"]),
    (["--group-limit", "g1=1", "--group-limit", "g1=2"], 2, ["--group-limit", "twice", "g1"]),
    (["--group-when", "g1=wechat"], 2, ["--group-when", "wechat"]),
    (["--group-when", "g1=app=myspace"], 1, ["g1.when.app"]),
    (["--group-when", "g1=app=qq,app=qq"], 2, ["app", "twice"]),
    (["--group-when", "g1=hours=always"], 1, ["g1.when.hours"]),
    (["--group-mini", "g1=path=a"], 1, ["g1.miniprogram"]),
    (["--group-mini", "g1=limit=1"], 2, ["--group-mini", "limit=1"]),
    (["--group-weight", "g1=0"], 1, ["g1.weight"]), (["--group-enabled", "g1=yes"], 1, ["g1.enabled"]),
    (["--group-show", "g1=big"], 1, ["g1.show"]), (["--group-url", "g1=ftp://x/"], 1, ["g1.url"]),
    (["--add-group", f"{A},limit=x"], 1, ["add-group.limit"]), (["--add-group", f"{A},id=g1"], 1, ["add-group.id"]),
    (["--remove-group", "g9"], 1, ["g9", "no such group"]), (["--remove-group", "A B"], 2, ["--remove-group"]),
    (["--order", "g1,g2"], 1, ["order"]), (["--if-version", "x", "--title", "t"], 2, ["--if-version"]),
    (["--title", "a", "--title", "b"], 2, ["--title", "twice"]), (["--hours-in", "Mars/Olympus"], 1, ["timezone"]),
    (["--hold", "1"], 1, ["hold_seconds"]), (["--enabled", "maybe"], 1, ["enabled"]),
    (["--strategy", "best"], 1, ["strategy"]),
    (["--starts-at", "soon"], 1, ["starts_at"]), (["--fallback-url", "x"], 1, ["fallback.url"]),
    (["--slug", "x"], 2, ["--slug"]),
    (["--group", A], 2, ["--group"]),
], ids=lambda v: " ".join(v)[:40] if isinstance(v, list) and v and v[0].startswith("--") else "")
def test_a_wrong_value_is_told_with_its_field_and_changes_nothing(server, cli, slug, options, code, words):
    slug = "wrong-" + hashlib.sha256(repr(options).encode()).hexdigest()[:12]
    before = server.create(slug, [{"url": A}])
    assert_one_line(cli("edit", slug, *options), code, *words)
    assert server.show(slug) == before


@pytest.mark.parametrize("words, code, said", [
    (["list", "--limit", "0"], 2, "--limit"), (["list", "--limit", "201"], 2, "--limit"),
    (["list", "--cursor", "?"], 2, "--cursor"),
    (["list", "more"], 2, "more"), (["delete", "x", "--if-version", "0"], 2, "--if-version"),
    (["show", "x", "--group"], 2, "--group")])
def test_wrong_words_to_list_show_and_delete(cli, words, code, said):
    assert_one_line(cli(*words), code, said)
