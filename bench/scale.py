#!/usr/bin/python3
"""What campaigns and seats cost in Redis's memory, and where the slot of one hot campaign stops: figures for docs/scale.md.

Memory is Redis's `used_memory`, before and after. The hot slot is take_seats.lua in a Redis of its own, without a server in front: what
its one thread spends on a call is Redis's own count (`INFO commandstats`).
"""

import argparse
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "lib"))

import huoma  # noqa: E402
from huoma import RedisServer, Server, Visits, get, page_groups, post, redirect_groups  # noqa: E402

BATCH = 500
HOUR = "2026-11-25 14 400"


def used(server):
    client = server.redis_client()
    client.execute_command("MEMORY PURGE")
    return client.info("memory")["used_memory"]


def campaigns(server, count, groups):
    before = used(server)
    for first in range(0, count, BATCH):
        rows = [{"slug": f"{groups}-{n}", "title": f"Campaign {n}", "groups": page_groups(*[200] * groups)} for n in range(first, first + BATCH)]
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


def hot_slot(binary_dir, calls, strategy, groups):
    """Microseconds of Redis's thread for a call of 1, 64 and 512 seats."""
    text = (binary_dir / "storage" / "scripts" / "take_seats.lua").read_text()
    with RedisServer() as redis, Server(workers=1, redis=redis) as server:
        server.create("hot", redirect_groups(*[None] * groups), strategy=strategy)
        client = redis.client()
        script = client.script_load(text)
        keys = [f"hm:{{hot}}{s}" for s in ("", ":seats", ":queue", ":due")]
        known = "{}:{}".format(*client.hmget(keys[1], "uid", "v"))
        for asked in (1, 64, 512):
            client.config_resetstat()
            for n in range(calls):
                client.evalsha(script, 4, *keys, known, "", n, 180, "", "", asked, HOUR)
            yield asked, client.info("commandstats")["cmdstat_evalsha"]["usec_per_call"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="release", help="the folder in build/ whose huoma is measured")
    parser.add_argument("--campaigns", type=int, default=2000)
    parser.add_argument("--seats", type=int, default=20000)
    parser.add_argument("--calls", type=int, default=20000)
    o = parser.parse_args()
    huoma.BINARY = str(ROOT / "build" / o.build / "huoma")
    with Server(workers=1) as server:
        for groups in (1, 3, 20):
            print(f"a campaign of {groups:2} groups: {campaigns(server, o.campaigns, groups):8.0f} bytes")
        for name, groups, confirm in (("redirect", redirect_groups(None), False), ("held", page_groups(None), False),
                                      ("confirmed", page_groups(None), True)):
            print(f"a seat, {name:9}: {seats(server, 'seats-' + name, groups, o.seats, confirm):6.3f} bytes")
    for strategy, groups in (("fill", 1), ("even", 20), ("random", 20)):
        for asked, microseconds in hot_slot(ROOT / "build" / o.build, o.calls, strategy, groups):
            print(f"{strategy}, {groups} groups, a call for {asked:3} seats: {microseconds:7.1f} us of Redis's thread, "
                  f"{1e6 / microseconds * asked:12,.0f} seats a second")


if __name__ == "__main__":
    main()
