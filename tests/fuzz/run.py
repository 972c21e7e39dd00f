#!/usr/bin/python3
"""Runs fuzz targets two at a time: replays the corpus of each, then searches for SECONDS. What crashes is kept.

    tests/fuzz/run.py SECONDS [TARGET]...     after script/build fuzz; targets as in tests/fuzz/fuzz_TARGET.c

The last line says how many targets passed and failed.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parent.parent / "build" / "fuzz"
FOUND = BUILD / "found"
AT_ONCE = 2
PROGRESS_SECONDS = 30
INPUT_SECONDS = 30   # longer than this for one input is a finding; a machine may be busy
GRACE_SECONDS = 120  # for reading the corpus, and for a report to be written


class Run:
    """One target on its way. What it finds new goes to a folder of its own, not into the checkout."""

    def __init__(self, target, seconds, scratch):
        self.target, self.began, self.seconds = target, time.monotonic(), seconds
        self.log_path = scratch / f"{target}.log"
        (scratch / target).mkdir()
        self.before = self.found()
        dictionary = HERE / f"{target}.dict"
        command = [BUILD / f"fuzz_{target}", f"-max_total_time={seconds}", f"-timeout={INPUT_SECONDS}",
                   "-print_final_stats=1", f"-artifact_prefix={FOUND}/{target}-",
                   *([f"-dict={dictionary}"] if dictionary.exists() else []), scratch / target,
                   HERE / "corpus" / target]
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def found(self):
        return set(FOUND.glob(f"{self.target}-*"))

    def log(self):
        return self.log_path.read_text(errors="replace")

    def over(self):
        if time.monotonic() - self.began > self.seconds + GRACE_SECONDS:
            self.process.kill()
            self.process.wait()
        return self.process.poll() is not None

    def progress(self):
        last = re.findall(r"^#(\d+)\s.*?cov: (\d+).*?exec/s: (\d+)", self.log(), re.M)
        runs, points, rate = last[-1] if last else ("0", "0", "0")
        return (f"  {self.target}: {time.monotonic() - self.began:.0f} of {self.seconds} s, {runs} runs, {rate}/s, "
                f"{points} edges")

    def result(self):
        """Whether it passed; tells."""
        log = self.log()
        runs = re.search(r"stat::number_of_executed_units:\s*(\d+)", log)
        points = re.findall(r"cov: (\d+)", log)
        good = self.process.returncode == 0 and runs is not None
        print(f"{'ok  ' if good else 'FAIL'} {self.target}: {runs[1] if runs else '?'} runs in "
              f"{time.monotonic() - self.began:.0f} s,"
              f" {points[-1] if points else '?'} edges", flush=True)
        if not good:
            print(log[-6000:])
            for path in sorted(self.found() - self.before):
                print(f"  found: {path}\n  again: {BUILD / f'fuzz_{self.target}'} {path}\n"
                      f"  when it is mended: mv {path} {HERE / 'corpus' / self.target}/NAME")
        return good


def run_all(targets, seconds, scratch):
    waiting, running, results = list(targets), [], []
    told = time.monotonic()
    try:
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                running.append(Run(waiting.pop(0), seconds, scratch))
            time.sleep(0.05)
            over = [run for run in running if run.over()]
            running = [run for run in running if run not in over]
            results += [run.result() for run in over]
            if time.monotonic() - told >= PROGRESS_SECONDS:
                told = time.monotonic()
                print("\n".join([*(run.progress() for run in running), f"  {len(waiting)} more to come"]), flush=True)
    finally:
        for run in running:
            run.process.kill()
    return results


def main():
    every = sorted(path.stem.removeprefix("fuzz_") for path in HERE.glob("fuzz_*.c"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", type=int)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {' '.join(every)}; none: all")
    args = parser.parse_args()
    if args.seconds < 1 or not set(args.targets) <= set(every):
        parser.error(f"SECONDS is from 1 on; targets are {' '.join(every)}")
    os.environ.setdefault("ASAN_OPTIONS", "detect_leaks=1")
    os.environ.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")
    FOUND.mkdir(parents=True, exist_ok=True)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="huoma-fuzz-"))
    try:
        results = run_all(args.targets or every, args.seconds, scratch)
    finally:
        shutil.rmtree(scratch)
    print(f"{results.count(True)} passed, {len(results) - results.count(True)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
