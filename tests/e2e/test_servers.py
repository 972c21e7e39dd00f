"""Several servers on one store are one: what is changed, made or given at one of them holds at all others."""

import re
import time

import pytest

import huoma
from huoma import RedisServer, Server, Visitor, link, once, page_groups, redirect_groups, wait_for
from test_accounts import PASSWORD, Browser, make_user
from test_owner_links import by_link, make

CHANGES = 20
HEARD_AT_MOST = 1.0     # seconds; a change takes a few milliseconds, and this machine may be busy
READ_AT_MOST = 6.0      # and 2 s at most where nobody hears of it


@pytest.fixture(scope="module")
def redis():
    with RedisServer(tcp=True) as r:
        yield r


@pytest.fixture(scope="module")
def pair(redis):
    with Server(redis=redis, workers=1, name="one") as a, Server(redis=redis, workers=1, name="two") as b:
        yield a, b


def delays(changed, seen, slug, count):
    """Changes a group's link at one server, and looks at another until a visitor who comes back is led there: seconds
    of each."""
    visitor, took = Visitor(seen, slug), []
    visitor.scan()
    for n in range(count):
        changed.patch(slug, {"url": link(1000 + n)}, group="g1")
        began = time.monotonic()
        wait_for("the new link", lambda n=n: visitor.scan().header("Location") == link(1000 + n), 10, 0.001)
        took.append(time.monotonic() - began)
    return sorted(took)


def test_a_change_is_seen_at_once(pair, slug, capsys):
    pair[0].create(slug, redirect_groups(None))
    took = delays(pair[0], pair[1], slug, CHANGES)
    with capsys.disabled():
        print(f"\n    a change at another server: half within {took[len(took) // 2] * 1000:.1f} ms, all within "
              f"{took[-1] * 1000:.1f} ms")
    assert took[-1] < HEARD_AT_MOST


def test_who_hears_of_no_change_reads_it_in_two_seconds(redis, pair, slug, capsys):
    client = redis.client()
    client.execute_command("ACL", "SETUSER", "deaf", "on", ">pw", "~*", "+@all", "resetchannels")
    pair[0].create(slug, redirect_groups(None))
    with Server(redis=redis, redis_url=f"redis://deaf:pw@127.0.0.1:{redis.port}", workers=1, name="deaf") as deaf:
        took = delays(pair[0], deaf, slug, 1)
    with capsys.disabled():
        print(f"\n    without pub/sub: within {took[-1]:.2f} s")
    assert took[-1] < READ_AT_MOST
    assert took[-1] > HEARD_AT_MOST / 4, "it did hear of it: nothing was tested"


def test_what_was_changed_while_nobody_listened_is_read_when_they_listen_again(redis, pair, slug):
    pair[0].create(slug, redirect_groups(None))
    visitor, client = Visitor(pair[1], slug), redis.client()
    assert visitor.scan().header("Location") == link(1)
    listeners = lambda: client.pubsub_numsub("hm:changed")[0][1]
    all_of_them = listeners()
    while client.execute_command("CLIENT", "KILL", "TYPE", "pubsub"):
        pass
    pair[0].patch(slug, {"url": link(2)}, group="g1")
    wait_for("all to listen again", lambda: listeners() == all_of_them, 10)
    wait_for("the new link", lambda: visitor.scan().header("Location") == link(2), HEARD_AT_MOST)


def test_a_seat_taken_at_one_server_is_kept_and_confirmed_at_another(pair, slug):
    pair[0].create(slug, page_groups(1, 5))
    anna = Visitor(pair[0], slug)
    assert anna.scan().group == "g1"
    anna.address = pair[1].public
    kept = anna.scan()
    assert kept.group == "g1" and kept.cookie is None
    assert anna.confirm().status == 204
    assert Visitor(pair[1], slug).scan().group == "g2", "the one seat of g1 is Anna's"
    assert pair[0].groups(slug)["g1"]["confirmed"] == 1


def test_the_link_for_the_first_owner_opens_every_door_and_once(pair):
    tokens = {re.search(r"#setup=([^\s\"]+)", s.log())[1] for s in pair}
    assert len(tokens) == 1
    first = Browser(pair[1])
    body = {"token": tokens.pop(), "name": "olga", "password": PASSWORD}
    assert first.ask("POST", "/setup", body, 200).json()["role"] == "owner"
    assert Browser(pair[0]).ask("POST", "/setup", {**body, "name": "eve"}).status in (401, 403, 404, 409)
    first.server = pair[0]
    assert first.ask("GET", "/me", expect=200).json() == {"name": "olga", "role": "owner"}


def test_accounts_and_sessions_hold_everywhere_and_end_everywhere(pair):
    make_user(pair[0], "eddi", "editor")
    eddi = Browser(pair[1])
    eddi.login("eddi")
    eddi.server = pair[0]
    assert eddi.ask("GET", "/me", expect=200).json() == {"name": "eddi", "role": "editor"}
    cookie = eddi.cookie
    assert eddi.ask("DELETE", "/session").status == 204
    eddi.server, eddi.cookie = pair[1], cookie
    assert eddi.ask("GET", "/me").status == 401
    eddi.login("eddi")
    pair[0].api("DELETE", "/users/eddi", expect=204)
    assert eddi.ask("GET", "/me").status == 401


def test_a_token_holds_everywhere_until_it_is_taken_away_anywhere(pair):
    made = pair[0].api("POST", "/tokens", {"name": "ci", "role": "viewer"}, 201).json()
    assert pair[1].api("GET", "/campaigns", token=made["token"]).status == 200
    pair[1].api("DELETE", f"/tokens/{made['id']}", expect=204)
    assert pair[0].api("GET", "/campaigns", token=made["token"], expect="any").status == 401


def test_an_owner_link_opens_and_renews_everywhere(pair, slug):
    pair[0].create(slug, redirect_groups(5))
    made = make(pair[0], slug)
    assert by_link(pair[1], made, "PATCH", {"url": link(77)}).status == 200
    visitor = Visitor(pair[0], slug)
    wait_for("the new link", lambda: visitor.scan().header("Location") == link(77), HEARD_AT_MOST)
    pair[1].api("DELETE", f"/campaigns/{slug}/groups/g1/owner-links/{made['id']}", expect=204)
    assert by_link(pair[0], made).status == 401


def test_a_campaign_deleted_at_one_server_is_unknown_at_the_other(pair, slug):
    pair[0].create(slug, redirect_groups(None))
    visitor = Visitor(pair[1], slug)
    assert visitor.scan().status == 302
    pair[0].api("DELETE", f"/campaigns/{slug}", expect=204)
    wait_for("404", lambda: once(pair[1].public, "GET", "/" + slug, {"User-Agent": huoma.PHONE}).status == 404,
             HEARD_AT_MOST)


def test_what_is_deleted_at_one_server_is_forgotten_at_the_other_though_nobody_scans(redis, pair, slug):
    pair[0].create(slug, redirect_groups(None))
    Visitor(pair[1], slug).scan()
    with redis.client().monitor() as commands:
        pair[0].api("DELETE", f"/campaigns/{slug}", expect=204)
        told, end = False, time.monotonic() + 5
        for seen in commands.listen():
            told = told or "PUBLISH" in seen["command"].upper()
            if told and seen["command"] == f"GET hm:{{{slug}}}":
                break   # it finds nothing, and the definition and its pages go
            assert time.monotonic() < end, "nobody looked"
