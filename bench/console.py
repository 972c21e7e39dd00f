#!/usr/bin/python3
"""What the console costs: a page of the list of campaigns where there are few and where there are many, and scans while
consoles look on, on a real server.

Method and how to read it: README.md. Like the bench it fails on nothing: a target that is missed is a "no" in the
table.
"""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import selectors
import socket
import statistics
import time

from programs import TOKEN, Huoma, cpu_ns, wait_for, wrk
from run import LINK, ROOT, say, table

PAGE = 50  # campaigns of a page, as the console asks for
BATCH = 1000  # campaigns made by one request
WALK = 200  # campaigns a request on the way to the middle: the most that a page may have
BEARER = {"Authorization": "Bearer " + TOKEN}
SCANNED = "live"


class Api:
    """A kept connection to the API of a server."""

    def __init__(self, huoma):
        self.link = http.client.HTTPConnection("127.0.0.1", huoma.admin_port, timeout=60)

    def ask(self, method, path, body=None):
        headers = {**BEARER, "Content-Type": "application/json"} if body else BEARER
        self.link.request(method, "/api/v1" + path, json.dumps(body) if body else None, headers)
        answer = self.link.getresponse()
        text = answer.read()
        if answer.status not in (200, 201):
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text)

    def fill(self, count):
        for first in range(0, count, BATCH):
            numbers = range(first, min(first + BATCH, count))
            self.ask("POST", "/campaigns:batch", {"campaigns": [
                {"slug": f"c-{n:06}", "title": f"Campaign {n}", "groups": [{"url": LINK, "limit": 200}]}
                for n in numbers]})

    def middle(self, count, sort):
        """The cursor behind which half of the campaigns are, less half a page where they are few."""
        cursor, left = "", count // 2 if count > 2 * PAGE else (count - PAGE) // 2
        while left:
            step = min(left, WALK)
            cursor = self.ask("GET", f"/campaigns?sort={sort}&limit={step}&cursor={cursor}")["next"]
            left -= step
        return cursor

    def rows(self, path):
        return len(self.ask("GET", path)["data"])


class Consoles:
    """So many open event streams of one campaign. What comes stays in the kernel's buffers until read() takes it: a
    reader that woke up for each event would be work of people's phones, done on the processors that serve the scans."""

    def __init__(self, huoma, count):
        self.events, self.left = 0, 0
        self.selector = selectors.DefaultSelector()
        request = (f"GET /api/v1/events?campaigns={SCANNED} HTTP/1.1\r\nHost: bench\r\n"
                   f"Authorization: {BEARER['Authorization']}\r\n\r\n").encode()
        for _ in range(count):
            link = socket.create_connection(("127.0.0.1", huoma.admin_port))
            link.sendall(request)
            link.setblocking(False)
            self.selector.register(link, selectors.EVENT_READ)

    def read(self):
        """How many events have come in all."""
        for key, _ in self.selector.select(0):
            data = key.fileobj.recv(1 << 16)
            self.events += data.count(b"event: seats")
            if not data:
                self.selector.unregister(key.fileobj)
                self.left += 1
        return self.events

    def __enter__(self):
        streams = len(self.selector.get_map())
        wait_for("the first event of every console", lambda: self.read() >= streams, step=0.02)
        return self

    def __exit__(self, *_):
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()


def threads_of(pid):
    return {(pid, int(task)) for task in os.listdir(f"/proc/{pid}/task")}


def threads_of_all(huoma):
    return set().union(*(threads_of(pid) for pid in huoma.pids()))


def measure_page(huoma, path, seconds):
    threads = threads_of_all(huoma)
    before = cpu_ns(threads)
    told = wrk(huoma.admin_port, path, 8, seconds, headers=BEARER)
    if told["failed"] or told["broken"]:
        raise RuntimeError(f"{path}: {told}")
    return {"cpu_us": (cpu_ns(threads) - before) / 1e3 / told["requests"],
            "per_second": told["requests"] / told["seconds"], "p99_ms": told["p99_ms"]}


def measure_list(few, many, rounds, seconds):
    """Rows of the first table: the pages of the list, and by how much those of many campaigns are dearer."""
    cases, servers = [], []
    try:
        for count in (few, many):
            servers.append(Huoma(ROOT / "build/release/huoma"))
            api, began = Api(servers[-1]), time.monotonic()
            api.fill(count)
            say(f"{count:,} campaigns made in {time.monotonic() - began:.1f} s, {BATCH:,} a request")
            for what, sort, cursor in (("first", "slug", ""), ("middle", "slug", api.middle(count, "slug")),
                                       ("worst", "problems", ""),
                                       ("middle by problems", "problems", api.middle(count, "problems"))):
                path = f"/campaigns?sort={sort}&limit={PAGE}" + (f"&cursor={cursor}" if cursor else "")
                if api.rows(path) != PAGE:
                    raise RuntimeError(f"{path}: not a full page")
                cases.append((what, count, servers[-1], "/api/v1" + path))
        seen = {case[:2]: [] for case in cases}
        for r in range(rounds):
            for what, count, huoma, path in cases if r % 2 == 0 else reversed(cases):
                seen[what, count].append(measure_page(huoma, path, seconds))
    finally:
        for huoma in servers:
            huoma.stop()
    rows = [["a page of the list", "campaigns", "pages/s", "CPU us/page", "p99 ms"]]
    for (what, count), got in seen.items():
        rows.append([what, f"{count:,}", f"{middle(got, 'per_second'):,.0f}", f"{middle(got, 'cpu_us'):.0f}",
                     f"{middle(got, 'p99_ms'):.1f}"])
    say(), table(rows, {1, 2, 3, 4})
    return [target(f"CPU, {what} page of {many:,} / of {few:,}", ratio(seen[what, many], seen[what, few], "cpu_us"),
                   1.2)
            for what in ("first", "middle", "worst", "middle by problems")]


