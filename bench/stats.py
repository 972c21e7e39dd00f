#!/usr/bin/python3
"""What statistics cost to read: the same days with a thousand scans in them and with ten million, and 400 days at once.

Method and how to read it: README.md. Like the bench it fails on nothing: a target that is missed is a "no" in the
table.
"""

import argparse
import datetime
import statistics
import time

from console import Api
from programs import Huoma, redis_says
from run import LINK, ROOT, say, table

DAYS = 400
SCANS = {"few": 1000, "many": 10_000_000}
RANGES = [("30 days by day", 30, "day"), ("400 days by day", 400, "day"), ("400 days by channel", 400, "channel"),
          ("400 days by hour", 400, "hour")]
CHANNELS = 10


def day_of(scans):
    """A day's counters that come to so many scans in all days together; the fields are the same for any number."""
    hour = max(1, scans // DAYS // 24)
    seats = {f"h{h:02}:g1": hour for h in range(24)} | {f"seat:shop-{n}": hour for n in range(CHANNELS)}
    names = [f"h{h:02}" for h in range(24)] + [f"cshop-{n}" for n in range(CHANNELS)] + ["gg1", "dwechat/ios", "lzh"]
    return seats, {name: " ".join([str(hour)] * 8) for name in names}


def write(socket, slug, first, scans):
    for kind, fields in zip(("stats", "visits"), day_of(scans)):
        words = [str(w).encode() for pair in fields.items() for w in pair]
        for n in range(DAYS):
            day = first + datetime.timedelta(n)
            redis_says(socket, [b"HSET", f"hm:{{{slug}}}:{kind}:{day}".encode(), *words])


def measure(api, slug, first, days, by):
    to = first + datetime.timedelta(days - 1)
    began = time.perf_counter()
    api.ask("GET", f"/campaigns/{slug}/stats?from={first}&to={to}&by={by}")
    return (time.perf_counter() - began) * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    first = datetime.date.today() - datetime.timedelta(DAYS - 1)
    huoma = Huoma(ROOT / "build/release/huoma")
    try:
        api = Api(huoma)
        for slug, scans in SCANS.items():
            api.ask("POST", "/campaigns", {"slug": slug, "groups": [{"url": LINK}]})
            write(huoma.dir / "data/redis.sock", slug, first, scans)
        rows, targets = [["answer", *SCANS, "ratio"]], [["", "target", "measured", "met?"]]
        for name, days, by in RANGES:
            # One after the other, so that both see the same machine.
            took = [[measure(api, slug, first, days, by) for slug in SCANS] for _ in range(rounds)]
            few, many = (statistics.median(column) for column in zip(*took))
            rows.append([name, f"{few:,.0f}", f"{many:,.0f}", f"{many / few:.2f}"])
            targets.append([f"{name}, ten million scans / a thousand", "<= 1.2", f"{many / few:.2f}",
                            "yes" if many / few <= 1.2 else "no"])
        say("microseconds an answer takes, the median of " + str(rounds))
        table(rows, {1, 2, 3})
        say()
        table(targets, {1, 2})
    finally:
        huoma.stop()


if __name__ == "__main__":
    main()
