#!/usr/bin/python3
"""Whether the strategies share visitors out as they say, on a real server: shares, chi-square, order, coming back.

Method and how to read it: README.md. Like the bench it fails on nothing: what is not as it should be is a "no" in the
table.
"""

import argparse
import asyncio
import collections
import http.client
import json
import math
import pathlib
import re
import time

from programs import TOKEN, Huoma
from run import ROOT, say, table

CONNECTIONS = 64
PIPELINED = 50  # scans that a connection sends before it reads their answers
SAMPLES = 100  # looks at the shares of "even" during its run
ANSWER = re.compile(rb"Huoma-Group: (\S+)")
COOKIE = re.compile(rb"Set-Cookie: hm=([^;]+)")
DOUBT = 0.001  # a p-value below comes once in a thousand runs


def chi_square(seen, weights):
    """(chi-square, p): how far counts are from these proportions, and how often chance alone is as far. No library: the
    p-value of a half-integer gamma distribution is a short sum."""
    total, degrees = sum(seen), len(seen) - 1
    expected = [total * w / sum(weights) for w in weights]
    x = sum((s - e) ** 2 / e for s, e in zip(seen, expected))
    z, a = x / 2, 1 if degrees % 2 == 0 else 0.5
    p = math.exp(-z) if a == 1 else math.erfc(math.sqrt(z))
    while a < degrees / 2:
        p += math.exp(a * math.log(z) - z - math.lgamma(a + 1)) if z else 0
        a += 1
    return x, p


class Crowd:
    """Visitors of one server, each a request of its own, over kept connections."""

    def __init__(self, huoma):
        self.huoma = huoma

    async def connection(self, path, requests, answers):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.huoma.port)
        while requests:
            part, requests = requests[:PIPELINED], requests[PIPELINED:]
            writer.write(b"".join(b"GET %s HTTP/1.1\r\nHost: bench\r\n%s\r\n" % (path, extra) for extra in part))
            got = b""
            while got.count(b"\r\n\r\n") < len(part):
                data = await reader.read(1 << 18)
                if not data:
                    raise RuntimeError(f"a connection was closed after {got[-300:]!r}")
                got += data
            heads = got.split(b"\r\n\r\n")[:-1]
            answers += [(ANSWER.search(h)[1].decode(), COOKIE.search(h)) for h in heads]
        writer.close()

    def go(self, slug, requests, connections=CONNECTIONS):
        """Each request's answer (group, match of a new cookie), one list a connection. requests: each one's extra
        header lines."""
        rows = [[] for _ in range(connections)]

        async def all_of_them():
            await asyncio.gather(*(self.connection(b"/" + slug.encode(), requests[i::connections], rows[i])
                                   for i in range(connections)))
        asyncio.run(all_of_them())
        return rows

    def scan(self, slug, count, connections=CONNECTIONS):
        return self.go(slug, [b""] * count, connections)

    def used(self, slug):
        link = http.client.HTTPConnection("127.0.0.1", self.huoma.admin_port, timeout=30)
        link.request("GET", f"/api/v1/campaigns/{slug}", headers={"Authorization": "Bearer " + TOKEN})
        groups = json.loads(link.getresponse().read())["groups"]
        link.close()
        return [g["used"] for g in groups]


def groups(limits, weights=None):
    return [{"url": f"https://chat.example.com/{i}", "show": "redirect", "limit": limit, "weight": weight}
            for i, (limit, weight) in enumerate(zip(limits, weights or [1] * len(limits)))]


def told(rows, count):
    """How many were sent to each of the groups g1, g2 ..."""
    seen = collections.Counter(group for row in rows for group, _ in row)
    return [seen[f"g{i + 1}"] for i in range(count)]


def shares(counts):
    return " ".join(f"{100 * c / sum(counts):.2f}" for c in counts) + " %"


def random_row(what, seen, weights, exact=True):
    x, p = chi_square(seen, weights)
    return [what, f"{sum(seen):,}", shares(seen), f"chi-square {x:.2f}, p = {p:.3f}", exact and p > DOUBT]


