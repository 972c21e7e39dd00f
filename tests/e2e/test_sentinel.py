"""Behind sentinels: the master is found, and found again after it was killed, stalled or demoted."""

import contextlib
import signal
import time

import pytest
from huoma import (PHONE, Connection, Crowd, Server, Visitor, Visits, build_request, check_campaign, page_groups,
                   redirect_groups, seat_of,
                   wait_for)
from redis_groups import Sentinels

PATIENCE = 20


@pytest.fixture(scope="module")
def sentinels():
    with Sentinels(replicas=2) as s:
        yield s


@pytest.fixture(scope="module")
def server(sentinels):
    # the first one is nobody: a sentinel that is down is passed by
    url = sentinels.url.replace("127.0.0.1", "localhost").replace("//", "//127.0.0.1:1,", 1)
    with Server(workers=2, redis=sentinels, redis_url=url) as s:
        yield s


def test_the_master_is_found_by_its_name(server, sentinels, slug):
    server.create(slug, page_groups(5))
    visitor = Visitor(server, slug)
    assert visitor.scan().group == "g1"
    assert visitor.confirm().status == 204
    assert sentinels.client().hget(f"hm:{{{slug}}}:seats", "u:g1") == "1"


def test_a_failover_by_hand_is_followed_and_changes_are_heard_again(server, sentinels, slug):
    wait_for("replicas in sync", sentinels.in_sync, PATIENCE, 0.05)
    server.create(slug, redirect_groups(5))
    old = sentinels.master()
    sentinels.sentinels[0].client().execute_command("SENTINEL", "FAILOVER", "mymaster")
    wait_for("another master", lambda: sentinels.master() not in (None, old), PATIENCE)
    wait_for("health", server.recovered, PATIENCE)
    wait_for("both workers to listen there",
             lambda: dict(sentinels.client().pubsub_numsub("hm:changed")).get("hm:changed", 0) >= 2, PATIENCE)
    server.patch(slug, {"enabled": False})
    wait_for("the change to be seen", lambda: Visitor(server, slug).scan().status == 410, 1)


def test_a_lost_link_brings_nothing_back_that_was_not_lost(server, sentinels, slug):
    """Workers tell what they remember, and all of it is there: but for what an admin counted, and what a deleted
    campaign had."""
    gone = slug + "-gone"
    for name in (slug, gone):
        server.create(name, [*redirect_groups(30), *page_groups(30)], strategy="even")
        visitors = [Visitor(server, name) for _ in range(20)]
        for v in visitors:
            v.scan()
        held = sorted((v for v in visitors if seat_of(v.cookie)[0] == "h"), key=lambda v: int(seat_of(v.cookie)[3]))
        for v in held[::3]:
            assert v.confirm().status == 204
    server.patch(slug, {"confirmed": 2}, group="g1")
    server.api("DELETE", f"/campaigns/{gone}", expect=204)
    server.create(gone, redirect_groups(30))
    for name in (slug, gone):
        Visitor(server, name).scan()
    before, back = [server.show(name) for name in (slug, gone)], server.log().count("redis_back")
    assert [g["used"] for g in before[0]["groups"]] == [3, 10] and before[0]["groups"][1]["confirmed"] == 4
    sentinels.client().execute_command("CLIENT", "KILL", "TYPE", "normal")
    wait_for("both workers and the admin door to be back",
             lambda: server.log().count("redis_back") >= back + 3 and server.healthy(), PATIENCE)
    assert [server.show(name) for name in (slug, gone)] == before


def failover_by(server, sentinels, slug, fault):
    """A crowd scans while the master is struck; who of it is answered counts. Returns the seats answered and the old
    master."""
    wait_for("replicas in sync", sentinels.in_sync, PATIENCE, 0.05)
    server.create(slug, redirect_groups(40, 300))
    crowd = Crowd(slug, rough=True)
    storm = Visits(server.public, crowd.visits(), at_once=8, seconds=3).start()
    wait_for("the storm", lambda: crowd.seats() >= 60, PATIENCE)
    old = sentinels.master()
    fault(old)
    wait_for("another master", lambda: sentinels.master() not in (None, old), PATIENCE)
    before = crowd.seats()
    wait_for("seats from the new master", lambda: crowd.seats() > before + 20 or crowd.seats() >= 340, PATIENCE)
    storm.stop()
    wait_for("the admin door to be there too",
             lambda: server.api("GET", f"/campaigns/{slug}", expect="any").status == 200, PATIENCE)
    return crowd, old


def test_a_master_that_stalls_is_left_for_good(server, sentinels, slug):
    crowd, old = failover_by(server, sentinels, slug, lambda node: node.stall())
    used = server.show(slug)["seats"]["used"]
    old.go_on()  # it takes itself for the master until sentinels tell it
    assert old.role() == "master"
    assert Visitor(server, slug).scan().group in ("g2", "none")
    assert server.show(slug)["seats"]["used"] == min(used + 1, 340)
    check_campaign(server.show(slug))


