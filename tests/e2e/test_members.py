"""Head counts of groups: what a bot or a person counts stands beside the seats, and seats follow it where a campaign
says so."""

import datetime
import subprocess
import threading

import pytest

from huoma import BINARY, TOKEN, Visitor, page_groups, redirect_groups


def when(seconds=0):
    return (datetime.datetime.now(datetime.timezone.utc)
            + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def tell(server, slug, members, expect=200, group="g1", token=TOKEN, **more):
    return server.api("PUT", f"/campaigns/{slug}/groups/{group}/members", {"members": members, **more}, expect,
                      token=token).json()


def history(server, slug, group="g1"):
    return server.api("GET", f"/campaigns/{slug}/groups/{group}/members", expect=200).json()


def scan(server, slug, count, confirm=False):
    visitors = [Visitor(server, slug) for _ in range(count)]
    for v in visitors:
        v.scan()
        if confirm:
            v.confirm()
    return visitors


def seats(server, slug, group="g1"):
    g = server.groups(slug)[group]
    return g["used"], g["held"]


def test_a_count_stands_beside_the_seats_and_changes_none(server, slug):
    server.create(slug, redirect_groups(10))
    assert server.groups(slug)["g1"]["members"] is None
    assert history(server, slug) == {"members": None, "at": None, "source": None, "history": []}
    scan(server, slug, 5)
    at = when()
    version = server.show(slug)["version"]
    told = tell(server, slug, 3, at=at, source="机器人 1")
    assert told["members"] == {"count": 3, "at": at, "drift": 2} and told["used"] == 5
    assert history(server, slug) == {"members": 3, "at": at, "source": "机器人 1",
                                     "history": [{"at": at, "members": 3, "seats": 5, "drift": 2}]}
    assert server.show(slug)["version"] == version
    # The same again is the same; an older one is refused and changes nothing.
    assert tell(server, slug, 3, at=at, source="机器人 1") == told
    assert at in tell(server, slug, 9, 409, at=when(-30))["detail"]
    assert server.groups(slug)["g1"] == told
    entries = server.api("GET", f"/audit?target=campaign:{slug}/g1").json()["data"]
    assert [(e["action"], e["before"], e["after"]) for e in entries] == [
        ("group.members", {"members": None, "confirmed": 5}, {"members": 3, "confirmed": 5})]


def test_seats_follow_members_who_left_and_never_pass_the_limit(server, slug):
    server.create(slug, redirect_groups(10, 10), follow_members=True)
    scan(server, slug, 10)
    assert seats(server, slug) == (10, 0)
    assert tell(server, slug, 7)["used"] == 7
    scan(server, slug, 3)
    assert seats(server, slug) == (10, 0) and seats(server, slug, "g2") == (0, 0)
    # More people than seats: the group is full, and a higher limit is theirs first.
    assert tell(server, slug, 13)["used"] == 10
    server.patch(slug, {"limit": 12}, group="g1")
    assert seats(server, slug) == (12, 0)
    server.patch(slug, {"limit": 15}, group="g1")
    assert seats(server, slug) == (13, 0)
    scan(server, slug, 3)
    assert seats(server, slug) == (15, 0) and seats(server, slug, "g2") == (1, 0)
    server.patch(slug, {"follow_members": False})
    assert tell(server, slug, 1)["used"] == 15


def test_seats_taken_after_the_count_and_seats_held_are_not_lost(server, slug):
    server.create(slug, page_groups(20), follow_members=True)
    scan(server, slug, 4, confirm=True)
    scan(server, slug, 2)
    # Who came between that moment and the campaign's beginning to follow is not known: nothing can be told from it.
    assert "is known from" in tell(server, slug, 5, 409, at=when(-60))["detail"]
    assert seats(server, slug) == (6, 2)
    # Counted in the second in which they came: the four confirmed seats and the two held ones come on top.
    at = when()
    told = tell(server, slug, 5, at=at)
    assert (told["used"], told["held"], told["confirmed"]) == (11, 2, 9)
    # Counted now: who has confirmed is in it.
    told = tell(server, slug, 0)
    assert (told["used"], told["held"]) == (2, 2)


def test_counts_while_scans_are_under_way_never_oversell(server, slug):
    server.create(slug, redirect_groups(40, None), follow_members=True)
    stop = threading.Event()

    def count():
        while not stop.is_set():
            tell(server, slug, 30)

    teller = threading.Thread(target=count)
    teller.start()
    try:
        for _ in range(30):
            scan(server, slug, 4)
            used, _ = seats(server, slug)
            assert used <= 40
    finally:
        stop.set()
        teller.join()
    assert tell(server, slug, 30)["used"] == 30


@pytest.mark.parametrize("body, field", [
    ({}, "members"), ({"members": -1}, "members"), ({"members": "7"}, "members"), ({"members": 1.5}, "members"),
    ({"members": 1000000001}, "members"), ({"members": 1, "at": "yesterday"}, "at"), ({"members": 1, "at": 7}, "at"),
    ({"members": 1, "at": "2099-01-01T00:00:00Z"}, "at"), ({"members": 1, "source": "a\nb"}, "source"),
    ({"members": 1, "source": "x" * 65}, "source"), ({"members": 1, "who": "x"}, "who")])
def test_a_wrong_count_is_refused_by_its_field(server, body, field):
    server.create("wrong-count", redirect_groups(1), expect="any")
    problem = server.api("PUT", "/campaigns/wrong-count/groups/g1/members", body, 422).json()
    assert [e["field"] for e in problem["errors"]] == [field]
    assert server.groups("wrong-count")["g1"]["members"] is None


def test_who_may_count_and_where(server, slug):
    server.create(slug, redirect_groups(1))
    for group, name in (("g9", slug), ("g1", slug + "-none")):
        server.api("PUT", f"/campaigns/{name}/groups/{group}/members", {"members": 1}, 404)
        server.api("GET", f"/campaigns/{name}/groups/{group}/members", expect=404)
    editor = server.api("POST", "/tokens", {"name": slug[:20], "role": "editor"}, 201).json()["token"]
    viewer = server.api("POST", "/tokens", {"name": slug[:20] + "v", "role": "viewer"}, 201).json()["token"]
    tell(server, slug, 1, token=editor)
    tell(server, slug, 1, 403, token=viewer)
    server.api("GET", f"/campaigns/{slug}/groups/g1/members", expect=200, token=viewer)


def test_the_command_line_counts(server, slug):
    server.create(slug, redirect_groups(5), follow_members=True)
    scan(server, slug, 5)
    command = [BINARY, "campaign", "members", "--data-dir", server.data_dir, slug, "g1"]
    done = subprocess.run([*command, "3", "--source", "anna"], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("3 in the group, 3 seats confirmed, 0 held."), done
    assert "3 in the group, 5 seats confirmed" in subprocess.run(command, capture_output=True, text=True).stdout
    assert server.groups(slug)["g1"]["used"] == 3 and history(server, slug)["source"] == "anna"
    for args, code in (([slug], 2), ([slug, "g1", "x"], 2), ([slug, "g1", "1", "--at", "x"], 2), ([slug, "g7", "1"], 1),
                       ([slug, "g1", "1", "--at", "2020-01-01T00:00:00Z"], 1)):
        assert subprocess.run([*command[:5], *args], capture_output=True).returncode == code, args


def test_a_deleted_campaign_leaves_nothing_of_its_counts(server, slug):
    server.create(slug, redirect_groups(5), follow_members=True)
    scan(server, slug, 2)
    tell(server, slug, 1)
    keys = lambda: server.redis_client().keys(f"*{slug}*")
    assert len(keys()) >= 5
    server.api("DELETE", f"/campaigns/{slug}", expect=204)
    assert keys() == []