def measure_random(crowd, scans):
    """Weights 1:2:3:4; then everyone comes back."""
    weights = [1, 2, 3, 4]
    crowd.huoma.campaign("random", groups([None] * 4, weights), strategy="random")
    rows = crowd.scan("random", scans)
    seen = told(rows, 4)
    yield random_row("random 1:2:3:4", seen, weights, seen == crowd.used("random"))

    everyone = [answer for row in rows for answer in row]
    cookies = [b"Cookie: hm=" + cookie[1] + b"\r\n" for _, cookie in everyone]
    again = crowd.go("random", cookies)
    same = sum(group == everyone[i + CONNECTIONS * n][0]
               for i, row in enumerate(again) for n, (group, _) in enumerate(row))
    yield ["coming back", f"{scans:,}", f"{same:,} saw their group", f"{sum(crowd.used('random')) - scans} seats taken",
           same == scans and crowd.used("random") == seen]


def measure_limits(crowd, scans):
    """The heaviest group is full early; the others go on as before."""
    limit = scans // 10
    crowd.huoma.campaign("limits", groups([None, None, None, limit], [1, 2, 3, 4]), strategy="random")
    before = told(crowd.scan("limits", scans // 2), 4)
    after = told(crowd.scan("limits", scans // 2), 4)
    exact = before[3] == limit and after[3] == 0
    yield random_row(f"the 4 full at {limit:,}: others", [a + b for a, b in zip(before, after)][:3], [1, 2, 3], exact)
    yield random_row("the same, after it was full", after[:3], [1, 2, 3], exact)


def measure_even(crowd, scans):
    """Limits 1:2:3:4: at each look the groups are filled alike."""
    limits = [scans // 10 * i for i in (1, 2, 3, 4)]
    crowd.huoma.campaign("even", groups(limits), strategy="even")
    greatest, visitors = 0, scans // SAMPLES - 3  # an odd number: what falls into tens is even by itself
    for _ in range(SAMPLES):
        crowd.scan("even", visitors)
        used = [u / limit for u, limit in zip(crowd.used("even"), limits)]
        greatest = max(greatest, max(used) - min(used))
    step = 1 / min(limits)
    yield ["even, limits 1:2:3:4", f"{SAMPLES * visitors:,}", f"{SAMPLES} looks at used / limit",
           f"greatest difference {greatest:.6f} (a seat is {step:.6f})", greatest <= step + 1e-9]


def measure_fill(crowd, scans):
    """One after another; then a crowd, in which no connection ever sees an earlier group again."""
    limits = [300, 100, 400, 200]
    crowd.huoma.campaign("fill-one", groups(limits), strategy="fill")
    order = [group for group, _ in crowd.scan("fill-one", sum(limits), 1)[0]]
    yield ["fill, one by one", f"{sum(limits):,}", "limits " + " ".join(map(str, limits)),
           "each filled before the next",
           order == [f"g{i + 1}" for i, limit in enumerate(limits) for _ in range(limit)]]

    limits = [scans // 10 * i for i in (3, 1, 4, 2)]
    crowd.huoma.campaign("fill", groups(limits), strategy="fill")
    rows = crowd.scan("fill", scans)
    back = sum(a[0] > b[0] for row in rows for a, b in zip(row, row[1:]))
    seen = told(rows, 4)
    yield [f"fill, {CONNECTIONS} connections", f"{scans:,}", shares(seen), f"{back} steps back, counts are the limits",
           back == 0 and seen == limits == crowd.used("fill")]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--scans", type=int, default=100_000, help="visitors of each strategy, in thousands (100000)")
    options.add_argument("--huoma", type=pathlib.Path, default=ROOT / "build/release/huoma", help="the binary")
    o = options.parse_args()
    if o.scans < 1000 or o.scans % 1000:
        options.error("--scans is a multiple of 1000")
    began, rows = time.monotonic(), [["", "visitors", "what they got", "measured", "as meant?"]]
    huoma = Huoma(o.huoma.resolve())
    try:
        for measure in (measure_random, measure_limits, measure_even, measure_fill):
            rows += [[*row[:4], "yes" if row[4] else "no"] for row in measure(Crowd(huoma), o.scans)]
    finally:
        huoma.stop()
    table(rows, {1})
    say(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
