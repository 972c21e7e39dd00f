"""What visitors were told, beside what the ledger says at the end."""

import collections
import contextlib
import threading
import time

from huoma import seat_of

AFTER_TROUBLE = 3.0     # seconds in which an answer may still be missing after all servers were healthy again


class Trouble:
    """When something was being broken: only then may an answer be a 503, or none."""

    def __init__(self):
        self.lock, self.spans, self.begun = threading.Lock(), [], None

    @contextlib.contextmanager
    def now(self):
        with self.lock:
            self.begun = time.monotonic()
        try:
            yield
        finally:
            with self.lock:
                self.spans.append((self.begun, time.monotonic() + AFTER_TROUBLE))
                self.begun = None

    def excuses(self, began, ended):
        with self.lock:
            return (self.begun is not None and ended >= self.begun) or any(began <= b and ended >= a
                                                                           for a, b in self.spans[-50:])


class Account:
    """One campaign's. A group's counter may be read between `sure` and `at_most`."""

    def __init__(self, slug):
        self.slug, self.lock = slug, threading.Lock()
        self.highest = {}                       # the highest limit that a group ever had; None: none
        self.seats = collections.Counter()      # told of, and counted at once
        self.confirmed = collections.Counter()  # the first 204 of each hold
        self.moved = collections.Counter()      # confirmed seats whose holders went on to another group
        self.holds = collections.Counter()      # (group, due, serial): never twice
        self.unknown = 0                        # requests that might have taken or confirmed a seat, and got no answer

    def limit(self, group, limit):
        with self.lock:
            before = self.highest.get(group, 0)
            self.highest[group] = None if limit is None or before is None else max(before, limit)

    def told(self, cookie):
        """A seat was given. Whether it is a hold."""
        state, group, due, serial = seat_of(cookie)
        with self.lock:
            if state == "c":
                self.seats[group] += 1
            else:
                self.holds[group, due, serial] += 1
        return state == "h"

    def no_answer(self):
        with self.lock:
            self.unknown += 1

    def kept(self, group):
        with self.lock:
            self.confirmed[group] += 1

    def left(self, group):
        with self.lock:
            self.moved[group] += 1

    def told_in_all(self):
        with self.lock:
            return self.seats.total() + self.holds.total()

    def over_limit(self, shown):
        """What is wrong with a campaign as the API shows it, at any moment."""
        with self.lock:
            return [f"{self.slug}/{g['id']}: {g['used']} seats of at most {self.highest.get(g['id'], g['limit'])}"
                    for g in shown["groups"]
                    if (most := self.highest.get(g["id"], g["limit"])) is not None and g["used"] > most]

    def compare(self, shown, by_group):
        """What is wrong at the end, when nobody holds a seat any more. by_group: rows of the statistics, by group."""
        wrong = self.over_limit(shown)
        wrong += [f"{self.slug}: the hold {hold} was given {n} times" for hold, n in self.holds.items() if n > 1]
        for g in shown["groups"]:
            name, id_ = f"{self.slug}/{g['id']}", g["id"]
            told = self.seats[id_] + self.confirmed[id_]
            if g["held"]:
                wrong.append(f"{name}: {g['held']} holds never came back")
            if g["used"] < told - self.moved[id_]:
                wrong.append(f"{name}: {told} seats were told of, {self.moved[id_]} given up, and {g['used']} are "
                             f"counted")
            if g["used"] > told + self.unknown:
                wrong.append(f"{name}: {g['used']} are counted, {told} were told of, and {self.unknown} requests got "
                             f"no answer")
            row = by_group.get(id_, {"seats": 0, "given_back": 0})
            if row["seats"] - row["given_back"] != g["used"]:
                wrong.append(f"{name}: {g['used']} in the ledger, and in the statistics {row['seats']} - "
                             f"{row['given_back']}")
        return wrong
