"""The ledger's scripts against a small model: random sequences of everything that can happen to a campaign.

The scripts run in a real redis-server, with one line changed: the clock is a key, so that time can be moved. After
every step what the ledger says must be what the model says, and no scan may have brought a group over its limit.
"""
import collections
import itertools
import math
import os
import pathlib
import random
import re
import subprocess
import tempfile
import time

import pytest
import redis

HOUR = "2026-11-23 14 400"       # of statistics, as callers tell it
SCRIPTS = pathlib.Path(__file__).parents[2] / "storage" / "scripts"
FILL, EVEN, RANDOM = 0, 1, 2
SEQUENCES = int(os.environ.get("HUOMA_MODEL_SEQUENCES", "700"))  # of each strategy
CROWDS = int(os.environ.get("HUOMA_CROWDS", "150"))
BACKS = int(os.environ.get("HUOMA_BACKS", "30"))
STEPS = 25
WAITING_MAX = 6
LONGEST = 300                     # seconds that a seat is held or promised at most
PACE_MAX, PACE_SECONDS = 10, 60   # seats that a group gives at once, and how long it rests
DEMOTED = 1e12                    # added to a suspect group's share, which then is no finer than a double of that size
TIRED = 1e4                       # places in the order that a seat more counts for


def script(name):
    own = (SCRIPTS / f"{name}.lua").read_text()
    needs = re.match(r"-- needs: (.*)", own)
    text = "".join((SCRIPTS / f"{part}.lua").read_text() for part in needs[1].split()) + own
    clock = "local clock = call('TIME')"
    assert text.count(clock) == 1
    return text.replace(clock, "local clock = {call('GET', 'clock'), tostring(math.random(999999))}")


@pytest.fixture(scope="module")
def db():
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/redis.sock"
        server = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--dir", folder],
                                  stdout=subprocess.DEVNULL)
        client = redis.Redis(unix_socket_path=path, decode_responses=True)
        deadline = time.time() + 10
        while True:
            try:
                client.ping()
                break
            except redis.ConnectionError:
                assert time.time() < deadline, "redis-server does not answer"
                time.sleep(0.01)
        yield client
        server.terminate()
        server.wait()


UNTOLD = [180, "", "", "", "", "", ""]  # no entry of the audit log


class Group:
    def __init__(self, name, rng, lanes):
        self.id = name
        self.limit = rng.choice([-1, 0, 1, 2, 3, 5, 8])
        self.weight = rng.randint(1, 5)
        self.on = rng.random() > 0.1
        self.expires = 0
        self.holds = rng.random() > 0.4
        self.lane = rng.choice(lanes)
        self.used = self.reports = self.over = 0
        self.members = None  # the last head count, and its moment
        self.points = {}     # by hour: moment, members, seats
        self.came = {}       # the ring of seats confirmed lately: slot % 180 -> [slot, how many]
        self.suspect = False
        self.times = []
        self.pace, self.paced_at = 0, 0  # seats it gave lately, and when that was reckoned


class Entry:
    """One who waits."""

    def __init__(self, name, number, lanes, sig):
        self.id, self.number, self.lanes, self.sig = name, number, lanes, sig
        self.state, self.seat = "w", None


