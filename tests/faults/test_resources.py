"""What runs out: the disk, descriptors, and patience with slow clients."""

import contextlib
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import pytest

from huoma import (BINARY, PHONE, TOKEN, Connection, Crowd, RedisServer, Server, Visitor, Visits, check_ledger,
                   cpu_seconds, page_groups,
                   percentile, redirect_groups, room_for, wait_for)
from own_network import ip, own_network
from small_disk import Disk, NoDisk
from stores import check_crowd, of_each_kind, serve, slug_beside

PATIENCE = 20


# --- the disk ---


@contextlib.contextmanager
def disk_of_the_master(group):
    """(the disk, the data_dir): of the Redis that the server brings, or of the node that has "page"."""
    if group:
        if not group.of("page").disk:
            pytest.skip("a small file system can't be mounted here")
        yield group.of("page").disk, None
        return
    path = pathlib.Path(tempfile.mkdtemp(prefix="huoma-disk-"))
    try:
        with Disk(path) as disk:
            yield disk, path / "data"
    except NoDisk as e:
        pytest.skip(str(e))
    finally:
        path.rmdir()


@contextlib.contextmanager
def kept_every_second(group):
    """A Redis that promises to have all on its disk ends when it can't, and another becomes the master
    (failover_storm.full_disk); one that writes once a second stays, and refuses."""
    for node in group.nodes if group else ():
        node.client().config_set("appendfsync", "everysec")
    yield
    for node in group.nodes if group else ():
        node.client().config_set("appendfsync", "always")


@of_each_kind
def test_the_disk_is_full(group, say):
    with disk_of_the_master(group) as (disk,
                                       data_dir), kept_every_second(group), serve(group, data_dir=data_dir) as server:
        run = slug_beside(group, "page", "run")
        server.create(run, redirect_groups(None))
        server.create("page", page_groups(500, None))
        anna = Visitor(server, run)
        anna.scan()
        anna.scan_often()
        crowd = Crowd("page", confirm=True, rough=True)
        with Visits(server.public, crowd.visits(), at_once=16, seconds=10) as storm:
            wait_for("the storm", lambda: crowd.seats() > 100, PATIENCE)
            disk.fill()
            wait_for("the first 503", lambda: storm.answers[503] > 0, PATIENCE)
            began = time.monotonic()
            refused = []
            while time.monotonic() < began + 3:
                assert anna.scan().status == 302, "a returning visitor is still sent on"
                asked = time.monotonic()
                answer = Visitor(server, run).scan()
                refused.append((answer.status, time.monotonic() - asked))
                assert answer.status in (302, 503), answer
                server.lives()
            answer = server.api("PATCH", f"/campaigns/{run}", {"title": "changed"}, expect="any")
            assert answer.status in (200, 503, 507), answer
            disk.free()
            freed = time.monotonic()
            wait_for("health", server.recovered, PATIENCE)
            healthy = time.monotonic() - freed
            seats = crowd.seats()
            wait_for("seats again", lambda: crowd.seats() > seats + 20, PATIENCE)
        check_crowd(server, "page", crowd)
        lines = len(server.log().splitlines())
    told = [t for status, t in refused if status == 503]
    say(f"{len(told)} of {len(refused)} new visitors were refused, after {max(told, default=0):.2f} s at most; healthy "
        f"{healthy:.2f} s after "
        f"there was room; {lines} log lines")
    assert told and max(told) <= 2.0
    assert healthy <= 4, "2 s of backoff at most, and the start of Redis"


# --- descriptors ---


