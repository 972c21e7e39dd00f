#!/usr/bin/python3
"""Measures scans beside the yardsticks, in one run, and prints what came out against what was aimed at.

Method and how to read it: README.md. It measures and fails on nothing: a target that is missed is a "no" in the table.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import sys
import tempfile

from programs import REDIS_DURABLE, Huoma, Nginx, Redis, cpu_seconds, fsync_seconds, rss_mb, wrk

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = "https://chat.example.com/g1"
PAGE_LINK = "https://weixin.qq.com/g/AwYAAAbenchbenchbench"
FULL_GROUPS = 1000

# What is measured in every round: name, who answers, path, connections, a connection each?, a returning visitor?
CASES = [
    ("bare ka 64", "bare", "/bare", 64, False, False),
    ("lua ka 64", "lua", "/seat", 64, False, False),
    ("scan ka 64", "huoma", "/bench", 64, False, False),
    ("back ka 64", "huoma", "/bench", 64, False, True),
    ("page ka 64", "huoma", "/page", 64, False, False),
    ("bare close 64", "bare", "/bare", 64, True, False),
    ("lua close 64", "lua", "/seat", 64, True, False),
    ("scan close 64", "huoma", "/bench", 64, True, False),
    ("back close 64", "huoma", "/bench", 64, True, True),
    ("page close 64", "huoma", "/page", 64, True, False),
    ("bare ka 8", "bare", "/bare", 8, False, False),
    ("lua ka 8", "lua", "/seat", 8, False, False),
    ("scan ka 8", "huoma", "/bench", 8, False, False),
    ("bare close 8", "bare", "/bare", 8, True, False),
    ("lua close 8", "lua", "/seat", 8, True, False),
    ("scan close 8", "huoma", "/bench", 8, True, False),
    ("1 full ka 64", "huoma", "/one-full", 64, False, False),
    ("1000 full ka 64", "huoma", "/many-full", 64, False, False),
    ("when ka 64", "huoma", "/when", 64, False, False),
]

TITLES = {"bare": "nginx, bare 302", "lua": "nginx + Lua + Redis", "scan": "huoma, new visitor",
          "back": "huoma, returning",
          "page": "huoma, page group", "1": "huoma, 1 full group first", "1000": "huoma, 1,000 full first",
          "when": "huoma, groups by app"}

# What is aimed at: text, what is compared, case, with which other case, the bound, and whether more is better.
TARGETS = [
    ("CPU per scan / bare, keep-alive", "cpu_us", "scan ka 64", "bare ka 64", 1.2, False),
    ("CPU per scan / bare, a connection each", "cpu_us", "scan close 64", "bare close 64", 1.2, False),
    ("CPU per scan / Lua, keep-alive", "cpu_us", "scan ka 64", "lua ka 64", 0.4, False),
    ("CPU per scan / Lua, a connection each", "cpu_us", "scan close 64", "lua close 64", 0.4, False),
    ("scans/s / Lua, keep-alive", "per_second", "scan ka 64", "lua ka 64", 1.5, True),
    ("scans/s / Lua, a connection each", "per_second", "scan close 64", "lua close 64", 1.1, True),
    ("CPU, returning / bare, keep-alive", "cpu_us", "back ka 64", "bare ka 64", 1.0, False),
    ("CPU, returning / bare, a connection each", "cpu_us", "back close 64", "bare close 64", 1.0, False),
    ("CPU, page group / bare, keep-alive", "cpu_us", "page ka 64", "bare ka 64", 1.5, False),
    ("CPU, page group / bare, a connection each", "cpu_us", "page close 64", "bare close 64", 1.5, False),
    ("p99 / Lua, keep-alive", "p99_ms", "scan ka 64", "lua ka 64", 1.0, False),
    ("p99 / Lua, a connection each", "p99_ms", "scan close 64", "lua close 64", 1.0, False),
    ("CPU per scan / Lua, 8 connections kept", "cpu_us", "scan ka 8", "lua ka 8", 0.6, False),
    ("CPU per scan / Lua, 8, a connection each", "cpu_us", "scan close 8", "lua close 8", 0.6, False),
    ("CPU, 1,000 full groups first / 1", "cpu_us", "1000 full ka 64", "1 full ka 64", 1.1, False),
    ("CPU, groups by app / for everybody", "cpu_us", "when ka 64", "scan ka 64", 1.15, False),
]


def say(text=""):
    print(text, flush=True)


def progress(text):
    if sys.stderr.isatty():
        print("\r\033[K" + text, end="", file=sys.stderr, flush=True)


def table(rows, right):
    """Rows of text as aligned lines; right: the columns that hold numbers."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        say("  ".join(c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths))).rstrip())


