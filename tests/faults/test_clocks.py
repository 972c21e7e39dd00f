"""The clock on the wall jumps by an hour or a day, ahead and back: that of the server, of Redis, of both.

tests/lib/moved_clock.c is preloaded into both: their clocks are as far off as a file says that the test writes, and the
monotonic ones go on as they do when somebody sets a machine's clock. HUOMA_SEED runs a failure again.
"""

import collections
import datetime
import functools
import hashlib
import itertools
import json
import mmap
import os
import re
import struct
import tempfile

import pytest

import huoma
from huoma import (PHONE, Connection, Crowd, RedisServer, Server, Visitor, Visits, check_campaign, get, once,
                   page_groups, post, redirect_groups,
                   seat_of, seeded, wait_for)

LIBRARY = huoma.BINARY.with_name("moved_clock.so")
HOUR, DAY = 3600, 86400
JUMPS = [(who, jump) for who in ("Redis", "both", "server") for jump in (DAY, -DAY, HOUR, -HOUR)]
SHORT = [("Redis", DAY), ("both", -DAY), ("Redis", -HOUR), ("server", DAY)]
HOLD = 60               # seconds that a seat is held
LATEST = HOLD + 21      # and after which it has gone back: a bucket of holds is 20 s wide
GROUPS, SEATS = 3, 30   # of each campaign; seats of a group
PATIENCE = 20


class Clock:
    """A wall clock, and by how many seconds it is wrong."""

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile(prefix="huoma-clock-")
        self.file.truncate(mmap.PAGESIZE)
        self.map = mmap.mmap(self.file.fileno(), mmap.PAGESIZE)
        self.env = {"LD_PRELOAD": str(LIBRARY), "HUOMA_TEST_WALL": self.file.name}
        self.ahead = 0

    def move(self, seconds):
        self.ahead += seconds
        struct.pack_into("<q", self.map, 0, self.ahead)

    def close(self):
        self.map.close()
        self.file.close()


class ClockedRedis(RedisServer):
    """Redis by a clock of the test's."""

    def __init__(self, clock):
        self.clock = clock
        super().__init__()

    def spawn(self, command, env=None):
        super().spawn(command, {**os.environ, **self.clock.env})


class House:
    """A server and its Redis, each by a clock that can be moved."""

    def __init__(self, **options):
        self.of_server, self.of_redis = Clock(), Clock()
        env = {**self.of_server.env, "ASAN_OPTIONS": "abort_on_error=0:detect_leaks=1:verify_asan_link_order=0"}
        self.redis = ClockedRedis(self.of_redis)
        self.server = Server(workers=2, redis=self.redis, hold_seconds=HOLD, env=env, **options)
        self.client = self.server.redis_client()

    def move(self, who, seconds):
        for name, clock in (("server", self.of_server), ("Redis", self.of_redis)):
            if who in (name, "both"):
                clock.move(seconds)

    def __enter__(self):
        return self

    def __exit__(self, *why):
        try:
            self.server.__exit__(*why)
        finally:
            self.redis.close()
            self.of_server.close()
            self.of_redis.close()


@pytest.fixture(scope="module")
def house():
    with House(flags=["--trusted-proxies", "127.0.0.1/32"]) as h:
        yield h


class People(Crowd):
    """Of three visitors one confirms at once, one when the test says so, and one never."""

    def __init__(self, slug):
        super().__init__(slug)
        self.number, self.late, self.kept = itertools.count(), [], collections.Counter()
        self.moved_on = 0

    def visit(self):
        answer = yield get("/" + self.slug)
        assert answer.status == 200, answer
        self.groups[answer.group] += 1
        if answer.group == "none":
            return
        cookie = answer.cookie[0]
        state, group, due, serial = seat_of(cookie)
        assert state == "h" and group == answer.group
        self.held[group, due, serial] += 1
        kind = next(self.number) % 3
        if kind == 0:
            yield from self.come(cookie)
        elif kind == 1:
            self.late.append(cookie)

    def come(self, cookie):
        answer = yield post(f"/{self.slug}/seat", cookie)
        assert answer.status in (204, 409), answer
        if answer.status == 204:
            self.kept[seat_of(cookie)[1]] += 1
        else:
            self.moved_on += 1


def counted(client, slug):
    """Seats of the campaign in the statistics of all days, by kind: h held, d given, c confirmed, b gone back."""
    kinds = collections.Counter()
    for key in client.keys(f"hm:{{{slug}}}:stats:*"):
        for field, n in client.hgetall(key).items():
            if re.fullmatch(r"[hdcb]\d\d:.*", field):
                kinds[field[0]] += int(n)
    return kinds