# --- what a master had answered and not passed on ---

@pytest.fixture(scope="module")
def pair():
    with Sentinels() as s:
        yield s


def cut_off(sentinels):
    """The replica follows nobody from now on; sentinels see to that only after ten seconds."""
    wait_for("a replica in sync", sentinels.in_sync, PATIENCE, 0.05)
    master = sentinels.master()
    replica = next(n for n in sentinels.nodes if n is not master and n.lives())
    replica.client().execute_command("REPLICAOF", "127.0.0.1", "1")
    wait_for("the master to see it", lambda: not master.client().info("replication")["connected_slaves"], PATIENCE)
    return master, replica


def test_wait_replicas_tells_of_a_seat_only_when_a_replica_has_it(pair, slug):
    with Server(workers=1, redis=pair, redis_url=pair.url, flags=["--wait-replicas", "1"]) as server:
        server.create(slug, redirect_groups(100))
        assert Visitor(server, slug).scan().group == "g1"
        master, replica = cut_off(pair)
        first = Visitor(server, slug).scan()
        assert first.status == 503, "nobody but the master has that seat"
        used = master.client().hget(f"hm:{{{slug}}}:seats", "u:g1")
        assert used in ("1", "2")
        for _ in range(5):
            assert Visitor(server, slug).scan().status == 503
        assert not server.healthy()
        assert master.client().hget(f"hm:{{{slug}}}:seats", "u:g1") == used, \
            "while replicas are missing no seat is used up"
        replica.client().execute_command("REPLICAOF", "127.0.0.1", str(master.port))
        wait_for("health", server.recovered, PATIENCE)
        assert Visitor(server, slug).scan().group == "g1"
        assert server.show(slug)["seats"]["used"] == int(used) + 1


def test_a_link_that_is_lost_while_a_replica_is_waited_for_tells_of_no_seat(pair, slug):
    with Server(workers=1, redis=pair, redis_url=pair.url, flags=["--wait-replicas", "1"]) as server:
        server.create(slug, redirect_groups(100))
        wait_for("a replica in sync", pair.in_sync, PATIENCE, 0.05)
        master = pair.master()
        replica = next(n for n in pair.nodes if n is not master)
        replica.stall()
        with Connection(server.public) as c:
            c.send(build_request("GET", f"/{slug}", {"User-Agent": PHONE}))
            wait_for("the seat", lambda: master.client().hget(f"hm:{{{slug}}}:seats", "u:g1") == "1", PATIENCE, 0.001)
            master.client().execute_command("CLIENT", "KILL", "TYPE", "normal")
            assert c.receive().status == 503, "nobody but the master has that seat"
        replica.go_on()
        wait_for("health", server.recovered, PATIENCE)
        assert Visitor(server, slug).scan().group == "g1"


def mend(pair):
    for node in pair.nodes:
        node.mend()
    wait_for("a replica in sync", pair.whole, PATIENCE, 0.05)


@pytest.mark.parametrize("refused", [False, True], ids=["at once", "when it takes writes"])
def test_what_the_new_master_does_not_know_is_put_back_before_anybody_gets_a_seat(pair, slug, refused):
    mend(pair)
    slug = f"{slug[:50]}-{int(refused)}"
    with Server(workers=2, redis=pair, redis_url=pair.url) as server:
        server.create(slug, [*redirect_groups(30), *page_groups(30, 30)], strategy="even")
        crowd = Crowd(slug, confirm=True, rough=True)
        Visits(server.public, crowd.visits(12), at_once=4).run()
        master, replica = cut_off(pair)
        Visits(server.public, crowd.visits(48), at_once=4).run()
        shown = server.show(slug)
        assert (shown["seats"]["used"], shown["seats"]["held"]) == (60, 0)
        replica.client().config_set("min-replicas-to-write", int(refused))
        master.kill()
        wait_for("another master", lambda: pair.master() is replica, PATIENCE)
        if refused:
            wait_for("a refusal", lambda: "NOREPLICAS" in server.log(), PATIENCE)
            replica.client().config_set("min-replicas-to-write", 0)
        wait_for("health", server.recovered, PATIENCE)
        wait_for("the admin door", lambda: server.api("GET", f"/campaigns/{slug}", expect="any").status == 200,
                 PATIENCE)
        after = server.show(slug)
        check_campaign(after)
        assert [(g["used"], g["confirmed"]) for g in after["groups"]] == \
            [(g["used"], g["confirmed"]) for g in shown["groups"]]
        Visits(server.public, crowd.visits(40), at_once=4).run()
        assert [crowd.groups[g] for g in ("g1", "g2", "g3", "none")] == [30, 30, 30, 10]
        crowd.check_serials()


