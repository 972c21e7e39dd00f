#!/usr/bin/python3
"""What campaigns and seats cost in Redis's memory, and where the slot of one hot campaign stops: figures for
docs/scale.md.

Memory is Redis's `used_memory`, before and after. The hot slot is take_seats.lua in a Redis of its own, without a
server in front: what its one thread spends on a call is Redis's own count (`INFO commandstats`). The crowd before it is
a simulation: the workers' calls are real ones, each worker has one on its way as in storage/seats_take.c, and takes
along who has come meanwhile; only the visitors are numbers.
"""

import argparse
import pathlib
import selectors
import socket
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "lib"))

import huoma  # noqa: E402
from huoma import RedisServer, Server, Visits, get, page_groups, post, redirect_groups  # noqa: E402

BATCH = 500
BATCH_MAX = 2048  # SEATS_BATCH_MAX of storage/seats_take.c
HOUR = "2026-11-25 14 400"


def used(server):
    client = server.redis_client()
    client.execute_command("MEMORY PURGE")
    return client.info("memory")["used_memory"]


def campaigns(server, count, groups):
    before = used(server)
    for first in range(0, count, BATCH):
        rows = [{"slug": f"{groups}-{n}", "title": f"Campaign {n}", "groups": page_groups(*[200] * groups)}
                for n in range(first, first + BATCH)]
        server.api("POST", "/campaigns:batch", {"campaigns": rows})
    return (used(server) - before) / count


def seats(server, slug, groups, count, confirm=False):
    """Bytes a seat: of the ledger; what is counted of visits comes once a second and is a day's, not a seat's."""
    def visit():
        answer = yield get("/" + slug)
        if confirm:
            yield post(f"/{slug}/seat", answer.cookie[0])
    server.create(slug, groups)
    Visits(server.public, [visit() for _ in range(100)], at_once=8).run()
    client = server.redis_client()

    def size():
        keys = [k for k in client.scan_iter(f"hm:{{{slug}}}*") if ":visits:" not in k and ":flushed" not in k]
        return sum(client.memory_usage(k, samples=0) or 0 for k in keys)
    before = size()
    Visits(server.public, (visit() for _ in range(count)), at_once=32).run()
    return (size() - before) / count


def memory(campaign_count, seat_count):
    with Server(workers=1) as server:
        for groups in (1, 3, 20):
            print(f"a campaign of {groups:2} groups: {campaigns(server, campaign_count, groups):8.0f} bytes")
        for name, groups, confirm in (("redirect", redirect_groups(None), False), ("held", page_groups(None), False),
                                      ("confirmed", page_groups(None), True)):
            print(f"a seat, {name:9}: {seats(server, 'seats-' + name, groups, seat_count, confirm):6.3f} bytes")


class HotSlot:
    """A campaign in a Redis of its own, with the persistence that huoma's child has."""

    def __init__(self, build, strategy, groups):
        self.redis = RedisServer()
        with Server(workers=1, redis=self.redis) as server:
            server.create("hot", groups, strategy=strategy)
        self.client = self.redis.client()
        scripts = build / "storage" / "scripts"
        self.script, self.confirm = (self.client.script_load((scripts / f"{n}.lua").read_text())
                                     for n in ("take_seats", "confirm_seat"))
        self.keys = [f"hm:{{hot}}{s}" for s in ("", ":seats", ":queue", ":due")]
        self.known = "{}:{}".format(*self.client.hmget(self.keys[1], "uid", "v"))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.client.close()
        self.redis.__exit__(*exc)

    def arguments(self, seed, asked):
        return ["EVALSHA", self.script, 4, *self.keys, self.known, "", seed, 180, "", "", asked, HOUR]

    def microseconds(self, commands):
        """Of Redis's thread, for one of the commands."""
        self.client.config_resetstat()
        for command in commands:
            self.client.execute_command(*command)
        return self.client.info("commandstats")["cmdstat_evalsha"]["usec_per_call"]

    def confirmations(self, count):
        """Commands that confirm as many seats, which are taken now."""
        reply = self.client.execute_command(*self.arguments(0, count))
        return (["EVALSHA", self.confirm, 4, *self.keys, "g1", reply[4], serial, HOUR] for serial in range(count))

    def crowd(self, workers, rate, seconds):
        """`rate` visitors a second, spread over the workers: seats given a second, how many a call took, how long a
        visitor waited at most, and how many were left waiting in the end."""
        links, select = [Worker(str(self.redis.socket)) for _ in range(workers)], selectors.DefaultSelector()
        for link in links:
            select.register(link.socket, selectors.EVENT_READ, link)
        began = now = time.monotonic()
        calls, longest, share = 0, 0.0, rate / workers
        for link in links:
            link.since = began
        idle = list(links)
        while now - began < seconds:
            for link in idle:
                asked = min(BATCH_MAX, int((now - link.since) * share))
                if asked:
                    link.ask(self.arguments(calls, asked), asked)
                    calls += 1
            idle = [link for link in idle if not link.asked]
            for key, _ in select.select(0.001 if idle else None):
                if key.data.answered():
                    now = time.monotonic()
                    longest = max(longest, now - key.data.since)
                    key.data.since += key.data.asked / share  # the first who is still waiting came then
                    key.data.given, key.data.asked = key.data.given + key.data.asked, 0
                    idle.append(key.data)
            now = time.monotonic()
        given = sum(link.given for link in links)
        for link in links:
            link.socket.close()
        return given / (now - began), given / max(calls, 1), longest, sum((now - link.since) * share for link in links)


