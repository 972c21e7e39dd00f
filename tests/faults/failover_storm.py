"""Failovers under load, behind sentinels and in a cluster: what is done to a master, and what visitors were told against what is counted.

A fault is done to the node that is the master, and gives back what undoes it. `group` is a Sentinels or a Cluster.
"""

import redis as redis_client
from huoma import Crowd, Visits, check_campaign, page_groups, redirect_groups, wait_for
from redis_groups import MASTER, Sentinels

PATIENCE = 40
LIMITS = [60, 60, 400]


def kill(_, node):
    node.kill()
    return node.start


def stall(_, node):
    node.stall()
    return node.go_on


def by_hand(group, node):
    ask = sentinels_by_hand if isinstance(group, Sentinels) else cluster_by_hand
    wait_for("a failover", lambda: ask(group, node), PATIENCE)
    return lambda: None


def cluster_by_hand(cluster, node):
    """Asked again while it comes to nothing: a replica gives up after five seconds."""
    for other in cluster.live():
        if other.client().info("replication").get("master_port") == node.port:
            other.client().execute_command("CLUSTER FAILOVER")
    try:
        return wait_for("another master", lambda: node.role() == "slave", 6)
    except AssertionError:
        return False


def sentinels_by_hand(sentinels, node):
    """Asked again while it comes to nothing: a sentinel looks at replicas once in a while, and gives one up after a second."""
    try:
        sentinels.sentinels[0].client().execute_command("SENTINEL", "FAILOVER", MASTER)
    except redis_client.ResponseError as e:
        assert "NOGOODSLAVE" in str(e) or "INPROG" in str(e), e
    try:
        return wait_for("another master", lambda: sentinels.master() not in (None, node), 5)
    except AssertionError:
        return False


FAULTS = [kill, stall, by_hand]


def master_of(group, slug):
    return group.master() if isinstance(group, Sentinels) else group.of(slug)


def whole(group):
    """All replicas follow, and have all that their masters have."""
    return group.follow() if isinstance(group, Sentinels) else group.in_sync()


def shown(server, slug):
    answer = wait_for("the admin door", lambda: (a := server.api("GET", f"/campaigns/{slug}", expect="any")).status == 200 and a, PATIENCE)
    return answer.json()


def judge(server, slug, crowd):
    """Seats answered, of these seats (or confirmations) that are not counted, and seats that are given beyond a limit until all is full."""
    crowd.check_serials()
    groups = shown(server, slug)
    check_campaign(groups)
    lost = sum(max(0, crowd.groups[g["id"]] - g["used"]) + max(0, crowd.confirmed[g["id"]] - g["confirmed"]) for g in groups["groups"])
    rest = Crowd(slug, rough=True)
    Visits(server.public, rest.visits(groups["seats"]["free"] + 20), at_once=16).run()
    over = sum(max(0, crowd.groups[f"g{i + 1}"] + rest.groups[f"g{i + 1}"] - limit) for i, limit in enumerate(LIMITS))
    return crowd.seats(), lost, over


def one_round(server, group, fault, n, rng):
    wait_for("replicas in sync", lambda: whole(group), PATIENCE, 0.05)
    slug = f"round-{n}"
    server.create(slug, page_groups(*LIMITS) if n % 2 else redirect_groups(*LIMITS), strategy=rng.choice(["fill", "even", "random"]))
    crowd = Crowd(slug, confirm=n % 2 == 1, rough=True)
    storm = Visits(server.public, crowd.visits(), at_once=16, seconds=3).start()
    goal = rng.randrange(1, 300)
    wait_for("the storm", lambda: crowd.seats() >= goal, PATIENCE, 0.0005)
    old = master_of(group, slug)
    bring_back = fault(group, old)
    wait_for("another master", lambda: master_of(group, slug) not in (None, old), PATIENCE, 0.05)
    if isinstance(group, Sentinels):  # the replica that is left is enough; in a cluster, which has one each, it is not
        wait_for("health without the old one", server.recovered, PATIENCE)
    bring_back()
    served = len(crowd.log)
    wait_for("answers from it", lambda: len(crowd.log) > served + 5, PATIENCE)
    storm.stop()
    wait_for("replicas in sync", lambda: whole(group), PATIENCE, 0.05)
    wait_for("health", server.recovered, PATIENCE)
    return judge(server, slug, crowd)


def faults_of(rounds, rng):
    """As many of each when there are many rounds; else whichever."""
    return [FAULTS[n % len(FAULTS)] for n in range(rounds * len(FAULTS))] if rounds > 5 else [rng.choice(FAULTS) for _ in range(2)]


def storms(server, group, wait_replicas, rounds, rng, say):
    """Fails if a seat was lost or given beyond a limit; says how many of each, by fault."""
    results = {}
    for n, fault in enumerate(faults_of(rounds, rng)):
        results.setdefault(fault.__name__, []).append(one_round(server, group, fault, n, rng))
    for name, rows in results.items():
        answered, lost, over = (sum(column) for column in zip(*rows))
        say(f"wait_replicas {wait_replicas}, {name}: {len(rows)} failovers, {answered} seats answered, {lost} of them lost, {over} over a limit")
    assert all(row[1:] == (0, 0) for rows in results.values() for row in rows)
