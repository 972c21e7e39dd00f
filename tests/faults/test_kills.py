"""kill -9 of the server, of Redis and of both, under load: seats answered <= seats counted <= limit, and health soon after."""

import os
import signal
import time

import pytest

from huoma import Crowd, Server, Visits, check_ledger, get, page_groups, redirect_groups, seeded, wait_for

HEALTHY_SECONDS = 2.0   # after the restart, or after Redis was killed
PATIENCE = 20           # how long a test waits before it says "never"
LIMITS = [60, 60, 300]


def kill_server(server):
    server.kill()
    return None


def kill_redis(server):
    server.redis_kill()
    return time.monotonic()


def kill_both(server):
    redis = server.redis_pid()
    for pid in (server.pid, redis):
        os.kill(pid, signal.SIGKILL)
    server.kill()
    return None


def bring_back(server, killed_at):
    """Seconds until it is healthy again: from the start, or (its Redis was killed) from the kill."""
    if killed_at is None:
        killed_at = time.monotonic()
        server.start()
    wait_for("health", server.recovered, PATIENCE, 0.005)
    return time.monotonic() - killed_at


@pytest.mark.parametrize("kill", [kill_server, kill_redis, kill_both], ids=["server", "redis", "both"])
def test_killed_under_load(kill, rounds, say):
    rng = seeded("kills")
    healthy, answered, counted = [], 0, 0
    with Server(workers=2) as server:
        for n in range(rounds):
            slug = f"round-{n}"
            server.create(slug, page_groups(*LIMITS) if n % 2 else redirect_groups(*LIMITS), strategy=rng.choice(["fill", "even", "random"]))
            crowd = Crowd(slug, confirm=n % 2 == 1, rough=True)
            storm = Visits(server.public, crowd.visits(), at_once=24, keep=rng.random() < 0.5, seconds=3).start()
            goal = rng.randrange(1, 300)
            wait_for("the storm", lambda: crowd.seats() >= goal, PATIENCE, 0.0005)
            killed_at = kill(server)
            storm.stopped.set()
            healthy.append(bring_back(server, killed_at))
            storm.stop()
            answered, counted = answered + crowd.seats(), counted + check_round(server, slug, crowd)
    say(f"{rounds} kills: {answered} seats answered, {counted} counted; healthy again after {sum(healthy) / rounds:.2f} s, at most {max(healthy):.2f} s")
    assert max(healthy) <= HEALTHY_SECONDS


def check_statistics(server, slug, shown):
    """Seats are counted in the same moment in which they are taken: no crash comes between, whatever it kills."""
    rows = {r["key"]: r for r in server.api("GET", f"/campaigns/{slug}/stats?by=group").json()["rows"]}
    for g in shown["groups"]:
        row = rows.get(g["id"], {"seats": 0, "given_back": 0})
        assert row["seats"] - row["given_back"] == g["used"], f"{g}: {row}"


def check_round(server, slug, crowd):
    """The ledger right after, then filled up: what a crash left behind must not let one seat too many go. Seats counted."""
    crowd.check_serials()
    shown = server.show(slug)
    check_ledger(shown, crowd.groups)
    for g in shown["groups"]:
        assert crowd.confirmed[g["id"]] <= g["confirmed"], f"{crowd.confirmed[g['id']]} confirmations were answered: {g}"
    check_statistics(server, slug, shown)
    rest = Crowd(slug)
    Visits(server.public, rest.visits(shown["seats"]["free"] + 30), at_once=24).run()
    crowd.held.update(rest.held)
    crowd.check_serials()
    assert [g["used"] for g in server.show(slug)["groups"]] == LIMITS
    assert rest.seats() == shown["seats"]["free"] and rest.groups["none"] == 30
    return shown["seats"]["used"]


def test_cookies_outlive_a_kill(rounds):
    """Who got a seat before keeps it after, and takes no second one."""
    with Server(workers=2) as server:
        server.create("run", page_groups(None))
        crowd = Crowd("run", confirm=True)
        Visits(server.public, crowd.visits(40), at_once=8).run()
        kill_both(server)
        server.start()
        def again(cookie):
            answer = yield get("/run", cookie)
            assert answer.status == 200 and answer.group == "g1", answer

        Visits(server.public, (again(cookie) for _, cookie in crowd.cookies), at_once=8).run()
        assert server.groups("run")["g1"]["used"] == 40