def test_out_of_descriptors(say):
    limit = 96
    with Server(workers=1, before=["prlimit", f"--nofile={limit}:{limit}"]) as server:
        server.create("run", redirect_groups(None))
        anna = Visitor(server, "run")
        anna.scan()
        clients = []
        try:
            for _ in range(2 * limit):
                c = Connection(server.public)
                c.send(b"GET /run HTTP/1.1\r\nHo")
                clients.append(c)
            wait_for("the word in the log", lambda: count_lines(server, b"accept") > 0, 5)
            lines, cpu, began = count_lines(server), cpu_seconds(server.pid), time.monotonic()
            # The interval over which is measured; nothing is to happen in it.
            with pytest.raises(AssertionError):
                wait_for("nothing", lambda: False, 3, 0.5)
            took = time.monotonic() - began
            lines, cpu = count_lines(server) - lines, cpu_seconds(server.pid) - cpu
            say(f"{cpu / took * 100:.1f}% of a processor, {lines} log lines in {took:.1f} s without descriptors")
            assert cpu / took < 0.2, "a busy loop"
            assert lines <= took + 1
            server.lives()
        finally:
            for c in clients:
                c.close()
        wait_for("health", server.recovered, 5)
        assert Visitor(server, "run").scan().status == 302 and anna.scan().cookie is None
        assert server.show("run")["seats"]["used"] == 2


def count_lines(server, word=b""):
    return sum(word in line for line in (server.dir / f"{server.name}.log").read_bytes().splitlines())


# --- slow clients ---

DRIP = """
import selectors, socket, sys, time
address, count, path = ("127.0.0.1", int(sys.argv[1])), int(sys.argv[2]), sys.argv[3]
head = b"GET /" + path.encode() + b" HTTP/1.1\\r\\nHost: x\\r\\nX-Drip: " + b"a" * 4000
sockets, opened = [], 0
while True:
    began = time.monotonic()
    while len(sockets) < count:
        s = socket.create_connection(address)
        s.setblocking(False)
        sockets.append([s, 0])
        opened += 1
    for row in list(sockets):
        s, at = row
        try:
            s.send(head[at:at + 1])
            row[1] += 1
            if s.recv(4096) == b"":
                raise ConnectionError
        except BlockingIOError:
            pass
        except OSError:
            s.close()
            sockets.remove(row)
    print(len(sockets), opened, flush=True)
    time.sleep(max(0, began + 1 - time.monotonic()))
"""


def scan_times(server, count):
    """Answer times of honest scans, new visitors, 8 at a time."""
    crowd = Crowd("run")
    visits = Visits(server.public, crowd.visits(count), at_once=8, keep=False).run()
    assert visits.answers == {302: count}
    return visits.times


def test_a_thousand_slow_clients(say):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2500:
        pytest.skip(f"needs 2,500 descriptors, {hard} are allowed")
    with Server(workers=2, before=["prlimit", f"--nofile=4096:{max(4096, hard)}"]) as server:
        server.create("run", redirect_groups(None))
        scan_times(server, 500)
        without = scan_times(server, 3000)
        drip = subprocess.Popen(["prlimit", "--nofile=4096", sys.executable, "-c", DRIP, str(server.public[1]), "1000",
                                 "run"], stdout=subprocess.PIPE,
                                text=True)
        try:
            for line in drip.stdout:
                count, opened = map(int, line.split())
                if count == 1000:
                    break
            cpu, began = cpu_seconds(server.pid), time.monotonic()
            beside = scan_times(server, 3000)
            # Until the first of them have met their deadline, and others took their place.
            for line in drip.stdout:
                beside += scan_times(server, 500)
                if int(line.split()[1]) >= 2000:
                    break
                assert time.monotonic() < began + 40, "slow clients are never closed: " + line
        finally:
            drip.kill()
            drip.wait()
            drip.stdout.close()
        a, b = percentile(without, .99) * 1000, percentile(beside, .99) * 1000
        say(f"honest scans: p99 {a:.1f} ms alone, {b:.1f} ms beside 1,000 slow clients (p50 "
            f"{percentile(without, .5) * 1000:.1f}, "
            f"{percentile(beside, .5) * 1000:.1f})")
        assert b <= 2 * a + 20
        wait_for("the descriptors to be free", lambda: len(os.listdir(f"/proc/{server.pid}/fd")) < 100, PATIENCE)


# --- Redis' memory ---


