"""One address cannot empty a campaign: beyond its budget a seat costs a button and some work, and nobody is kept
out."""

import hashlib
import re
import threading
import urllib.parse


import pytest

from huoma import PHONE, Server, Visitor, link, once, page_groups, redirect_groups, wait_for

WORKERS = 2
CARRIER, OTHER = "8.8.4.4", "8.8.8.8"  # public ones: private ones have no budget


@pytest.fixture(scope="module")
def server():
    with Server(workers=WORKERS, flags=["--trusted-proxies", "127.0.0.1/32"]) as s:
        yield s


class Person:
    """A phone behind an address, as the proxy in front says it."""

    def __init__(self, server, slug, address=CARRIER):
        self.server, self.slug, self.address, self.page = server, slug, address, None

    def ask(self, method, path="", body=None, **headers):
        sent = {"User-Agent": PHONE, "X-Forwarded-For": self.address,
                **{k.replace("_", "-"): v for k, v in headers.items()}}
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        return once(self.server.public, method, f"/{self.slug}{path}", sent, body)

    def scan(self, path="", **headers):
        self.page = self.ask("GET", path, **headers)
        return self.page

    def asked(self):
        return 'id="prove"' in self.page.text

    def challenge(self):
        return re.search(r'name="challenge" value="([\w-]{39})"',
                         self.page.text)[1], int(re.search(r'data-bits="(\d+)"', self.page.text)[1])

    def prove(self, path="", challenge=None, answer=None, address=None):
        challenge = challenge or self.challenge()
        answer = work(*challenge) if answer is None else answer
        self.address = address or self.address
        self.page = self.ask("POST", path, f"challenge={challenge[0]}&answer={answer}".encode())
        return self.page


def work(text, bits):
    number = 0
    while int.from_bytes(hashlib.sha256(f"{text}:{number}".encode()).digest()[:4], "big") >> (32 - bits):
        number += 1
    return number


def use_up(server, slug, address=CARRIER, budget=4):
    """Scans until no worker has anything left for the address; how many seats it had."""
    had, asked = 0, 0
    while asked < 12:
        person = Person(server, slug, address)
        asked = 0 if person.scan().status == 302 else asked + 1
        had += person.page.status == 302
        assert had <= budget
    return had


def used(server, slug):
    return server.show(slug)["seats"]["used"]


def test_an_address_takes_its_budget_and_is_then_asked(server, slug):
    server.create(slug, redirect_groups(1000), per_address=4)
    assert use_up(server, slug) == 4 == used(server, slug)
    page = Person(server, slug).scan()
    assert page.status == 200 and page.header("Cache-Control") == "no-store" and page.cookie is None
    assert Person(server, slug, OTHER).scan().status == 302  # budgets are each address's own


def test_who_proves_it_is_in_and_keeps_channel_and_query(server, slug):
    server.create(slug, [{"url": link("a"), "show": "redirect", "limit": 1000}], per_address=4, forward_query=True)
    use_up(server, slug)
    person = Person(server, slug)
    person.scan("/shop-7?from=x")
    answer = person.prove("/shop-7?from=x")
    assert (answer.status == 302 and answer.header("Location").startswith(link("a"))
            and "from=x" in answer.header("Location"))
    assert used(server, slug) == 5 and answer.cookie
    rows = server.api("GET", f"/campaigns/{slug}/stats?by=channel").json()["rows"]
    assert {r["key"]: r["seats"] for r in rows}["shop-7"] == 1


def test_a_page_comes_after_the_proof_too(server, slug):
    server.create(slug, page_groups(100), per_address=1)
    Person(server, slug).scan(), Person(server, slug).scan()
    person = Person(server, slug)
    while not person.scan() or not person.asked():
        pass
    answer = person.prove()
    assert answer.status == 303 and answer.header("Location") == f"/{slug}"
    shown = person.ask("GET", Cookie="hm=" + answer.cookie[0])
    assert shown.status == 200 and shown.group == "g1" and 'id="prove"' not in shown.text


