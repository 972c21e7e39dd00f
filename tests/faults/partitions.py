"""Networks that are cut under load. Cut off from all others, one after the other, are

    a server           it has no Redis for its visitors
    a master           with that server, which goes on with it, and with one replica or none, while the others elect
    another one

Visitors come to a server on each side, and what all of them were told is held against what is counted in the end.
"""

import collections
import contextlib
import itertools
import time

from failover_storm import COLUMNS, PATIENCE, judge, missing, shown
from huoma import Crowd, Server, Visitor, Visits, page_groups, redirect_groups, wait_for
from redis_groups import Sentinels

RATE = 100                  # visitors a second who come to a server, so that there are seats left in the end
LIMITS = [60, 60, 20000]
LAG_SECONDS = 2             # min-replicas-max-lag


def paced(visits):
    due = time.monotonic()
    for visit in visits:
        due = max(due + 1 / RATE, time.monotonic())
        time.sleep(max(0, due - time.monotonic()))
        yield visit


class Side:
    """A server on one side of the cut, and its visitors."""

    def __init__(self, server, slug, confirm):
        self.server, self.crowd = server, Crowd(slug, confirm, rough=True)
        self.storm = Visits(server.public, paced(self.crowd.visits()), at_once=8).start()

    def told(self):
        """Seats and confirmations that visitors were told of."""
        return self.crowd.seats() + self.crowd.confirmed.total()

    def served(self):
        return len(self.crowd.log)

    def sent_away(self):
        """With the page that tries again."""
        return self.storm.answers[503]


def wait_for_more(counts, more=20):
    """Visitors, as each of these functions counts them."""
    goals = [count() + more for count in counts]
    wait_for("more visitors", lambda: all(count() >= goal for count, goal in zip(counts, goals)), PATIENCE)


class Setting:
    """How two servers, near whom is cut off and far from it, are set."""

    def __init__(self, group, name, wait_replicas, near, far, lag=0):
        self.group, self.name, self.wait_replicas, self.servers, self.lag = group, name, wait_replicas, (near, far), lag
        self.rows = collections.defaultdict(list)  # by how many replicas were cut off with their master

    def begin(self, master, n, rng):
        names = (f"cut-{n}-{self.wait_replicas}-{k}" for k in itertools.count())
        self.slug = next(name for name in names if self.group.of(name) is master)
        pages = rng.random() < 0.5
        groups = (page_groups if pages else redirect_groups)(*LIMITS)
        self.servers[1].create(self.slug, groups, strategy=rng.choice(["fill", "even", "random"]))
        self.near, self.far = self.sides = [Side(server, self.slug, pages) for server in self.servers]
        self.holder = Visitor(self.servers[0], self.slug)
        self.holder.scan()
        self.holder.scan_often()

    def not_counted(self):
        """What was told until now and is not counted."""
        seats, confirmed = collections.Counter(), collections.Counter()
        for side in self.sides:
            seats.update(side.crowd.groups.copy())
            confirmed.update(side.crowd.confirmed.copy())
        return missing(shown(self.servers[1], self.slug), seats, confirmed)

    def end(self):
        """Notes the COLUMNS of this round, and what visitors were told by the server beside the old master."""
        for side in self.sides:
            assert side.storm.stop().lost == 0, "visitors who were told nothing"
        wait_for("replicas in sync", self.group.whole, PATIENCE, 0.05)
        near, far = (server.groups(self.slug) for server in self.servers)
        assert near == far
        for g, side in itertools.product(far.values(), self.sides):
            assert g["used"] >= side.crowd.groups[g["id"]], f"the seats of one server are not counted: {g}"
        self.far.crowd += self.near.crowd
        self.rows[self.beside].append((*judge(self.servers[1], self.slug, self.far.crowd), self.by_old))

    def cut_with(self, followers, beside):
        """So many of the old master's replicas, out of so many: which of the sides are to give seats from now on."""
        self.told, self.beside = self.near.told(), beside
        replicas = max(self.wait_replicas, 1 if self.lag else 0)
        self.near_gives = isinstance(self.group, Sentinels) and beside >= replicas  # in a cluster a minority does not
        self.far_gives = followers - beside - 1 >= replicas

    def left_by_servers(self):
        """Seats and confirmations that were told of beside the old master."""
        self.by_old = self.near.told() - self.told


def cut_server_off(network, near, settings):
    """Seconds until all is well, once it is back."""
    network.cut([near])
    wait_for_more([s.near.sent_away for s in settings], 4)
    assert settings[-1].holder.scan().status in (200, 302), "who has a seat is still sent on"
    wait_for_more([s.far.served for s in settings])
    network.join()
    began = time.monotonic()
    for s in settings:
        wait_for("health", s.near.server.recovered, PATIENCE)
    seconds = time.monotonic() - began
    wait_for_more([s.near.served for s in settings])
    for s in settings:
        assert s.not_counted() == 0, "nothing is lost while Redis is whole"
    return seconds