class Worker:
    """One worker's call: sent, and answered when all its lines are there."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.asked, self.given, self.since, self.reply = 0, 0, 0.0, b""

    def ask(self, arguments, asked):
        texts = [str(a).encode() for a in arguments]
        self.socket.sendall(b"*%d\r\n" % len(texts) + b"".join(b"$%d\r\n%s\r\n" % (len(t), t) for t in texts))
        self.asked, self.reply = asked, b""

    def answered(self):
        self.reply += self.socket.recv(1 << 16)
        if self.reply[:1] != b"*":
            raise RuntimeError(self.reply)
        lines = self.reply.split(b"\r\n")
        elements = int(lines[0][1:])  # the version and the definition are two lines each, numbers are one
        if len(lines) < elements + 4:
            return False
        if int(lines[5][1:]) != self.asked:
            raise RuntimeError(f"{lines[5]} of {self.asked} seats")
        return True


def hot(build, calls, strategy, groups, workers, rate, seconds):
    with HotSlot(build, strategy, redirect_groups(*[None] * groups)) as slot:
        what = f"{strategy}, {groups} groups"
        for asked in (1, 64, 512, BATCH_MAX):
            microseconds = slot.microseconds(slot.arguments(n, asked) for n in range(calls))
            print(f"{what}, a call for {asked:4} seats: {microseconds:7.1f} us of Redis's thread, "
                  f"{1e6 / microseconds * asked:12,.0f} seats a second", flush=True)
        given, batch, longest, left = slot.crowd(workers, rate, seconds)
        print(f"{what}, {rate:,} visitors a second at {workers} workers: {given:,.0f} seats a second, {batch:.0f} a "
              f"call, "
              f"waited at most {longest * 1000:.0f} ms, {left:,.0f} waiting in the end", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="release", help="the folder in build/ whose huoma is measured")
    parser.add_argument("--campaigns", type=int, default=2000)
    parser.add_argument("--seats", type=int, default=20000)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=64, help="of all servers together, in front of the hot slot")
    parser.add_argument("--rate", type=int, default=1_000_000, help="visitors of the hot campaign a second")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--hot", action="store_true", help="the hot slot only")
    o = parser.parse_args()
    huoma.BINARY = str(ROOT / "build" / o.build / "huoma")
    if not o.hot:
        memory(o.campaigns, o.seats)
    for strategy, groups in (("fill", 1), ("even", 20), ("random", 20)):
        hot(ROOT / "build" / o.build, o.calls, strategy, groups, o.workers, o.rate, o.seconds)
    with HotSlot(ROOT / "build" / o.build, "fill", page_groups(None)) as slot:
        microseconds = slot.microseconds(slot.confirmations(o.calls))
        print(f"a confirmation: {microseconds:.1f} us of Redis's thread, {1e6 / microseconds:,.0f} a second")


if __name__ == "__main__":
    main()
