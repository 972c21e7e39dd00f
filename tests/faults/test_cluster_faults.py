"""Nodes of a cluster killed, stalled and replaced under load: no group ever over its limit, and what was answered is counted."""

import pytest
from huoma import Crowd, Server, Visits, check_campaign, page_groups, redirect_groups, seeded, wait_for
from redis_groups import Cluster

PATIENCE = 40
LIMITS = [60, 60, 400]


def kill(cluster, node):
    node.kill()
    return node.start


def stall(cluster, node):
    node.stall()
    return node.go_on


def by_hand(cluster, node):
    for other in cluster.live():
        if other.client().info("replication").get("master_port") == node.port:
            other.client().execute_command("CLUSTER FAILOVER")
    return lambda: None


def shown(server, slug):
    answer = wait_for("the admin door", lambda: (a := server.api("GET", f"/campaigns/{slug}", expect="any")).status == 200 and a, PATIENCE)
    return answer.json()


def one_round(server, cluster, n, rng):
    """Seats answered, of these seats (or confirmations) that are not counted, and seats that were given beyond a limit."""
    wait_for("replicas in sync", cluster.in_sync, PATIENCE, 0.05)
    slug = f"round-{n}"
    server.create(slug, page_groups(*LIMITS) if n % 2 else redirect_groups(*LIMITS), strategy=rng.choice(["fill", "even", "random"]))
    crowd = Crowd(slug, confirm=n % 2 == 1, rough=True)
    storm = Visits(server.public, crowd.visits(), at_once=16, seconds=3).start()
    goal = rng.randrange(1, 300)
    wait_for("the storm", lambda: crowd.seats() >= goal, PATIENCE, 0.0005)
    old = cluster.of(slug)
    bring_back = rng.choice([kill, stall, by_hand])(cluster, old)
    wait_for("another master", lambda: cluster.of(slug) not in (None, old), PATIENCE, 0.05)
    bring_back()  # with wait_replicas nobody is answered before
    served = len(crowd.log)
    wait_for("answers from it", lambda: len(crowd.log) > served + 5, PATIENCE)
    storm.stop()
    wait_for("replicas in sync", cluster.in_sync, PATIENCE, 0.05)
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
    rng = seeded("cluster faults")
    rounds = rounds if rounds > 5 else 2
    with Cluster() as cluster, Server(workers=2, redis=cluster, redis_url=cluster.url, flags=["--wait-replicas", wait_replicas]) as server:
        results = [one_round(server, cluster, n, rng) for n in range(rounds)]
    answered, lost, over = (sum(column) for column in zip(*results))
    say(f"wait_replicas {wait_replicas}: {rounds} failovers, {answered} seats answered, {lost} of them lost, {over} over a limit")
    assert over == 0
    assert lost == 0
