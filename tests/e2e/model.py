"""A small model of one campaign, and random operations that compare it with the real server after every step.

The model is design.md, section 3, in the plainest form that can count: no batches, no queue, no cursor. When a hold
goes back is told by its cookie. Operations are done one at a time, so everything is determined; only the clock is real:
near the second at which a hold goes back, the model waits until it has passed.
"""

import time

from huoma import Visitor, link, wait_for, wechat

HOLD = 10           # seconds, the least that is allowed
NEAR = 0.15         # seconds around a change of the clock's second in which no operation is begun, if it matters
SUSPECT_REPORTS = 3
EVEN_UNLIMITED = 500


class Group:
    def __init__(self, id_, page, limit):
        self.id, self.page, self.limit = id_, page, limit
        self.enabled, self.expired, self.suspect = True, False, False
        self.confirmed, self.reports, self.recent = 0, 0, 0
        self.holds = {}     # (due, serial) -> confirmed?
        self.renewed = 0

    @property
    def held(self):
        return sum(1 for confirmed in self.holds.values() if not confirmed)

    @property
    def used(self):
        return self.confirmed + self.held

    @property
    def room(self):
        return self.admits and (self.limit is None or self.used < self.limit)

    @property
    def admits(self):
        return self.enabled and not self.expired

    @property
    def url(self):
        return (wechat if self.page else link)(f"{self.id}x{self.renewed}")

    @property
    def state(self):
        if not self.enabled:
            return "off"
        if self.expired:
            return "expired"
        if not self.room:
            return "full"
        return "suspect" if self.suspect else "open"


class Person:
    def __init__(self, visitor):
        # seat: None, "confirmed", or (due, serial) of a hold
        self.visitor, self.group, self.seat = visitor, None, None
        self.tried = []

    def forget(self):
        self.group = self.seat = None


