"""Users, sessions, the first owner, tokens: who may come in, and what ends that."""

import concurrent.futures
import itertools
import json
import re
import subprocess
import time

import pytest

import huoma
from huoma import TOKEN, Server, once, redirect_groups, wait_for

PASSWORD = "correct horse battery"
OTHER = "a quite different one"


OWN_ADDRESSES = (f"127.77.{n // 250}.{n % 250 + 1}" for n in itertools.count())


class Browser:
    """Keeps the session cookie and sends what the console's page sends. Each comes from an address of its own: who logs
    in wrongly in one test keeps nobody in another one waiting."""

    def __init__(self, server, scheme="http", address=None):
        self.server, self.scheme, self.cookie, self.last = server, scheme, None, None
        self.address = address or next(OWN_ADDRESSES)

    @property
    def host(self):
        return f"127.0.0.1:{self.server.admin[1]}"

    def ask(self, method, path, body=None, expect=None, seconds=huoma.ANSWER_SECONDS, **headers):
        sent = {"Host": self.host}
        if method != "GET":
            sent |= {"X-Requested-With": "huoma", "Origin": f"{self.scheme}://{self.host}"}
        if self.cookie:
            sent["Cookie"] = "hms=" + self.cookie
        sent |= {k.replace("_", "-"): v for k, v in headers.items()}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        sent = {k: v for k, v in sent.items() if v is not None}
        with huoma.Connection(self.server.admin, seconds, self.address) as c:
            host = sent.pop("Host")
            c.send(huoma.build_request(method, "/api/v1" + path, {"Connection": "close", **sent}, data, host))
            answer = c.receive(method)
        self.last = answer.header("Set-Cookie")
        if self.last and self.last.startswith("hms="):
            self.cookie = self.last.split(";")[0].removeprefix("hms=") or None
        assert expect is None or answer.status == expect, answer
        return answer

    def login(self, name, password=PASSWORD, expect=200, **others):
        return self.ask("POST", "/session", {"name": name, "password": password}, expect, **others)


def make_user(server, name, role, password=PASSWORD):
    return server.api("POST", "/users", {"name": name, "password": password, "role": role}, 201).json()


@pytest.fixture(scope="module")
def owner(server):
    make_user(server, "olga", "owner")
    browser = Browser(server)
    browser.login("olga")
    return browser


# --- logging in and out ---


def test_a_login_gives_a_session(server, owner):
    make_user(server, "anna", "editor")
    anna = Browser(server)
    assert anna.login("anna").json() == {"name": "anna", "role": "editor"}
    attributes = anna.last.split("; ")[1:]
    assert attributes == ["Path=/", "HttpOnly", "SameSite=Strict", "Max-Age=2592000"], anna.last
    assert anna.ask("GET", "/me").json() == {"name": "anna", "role": "editor"}
    assert anna.ask("GET", "/campaigns").status == 200
    assert anna.ask("POST", "/campaigns", {"url": "https://chat.example.com/1"}).status == 403
    assert anna.ask("GET", "/users").status == 403


def test_the_cookie_is_for_tls_only_where_the_page_came_by_tls(server, owner):
    browser = Browser(server, "https")
    browser.login("olga")
    assert browser.last.endswith("; Secure")


def test_nothing_that_logs_in_is_in_the_store(server, owner):
    client = server.redis_client()
    dump = ""
    for key in client.scan_iter("*"):
        kind = client.type(key)
        dump += key + str(client.hgetall(key) if kind == "hash" else client.get(key) if kind == "string" else
                          client.xrange(key) if kind == "stream" else "")
    assert "olga" in dump and "$argon2id$" in dump
    assert PASSWORD not in dump and owner.cookie not in dump


def test_wrong_names_and_wrong_passwords_are_answered_alike(server, owner):
    make_user(server, "berta", "viewer")
    make_user(server, "carla", "viewer")
    server.api("PATCH", "/users/carla", {"disabled": True})
    answers = [Browser(server).login(name, password, 401) for name, password in
               (("berta", OTHER), ("nobody", PASSWORD), ("carla", PASSWORD))]
    assert len({(a.body, tuple(n for n, _ in a.headers)) for a in answers}) == 1, answers
    for body in ({}, {"name": "berta"}, {"name": 1, "password": PASSWORD},
                 {"name": "berta", "password": PASSWORD, "x": 1},
                 {"name": "x" * 65, "password": PASSWORD}, {"name": "berta", "password": "x" * 257}):
        Browser(server).ask("POST", "/session", body, 422)


