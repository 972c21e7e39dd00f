"""Owner links: one group, seen and renewed by whoever holds the link, and nothing else."""

import base64
import hashlib
import json
import subprocess
import time

import pytest

import huoma
from huoma import Server, Visitor, link, once, redirect_groups
from test_accounts import Browser, make_user


def make(server, slug, group="g1", **body):
    return server.api("POST", f"/campaigns/{slug}/groups/{group}/owner-links", body, 201).json()


def by_link(server, made, method="GET", body=None, path="/owner", **headers):
    token = made["url"].split("#owner=")[1] if isinstance(made, dict) else made
    headers = {"Authorization": "Owner " + token, **headers}
    if body is not None:
        headers["Content-Type"] = "application/json"
    return once(server.admin, method, "/api/v1" + path, headers,
                json.dumps(body).encode() if body is not None else None)


def test_the_holder_sees_the_group_and_renews_its_code(server, slug):
    server.create(slug, redirect_groups(5, 7), title="Spring")
    made = make(server, slug)
    assert made["url"].startswith("http://localhost/#owner=") and len(made["id"]) == 16
    Visitor(server, slug).scan()
    seen = by_link(server, made).json()
    assert seen["campaign"] == {"slug": slug, "title": "Spring"} and seen["expires_at"] == made["expires_at"]
    assert seen["group"] == {"id": "g1", "name": "Group 1", "url": link(1), "platform": "web", "limit": 5, "used": 1,
                             "confirmed": 1, "held": 0, "state": "open", "expires_at": None}
    new = {"url": link(99), "expires_at": "2099-01-01T00:00:00Z"}
    assert by_link(server, made, "PATCH", new).json()["group"]["url"] == link(99)
    assert Visitor(server, slug).scan().header("Location") == link(99)
    told = server.api("GET", f"/audit?target=campaign:{slug}").json()["data"]
    assert (told[0]["who"], told[0]["action"], told[0]["target"]) == \
        ("owner-link:" + made["id"], "group.change", f"campaign:{slug}/g1")
    assert told[0]["after"]["groups"]["g1"]["url"] == link(99) and told[1]["action"] == "owner-link.create"
    assert made["url"].split("#owner=")[1] not in json.dumps(told)


@pytest.mark.parametrize("body",
                         [{"limit": 9}, {"enabled": False}, {"name": "x"}, {"confirmed": 0}, {"weight": 2},
                          {"when": {}},
                                  {"url": link(2), "limit": None}])
def test_the_holder_changes_nothing_else(server, slug, body):
    server.create(slug, redirect_groups(5))
    made = make(server, slug)
    assert by_link(server, made, "PATCH", body).status == 422
    assert by_link(server, made, "PATCH", {"url": "javascript:alert(1)"}).status == 422
    assert server.show(slug)["version"] == 1


def test_the_link_opens_no_other_door(server, slug):
    server.create(slug, redirect_groups(5))
    made = make(server, slug)
    for method, path in (("GET", "/me"), ("GET", "/campaigns"), ("GET", f"/campaigns/{slug}"),
                         ("GET", f"/campaigns/{slug}/groups/g1"),
                         ("DELETE", f"/campaigns/{slug}"), ("GET", "/users"), ("GET", "/audit"), ("GET", "/events"),
                         ("GET", f"/campaigns/{slug}/groups/g1/owner-links")):
        assert by_link(server, made, method, path=path).status == 401, path


def test_a_link_of_ones_own_making_is_none(server, slug):
    server.create(slug, redirect_groups(5, 5))
    token = make(server, slug)["url"].split("#owner=")[1]
    parts = token.split(".")
    assert parts[:2] == [slug, "g1"]
    for bad in (token[:-1], token + "x", "", "x", ".".join([slug, "g2", *parts[2:]]),
                ".".join(parts[:3] + ["9999999999"] + parts[4:]),
                token.upper(), "." * 5, "x" * 5000):
        assert by_link(server, bad).status in (401, 431), bad
    assert by_link(server, token).status == 200
    with Server(workers=1) as other:
        other.create(slug, redirect_groups(5))
        assert by_link(other, token).status == 401


def test_a_link_ends_when_it_says_so(server, slug):
    """Signed as the server signs, from its secret: what has expired is none, whatever the store still has."""
    server.create(slug, redirect_groups(5))
    made = make(server, slug)
    parts = made["url"].split("#owner=")[1].split(".")
    secret = bytes.fromhex(server.redis_client().get("hm:secret"))
    key = hashlib.blake2b(b"huoma owner link", key=secret, digest_size=32).digest()

    def signed(*words):
        text = ".".join(words)
        mac = hashlib.blake2b(text.encode(), key=key, digest_size=16).digest()
        return text + "." + base64.urlsafe_b64encode(mac).decode().rstrip("=")

    assert signed(*parts[:4]) == ".".join(parts)
    assert by_link(server, signed(*parts[:3], str(int(time.time()) + 5))).status == 200
    assert by_link(server, signed(*parts[:3], str(int(time.time()) - 1))).status == 401
    for odd in (parts[:3], [slug, "", parts[2], parts[3]], [slug, "g1", parts[2], "never"],
                [slug, "g1", "f" * 16, parts[3]]):
        assert by_link(server, signed(*odd)).status == 401, odd