def told(client, slug):
    """Seats of the campaign that workers have told of, on all days."""
    fields = [f for key in client.keys(f"hm:{{{slug}}}:visits:*") for f in client.hgetall(key).items()]
    return sum(int(counts.split()[6]) for field, counts in fields if re.fullmatch(r"h\d\d", field))


def check(house, people):
    """What is true of the campaign at every moment."""
    shown = check_campaign(house.server.show(people.slug))
    people.check_serials()
    for g in shown["groups"]:
        assert g["used"] <= SEATS, g
    return shown


def jump(house, slug, who, seconds):
    """Visitors come, the clocks jump and come back, and visitors go on coming. What became of them."""
    server, people = house.server, People(slug)
    server.create(slug, page_groups(*[SEATS] * GROUPS), strategy="even")
    with Visits(server.public, people.visits(), at_once=8, seconds=5) as storm:
        wait_for("the storm", lambda: people.seats() >= GROUPS * SEATS // 3, PATIENCE)
        house.move(who, seconds)
        there = sum(people.groups.values())
        wait_for("visitors after the jump", lambda: sum(people.groups.values()) >= there + 20, PATIENCE)
        check(house, people)
        early = counted(house.client, slug)["b"]
        house.move(who, -seconds)
        wait_for("no seat to be left", lambda: people.groups["none"] >= 10, PATIENCE)
    assert not storm.lost and not storm.answers[503], storm.answers
    if who == "server" or seconds < 0:
        assert early == 0, "a hold went back before its time"
    check(house, people)
    Visits(server.public, (people.come(cookie) for cookie in people.late), at_once=8).run()
    assert who != "server" or people.moved_on == 0, "the ledger's clock is that of Redis"
    house.move("both", LATEST)
    last = check(house, people)
    for g in last["groups"]:
        assert g["held"] == 0, f"a hold that does not go back: {g}"
        assert g["confirmed"] == people.kept[g["id"]], f"{people.kept} were told that they have a seat: {g}"
    kinds = counted(house.client, slug)
    assert kinds["h"] + kinds["d"] - kinds["b"] == last["seats"]["used"], kinds
    assert kinds["c"] + kinds["d"] == last["seats"]["used"], kinds
    assert server.healthy(5)
    return people, kinds


def test_clocks_that_jump_give_no_seat_twice(house, rounds, say):
    rng = seeded("jumps")
    plan = SHORT if rounds < len(JUMPS) else [w
                                              for w in itertools.islice(itertools.cycle(rng.sample(JUMPS, len(JUMPS))),
                                                                        rounds)]
    told_of, shown = collections.defaultdict(collections.Counter), {}
    for n, (who, seconds) in enumerate(plan):
        people, kinds = jump(house, f"jump-{n}", who, seconds)
        shown[people.slug] = people.seats()
        told_of[who, seconds] += {"rounds": 1, "seats": people.seats(), "kept": people.kept.total(), "back": kinds["b"],
                                  "late": kinds["d"],
                               "moved": people.moved_on}
    wait_for("the statistics of all visits", lambda: all(told(house.client, slug) == n for slug, n in shown.items()),
             PATIENCE, 0.05)
    for (who, seconds), t in sorted(told_of.items()):
        say(f"{who} {seconds // HOUR:+d} h, {t['rounds']} times: {t['seats']} seats shown, {t['kept']} confirmed "
            f"({t['late']} of them after their hold "
            f"was gone), {t['moved']} moved on, {t['back']} went back; over a limit, twice or lost: 0")


# --- what lasts a time, and what has a date ---


@pytest.fixture
def straight(house):
    """The server's clock is right again afterwards."""
    yield house
    house.of_server.move(house.of_redis.ahead - house.of_server.ahead)


def log_in(server, name, password):
    headers = {"Content-Type": "application/json", "X-Requested-With": "huoma", "Origin": "http://localhost"}
    return once(server.admin, "POST", "/api/v1/session", headers,
                json.dumps({"name": name, "password": password}).encode())


def test_who_mistyped_a_password_waits_no_longer_for_a_clock_that_went_back(straight, rounds):
    if rounds < len(JUMPS):
        pytest.skip("five passwords take seconds")
    server = straight.server
    answer = wait_for("a wait", lambda: (a := log_in(server, "dora", "not hers")).status == 429 and a, PATIENCE)
    straight.move("server", -DAY)
    again = log_in(server, "dora", "not hers")
    assert again.status == 401 or int(again.header("Retry-After")) <= int(answer.header("Retry-After")), again


def test_sessions_and_listeners_outlive_a_jump_and_not_their_right(straight):
    server = straight.server
    server.api("POST", "/users", {"name": "anna", "password": "correct horse battery", "role": "viewer"}, 201)
    session = log_in(server, "anna", "correct horse battery").header("Set-Cookie").split(";")[0]
    with Connection(server.admin) as events:
        events.send(huoma.build_request("GET", "/api/v1/events", {"Cookie": session}))

        def hear(word):
            heard = b""
            while word not in heard:
                more = events.socket.recv(65536)
                assert more, "the stream was ended"
                heard += more

        hear(b"retry:")
        straight.move("server", DAY)
        assert once(server.admin, "GET", "/api/v1/me", {"Cookie": session}).status == 200
        server.create("heard", redirect_groups(1))
        hear(b"heard")
        straight.move("server", -2 * DAY)
        assert once(server.admin, "GET", "/api/v1/me", {"Cookie": session}).status == 200
        server.api("PATCH", "/users/anna", {"disabled": True})
        while events.socket.recv(65536):
            pass


def test_a_group_is_closed_by_the_clock_and_open_again_when_that_was_wrong(straight):
    server, client = straight.server, straight.client
    ends = datetime.datetime.fromtimestamp(client.time()[0] + HOUR // 2,
                                           datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    server.create("ends", [{**redirect_groups(9)[0], "expires_at": ends}])
    anna = Visitor(server, "ends")
    assert anna.scan().group == "g1" and anna.scan().cookie is None
    straight.move("both", HOUR)
    assert anna.scan().group == "none" and Visitor(server, "ends").scan().group == "none"
    straight.move("both", -HOUR)
    assert anna.scan().group == "g1" and Visitor(server, "ends").scan().group == "g1"
    assert server.groups("ends")["g1"]["used"] == 2


def test_a_head_count_of_a_clock_that_went_back_is_not_the_last_one(straight):
    server = straight.server
    server.create("heads", page_groups(9), follow_members=True)
    straight.move("both", DAY)
    server.api("PUT", "/campaigns/heads/groups/g1/members", {"members": 5})
    straight.move("both", -DAY)
    server.api("PUT", "/campaigns/heads/groups/g1/members", {"members": 3})
    assert server.groups("heads")["g1"]["used"] == 3


def test_a_proof_of_work_is_good_for_its_time_and_once(straight):
    server = straight.server
    server.create("proof", redirect_groups(1000), per_address=2)

    def ask(method="GET", body=None):
        headers = {"User-Agent": PHONE, "X-Forwarded-For": "8.8.4.4",
                   "Content-Type": "application/x-www-form-urlencoded"}
        return once(server.public, method, "/proof", headers, body)

    def asked(answer):
        assert answer.status == 200, answer
        return re.search(r'name="challenge" value="([\w-]{39})"',
                         answer.text)[1], int(re.search(r'data-bits="(\d+)"', answer.text)[1])

    @functools.cache
    def work(text, bits):
        return next(n for n in itertools.count()
                    if not int.from_bytes(hashlib.sha256(f"{text}:{n}".encode()).digest()[:4], "big") >> (32 - bits))

    def prove(challenge):
        return ask("POST", f"challenge={challenge[0]}&answer={work(*challenge)}".encode())

    spent = 0
    while spent < 16:  # on every worker
        spent = spent + 1 if ask().status == 200 else 0
    for seconds in (HOUR, -DAY):
        old = asked(ask())
        straight.move("server", seconds)
        fresh = asked(prove(old))
        assert fresh[0] != old[0]
        assert prove(fresh).status == 302
        straight.move("server", -seconds)
        assert prove(old).status == 302, "good again: it is its time"
        assert asked(prove(old))[0] != old[0], "but once"


def test_no_campaign_waits_a_day_to_be_looked_at_when_the_clock_went_back(straight):
    """For the list by problems."""
    client = straight.client
    straight.server.create("looked-at", redirect_groups(1))

    def latest():
        return client.zscore("hm:{~problems}:due", "looked-at") / 1e6 - client.time()[0]

    straight.move("Redis", DAY)
    wait_for("it to be looked at and put off", lambda: latest() > HOUR // 2, PATIENCE)
    straight.move("Redis", -DAY)
    wait_for("it to be looked at again", lambda: latest() <= HOUR + 11, PATIENCE)