def prepare(huoma):
    """The campaigns of the bench, and the cookie of a visitor who has a seat."""
    open_group = {"name": "open", "url": LINK, "show": "redirect"}
    huoma.campaign("bench", [{**open_group, "limit": 1000000000}, {**open_group, "limit": 1000}])
    huoma.campaign("page", [{"name": "page", "url": PAGE_LINK, "show": "page", "limit": 1000000000}])
    huoma.campaign("when",
                   [{**open_group, "limit": 1000000000, "when": {"app": [app]}} for app in ("wechat", "browser")])
    for slug, full in (("one-full", 1), ("many-full", FULL_GROUPS)):
        groups = [{"name": f"full {i}", "url": LINK, "show": "redirect", "limit": 1} for i in range(full)]
        huoma.campaign(slug, [*groups, open_group])
        for _ in range(full):
            huoma.scan("/" + slug)
    for path, status in (("/bench", 302), ("/page", 200), ("/one-full", 302), ("/many-full", 302), ("/when", 302)):
        got, cookie = huoma.scan(path)
        if got != status or not cookie:
            raise RuntimeError(f"GET {path}: {got}, cookie {cookie}; expected {status} and a cookie")
    return huoma.scan("/bench")[1]


def measure(case, nginx, huoma, cookie, seconds):
    _, who, path, connections, close, returning = case
    pids, port = {"bare": (nginx.pids_bare, nginx.port), "lua": (nginx.pids_seat, nginx.port),
                  "huoma": (huoma.pids, huoma.port) if huoma else None}[who]
    pids = pids()
    before = cpu_seconds(pids)
    got = wrk(port, path, connections, seconds, close, cookie if returning else None)
    got["cpu_us"] = (cpu_seconds(pids) - before) * 1e6 / max(got["requests"], 1)
    got["per_second"] = got["requests"] / got["seconds"]
    return got


def measure_rounds(nginx, huoma, rounds, seconds):
    """Every case once a round; every other round backwards, so that no case always follows the same one."""
    cookie = prepare(huoma) if huoma else None
    cases = [c for c in CASES if huoma or c[1] != "huoma"]
    results = {c[0]: [] for c in cases}
    for case in cases:
        progress("warming up: " + case[0])
        measure(case, nginx, huoma, cookie, 1)
    for i in range(rounds):
        for case in cases if i % 2 == 0 else reversed(cases):
            progress(f"round {i + 1} of {rounds}: {case[0]}")
            results[case[0]].append(measure(case, nginx, huoma, cookie, seconds))
    progress("")
    return results


def measure_memory(binary, scans):
    """Resident memory of a fresh server after this many scans, and again after twice as many."""
    huoma = Huoma(binary)
    try:
        prepare(huoma)
        start = rss_mb(huoma.process.pid)
        done, marks = 0, []
        for goal in (scans, 2 * scans):
            while done < goal:
                progress(f"memory: {done:,} of {2 * scans:,} scans")
                done += wrk(huoma.port, "/bench", 64, 1)["requests"]
            marks.append({"scans": done, "server_mb": rss_mb(huoma.process.pid),
                          "redis_mb": sum(rss_mb(p) for p in huoma.pids()[1:])})
        progress("")
        return {"start_mb": start, "after": marks}
    finally:
        huoma.stop()


def measure_ready(binary, rounds):
    """Seconds from the start of the process to a server that serves, beside a redis-server alone to its first PONG."""
    times = {"huoma": [], "redis": []}
    for i in range(rounds):
        progress(f"ready time, round {i + 1} of {rounds}")
        for name, start in (("redis", lambda: Redis(REDIS_DURABLE)), ("huoma", lambda: Huoma(binary))):
            program = start()
            times[name].append(program.ready_seconds)
            program.stop()
    progress("")
    return times


def print_cases(results):
    rows = [["connections", "who answers", "scans/s", "CPU us/scan", "p50 ms", "p99 ms", "errors"]]
    groups = [("64 kept alive", "ka 64"), ("64, one a scan", "close 64"), ("8 kept alive", "ka 8"),
              ("8, one a scan", "close 8")]
    for title, suffix in groups:
        for name, got in results.items():
            if name.endswith(" " + suffix):
                mid = {k: statistics.median(r[k] for r in got) for k in ("per_second", "cpu_us", "p50_ms", "p99_ms")}
                errors = sum(r["failed"] + r["broken"] for r in got)
                rows.append([title, TITLES[name.split()[0]], f"{mid['per_second']:,.0f}", f"{mid['cpu_us']:.2f}",
                             f"{mid['p50_ms']:.2f}", f"{mid['p99_ms']:.2f}", str(errors)])
                title = ""
    table(rows, {2, 3, 4, 5, 6})


