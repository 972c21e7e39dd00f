"""Who tries addresses learns nothing from what leads nowhere: unknown, deleted or no slug at all, the answer is the
same to the byte. And a slug that nobody chose is drawn at random, by whatever way the campaign is made."""

import itertools
import json
import re
import socket

import pytest

from huoma import PHONE, Server, Visitor, page_groups, redirect_groups
from test_cli_serve import run

DRAWN = re.compile(r"[0-9a-hjkmnp-tv-z]{8}")
CRAWLER = "Mozilla/5.0 (compatible; Twitterbot/1.0)"


def raw(server, method, path, *lines):
    """The whole answer as it came, but for its date."""
    with socket.create_connection(server.public, 10) as s:
        body = "".join(f"{line}\r\n" for line in lines)
        s.sendall(f"{method} {path} HTTP/1.1\r\nHost: q\r\nConnection: close\r\n{body}\r\n".encode())
        got = b"".join(iter(lambda: s.recv(65536), b""))
    return re.sub(rb"\r\nDate: [^\r]+", b"", got, flags=re.I)


@pytest.fixture(scope="module")
def gone(server):
    """Campaigns that were there a moment ago, with seats taken, old addresses and a page that this worker has shown."""
    cookies = {}
    for name, groups in (("gone-page", page_groups(5)), ("gone-link", redirect_groups(5))):
        server.create(name, groups, title="Was here", aliases=[f"/old/{name}"])
        visitor = Visitor(server, name)
        assert visitor.scan().group == "g1"
        cookies[name] = visitor.cookie
        server.api("DELETE", f"/campaigns/{name}", expect=204)
    return cookies


KINDS = {
    "never there": "/no-such-campaign", "as short as can be": "/z", "as drawn": "/0k3v9x2m",
    "as long as can be": "/" + "a" * 64, "too long": "/" + "a" * 65,
    "deleted": "/gone-page", "deleted, in capitals": "/GONE-LINK", "deleted, with a channel": "/gone-page/shop-1",
    "its old address": "/old/gone-link",
    "deleted, where it leads": "/gone-link+", "unknown, where it leads": "/no-such-campaign+",
    "unknown, with a channel": "/no-such-campaign/shop-1",
    "no channel": "/no-such-campaign/Shop_1", "with a query": "/no-such-campaign?from=timeline",
    "deleted, with a query": "/gone-link?from=timeline",
    "no slug": "/a_b", "begins with a dash": "/-a", "reserved": "/api", "reserved for later": "/metrics",
    "a file": "/.git/config", "escaped": "/%61%62",
    "not UTF-8": "/%ff", "deep": "/a/b/c/d", "nothing": "/",
}


@pytest.mark.parametrize("method,lines", [
    ("GET", (f"User-Agent: {PHONE}",)), ("GET", (f"User-Agent: {PHONE}", "Accept-Language: en")),
    ("GET", (f"User-Agent: {CRAWLER}",)),
    ("GET", ("Sec-Purpose: prefetch",)), ("HEAD", ()),
], ids=["phone", "english", "crawler", "prefetch", "head"])
def test_all_that_leads_nowhere_is_answered_alike(server, gone, method, lines):
    answers = {kind: raw(server, method, path, *lines) for kind, path in KINDS.items()}
    first = answers["never there"]
    assert first.startswith(b"HTTP/1.1 404 ") and b"set-cookie" not in first.lower()
    assert {kind: a for kind, a in answers.items() if a != first} == {}


def test_a_cookie_of_what_was_deleted_changes_nothing(server, gone):
    for name, cookie in gone.items():
        assert raw(server, "GET", f"/{name}", f"Cookie: hm={cookie}") == \
            raw(server, "GET", "/no-such-campaign", f"Cookie: hm={cookie}")


def test_buttons_of_what_is_not_there_are_answered_alike(server, gone):
    form = ("Content-Type: application/x-www-form-urlencoded", "Content-Length: 0")
    for button in ("/seat", "/next", ""):
        answers = {slug: raw(server, "POST", f"/{slug}{button}", *form, f"Cookie: hm={gone['gone-page']}")
                   for slug in ("no-such-campaign", "gone-page", "gone-link", "a_b", "api")}
        assert all(a.startswith(b"HTTP/1.1 404 ") for a in answers.values()), button
        assert len(set(answers.values())) == 1, button


def test_the_store_is_asked_the_same_of_what_was_deleted_and_what_never_was(server, gone):
    with server.redis_client() as client:
        def asked(slug):
            with client.monitor() as heard:
                raw(server, "GET", f"/{slug}")
                client.echo("that is all")
                sent = list(itertools.takewhile(lambda command: "that is all" not in command,
                                                (m["command"] for m in heard.listen())))
            # what was counted of its visits goes out by itself
            return [re.sub(r"[0-9a-f]{40}", "sha", c).replace(slug, "SLUG") for c in sent if slug in c
                    and ":visits:" not in c]

        assert asked("gone-page") == asked("no-such-page") == asked("0k3v9x2m") != []


def by_command(server, *args):
    out = run("campaign", "create", *args, "--json-out", "--data-dir", server.data_dir)
    assert out.returncode == 0, out
    return json.loads(out.stdout)["slug"]


def test_a_slug_that_nobody_chose_is_drawn_however_the_campaign_is_made(server):
    url = "https://example.com/a"
    made = [server.api("POST", "/campaigns", body, 201).json()["slug"] for body in (
        {"url": url}, {"url": url, "slug": None}, {"title": "Spring run", "groups": [{"url": url}]}, {"url": url})]
    batch = server.api("POST", "/campaigns:batch",
                       {"campaigns": [{"url": url}, {"title": "Spring run", "url": url}]}).json()
    made += re.findall(r'"slug": ?"([^"]+)"', json.dumps(batch))
    made += [by_command(server, "--url", url), by_command(server, "--title", "Spring run", "--group", url)]
    assert len(made) == 8 and len(set(made)) == 8
    assert [slug for slug in made if not DRAWN.fullmatch(slug)] == []
    # Two drawn one after the other have nothing in common but what chance gives them.
    assert all(sum(a == b for a, b in zip(x, y)) <= 5 for x, y in itertools.combinations(made, 2))
    with Server(workers=1, flags=["--slug-length", "12"]) as other:
        assert len(other.api("POST", "/campaigns", {"url": url}, 201).json()["slug"]) == 12
    longer = by_command(server, "--url", url, "--slug-length", "12")
    assert re.fullmatch(DRAWN.pattern.replace("8", "12"), longer) and Visitor(server, longer).scan().status == 302