def test_a_link_is_listed_and_revoked(server, slug):
    server.create(slug, redirect_groups(5, 5))
    one, two = make(server, slug, days=3), make(server, slug, "g2")
    path = f"/campaigns/{slug}/groups/g1/owner-links"
    listed = server.api("GET", path).json()
    assert [(r["id"], r["expires_at"], r["by"]) for r in listed["data"]] == \
        [(one["id"], one["expires_at"], "admin_token")]
    assert "url" not in listed["data"][0] and listed["total"] == 1
    server.api("DELETE", f"{path}/{two['id']}", expect=404)
    server.api("DELETE", f"{path}/{one['id']}", expect=204)
    server.api("DELETE", f"{path}/{one['id']}", expect=404)
    assert by_link(server, one).status == 401 and by_link(server, two).status == 200
    assert server.api("GET", "/audit?action=owner-link.revoke").json()["data"][0]["before"] == {"owner_link": one["id"]}


def test_a_link_ends_with_its_group_and_its_campaign(server, slug):
    server.create(slug, redirect_groups(5, 5))
    one, two = make(server, slug), make(server, slug, "g2")
    server.api("DELETE", f"/campaigns/{slug}/groups/g1")
    assert by_link(server, one).status == 404 and by_link(server, one, "PATCH", {"url": link(3)}).status == 404
    server.api("DELETE", f"/campaigns/{slug}")
    server.create(slug, redirect_groups(5, 5))
    assert by_link(server, two).status == 401


def test_expired_links_go_and_days_have_bounds(server, slug):
    server.create(slug, redirect_groups(5))
    one = make(server, slug)
    client = server.redis_client()
    key = f"hm:{{{slug}}}:owner"
    client.hset(key, one["id"],
                json.dumps({**json.loads(client.hget(key, one["id"])), "expires_at": "2020-01-01T00:00:00Z"}))
    assert server.api("GET", f"/campaigns/{slug}/groups/g1/owner-links").json()["data"] == []
    two = make(server, slug)
    huoma.wait_for("the old one to go", lambda: client.hkeys(key) == [two["id"]])
    for days in (0, 366, "7", 1.5, None):
        server.api("POST", f"/campaigns/{slug}/groups/g1/owner-links", {"days": days}, 422)
    server.api("POST", f"/campaigns/{slug}/groups/none/owner-links", {}, 404)
    server.api("POST", f"/campaigns/{slug}-none/groups/g1/owner-links", {}, 404)


def test_the_url_is_the_door_that_the_editor_came_to(server, slug):
    server.create(slug, redirect_groups(5))
    make_user(server, "edith", "editor")
    browser = Browser(server, "https")
    browser.login("edith")
    made = browser.ask("POST", f"/campaigns/{slug}/groups/g1/owner-links", {"days": 1}, 201).json()
    assert made["url"].startswith(f"https://{browser.host}/#owner=")


def test_the_command_line_makes_lists_and_revokes(server, slug):
    def run(*args, expect=0, door="https://ops.example"):
        where = ["--redis-url", server.ready["redis"], *(["--admin-url", door] if door else [])]
        out = subprocess.run([huoma.BINARY, "campaign", "owner-link", slug, *args, *where], capture_output=True,
                             text=True,
                             timeout=60, check=False)
        assert out.returncode == expect, out
        return out.stdout + out.stderr
    server.create(slug, redirect_groups(5, 7))
    made = json.loads(run("g2", "--days", "3", "--json"))
    assert made["url"].startswith(f"https://ops.example/#owner={slug}.g2.{made['id']}.")
    assert by_link(server, made).json()["group"]["id"] == "g2"
    listed = server.api("GET", f"/campaigns/{slug}/groups/g2/owner-links").json()
    assert [row["id"] for row in listed["data"]] == [made["id"]] and listed["data"][0]["by"].startswith("cli:")
    assert json.loads(run("g2", "--list", "--json")) == listed
    assert made["id"] in run("g2", "--list") and "no owner link" in run("g1", "--list")
    assert "no owner link" in run("g1", "--revoke", made["id"], expect=1) and by_link(server, made).status == 200
    assert "revoked" in run("g2", "--revoke", made["id"]) and by_link(server, made).status == 401
    told = server.api("GET", f"/audit?target=campaign:{slug}").json()["data"]
    assert [row["action"] for row in told[:2]] == ["owner-link.revoke", "owner-link.create"]
    assert "admin_url is not set" in run("g1", expect=1, door=None) and "has no group g9" in run("g9", expect=1)
    assert ("--days" in run("g1", "--days", "366", expect=2)
            and "cannot be given together" in run("g1", "--days", "2", "--list", expect=2))
