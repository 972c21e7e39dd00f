"""Faults under load, behind sentinels and in a cluster: what is done to servers, and what visitors were told against
what is counted.

A fault is done to huoma's server and to the node that is the campaign's master, and gives back what undoes it.
"""

import contextlib

import redis as redis_client
from huoma import Crowd, Visits, check_campaign, page_groups, redirect_groups, wait_for
from redis_groups import MASTER, Sentinels

PATIENCE = 40
LIMITS = [60, 60, 20000]    # the last has room until the end: seats are taken in every moment of a failover
ROOM = 40                   # that is left to see whether a seat beyond a limit is given
AHEAD_BYTES = 4000          # of a master's writes, a few seats, that its replicas never see
COLUMNS = "seats answered", "lost", "given twice", "over a limit"


def kill(_, __, node):
    node.kill()
    return node.start


def cut_and_kill(group, node, also=()):
    """Killed, beside what else is, with seats that no replica has: these stand still from before their links are cut
    until it is dead."""
    def offset():
        return client.info("replication")["master_repl_offset"]

    client, replicas = node.client(), group.replicas_of(node)
    for replica in replicas:
        replica.stall()
    client.execute_command("CLIENT KILL TYPE replica")
    begun = offset()
    with contextlib.suppress(AssertionError):  # with wait_replicas huoma soon stops
        wait_for("more in the master", lambda: offset() > begun + AHEAD_BYTES, 0.6, 0.001)
    for program in (*also, node):
        program.kill()
    for replica in replicas:
        replica.go_on()


def kill_ahead(_, group, node):
    cut_and_kill(group, node)
    return node.start


def stall(_, __, node):
    node.stall()
    return node.go_on


def by_hand(_, group, node):
    ask = sentinels_by_hand if isinstance(group, Sentinels) else cluster_by_hand
    wait_for("a failover", lambda: ask(group, node), PATIENCE)
    return lambda: None


def full_disk(_, __, node):
    """The master ends by itself: it can't keep what it promised."""
    node.disk.fill()
    return node.mend


def kill_server(server, _, __):
    server.kill()
    return server.start


def kill_both(server, group, node):
    """With seats that nobody else knows of: the last of them are lost, unless they waited for a replica."""
    cut_and_kill(group, node, also=[server])

    def bring_back():
        node.start()
        server.start()
    return bring_back


def restart(_, group, __):
    """All of Redis ends at once, as when power is lost, and comes back."""
    for node in group.nodes:
        node.process.kill()
    for node in group.nodes:
        node.kill()

    def bring_back():
        for node in group.nodes:
            node.spawn(node.command)
        for node in group.nodes:
            node.mend()
    return bring_back


def cluster_by_hand(cluster, node):
    """A master does not listen to a replica that it does not know as its own yet, which may be a second after it began
    to copy. Asked again if it comes to nothing all the same: a replica gives up after five seconds."""
    replicas = cluster.replicas_of(node)
    if not replicas:
        return False
    replicas[0].client().execute_command("CLUSTER FAILOVER")
    try:
        return wait_for("another master", lambda: node.role() == "slave", 6)
    except AssertionError:
        return False


def sentinels_by_hand(sentinels, node):
    """Asked again while it comes to nothing: a sentinel looks at replicas once in a while, and gives one up after a
    second."""
    try:
        sentinels.sentinels[0].client().execute_command("SENTINEL", "FAILOVER", MASTER)
    except redis_client.ResponseError as e:
        assert "NOGOODSLAVE" in str(e) or "INPROG" in str(e), e
    try:
        return wait_for("another master", lambda: sentinels.master() not in (None, node), 5)
    except AssertionError:
        return False


FAULTS = [kill, kill_ahead, stall, by_hand, full_disk, kill_server, kill_both, restart]
ANOTHER_MASTER = {kill, kill_ahead, stall, by_hand, full_disk, kill_both}
SERVER_GONE = {kill_server, kill_both}


def may_lose(fault, wait_replicas):
    """Whoever knew of a seat is gone: the master, before it passed it on, and the server, which would have put it
    back."""
    return fault is kill_both and wait_replicas == 0


