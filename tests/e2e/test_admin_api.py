"""The admin API: every answer of the interface's table, bad input, conditional changes, paging, codes, roles."""

import concurrent.futures
import datetime
import hashlib
import json
import os
import re
import signal
import subprocess
import time
import urllib.parse

import pytest

import huoma
from huoma import TOKEN, Visitor, link, once, page_groups, redirect_groups, wait_for

JSON_TYPE = "application/json"
MERGE_TYPE = "application/merge-patch+json"
LINK = "https://chat.example.com/1"


def ask(server, method, path, body=None, token=TOKEN, headers=None, prefix="/api/v1"):
    """A request of which nothing is taken for granted: body as bytes, or as what is to be JSON."""
    headers = dict(headers or {})
    if token:
        headers.setdefault("Authorization", "Bearer " + token)
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    if body is not None:
        headers.setdefault("Content-Type", JSON_TYPE)
    return once(server.admin, method, prefix + path, {k: v for k, v in headers.items() if v is not None}, body)


def problem(answer, status, *fields):
    """What must be true of every error; the detail comes back. fields: those that must be named, and no others."""
    assert answer.status == status, answer
    assert answer.header("Content-Type") == "application/problem+json", answer
    p = answer.json()
    assert set(p) - {"errors"} == {"type", "title", "status", "detail"}, p
    assert p["status"] == status and p["title"] == answer.reason and p["detail"], (p, answer)
    if fields:
        assert sorted(e["field"] for e in p["errors"]) == sorted(fields), p
    for e in p.get("errors", []):
        assert set(e) == {"field", "reason"} and e["field"] and e["reason"], p
    return p["detail"]


def total(server):
    return server.api("GET", "/campaigns?limit=1").json()["total"]


