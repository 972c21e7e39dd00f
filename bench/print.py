#!/usr/bin/python3
"""What printing costs: codes and posters over HTTP beside the bare drawing of the same images, a sheet beside as many
single posters, its memory, and scans while sheets are made.

Method and how to read it: README.md. Like the bench it fails on nothing: a target that is missed is a "no" in the
table.
"""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import resource
import statistics
import subprocess
import tempfile
import threading
import time

from console import middle, ratio, target, threads_of
from programs import TOKEN, Huoma, cpu_ns, rss_mb, wrk
from run import LINK, ROOT, say, table

RUN, SCANNED = "print", "live"
CHANNEL = "shop-%04d"
PX, MM = 1024, 50
TITLE = "Spring run"
YARDSTICKS = {
    "qr": (["bench/yardsticks/qr.c"], "libqrencode libpng"),
    "poster": (["-flto", "-Iqr", "bench/yardsticks/poster.c", "build/release/qr/libqr.a"],
               "pangocairo pangoft2 fontconfig libqrencode libpng zlib"),
}


def build_yardsticks(folder):
    for name, (sources, packages) in YARDSTICKS.items():
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", *packages.split()], capture_output=True, text=True,
                               check=True)
        subprocess.run(["cc", "-O2", "-o", folder / name, *sources, *flags.stdout.split(), "-lm"], cwd=ROOT, check=True)

IDLE_SECONDS = 30  # then the server may have closed a kept connection