def shown(server, slug):
    answer = wait_for("the admin door",
                      lambda: (a := server.api("GET", f"/campaigns/{slug}", expect="any")).status == 200 and a,
                      PATIENCE)
    return answer.json()


def missing(shown_groups, seats, confirmed):
    """Of what visitors were told, by group, what is not counted."""
    return sum(max(0, seats[g["id"]] - g["used"]) + max(0, confirmed[g["id"]] - g["confirmed"])
               for g in shown_groups["groups"])


def judge(server, slug, crowd):
    """The COLUMNS: of the seats answered, these (or confirmations) that are not counted, those that two got, and those
    beyond a limit once all is full, which the last group is soon."""
    groups = shown(server, slug)
    check_campaign(groups)
    lost = missing(groups, crowd.groups, crowd.confirmed)
    last = groups["groups"][-1]
    last["limit"] = last["used"] + ROOM
    wait_for("the limit",
             lambda: server.api("PATCH", f"/campaigns/{slug}/groups/{last['id']}", {"limit": last["limit"]},
                                "any").status == 200,
             PATIENCE)
    rest = Crowd(slug, rough=True)
    Visits(server.public, rest.visits(sum(g["limit"] - g["used"] for g in groups["groups"]) + 20), at_once=16).run()
    twice = sum(n - 1 for n in (crowd.held + rest.held).values())
    over = sum(max(0, crowd.groups[g["id"]] + rest.groups[g["id"]] - g["limit"]) for g in groups["groups"])
    return crowd.seats(), lost, twice, over


def one_round(server, group, fault, slug, rng):
    wait_for("replicas in sync", group.whole, PATIENCE, 0.05)
    pages = rng.random() < 0.5
    server.create(slug, page_groups(*LIMITS) if pages else redirect_groups(*LIMITS),
                  strategy=rng.choice(["fill", "even", "random"]))
    crowd = Crowd(slug, confirm=pages, rough=True)
    storm = Visits(server.public, crowd.visits(), at_once=16, seconds=3)
    storm.targets = iter(lambda: server.public, None)  # another port after each start
    storm.start()
    goal = rng.randrange(1, 300)
    wait_for("the storm", lambda: storm.error or crowd.seats() >= goal, PATIENCE, 0.0005)
    old = wait_for("the master", lambda: group.of(slug), PATIENCE)
    bring_back = fault(server, group, old)
    if fault in ANOTHER_MASTER:
        wait_for("another master", lambda: group.of(slug) not in (None, old), PATIENCE, 0.05)
    if fault in ANOTHER_MASTER - SERVER_GONE and isinstance(group, Sentinels):
        # The replica that is left is enough; in a cluster, which has one each, it is not.
        wait_for("health without the old one", server.recovered, PATIENCE)
    bring_back()
    served = len(crowd.log)
    wait_for("answers from it", lambda: storm.error or len(crowd.log) > served + 5, PATIENCE)  # stop() raises it
    storm.stop()
    wait_for("replicas in sync", group.whole, PATIENCE, 0.05)
    wait_for("health", server.recovered, PATIENCE)
    return judge(server, slug, crowd)


def faults_of(group, rounds, rng):
    """As many of each when there are many rounds; else two of them."""
    faults = [f for f in FAULTS if f is not full_disk or group.nodes[0].disk]
    return faults * rounds if rounds > 5 else rng.sample(faults, 2)


def storms(server, group, wait_replicas, faults, rng, say):
    """Fails if a seat was lost or given beyond a limit; says how many of each, by fault."""
    results = {}
    try:
        for n, fault in enumerate(faults):
            results.setdefault(fault, []).append(one_round(server, group, fault, f"round-{n}", rng))
    finally:  # what was seen until then
        for fault, rows in results.items():
            sums = ", ".join(f"{sum(column)} {name}" for name, column in zip(COLUMNS, zip(*rows)))
            say(f"{type(group).__name__}, wait_replicas {wait_replicas}, {fault.__name__}: {len(rows)} rounds, {sums}")
    for fault, rows in results.items():
        assert may_lose(fault, wait_replicas) or all(row[1:] == (0, 0, 0) for row in rows), (fault.__name__, rows)
