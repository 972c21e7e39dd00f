"""A server takes the ports of another one over, under load, and no scan is lost."""

import signal
import subprocess

import pytest

from huoma import (BINARY, Connection, Crowd, Lost, RedisServer, Server, Visits, build_request, check_ledger,
                   redirect_groups, wait_for)
from own_network import own_network

TURNS = 3


def ports(server):
    return ["--listen", "127.0.0.1:%d" % server.public[1], "--admin-listen", "127.0.0.1:%d" % server.admin[1]]


def successor(server, redis, **more):
    """Another server on the same ports. Flags that come twice: the later one wins."""
    return Server(workers=2, redis=redis, flags=[*ports(server), "--take-over"], **more)


def hand_over(keep):
    """A storm at one port, whose server is replaced again and again. What visitors got, and the ledger."""
    crowd = Crowd("run", rough=True)
    with RedisServer() as redis:
        server = Server(workers=2, redis=redis)
        try:
            server.create("run", redirect_groups(2000, None))
            storm = Visits(server.public, crowd.visits(), at_once=24, keep=keep).start()
            for _ in range(TURNS):
                seats = crowd.seats()
                wait_for("some seats", lambda n=seats: crowd.seats() > n + 300, 20)
                newer = successor(server, redis)
                server.stop()
                server.close()
                server = newer
            seats = crowd.seats()
            wait_for("some seats", lambda: crowd.seats() > seats + 300, 20)
            storm.stop()
            check_ledger(server.show("run"), crowd.groups)
            return storm.answers, crowd.seats(), server.show("run")["seats"]["used"]
        finally:
            server.stop()
            server.close()


@pytest.mark.parametrize("keep", [True, False], ids=["kept connections", "a connection each"])
def test_no_scan_is_lost(keep, capsys):
    with own_network(tcp_migrate_req=1):
        answers, told, counted = hand_over(keep)
    with capsys.disabled():
        print(f"\n    {TURNS} servers replaced: {dict(answers)}, {counted} seats", end="")
    assert set(answers) == {302}, answers
    assert told == counted


def slow_to_speak():
    """Visitors who connect while the old server has the port, and ask when only the new one has it: statuses, 0 for a
    reset."""
    with RedisServer() as redis, Server(workers=2, redis=redis) as server:
        server.create("run", redirect_groups(None))
        slow, told = [Connection(server.public) for _ in range(8)], []
        with successor(server, redis):
            server.stop()
            for c in slow:
                try:
                    told.append(c.request("GET", "/run").status)
                except Lost:
                    told.append(0)
                c.close()
        return told


@pytest.mark.parametrize("migrate, status", [(1, 302), (0, 0)])
def test_who_is_slow_to_speak_is_kept_where_the_kernel_is_told_to(migrate, status):
    with own_network(tcp_migrate_req=migrate):
        assert slow_to_speak() == 8 * [status]


def test_without_the_word_a_port_that_is_served_is_refused():
    with RedisServer() as redis, Server(workers=1, redis=redis) as server:
        for words in (ports(server)[:2], ports(server)[2:]):
            done = subprocess.run([BINARY, "serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
                                   "--redis-url", redis.url,
                                   "--data-dir", server.dir / "other", *words], capture_output=True, text=True,
                                  timeout=20, env=server.env)
            assert done.returncode == 1 and "in use" in done.stderr, done


def test_with_the_embedded_redis_nobody_is_taken_over(tmp_path):
    """Each of the two would have seats of its own."""
    done = subprocess.run([BINARY, "serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data-dir",
                           tmp_path / "data", "--take-over"],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and "take_over: needs redis_url" in done.stderr, done


def test_who_has_a_connection_open_is_answered_once_more_and_told_to_go():
    with RedisServer() as redis, Server(workers=1, redis=redis) as server:
        server.create("run", redirect_groups(None))
        scans, health, silent = clients = [Connection(server.public) for _ in range(3)]
        for c in clients:
            assert c.request("GET", "/healthz").status == 200
        server.signal(signal.SIGTERM)
        wait_for("the closed door", lambda: server.log_fields("stopping"))
        health.send(build_request("GET", "/healthz"))
        answer = health.receive()
        if answer.status == 200:    # it was still asked before the worker heard of it
            answer = health.request("GET", "/healthz")
        assert (answer.status, answer.text, answer.header("Connection")) == (503, "draining\n", "close")
        answer = scans.request("GET", "/run")
        assert answer.status == 302 and answer.header("Connection") == "close"
        assert silent.closed() is True
        assert server.process.wait(10) == 0
        server.expect_exit = False
        assert "drain_over" not in server.log(), "who says nothing is not waited for"
