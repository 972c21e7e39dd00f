"""Two versions of huoma on one store: side by side until an operator says that the older one is gone, then never again.

The later version is this one, told by HUOMA_TEST_FORMAT that it knows a format more.
"""

import subprocess

import pytest

from huoma import BINARY, Crowd, RedisServer, Server, Visits, check_ledger, page_groups, wait_for

LATER = {"HUOMA_TEST_FORMAT": "2"}
REFUSED = "huoma: store: it has format 2, and this huoma knows none after 1: a newer huoma is needed"


@pytest.fixture
def redis():
    with RedisServer() as r:
        yield r


def run(server, *words, later=False, expect=0):
    env = {k: v for k, v in server.env.items() if k != "HUOMA_TEST_FORMAT"} | (LATER if later else {})
    done = subprocess.run([BINARY, *words, "--redis-url", server.redis.url], capture_output=True, text=True, timeout=60,
                          env=env)
    assert done.returncode == expect, done
    return done


def test_old_and_new_serve_side_by_side_until_the_upgrade_is_finished(redis):
    old = Server(workers=1, redis=redis, name="old")
    try:
        with Server(workers=1, redis=redis, env=LATER, name="new") as new:
            old.create("run", page_groups(400, 400, None))
            crowd = Crowd("run", confirm=True)
            with Visits([old.public, new.public], crowd.visits(), at_once=16, keep=False):
                wait_for("seats", lambda: crowd.seats() > 500, 30)
                old.patch("run", {"limit": 500}, group="g1")
                new.patch("run", {"limit": 600}, group="g2")
                wait_for("more seats", lambda: crowd.seats() > 1000, 30)
            crowd.check_serials()
            shown = old.show("run")
            assert shown == new.show("run")
            check_ledger(shown, crowd.groups)
            assert "huoma check --finish-upgrade" in run(new, "check", later=True).stdout
            assert redis.client().get("hm:format") is None, "nothing but an operator raises it"

            told = run(new, "check", "--finish-upgrade", later=True).stdout
            assert "format               2\n" in told and "--finish-upgrade" not in told
            assert old.process.wait(15) == 1 and old.log().splitlines()[-1] == REFUSED
            old.expect_exit = False
            later = Crowd("run", confirm=True)
            Visits(new.public, later.visits(100), at_once=8).run()
            assert new.show("run")["seats"]["used"] == shown["seats"]["used"] + 100
    finally:
        old.close()


@pytest.mark.parametrize("words", [["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"], ["check"],
                                   ["check", "--finish-upgrade"], ["campaign", "list"], ["export"]])
def test_what_is_too_old_does_not_touch_the_store(redis, words):
    redis.client().set("hm:format", "2")
    done = subprocess.run([BINARY, *words, "--redis-url", redis.url, "--data-dir", redis.dir / "data"],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and done.stderr.splitlines()[-1] == REFUSED
    assert redis.client().get("hm:format") == "2" and "hm:secret" not in redis.client().keys()


@pytest.mark.parametrize("value", ["x", "0", "-1", "1x", "99999"])
def test_a_format_that_is_no_number_is_not_guessed_at(redis, value):
    redis.client().set("hm:format", value)
    done = subprocess.run([BINARY, "serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--redis-url",
                           redis.url,
                           "--data-dir", redis.dir / "data"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and done.stderr.splitlines()[-1] == "huoma: store: its format is not a number"
