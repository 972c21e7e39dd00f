"""kill -9 of the server, of Redis and of both while people wait: every answered place is kept, all get in, each once,
none over the limit."""

import pytest
from test_kills import PATIENCE, bring_back, kill_both, kill_redis, kill_server

from huoma import PHONE, Server, Visits, build_request, page_groups, seeded, wait_for

PEOPLE = 40


class Line:
    """People who join, look and come, and ask again whenever an answer was lost."""

    def __init__(self, slug):
        self.slug, self.joined, self.seats = slug, set(), {}

    def request(self, n, body=None, path="", **cookies):
        headers = {"User-Agent": PHONE,
                   "Cookie": "; ".join(f"{k}={v}" for k, v in {"hw": f"{n:022}", **cookies}.items())}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return build_request("POST" if body is not None else "GET", f"/{self.slug}{path}", headers, body)

    def visit(self, n):
        while (yield self.request(n, b"wait=join&name=N%d" % n)).status != 303:
            pass
        self.joined.add(n)
        while True:
            answer = yield self.request(n, b"wait=look")
            if answer.status == 200 and answer.json()["state"] != "waits":
                assert answer.json()["state"] == "seat", f"{n} lost the place: {answer!r}"
                break
        while not (answer := (yield self.request(n))).cookie:
            assert answer.status in (0, 503), answer
        cookie = answer.cookie[0]
        while (kept := (yield self.request(n, b"", "/seat", hm=cookie))).status != 204:
            assert kept.status in (0, 503), kept
        self.seats[n] = tuple(cookie.split(".")[2:5])


@pytest.mark.parametrize("kill", [kill_server, kill_redis, kill_both], ids=["server", "redis", "both"])
def test_places_outlive_a_kill(kill, rounds, each_round, say):
    rng, kills = seeded("waiting kills"), 0
    with Server(workers=2) as server:
        for n in each_round():
            slug = f"round-{n}"
            server.create(slug, page_groups(0, 0), fallback={"waiting": {}})
            line = Line(slug)
            storm = Visits(server.public, (line.visit(i) for i in range(PEOPLE)), at_once=PEOPLE,
                           keep=rng.random() < 0.5, seconds=3).start()
            limits = {"g1": 0, "g2": 0}

            def strike():
                nonlocal kills
                bring_back(server, kill(server))
                storm.targets = iter(lambda: server.public, None)
                kills += 1

            goal = rng.randrange(1, PEOPLE)
            wait_for("people to join", lambda: len(line.joined) >= goal, PATIENCE, 0.001)
            if rng.random() < 0.5:
                strike()
            # Who came while a group is open would scan: a seat whose answer is lost would be nobody's.
            wait_for("all to join", lambda: len(line.joined) == PEOPLE or storm.error, PATIENCE, 0.02)
            while sum(limits.values()) < PEOPLE:
                group = rng.choice(["g1", "g2"])
                limits[group] += min(rng.randrange(1, 15), PEOPLE - sum(limits.values()))
                server.patch(slug, {"limit": limits[group]}, group=group)
                if rng.random() < 0.5:
                    strike()
            wait_for("all to be in", lambda: len(line.seats) == PEOPLE or storm.error, PATIENCE, 0.02)
            storm.join()
            assert len(set(line.seats.values())) == PEOPLE, "a seat was given twice"
            assert [(g["used"], g["confirmed"]) for g in server.show(slug)["groups"]] == \
                [(limits[g], limits[g]) for g in ("g1", "g2")]
    say(f"{kills} kills: {rounds * PEOPLE} waited and got in")