class Model:
    def __init__(self, server, slug, rng, strategy):
        self.server, self.slug, self.rng, self.strategy = server, slug, rng, strategy
        self.people, self.given_back, self.made = [], 0, 0
        self.groups = []
        server.create(slug, [], strategy=strategy, hold_seconds=HOLD)
        for _ in range(3):
            self.add_group()

    # what should be

    def sweep(self, now):
        for g in self.groups:
            for hold in [h for h in g.holds if h[0] <= now]:
                if not g.holds.pop(hold):
                    self.given_back += 1

    def open_groups(self, avoid=()):
        """The groups of which the strategy may take any: one, but for "random"."""
        rows = [(g.suspect, 0 if self.strategy == "fill" else g.used / (g.limit or EVEN_UNLIMITED), i, g)
                for i, g in enumerate(self.groups) if g.room and g.id not in avoid]
        if self.strategy == "random":
            return [row[3] for row in rows if row[0] == min(rows)[0]]
        return [min(rows)[3]] if rows else []

    def find(self, id_):
        return next((g for g in self.groups if g.id == id_), None)

    def holds_left(self):
        return any(due > time.time() for g in self.groups for due, _ in g.holds)

    def calm(self):
        """Waits until no hold of this campaign is about to go back, then gives back those that have."""
        def quiet():
            now = time.time()
            return now if all(abs(due - now) > NEAR for g in self.groups for due, _ in g.holds) else None
        now = wait_for("a quiet moment", quiet, 5, 0.02)
        if any(due <= now for g in self.groups for due, _ in g.holds):
            # the server gives them back when somebody asks, and a confirmation does not ask
            self.server.show(self.slug)
            self.sweep(now)

    # operations; each returns its name

    def step(self):
        self.calm()
        weights = {self.scan_new: 30, self.scan_again: 10, self.confirm: 18, self.confirm_again: 4, self.next: 6,
                   self.set_limit: 10,
                   self.set_enabled: 4, self.set_expiry: 4, self.set_confirmed: 3, self.set_order: 3, self.renew: 3,
                   self.add_group: 1, self.remove_group: 1}
        name = self.rng.choices(list(weights), list(weights.values()))[0]()
        self.compare(name)
        return name

    def took(self, person, expected, answer):
        """A seat was asked for: it must be of one of the expected groups, and the model takes it too."""
        if not expected:
            assert answer.group == "none", f"{answer.group}, though none is open: {answer!r}"
            person.forget()
            return
        assert answer.group in [g.id for g in expected], f"{answer.group}, expected {[g.id for g in expected]}"
        assert answer.cookie, "no cookie came with a seat"
        self.book(person, self.find(answer.group), answer.cookie[0])

    def book(self, person, group, cookie):
        _, state, named, due, serial, *_ = cookie.split(".")
        hold = (int(due, 16), int(serial, 16))
        assert named == group.id and (state == "h") == group.page, cookie
        person.group = group.id
        if group.page:
            now = time.time()
            assert hold not in group.holds, f"given twice: {hold}"
            assert now + HOLD - 1 <= hold[0] <= now + HOLD * 4 / 3 + 1, f"due {hold[0] - now:+.1f} s"
            group.holds[hold] = False
            person.seat = hold
        else:
            group.confirmed += 1
            person.seat = "confirmed"

    def scan_new(self):
        person = Person(Visitor(self.server, self.slug))
        expected = self.open_groups()
        self.took(person, expected, person.visitor.scan())
        if person.group:
            self.people.append(person)
        self.people = self.people[-40:]
        return "scan"

    def someone(self):
        return self.rng.choice(self.people) if self.people else None

    def keeps(self, person):
        """Whether the visitor's seat is still theirs, as the server can tell from the cookie."""
        g = self.find(person.group)
        return g is not None and g.admits and (person.seat == "confirmed" or person.seat[0] > time.time())

    def scan_again(self):
        person = self.someone()
        if not person:
            return self.scan_new()
        keeps, group = self.keeps(person), self.find(person.group)
        answer = person.visitor.scan()
        if keeps:
            assert answer.group == group.id and answer.cookie is None, f"{answer!r}: the seat in {group.id} was kept"
            if not group.page:
                assert answer.header("Location") == group.url
            return "scan again"
        expected = [group] if group is not None and group.room else self.open_groups()
        self.took(person, expected, answer)
        if not expected:
            self.people.remove(person)
        return "scan again, anew"

    def confirm(self):
        people = [p for p in self.people if p.seat != "confirmed"]
        if not people:
            return self.scan_new()
        person = self.rng.choice(people)
        group = self.find(person.group)
        answer = person.visitor.confirm()
        # also of a group that was closed meanwhile: they saw its code
        if group is not None and person.seat in group.holds:
            assert answer.status == 204, answer
            if not group.holds[person.seat]:
                group.holds[person.seat] = True
                group.confirmed += 1
        elif group is not None and group.room:
            assert answer.status == 204, answer
            group.confirmed += 1
        else:
            assert answer.status == 409 and answer.json() == {"reload": True}, answer
            self.people.remove(person)
            return "confirm, too late"
        person.seat = "confirmed"
        return "confirm"

    def confirm_again(self):
        people = [p for p in self.people if p.seat == "confirmed" and self.keeps(p)]
        if not people:
            return self.scan_new()
        assert self.rng.choice(people).visitor.confirm().status == 204
        return "confirm again"

    def next(self):
        people = [p for p in self.people if self.keeps(p)]
        if not people:
            return self.scan_new()
        person = self.rng.choice(people)
        group, seat, before = self.find(person.group), person.seat, person.visitor.cookie
        hold = tuple(int(part, 16) for part in before.split(".")[3:5])
        avoid = {group.id, *before.split(".")[5].split("~")}
        expected = self.open_groups(avoid)
        answer = person.visitor.next()
        assert answer.status == (303 if expected else 200), answer
        group.reports += 1
        if hold in group.holds:     # only a seat in its bucket speaks for a visitor
            group.recent += 1
        if group.recent >= SUSPECT_REPORTS:
            group.suspect = True
        if not expected:
            self.people.remove(person)   # what a visitor is shown then is the e2e tests' matter
            return "next, none"
        if hold in group.holds and hold != (0, 0):
            if group.holds.pop(hold):
                group.confirmed = max(0, group.confirmed - 1)   # an admin's head count may have left it out
        elif seat != "confirmed":
            raise AssertionError(f"the model lost {hold}")
        other = self.find(person.visitor.cookie.split(".")[2])
        assert other in expected, f"{other and other.id}, expected {[g.id for g in expected]}"
        self.book(person, other, person.visitor.cookie)
        return "next"

    def change(self, group, body):
        shown = self.server.patch(self.slug, body, group=group.id)
        group.suspect, group.recent = False, 0
        return shown

    def any_group(self):
        return self.rng.choice(self.groups)

    def set_limit(self):
        g = self.any_group()
        g.limit = self.rng.choice([0, None, g.used, g.used + 1, self.rng.randrange(1, 12), self.rng.randrange(1, 12)])
        self.change(g, {"limit": g.limit})
        return "limit"

    def set_enabled(self):
        g = self.any_group()
        g.enabled = not g.enabled
        self.change(g, {"enabled": g.enabled})
        return "on/off"

    def set_expiry(self):
        g = self.any_group()
        g.expired = not g.expired
        self.change(g,
                    {"expires_at": "2021-05-06T07:08:09+08:00" if g.expired
                     else self.rng.choice([None, "2099-01-01T00:00:00Z"])})
        return "expiry"

    def set_confirmed(self):
        g = self.any_group()
        g.confirmed = self.rng.randrange(8)
        shown = self.change(g, {"confirmed": g.confirmed})
        assert shown["confirmed"] == g.confirmed
        return "head count"

    def set_order(self):
        self.rng.shuffle(self.groups)
        self.server.api("PUT", f"/campaigns/{self.slug}/order", [g.id for g in self.groups])
        return "order"

    def renew(self):
        g = self.any_group()
        g.renewed += 1
        self.change(g, {"url": g.url})
        for person in self.people[-3:]:
            if not g.page and person.group == g.id and self.keeps(person):
                wait_for("the new link", lambda p=person: p.visitor.scan().header("Location") == g.url, 3)
        return "link"

    def add_group(self):
        if len(self.groups) >= 6:
            return self.scan_new()
        self.made += 1
        g = Group(f"g{self.made}", self.rng.random() < 0.6,
                  self.rng.choice([None, self.rng.randrange(1, 8), self.rng.randrange(1, 8)]))
        shown = self.server.api("POST", f"/campaigns/{self.slug}/groups",
                                {"url": g.url, "show": "page" if g.page else "redirect", "limit": g.limit}, 201).json()
        assert shown["id"] == g.id, "an id is never used twice"
        self.groups.append(g)
        return "add a group"

    def remove_group(self):
        if len(self.groups) < 3:
            return self.scan_new()
        g = self.any_group()
        self.server.api("DELETE", f"/campaigns/{self.slug}/groups/{g.id}", expect=204)
        self.groups.remove(g)
        return "remove a group"

    # what is

    def compare(self, what):
        self.calm()
        shown = self.server.show(self.slug)
        for g, s in zip(self.groups, shown["groups"], strict=True):
            is_ = (s["id"], s["limit"], s["used"], s["held"], s["confirmed"], s["reports"], s["state"])
            should = (g.id, g.limit, g.used, g.held, g.confirmed, g.reports, g.state)
            assert is_ == should, f"{self.slug} after {what}: the server has {is_}, the model {should}"

    def finish(self):
        """Every hold that was not confirmed comes back."""
        wait_for("all holds", lambda: not self.server.show(self.slug)["seats"]["held"], HOLD * 2, 0.2)
        self.sweep(time.time() + HOLD * 2)
        self.compare("the last hold")
