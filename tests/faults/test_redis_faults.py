"""Redis that stalls, forgets its scripts, restarts, or answers nonsense: who has a seat is served, who has none is told in time."""

import contextlib
import os
import signal
import socket
import threading
import time

import pytest

from huoma import (Crowd, Program, RedisServer, Server, Visitor, Visits, check_ledger, page_groups, percentile, redirect_groups, wait_for)

TOLD_SECONDS = 2.0
PATIENCE = 20


def assert_retry_page(answer):
    assert answer.status == 503, answer
    assert 1 <= int(answer.header("Retry-After")) <= 60
    assert answer.header("Content-Type") == "text/html; charset=utf-8" and "<html" in answer.text
    assert answer.header("Cache-Control") == "no-store" and answer.cookie is None


# --- stalls ---


@pytest.mark.parametrize("seconds", [1, 5, 20])
def test_redis_stalls(seconds, rounds, say):
    if seconds > 5 and rounds <= 5:
        pytest.skip("the long stall runs with script/test faults --rounds above 5")
    with Server(workers=2, hold_seconds=600) as server:
        server.create("page", page_groups(150, None))
        server.create("go", redirect_groups(None))
        anna, bert = Visitor(server, "go"), Visitor(server, "page")
        anna.scan(), bert.scan(), bert.confirm()
        anna.scan_often(), bert.scan_often()
        crowd = Crowd("page", confirm=True, rough=True)
        redis = server.redis_pid()
        with Visits(server.public, crowd.visits(), at_once=16, seconds=30) as storm:
            wait_for("the storm", lambda: crowd.seats() > 50, PATIENCE)
            os.kill(redis, signal.SIGSTOP)
            began = time.monotonic()
            returning, told = [], []
            while time.monotonic() < began + seconds - 0.05:
                asked = time.monotonic()
                assert anna.scan().status == 302
                assert bert.scan().group == "g1"
                returning.append((time.monotonic() - asked) / 2)
                if seconds >= 5 and time.monotonic() < began + seconds - TOLD_SECONDS:
                    asked = time.monotonic()
                    answer = Visitor(server, "go").scan()
                    told.append(time.monotonic() - asked)
                    assert_retry_page(answer)
                    assert not server.healthy(2)
                elif seconds < 5:
                    asked = time.monotonic()
                    answer = Visitor(server, "go").scan()
                    told.append(time.monotonic() - asked)
                    assert answer.status in (302, 503), answer
            os.kill(redis, signal.SIGCONT)
            resumed = time.monotonic()
            wait_for("health", server.recovered, PATIENCE)
            healthy = time.monotonic() - resumed
            seats = crowd.seats()
            wait_for("seats again", lambda: crowd.seats() > seats + 20, PATIENCE)
        crowd.check_serials()
        shown = server.show("page")
        check_ledger(shown, crowd.groups)
        for g in shown["groups"]:
            assert crowd.confirmed[g["id"]] <= g["confirmed"], g
        slowest = max(storm.times)
    say(f"{seconds} s: returning visitors p50 {percentile(returning, .5) * 1000:.0f} ms, at most {max(returning) * 1000:.0f} ms; "
        f"new ones told after {max(told):.2f} s at most, in the storm {slowest:.2f} s; healthy {healthy:.2f} s after")
    assert max(told) <= TOLD_SECONDS and slowest <= TOLD_SECONDS + 0.5
    assert max(returning) <= TOLD_SECONDS
    assert healthy <= 2


# --- scripts that are gone, a Redis that comes back ---


def test_script_flush_is_not_noticed():
    with Server(workers=2) as server:
        server.create("run", page_groups(200, None))
        crowd = Crowd("run", confirm=True)
        with Visits(server.public, crowd.visits(), at_once=16) as storm, server.redis_client() as redis:
            for _ in range(40):
                before = storm.answers[204]
                redis.script_flush()
                wait_for("confirmed seats", lambda b=before: storm.answers[204] > b + 5, PATIENCE)
                server.show("run")
        assert not storm.lost and not storm.answers[503]
        crowd.check_serials()
        assert {g["id"]: g["confirmed"] for g in server.show("run")["groups"]} == dict(crowd.confirmed)


@pytest.mark.parametrize("tcp", [True, False], ids=["tcp", "unix"])
def test_external_redis_restarts(tcp, rounds, say):
    """Ended politely and by kill -9, in turn, under load."""
    healthy = []
    with RedisServer(tcp=tcp) as redis, Server(workers=2, redis=redis) as server:
        for n in range(rounds):
            slug = f"round-{n}"
            server.create(slug, page_groups(100, None))
            crowd = Crowd(slug, confirm=True, rough=True)
            with Visits(server.public, crowd.visits(), at_once=16, seconds=10):
                wait_for("the storm", lambda: crowd.seats() > 60, PATIENCE)
                if n % 2:
                    redis.kill()
                else:
                    redis.process.terminate()
                    redis.process.wait()
                wait_for("ill health", lambda: not server.healthy(3), 5)
                redis.start()
                began = time.monotonic()
                wait_for("health", server.recovered, PATIENCE)
                healthy.append(time.monotonic() - began)
                seats = crowd.seats()
                wait_for("seats again", lambda s=seats: crowd.seats() > s + 20, PATIENCE)
            crowd.check_serials()
            shown = server.show(slug)
            check_ledger(shown, crowd.groups)
            for g in shown["groups"]:
                assert crowd.confirmed[g["id"]] <= g["confirmed"], g
    say(f"{rounds} restarts: healthy {sum(healthy) / rounds:.2f} s after Redis, at most {max(healthy):.2f} s")
    assert max(healthy) <= 2