def test_a_proof_serves_once_for_one_campaign_and_one_address(server, slug):
    for name in (slug, slug + "b"):
        server.create(name, redirect_groups(1000), per_address=4)
        use_up(server, name), use_up(server, name, OTHER)
    first = Person(server, slug)
    first.scan()
    challenge = first.challenge()
    answer = work(*challenge)
    before = used(server, slug), used(server, slug + "b")
    assert Person(server, slug + "b").prove(challenge=challenge, answer=answer).status == 200
    assert Person(server, slug, OTHER).prove(challenge=challenge, answer=answer).status == 200
    for wrong in (answer + 1, "", -1, "1e3", "0" * 11, "%00"):
        if str(wrong).isdigit() and not int.from_bytes(hashlib.sha256(f"{challenge[0]}:{wrong}".encode()).digest()[:4],
                                                       "big") >> (32 - challenge[1]):
            continue
        assert Person(server, slug).prove(challenge=challenge, answer=wrong).status == 200, wrong
    forged = challenge[0][:-2] + ("AA" if challenge[0][-2:] != "AA" else "BB"), challenge[1]
    assert Person(server, slug).prove(challenge=forged, answer=work(*forged)).status == 200
    assert (used(server, slug), used(server, slug + "b")) == before
    assert Person(server, slug).prove(challenge=challenge, answer=answer).status == 302
    again = Person(server, slug)
    assert again.prove(challenge=challenge, answer=answer).status == 200 and again.challenge()[0] != challenge[0]
    assert used(server, slug) == before[0] + 1


def test_who_cannot_work_may_wait_and_those_too_have_a_budget(server, slug):
    server.create(slug, redirect_groups(1000), per_address=2)
    use_up(server, slug, budget=2)
    people = [Person(server, slug) for _ in range(8)]
    for p in people:
        p.scan()
    early = people[0].challenge()
    # it goes on waiting for the same
    assert people[0].prove(answer="").status == 200 and people[0].challenge() == early
    assert 'role="alert"' in people[0].page.text
    wait_for("the first who waited", lambda: people[0].prove(answer="").status == 302, seconds=20)
    got = [302] + [p.prove(answer="").status for p in people[1:]]
    assert 1 <= got.count(302) <= 2 and got.count(200) == len(people) - got.count(302)
    assert used(server, slug) == 2 + got.count(302)
    assert next(p for p in people if p.asked()).prove().status == 302


