"""What all who take part in a soak share."""

import collections
import random
import threading
import time
import traceback

from book import Account, Trouble

WRONG_MAX = 50      # what went wrong is told so often at most; it is all counted


class World:
    def __init__(self, seed, servers):
        self.seed, self.servers, self.trouble = seed, servers, Trouble()
        self.lasting, self.passing = {}, {}     # slug -> Account; the latter are made and deleted all the time
        self.stopped, self.lock = threading.Event(), threading.Lock()
        self.counts, self.wrong, self.wrong_count = collections.Counter(), [], 0
        self.times = collections.deque(maxlen=20000)    # seconds of the last answers to scans

    def rng(self, name):
        return random.Random(f"{self.seed} {name}")

    def account(self, slug, lasting):
        made = Account(slug)
        with self.lock:
            (self.lasting if lasting else self.passing)[slug] = made
        return made

    def forget(self, slug):
        with self.lock:
            self.passing.pop(slug, None)

    def any_account(self, rng):
        with self.lock:
            slugs = [*self.lasting.values(), *self.passing.values()]
        return rng.choice(slugs)

    def count(self, what, n=1):
        with self.lock:
            self.counts[what] += n

    def complain(self, text):
        with self.lock:
            self.wrong_count += 1
            if len(self.wrong) < WRONG_MAX:
                self.wrong.append(text)
                print(f"wrong: {text}", flush=True)     # now: who sees it after hours can't look any more

    def judge(self, what, status, good, began, detail=""):
        """Counts an answer; a strange one is wrong, but for 503 and none (0) while something is being broken."""
        self.count(f"{what} {status}")
        if status in good:
            return True
        if status not in (0, 500, 502, 503) or not self.trouble.excuses(began, time.monotonic()):
            self.complain(f"{what}: {status or 'no answer'} after {time.monotonic() - began:.2f} s {detail}".rstrip())
        return False

    def actor(self, name, step, pause):
        """A thread that does step(rng) again and again, `pause` seconds apart on the average."""
        rng = self.rng(name)

        def body():
            while not self.stopped.is_set():
                try:
                    step(rng)
                except Exception:  # one who stumbles does not end the load, but is told
                    self.complain(f"{name}: {traceback.format_exc(limit=-3).strip()}")
                self.stopped.wait(rng.expovariate(1 / pause))
        thread = threading.Thread(target=body, name=name, daemon=True)
        thread.start()
        return thread