def put_token(client, token, **fields):
    """A token's record as server/admin/token_record.h has it; a field that is None is left out."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    record = {"id": digest[:8], "name": "x", "role": "owner", "created_at": "2026-11-23T00:00:00Z", "hash": digest,
              **fields}
    client.hset("hm:tokens", digest, json.dumps({k: v for k, v in record.items() if v is not None}))


@pytest.fixture(scope="module")
def tokens(server):
    """A token of each role, in the store as `huoma token create` puts them."""
    client, made = server.redis_client(), {}
    for role in ("viewer", "editor", "admin", "owner"):
        made[role] = f"hm_test-{role}-0123456789abcdef"
        put_token(client, made[role], name=f"the {role}", role=role)
    return made


# --- who asks ---


@pytest.mark.parametrize("headers", [
    {},
    {"Authorization": "Bearer "},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer wrong"},
    {"Authorization": TOKEN},
    {"Authorization": "Basic " + TOKEN},
    {"Authorization": "Bearer " + TOKEN[:-1]},
    {"Authorization": "Bearer " + TOKEN + "x"},
    {"Authorization": "Bearer " + TOKEN.upper()},
    {"Authorization": "Bearer " + "x" * 5000},
    {"X-Api-Key": "wrong"},
    {"X-Api-Key": "x" * 5000},
    {"Cookie": "hm=" + TOKEN},
])
def test_no_token_or_a_wrong_one_is_401(server, headers):
    for method, path in (("GET", "/campaigns"), ("GET", "/campaigns/none"), ("DELETE", "/campaigns/none"),
                         ("GET", "/me"),
                         ("GET", "/campaigns/none/qr.svg")):
        answer = ask(server, method, path, token=None, headers=headers)
        problem(answer, 401)
        assert answer.header("WWW-Authenticate") == "Bearer"


@pytest.mark.parametrize("headers", [
    {"Authorization": "Bearer " + TOKEN},
    {"Authorization": "bearer " + TOKEN},
    {"Authorization": "Bearer   " + TOKEN},
    {"X-Api-Key": TOKEN},
    {"X-Api-Key": TOKEN, "Authorization": "Basic eDp5"},
])
def test_the_configured_token_is_an_owner(server, headers):
    answer = ask(server, "GET", "/me", token=None, headers=headers)
    assert answer.status == 200 and answer.json() == {"name": "admin_token", "role": "owner"}


def test_me_says_name_and_role(server, tokens):
    for role, token in tokens.items():
        assert server.api("GET", "/me", token=token).json() == {"name": f"the {role}", "role": role}


def test_a_record_that_makes_no_sense_is_no_token(server):
    client = server.redis_client()
    put_token(client, "hm_test-good")
    assert ask(server, "GET", "/me", token="hm_test-good").status == 200
    for i, record in enumerate(("", "{}", "[]", '"x"', "\x00")):
        client.hset("hm:tokens", hashlib.sha256(f"hm_test-odd-{i}".encode()).hexdigest(), record)
        problem(ask(server, "GET", "/me", token=f"hm_test-odd-{i}"), 401)
    for i, fields in enumerate(({"role": "root"}, {"role": "nobody"}, {"role": None}, {"role": 4}, {"role": "Owner"},
                                {"name": None},
                                {"name": "x" * 129}, {"created_at": "long ago"})):
        put_token(client, f"hm_test-bad-{i}", **fields)
        problem(ask(server, "GET", "/me", token=f"hm_test-bad-{i}"), 401)
    client.hdel("hm:tokens", hashlib.sha256(b"hm_test-good").hexdigest())
    problem(ask(server, "GET", "/me", token="hm_test-good"), 401)  # at once


def test_roles(server, slug, tokens):
    server.create(slug, redirect_groups(5, 5))
    other = {"url": link(9)}
    path = f"/campaigns/{slug}"
    # (method, path, body, least role, status when allowed); what removes things comes last
    table = [
        ("GET", "/campaigns", None, "viewer", 200),
        ("GET", path, None, "viewer", 200),
        ("GET", path + "/groups/g1", None, "viewer", 200),
        ("GET", path + "/qr.svg", None, "viewer", 200),
        ("GET", path + "/qr.png", None, "viewer", 200),
        ("PATCH", path + "/groups/g1", {"limit": 6}, "editor", 200),
        ("PATCH", path + "/groups/g1", {"url": link(7)}, "editor", 200),
        ("PATCH", path + "/groups/g1", {"name": "One", "enabled": True, "expires_at": None, "confirmed": 0}, "editor",
         200),
        ("PATCH", path + "/groups/g1", {"weight": 2}, "admin", 200),
        ("PATCH", path + "/groups/g1", {"show": "page"}, "admin", 200),
        ("PATCH", path + "/groups/g1", {"limit": 6, "weight": 1}, "admin", 200),
        ("PATCH", path, {"title": "Other"}, "admin", 200),
        ("PATCH", path, {"enabled": False}, "admin", 200),
        ("PUT", path + "/order", ["g2", "g1"], "admin", 200),
        ("POST", path + "/groups", other, "admin", 201),
        ("DELETE", path + "/groups/g2", None, "admin", 204),
        ("POST", "/campaigns", {"url": LINK}, "admin", 201),
        ("DELETE", path, None, "admin", 204),
    ]
    order = ["viewer", "editor", "admin", "owner"]
    before = server.show(slug)["version"]
    for method, where, body, least, _ in table:
        for role in order[:order.index(least)]:
            problem(ask(server, method, where, body, tokens[role]), 403)
    assert server.show(slug)["version"] == before
    for method, where, body, least, status in table:
        assert ask(server, method, where, body, tokens[least]).status == status, (method, where, least)


def test_an_editors_body_that_is_not_json_is_400(server, slug, tokens):
    server.create(slug, redirect_groups(5))
    for body in (b"", b"{", b'{"limit":1,"limit":2}', b'{"limit":1}\x00', b'{"limit":1} {"weight":2}'):
        problem(ask(server, "PATCH", f"/campaigns/{slug}/groups/g1", body, tokens["editor"]), 400)
    assert server.show(slug)["version"] == 1


# --- the door ---


def test_what_is_open_to_all(server):
    answer = ask(server, "GET", "/healthz", token=None, prefix="")
    assert (answer.status, answer.text.strip()) == (200, "ok")
    assert ask(server, "HEAD", "/healthz", token=None, prefix="").body == b""


def test_every_answer_is_private_and_inert(server, slug):
    server.create(slug, redirect_groups(1))
    for method, path, body in (("GET", "/api/v1/campaigns", None), ("GET", f"/api/v1/campaigns/{slug}", None),
                               ("GET", "/healthz", None), ("GET", "/nothing", None),
                               ("POST", "/api/v1/campaigns", b"{"),
                               ("DELETE", f"/api/v1/campaigns/{slug}/groups/g1", None), ("PUT", "/healthz", None),
                               ("GET", f"/api/v1/campaigns/{slug}/qr.png", None)):
        answer = ask(server, method, path, body, prefix="")
        assert answer.header("Cache-Control") == "no-store", answer
        assert answer.header("X-Content-Type-Options") == "nosniff", answer
        assert "default-src 'none'" in answer.header("Content-Security-Policy"), answer


@pytest.mark.parametrize("path",
                         ["/nothing", "/api", "/api/v1", "/api/v1/", "/api/v1/campaigns/", "/api/v2/campaigns",
                          "/API/v1/me",
                                  "/api/v1/campaigns/a/b", "/api/v1/campaigns/a/groups/",
                          "/api/v1/campaigns/a/groups/b/c", "//",
                                  "/api/v1/campaigns/a/qr.gif", "/../etc/passwd", "/favicon.ico"])
def test_unknown_addresses_are_404(server, path):
    problem(ask(server, "GET", path, prefix=""), 404)


@pytest.mark.parametrize("method, path, allow", [
    ("PUT", "/campaigns", "GET, HEAD, POST"),
    ("POST", "/campaigns/a", "GET, HEAD, PATCH, DELETE"),
    ("GET", "/campaigns/a/groups", "POST"),
    ("PUT", "/campaigns/a/groups/g1", "GET, HEAD, PATCH, DELETE"),
    ("PATCH", "/campaigns/a/order", "PUT"),
    ("DELETE", "/campaigns/a/qr.svg", "GET, HEAD"),
    ("OPTIONS", "/campaigns", "GET, HEAD, POST"),
])
def test_other_methods_are_405_and_say_which(server, method, path, allow):
    answer = ask(server, method, path)
    problem(answer, 405)
    assert sorted(answer.header("Allow").split(", ")) == sorted(allow.split(", "))


def test_head_is_get_without_body(server, slug):
    server.create(slug, redirect_groups(1))
    for path in ("/campaigns", f"/campaigns/{slug}", f"/campaigns/{slug}/groups/g1", f"/campaigns/{slug}/qr.svg",
                 "/me"):
        get, head = ask(server, "GET", path), ask(server, "HEAD", path)
        assert head.status == 200 and head.body == b"" and get.body
        for name in ("Content-Type", "Content-Length", "ETag"):
            assert head.header(name) == get.header(name), name


def test_a_path_that_no_slug_can_have_is_404(server):
    for slug in ("-a", "a" * 65, "a%00b", "a%2fb", "%ff", "a%", "a.b", "healthz", "%E6%B4%BB"):
        for path in (f"/campaigns/{slug}", f"/campaigns/{slug}/groups/g1", f"/campaigns/{slug}/qr.svg"):
            assert ask(server, "GET", path).status == 404, path
        problem(ask(server, "PATCH", f"/campaigns/{slug}", {"title": "x"}), 404)
        problem(ask(server, "DELETE", f"/campaigns/{slug}"), 404)
        problem(ask(server, "PUT", f"/campaigns/{slug}/order", []), 404)
        problem(ask(server, "POST", f"/campaigns/{slug}/groups", {"url": LINK}), 404)


# --- creating ---


GROUP_KEYS = {"id", "name", "url", "platform", "miniprogram", "when", "show", "limit", "weight", "enabled",
              "expires_at", "used", "confirmed", "held",
              "reports", "members", "state"}
CAMPAIGN_KEYS = {"slug", "title", "link", "strategy", "enabled", "starts_at", "ends_at", "confirm", "hold_seconds",
                 "spread", "per_address", "timezone", "forward_query", "follow_members", "fallback", "aliases",
                 "groups", "seats", "severity", "troubles", "version", "created_at", "updated_at"}


def test_a_link_alone_makes_a_campaign(server):
    answer = ask(server, "POST", "/campaigns", {"url": "https://example.com/shop?a=1#b"})
    c = answer.json()
    assert answer.status == 201 and answer.header("ETag") == '"1"' and answer.header("Content-Type") == JSON_TYPE
    assert answer.header("Location") == "/api/v1/campaigns/" + c["slug"]
    assert re.fullmatch("[0-9a-hjkmnp-tv-z]{8}", c["slug"])
    assert set(c) == CAMPAIGN_KEYS and set(c["groups"][0]) == GROUP_KEYS
    assert c["link"] == f"http://q.example.com/{c['slug']}" and c["version"] == 1
    group = c["groups"][0]
    assert (group["id"], group["limit"], group["platform"], group["show"], group["state"]) == \
        ("g1", None, "web", "redirect", "open")
    assert c["seats"] == {"limit": None, "used": 0, "held": 0, "free": None}
    made = datetime.datetime.fromisoformat(c["created_at"].replace("Z", "+00:00"))
    assert abs(made.timestamp() - time.time()) < 60 and c["updated_at"] == c["created_at"]
    assert server.api("GET", "/campaigns/" + c["slug"]).json() == c


def test_slugs_that_are_drawn_differ(server):
    slugs = {server.api("POST", "/campaigns", {"url": LINK}).json()["slug"] for _ in range(20)}
    assert len(slugs) == 20


def test_a_whole_campaign_comes_back_as_it_was_made(server, slug):
    made = {"slug": slug, "title": "春季跑步群", "strategy": "random", "enabled": False,
            "starts_at": "2026-11-01T08:00:00+08:00",
            "ends_at": "2027-01-01T00:00:00Z", "confirm": "tap", "hold_seconds": 60,
            "fallback": {"url": "https://example.com/full", "text": "都满了\n明天再来", "contact": "https://u.wechat.com/a",
                         "waiting": None},
            "groups": [{"id": "first", "name": "第 1 群", "url": "https://weixin.qq.com/g/AAA", "show": "auto",
                        "limit": 200, "weight": 3,
                        "enabled": True, "expires_at": "2099-11-29T14:20:00+08:00"},
                       {"url": "https://t.me/+abc", "limit": None}, {"url": "https://qm.qq.com/q/x", "limit": 0}]}
    answer = ask(server, "POST", "/campaigns", made)
    assert answer.status == 201, answer
    c = answer.json()
    assert c["starts_at"] == "2026-11-01T00:00:00Z" and c["ends_at"] == "2027-01-01T00:00:00Z"
    for key in ("slug", "title", "strategy", "enabled", "confirm", "hold_seconds", "fallback"):
        assert c[key] == made[key], key
    first, second, third = c["groups"]
    assert first["expires_at"] == "2099-11-29T06:20:00Z" and first["show"] == "page" and first["platform"] == "wechat"
    assert (second["id"], second["platform"], third["id"], third["platform"], third["state"]) == \
        ("g1", "telegram", "g2", "qq", "full")
    assert server.show(slug) == c


def test_slugs_are_lower_case_and_taken_once(server, slug):
    assert server.create(slug.upper(), redirect_groups(1))["slug"] == slug
    assert server.api("GET", "/campaigns/" + slug.upper()).json()["slug"] == slug
    problem(ask(server, "POST", "/campaigns", {"slug": slug, "title": "another", "groups": redirect_groups(9, 9)}), 409)
    problem(ask(server, "POST", "/campaigns", {"slug": slug.upper(), "url": LINK}), 409)
    c = server.show(slug)
    assert c["version"] == 1 and c["title"] == slug.upper() or c["title"] == slug
    assert server.api("GET", "/campaigns?q=another&limit=200").json()["total"] == 0


# --- bad input ---

URLS = ["", "x", "chat.example.com/1", "//chat.example.com", "ftp://chat.example.com/", "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd", "https://", "https:///x", "https://user@chat.example.com/",
        "https://user:pw@chat.example.com/",
        "https://chat.example.com/a b", "https://chat.example.com/\n", "https://chat.example.com/\u0000",
        "https://chat.example.com/\x7f",
        "https://chat.example.com/群", " https://chat.example.com/", "https://chat.example.com/\t", "weixin://dl/chat",
        "HTTPS:chat",
        "https://chat.example.com/" + "x" * 2048, "https://chat.example.com:99999/", "https://a\\b/"]

BAD_CAMPAIGNS = [
    ({}, ["groups"]),
    ({"url": None}, ["groups"]),
    ({"url": 7}, ["url"]),
    ({"groups": {}}, ["groups"]),
    ({"groups": [7]}, ["groups[0]"]),
    ({"groups": [{}]}, ["groups[0].url"]),
    ({"url": LINK, "groups": [{"url": LINK}]}, ["url"]),
    ({"url": LINK, "colour": "red"}, ["colour"]),
    ({"url": LINK, "version": 7}, ["version"]),
    ({"url": LINK, "seats": {}}, ["seats"]),
    ({"url": LINK, "link": "https://q.example.com/x"}, ["link"]),
    ({"url": LINK, "slug": ""}, ["slug"]),
    ({"url": LINK, "slug": "-a"}, ["slug"]),
    ({"url": LINK, "slug": "a" * 65}, ["slug"]),
    ({"url": LINK, "slug": "a/b"}, ["slug"]),
    ({"url": LINK, "slug": "活码"}, ["slug"]),
    ({"url": LINK, "slug": "api"}, ["slug"]),
    ({"url": LINK, "slug": "Healthz"}, ["slug"]),
    ({"url": LINK, "slug": "static"}, ["slug"]),
    ({"url": LINK, "slug": "metrics"}, ["slug"]),
    ({"url": LINK, "slug": 7}, ["slug"]),
    ({"url": LINK, "slug": "a\r\nSet-Cookie: x=y"}, ["slug"]),
    ({"url": LINK, "title": 7}, ["title"]),
    ({"url": LINK, "title": "x" * 201}, ["title"]),
    ({"url": LINK, "title": "a\u0000b"}, None),
    ({"url": LINK, "title": "a\u0007b"}, ["title"]),
    ({"url": LINK, "title": "x" * 1000000}, ["title"]),
    ({"url": LINK, "strategy": "fastest"}, ["strategy"]),
    ({"url": LINK, "confirm": True}, ["confirm"]),
    ({"url": LINK, "enabled": "yes"}, ["enabled"]),
    ({"url": LINK, "starts_at": "tomorrow"}, ["starts_at"]),
    ({"url": LINK, "starts_at": "2026-11-29 14:20:00"}, ["starts_at"]),
    ({"url": LINK, "starts_at": "2026-11-29T14:20:00"}, ["starts_at"]),
    ({"url": LINK, "starts_at": "2026-02-30T14:20:00Z"}, ["starts_at"]),
    ({"url": LINK, "starts_at": 1790000000}, ["starts_at"]),
    ({"url": LINK, "starts_at": "2026-11-29T14:20:00Z", "ends_at": "2026-11-28T14:20:00Z"}, ["ends_at"]),
    ({"url": LINK, "hold_seconds": 9}, ["hold_seconds"]),
    ({"url": LINK, "hold_seconds": 86401}, ["hold_seconds"]),
    ({"url": LINK, "hold_seconds": 60.0}, ["hold_seconds"]),
    ({"url": LINK, "fallback": "https://example.com"}, ["fallback"]),
    ({"url": LINK, "fallback": {"url": "javascript:x"}}, ["fallback.url"]),
    ({"url": LINK, "fallback": {"text": "x" * 2001}}, ["fallback.text"]),
    ({"url": LINK, "fallback": {"colour": 1}}, ["fallback.colour"]),
    ({"url": LINK, "fallback": {"contact": "x"}}, ["fallback.contact"]),
    ({"url": LINK, "forward_query": "yes"}, ["forward_query"]),
    ({"url": LINK, "redirect_status": 301}, ["redirect_status"]),
    ({"groups": [{"url": LINK, "miniprogram": {}}]}, ["groups[0].miniprogram"]),
    ({"groups": [{"miniprogram": {"appid": "wx1"}}]}, ["groups[0].miniprogram.appid", "groups[0].url"]),
    ({"groups": [{"url": LINK, "limit": -1}]}, ["groups[0].limit"]),
    ({"groups": [{"url": LINK, "limit": 1000000001}]}, ["groups[0].limit"]),
    ({"groups": [{"url": LINK, "limit": 1.5}]}, ["groups[0].limit"]),
    ({"groups": [{"url": LINK, "limit": "200"}]}, ["groups[0].limit"]),
    ({"groups": [{"url": LINK, "limit": True}]}, ["groups[0].limit"]),
    ({"groups": [{"url": LINK, "weight": 0}]}, ["groups[0].weight"]),
    ({"groups": [{"url": LINK, "weight": 1000001}]}, ["groups[0].weight"]),
    ({"groups": [{"url": LINK, "name": "x" * 101}]}, ["groups[0].name"]),
    ({"groups": [{"url": LINK, "show": "frame"}]}, ["groups[0].show"]),
    ({"groups": [{"url": LINK, "enabled": 1}]}, ["groups[0].enabled"]),
    ({"groups": [{"url": LINK, "expires_at": "soon"}]}, ["groups[0].expires_at"]),
    ({"groups": [{"url": LINK, "used": 7}]}, ["groups[0].used"]),
    ({"groups": [{"url": LINK, "id": "G 1"}]}, ["groups[0].id"]),
    ({"groups": [{"url": LINK, "id": "a" * 17}]}, ["groups[0].id"]),
    ({"groups": [{"url": LINK, "id": "a"}, {"url": LINK, "id": "a"}]}, ["groups[1].id"]),
    ({"groups": [{"url": LINK}] * 10001}, ["groups"]),
    *(({"url": url}, None if "\0" in url else ["url"]) for url in URLS),
]


@pytest.mark.parametrize("number", range(len(BAD_CAMPAIGNS)))
def test_a_bad_campaign_is_refused_with_its_fields(server, number):
    body, fields = BAD_CAMPAIGNS[number]
    before = total(server)
    answer = ask(server, "POST", "/campaigns", body)
    if fields is None:  # a NUL: not JSON as far as we read it
        problem(answer, 400)
    else:
        problem(answer, 422, *fields)
    assert total(server) == before


def test_a_bad_patch_is_refused_with_its_fields_and_changes_nothing(server, slug):
    server.create(slug, redirect_groups(5, 5))
    before = server.show(slug)
    for body, fields in BAD_CAMPAIGNS:
        if body.get("url") == LINK and len(body) > 1 and not {"version", "seats", "link", "groups"} & set(body):
            body = {k: v for k, v in body.items() if k != "url"}
            answer = ask(server, "PATCH", f"/campaigns/{slug}", body, headers={"Content-Type": MERGE_TYPE})
            problem(answer, 400 if fields is None else 422, *(fields or []))
    for body, fields in [({"slug": slug + "-other"}, ["slug"]), ({"url": LINK}, ["url"]),
                         ({"version": "7"}, ["version"]),
                         ({"seats": 1}, ["seats"]), ({"groups": None}, ["groups"]),
                         ({"groups": [{"id": "g1"}]}, ["groups[0].url"]),
                         ({"groups": [{"id": "g1", "url": LINK, "confirmed": -1}]}, ["groups[0].confirmed"])]:
        problem(ask(server, "PATCH", f"/campaigns/{slug}", body), 422, *fields)
    for url in URLS:
        problem(ask(server, "PATCH", f"/campaigns/{slug}/groups/g1", {"url": url}), 400 if "\0" in url else 422)
        problem(ask(server, "POST", f"/campaigns/{slug}/groups", {"url": url}), 400 if "\0" in url else 422)
    assert server.show(slug) == before


def test_all_errors_come_at_once(server):
    body = {"slug": "a b", "title": 7, "strategy": "x", "colour": 1,
            "groups": [{"url": "x", "limit": -1}, {"weight": 0}]}
    problem(ask(server, "POST", "/campaigns", body), 422, "slug", "title", "strategy", "colour", "groups[0].url",
            "groups[0].limit",
            "groups[1].weight", "groups[1].url")
    answer = ask(server, "POST", "/campaigns", {"groups": [{"url": "x"}] * 500})
    assert "500 errors" in problem(answer, 422)
    assert len(answer.json()["errors"]) == 50


def test_what_a_stranger_wrote_comes_back_as_data_only(server):
    for name in ("<script>alert(1)</script>", 'a"b\\', "群", "a\u202eb", "\ud83d\ude00" * 60, "x" * 5000,
                 "a\r\nX-Evil: 1"):
        answer = ask(server, "POST", "/campaigns", {"url": LINK, name: 1})
        problem(answer, 422)
        assert answer.header("X-Evil") is None and "<script>" not in str(answer.headers)
        answer.json()["errors"][0]["field"].encode()  # well-formed


NOT_JSON = [b"", b" ", b"{", b"nul", b'{"url":}', b'{"url":"x"}x', b'{"url":"\xff"}', b'{"url":"\xc0\xaf"}',
            b"{'url':1}", b'{"a":1,}',
            b'{"url":"https://a.example/","url":"https://b.example/"}', b'{"title":"a\\u0000b"}', b"\xef\xbb\xbf{}",
            b'{"a":' * 3000,
            b"[" * 100000, b'{"url":"https://a.example/"}\x00', b"\x00", b'{"a":"\\ud800"}', b"url=https://a.example/",
            b'{"a":NaN}']


@pytest.mark.parametrize("body", NOT_JSON, ids=range(len(NOT_JSON)))
def test_what_is_not_json_is_400(server, slug, body):
    before = total(server)
    problem(ask(server, "POST", "/campaigns", body), 400)
    assert total(server) == before
    server.create(slug, redirect_groups(5))
    for method, path in (("PATCH", ""), ("PUT", "/order"), ("POST", "/groups"), ("PATCH", "/groups/g1")):
        problem(ask(server, method, f"/campaigns/{slug}{path}", body), 400)
    assert server.show(slug)["version"] == 1


@pytest.mark.parametrize("body", [b"7", b'"x"', b"null", b"true", b"[]", b'[{"url":"https://a.example/"}]'])
def test_json_that_is_no_object_is_422(server, slug, body):
    problem(ask(server, "POST", "/campaigns", body), 422, "body")
    server.create(slug, redirect_groups(5))
    problem(ask(server, "PATCH", f"/campaigns/{slug}", body), 422, "body")
    problem(ask(server, "POST", f"/campaigns/{slug}/groups", body), 422, "body")
    problem(ask(server, "PATCH", f"/campaigns/{slug}/groups/g1", body), 422, "body")
    assert server.show(slug)["version"] == 1


@pytest.mark.parametrize("kind, patch, post", [
    ("application/json", 200, 201),
    ("Application/JSON; Charset=UTF-8", 200, 201),
    ('application/json;charset="utf-8"', 200, 201),
    ("application/merge-patch+json", 200, 415),
    ("application/merge-patch+json; charset=utf-8", 200, 415),
    (None, 415, 415),
    ("", 415, 415),
    ("text/plain", 415, 415),
    ("application/x-www-form-urlencoded", 415, 415),
    ("multipart/form-data; boundary=x", 415, 415),
    ("application/json-patch+json", 415, 415),
    ("application/jsonx", 415, 415),
    ("application/json; charset=latin1", 415, 415),
    ("application/json; charset=utf-16", 415, 415),
])
def test_content_types(server, slug, kind, patch, post):
    server.create(slug, redirect_groups(1))
    path = f"/campaigns/{slug}"
    for method, where, body, status in (("PATCH", path, {"title": "x"}, patch),
                                        ("PATCH", path + "/groups/g1", {"limit": 2}, patch),
                                        ("POST", "/campaigns", {"url": LINK}, post),
                                        ("POST", path + "/groups", {"url": LINK}, post),
                                        ("PUT", path + "/order", ["g1"], 200 if post == 201 else 415)):
        if where.endswith("order") and status == 200:
            body = [g["id"] for g in server.show(slug)["groups"]]
        answer = ask(server, method, where, body, headers={"Content-Type": kind})
        assert answer.status == status, (method, where, answer)
        if status == 415:
            problem(answer, 415)


def test_a_body_has_its_limit(server, slug):
    server.create(slug, redirect_groups(1))
    body = json.dumps({"title": "x" * 1000000}).encode()
    problem(ask(server, "POST", "/campaigns", body), 422)
    too_much = body + b" " * ((1 << 20) - len(body) + 1)
    for method, path in (("POST", "/campaigns"), ("PATCH", f"/campaigns/{slug}"), ("PUT", f"/campaigns/{slug}/order"),
                         ("POST", f"/campaigns/{slug}/groups"), ("PATCH", f"/campaigns/{slug}/groups/g1")):
        problem(ask(server, method, path, too_much), 413)
    problem(ask(server, "DELETE", f"/campaigns/{slug}", {}), 413)
    problem(ask(server, "GET", "/campaigns", {}), 413)
    assert server.show(slug)["version"] == 1


def test_a_body_larger_than_the_heads_buffer_arrives_with_its_head(server, slug):
    """Path and token are read before the body, and used after it."""
    server.create(slug, redirect_groups(1))
    for size in (100, 5000, 7900, 8192, 9000, 20000, 500000):
        body = json.dumps({"title": f"title {size}"}).encode() + b" " * size
        answer = ask(server, "PATCH", f"/campaigns/{slug}", body)
        assert answer.status == 200 and answer.json()["title"] == f"title {size}", answer


def test_a_body_in_pieces_and_in_chunks(server, slug):
    server.create(slug, redirect_groups(1))
    head = (f"PATCH /api/v1/campaigns/{slug} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
            f"Content-Type: {JSON_TYPE}\r\n").encode()
    body = b'{"title":"in pieces"}'
    with huoma.Connection(server.admin) as c:
        c.send(head + b"Content-Length: %d\r\n\r\n" % len(body))
        for i in range(len(body)):
            c.send(body[i:i + 1])
            time.sleep(0.002)
        assert c.receive("PATCH").json()["title"] == "in pieces"
        c.send(head + b"Transfer-Encoding: chunked\r\n\r\n")
        for i in range(0, len(body), 5):
            c.send(b"%x\r\n%s\r\n" % (len(body[i:i + 5]), body[i:i + 5]))
        c.send(b"0\r\n\r\n")
        answer = c.receive("PATCH")
        assert answer.status == 200 and answer.json()["version"] == 3


def test_requests_of_one_connection_are_answered_in_order(server, slug):
    server.create(slug, redirect_groups(1))
    one = b"".join(huoma.build_request("PATCH", f"/api/v1/campaigns/{slug}",
                                       {"Authorization": "Bearer " + TOKEN, "Content-Type": JSON_TYPE},
                                       json.dumps({"title": f"t{i}"}).encode()) for i in range(20))
    with huoma.Connection(server.admin) as c:
        c.send(one)
        for i in range(20):
            answer = c.receive("PATCH").json()
            assert (answer["title"], answer["version"]) == (f"t{i}", i + 2)


def test_a_client_that_leaves_before_its_answer(server, slug):
    server.create(slug, redirect_groups(1))
    request = huoma.build_request("PATCH", f"/api/v1/campaigns/{slug}",
                                  {"Authorization": "Bearer " + TOKEN, "Content-Type": JSON_TYPE}, b'{"title":"gone"}')
    for _ in range(20):
        c = huoma.Connection(server.admin)
        c.send(request * 3)
        c.reset()
    assert server.patch(slug, {"title": "still here"})["title"] == "still here"


# --- changing ---


def test_merge_patch(server, slug):
    server.create(slug, redirect_groups(5), fallback={"url": "https://example.com/full", "text": "full"},
                  hold_seconds=60,
                  ends_at="2099-01-01T00:00:00Z")
    answer = ask(server, "PATCH", f"/campaigns/{slug}",
                 {"title": "新的", "fallback": {"text": None}, "hold_seconds": None},
                 headers={"Content-Type": MERGE_TYPE})
    c = answer.json()
    assert answer.status == 200 and answer.header("ETag") == '"2"' and c["version"] == 2
    assert c["title"] == "新的" and c["hold_seconds"] is None and c["ends_at"] == "2099-01-01T00:00:00Z"
    assert c["fallback"] == {"url": "https://example.com/full", "text": None, "contact": None, "waiting": None}
    assert server.patch(slug, {"fallback": None, "ends_at": None})["fallback"] == \
        {"url": None, "text": None, "contact": None, "waiting": None}
    assert server.patch(slug, {"strategy": "even", "enabled": False})["strategy"] == "even"
    c = server.show(slug)
    assert c["version"] == 4 and c["ends_at"] is None and c["enabled"] is False and len(c["groups"]) == 1


def test_what_a_get_shows_can_be_sent_back(server, slug):
    server.create(slug, redirect_groups(5, 6) + page_groups(7))
    Visitor(server, slug).scan()
    before = server.show(slug)
    after = server.patch(slug, before)
    assert after.pop("version") == before.pop("version") + 1
    after.pop("updated_at"), before.pop("updated_at")
    assert after == before
    group = server.api("GET", f"/campaigns/{slug}/groups/g2").json()
    assert server.patch(slug, group, "g2") == group


def test_a_list_of_groups_replaces_the_list_and_keeps_seats_by_id(server, slug):
    server.create(slug, redirect_groups(2, 2, 2))
    for _ in range(3):
        assert Visitor(server, slug).scan().status == 302
    c = server.patch(slug, {"groups": [{"url": link(7), "limit": 9}, {"id": "g2", "url": link(2), "limit": 4},
                                       {"id": "g1", "url": link(1), "limit": 2}]})
    assert [(g["id"], g["used"], g["limit"]) for g in c["groups"]] == [("g4", 0, 9), ("g2", 1, 4), ("g1", 2, 2)]
    c = server.patch(slug, {"groups": [{"url": link(8)}]})
    assert [(g["id"], g["used"]) for g in c["groups"]] == [("g5", 0)]
    problem(ask(server, "PATCH", f"/campaigns/{slug}", {"groups": [{"id": "g1", "url": link(1)}]}), 422, "groups[0].id")


def test_if_match(server, slug):
    server.create(slug, redirect_groups(5, 5))
    path = f"/campaigns/{slug}"

    def change(method, where, body, tag):
        return ask(server, method, path + where, body, headers={"If-Match": tag})

    version = 1
    for method, where, body in (("PATCH", "", {"title": "x"}), ("PATCH", "/groups/g1", {"limit": 7}),
                                ("PUT", "/order", ["g2", "g1"]),
                                ("POST", "/groups", {"url": LINK}), ("DELETE", "/groups/g1", None)):
        for wrong in (f'"{version - 1}"', f'"{version + 1}"', f'W/"{version}"', str(version), '""', "x", f'"{version}',
                      '"0", "999"', ""):
            answer = change(method, where, body, wrong)
            problem(answer, 412)
        answer = change(method, where, body, f'"{version}"')
        assert answer.status in (200, 201, 204), answer
        version += 1
        assert server.show(slug)["version"] == version
    for right in ("*", f'"999", "{version + 1}"'):
        assert change("PATCH", "", {"title": "y"}, right).status == 200
        version += 1
    problem(change("DELETE", "", None, f'"{version - 1}"'), 412)
    assert server.show(slug)["version"] == version
    assert change("DELETE", "", None, f'"{version}"').status == 204
    for tag in ("*", '"1"'):
        problem(change("PATCH", "", {"title": "z"}, tag), 404)
        problem(change("DELETE", "", None, tag), 404)


def test_the_etag_of_every_answer_is_the_version(server, slug):
    server.create(slug, redirect_groups(5))
    assert ask(server, "GET", f"/campaigns/{slug}").header("ETag") == '"1"'
    assert ask(server, "PATCH", f"/campaigns/{slug}/groups/g1", {"limit": 4}).header("ETag") == '"2"'
    assert ask(server, "GET", f"/campaigns/{slug}/groups/g1").header("ETag") == '"2"'
    assert ask(server, "POST", f"/campaigns/{slug}/groups", {"url": LINK}).header("ETag") == '"3"'
    assert ask(server, "PUT", f"/campaigns/{slug}/order", ["g2", "g1"]).header("ETag") == '"4"'


def test_changes_at_the_same_time_are_all_made(server, slug):
    server.create(slug, redirect_groups(*[1] * 24))
    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        done = list(pool.map(lambda i: server.patch(slug, {"limit": 100 + i}, f"g{i}")["limit"], range(1, 25)))
    assert done == [100 + i for i in range(1, 25)]
    c = server.show(slug)
    assert c["version"] == 25 and [g["limit"] for g in c["groups"]] == done


def test_changes_through_several_servers_are_all_made(slug):
    with huoma.RedisServer() as redis, huoma.Server(redis=redis) as one, huoma.Server(redis=redis) as two:
        one.create(slug, redirect_groups(*[1] * 16))
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda i: (one, two)[i % 2].patch(slug, {"limit": 100 + i}, f"g{i}"), range(1, 17)))
        assert one.show(slug) == two.show(slug)
        assert one.show(slug)["version"] == 17
        assert [g["limit"] for g in two.show(slug)["groups"]] == [100 + i for i in range(1, 17)]
        for version in range(17, 37):  # and with If-Match, one of those at the same version
            with concurrent.futures.ThreadPoolExecutor(6) as pool:
                answers = list(pool.map(lambda i: ask((one, two)[i % 2], "PATCH", f"/campaigns/{slug}",
                                                      {"title": f"t{i}"},
                                                      headers={"If-Match": f'"{version}"'}).status, range(6)))
            assert sorted(answers) == [200] + [412] * 5


def test_of_changes_at_one_version_one_is_made(server, slug):
    server.create(slug, redirect_groups(1))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: ask(server, "PATCH", f"/campaigns/{slug}", {"title": f"t{i}"},
                                              headers={"If-Match": '"1"'}).status, range(8)))
    assert sorted(answers) == [200] + [412] * 7
    assert server.show(slug)["version"] == 2


def test_of_creations_of_one_slug_one_is_made(server, slug):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: ask(server, "POST", "/campaigns",
                                              {"slug": slug, "title": f"t{i}", "url": link(i)}), range(8)))
    assert sorted(a.status for a in answers) == [201] + [409] * 7
    made = next(a.json() for a in answers if a.status == 201)
    assert server.show(slug) == made
    found = server.api("GET", "/campaigns?q=" + made["title"]).json()["data"]
    assert slug in [c["slug"] for c in found]


def test_a_change_reaches_the_next_scan(server, slug):
    server.create(slug, redirect_groups(0))
    assert Visitor(server, slug).scan().group == "none"
    server.patch(slug, {"limit": 1}, "g1")
    assert Visitor(server, slug).scan().group == "g1"
    assert Visitor(server, slug).scan().group == "none"
    server.patch(slug, {"confirmed": 0}, "g1")
    assert Visitor(server, slug).scan().group == "g1"
    answer = server.api("POST", f"/campaigns/{slug}/groups", {"url": link(2)}).json()
    assert Visitor(server, slug).scan().group == answer["id"] == "g2"
    assert server.show(slug)["seats"] == {"limit": None, "used": 2, "held": 0, "free": None}


# --- groups ---


def test_groups(server, slug):
    server.create(slug, redirect_groups(1))
    path = f"/campaigns/{slug}/groups"
    answer = ask(server, "POST", path, {"url": "https://t.me/+x", "limit": 7, "name": "第 2 群"})
    assert answer.status == 201 and answer.header("Location") == f"/api/v1{path}/g2"
    group = answer.json()
    assert set(group) == GROUP_KEYS
    assert (group["id"], group["limit"], group["name"], group["platform"], group["used"]) == \
        ("g2", 7, "第 2 群", "telegram", 0)
    assert server.api("GET", path + "/g2").json() == group
    assert server.patch(slug, {"limit": None}, "g2")["limit"] is None
    assert server.patch(slug, {"limit": 0}, "g2")["state"] == "full"
    assert server.patch(slug, {"limit": 5, "expires_at": "2020-01-01T00:00:00Z"}, "g2")["state"] == "expired"
    assert server.patch(slug, {"expires_at": None, "enabled": False}, "g2")["state"] == "off"
    assert server.patch(slug, {"enabled": True, "weight": 9, "show": "page"}, "g2")["show"] == "page"
    changed = server.patch(slug, {"confirmed": 4}, "g2")
    assert (changed["used"], changed["confirmed"], changed["held"], changed["state"]) == (4, 4, 0, "open")
    assert server.patch(slug, {"confirmed": 9}, "g2")["state"] == "full"
    answer = ask(server, "DELETE", path + "/g2")
    assert answer.status == 204 and answer.body == b""
    problem(ask(server, "GET", path + "/g2"), 404)
    assert server.api("POST", path, {"url": LINK}).json()["id"] == "g3"  # an id is never used twice
    problem(ask(server, "POST", path, {"url": LINK, "id": "g2"}), 422, "id")
    problem(ask(server, "POST", path, {"url": LINK, "id": "g1"}), 422, "id")
    assert server.api("POST", path, {"url": LINK, "id": "vip"}).json()["id"] == "vip"
    assert [g["id"] for g in server.show(slug)["groups"]] == ["g1", "g3", "vip"]


def test_a_group_that_is_not_there_is_404(server, slug):
    server.create(slug, redirect_groups(1))
    for group in ("g2", "G1", "a" * 17, "%00", "g1%20", "%67%31x"):
        for method, body in (("GET", None), ("PATCH", {"limit": 1}), ("DELETE", None)):
            assert "group" in problem(ask(server, method, f"/campaigns/{slug}/groups/{group}", body), 404)
    for method, body in (("GET", None), ("PATCH", {"limit": 1}), ("DELETE", None)):
        assert "campaign" in problem(ask(server, method, f"/campaigns/{slug}-none/groups/g1", body), 404)
    assert server.show(slug)["version"] == 1


def test_confirmed_counts_heads_and_keeps_those_who_hold(server, slug):
    server.create(slug, page_groups(5))
    visitors = [Visitor(server, slug) for _ in range(3)]
    assert [v.scan().status for v in visitors] == [200] * 3
    assert visitors[0].confirm().status == 204
    group = server.groups(slug)["g1"]
    assert (group["used"], group["confirmed"], group["held"]) == (3, 1, 2)
    group = server.patch(slug, {"confirmed": 3}, "g1")
    assert (group["used"], group["confirmed"], group["held"], group["state"]) == (5, 3, 2, "full")
    assert Visitor(server, slug).scan().group == "none"


def test_order(server, slug):
    server.create(slug, redirect_groups(1, 2, 3))
    path = f"/campaigns/{slug}/order"
    answer = ask(server, "PUT", path, ["g3", "g1", "g2"])
    assert answer.status == 200 and [g["id"] for g in answer.json()["groups"]] == ["g3", "g1", "g2"]
    assert [g["limit"] for g in server.show(slug)["groups"]] == [3, 1, 2]
    assert Visitor(server, slug).scan().group == "g3"
    for bad in (["g3", "g1"], ["g3", "g1", "g2", "g2"], ["g3", "g1", "g1"], ["g3", "g1", "g9"], [], ["g3", "g1", 2],
                [None] * 3, {}, 7):
        problem(ask(server, "PUT", path, bad), 422)
    assert [g["id"] for g in server.show(slug)["groups"]] == ["g3", "g1", "g2"]
    assert server.show(slug)["version"] == 2


def test_ten_thousand_groups(server, slug):
    groups = [{"url": link(i), "limit": 1} for i in range(10000)]
    c = server.create(slug, groups)
    assert len(c["groups"]) == 10000 and c["seats"]["free"] == 10000
    problem(ask(server, "POST", f"/campaigns/{slug}/groups", {"url": LINK}), 422, "groups")
    assert server.patch(slug, {"limit": 2}, "g10000")["limit"] == 2
    order = [g["id"] for g in reversed(c["groups"])]
    assert server.api("PUT", f"/campaigns/{slug}/order", order).json()["groups"][0]["id"] == "g10000"
    assert Visitor(server, slug).scan().group == "g10000"
    assert server.api("DELETE", f"/campaigns/{slug}").status == 204


# --- deleting ---


def test_deleting(server, slug):
    server.create(slug, redirect_groups(2), title="to be deleted")
    assert Visitor(server, slug).scan().status == 302
    before = total(server)
    answer = ask(server, "DELETE", f"/campaigns/{slug.upper()}")
    assert answer.status == 204 and answer.body == b""
    problem(ask(server, "GET", f"/campaigns/{slug}"), 404)
    problem(ask(server, "DELETE", f"/campaigns/{slug}"), 404)
    assert total(server) == before - 1
    assert server.api("GET", "/campaigns?q=to+be+deleted").json() == \
        {"data": [], "forecasts": [], "next": None, "total": 0}
    wait_for("404 for visitors", lambda: Visitor(server, slug).scan().status == 404)
    client = server.redis_client()
    wait_for("no trace", lambda: not client.keys(f"hm:{{{slug}}}*") and client.hget("hm:titles", slug) is None)
    c = server.create(slug, redirect_groups(2))
    assert c["version"] == 1 and c["seats"]["used"] == 0


# --- listing ---


def pages(server, query):
    """All pages of a list: [slugs], and what each page said of the total."""
    found, totals, cursor = [], [], ""
    while cursor is not None:
        page = server.api("GET", f"/campaigns?{query}" + (f"&cursor={cursor}" if cursor else "")).json()
        assert set(page) == {"data", "forecasts", "next", "total"}
        found.append([c["slug"] for c in page["data"]])
        totals.append(page["total"])
        cursor = page["next"]
    return found, totals


def test_paging(server):
    slugs = [f"paging-{i:02}" for i in range(7)]
    for s in reversed(slugs):
        server.create(s, redirect_groups(1), title=f"Paging Number {s[-1]}")
    found, totals = pages(server, "q=paging-&limit=3")
    assert found == [slugs[:3], slugs[3:6], slugs[6:]] and totals == [7] * 3
    assert pages(server, "q=paging-&limit=7") == ([slugs], [7])
    assert pages(server, "q=PAGING+nUMBER&limit=200") == ([slugs], [7])
    assert pages(server, "q=number%203") == ([[slugs[3]]], [1])
    assert pages(server, "q=Paging.Number") == ([[]], [0])
    assert pages(server, "q=paging%25d") == ([[]], [0])
    whole, totals = pages(server, "limit=10")
    flat = [s for page in whole for s in page]
    assert flat == sorted(set(flat)) and set(slugs) <= set(flat) and set(totals) == {len(flat)}
    assert all(len(page) == 10 for page in whole[:-1])
    default = server.api("GET", "/campaigns").json()
    assert [c["slug"] for c in default["data"]] == flat[:50]
    assert default["data"][0] == server.show(flat[0])


def test_searching_beside_many_others(server):
    """More entries than one call looks at: the page is found and counted in several steps."""
    client = server.redis_client()
    # entries whose campaigns a crash has kept from being made
    client.zadd("hm:campaigns", {f"many-{i:05}": 0 for i in range(2500)})
    found = ["aa-first", "zz-last", "zz-last-but-one"]
    for s in found:
        server.create(s, redirect_groups(1), title="Far away")
    assert pages(server, "q=far+away&limit=1") == ([[s] for s in found], [3] * 3)
    flat = [s for page in pages(server, "limit=200")[0] for s in page]
    assert "zz-last" in flat and not [s for s in flat if s.startswith("many-")]
    assert client.zlexcount("hm:campaigns", "[many-", "[many-z") == 0  # a list mends the index
    assert len(flat) == total(server)


def test_a_title_that_changes_is_found_by_its_new_name_only(server, slug):
    server.create(slug, redirect_groups(1), title="Old Quux Name")
    server.patch(slug, {"title": "新名字 Corge"})
    assert pages(server, "q=quux") == ([[]], [0])
    assert pages(server, "q=corge")[0] == [[slug]]
    assert pages(server, "q=" + urllib.parse.quote("新名"))[0] == [[slug]]


@pytest.mark.parametrize("query, field", [
    ("limit=0", "limit"), ("limit=201", "limit"), ("limit=-1", "limit"), ("limit=x", "limit"), ("limit=", "limit"),
    ("limit=1.5", "limit"),
    ("limit=99999999999999999999", "limit"), ("limit=1&limit=2", "limit"), ("limit=+5", "limit"),
    ("cursor=A%00", "cursor"),
    ("cursor=no%20slug", "cursor"), ("cursor=" + "a" * 65, "cursor"), ("cursor=%", "cursor"), ("q=a&q=b", "q"),
    ("q=" + "x" * 201, "q"),
    ("q=%zz", "q"), ("q=%00", "q"),
])
def test_a_bad_query_is_422(server, query, field):
    problem(ask(server, "GET", "/campaigns?" + query), 422, field)


# --- codes ---


def decode(png, tmp_path):
    path = tmp_path / "code.png"
    path.write_bytes(png)
    return subprocess.run(["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(path)], check=True,
                          capture_output=True,
                          text=True).stdout.strip()


def png_size(png):
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


@pytest.mark.parametrize("query",
                         ["", "size=300", "size=777&ecc=L", "ecc=h&margin=10", "dark=056b3b&light=%23fff",
                          "dark=%231a1d1f",
                                   "channel=shop-1", "channel=SHOP-1&ecc=Q"])
def test_a_printed_code_leads_to_the_campaign(server, slug, tmp_path, query):
    server.create(slug, redirect_groups(1))
    answer = ask(server, "GET", f"/campaigns/{slug}/qr.png?{query}")
    assert answer.status == 200 and answer.header("Content-Type") == "image/png"
    asked = dict(urllib.parse.parse_qsl(query))
    size = int(asked.get("size", 1024))
    assert png_size(answer.body) == (size, size)
    wanted = f"http://q.example.com/{slug}" + ("/shop-1" if "channel" in asked else "")
    assert decode(answer.body, tmp_path) == wanted
    name = slug + ("-shop-1" if "channel" in asked else "")
    assert answer.header("Content-Disposition") == f'inline; filename="{name}.png"'
    tag = answer.header("ETag")
    assert re.fullmatch('"[0-9a-f]{32}"', tag)
    again = ask(server, "GET", f"/campaigns/{slug}/qr.png?{query}", headers={"If-None-Match": tag})
    assert again.status == 304 and again.header("ETag") == tag and again.body == b""
    assert ask(server, "GET", f"/campaigns/{slug}/qr.png?{query}", headers={"If-None-Match": '"x"'}).status == 200
    if not query:
        assert ask(server, "GET", f"/campaigns/{slug}/qr.png?margin=5").header("ETag") != tag


def test_a_vector_code(server, slug, tmp_path):
    server.create(slug, redirect_groups(1))
    answer = ask(server, "GET", f"/campaigns/{slug}/qr.svg?size=62.5&channel=door")
    assert answer.status == 200 and answer.header("Content-Type") == "image/svg+xml"
    assert 'width="62.5mm"' in answer.text and "<script" not in answer.text
    (tmp_path / "code.svg").write_bytes(answer.body)
    if subprocess.run(["which", "rsvg-convert"], capture_output=True).returncode == 0:
        png = subprocess.run(["rsvg-convert", "-w", "600", str(tmp_path / "code.svg")], check=True,
                             capture_output=True).stdout
        assert decode(png, tmp_path) == f"http://q.example.com/{slug}/door"
    assert 'width="50mm"' in ask(server, "GET", f"/campaigns/{slug}/qr.svg").text


@pytest.mark.parametrize("query, fields", [
    ("size=0", ["size"]), ("size=-5", ["size"]), ("size=x", ["size"]), ("size=", ["size"]), ("size=99999", ["size"]),
    ("size=1e3", ["size"]),
    ("size=nan", ["size"]), ("ecc=X", ["ecc"]), ("ecc=LM", ["ecc"]), ("ecc=", ["ecc"]), ("margin=3", ["margin"]),
    ("margin=41", ["margin"]),
    ("margin=4.5", ["margin"]), ("dark=red", ["dark"]), ("dark=%2307a35", ["dark"]),
    ("light=%22/%3E%3Cscript%3E", ["light"]),
    ("dark=777777&light=888888", ["dark"]), ("dark=ffffff&light=000000", ["dark"]), ("channel=seat", ["channel"]),
    ("channel=next", ["channel"]),
    ("channel=a%20b", ["channel"]), ("channel=-a", ["channel"]), ("channel=", ["channel"]),
    ("channel=" + "a" * 33, ["channel"]),
    ("channel=a/b", ["channel"]), ("channel=a&channel=b", ["channel"]), ("channel=%ff", ["channel"]),
    ("size=%", ["size"]),
    ("size=x&ecc=X&margin=0&dark=x&light=x&channel=/", ["size", "ecc", "margin", "dark", "light", "channel"]),
])
def test_a_code_that_would_not_scan_is_422(server, slug, query, fields):
    server.create(slug, redirect_groups(1))
    for form in ("svg", "png"):
        problem(ask(server, "GET", f"/campaigns/{slug}/qr.{form}?{query}"), 422, *fields)
    problem(ask(server, "GET", f"/campaigns/{slug}/qr.png?size=30"), 422, "size")


def test_a_code_of_no_campaign_is_404(server, slug):
    problem(ask(server, "GET", f"/campaigns/{slug}/qr.svg"), 404)
    problem(ask(server, "GET", f"/campaigns/{slug}/qr.png"), 404)


# --- the log, and a store that fails ---


def test_changes_are_logged_without_secrets(server, slug, tokens):
    server.create(slug, redirect_groups(1), title="a secret title")
    server.api("PATCH", f"/campaigns/{slug}", {"title": "b"}, token=tokens["admin"])
    ask(server, "GET", "/campaigns?q=secret-query", token="secret-wrong-token")
    server.api("DELETE", f"/campaigns/{slug}")

    def lines():
        return [f for f in server.log_fields("campaign_changed") if f["slug"] == slug]

    wait_for("three lines", lambda: len(lines()) == 3)
    assert [(f["what"], f["version"], f["by"]) for f in lines()[:2]] == \
        [("created", "1", "admin_token"), ("changed", "2", '"the admin"')]
    assert lines()[2]["what"] == "deleted"
    log = server.log()
    for secret in (TOKEN, tokens["admin"], "secret-wrong-token", "secret-query", "a secret title", LINK):
        assert secret not in log


def test_a_store_that_does_not_answer_is_503_and_says_what_is_unknown(server, slug):
    server.create(slug, redirect_groups(1))
    pid = server.redis_pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            read, patch, create, list_ = pool.map(lambda a: ask(server, *a), [
                ("GET", f"/campaigns/{slug}"), ("PATCH", f"/campaigns/{slug}", {"title": "x"}),
                ("POST", "/campaigns", {"slug": slug + "-2", "url": LINK}), ("GET", "/campaigns")])
    finally:
        os.kill(pid, signal.SIGCONT)
    for answer in (read, patch, create, list_):
        detail = problem(answer, 503)
        assert int(answer.header("Retry-After")) > 0
        assert ("may have been made" in detail) == (answer is create), detail
    wait_for("the store", lambda: ask(server, "GET", "/healthz", prefix="").status == 200)
    assert server.show(slug)["version"] == 1


def test_without_a_store_health_is_503_and_the_door_stays_open(slug):
    with huoma.RedisServer() as redis, huoma.Server(redis=redis) as server:
        server.create(slug, redirect_groups(1))
        redis.kill()
        answer = wait_for("bad health", lambda: (a := ask(server, "GET", "/healthz", prefix="")).status == 503 and a)
        assert int(answer.header("Retry-After")) > 0
        assert "nothing was changed" in problem(ask(server, "POST", "/campaigns", {"url": LINK}), 503)
        problem(ask(server, "GET", "/me", token="hm_some-token"), 503)
        assert ask(server, "GET", "/me").status == 200  # the configured token needs no store
        redis.start()
        wait_for("good health", lambda: ask(server, "GET", "/healthz", prefix="").status == 200)
        assert server.show(slug)["version"] == 1


def test_a_store_without_space_is_507_and_nothing_changes(server, slug):
    server.create(slug, redirect_groups(1))
    client = server.redis_client()
    client.config_set("maxmemory", "1")
    try:
        problem(ask(server, "PATCH", f"/campaigns/{slug}", {"title": "x"}), 507)
        problem(ask(server, "POST", "/campaigns", {"slug": slug + "-2", "url": LINK}), 507)
        assert ask(server, "GET", f"/campaigns/{slug}").status == 200
    finally:
        client.config_set("maxmemory", "0")
    assert server.show(slug)["version"] == 1
    problem(ask(server, "GET", f"/campaigns/{slug}-2"), 404)
    assert server.patch(slug, {"title": "y"})["version"] == 2


def test_what_is_stored_but_makes_no_sense_hides_nothing_else(server, slug):
    server.create(slug, redirect_groups(1), title="odd one")
    server.create(slug + "-2", redirect_groups(1), title="odd one")
    client = server.redis_client()
    client.set(f"hm:{{{slug}}}", "{nonsense")
    problem(ask(server, "GET", f"/campaigns/{slug}"), 503)
    assert [c["slug"] for c in server.api("GET", "/campaigns?q=odd+one").json()["data"]] == [slug + "-2"]
    assert server.api("DELETE", f"/campaigns/{slug}").status == 204