def test_a_crowd_behind_one_address_gets_in_all_of_it(server, slug):
    server.create(slug, redirect_groups(300), per_address=24)
    seats, lock = [], threading.Lock()

    def come(n):
        for _ in range(n):
            person = Person(server, slug)
            if person.scan().status != 302:
                person.prove()
            with lock:
                seats.append(person.page.status)

    threads = [threading.Thread(target=come, args=(12,)) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert seats == [302] * 48 and used(server, slug) == 48


def test_the_work_grows_with_what_was_taken(server, slug):
    server.create(slug, redirect_groups(1000), per_address=2)
    use_up(server, slug, budget=2)
    bits = []
    for _ in range(14):
        person = Person(server, slug)
        person.scan()
        bits.append(person.challenge()[1])
        person.prove()
    assert bits[0] == 15 and max(bits) >= 16 and max(bits) <= 20


def test_who_has_a_seat_is_never_asked(server, slug):
    server.create(slug, redirect_groups(1000), per_address=4)
    person = Person(server, slug)
    cookie = person.scan().cookie[0]
    use_up(server, slug)
    for _ in range(10):
        assert person.scan(Cookie="hm=" + cookie).status == 302
    assert used(server, slug) == 4


def test_a_full_campaign_says_so_and_costs_nobody_a_budget(server, slug):
    server.create(slug, redirect_groups(1), per_address=4)
    for _ in range(20):
        person = Person(server, slug)
        person.scan()
        assert not person.asked()


def test_a_64_is_one_address_and_another_is_another(server, slug):
    server.create(slug, redirect_groups(1000), per_address=4)
    had, asked = 0, 0
    for n in range(24):
        person = Person(server, slug, f"2001:4860:1:2:{n:x}::{n + 1}")
        had += person.scan().status == 302
        asked += person.asked()
    assert had == 4 and asked == 20
    assert Person(server, slug, "2001:4860:1:3::1").scan().status == 302


def test_only_what_the_trusted_proxy_says_is_the_address(server, slug):
    server.create(slug, redirect_groups(1000), per_address=4)
    assert use_up(server, slug, "8.8.4.5") == 4
    for n in range(8):  # what stands to the left of it anybody may have written
        assert Person(server, slug, f"1.1.1.{n}, 8.8.4.5").scan().status == 200
        assert Person(server, slug, f"1.1.1.{n}").scan(x_forwarded_for="8.8.4.5").status == 200  # in a line of its own
    for _ in range(20):  # no stranger's: this machine, its network
        assert Person(server, slug, "10.1.2.3").scan().status == 302 and Visitor(server, slug).scan().status == 302


def test_zero_is_any_number_and_a_tap_campaign_is_guarded_too(server, slug):
    server.create(slug, redirect_groups(1000), per_address=0)
    for _ in range(40):
        assert Person(server, slug).scan().status == 302
    server.create(slug + "tap", redirect_groups(1000), per_address=2, confirm="tap")
    seen = []
    for _ in range(8):
        person = Person(server, slug + "tap")
        assert person.scan().status == 200 and not person.asked()
        person.page = person.ask("POST", "", b"")
        seen.append(person.page.status)
    assert seen.count(302) == 2 and person.asked() and person.prove().status == 302
    for _ in range(4):  # the page's script has another address
        assert 'id="prove"' in person.ask("POST", "/seat", b"").text
    assert used(server, slug + "tap") == 3


def test_an_address_fills_no_waiting_list_and_nobody_is_kept_out_of_it(server, slug):
    server.create(slug, [{"url": link("a"), "limit": 0}], per_address=4, fallback={"waiting": {}})

    def join(address=CARRIER, name="Anna", **more):
        person = Person(server, slug, address)
        person.form = {"wait": "join", "name": name, **more}
        person.page = person.ask("POST", "", urllib.parse.urlencode(person.form).encode())
        return person

    def names():
        return [row["name"] for row in server.api("GET", f"/campaigns/{slug}/waiting?limit=200").json()["data"]]
    asked, had = 0, 0
    while asked < 12:
        person = join()
        assert (person.page.status, person.asked()) in ((303, False), (200, True)), person.page
        asked = asked + 1 if person.asked() else 0
        had += not person.asked()
    assert had <= 4 and len(names()) == had
    assert join(OTHER, "Ben").page.status == 303 and names()[-1] == "Ben"
    person = join(name='C"<b>&amp;')
    assert ('name="wait" value="join"' in person.page.text
            and 'name="name" value="C&#34;&lt;b&gt;&amp;amp;"' in person.page.text)
    text, bits = person.challenge()
    assert join(name='C"<b>&amp;', challenge=text, answer=work(text, bits)).page.status == 303
    assert names()[-1] == 'C"<b>&amp;' and len(names()) == had + 2
    assert join(name="Dora", challenge=text, answer=work(text, bits)).asked(), "a proof serves once"


def test_how_many_were_asked_is_told(server, slug):
    def numbers():
        text = once(server.admin, "GET", "/metrics").text
        return [int(re.search(rf"^huoma_proofs_{w}_total (\d+)", text, re.M)[1]) for w in ("asked", "brought")]
    server.create(slug, redirect_groups(100), per_address=2)
    use_up(server, slug, budget=2)
    person = Person(server, slug)
    person.scan(), person.prove()
    asked, brought = wait_for("the numbers", lambda: min(numbers()) and numbers())
    assert asked > brought >= 1
