"""GET /events: seats once a second at most, changes, and that nobody waits for anybody."""

import json
import socket
import time

import huoma
from huoma import TOKEN, Server, Visitor, redirect_groups, wait_for
from test_accounts import Browser, make_user


# for one event, on a machine that does much else: large campaigns are read and told of in one thread
EVENT_SECONDS = 60


class Listener:
    """An EventSource: reads events as they come."""

    def __init__(self, server, query="", headers=None):
        sent = {"Authorization": "Bearer " + TOKEN, **(headers or {})}
        self.connection = huoma.Connection(server.admin)
        self.connection.send(huoma.build_request("GET", "/api/v1/events" + query, {k: v for k, v in sent.items() if v}))
        self.head = self.read_until(b"\r\n\r\n").decode()
        self.status = int(self.head.split()[1])

    def read_until(self, end, seconds=EVENT_SECONDS):
        c = self.connection
        c.socket.settimeout(seconds)
        while end not in c.buffer:
            data = c.socket.recv(65536)
            assert data, (bytes(c.buffer), "closed")
            c.buffer += data
        text, _, rest = bytes(c.buffer).partition(end)
        c.buffer[:] = rest
        return text

    def event(self, name=None, seconds=EVENT_SECONDS):
        """The next event (of that name): (name, data). Comments and retry are passed by."""
        while True:
            fields = dict(line.split(": ", 1) for line in self.read_until(b"\n\n", seconds).decode().splitlines())
            if "event" in fields and (name is None or fields["event"] == name):
                return fields["event"], json.loads(fields["data"])

    def seats(self):
        return self.event("seats")[1]

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def test_a_listener_is_told_of_seats_and_no_more_than_once_a_second(server, slug):
    server.create(slug, redirect_groups(50))
    with Listener(server, "?campaigns=" + slug) as l:
        assert l.status == 200 and "Content-Type: text/event-stream" in l.head and "Cache-Control: no-store" in l.head
        assert l.read_until(b"\n\n") == b"retry: 2000"
        first = l.seats()
        assert first["slug"] == slug and first["seats"] == {"limit": 50, "used": 0, "held": 0, "free": 50}
        assert first["groups"] == [{"id": "g1", "limit": 50, "used": 0, "confirmed": 0, "held": 0, "reports": 0,
                                    "members": None, "state": "open"}]
        began, told = time.monotonic(), 0
        for n in range(20):
            assert Visitor(server, slug).scan().status == 302
        used = 0
        while used < 20:
            used = l.seats()["seats"]["used"]
            told += 1
        assert told <= time.monotonic() - began + 2, told
        assert server.show(slug)["seats"]["used"] == 20


def test_only_those_asked_for_are_told(server, slug):
    server.create(slug, redirect_groups(5)), server.create(slug + "b", redirect_groups(5))
    with Listener(server, f"?campaigns={slug},{slug.upper()}") as one, Listener(server) as all_:
        assert one.seats()["slug"] == slug
        seen = set()
        wait_for("both", lambda: seen.add(all_.seats()["slug"]) or {slug, slug + "b"} <= seen)
        Visitor(server, slug + "b").scan(), Visitor(server, slug).scan()
        assert one.seats()["slug"] == slug


def test_changes_are_told_by_whoever_made_them(server, slug):
    with Listener(server, "?campaigns=" + slug) as l:
        l.read_until(b"\n\n")
        client = server.redis_client()
        wait_for("the subscription", lambda: any("subscribe" in c["cmd"] for c in client.client_list()))
        server.create(slug, redirect_groups(5))
        assert l.event("campaign")[1] == {"slug": slug, "change": "created", "version": 1}
        server.patch(slug, {"title": "new"})
        assert l.event("campaign")[1] == {"slug": slug, "change": "changed", "version": 2}
        server.patch(slug, {"limit": 3}, group="g1")
        assert l.event("campaign")[1]["version"] == 3
        server.api("DELETE", f"/campaigns/{slug}")
        assert l.event("campaign")[1] == {"slug": slug, "change": "deleted", "version": 0}


def test_many_changes_at_once_are_told_as_many(server):
    with Listener(server, "?campaigns=none-such") as l:
        l.read_until(b"\n\n")
        client = server.redis_client()
        wait_for("the subscription", lambda: client.publish("hm:changed", "warm-up") >= 3)
        for n in range(200):
            client.publish("hm:changed", f"made-up-{n}")
        wait_for("many", lambda: l.event("campaign")[1] == {"slug": None, "change": "many", "version": 0})


def test_one_read_a_second_serves_all_who_listen(slug):
    with Server(workers=1) as s:
        s.create(slug, redirect_groups(5))
        listeners = [Listener(s, "?campaigns=" + slug) for _ in range(50)]
        for l in listeners:
            assert l.seats()["slug"] == slug
        client = s.redis_client()
        calls = lambda: client.info("commandstats")["cmdstat_evalsha"]["calls"]
        before, began = calls(), time.monotonic()
        Visitor(s, slug).scan()
        for l in listeners:
            assert l.seats()["seats"]["used"] == 1
        assert calls() - before <= 3 * (time.monotonic() - began) + 8  # what the server does by itself is in it
        for l in listeners:
            l.close()