def child_cpu_us(command):
    """User plus system time of a command, in us."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run(command, capture_output=True, check=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e6, out


class Printer:
    """A kept connection to the API of a server, and what the server spent."""

    def __init__(self, huoma):
        self.huoma = huoma
        self.link = http.client.HTTPConnection("127.0.0.1", huoma.admin_port, timeout=300)
        self.asked_at = 0

    def ask(self, path, body=None):
        if time.monotonic() - self.asked_at > IDLE_SECONDS:
            self.link.close()
        self.asked_at = time.monotonic()
        headers = {"Authorization": "Bearer " + TOKEN, **({"Content-Type": "application/json"} if body else {})}
        self.link.request("POST" if body else "GET", f"/api/v1/campaigns/{RUN}/{path}",
                          json.dumps(body) if body else None, headers)
        answer = self.link.getresponse()
        data = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {data[:300]!r}")
        return data

    def cpu_us(self):
        """Of the server and its Redis; programs that prove are told apart."""
        return sum(cpu_ns(threads_of(pid)) for pid in self.huoma.pids()) / 1e3

    def proof_us(self):
        fields = pathlib.Path(f"/proc/{self.huoma.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[13]) + int(fields[14])) * 1e6 / os.sysconf("SC_CLK_TCK")

    def prove(self, paths):
        """us of CPU for each of these the first time, and of what proved them."""
        proof, cpu = self.proof_us(), self.cpu_us()
        for path in paths:
            self.ask(path)
        return (self.cpu_us() - cpu) / len(paths), (self.proof_us() - proof) / len(paths)

    def measure(self, path, count, seconds):
        """us of CPU for each of so many channels, over 8 kept connections, again and again."""
        cpu = self.cpu_us()
        told = wrk(self.huoma.admin_port, f"/api/v1/campaigns/{RUN}/{path}{CHANNEL}", 8, seconds,
                   headers={"Authorization": "Bearer " + TOKEN},
                   numbers=count)
        if told["failed"] or told["broken"]:
            raise RuntimeError(f"{path}: {told}")
        return (self.cpu_us() - cpu) / told["requests"]


def channel(n):
    return CHANNEL % n


def measure_singles(printer, yard, count, rounds, seconds):
    """Rows of the first table. Every request is for another channel, so nothing but the proof is remembered."""
    link = f"http://localhost:8080/{RUN}/{channel(0)}"
    cases = {
        "code, SVG": ("qr.svg?channel=",
                      lambda: child_cpu_us([yard / "qr", "svg", link, str(MM), str(20 * count)])[0] / (20 * count),
                      1.5),
        "code, PNG": ("qr.png?channel=",
                      lambda: child_cpu_us([yard / "qr", "png", link, str(PX), str(20 * count)])[0] / (20 * count),
                      1.5),
        "poster, PDF": (f"poster.pdf?title={TITLE.replace(' ', '+')}&channel=",
                        lambda: float(child_cpu_us([yard / "poster", link, TITLE, str(count)])[1]), 1.3),
    }
    seen, rows = {name: []
                  for name in cases}, [["", "huoma, us", "bare drawing, us", "first time, us", "of which proof"]]
    proved = {}
    for name, (path, _, _) in cases.items():
        paths = [path + channel(n) for n in range(count)]
        if name != "code, PNG":  # proved as SVG already
            proved[name] = printer.prove(paths)
    for r in range(rounds):
        for name, (path, bare, _) in cases.items() if r % 2 == 0 else reversed(cases.items()):
            mine = printer.measure(path, count, seconds)
            seen[name].append({"mine": mine, "bare": bare()})
    for name in cases:
        once, proof = proved.get(name, (0, 0))
        rows.append([name, f"{middle(seen[name], 'mine'):,.0f}", f"{middle(seen[name], 'bare'):,.0f}",
                     f"{once + proof:,.0f}" if once else "", f"{proof:,.0f}" if once else ""])
    say(), table(rows, {1, 2, 3, 4})
    return [target(f"CPU, {name} / bare drawing", statistics.median(s["mine"] / s["bare"] for s in seen[name]), bound)
            for name, (_, _, bound) in cases.items()]


def measure_sheet(printer, channels, rounds):
    """A sheet beside as many single posters, all of them proved before; its memory."""
    query = f"poster.pdf?template=sticker&title={TITLE.replace(' ', '+')}&channel="
    names = [channel(n) for n in range(channels)]
    sheet = {"channels": names, "template": "sticker", "title": TITLE}
    printer.ask("sheet.pdf", sheet), printer.prove([f"{query}{n}&label={n}" for n in names])
    printer.ask("sheet.pdf", {**sheet, "channels": names[:10]})
    seen, memory, size = [], [], 0
    for r in range(rounds):
        for what in ("sheet", "singles") if r % 2 == 0 else ("singles", "sheet"):
            cpu = printer.cpu_us()
            if what == "sheet":
                before = rss_mb(printer.huoma.process.pid)
                size = len(printer.ask("sheet.pdf", sheet))
                memory.append(rss_mb(printer.huoma.process.pid) - before)
                seen.append({}) if len(seen) == r else None
            else:
                seen.append({}) if len(seen) == r else None
                for n in names:
                    printer.ask(f"{query}{n}&label={n}")
            seen[r][what] = printer.cpu_us() - cpu
    say()
    say(f"a sheet of {channels:,}: {middle(seen, 'sheet') / 1e3:,.0f} ms of CPU, {size / 1e6:.1f} MB; "
        f"as many single ones: {middle(seen, 'singles') / 1e3:,.0f} ms")
    return [target(f"CPU, a sheet of {channels:,} / as many single ones",
                   ratio(seen, [{"sheet": s["singles"]} for s in seen], "sheet"), 1.1),
            target("MB of memory more after a sheet", statistics.median(memory), 1.0)]


class Sheets:
    """Somebody who has sheets made, one after the other."""

    def __init__(self, huoma, channels):
        self.printer, self.quiet, self.made = Printer(huoma), threading.Event(), 0
        self.body = {"channels": [channel(n) for n in range(channels)], "template": "sticker", "title": TITLE}
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.quiet.is_set():
            self.printer.ask("sheet.pdf", self.body)
            self.made += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.quiet.set()
        self.thread.join()


def measure_scans(huoma, channels, rounds, seconds):
    seen, made = {"no": [], "yes": []}, 0
    for r in range(rounds):
        for sheets in ("no", "yes") if r % 2 == 0 else ("yes", "no"):
            with Sheets(huoma, channels) if sheets == "yes" else contextlib.nullcontext() as s:
                time.sleep(0.2)
                told = wrk(huoma.port, "/" + SCANNED, 8, seconds)
                if told["failed"] or told["broken"]:
                    raise RuntimeError(f"scans: {told}")
                seen[sheets].append({"per_second": told["requests"] / told["seconds"], "p50_ms": told["p50_ms"],
                                     "p99_ms": told["p99_ms"]})
            made += s.made if s else 0
    rows = [["sheets being made", "scans/s", "p50 ms", "p99 ms"]]
    for sheets, got in seen.items():
        rows.append([sheets, f"{middle(got, 'per_second'):,.0f}", f"{middle(got, 'p50_ms'):.2f}",
                     f"{middle(got, 'p99_ms'):.2f}"])
    say(), table(rows, {1, 2, 3})
    say(f"sheets of {channels:,} made meanwhile: {made}")
    return [target("p99 of scans, sheets being made / none", ratio(seen["yes"], seen["no"], "p99_ms"), 1.25)]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=7, help="rounds, interleaved (7)")
    options.add_argument("--seconds", type=int, default=2, help="of each run of scans (2)")
    options.add_argument("--count", type=int, default=200, help="codes and posters of a run (200)")
    options.add_argument("--channels", type=int, default=1000, help="of a sheet (1000)")
    o = options.parse_args()
    if not 1 <= o.count <= 1000 or not 1 <= o.channels <= 1000 or o.rounds < 1 or o.seconds < 1:
        options.error("--count and --channels are 1 to 1000, the others 1 at least")
    began = time.monotonic()
    say(f"{os.cpu_count()} processors, {o.rounds} rounds; before the run: load {os.getloadavg()[0]:.1f}")
    huoma = Huoma(ROOT / "build/release/huoma")
    try:
        with tempfile.TemporaryDirectory() as yard:
            build_yardsticks(pathlib.Path(yard))
            huoma.campaign(RUN, [{"name": "open", "url": LINK, "show": "redirect"}])
            huoma.campaign(SCANNED, [{"name": "open", "url": LINK, "show": "redirect", "limit": 1000000000}])
            printer = Printer(huoma)
            rows = measure_singles(printer, pathlib.Path(yard), o.count, o.rounds, o.seconds)
            rows += measure_sheet(printer, o.channels, min(o.rounds, 3))
            rows += measure_scans(huoma, o.channels, o.rounds, o.seconds)
    finally:
        huoma.stop()
    say(), table([["", "target", "measured", "met?"], *rows], {1, 2})
    say(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