def test_an_account_that_is_tried_again_and_again_has_to_wait(server, owner):
    make_user(server, "dora", "viewer")

    def wrong_until_wait(name):
        """Tries until it has to wait for some seconds; how many wrong attempts that took."""
        wrong, end = 0, time.monotonic() + 60
        while time.monotonic() < end:
            answer = Browser(server).login(name, OTHER, None)
            if answer.status == 401:
                wrong += 1
                continue
            assert answer.status == 429, answer
            seconds = int(answer.header("Retry-After"))
            if seconds >= 4:
                return wrong
            time.sleep(seconds)
        raise AssertionError("never")

    assert 5 <= wrong_until_wait("nobody-at-all") <= 9
    assert 5 <= wrong_until_wait("dora") <= 9
    Browser(server).login("dora", PASSWORD, 429)
    wait_for("the right password again", lambda: Browser(server).login("dora", PASSWORD, None).status == 200, 30)


def test_logging_out_ends_the_session(server, owner):
    make_user(server, "emma", "viewer")
    here, there = Browser(server), Browser(server)
    here.login("emma"), there.login("emma")
    kept = here.cookie
    here.ask("DELETE", "/session", expect=204)
    assert here.cookie is None and "Max-Age=0" in here.last
    here.cookie = kept
    assert here.ask("GET", "/me").status == 401
    assert there.ask("GET", "/me").status == 200
    here.login("emma")
    here.ask("DELETE", "/session?everywhere=1", expect=204)
    assert there.ask("GET", "/me").status == 401


def test_a_session_ends_when_it_is_old_or_was_not_used(server, owner):
    make_user(server, "fatima", "viewer")
    browser = Browser(server)
    browser.login("fatima")
    client = server.redis_client()
    key = next(k for k in client.scan_iter("hm:session:*") if '"fatima"' in client.get(k))
    assert 43000 < client.ttl(key) <= 43200
    client.expire(key, 100)
    assert browser.ask("GET", "/me").status == 200 and client.ttl(key) > 43000
    record = json.loads(client.get(key))
    client.set(key, json.dumps({**record, "created_at": "2020-01-01T00:00:00Z"}), ex=1000)
    assert browser.ask("GET", "/me").status == 401
    client.delete(key)
    assert browser.ask("GET", "/me").status == 401


def test_roles_and_switches_work_at_once(server, owner):
    make_user(server, "gina", "admin")
    browser = Browser(server)
    browser.login("gina")
    assert browser.ask("POST", "/campaigns", {"url": "https://chat.example.com/1"}).status == 201
    server.api("PATCH", "/users/gina", {"role": "viewer"})
    assert browser.ask("POST", "/campaigns", {"url": "https://chat.example.com/1"}).status == 403
    assert browser.ask("GET", "/me").json()["role"] == "viewer"
    server.api("PATCH", "/users/gina", {"disabled": True})
    assert browser.ask("GET", "/me").status == 401
    server.api("PATCH", "/users/gina", {"disabled": False})
    assert browser.ask("GET", "/me").status == 200
    server.api("DELETE", "/users/gina", expect=204)
    make_user(server, "gina", "owner")
    assert browser.ask("GET", "/me").status == 401, "a session of somebody else of that name"


@pytest.mark.parametrize("headers", [
    {"X_Requested_With": None}, {"X_Requested_With": "XMLHttpRequest"}, {"Origin": None}, {"Origin": "null"},
    {"Origin": "https://evil.example"}, {"Origin": "http://127.0.0.1:1"}, {"Origin": "http://127.0.0.1"},
    {"Host": "evil.example"},
])
def test_a_change_by_cookie_comes_from_our_own_page(server, owner, headers):
    before = server.api("GET", "/campaigns?limit=1").json()["total"]
    assert owner.ask("POST", "/campaigns", {"url": "https://chat.example.com/1"}, **headers).status == 403
    assert owner.ask("DELETE", "/session", **headers).status == 403
    assert server.api("GET", "/campaigns?limit=1").json()["total"] == before
    assert owner.ask("GET", "/me").status == 200