def test_nobody_waits_for_who_does_not_read(slug):
    """64 large campaigns are more than a client's buffers hold: it is told of them bit by bit, and a quick one of
    all."""
    with Server(workers=1) as s:
        slugs = [f"{slug}-{n}" for n in range(64)]
        for name in slugs:
            s.create(name, redirect_groups(*[1000] * 200))
        slow = Listener(s)
        slow.connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with Listener(s) as quick:
            seen = set()
            while seen < set(slugs):
                seen.add(quick.seats()["slug"])
            Visitor(s, slugs[0]).scan()
            while True:
                told = quick.seats()
                if told["slug"] == slugs[0] and told["seats"]["used"] == 1:
                    break
            assert s.api("GET", "/me").status == 200
        assert slow.seats()["slug"] in slugs
        slow.close()


def test_of_a_very_large_campaign_the_sums_are_told(slug):
    with Server(workers=1) as s:
        s.create(slug, redirect_groups(*[1] * 1000))
        with Listener(s, "?campaigns=" + slug) as l:
            assert l.seats()["seats"]["free"] == 1000
            Visitor(s, slug).scan()
            told = l.seats()
            assert told["seats"]["used"] == 1 and told["groups"] == []


def test_it_needs_a_login_and_slugs(server, slug):
    assert huoma.once(server.admin, "GET", "/api/v1/events").status == 401
    for bad in ("", "a,,b", "a b", "_", "a," * 3000):
        assert server.api("GET", "/events?campaigns=" + bad.replace(" ", "%20"), expect="any").status in (414, 422), bad
    assert huoma.once(server.admin, "HEAD", "/api/v1/events", {"Authorization": "Bearer " + TOKEN}).status == 200


def test_it_ends_with_the_right_to_it(server, slug):
    """The user is disabled, logs out everywhere, or the token is taken back: the stream ends by itself. The others' do
    not."""
    server.create(slug, redirect_groups(5))
    users = [f"{slug}-{n}"[:32] for n in "ab"]
    cookies = []
    for name in users:
        make_user(server, name, "viewer")
        browser = Browser(server)
        browser.login(name)
        cookies.append(browser)
    made = server.api("POST", "/tokens", {"name": slug[:32], "role": "viewer"}, 201).json()
    by_cookie = [Listener(server, f"?campaigns={slug}", {"Authorization": None, "Cookie": "hms=" + b.cookie})
                 for b in cookies]
    by_token = Listener(server, "", {"Authorization": "Bearer " + made["token"]})
    with Listener(server, "?campaigns=" + slug) as stays:
        listening = [*by_cookie, by_token]
        assert [l.status for l in listening] == [200] * 3
        server.api("PATCH", f"/users/{users[0]}", {"disabled": True})
        cookies[1].ask("DELETE", "/session?everywhere=1", expect=204)
        server.api("DELETE", f"/tokens/{made['id']}", expect=204)
        for l in listening:
            l.connection.socket.settimeout(EVENT_SECONDS)
            while l.connection.socket.recv(65536):
                continue
            l.close()
        stays.seats()
        Visitor(server, slug).scan()
        assert stays.seats()["seats"]["used"] == 1


def test_no_account_and_no_address_has_all_places(slug):
    with Server(workers=1, flags=["--trusted-proxies", "127.0.0.0/8"]) as s:
        s.create(slug, redirect_groups(5))
        tokens = [TOKEN] + [s.api("POST", "/tokens", {"name": f"screen-{n}", "role": "viewer"}, 201).json()["token"]
                            for n in range(4)]
        listeners = []

        def ask(token, address):
            headers = {"Authorization": "Bearer " + tokens[token], "X-Forwarded-For": address}
            listeners.append(Listener(s, "?campaigns=" + slug, headers))
            return listeners[-1].status

        def refused(token, address):
            """Why, of who is not let in."""
            status = ask(token, address)
            one = listeners.pop()
            problem = json.loads(one.connection.buffer)
            one.close()
            assert "Retry-After: 10" in one.head and problem["status"] == status
            return status, problem["detail"]

        home = "2001:4860:1:2::{:x}".format
        assert {ask(0, home(n)) for n in range(64)} == {200}
        status, why = refused(0, "8.8.8.8")
        assert status == 429 and "account or token" in why, "from wherever it comes"
        assert {ask(1, home(n)) for n in range(64)} == {200}
        status, why = refused(2, home(0xffff))
        assert status == 429 and "address" in why, "whoever it is, and wherever in the /64"
        assert s.api("GET", "/me").status == 200
        assert {ask(2 + n // 64, f"8.8.4.{n}") for n in range(128)} == {200}
        status, why = refused(4, "9.9.9.9")
        assert status == 503 and "Too many" in why
        listeners.pop(0).close()

        def again():
            got_in = ask(0, home(1)) == 200
            if not got_in:
                listeners.pop().close()
            return got_in
        wait_for("a free place", again)
        for l in listeners:
            l.close()


def test_a_listener_is_let_go_when_the_server_stops():
    with Server(workers=1) as s:
        l = Listener(s)
        began = time.monotonic()
        s.stop()
        assert time.monotonic() - began < 3
        assert l.connection.closed() is not False
        l.close()


def test_listeners_outlive_redis(slug):
    with Server(workers=1) as s:
        s.create(slug, redirect_groups(5))
        with Listener(s, "?campaigns=" + slug) as l:
            l.seats()
            s.redis_kill()
            wait_for("health", s.recovered, 20)
            Visitor(s, slug).scan()
            assert l.seats()["seats"]["used"] == 1
