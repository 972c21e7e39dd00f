#!/usr/bin/env python3
"""Mixed load for hours, everything random from one seed, and what must be true at its end: see --help."""

import argparse
import os
import pathlib
import random
import re
import shutil
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

from alert_stub import Stub  # noqa: E402
from huoma import RedisServer, Server, close_running, percentile, wait_for  # noqa: E402
from operators import HOLD_SECONDS, Operators  # noqa: E402
from sample import SLOPE_MAX, SLOPE_MINUTES, Series  # noqa: E402
from visitors import Visitors  # noqa: E402
from world import World  # noqa: E402

SAMPLE_SECONDS = 2
SETTLE_SECONDS = 20         # beyond the time of a hold, until the last one is back and statistics are written
# descriptors more at the end than at the beginning: a link or two that is made when it is first needed
FILES_LEFT_MAX = 8
VISITOR_THREADS = 3
# What may be in the log beyond "info". The latter only when something was broken.
WARNINGS = {"alert_delayed", "alert_not_sent", "no_sandbox"}
WARNINGS_OF_KILLS = {"redis_lost", "redis_unreachable", "redis_exit", "redis_awaited", "drain_over"}

HELP = """\
Runs servers on one Redis under a load of everything that visitors and operators do: scans with and without cookies,
confirms, "next", waiting lists, previews, slow and broken clients; campaigns made, changed, imported, exported and
deleted, groups replaced and expiring, prints, statistics, consoles, log-ins, owner links, alerts; and kill -9 of
Redis and of all servers but the first, which is also ended and started anew. Then it asks whether no group is over
its limit, whether every seat that was told of is in the ledger and none is counted twice, whether statistics say the
same, whether memory and descriptors are flat, and what the logs say. Exit code 0: all is well. 1: not. 2: wrong
usage. 130: ctrl-C, and all was well until then.

Memory is flat if, in the second half of a run of 20 minutes or more, the line of least squares through the medians of
the first server's memory in each minute climbs by less than 5% an hour, or by less than 1 MB in all.
"""


def options():
    p = argparse.ArgumentParser(prog="script/soak", description=HELP,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--hours", type=float, default=0, metavar="N",
                   help="how long; with --minutes and --seconds the sum (1 hour if none is given)")
    p.add_argument("--minutes", type=float, default=0, metavar="N")
    p.add_argument("--seconds", type=float, default=0, metavar="N")
    p.add_argument("--seed", type=int, default=None, metavar="N",
                   help="the same again, as far as threads let it be the same")
    p.add_argument("--servers", type=int, default=2, metavar="N", help="1 to 8 (2)")
    p.add_argument("--workers", type=int, default=2, metavar="N", help="of each server, 1 to 8 (2)")
    p.add_argument("--rate", type=float, default=40, metavar="N",
                   help="visits a second, 1 to 1000 (40); each is some requests")
    p.add_argument("--kills", type=int, default=None, metavar="N", help="in all, 0 to 10000 (one each five minutes)")
    o = p.parse_args()
    o.seconds += o.hours * 3600 + o.minutes * 60
    o.seconds = o.seconds or 3600.0
    for name, low, high in (("seconds", 1, 1e7), ("servers", 1, 8), ("workers", 1, 8), ("rate", 1, 1000),
                            ("kills", 0, 10000)):
        value = getattr(o, name)
        if value is not None and not low <= value <= high:
            p.error(f"--{name} must be {low} to {high:g}")
    o.kills = int(o.seconds / 300) if o.kills is None else o.kills
    o.seed = random.SystemRandom().randrange(1 << 32) if o.seed is None else o.seed
    return o


