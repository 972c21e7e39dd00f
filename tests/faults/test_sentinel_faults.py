"""Masters killed, stalled and replaced under load: no group ever over its limit, and what was answered is counted."""

import pytest
import redis as redis_client
from huoma import Crowd, Server, Visits, check_campaign, page_groups, redirect_groups, seeded, wait_for
from redis_groups import MASTER, Sentinels

PATIENCE = 40
LIMITS = [60, 60, 400]


def kill(sentinels, node):
    node.kill()
    return node.start


def stall(sentinels, node):
    node.stall()
    return node.go_on


def by_hand(sentinels, node):
    def done():
        """Asked again while it comes to nothing: a sentinel looks at replicas once in a while, and gives one up after a second."""
        try:
            sentinels.sentinels[0].client().execute_command("SENTINEL", "FAILOVER", MASTER)
        except redis_client.ResponseError as e:
            assert "NOGOODSLAVE" in str(e) or "INPROG" in str(e), e
        try:
            return wait_for("another master", lambda: sentinels.master() not in (None, node), 5)
        except AssertionError:
            return False
    wait_for("a failover", done, PATIENCE)
    return lambda: None


def shown(server, slug):
    answer = wait_for("the admin door", lambda: (a := server.api("GET", f"/campaigns/{slug}", expect="any")).status == 200 and a, PATIENCE)
    return answer.json()


def one_round(server, sentinels, n, rng):
    """Seats answered, of these seats (or confirmations) that are not counted, and seats that were given beyond a limit."""
    wait_for("replicas in sync", sentinels.follow, PATIENCE, 0.05)
    slug = f"round-{n}"
    server.create(slug, page_groups(*LIMITS) if n % 2 else redirect_groups(*LIMITS), strategy=rng.choice(["fill", "even", "random"]))
    crowd = Crowd(slug, confirm=n % 2 == 1, rough=True)
    storm = Visits(server.public, crowd.visits(), at_once=16, seconds=3).start()
    goal = rng.randrange(1, 300)
    wait_for("the storm", lambda: crowd.seats() >= goal, PATIENCE, 0.0005)
    old = sentinels.master()
    bring_back = rng.choice([kill, stall, by_hand])(sentinels, old)
    wait_for("another master", lambda: (m := sentinels.master()) is not old and m, PATIENCE)
    wait_for("health", server.recovered, PATIENCE)
    storm.stop()
    bring_back()
    wait_for("replicas in sync", sentinels.follow, PATIENCE, 0.05)
    wait_for("health", server.recovered, PATIENCE)
    crowd.check_serials()
    groups = shown(server, slug)
    check_campaign(groups)
    lost = sum(max(0, crowd.groups[g["id"]] - g["used"]) + max(0, crowd.confirmed[g["id"]] - g["confirmed"]) for g in groups["groups"])
    rest = Crowd(slug, rough=True)
    Visits(server.public, rest.visits(groups["seats"]["free"] + 20), at_once=16).run()
    over = sum(max(0, crowd.groups[f"g{i + 1}"] + rest.groups[f"g{i + 1}"] - limit) for i, limit in enumerate(LIMITS))
    return crowd.seats(), lost, over


@pytest.mark.parametrize("wait_replicas", [0, 1])
def test_failovers_under_load(wait_replicas, rounds, say):
    rng = seeded("sentinel faults")
    rounds = rounds if rounds > 5 else 2
    with Sentinels(replicas=2) as sentinels, Server(workers=2, redis=sentinels, redis_url=sentinels.url,
                                                    flags=["--wait-replicas", wait_replicas]) as server:
        results = [one_round(server, sentinels, n, rng) for n in range(rounds)]
    answered, lost, over = (sum(column) for column in zip(*results))
    say(f"wait_replicas {wait_replicas}: {rounds} failovers, {answered} seats answered, {lost} of them lost, {over} over a limit")
    assert over == 0
    assert lost == 0