def test_redis_without_room(say):
    """A Redis with a bound takes no seat by half, says so, and goes on as soon as there is room."""
    with RedisServer() as redis, Server(workers=2, redis=redis, hold_seconds=600) as server:
        server.create("run", redirect_groups(None))
        server.create("page", page_groups(400, None))
        anna = Visitor(server, "run")
        anna.scan()
        anna.scan_often()
        crowd = Crowd("page", confirm=True, rough=True)
        with Visits(server.public, crowd.visits(), at_once=16, seconds=10) as storm, redis.client() as client:
            wait_for("the storm", lambda: crowd.seats() > 100, PATIENCE)
            with room_for(client, -(1 << 19)):  # so much less than it has that none comes free by chance
                wait_for("the first 503", lambda: storm.answers[503] > 20, PATIENCE)
                assert not server.healthy(2), "a store that takes no writes is ill"
                assert anna.scan().status == 302, "a returning visitor is still sent on"
                refused = Visitor(server, "run").scan()
                assert refused.status == 503 and refused.header("Retry-After") and refused.cookie is None
                assert server.api("PATCH", "/campaigns/run", {"title": "changed"}, expect=507)
                assert server.show("run")["seats"]["used"] == 1, "nothing is taken by half"
            began = time.monotonic()
            wait_for("health", server.recovered, PATIENCE)
            healthy, seats = time.monotonic() - began, crowd.seats()
            wait_for("seats again", lambda: crowd.seats() > seats + 20, PATIENCE)
        shown = check_crowd(server, "page", crowd)
        say(f"{storm.answers[503]} busy pages, {storm.lost} connections lost; {crowd.seats()} seats answered, "
            f"{shown['seats']['used']} counted; "
            f"healthy {healthy:.2f} s after there was room")
        assert not storm.lost


def test_a_redis_that_evicts_is_warned_of():
    with RedisServer(options=["--maxmemory-policy", "allkeys-lru"]) as redis, Server(workers=1, redis=redis) as server:
        told = server.log_fields("redis_promises_less")
        assert len(told) == 1 and told[0]["maxmemory_policy"] == "allkeys-lru" and told[0]["level"] == "warn"
        checked = subprocess.run([BINARY, "check", "--redis-url", redis.url], capture_output=True, text=True,
                                 check=False)
        assert "maxmemory-policy is allkeys-lru" in checked.stdout and "All is well" not in checked.stdout


# --- streams that are opened and dropped ---