def test_a_page_of_another_port_or_host_is_not_our_own(server, owner):
    port = server.admin[1]
    for origin in (f"http://127.0.0.2:{port}", f"http://127.0.0.1:{port + 1 if port % 10 < 9 else port - 1}",
                   f"https://127.0.0.2:{port}", f"xttp://{owner.host}", owner.host):
        owner.ask("DELETE", "/session", expect=403, Origin=origin)
    assert owner.ask("GET", "/me").status == 200


# --- users ---


def test_users_are_made_shown_changed_and_deleted(server, owner):
    made = owner.ask("POST", "/users", {"name": "王 芳", "password": PASSWORD, "role": "editor"}, 201).json()
    assert made["name"] == "王 芳" and made["role"] == "editor" and made["disabled"] is False and set(made) == {
        "name", "role", "disabled", "created_at"}
    path = "/users/%E7%8E%8B%20%E8%8A%B3"
    assert owner.ask("GET", path).json() == made
    assert owner.ask("PATCH", path, {"role": "viewer"}).json() == {**made, "role": "viewer"}
    assert made["name"] in [u["name"] for u in owner.ask("GET", "/users").json()["data"]]
    owner.ask("POST", "/users", {"name": "王 芳", "password": PASSWORD, "role": "editor"}, 409)
    owner.ask("DELETE", path, expect=204)
    owner.ask("DELETE", path, expect=404), owner.ask("GET", path, expect=404)
    owner.ask("PATCH", path, {"role": "viewer"}, 404)


def test_users_come_page_by_page(server, owner):
    for n in range(3):
        make_user(server, f"page-{n}", "viewer")
    found, cursor = [], ""
    while cursor is not None:
        page = owner.ask("GET", f"/users?limit=2&cursor={cursor}").json()
        assert len(page["data"]) <= 2
        found += [u["name"] for u in page["data"]]
        cursor = page["next"]
    assert found == sorted(found) and len(found) == page["total"] and len(set(found)) == len(found)
    owner.ask("GET", "/users?limit=0", expect=422)


@pytest.mark.parametrize("body,field", [
    ({"name": "", "password": PASSWORD, "role": "viewer"}, "name"),
    ({"name": "a:b", "password": PASSWORD, "role": "viewer"}, "name"),
    ({"name": "a\nb", "password": PASSWORD, "role": "viewer"}, "name"),
    ({"name": "x" * 65, "password": PASSWORD, "role": "viewer"}, "name"),
    ({"name": "short", "password": "elevenchars", "role": "viewer"}, "password"),
    ({"name": "long", "password": "x" * 257, "role": "viewer"}, "password"),
    ({"name": "role", "password": PASSWORD, "role": "king"}, "role"),
    ({"name": "more", "password": PASSWORD, "role": "viewer", "disabled": True}, "disabled"),
    ({"password": PASSWORD, "role": "viewer"}, "name"),
])
def test_what_no_user_can_be_is_refused_at_its_field(server, body, field):
    errors = server.api("POST", "/users", body, 422).json()["errors"]
    assert [e["field"] for e in errors] == [field]


def test_a_new_password_ends_all_other_sessions(server, owner):
    make_user(server, "hanna", "owner")
    here, there = Browser(server), Browser(server)
    here.login("hanna"), there.login("hanna")
    here.ask("PATCH", "/users/hanna", {"password": OTHER}, 200)
    assert here.ask("GET", "/me").status == 200 and there.ask("GET", "/me").status == 401
    there.login("hanna", PASSWORD, 401), there.login("hanna", OTHER)
    server.api("DELETE", "/users/hanna", expect=204)