class Soak:
    def __init__(self, o, folder):
        self.o, self.folder, self.stub, self.redis, self.servers = o, folder, Stub(), None, []
        self.threads, self.kills, self.cut_short = [], [], False

    # the beginning

    def begin(self):
        self.redis = RedisServer()
        flags = ["--trusted-proxies", "127.0.0.1/32", "--alert-private-hosts", "127.0.0.0/8", "--admin-url",
                 "http://127.0.0.1:1"]
        for n in range(self.o.servers):
            self.servers.append(Server(workers=self.o.workers, redis=self.redis, flags=flags,
                                       base_url="http://q.example.com", name=f"server-{n + 1}"))
        self.world = World(self.o.seed, self.servers)
        self.series = [Series(s.name) for s in self.servers] + [Series("redis")]
        self.visitors = Visitors(self.world)
        self.operators = Operators(self.world, self.stub.port, self.folder)
        self.operators.prepare(self.world.rng("prepare"))
        self.stub.answers["/hook"] = [(200, "{}", {})] * 3 + [(500, "no", {})] + [(200, "{}", {})]

    def start_load(self):
        v, o = self.visitors, self.operators
        rate = VISITOR_THREADS / self.o.rate
        for n in range(VISITOR_THREADS):
            self.act(f"visitors {n}", v.visit, rate)
        for name, step, pause in (("previews", v.look, 0.4), ("broken clients", v.break_off, 0.5),
                                  ("slow clients", v.drip, 0.5), ("tend", o.tend, 0.3),
                                  ("come and go", o.come_and_go, 1), ("read", o.read, 0.5), ("print", o.print, 6),
                                  ("log in", o.log_in, 8),
                                  ("owner", o.owner, 3), ("consoles", o.consoles, 0.5), ("move", o.move, 15)):
            self.act(name, step, min(pause, self.o.seconds / 8))

    def act(self, name, step, pause):
        self.threads.append(self.world.actor(name, step, pause))

    # while it runs

    def run(self):
        began = time.monotonic()
        rng = self.world.rng("kills")
        due = sorted(rng.uniform(0.05, 0.9) * self.o.seconds for _ in range(self.o.kills))
        told, sampled = 0, SAMPLE_SECONDS
        self.sample(0)
        self.start_load()
        print("the load has begun", flush=True)
        while (at := time.monotonic() - began) < self.o.seconds:
            if at >= sampled:
                self.sample(at)
                sampled += SAMPLE_SECONDS
            if at >= (told + 1) * 60:
                told += 1
                self.progress(told)
            if due and at >= due[0]:
                due.pop(0)
                self.kill(rng)
            time.sleep(min(0.2, max(0, self.o.seconds - at)))

    def sample(self, at):
        for series, program in zip(self.series, [*self.servers, self.redis], strict=True):
            series.take(at, program.pid)

    def progress(self, minute):
        w = self.world
        scans = sum(n for k, n in w.counts.items() if k.startswith("scan "))
        seats = sum(a.told_in_all() for a in w.lasting.values())
        first = self.series[0].rows[-1]
        print(f"{minute:5d} min  {scans:8d} scans  {seats:7d} seats  {len(w.lasting) + len(w.passing):3d} campaigns  "
              f"p99 {percentile(list(w.times), .99) * 1000:6.1f} ms  {self.servers[0].name} {first[1] / 1e6:.1f} MB, "
              f"{first[2]} files  "
              f"{len(self.kills)} kills  {w.wrong_count} wrong", flush=True)

    def kill(self, rng):
        """One of: Redis or a server is killed, or a server is ended as an upgrade would end it. The first server lives
        on."""
        choices = ["redis"] + ["kill", "restart"] * (len(self.servers) > 1)
        what, began = rng.choice(choices), time.monotonic()
        with self.world.trouble.now():
            if what == "redis":
                self.redis.kill()
                self.redis.start()
            else:
                server = rng.choice(self.servers[1:])
                if what == "kill":
                    server.kill()
                else:
                    server.stop()
                server.start()
            wait_for("health", lambda: all(s.recovered() for s in self.servers), 30, 0.05)
        self.kills.append((what, time.monotonic() - began))

    # the end

    def end_load(self):
        self.world.stopped.set()
        for thread in self.threads:
            thread.join(60)
            if thread.is_alive():
                self.world.complain(f"{thread.name}: does not come to its end")
        self.visitors.close()
        self.operators.close()

    def check(self):
        """All that is wrong, and the campaigns as they are."""
        w, first = self.world, self.servers[0]
        wrong = list(w.wrong) + ([f"and {w.wrong_count - len(w.wrong)} more"] if w.wrong_count > len(w.wrong) else [])
        for account in w.lasting.values():  # whom a list promises a seat holds it for a minute, then the next one does
            first.api("DELETE", f"/campaigns/{account.slug}/waiting", expect=204)
        for account in w.lasting.values():
            def settled(slug=account.slug):
                shown, rows = first.show(slug), first.api("GET", f"/campaigns/{slug}/stats?by=group").json()["rows"]
                return None if shown["seats"]["held"] else (shown, {r["key"]: r for r in rows})
            try:
                shown, rows = wait_for(f"the last hold of {account.slug}", settled, SETTLE_SECONDS + HOLD_SECONDS, 0.5)
            except AssertionError as e:
                wrong.append(str(e))
                shown, rows = first.show(account.slug), {}
            wrong += account.compare(shown, rows)
        return wrong + self.check_processes() + self.check_logs()

    def check_processes(self):
        first, files = self.series[0], self.series[0].rows[0][2]
        at = first.rows[-1][0] + SAMPLE_SECONDS
        wrong = [first.climbs()] if first.climbs() else []

        def calm():
            first.take(at, self.servers[0].pid)
            if first.rows[-1][2] <= files + FILES_LEFT_MAX:
                return True
            first.rows.pop()
            return False
        try:
            wait_for("descriptors", calm, 30, 0.5)
        except AssertionError:
            first.take(at, self.servers[0].pid)
            wrong.append(f"{first.name}: {first.rows[-1][2]} descriptors are open, {files} were at the beginning")
        return wrong

    def check_logs(self):
        wrong, good = [], WARNINGS | (WARNINGS_OF_KILLS if self.kills else set())
        for server in self.servers:
            for line in server.log().splitlines():
                found = re.match(r"time=\S+ level=(\S+) event=(\S+)", line)
                if not found or (found[1] in ("warn", "error") and found[2] not in good):
                    wrong.append(f"{server.name} says: {line[:300]}")
        return wrong

    def table(self, seconds):
        w = self.world
        print(f"\n{seconds / 60:.1f} minutes, seed {self.o.seed}, {len(self.servers)} servers of {self.o.workers} "
              f"workers")
        for what in sorted({k.rsplit(" ", 1)[0] if k.rsplit(" ", 1)[-1].isdigit() else k for k in w.counts}):
            by_status = {k.rsplit(" ", 1)[1]: n for k, n in w.counts.items() if k.rsplit(" ", 1)[0] == what
                         and k.rsplit(" ", 1)[-1].isdigit()}
            print(f"  {what:16} {w.counts.get(what, 0) or sum(by_status.values()):9d}   "
                  + "  ".join(f"{'none' if k == '0' else k}: {n}" for k, n in sorted(by_status.items())))
        print(f"  {'alerts sent':16} {len(self.stub.got):9d}")
        seats, unknown = (sum(f(a) for a in w.lasting.values())
                          for f in (lambda a: a.told_in_all(), lambda a: a.unknown))
        print(f"  {'seats told of':16} {seats:9d}   in {len(w.lasting)} campaigns; {unknown} requests got no answer or "
              f"did not wait for it")
        healthy = [f"{what} {s:.1f} s" for what, s in self.kills]
        print(f"  {'kills':16} {len(self.kills):9d}   healthy again after: {', '.join(healthy) or '-'}")
        print("\n" + Series.HEAD)
        for series in self.series:
            print(series.line())

    def close(self):
        self.stub.close()
        close_running()


