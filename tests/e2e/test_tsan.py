"""The parts that cross threads, on a ThreadSanitizer build: HUOMA_TSAN=1 HUOMA_BIN=build/tsan/huoma."""

import concurrent.futures
import itertools
import os
import signal

import pytest

from redis_groups import Cluster, Sentinels

from huoma import ROOT, Server, Visitor, Visits, get, page_groups, post, redirect_groups, wait_for

pytestmark = pytest.mark.skipif(os.environ.get("HUOMA_TSAN") != "1", reason="needs a tsan build and HUOMA_TSAN=1")


def visits(slugs):
    def visit(slug):
        answer = yield get("/" + slug)
        if answer.status == 200 and answer.cookie:
            yield post(f"/{slug}/seat", answer.cookie[0])
            yield post(f"/{slug}/next", answer.cookie[0])
            yield get("/" + slug, answer.cookie[0])
    return (visit(next(slugs)) for _ in itertools.count())


def test_threads_do_not_race():
    env = {
        "TSAN_OPTIONS": f"halt_on_error=0:exitcode=66:second_deadlock_stack=1:suppressions={ROOT}/tests/lib/tsan.supp"}
    with Server(workers=2, env=env, flags=["--log-level", "debug"]) as s:
        s.create("a", page_groups(50, 50, None))
        s.create("b", redirect_groups(50, None), strategy="random")
        storm = Visits(s.public, visits(itertools.cycle(["a", "b", "a", "nobody"])), at_once=16, keep=True,
                       seconds=5).start()
        shots = Visits(s.public, visits(itertools.cycle(["b", "a"])), at_once=8, keep=False, seconds=5).start()
        for n in range(60):
            s.patch("a", {"limit": 20 + n, "url": f"https://weixin.qq.com/g/n{n}"}, group="g1")
            s.api("PUT", "/campaigns/b/order", ["g2", "g1"] if n % 2 else ["g1", "g2"])
            s.create(f"new-{n}", redirect_groups(1))
            assert Visitor(s, f"new-{n}").scan().group == "g1"
            s.api("DELETE", f"/campaigns/new-{n}", expect=204)
        os.kill(s.redis_pid(), signal.SIGKILL)
        wait_for("health", lambda: s.healthy(5), 20)
        with_answers = storm.answers[302]
        wait_for("scans again", lambda: storm.answers[302] > with_answers, 20)
        s.process.send_signal(signal.SIGTERM)
        assert s.process.wait(30) == 0
        s.expect_exit = False
        storm.stop(), shots.stop()
        assert "WARNING: ThreadSanitizer" not in s.log(), s.log()[s.log().find("WARNING: ThreadSanitizer"):][:8000]
        assert storm.answers[200] > 50 and shots.answers[302] > 50


def test_hashing_does_not_race():
    """Logins, new passwords and a stop in the middle of them: passwords are hashed in a thread of their own."""
    env = {
        "TSAN_OPTIONS": f"halt_on_error=0:exitcode=66:second_deadlock_stack=1:suppressions={ROOT}/tests/lib/tsan.supp"}
    password = "correct horse battery"
    with Server(workers=1, env=env) as s:
        s.api("POST", "/users", {"name": "olga", "password": password, "role": "owner"}, 201)

        def attempt(n):
            name = "olga" if n % 2 else f"nobody-{n}"
            return s.api("POST", "/session", {"name": name, "password": password}, "any", token=None).status

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            assert set(pool.map(attempt, range(48))) <= {200, 401, 429, 503}
            for n in range(3):
                s.api("PATCH", "/users/olga", {"password": password})
            late = [pool.submit(lambda n=n: s.api("POST", "/session", {"name": f"late-{n}", "password": password},
                                                  "any",
                                                  token=None)) for n in range(10)]
            s.process.send_signal(signal.SIGTERM)
            assert s.process.wait(30) == 0
            s.expect_exit = False
            concurrent.futures.wait(late)
        assert "WARNING: ThreadSanitizer" not in s.log(), s.log()[s.log().find("WARNING: ThreadSanitizer"):][:8000]


@pytest.mark.parametrize("group", [Sentinels, Cluster])
def test_failovers_do_not_race(group):
    """Workers that look for a new master, put back what they know, and wait for replicas meanwhile."""
    env = {
        "TSAN_OPTIONS": f"halt_on_error=0:exitcode=66:second_deadlock_stack=1:suppressions={ROOT}/tests/lib/tsan.supp"}
    with group() as redis, Server(workers=2, env=env, redis_url=redis.url, flags=["--wait-replicas", "1"]) as s:
        s.create("a", page_groups(50, 50, None))
        storm = Visits(s.public, visits(itertools.cycle(["a", "nobody"])), at_once=8, seconds=5).start()
        wait_for("the storm", lambda: storm.answers[200] > 20, 20)
        find = redis.master if group is Sentinels else lambda: redis.of("a")
        old = find()
        old.kill()
        wait_for("another master", lambda: find() not in (None, old), 40, 0.05)
        old.start()  # with wait_replicas nobody is answered before
        wait_for("replicas in sync", redis.whole, 40, 0.05)
        given = storm.answers[200]
        wait_for("seats again", lambda: storm.answers[200] > given + 20, 40)
        storm.stop()
        s.process.send_signal(signal.SIGTERM)
        assert s.process.wait(30) == 0
        s.expect_exit = False
        assert "WARNING: ThreadSanitizer" not in s.log(), s.log()[s.log().find("WARNING: ThreadSanitizer"):][:8000]