def test_the_admin_is_told_too():
    with RedisServer() as redis, Server(workers=1, redis=redis) as server:
        server.create("run", redirect_groups(5))
        redis.kill()
        wait_for("ill health", lambda: not server.healthy(3), 5)
        for method, path, body in (("GET", "/campaigns", None), ("GET", "/campaigns/run", None), ("PATCH", "/campaigns/run", {"title": "new"}),
                                   ("POST", "/campaigns", {"url": "https://example.com/"})):
            answer = server.api(method, path, body, expect=503)
            assert answer.header("Content-Type") == "application/problem+json" and answer.json()["status"] == 503
        redis.start()
        wait_for("the store", server.recovered, PATIENCE)
        assert server.show("run")["title"] == "run", "a refused change is refused whole"


# --- nonsense ---


class Liar(Program):
    """Stands between huoma and a Redis: passes everything on, until `answer` is set; then that is what Redis "says"."""

    def __init__(self, upstream):
        super().__init__("liar")
        self.path = self.dir / "l.sock"
        self.upstream, self.answer, self.lies, self.ended = upstream, None, 0, False
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self.upstream))
                threading.Thread(target=self.pump, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self.pump, args=(server, client, True), daemon=True).start()

    def pump(self, source, target, lying):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if lying and self.answer is not None:
                    self.lies += 1
                    data = self.answer
                target.sendall(data)
        for s in (source, target):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.close()
        super().close()


LIES = {
    "not the protocol": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    "zeros": b"\0" * 4096,
    "a number": b":7\r\n",
    "a word": b"+OK\r\n",
    "an empty list": b"*0\r\n",
    "a list that is too short": b"*2\r\n:1\r\n$0\r\n\r\n",
    "a list of the wrong kinds": b"*7\r\n+a\r\n+b\r\n+c\r\n+d\r\n+e\r\n+f\r\n+g\r\n",
    "a group that is not there": b"*7\r\n$1\r\n1\r\n$0\r\n\r\n:1\r\n:99999\r\n:0\r\n:0\r\n:1\r\n",
    "a negative group": b"*7\r\n$1\r\n1\r\n$0\r\n\r\n:1\r\n:-1\r\n:0\r\n:0\r\n:1\r\n",
    "more seats than were asked for": b"*7\r\n$1\r\n1\r\n$0\r\n\r\n:999999\r\n:0\r\n:0\r\n:0\r\n:999999\r\n",
    "a definition that is none": b"*7\r\n$2\r\n99\r\n$9\r\n{\"slug\":1\r\n:1\r\n:0\r\n:0\r\n:0\r\n:1\r\n",
    "a list without end": b"*1000000000\r\n" + b":1\r\n" * 1000,
    "a text without end": b"$400000000\r\n" + b"x" * 1000,
    "a length over 64 bits": b"$99999999999999999999\r\n",
    "a negative length": b"*-2\r\n",
    "lists in lists": b"*1\r\n" * 64 + b":1\r\n",
    "an unknown error": b"-WHAT is this\r\n",
    "too many answers": b"+OK\r\n" * 2000,
}


def test_redis_answers_nonsense(say):
    with RedisServer() as redis, Liar(redis.socket) as liar, Server(workers=1, redis_url=f"unix://{liar.path}") as server:
        server.create("run", redirect_groups(None))
        anna = Visitor(server, "run")
        assert anna.scan().status == 302
        slowest = 0
        for name, lie in LIES.items():
            logged, liar.lies = server.log(), 0
            liar.answer = lie
            for _ in range(3):
                asked = time.monotonic()
                answer = Visitor(server, "run").scan()
                told = time.monotonic() - asked
                slowest = max(slowest, told)
                assert told <= TOLD_SECONDS, f"{name}: told after {told:.2f} s"
                assert answer.status == 503, f"{name}: {answer}"
                assert_retry_page(answer)
                assert anna.scan().status == 302, name
            server.lives()
            assert liar.lies > 0
            liar.answer = None
            more = server.log()[len(logged):]
            assert "level=warn" in more or "level=error" in more, f"{name}: nothing was logged"
            assert len(more.splitlines()) < 100, f"{name}: {len(more.splitlines())} lines were logged"
            wait_for(f"health after {name}", server.recovered, PATIENCE)
            assert Visitor(server, "run").scan().status == 302, name
    say(f"{len(LIES)} kinds of nonsense: told after {slowest:.2f} s at most")
    assert slowest <= TOLD_SECONDS


def test_nonsense_to_an_admin():
    with RedisServer() as redis, Liar(redis.socket) as liar, Server(workers=1, redis_url=f"unix://{liar.path}") as server:
        server.create("run", redirect_groups(None))
        for name, lie in LIES.items():
            liar.answer = lie
            for path in ("/campaigns", "/campaigns/run"):
                answer = server.api("GET", path, expect="any")
                assert answer.status in (200, 404, 503, 502), f"{name}: {answer}"
                if answer.status == 200:
                    answer.json()
            liar.answer = None
            server.lives()
            wait_for(f"the admin's store after {name}", lambda: server.api("GET", "/campaigns/run", expect="any").status == 200, PATIENCE, 0.05)