def test_everybody_can_change_their_own_password(server, owner):
    make_user(server, "ines", "viewer")
    here, there = Browser(server), Browser(server)
    here.login("ines"), there.login("ines")
    wrong = here.ask("PATCH", "/me", {"password": OTHER, "current_password": "not the right one"}, 422).json()
    assert [e["field"] for e in wrong["errors"]] == ["current_password"]
    here.ask("PATCH", "/me", {"password": OTHER, "current_password": PASSWORD}, 200)
    assert here.ask("GET", "/me").status == 200 and there.ask("GET", "/me").status == 401
    there.login("ines", OTHER)
    server.api("PATCH", "/me", {"password": OTHER, "current_password": PASSWORD}, 403)


def test_the_last_owner_stays():
    with Server(workers=1) as s:
        make_user(s, "only", "owner"), make_user(s, "other", "viewer")
        for method, body in (("DELETE", None), ("PATCH", {"role": "admin"}), ("PATCH", {"disabled": True})):
            s.api(method, "/users/only", body, 409)
        assert s.api("GET", "/users/only").json()["role"] == "owner"
        s.api("PATCH", "/users/other", {"role": "owner"})
        # two owners who remove each other at once: one of them stays
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda n: s.api("DELETE", f"/users/{n}", expect="any"), ("only", "other")))
        assert len(s.api("GET", "/users").json()["data"]) == 1


# --- the first owner ---


def setup_token(s):
    return re.search(r"#setup=([A-Za-z0-9_-]{43})", s.log())[1]


def test_the_log_of_an_empty_store_has_a_link_for_the_first_owner():
    with Server(workers=1) as s:
        link = s.log_fields("setup")[0]["link"].strip('"')
        assert link == f"http://127.0.0.1:{s.admin[1]}/#setup={setup_token(s)}"
        browser, body = Browser(s), {"token": setup_token(s), "name": "first", "password": PASSWORD}
        browser.ask("POST", "/setup", {**body, "token": "x" * 43}, 403)
        browser.ask("POST", "/setup", {**body, "password": "short"}, 422)
        assert browser.ask("POST", "/setup", body, 200).json() == {"name": "first", "role": "owner"}
        assert browser.ask("GET", "/me").json() == {"name": "first", "role": "owner"}
        Browser(s).ask("POST", "/setup", {**body, "name": "second"}, 403)
        assert [u["name"] for u in s.api("GET", "/users").json()["data"]] == ["first"]


def test_the_link_makes_nobody_once_there_is_a_user():
    with Server(workers=1) as s:
        make_user(s, "viewer", "viewer")
        Browser(s).ask("POST", "/setup", {"token": setup_token(s), "name": "late", "password": PASSWORD}, 409)
        first = s.dir / "first"
        s.stop()
        with Server(workers=1, data_dir=s.data_dir) as again:
            assert not again.log_fields("setup"), first


def test_demo_prints_the_link():
    with Server(workers=1, flags=["--demo"]) as s:
        said = f"Make your account  http://127.0.0.1:{s.admin[1]}/#setup={setup_token(s)}"
        wait_for("the link", lambda: said in s.log())


# --- tokens ---


def test_a_token_is_shown_once_and_ends(server, owner):
    made = owner.ask("POST", "/tokens", {"name": "ci", "role": "viewer", "expires_at": "2099-01-01T00:00:00Z"},
                     201).json()
    token = made.pop("token")
    path = "/tokens/" + made["id"]
    assert made["last_used"] is None and made["expires_at"] == "2099-01-01T00:00:00Z" and made["role"] == "viewer"
    assert owner.ask("GET", path).json() == made
    assert server.api("GET", "/me", token=token).json() == {"name": "ci", "role": "viewer"}
    server.api("GET", "/users", token=token, expect=403)
    used = wait_for("the last use", lambda: owner.ask("GET", path).json()["last_used"])
    server.api("GET", "/me", token=token)
    assert owner.ask("GET", path).json()["last_used"] == used
    listed = owner.ask("GET", "/tokens").json()
    assert {**made, "last_used": used} in listed["data"] and token not in json.dumps(listed)
    assert token not in json.dumps(server.redis_client().hgetall("hm:tokens"))
    owner.ask("DELETE", path, expect=204)
    server.api("GET", "/me", token=token, expect=401)
    owner.ask("DELETE", path, expect=404), owner.ask("GET", path, expect=404)