def stop_servers(soak):
    """What a server says at its end is part of the run: a leak, if it was built to tell."""
    wrong = []
    for server in soak.servers:
        try:
            server.stop()
        except AssertionError as e:
            wrong.append(str(e)[:2000])
    return wrong


def soak_once(o, folder):
    soak, began = Soak(o, folder), time.monotonic()
    try:
        print(f"seed {o.seed}; {o.seconds / 60:.1f} minutes, {o.servers} servers, {o.rate:g} visits a second, "
              f"{o.kills} kills", flush=True)
        soak.begin()
        try:
            soak.run()
        except KeyboardInterrupt:
            soak.cut_short = True
            print("\nctrl-C: the load ends, then all is counted; once more gives up", flush=True)
        soak.end_load()
        seconds = time.monotonic() - began
        wrong = soak.check() + stop_servers(soak)
        soak.table(seconds)
        memory = f"memory and descriptors are flat (the first server's memory: {SLOPE_MAX:g}% an hour at most)"
        if soak.series[0].minutes() < SLOPE_MINUTES:
            memory = f"descriptors are flat; of memory a run under {SLOPE_MINUTES} minutes says nothing"
        print("\n" + ("\n".join(f"WRONG: {line}" for line in wrong) if wrong else
                      "No group is over its limit, every seat that was told of is counted, none twice, statistics say "
                      "the same; " + memory + "."))
        return 1 if wrong else 130 if soak.cut_short else 0
    finally:
        soak.close()


def main():
    o, folder = options(), pathlib.Path(tempfile.mkdtemp(prefix="huoma-soak-"))
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    try:
        code = soak_once(o, folder)
    except KeyboardInterrupt:
        code = 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.flush()
    os._exit(code) if code == 130 else sys.exit(code)   # threads in the midst of a request are not waited for


if __name__ == "__main__":
    main()