def memory_of(server):
    """Megabytes."""
    lines = pathlib.Path(f"/proc/{server.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) // 1024


def stream_request(token, address="8.8.8.8"):
    return (f"GET /api/v1/events?campaigns=run HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
            f"X-Forwarded-For: {address}\r\n\r\n").encode()


def status_of(connection):
    while b"\r\n" not in connection.buffer:
        connection.buffer += connection.socket.recv(4096)
    return int(connection.buffer.split()[1])


def test_a_fork_bomb_of_streams(rounds, say):
    """Thousands of listeners of /events that come and go: bounded in number and memory, no scan is harmed, and others
    listen."""
    count = 3000 if rounds > 5 else 600
    with Server(workers=2, flags=["--trusted-proxies", "127.0.0.0/8"]) as server:
        server.create("run", redirect_groups(None))
        other = server.api("POST", "/tokens", {"name": "other", "role": "viewer"}, 201).json()["token"]
        crowd, answers, held, others = Crowd("run"), {200: 0, 429: 0, 503: 0}, [], 0
        with Visits(server.public, crowd.visits(), at_once=4) as storm:
            wait_for("the storm", lambda: crowd.seats() > 50, PATIENCE)
            before = memory_of(server)
            for n in range(count):
                c = Connection(server.admin)
                c.send(stream_request(TOKEN))
                held.append(c)
                if n % 7 == 0:  # some leave before they are told anything
                    held.pop().reset()
                if len(held) == 300:
                    for c in held:
                        answers[status_of(c)] += 1
                    with Connection(server.admin) as c:
                        c.send(stream_request(other))
                        assert status_of(c) == 200, "somebody else, beside them at the same address"
                        others += 1
                    for c in held:
                        c.reset()
                    held.clear()
            for c in held:
                c.close()
            grown, used = memory_of(server) - before, crowd.seats()
            assert server.show("run")["seats"]["used"] >= used
            wait_for("seats", lambda: crowd.seats() > used + 20, PATIENCE)
        assert not storm.lost and set(storm.answers) == {302}
        check_ledger(server.show("run"), crowd.groups)
        wait_for("the descriptors to be free", lambda: len(os.listdir(f"/proc/{server.pid}/fd")) < 100, PATIENCE)
        say(f"{count} streams of one account: {answers[200]} were let in, {answers[429] + answers[503]} told that it "
            f"has enough; {others} others were let in "
            f"beside them; memory grew by {grown} MB; {crowd.seats()} scans beside, "
            f"p99 {percentile(storm.times, .99) * 1000:.0f} ms")
        assert answers[429] > 0 and answers[503] == 0 and others > 0 and grown < 200


# --- pages that wait ---

CONNECTIONS = 1024                      # that the server has room for
KEPT, MOST = CONNECTIONS // 8, CONNECTIONS // 2     # of one address
BOMBER, OTHER = "11.0.0.1", "11.0.0.2"  # public ones, in a network of the test's own


def look(connection):
    """What the page of who waits asks from time to time."""
    form = {"User-Agent": PHONE, "Content-Type": "application/x-www-form-urlencoded"}
    return connection.request("POST", "/full", form, b"wait=look")


def open_connections(server):
    return len(os.listdir(f"/proc/{server.pid}/fd"))


def test_a_bomb_of_pages_that_wait(rounds, say):
    """One address opens page after page that waits, and connections that say nothing: each page is answered, few
    connections are kept, others find the door open, and no scan is harmed."""
    pages = 3000 if rounds > 5 else 500
    with own_network(), Server(workers=1,
                               before=["prlimit", f"--nofile={CONNECTIONS + 64}:{CONNECTIONS + 64}"]) as server:
        ip(f"addr add {BOMBER}/32 dev lo", f"addr add {OTHER}/32 dev lo")
        server.create("run", redirect_groups(None))
        server.create("full", redirect_groups(0), fallback={"waiting": {}})
        crowd, held, kept, silent = Crowd("run"), [], 0, []
        with Visits(server.public, crowd.visits(), at_once=4) as storm:
            wait_for("the storm", lambda: crowd.seats() > 50, PATIENCE)
            before, base = memory_of(server), open_connections(server)
            for _ in range(pages):
                c = Connection(server.public, source=BOMBER)
                answer = look(c)
                assert answer.status == 200 and answer.json()["state"] == "none", answer
                if answer.header("Connection") == "close":
                    c.close()
                else:
                    kept += 1
                    held.append(c)
            with contextlib.suppress(OSError):
                for _ in range(MOST + 100):
                    silent.append(Connection(server.public, source=BOMBER))
                    silent[-1].send(b"GET /run HTTP/1.1\r\nHo")
            most = open_connections(server) - base
            with Connection(server.public, source=OTHER) as c:
                for _ in range(2):
                    answer = look(c)
                    assert answer.status == 200 and answer.header("Connection") is None, "others come in, and are kept"
            wait_for("the end of patience", lambda: open_connections(server) - base <= KEPT + 8, PATIENCE)
            assert look(held[0]).status == 200, "who was kept is, and asks on"
            with Connection(server.public, source=BOMBER) as c:
                assert look(c).status == 200, "nobody is kept out"
            used, grown = crowd.seats(), memory_of(server) - before
            wait_for("seats", lambda: crowd.seats() > used + 20, PATIENCE)
        for c in held + silent:
            c.close()
        assert not storm.lost and set(storm.answers) == {302}
        check_ledger(server.show("run"), crowd.groups)
        say(f"{pages} pages of one address were answered, {kept} of their connections kept; of {len(silent)} that said "
            f"nothing {most - kept} were open "
            f"at a time; memory grew by {grown} MB; {crowd.seats()} scans beside, p99 "
            f"{percentile(storm.times, .99) * 1000:.0f} ms")
        assert kept <= KEPT and most <= MOST + 8 and grown < 100