def test_an_expired_token_is_none(server, owner):
    made = owner.ask("POST", "/tokens", {"name": "old", "role": "owner"}, 201).json()
    client = server.redis_client()
    key = next(k for k, v in client.hgetall("hm:tokens").items() if json.loads(v)["id"] == made["id"])
    client.hset("hm:tokens", key,
                json.dumps({**json.loads(client.hget("hm:tokens", key)), "expires_at": "2020-01-01T00:00:00Z"}))
    server.api("GET", "/me", token=made["token"], expect=401)
    for body in ({"name": "", "role": "owner"}, {"name": "x"},
                 {"name": "x", "role": "owner", "expires_at": "2020-01-01T00:00:00Z"},
                 {"name": "x", "role": "owner", "expires_at": "soon"}):
        owner.ask("POST", "/tokens", body, 422)


# --- many at once ---


def test_hashing_keeps_nobody_else_waiting(server, owner):
    """Passwords are hashed beside the event loop, and no more of them wait than may."""
    make_user(server, "jana", "viewer")
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(48) as pool:
        tries = [pool.submit(lambda n=n: Browser(server).login(f"stranger-{n}", OTHER, None, seconds=60).status)
                 for n in range(48)]
        slowest = max(huoma_time(lambda: server.api("GET", "/me")) for _ in range(20))
        statuses = [t.result() for t in tries]
    assert set(statuses) <= {401, 503}, statuses
    assert slowest < max(1.0, (time.monotonic() - began) / 3), slowest


def huoma_time(act):
    began = time.monotonic()
    act()
    return time.monotonic() - began


# --- the command line ---


def cli(server, *words, stdin="", code=0):
    done = subprocess.run([huoma.BINARY, *words, "--data-dir", server.data_dir], input=stdin, capture_output=True,
                          text=True,
                          env=server.env, timeout=60)
    assert done.returncode == code, (words, done)
    return done


def test_the_command_line_makes_users():
    with Server(workers=1) as s:
        cli(s, "user", "add", "root", stdin=PASSWORD + "\n")
        assert Browser(s).login("root").json()["role"] == "owner"
        assert "needs --role" in cli(s, "user", "add", "second", stdin=PASSWORD, code=2).stderr
        cli(s, "user", "add", "second", "--role", "editor", stdin=PASSWORD)
        assert "already" in cli(s, "user", "add", "second", "--role", "editor", stdin=PASSWORD, code=1).stderr
        assert "12 characters" in cli(s, "user", "passwd", "second", stdin="short\n", code=1).stderr
        browser = Browser(s)
        browser.login("second")
        cli(s, "user", "passwd", "second", stdin=OTHER + "\n")
        assert browser.ask("GET", "/me").status == 401
        browser.login("second", OTHER)
        listed = json.loads(cli(s, "user", "list", "--json").stdout)
        assert [(u["name"], u["role"]) for u in listed["data"]] == [("root", "owner"), ("second", "editor")]
        assert "argon2" not in cli(s, "user", "list").stdout
        assert "last owner" in cli(s, "user", "delete", "root", code=1).stderr
        cli(s, "user", "delete", "second")
        assert browser.ask("GET", "/me").status == 401
        cli(s, "user", "delete", "second", code=1)
        cli(s, "user", "add", "third", "--password", PASSWORD, code=2)


def test_a_token_of_the_command_line_may_end_by_itself(server):
    made = json.loads(cli(server, "token", "create", "--name", "short", "--role", "viewer", "--days", "2",
                          "--json").stdout)
    shown = server.api("GET", "/tokens/" + made["id"]).json()
    assert made["expires_at"] == shown["expires_at"] > shown["created_at"]
    forever = json.loads(cli(server, "token", "create", "--name", "long", "--role", "viewer", "--json").stdout)
    assert forever["expires_at"] is None and server.api("GET", "/me", token=forever["token"]).status == 200
    listed = cli(server, "token", "list").stdout
    assert made["expires_at"] in listed and "never" in listed
    for days in ("-1", "x", "3651"):
        cli(server, "token", "create", "--name", "x", "--role", "viewer", "--days", days, code=2)