def test_whose_turn_to_put_back_has_not_come_again_is_waited_for(pair, slug):
    mend(pair)
    with Server(workers=1, redis=pair, redis_url=pair.url) as first, Server(workers=1, redis=pair,
                                                                            redis_url=pair.url) as second:
        first.create(slug, redirect_groups(30))
        crowd = Crowd(slug, rough=True)
        master, replica = cut_off(pair)
        for server, count in ((first, 5), (second, 20)):
            Visits(server.public, crowd.visits(count), at_once=4).run()
        replica.client().config_set("min-replicas-to-write", 1)
        master.kill()
        wait_for("another master", lambda: pair.master() is replica, PATIENCE)
        for server in (first, second):
            wait_for("a refusal", lambda: "NOREPLICAS" in server.log(), PATIENCE)
        second.signal(signal.SIGSTOP)
        replica.client().config_set("min-replicas-to-write", 0)
        used = f"hm:{{{slug}}}:seats", "u:g1"
        wait_for("what the first one knows", lambda: int(replica.client().hget(*used) or 0) >= 5, PATIENCE)
        storm = Visits(first.public, crowd.visits(), at_once=4).start()
        with contextlib.suppress(AssertionError):
            wait_for("a seat too early", lambda: crowd.seats() > 25, 0.35)
        second.signal(signal.SIGCONT)
        wait_for("the last seat", lambda: crowd.groups["none"] > 0, PATIENCE)
        storm.stop()
        assert crowd.seats() == 30


def test_a_confirmation_of_a_bucket_that_fell_due_while_there_was_no_master_counts(pair, slug):
    mend(pair)
    with Server(workers=2, redis=pair, redis_url=pair.url) as server:
        server.create(slug, page_groups(5))
        pair.client().hset(f"hm:{{{slug}}}:seats", "hold", 3)  # less than may be set
        kept, left = Visitor(server, slug), Visitor(server, slug)
        due = max(int(seat_of(v.scan().cookie[0])[2]) for v in (kept, left))
        master, replica = cut_off(pair)
        assert kept.confirm().status == 204
        replica.stall()
        master.kill()
        wait_for("the bucket to be due", lambda: time.time() > due + 1, PATIENCE)
        replica.go_on()
        wait_for("another master", lambda: pair.master() is replica, PATIENCE)
        wait_for("health", server.recovered, PATIENCE)
        Visitor(server, slug).scan()
        group = server.show(slug)["groups"][0]
        assert (group["confirmed"], group["held"], group["used"]) == (1, 1, 2), \
            "the one left is given back, and the one kept is not"


# --- sentinels that want a login ---

LOCK = "closed&barred"


def allow_huoma(s, **login):
    s.client(**login).execute_command("ACL", "SETUSER", "huoma", "on", f">{LOCK}", "-@all", "+auth",
                                      "+sentinel|get-master-addr-by-name",
                                      "+sentinel|master")


@pytest.fixture(scope="module")
def locked(pair):
    """Sentinels that answer only who logs in."""
    for s in pair.sentinels:
        allow_huoma(s)
        s.client().execute_command("ACL", "SETUSER", "default", "resetpass", f">{LOCK}")
    yield pair
    for s in pair.sentinels:
        s.client(password=LOCK).execute_command("ACL", "SETUSER", "default", "nopass")


@pytest.mark.parametrize("user", ["", "sentinel_user=huoma&"])
def test_sentinels_that_want_a_login_get_it_and_nobody_else_sees_it(locked, slug, user):
    with Server(workers=1, redis_url=f"{locked.url}?{user}sentinel_password=closed%26barred") as server:
        server.create(slug, redirect_groups(5))
        assert Visitor(server, slug).scan().group == "g1"
        assert "barred" not in server.log() + server.read_ready()


def test_a_login_that_sentinels_refuse_is_tried_until_they_take_it(locked):
    master = next(n for n in locked.nodes if n.process.poll() is None and n.role() == "master")
    with Server(workers=1, redis_url=f"{locked.url}?sentinel_user=huoma&sentinel_password=closed%26barred") as server:
        for s in locked.sentinels:
            s.client(password=LOCK).execute_command("ACL", "DELUSER", "huoma")
        master.client().execute_command("CLIENT", "KILL", "TYPE", "normal")
        wait_for("the server to know no master", lambda: "redis_lost" in server.log() and not server.healthy(),
                 PATIENCE)
        for s in locked.sentinels:
            allow_huoma(s, password=LOCK)
        wait_for("health", server.recovered, PATIENCE)
        assert "barred" not in server.log()