def measure_scans(huoma, worker, seconds):
    """One run of scans. worker: the threads that answer them; all others of the server are the console's and idle
    ones."""
    server = threads_of(huoma.process.pid)
    redis = threads_of_all(huoma) - server
    before = [cpu_ns(t) for t in (worker, server - worker, redis)]
    told = wrk(huoma.port, "/" + SCANNED, 64, seconds)
    after = [cpu_ns(t) for t in (worker, server - worker, redis)]
    used = [(a - b) / 1e3 for a, b in zip(after, before)]
    if told["failed"] or told["broken"]:
        raise RuntimeError(f"scans: {told}")
    return {"per_second": told["requests"] / told["seconds"], "worker_us": used[0] / told["requests"],
            "redis_us": used[2] / told["requests"], "other_share": used[1] / 1e4 / told["seconds"],
            "p99_ms": told["p99_ms"]}


def find_worker(huoma):
    """The thread that works hardest while there is nothing but scans."""
    threads = threads_of(huoma.process.pid)
    before = {t: cpu_ns({t}) for t in threads}
    wrk(huoma.port, "/" + SCANNED, 64, 1)
    return {max(threads, key=lambda t: cpu_ns({t}) - before[t])}


def measure_live(consoles, rounds, seconds):
    """Rows of the second table: scans with nobody at a console, and with so many who look on."""
    huoma = Huoma(ROOT / "build/release/huoma")
    try:
        huoma.campaign(SCANNED, [{"name": "open", "url": LINK, "show": "redirect", "limit": 1000000000}])
        worker, seen, events, left = find_worker(huoma), {0: [], consoles: []}, 0, 0
        for r in range(rounds):
            for count in (0, consoles) if r % 2 == 0 else (consoles, 0):
                with Consoles(huoma, count) if count else contextlib.nullcontext() as listening:
                    began = listening.events if listening else 0
                    seen[count].append(measure_scans(huoma, worker, seconds))
                    if listening:
                        events, left = events + listening.read() - began, left + listening.left
    finally:
        huoma.stop()
    rows = [["consoles", "scans/s", "worker us/scan", "Redis us/scan", "p99 ms", "other threads"]]
    for count, got in seen.items():
        rows.append([str(count), f"{middle(got, 'per_second'):,.0f}", f"{middle(got, 'worker_us'):.2f}",
                     f"{middle(got, 'redis_us'):.2f}", f"{middle(got, 'p99_ms'):.2f}",
                     f"{middle(got, 'other_share'):.1f} %"])
    say(), table(rows, {0, 1, 2, 3, 4, 5})
    say(f"events a console had in a run of {seconds} s: {events / rounds / consoles:.1f}; streams that ended: {left}")
    with_them, alone = seen[consoles], seen[0]
    return [target(f"worker CPU per scan, {consoles} consoles / none", ratio(with_them, alone, "worker_us"), 1.05),
            target("Redis CPU per scan, the same", ratio(with_them, alone, "redis_us"), 1.05),
            target("scans/s, the same", ratio(with_them, alone, "per_second"), 0.95, more=True),
            target("p99, the same", ratio(with_them, alone, "p99_ms"), 1.1)]


def middle(got, what):
    return statistics.median(g[what] for g in got)


def ratio(these, those, what):
    """The median of the ratios within each round."""
    return statistics.median(a[what] / b[what] for a, b in zip(these, those))


def target(text, measured, bound, more=False):
    met = measured >= bound if more else measured <= bound
    return [text, f"{'>=' if more else '<='} {bound}", f"{measured:.2f}", "yes" if met else "no"]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=7, help="rounds, interleaved (7)")
    options.add_argument("--seconds", type=int, default=1, help="of each run (1)")
    options.add_argument("--campaigns", type=int, default=100_000, help="many (100000)")
    options.add_argument("--consoles", type=int, default=200, help="that look on (200)")
    o = options.parse_args()
    if o.campaigns < 2 * PAGE or o.campaigns % 2 or not 1 <= o.consoles <= 256 or o.rounds < 1 or o.seconds < 1:
        options.error("--campaigns is even and 100 at least, --consoles 1 to 256, the others 1 at least")
    began = time.monotonic()
    say(f"{os.cpu_count()} processors, {o.rounds} rounds of {o.seconds} s, wrk with 1 thread; before the run: "
        f"load {os.getloadavg()[0]:.1f}")
    rows = measure_list(2 * PAGE, o.campaigns, o.rounds, o.seconds) + measure_live(o.consoles, o.rounds, 2 * o.seconds)
    say(), table([["", "target", "measured", "met?"], *rows], {1, 2})
    say(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
