"""deploy/Caddyfile, with a Caddy in front of a server: whose address is believed, and a restart that it waits for."""

import re
import signal

import pytest
from redis_groups import free_ports

from huoma import ROOT, TOKEN, Connection, Crowd, Program, Server, Visits, check_ledger, once, redirect_groups, wait_for

RESTARTS, AT_ONCE = 2, 8
CLAIMED = {"X-Forwarded-For": "8.8.8.8"}


class Caddy(Program):
    """The file as it is, but for names, ports and certificates."""

    def __init__(self, server):
        super().__init__("caddy")
        visitors, console = free_ports(2)
        text = (ROOT / "deploy/Caddyfile").read_text()
        for was, now in (("huoma-console.example.com", f"http://:{console}"),
                         ("\nq.example.com", f"\nhttp://:{visitors}"),
                         ("127.0.0.1:8080", "%s:%d" % server.public), ("127.0.0.1:8081", "%s:%d" % server.admin)):
            assert was in text
            text = re.sub(re.escape(was) + r"(?= \{)", now, text)
        (self.dir / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https off\n\tdefault_bind 127.0.0.1\n}\n" + text)
        self.visitors, self.console = ("127.0.0.1", visitors), ("127.0.0.1", console)
        self.spawn(["caddy", "run", "--adapter", "caddyfile", "--config", str(self.dir / "Caddyfile")],
                   {"PATH": "/usr/bin:/bin", "HOME": str(self.dir)})
        wait_for("caddy", lambda: all(self.listens(at) for at in (self.visitors, self.console)), 30)

    def listens(self, address):
        assert self.lives()
        try:
            Connection(address).close()
        except OSError:
            return False
        return True


@pytest.fixture(scope="module")
def behind():
    """A server at ports that it keeps, and Caddy before it."""
    public, admin = free_ports(2)
    flags = ["--listen", f"127.0.0.1:{public}", "--admin-listen", f"127.0.0.1:{admin}", "--trusted-proxies",
             "127.0.0.0/8"]
    with Server(workers=2, flags=flags) as server:
        caddy = Caddy(server)
        try:
            yield server, caddy
        finally:
            caddy.signal(signal.SIGTERM)
            caddy.close()


def test_what_a_visitor_claims_of_their_address_is_dropped(behind):
    server, caddy = behind
    assert once(server.admin, "GET", "/metrics").status == 200, "this machine's own"
    for claimed in ({}, CLAIMED):
        assert once(caddy.console, "GET", "/metrics", claimed).status == 401, \
            "by way of the proxy nobody is of this machine"
    server.create("told", redirect_groups(None))
    for address, who in ((server.admin, "8.8.8.8"), (caddy.console, "127.0.0.1")):
        once(address, "PATCH", "/api/v1/campaigns/told",
             {"Authorization": "Bearer " + TOKEN, "Content-Type": "application/json", **CLAIMED}, b'{"title": "new"}')
        assert server.api("GET", "/audit?limit=1").json()["data"][0]["from"] == who


def test_a_restart_is_waited_for_and_no_scan_is_sent_twice(behind, capsys):
    server, caddy = behind
    server.create("run", redirect_groups(None))
    crowd = Crowd("run", rough=True)
    with Visits(caddy.visitors, crowd.visits(), at_once=AT_ONCE, seconds=30) as storm:
        for _ in range(RESTARTS):
            seats = crowd.seats()
            wait_for("seats", lambda n=seats: crowd.seats() > n + 50, 30)
            server.stop()
            server.start()
        seats = crowd.seats()
        wait_for("seats", lambda: crowd.seats() > seats + 50, 30)
    used = server.show("run")["seats"]["used"]
    with capsys.disabled():
        print(f"\n    restarted {RESTARTS} times behind Caddy: {dict(storm.answers)}, {used} seats, the slowest "
              f"{max(storm.times):.2f} s", end="")
    assert not storm.lost and set(storm.answers) <= {302, 502}
    assert storm.answers[502] <= RESTARTS * AT_ONCE, ("nobody but who had connected and not yet asked when the door "
                                                      "closed")
    assert used == crowd.seats()
    check_ledger(server.show("run"), crowd.groups)