def is_left(group, old, near):
    """By the servers there, as they hear of another master by themselves."""
    if isinstance(group, Sentinels):
        return not any(c["addr"].startswith(near.address + ":") for c in old.client().client_list())
    return old.role() == "slave"


def give_none(sides):
    told = [side.told() for side in sides]
    wait_for_more([side.sent_away for side in sides], 4)
    return told == [side.told() for side in sides]


def cut_master_off(group, network, near, old, settings, rng):
    """Seconds until its server is well with the new master."""
    followers = [n for n in group.nodes if n.client().info("replication").get("master_port") == old.port]
    beside = rng.sample(followers, rng.randrange(len(followers)))
    sentinels = rng.sample(group.sentinels, rng.randrange(2)) if isinstance(group, Sentinels) else []
    network.cut([near, *(n.at for n in (old, *beside, *sentinels))])
    for s in settings:
        s.cut_with(len(followers), len(beside))
    wait_for("another master", lambda: any(f.role() == "master" for f in followers if f not in beside), PATIENCE)
    wait_for_more([s.far.served for s in settings if s.far_gives] + [s.near.served for s in settings if s.near_gives])
    closed = [s.near for s in settings if not s.near_gives] + [s.far for s in settings if not s.far_gives]
    wait_for("the end of seats", lambda: give_none(closed), PATIENCE)
    network.join()
    began = time.monotonic()
    wait_for("the servers to leave the old master", lambda: is_left(group, old, near), PATIENCE)
    for s in settings:
        s.left_by_servers()
    wait_for("replicas in sync", group.whole, PATIENCE, 0.05)
    for s in settings:
        wait_for("health", s.near.server.recovered, PATIENCE)
    return time.monotonic() - began


def one_round(group, network, near, settings, n, rng):
    wait_for("replicas in sync", group.whole, PATIENCE, 0.05)
    for node in group.nodes:
        for name, value in (("to-write", 1 if settings[0].lag else 0), ("max-lag", settings[0].lag)):
            node.client().config_set("min-replicas-" + name, value)
    old = group.of("any")
    for s in settings:
        s.begin(old, n, rng)
    everybody = [side.served for s in settings for side in s.sides]
    wait_for_more(everybody)
    seconds = cut_server_off(network, near, settings), cut_master_off(group, network, near, old, settings, rng)
    for s in settings:
        wait_for("health", s.far.server.recovered, PATIENCE)
    wait_for_more(everybody)
    for s in settings:
        s.end()
    return seconds


def tell(settings, seconds, say):
    kind = type(settings[0].group).__name__
    for s in settings:
        for beside, rows in sorted(s.rows.items()):
            sums = ", ".join(f"{sum(column)} {name}" for name, column in zip((*COLUMNS, "told there"), zip(*rows)))
            say(f"{kind}, {s.name}, a master and {beside} of its replicas cut off: {len(rows)} rounds, {sums}")
    server, master = (max(column) for column in zip(*seconds))
    say(f"{kind}, a server cut off: {len(seconds)} rounds, 0 lost; well again {server:.1f} s after it at most, "
        f"{master:.1f} s after a master was")


def cut_under_load(group, network, rounds, each_round, rng, say):
    near, far = network.machine(), network.machine()
    with contextlib.ExitStack() as stack:
        def start(wait_replicas, at):
            return stack.enter_context(Server(redis=group, redis_url=group.url,
                                              flags=["--wait-replicas", wait_replicas], at=at))
        pairs = [[start(n, at) for at in (near, far)] for n in (0, 1)]
        waits = [Setting(group, f"wait_replicas {n}", n, *pairs[n]) for n in (0, 1)]
        seconds = [one_round(group, network, near, waits, n, rng) for n in each_round(range(max(1, rounds)))]
        tell(waits, seconds, say)
        if rounds and isinstance(group, Sentinels):  # a cluster's master ends by itself
            lagging = [Setting(group, f"wait_replicas 0 with min-replicas-max-lag {LAG_SECONDS}", 0, *pairs[0],
                               lag=LAG_SECONDS)]
            seconds = [one_round(group, network, near, lagging, f"lag-{n}", rng) for n in each_round()]
            tell(lagging, seconds, say)
            waits += lagging
    for s in waits:
        for _, *wrong, by_old in itertools.chain(*s.rows.values()):
            assert wrong[0] <= by_old, "more is lost than was told beside the old master"
            assert s.wait_replicas == 0 or wrong == [0, 0, 0], (s.name, s.rows)