def judge(results, memory, ready):
    """(text, target, measured, met) of every target that could be measured."""
    verdicts = []
    for text, what, case, other, bound, more in TARGETS:
        if results.get(case):
            ratio = statistics.median(a[what] / max(b[what], 1e-9) for a, b in zip(results[case], results[other]))
            met = ratio >= bound if more else ratio <= bound
            verdicts.append((text, f"{'>=' if more else '<='} {bound:.3g}", f"{ratio:.2f}", met))
    if memory:
        first, second = (m["server_mb"] for m in memory["after"])
        verdicts.append((f"RSS, 1 worker, {memory['after'][0]['scans']:,} scans", "< 30 MB", f"{first:.1f} MB",
                         first < 30))
        verdicts.append((f"RSS then, {memory['after'][1]['scans']:,} scans", "flat, +-5%", f"{second:.1f} MB",
                         second <= first * 1.05))
    if ready:
        ratio = statistics.median(ready["huoma"]) / statistics.median(ready["redis"])
        verdicts.append(("ready on an empty store / redis-server to PONG", "<= 2.0", f"{ratio:.2f}", ratio <= 2))
    return verdicts


def print_floor(results, fsync_cpu):
    """What the ratios to the bare redirect can't be under here: a returning visitor's cost (no Redis at all), and the
    CPU of one fsync shared by everyone who can be waiting for it."""
    for connections in (64, 8):
        bare = [r["cpu_us"] for r in results.get(f"bare ka {connections}", [])]
        back = [r["cpu_us"] for r in results.get("back ka 64", [])]
        if bare and back:
            share, bare, back = fsync_cpu * 1e6 / connections, statistics.median(bare), statistics.median(back)
            lua = statistics.median(r["cpu_us"] for r in results[f"lua ka {connections}"])
            say(f"{connections} kept alive: an fsync's CPU shared by all is {share:.1f} us a scan; with a returning "
                f"visitor's "
                f"{back:.1f} us that is {(share + back) / bare:.2f} of bare, {(share + back) / lua:.2f} of Lua: less "
                f"can't be had here")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=5, help="interleaved rounds (5)")
    options.add_argument("--seconds", type=int, default=3, help="seconds a case in each round (3)")
    options.add_argument("--quick", action="store_true",
                         help="2 rounds of 1 s, a fifth of the scans for memory: a look, no verdict")
    options.add_argument("--huoma", type=pathlib.Path, default=ROOT / "build/release/huoma", help="the binary")
    options.add_argument("--json", type=pathlib.Path, default=ROOT / "build/bench.json", help="where the figures go")
    o = options.parse_args()
    if o.quick:
        o.rounds, o.seconds = 2, 1
    if o.rounds < 1 or o.seconds < 1:
        options.error("--rounds and --seconds are 1 at least")
    binary = o.huoma.resolve() if o.huoma.exists() else None
    if not binary:
        say(f"{o.huoma} is not there: only the yardsticks are measured")

    load, (fsync, fsync_cpu) = os.getloadavg()[0], fsync_seconds()
    say(f"{os.cpu_count()} processors, Linux {platform.release()}, {o.rounds} rounds of {o.seconds} s, wrk with 1 "
        f"thread; "
        f"before the run: load {load:.1f}, an fsync in {tempfile.gettempdir()} takes {fsync * 1e6:.0f} us,\n"
        f"{fsync_cpu * 1e6:.0f} us of CPU")
    say()
    nginx, huoma = Nginx(), None
    try:
        huoma = Huoma(binary) if binary else None
        results = measure_rounds(nginx, huoma, o.rounds, o.seconds)
    finally:
        nginx.stop()
        if huoma:
            huoma.stop()
    memory = measure_memory(binary, 200_000 if o.quick else 1_000_000) if binary else None
    ready = measure_ready(binary, max(o.rounds, 5)) if binary else None

    print_cases(results)
    say()
    verdicts = judge(results, memory, ready)
    if verdicts:
        table([["", "target", "measured", "met?"]] +
              [[text, target, measured, "yes" if met else "no"] for text, target, measured, met in verdicts], {1, 2})
        say()
    print_floor(results, fsync_cpu)
    if memory:
        say(f"RSS at the start {memory['start_mb']:.1f} MB; of its Redis at the end "
            f"{memory['after'][1]['redis_mb']:.1f} MB")
    if ready:
        say(f"ready in {statistics.median(ready['huoma']) * 1000:.0f} ms, redis-server alone in "
            f"{statistics.median(ready['redis']) * 1000:.0f} ms (medians of {len(ready['redis'])})")
    o.json.parent.mkdir(parents=True, exist_ok=True)
    o.json.write_text(json.dumps({
        "at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "processors": os.cpu_count(), "kernel": platform.release(), "rounds": o.rounds, "seconds": o.seconds,
        "load_before": load, "fsync_us": fsync * 1e6, "fsync_cpu_us": fsync_cpu * 1e6,
        "cases": results, "memory": memory, "ready_seconds": ready,
        "targets": [{"what": t, "target": a, "measured": m, "met": met} for t, a, m, met in verdicts]}, indent=1)
                      + "\n")
    say(f"all figures: {o.json}")


if __name__ == "__main__":
    main()