class Model:
    """What a campaign's ledger should be, in the plainest words."""

    def __init__(self, strategy, hold):
        self.strategy, self.hold, self.now = strategy, hold, 1_000_000
        self.swept, self.late, self.told = 0, set(), set()
        self.seen, self.last_due, self.shift = 0, 0, 0  # of buckets made, for a clock that goes back
        self.groups, self.buckets = [], {}  # (id, name) -> [serials issued, confirmed, given back, due]
        self.entries, self.numbers, self.promise, self.sig = [], 0, 60, "0"
        self.confirmations = []
        self.follow = None  # since when seats follow head counts
        self.spread = 1
        self.on, self.begins, self.ends = True, 0, 0
        self.stats = collections.Counter()  # (kind, group), as :stats of the day has them; ("q", "") of no group

    def find(self, name):
        return next((g for g in self.groups if g.id == name), None)

    def running(self):
        return self.on and self.begins <= self.now and (not self.ends or self.now < self.ends)

    def room(self, g):
        if not g.on or (g.expires and self.now >= g.expires):
            return 0
        return 10**9 if g.limit < 0 else max(0, g.limit - g.used)

    def held(self, g):
        return sum(b[0] - len(b[1] | b[2]) for (name, _), b in self.buckets.items() if name == g.id)

    def confirmed(self, g, n=1):
        """Seats of the group were confirmed."""
        if self.follow is not None:
            self.confirmations += [(self.now, g.id)] * n
            slot = self.now // 10
            ring = g.came.get(slot % 180)
            g.came[slot % 180] = [slot, n + (ring[1] if ring and ring[0] == slot else 0)]

    def count(self, g, members, at):
        """A head count: 0, and seats follow; or why not."""
        told, at = at > 0, at or self.now
        if at > self.now + 60:
            return 4
        at = min(at, self.now)
        if g.members and at < g.members[1] <= self.now:
            return 2
        held, recent, seats = self.held(g), 0, g.used
        if self.follow is not None and told:
            if at < max(min(self.follow, self.now), self.now - 1790):
                return 3
            recent = sum(n for slot, n in g.came.values() if slot >= at // 10)
        g.over = 0
        if self.follow is not None:
            every = members + recent + held
            g.used = every if g.limit < 0 else max(held, min(every, g.limit))
            g.over = every - g.used
        g.members = (members, at)
        g.points = {h: p for h, p in g.points.items() if h > at // 3600 - 720}
        g.points[at // 3600] = (at, members, max(0, seats - held - recent))
        return 0

    def sweep(self):
        if self.now < self.seen:
            back, self.seen = self.seen - self.now, self.now
            self.last_due, self.shift = self.last_due - back, self.shift + back
            for b in self.buckets.values():
                b[3] = min(b[3], self.last_due)
        for name, due in [k for k, b in self.buckets.items() if b[3] <= self.now]:
            issued, confirmed, back, _ = self.buckets.pop((name, due))
            self.swept = max(self.swept, due)
            g = self.find(name)
            if g:
                g.used -= issued - len(confirmed | back)
                self.stats["b", name] += issued - len(confirmed | back)

    def order(self, avoid=(), lanes=None):
        """Groups with room, the next one first; for RANDOM in no order."""
        share = lambda g: g.used / (500 if g.limit < 0 else g.limit)
        key = {FILL: lambda i, g: (g.suspect, i), EVEN: lambda i, g: (g.suspect, share(g) + DEMOTED * g.suspect, i),
               RANDOM: lambda i, g: i}
        found = [(key[self.strategy](i, g), g) for i, g in enumerate(self.groups) if self.room(g) and g.id not in avoid
                 and (lanes is None or g.lane in lanes)]
        return [g for _, g in sorted(found, key=lambda pair: pair[0])]

    def tired(self, g):
        """How tired a group is of the seats that it gave lately; 0: it may give the next one."""
        pace = g.pace * math.exp(-abs(self.now - g.paced_at) / PACE_SECONDS)
        return pace if self.spread > 1 and pace + 1 > PACE_MAX else 0

    def next_of(self, lanes, avoid=()):
        """By FILL or EVEN, the group that gives the next seat; None: none is open."""
        heads = [[g for g in self.order(avoid, [lane])][:self.spread] for lane in lanes]
        heads = [g for g in self.order(avoid, lanes) if any(g in list for list in heads)]
        tired = lambda g: self.tired(g) and self.tired(g) * TIRED + self.groups.index(g)
        return min(heads, key=lambda g: (g.suspect, tired(g)), default=None)

    def paced(self, g, seats):
        """It gives so many seats more. Each is rounded when its call ends; what a call gives in between is not."""
        if self.spread > 1:
            g.pace = g.pace * math.exp(-abs(self.now - g.paced_at) / PACE_SECONDS) + seats
            g.paced_at = self.now

    def bite(self, g, left):
        """How many seats the group gives before others are looked at again."""
        if self.spread == 1:
            return left
        pace = g.pace * math.exp(-abs(self.now - g.paced_at) / PACE_SECONDS)
        return max(math.floor(PACE_MAX - pace), math.ceil(left / self.spread))

    def seats_of(self, lanes, n):
        """Seats of n visitors who come together, by FILL or EVEN."""
        seats = []
        while len(seats) < n:
            g = self.next_of(lanes)
            if not g:
                return seats + [None] * (n - len(seats))
            count = min(n - len(seats), self.room(g), self.bite(g, n - len(seats))) if self.strategy == FILL else 1
            seats += [self.seat(g) for _ in range(count)]
        return seats

    def rest(self):
        """A call ends: what it wrote down is rounded."""
        for g in self.groups:
            g.pace = float("%.3f" % g.pace)

    def seat(self, g):
        return self.seat_for(g, self.hold if g.holds else 0)

    def seat_for(self, g, hold, seats=1):
        """seats: 0 of one that was promised before."""
        self.paced(g, seats)
        g.used += 1
        self.stats["h" if hold else "d", g.id] += 1
        if not hold:
            self.confirmed(g)
            return (g.id, 0, 0)
        width = max(1, min(60, hold // 3))
        due = self.now - self.now % width + width + hold
        least = max(0, self.swept + 1 - due)
        self.shift = max(self.shift, least) if self.buckets else least
        name = due + self.shift
        if (g.id, name) not in self.buckets:
            self.seen, self.last_due = self.now, max(self.last_due, due)
        bucket = self.buckets.setdefault((g.id, name), [0, set(), set(), due])
        bucket[0] += 1
        assert bucket[3] >= self.now + hold, "a hold would go back before its time"
        return (g.id, name, bucket[0] - 1)

    def lanes_of(self, e):
        return e.lanes if e.sig == self.sig else [0]

    def let_in(self):
        """Those who wait, in their order, as far as there is room for them."""
        while self.promise and self.running():
            first = next(((e, g) for e in sorted(self.entries, key=lambda e: e.number) if e.state == "w"
                          for g in [self.next_of(self.lanes_of(e))] if g), None)
            if not first:
                return
            first[0].state, first[0].seat = "p", self.seat_for(first[1], self.promise)
            self.stats["q", ""] += 1

    def wait_again(self, e):
        self.give_back(e.seat)
        e.state, e.seat = "w", None

    def visit_list(self, action, name, e, lanes):
        """(state, position, due, serial, confirmed, how many before, promise missed), as wait.lua answers."""
        missed = False
        self.let_in()
        if e and action == "leave":
            if e.state == "p" and self.live(e.seat):
                self.give_back(e.seat)
            self.entries.remove(e)
            return (0, -1, 0, 0, 0, 0, 0)
        if e and e.state == "w":
            e.lanes, e.sig = lanes, self.sig
        elif e and e.state == "p" and not self.live(e.seat):
            missed = self.has_missed(e)
            self.wait_again(e)
        elif e and e.state == "i" and not self.live(e.seat):
            if action == "join":
                self.entries.remove(e)
            e = None
        if action == "join" and not e:
            if self.running() and self.order((), lanes):
                return (3, -1, 0, 0, 0, 0, 0)
            if len([o for o in self.entries if o.state == "w"]) >= (WAITING_MAX if self.promise else 0):
                return (4, -1, 0, 0, 0, 0, 0)
            self.numbers += 1
            e = Entry(name, self.numbers, lanes, self.sig)
            self.entries.append(e)
        if not e:
            return (0, -1, 0, 0, 0, 0, 0)
        self.let_in()
        if e.state == "w":
            return (1, -1, 0, 0, 0, len([o for o in self.entries if o.state == "w" and o.number < e.number]),
                    int(missed))
        if action == "come" and e.state == "p":
            self.come(e)
        bucket = self.buckets[e.seat[:2]]
        return (2, self.groups.index(self.find(e.seat[0])), e.seat[1], e.seat[2],
                int(e.seat[2] in bucket[1] | bucket[2]), 0, 0)

    def has_missed(self, e):
        return e.state == "p" and self.find(e.seat[0]) is not None and e.seat[:2] not in self.buckets

    def come(self, e):
        g, bucket = self.find(e.seat[0]), self.buckets[e.seat[:2]]
        bucket[1].add(e.seat[2])
        if g.holds:
            bucket[2].add(e.seat[2])
            g.used -= 1
            self.stats["b", g.id] += 1
            e.seat = self.seat_for(g, self.hold, 0)
        else:
            self.confirmed(g)
            self.stats["c", g.id] += 1
            self.stats["q", ""] -= 1
        e.state = "i"

    def live(self, seat):
        """Whether the seat that was promised is still there to be taken."""
        name, due, serial = seat
        g, bucket = self.find(name), self.buckets.get((name, due))
        closed = not g or not g.on or (g.expires and self.now >= g.expires)
        return not closed and bucket is not None and serial not in bucket[2]

    def give_back(self, seat):
        name, due, serial = seat
        g, bucket = self.find(name), self.buckets.get((name, due))
        if not g or not bucket or serial in bucket[2]:
            return
        if serial not in bucket[1] or g.used > self.held(g):
            g.used -= 1
            self.stats["b", name] += 1
        bucket[2].add(serial)


def together(visitors, seats):
    """Of visitors who ask alike those of a group are told together, the group of the first of them first."""
    told = []
    for _, run in itertools.groupby(zip(visitors, seats), lambda pair: pair[0]):
        groups = {}
        for _, seat in run:
            groups.setdefault(seat and seat[0], []).append(seat)
        told += itertools.chain(*groups.values())
    return told


class World:
    """The model and the ledger side by side."""

    def __init__(self, db, rng, strategy):
        self.db, self.rng = db, rng
        self.slug = f"c{rng.getrandbits(40)}"
        self.keys = [f"hm:{{{self.slug}}}{s}" for s in ("", ":seats", ":queue", ":due")]
        self.scripts = {n: db.register_script(script(n)) for n in
                        ("take_seats", "confirm_seat", "next_seat", "read_campaign", "save_campaigns",
                         "delete_campaign", "wait",
                         "list_waiting", "delete_waiting", "set_members", "put_back_seats")}
        self.scripts["list_members"] = db.register_script((SCRIPTS / "list_members.lua").read_text())
        self.model = Model(strategy, rng.choice([1, 10, 30, 180]))
        self.model.spread = rng.choice([1, 1, 2, 3, 20]) if strategy == FILL else 1
        self.lanes = rng.choice([[0], [0, 1], [0, 1, 2, 3]])
        self.version, self.made, self.seats, self.follow = 0, 0, [], rng.random() < 0.3
        self.clock_is_straight = True
        for _ in range(rng.randint(1, 5)):
            self.model.groups.append(self.new_group())
        self.save()

    def new_group(self):
        self.made += 1
        return Group(f"g{self.made}", self.rng, self.lanes)

    def visitor(self):
        """The lanes that fit a visitor: that of everybody, and some more."""
        return [0] + [lane for lane in self.lanes if lane and self.rng.random() < 0.5]

    def run(self, name, *args, extra_keys=()):
        self.db.set("clock", self.model.now)
        return self.scripts[name](keys=self.keys + list(extra_keys), args=[*args, HOUR])

    def save(self, heads=(), touched=""):
        m, own = self.model, self.rng.choice([0, self.model.hold])
        self.default_hold = 7 if own else m.hold  # the server's; a campaign's own counts more
        m.sweep()
        args = [self.version, "{}", "uid", m.strategy, int(m.on), m.begins, m.ends, own, self.slug, touched,
                len(self.lanes), m.sig, m.promise, int(self.follow), m.spread, len(m.groups)]
        for g in m.groups:
            args += [g.id, g.limit, g.weight, int(g.on), g.expires, int(g.holds), g.lane]
        args.append(len(heads))
        for name, confirmed in heads:
            args += [name, confirmed]
            g = m.find(name)
            g.used, g.over = confirmed + m.held(g), 0
        args += UNTOLD
        for g in m.groups if self.follow else []:
            more = 0 if m.follow is None else g.over if g.limit < 0 else max(0, min(g.over, g.limit - g.used))
            g.over = 0 if m.follow is None else g.over - more
            g.used += more
        m.follow = (m.now if m.follow is None else m.follow) if self.follow else None
        if touched:
            m.find(touched).suspect, m.find(touched).times = False, []
        self.db.set("clock", m.now)
        keys, before, behind = self.neighbours()
        reply = self.scripts["save_campaigns"](keys=keys,
                                               args=[self.rng.getrandbits(30), *before, *args, *behind, HOUR])
        self.version += 1
        self.check(reply[len(before) > 0])
        for side in [k for k in (keys[:4], keys[-6:-2]) if k != self.keys]:
            assert self.db.hmget(side[1], "v", "lanes", "u:g1", "hold") == ["1", "2", "3", "33"]
            self.db.delete(*side, side[2] + ":1")

    def neighbours(self):
        """Campaigns that are saved in the same moment, before and behind: nothing of them may show in this one."""
        records, keys = [[], []], [[], []]
        for side in (0, 1):
            if self.rng.random() < 0.3:
                self.made_beside = getattr(self, "made_beside", 0) + 1
                slug, lane = f"{self.slug}-{self.made_beside}", self.rng.choice([0, 1])
                records[side] = [0, "{}", "uid2", self.rng.choice([0, 1, 2]), 1, 0, 0, 33, slug, "", 2, "lanes", 0, 0,
                                 3, 1,
                                 "g1", self.rng.choice([-1, 0, 5]), 1, 1, 0, 1, lane, 1, "g1", 3, *UNTOLD]
                keys[side] = [f"hm:{{{slug}}}{s}" for s in ("", ":seats", ":queue", ":due")]
        return keys[0] + self.keys + keys[1] + ["hm:audit", "hm:changed"], *records

    def check(self, reply=None):
        """The ledger's own account of itself is the model's."""
        m = self.model
        if reply is None:
            m.sweep()
            reply = self.run("read_campaign")
        said = [tuple(map(int, reply[1 + 6 * i:7 + 6 * i])) for i in range(len(m.groups))]
        assert said == [(g.used, m.held(g), g.reports, int(g.suspect), *(g.members or (-1, 0))) for g in m.groups]
        assert all(g.used >= m.held(g) >= 0 for g in m.groups)
        assert all(b[3] <= m.now + 60 + LONGEST for b in m.buckets.values()), "a hold would outlast the longest one"

    def expect(self, reply, seats):
        """The reply's runs are these seats, in this order."""
        got = []
        for i in range(3, len(reply), 4):
            position, due, serial, count = map(int, reply[i:i + 4])
            got += [None] * count if position < 0 else [(self.model.groups[position].id, due, serial + n if due else 0)
                                                        for n in range(count)]
        assert int(reply[2]) == len([seat for seat in got if seat])
        assert got == seats
        self.seats += [seat for seat in got if seat]

    def follow_random(self, reply, visitors, avoid=()):
        """For RANDOM the model takes what the ledger chose, if it may be chosen."""
        seats = []
        if not self.model.running():
            return [None] * len(visitors)
        for i in range(3, len(reply), 4):
            for _ in range(int(reply[i + 3])):
                lanes = visitors[len(seats)]
                if int(reply[i]) < 0:
                    assert not self.model.order(avoid, lanes)
                    seats.append(None)
                    continue
                g = self.model.groups[int(reply[i])]
                assert self.model.room(g) > 0 and g.id not in avoid and g.lane in lanes
                others = [o for o in self.model.order(avoid, lanes) if not o.suspect]
                assert not g.suspect or not others
                seats.append(self.model.seat(g))
        return seats

    def next_of_all(self, lanes, avoid=()):
        """The seat of one visitor by FILL or EVEN, None if no group is open to them."""
        g = self.model.next_of(lanes, avoid)
        return self.model.seat(g) if g else None

    def check_stats(self):
        """What was counted of the day is what happened."""
        key = f"{self.keys[0]}:stats:{HOUR[:10]}"
        said = {field: int(n) for field, n in self.db.hgetall(key).items() if n != "0"}
        assert not said or 0 < self.db.ttl(key) <= int(HOUR[14:]) * 86400
        names = {kind: f"{kind}{HOUR[11:13]}" for kind in "hdcbxq"}
        want = {names[kind] + (f":{name}" if name else ""): n for (kind, name), n in self.model.stats.items() if n}
        assert said == want, "of statistics"

    def known(self):
        return f"uid:{self.version}"

    def visit_list(self, action):
        """One who waits, or has never been seen, joins, looks, comes or leaves."""
        m, rng = self.model, self.rng
        m.sweep()
        e = rng.choice(m.entries) if m.entries and (action != "join" or rng.random() < 0.2) else None
        name, lanes = e.id if e else f"v{rng.getrandbits(40)}", self.visitor()
        reply = self.run("wait", self.known(), action, name, rng.getrandbits(30), ",".join(map(str, lanes)),
                         self.default_hold, "",
                         "Anna Li", WAITING_MAX)
        got = tuple(map(int, reply[2:]))
        assert got == m.visit_list(action, name, e, lanes)
        if action == "come" and got[0] == 2:
            self.seats.append((m.groups[got[1]].id, got[2], got[3]))

    def delete_waiting(self):
        m = self.model
        m.sweep()
        m.let_in()
        e = self.rng.choice(m.entries) if m.entries else None
        if not e:
            return
        assert int(self.run("delete_waiting", e.number, 1, *UNTOLD, extra_keys=["hm:audit"])) == len(m.entries) - 1
        if e.state == "p":
            m.give_back(e.seat)
        m.entries.remove(e)

    def list_waiting(self):
        m = self.model
        m.sweep()
        m.let_in()
        reply = self.run("list_waiting", 0, 1000)
        waiting = [e.number for e in m.entries if e.state == "w"]
        assert [int(reply[0]), int(reply[1])] == [len(m.entries), len(waiting) if m.promise else 0]
        rows = [(int(reply[i]), reply[i + 2], reply[i + 3], int(reply[i + 7])) for i in range(2, len(reply), 8)]
        state = lambda e: "l" if m.has_missed(e) else e.state
        assert [int(reply[i + 4]) for i in range(2, len(reply), 8) if reply[i + 2] == "p"
                and reply[i + 3] in [g.id for g in m.groups]] == \
            [m.buckets[e.seat[:2]][3] for e in sorted(m.entries, key=lambda e: e.number)
             if e.state == "p" and e.seat[:2] in m.buckets]
        assert rows == [(e.number, state(e), e.seat[0] if e.seat else "",
                         len([n for n in waiting if n < e.number]) if e.state == "w" else 0)
                        for e in sorted(m.entries, key=lambda e: e.number)]

    def take(self, n, prefer=None):
        m = self.model
        m.sweep()
        m.let_in()
        running = m.running()
        visitors = []
        while len(visitors) < n:
            visitors += [self.visitor()] * self.rng.randint(1, n - len(visitors))
        asks = [arg for lanes, run in itertools.groupby(visitors)
                for arg in (",".join(map(str, lanes)) if self.rng.random() < 0.9 or lanes != [0] else "", "",
                            len(list(run)))]
        reply = self.run("take_seats", self.known(), prefer or "", self.rng.getrandbits(30), self.default_hold, *asks)
        if m.strategy == RANDOM:
            seats = self.follow_random(reply, visitors)
        else:
            g = m.find(prefer) if prefer and running else None
            seats = [m.seat(g)] if g and m.room(g) and g.lane in visitors[0] else []
            for lanes, run in itertools.groupby(visitors[len(seats):]):
                count = len(list(run))
                seats += m.seats_of(lanes, count) if running else [None] * count
            seats = together(visitors, seats)
        assert len(seats) == n
        self.expect(reply, seats)

    def confirm(self):
        m = self.model
        if not self.seats:
            return
        name, due, serial = self.rng.choice(self.seats)
        if not due:
            return
        kept = min(1, int(self.run("confirm_seat", name, due, serial)))  # 2: it was confirmed before
        bucket = m.buckets.get((name, due))
        if bucket:
            want = serial not in bucket[2]
            if want:
                if serial not in bucket[1]:
                    m.confirmed(m.find(name))
                    m.stats["c", name] += 1
                bucket[1].add(serial)
        else:
            m.sweep()
            g = m.find(name)
            want = bool(g and m.room(g)) and m.running() and not (m.promise and any(e.state == "w" for e in m.entries))
            if (name, due, serial) in m.late:
                want = True
            elif want:
                g.used += 1
                m.confirmed(g)
                m.stats["d", name] += 1
                m.stats["q", ""] += 1
                m.late.add((name, due, serial))
        assert kept == int(want)
        return name, due, serial

    def next(self):
        m = self.model
        if not self.seats:
            return
        name, due, serial = self.rng.choice(self.seats)
        avoid = {name} | set(self.rng.sample([g.id for g in m.groups], self.rng.randint(0, min(2, len(m.groups)))))
        m.sweep()
        m.let_in()
        lanes = self.visitor()
        reply = self.run("next_seat", self.known(), name, due, serial, self.rng.getrandbits(30), self.default_hold,
                         ",".join(map(str, lanes)), *(avoid - {name}))
        seats = self.follow_random(reply, [lanes],
                                   avoid) if m.strategy == RANDOM else [m.running() and self.next_of_all(lanes, avoid)
                                                                        or None]
        g, bucket = m.find(name), m.buckets.get((name, due))
        if g and m.running():
            if not bucket or (name, due, serial) not in m.told:
                g.reports += 1
                m.stats["x", name] += 1
                if bucket:
                    m.told.add((name, due, serial))
                    g.times = [m.now] + [t for t in g.times if abs(m.now - t) < 600][:2]
                    g.suspect = g.suspect or len(g.times) == 3
            if bucket and seats[0]:
                m.give_back((name, due, serial))
        self.expect(reply, seats)

    def adjust(self):
        m, rng = self.model, self.rng
        what = rng.choice(["limit", "on", "expires", "order", "heads", "add", "remove", "touch", "conditions",
                           "promise", "follow", "spread", "run"])
        g = rng.choice(m.groups) if m.groups else None
        heads, touched = (), ""
        if g and what == "limit":
            g.limit = rng.choice([-1, 0, 1, 3, 6, 10])
        elif g and what == "on":
            g.on = not g.on
        elif g and what == "expires":
            g.expires = rng.choice([0, m.now - 5, m.now, m.now + 1, m.now + 60])
        elif what == "order":
            rng.shuffle(m.groups)
        elif g and what == "heads":
            heads = [(g.id, rng.randint(0, 8))]
        elif what == "add" and len(m.groups) < 7:
            m.groups.append(self.new_group())
        elif g and what == "remove":
            m.sweep()
            m.groups.remove(g)
            m.buckets = {k: b for k, b in m.buckets.items() if k[0] != g.id}
        elif g and what == "touch":
            touched = g.id
        elif what == "conditions" and m.strategy != RANDOM:
            m.sig = str(rng.randint(0, 3))
        elif what == "promise":
            m.promise = rng.choice([0, 60, 60, LONGEST])
        elif what == "follow":
            self.follow = not self.follow
        elif what == "run":
            m.on, m.begins, m.ends = rng.choice([(False, 0, 0), (True, m.now + 1, 0), (True, m.now, 0),
                                                 (True, 0, m.now), (True, 0, m.now + 20)])
        elif what == "spread" and m.strategy == FILL:
            m.spread = rng.choice([1, 2, 3, 20])
        self.save(heads, touched)

    def count(self):
        """Somebody counts heads, now or some time ago; whoever confirmed a seat since keeps it."""
        m, rng = self.model, self.rng
        g = rng.choice(m.groups) if m.groups else None
        if not g:
            return
        m.sweep()
        members, at = rng.randint(0, 8), rng.choice([0, 0, m.now, m.now - rng.randint(0, 90), m.now - 1800, m.now + 90])
        since = sum(1 for moment, name in m.confirmations if name == g.id and at and moment >= at)
        told = m.count(g, members, at)
        reply = self.run("set_members", g.id, members, at, "bot 1", *UNTOLD, extra_keys=["hm:audit"])
        assert int(reply[0]) == told
        if told:
            return
        self.check(reply[2])
        if m.follow is not None and self.clock_is_straight:
            assert g.used >= min(members + since + m.held(g), 10**9 if g.limit < 0 else max(g.limit, m.held(g)))
        elif m.follow is not None:
            assert g.limit < 0 or g.used <= max(g.limit, m.held(g))
        self.db.set("clock", m.now)
        rows = self.scripts["list_members"](keys=[self.keys[1], f"{self.keys[0]}:members:{g.id}"], args=[g.id])
        assert rows == ["%d %d %d bot 1" % (*g.members, g.over), *("%d %d %d" % g.points[h] for h in sorted(g.points))]

    def step(self):
        rng = self.rng
        before = {g.id: g.used for g in self.model.groups}
        what = rng.choices(["take", "prefer", "confirm", "next", "adjust", "time", "back", "wait", "count"],
                           [6, 1, 5, 3, 3, 4, 0.5, 6, 2])[0]
        if what == "take":
            self.take(rng.choice([1, 1, 2, 5, 12]))
        elif what == "prefer" and self.model.strategy != RANDOM:
            self.take(1, rng.choice([f"g{i}" for i in range(1, self.made + 1)]))
        elif what == "confirm":
            self.confirm()
        elif what == "next":
            self.next()
        elif what == "adjust":
            self.adjust()
        elif what == "time":
            self.model.now += rng.choice([0, 1, 3, 20, 100, 400, 1800])
        elif what == "wait" and self.model.strategy != RANDOM:
            rng.choice([lambda: self.visit_list("join"), lambda: self.visit_list("join"),
                        lambda: self.visit_list("look"),
                        lambda: self.visit_list("come"), lambda: self.visit_list("come"),
                        lambda: self.visit_list("leave"),
                        self.list_waiting, self.delete_waiting])()
        elif what == "count":
            self.count()
        elif what == "back":
            self.clock_is_straight = False
            self.model.now -= rng.choice([1, 30, 3600])
        self.model.rest()
        if what not in ("adjust", "count"):
            for g in self.model.groups:
                assert g.limit < 0 or g.used <= max(g.limit, before[g.id]), f"{g.id} is over its limit by a scan"
        self.check()


@pytest.mark.parametrize("strategy", [FILL, EVEN, RANDOM], ids=["fill", "even", "random"])
def test_ledger_is_what_the_model_says(db, strategy):
    seed = int(os.environ.get("HUOMA_SEED", random.SystemRandom().getrandbits(32)))
    print("seed", seed)
    for n in range(SEQUENCES):
        world = World(db, random.Random(f"{seed}-{strategy}-{n}"), strategy)
        for step in range(STEPS):
            try:
                world.step()
                if step == STEPS - 1:
                    world.check_stats()
            except AssertionError as e:
                raise AssertionError(f"HUOMA_SEED={seed}, sequence {n}, step {step}: {e}") from e
        assert world.run("delete_campaign", 0, world.slug, *UNTOLD, extra_keys=["hm:changed", "hm:audit"]) == 1
    assert [k for k in db.keys("hm:*") if db.ttl(k) < 0] == []
    assert [k for k in db.keys("hm:*") if ":late:" not in k and ":came:" not in k] == []


class Memory:
    """What a worker has told people, as storage/seats_memory.h keeps it."""

    def __init__(self):
        self.counts, self.confirmed = {}, {}

    def told(self, world, name, due, serial):
        self.counts[name, due] = max(self.counts.get((name, due), 0),
                                     serial + 1 if due else world.model.find(name).used)

    def tell(self, world, uid="uid", version=None):
        """Puts it back; [seats, confirmations] of each entry."""
        bits = lambda key: sum(128 >> serial % 8 << 8 * (24 - serial // 8)
                               for serial in self.confirmed.get(key, ())).to_bytes(25, "big")
        return [world.run("put_back_seats", uid, version or world.version, name, due, count,
                          bits((name, due)) if due else "")
                for (name, due), count in self.counts.items()]


def keep_store(db, world, restore=False):
    """Keeps what the store has of the campaign, as a replica that will lag; or goes back to that."""
    copy, own = f"kept:{world.slug}:", f"hm:{{{world.slug}}}*"
    for key in db.keys(own if restore else copy + "*"):
        db.delete(key)
    for key in db.keys(copy + "*" if restore else own):
        db.rename(key, key.removeprefix(copy)) if restore else db.copy(key, copy + key)


def test_what_two_workers_remember_is_put_back_once_and_all_of_it(db):
    """The store forgets what it did since some moment; then it is what it was, whoever tells, and however often."""
    rng = crowd_seed("put back")
    for strategy in [FILL, EVEN, RANDOM] * BACKS:
        world, workers = World(db, rng, strategy), [Memory(), Memory()]
        m, world.lanes, world.follow, world.model.promise, world.model.spread = world.model, [0], False, 0, 1
        m.groups = [world.new_group() for _ in range(4)]
        for g in m.groups:
            g.limit, g.on, g.lane, g.expires = rng.choice([-1, 3, 30]), True, 0, 0
        world.save()
        kept, steps = rng.randint(0, 11), 12
        for step in range(steps):
            if step == kept:
                keep_store(db, world)
            if rng.random() < 0.6:
                before, worker = len(world.seats), rng.choice(workers)
                world.take(rng.choice([1, 2, 5, 40]))
                for seat in world.seats[before:]:
                    worker.told(world, *seat)
            elif world.seats:
                name, due, serial = world.confirm() or ("", 0, 0)
                if due:
                    for worker in rng.choice([workers, workers[:1]]):
                        worker.told(world, name, due, serial)
                        worker.confirmed.setdefault((name, due), set()).add(serial)
            m.now += rng.choice([0, 0, 0, 1]) if m.hold > 20 else 0
        keep_store(db, world, restore=True)
        m.now += rng.choice([0, 0, 1000])  # what is due meanwhile waits for all who tell of it
        assert workers[0].tell(world, uid="another") == [[0, 0]] * len(workers[0].counts)
        for worker in rng.sample(workers, 2) + [rng.choice(workers)]:
            last = worker.tell(world)
        assert last == [[0, 0]] * len(last), "once is as good as twice"
        world.check()
        world.check_stats()
        assert not db.exists(world.keys[0] + ":mine")
        world.take(5)
        assert all(w.tell(world) == [[0, 0]] * len(w.counts) for w in workers), "what is over is not told again"


@pytest.mark.parametrize("known", [False, True], ids=["not known to the store", "known to the store"])
def test_what_is_put_back_after_the_clock_went_back_ends_when_it_was_to(db, known):
    world, _ = crowd(db, 1, 2)
    m, told = world.model, Memory()
    m.hold = 180
    for g in m.groups:
        g.holds = True
    world.save()
    world.take(1)
    if known:
        m.now -= 3600
        world.take(1)
    keep_store(db, world)
    m.now -= 0 if known else 3600
    before = len(world.seats)
    m.now += 60
    world.take(3)
    for seat in world.seats[before:]:
        told.told(world, *seat)
    due = db.zrange(world.keys[3], 0, -1, withscores=True)
    assert m.shift >= 3540 and all(score <= m.now + 240 for _, score in due)
    keep_store(db, world, restore=True)
    assert told.tell(world) == [[3, 0]]
    world.check()
    assert db.zrange(world.keys[3], 0, -1, withscores=True) == due
    m.now += 240
    world.check()
    assert m.groups[0].used == 0 and db.hget(world.keys[1], "due") is None


def test_when_no_seat_is_held_names_are_times_again(db):
    world, _ = crowd(db, 1, 2)
    m = world.model
    for g in m.groups:
        g.holds = True
    world.save()
    world.take(1)
    m.now -= 3600
    world.take(1)
    assert m.shift == 3600
    m.groups, m.buckets = m.groups[1:], {}
    world.save()
    assert db.hget(world.keys[1], "due") is None
    world.take(1)
    assert m.shift == 0


def test_who_missed_a_promise_is_told_so_when_the_clock_went_back_since(db):
    world, _ = crowd(db, 1, 1)
    m = world.model
    m.groups[0].limit, m.groups[0].holds, m.hold, m.promise = 0, True, 10, 60
    world.save()
    world.visit_list("join")
    m.groups[0].limit = 1
    m.now += 3600
    world.save()
    world.list_waiting()
    m.now -= 3540
    world.list_waiting()
    m.now += 120
    world.list_waiting()
    m.groups[0].limit = 2
    world.save()
    world.take(2)
    assert m.has_missed(m.entries[0]) and m.now + m.shift < m.entries[0].seat[1], "names are no times"
    world.list_waiting()
    reply = world.run("wait", world.known(), "look", m.entries[0].id, 1, "0", 7, "", "Anna Li", WAITING_MAX)
    assert int(reply[-1]) == 1


def test_a_seat_of_half_an_hour_ago_does_not_come_on_top_of_a_head_count(db):
    world, _ = crowd(db, 1, 1)
    m, world.follow = world.model, True
    world.save()
    world.take(1)
    m.now += 1800
    world.take(1)
    reply = world.run("set_members", m.groups[0].id, 1, m.now, "bot", *UNTOLD, extra_keys=["hm:audit"])
    assert reply[0] == 0 and reply[2][1] == 2


def test_what_an_admin_counted_since_is_not_put_back(db):
    world, used = crowd(db, 1, 1)
    world.take(5)
    told = Memory()
    told.told(world, *world.seats[-1])
    told_at = world.version
    world.save([(world.model.groups[0].id, 2)])
    assert told.tell(world, version=told_at) == [[0, 0]] and told.tell(world) == [[3, 0]]


@pytest.mark.parametrize("holds", [False, True], ids=["direct", "confirmed"])
def test_a_head_count_of_before_frees_no_seat_that_was_put_back(db, holds):
    world, _ = crowd(db, 1, 1)
    m, world.follow = world.model, True
    m.groups[0].holds, m.hold = holds, 180
    world.save()
    m.now += 100
    keep_store(db, world)
    world.take(3)
    told = Memory()
    for name, due, serial in world.seats:
        told.told(world, name, due, serial)
        told.confirmed.setdefault((name, due), set()).add(serial)
    keep_store(db, world, restore=True)
    assert told.tell(world) == [[3, 3 if holds else 0]]
    reply = world.run("set_members", m.groups[0].id, 0, m.now - 10, "bot", *UNTOLD, extra_keys=["hm:audit"])
    assert reply[0] == 0 and reply[2][1] == 3


def test_random_follows_the_weights(db):
    """Chi-square with fixed weights; the bound is passed by chance once in ten thousand runs."""
    rng = random.Random(7)
    world = World(db, rng, RANDOM)
    world.lanes = [0]
    world.model.groups = [world.new_group() for _ in range(4)]
    for g, weight in zip(world.model.groups, (1, 2, 3, 4)):
        g.limit, g.weight, g.on, g.holds = -1, weight, True, False
    world.save()
    for _ in range(200):
        world.take(50)
    total = sum(g.used for g in world.model.groups)
    chi = sum((g.used - total * g.weight / 10) ** 2 / (total * g.weight / 10) for g in world.model.groups)
    assert total == 10000 and chi < 21.1


def test_random_follows_the_weights_across_lanes(db):
    """Visitors of one lane and of both, mixed: each kind is spread by the weights of the groups that are for it."""
    rng = random.Random(11)
    world = World(db, rng, RANDOM)
    world.lanes = [0, 1]
    world.model.groups = [world.new_group() for _ in range(4)]
    for g, weight, lane in zip(world.model.groups, (1, 2, 3, 4), (0, 0, 1, 1)):
        g.limit, g.weight, g.on, g.holds, g.lane = -1, weight, True, False, lane
    world.save()
    seats = {"0": [0] * 4, "0,1": [0] * 4}
    for _ in range(8000):
        lanes = rng.choice(["0", "0", "0", "0,1"])
        reply = world.run("take_seats", world.known(), "", rng.getrandbits(30), 180, lanes, "", 1)
        seats[lanes][int(reply[3])] += 1
    for lanes, weights in (("0", (1, 2, 0, 0)), ("0,1", (1, 2, 3, 4))):
        total = sum(seats[lanes])
        want = [total * w / sum(weights) for w in weights]
        assert all(n == 0 for n, w in zip(seats[lanes], want) if w == 0)
        assert sum((n - w) ** 2 / w for n, w in zip(seats[lanes], want) if w) < 21.1, seats


def test_lanes_of_an_older_definition_are_asked_for_again(db):
    rng = random.Random(3)
    world = World(db, rng, FILL)
    world.lanes = [0, 1]
    world.model.groups = [world.new_group()]
    world.save()
    reply = world.run("take_seats", "uid:1", "", 1, 180, "0,1", "", 1)
    assert [int(reply[0]), reply[1], int(reply[2])] == [world.version, "{}", -1] and len(reply) == 3
    assert world.run("next_seat", "uid:1", "g1", 0, 0, 1, 180, "0,1") == reply


def crowd(db, spread, groups, limit=-1):
    """A campaign that fills open groups in order, and how many seats each has given."""
    db.flushdb()
    world = World(db, random.Random(5), FILL)
    world.lanes, world.model.promise, world.model.spread = [0], 0, spread
    world.model.groups = [world.new_group() for _ in range(groups)]
    for g in world.model.groups:
        g.limit, g.on, g.lane, g.holds = limit, True, 0, False
    world.save()
    return world, lambda: [g.used for g in world.model.groups]


def test_fast_scans_are_spread_over_the_first_open_groups_and_no_further(db):
    world, used = crowd(db, 3, 5)
    world.take(1)
    assert used() == [1, 0, 0, 0, 0]
    for _ in range(29):
        world.take(1)
    assert used() == [10, 10, 10, 0, 0]
    for _ in range(30):
        world.take(1)
    assert used() == [20, 20, 20, 0, 0]


def test_a_crowd_in_one_call_is_spread_as_evenly(db):
    world, used = crowd(db, 3, 5)
    world.take(300)
    assert sum(used()) == 300 and all(80 <= n <= 120 for n in used()[:3])


def test_a_clock_that_goes_back_opens_again_what_had_expired(db):
    world, used = crowd(db, 1, 2)
    world.model.groups[0].expires = world.model.now + 10
    world.save()
    for later in (9, 1, -1, 1):
        world.model.now += later
        world.take(1)
    assert used() == [2, 2]


def test_a_confirmed_seat_that_a_head_count_left_out_does_not_go_back(db):
    world, used = crowd(db, 1, 4)
    world.model.groups[0].holds = True
    world.save()
    world.take(2)
    confirmed = world.seats[:1]
    for step in (world.confirm, lambda: world.save([(confirmed[0][0], 0)]), world.next):
        world.seats = list(confirmed)
        step()
    assert used()[0] == 1, "that of who holds the other seat"
    world.check()


@pytest.mark.parametrize("apart, suspect", [(299, True), (300, False)])
def test_three_reports_within_ten_minutes_make_a_group_suspect(db, apart, suspect):
    world, _ = crowd(db, 1, 4)
    for g in world.model.groups:
        g.holds = True
    world.save()
    for _ in range(3):
        world.seats = []
        world.take(1)
        world.next()
        world.check()
        world.model.now += apart
    assert world.model.groups[0].suspect == suspect


def test_when_the_crowd_is_gone_groups_are_filled_in_order_again(db):
    world, used = crowd(db, 3, 5)
    world.take(60)
    world.model.now += 600
    before = used()
    for _ in range(30):
        world.take(1)
        world.model.now += 10
    assert [a - b for a, b in zip(used(), before)] == [30, 0, 0, 0, 0]


def test_no_group_gives_more_than_twenty_seats_a_minute_while_others_may(db):
    world, used = crowd(db, 4, 5)
    given = []
    for _ in range(240):
        before = used()
        world.take(1)
        given.append((world.model.now, [a - b for a, b in zip(used(), before)].index(1)))
        world.model.now += 2
    for now, _ in given:
        for group in range(5):
            assert sum(1 for at, g in given if g == group and now <= at < now + 60) <= 20
    assert used()[4] == 0


def test_spreading_stops_at_no_limit_and_leaves_nobody_out(db):
    world, used = crowd(db, 20, 4, limit=7)
    world.take(40)
    assert used() == [7, 7, 7, 7]


def test_a_suspect_group_stays_the_last_however_tired_the_others_are(db):
    world, used = crowd(db, 3, 3)
    world.model.groups[1].suspect = True
    db.hset(world.keys[1], "s:" + world.model.groups[1].id, world.model.now)
    world.save()
    for _ in range(50):
        world.take(1)
    assert used() == [25, 0, 25]


# --- crowds: many seats in one call ---


def crowd_seed(name):
    seed = int(os.environ.get("HUOMA_SEED", random.SystemRandom().getrandbits(32)))
    print("seed", seed)
    return random.Random(f"{seed}-{name}")


def test_a_crowd_gets_what_its_visitors_would_one_after_another(db):
    """EVEN: crowds of any size, in campaigns of any shape; the model gives each seat by itself."""
    rng = crowd_seed("crowds")
    for _ in range(CROWDS):
        world = World(db, rng, EVEN)
        m, unlimited = world.model, rng.random() < 0.3
        m.promise = 0
        m.groups = [world.new_group() for _ in range(rng.randint(1, 25))]
        for g in m.groups:
            g.limit = -1 if unlimited and rng.random() < 0.5 else rng.choice([1, 3, 40, rng.randint(1, 500), 1000])
            g.suspect = rng.random() < rng.choice([0, 0.1, 0.9])
            if g.suspect:
                db.hset(world.keys[1], "s:" + g.id, m.now)
        world.save([(g.id, rng.randint(0, max(g.limit, 20))) for g in m.groups])
        for n in (rng.randint(1, 400), rng.choice([31, 32, 33, 64])):
            world.take(n)
        world.check()


def spread_of_calls(db, weights, limits, n, calls):
    """Of each call for n seats of a new RANDOM campaign: how many each group gave."""
    rng = crowd_seed(f"spread {weights}")
    world = World(db, rng, RANDOM)
    world.lanes, world.model.promise = [0], 0
    world.model.groups = [world.new_group() for _ in weights]
    for g, weight, limit in zip(world.model.groups, weights, limits):
        g.limit, g.weight, g.on, g.holds, g.lane = limit, weight, True, False, 0
    for _ in range(calls):
        world.save([(g.id, 0) for g in world.model.groups])
        world.take(n)
        yield [g.used for g in world.model.groups]


def test_each_crowd_of_random_is_drawn_by_weight(db):
    """The sum of all calls' chi-squares: too great, and they do not follow the weights; too small, and they are not
    drawn."""
    weights, n, calls = (1, 2, 3, 4, 30), 400, 300
    all_chi = 0
    for used in spread_of_calls(db, weights, [-1] * 5, n, calls):
        all_chi += sum((u - n * w / 40) ** 2 / (n * w / 40) for u, w in zip(used, weights))
    degrees = calls * (len(weights) - 1)
    assert abs(all_chi - degrees) < 5 * math.sqrt(2 * degrees), f"chi-square {all_chi:.0f} of {degrees} degrees"


def test_a_crowd_that_fills_groups_is_drawn_as_one_by_one(db):
    """Where groups fill up on the way, the others' shares depend on when: mean and spread are those of single draws."""
    weights, limits, n, calls = (20, 6, 3, 1), (100, -1, -1, 6), 150, 400

    def one_by_one(rng):
        used = [0] * 4
        for _ in range(n):
            open_ = [i for i in range(4) if limits[i] < 0 or used[i] < limits[i]]
            used[rng.choices(open_, [weights[i] for i in open_])[0]] += 1
        return used
    rng = crowd_seed("reference")
    want = [one_by_one(rng) for _ in range(3000)]
    got = list(spread_of_calls(db, weights, limits, n, calls))
    for i in range(4):
        means, spreads = zip(*[(sum(u[i] for u in rows) / len(rows), sum(u[i] ** 2 for u in rows) / len(rows))
                               for rows in (want, got)])
        variance = spreads[0] - means[0] ** 2
        assert abs(means[0] - means[1]) <= 5 * math.sqrt(variance / calls * 1.1) + 1e-9, (i, means)
        variance_got = spreads[1] - means[1] ** 2
        assert abs(variance - variance_got) <= variance * 6 * math.sqrt(3 / calls) + 1e-9, (i, variance, variance_got)


def test_a_crowd_of_random_lets_the_same_time_go_by_in_all_its_lanes(db):
    """Crowds for one lane and for both, in turn: each is drawn from its own groups by weight."""
    rng = crowd_seed("lanes")
    world = World(db, rng, RANDOM)
    world.lanes, world.model.promise = [0, 1], 0
    world.model.groups = [world.new_group() for _ in range(4)]
    for g, weight, lane in zip(world.model.groups, (1, 2, 3, 4), (0, 0, 1, 1)):
        g.limit, g.weight, g.on, g.holds, g.lane = -1, weight, True, False, lane
    world.save()
    seats = {"0": [0] * 4, "0,1": [0] * 4}
    for i in range(400):
        lanes = ("0", "0,1")[i % 2]
        reply = world.run("take_seats", world.known(), "", rng.getrandbits(30), 180, lanes, "", 100)
        for at in range(3, len(reply), 4):
            seats[lanes][int(reply[at])] += int(reply[at + 3])
    for lanes, weights in (("0", (1, 2, 0, 0)), ("0,1", (1, 2, 3, 4))):
        want = [20000 * w / sum(weights) for w in weights]
        assert all(n == 0 for n, w in zip(seats[lanes], want) if w == 0)
        assert sum((n - w) ** 2 / w for n, w in zip(seats[lanes], want) if w) < 30, seats


def test_a_queue_of_thousands_of_groups_is_taken_from_and_cleared(db):
    """As many groups as a campaign may have: crowds for many of them, and then all have expired."""
    world = World(db, crowd_seed("thousands"), EVEN)
    m, world.lanes, world.model.promise = world.model, [0], 0
    m.groups = [world.new_group() for _ in range(10000)]
    for g in m.groups:
        g.limit, g.on, g.holds, g.lane, g.expires = 3, True, False, 0, m.now + 10
    world.save()
    ask = lambda n: world.run("take_seats", world.known(), "", 1, 10, "0", "", n)
    assert [int(ask(2048)[2]) for _ in range(3)] == [2048] * 3
    m.now += 10
    assert ask(1)[2:4] == [0, -1] and db.zcard(world.keys[2]) == 0
