"""The k-th allocation fails, for every k: at the start, at scans, at changes by an admin, at imports.

`huoma-scarce` (tests/lib/scarce_memory.c) is huoma with sanitizers whose allocations a test counts and withholds, one
by one or all for a while. Nothing may crash or leak, who is answered is in the ledger, and all is well once there is
memory. HUOMA_SEED runs a sample again; more than 5 rounds try every k.
"""

import contextlib
import itertools
import json
import mmap
import os
import struct
import subprocess
import tempfile

import pytest

import huoma
from huoma import (Crowd, Lost, RedisServer, Server, Visitor, check_ledger, link, page_groups, redirect_groups, seeded,
                   wait_for)

BINARY = huoma.BINARY.with_name("huoma-scarce")
SAMPLE = 12         # how many k are tried of a deed, in the short form
MANY = 1 << 40      # all that follow
PATIENCE = 20


class Memory:
    """What test and program share: see struct scarce."""

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile(prefix="huoma-memory-")
        self.file.truncate(mmap.PAGESIZE)
        self.map = mmap.mmap(self.file.fileno(), mmap.PAGESIZE)
        self.env = {"HUOMA_TEST_MEMORY": self.file.name, "ASAN_OPTIONS": "handle_abort=1:detect_leaks=1"}
        self.set(4, int("HUOMA_TEST_MEMORY_TOLD" in os.environ))

    def set(self, at, value):
        struct.pack_into("<q", self.map, 8 * at, value)

    def get(self, at):
        return struct.unpack_from("<q", self.map, 8 * at)[0]

    @contextlib.contextmanager
    def scarce(self, first, count=1):
        """From the first-th allocation on, so many fail."""
        self.set(1, 0)
        for at, value in ((0, 0), (3, 0), (2, count), (1, first)):
            self.set(at, value)
        try:
            yield self
        finally:
            self.set(1, 0)

    @property
    def calls(self):
        return self.get(0)

    @property
    def failed(self):
        return self.get(3)

    def close(self):
        self.map.close()
        self.file.close()


@pytest.fixture(scope="module")
def memory():
    made = Memory()
    yield made
    made.close()


@pytest.fixture(scope="module")
def served(memory):
    """A server of one worker whose memory can be withheld."""
    with RedisServer() as redis, Server(workers=1, redis=redis, binary=BINARY, env=memory.env,
                                        hold_seconds=600) as server:
        yield server


def each_k(memory, rng, every, act, sample=SAMPLE):
    """act() with the k-th allocation failing: all k, or a sample, until one is not reached any more. (tried, failed)"""
    with memory.scarce(0):
        act()
        reached = memory.calls
    ks = itertools.count(1) if every else sorted(rng.sample(range(1, reached + 1), min(sample, reached)))
    tried = failed = 0
    for k in ks:
        for count in (1, MANY):
            with memory.scarce(k, count):
                act()
                failed += memory.failed
            tried += 1
        if every and k > reached and memory.calls < k:
            break
    return tried, failed


# --- scans ---


@contextlib.contextmanager
def may_be_cut_off():
    """A connection for which there is no memory is closed; but never left without an answer."""
    try:
        yield
    except (Lost, OSError) as e:
        assert "timed out" not in str(e), "no answer, and not closed"


def scan_and_confirm(server, slug, crowd):
    """A phone that finds what it finds; what it was told is in the crowd."""
    with may_be_cut_off():
        anna = Visitor(server, slug)
        answer = anna.scan()
        assert answer.status in (200, 302, 503), answer
        if answer.status == 503:
            assert answer.header("Retry-After") and "<html" in answer.text, "the busy page"
        if not answer.cookie:
            assert answer.status == 503 or answer.group == "none", answer
            return
        state, group, due, serial = huoma.seat_of(answer.cookie[0])
        crowd.groups[group] += 1
        if state == "h":
            crowd.held[group, due, serial] += 1
            kept = anna.confirm()
            assert kept.status in (204, 503), kept
            crowd.confirmed[group] += kept.status == 204


def test_scans_with_an_allocation_failing(served, memory, rounds, say):
    rng, redis = seeded("memory of scans"), served.redis_client()
    served.create("page", page_groups(40, None))
    served.create("go", redirect_groups(40, None), strategy="even")
    for slug in ("page", "go"):
        crowd = Crowd(slug)

        def act(slug=slug, crowd=crowd):
            redis.publish("hm:changed", slug)  # so that the campaign is read again
            scan_and_confirm(served, slug, crowd)
            served.lives()

        tried, failed = each_k(memory, rng, rounds > 5, act)
        wait_for("health", served.recovered, PATIENCE)
        assert Visitor(served, slug).scan().status in (200, 302)
        crowd.check_serials()
        shown = served.show(slug)
        check_ledger(shown, crowd.groups)
        for g in shown["groups"]:
            assert crowd.confirmed[g["id"]] <= g["confirmed"], g
        say(f"{slug}: {tried} scans without some memory, {failed} allocations failed, {crowd.seats()} seats were "
            f"given, "
            f"{shown['seats']['used']} counted")
    served.check_log()


# --- changes by an admin ---


def test_changes_with_an_allocation_failing(served, memory, rounds, say):
    """What was answered is so; what was refused is not, or not yet known."""
    rng, numbers, told = seeded("memory of changes"), itertools.count(1), {"made": 0, "refused": 0}

    def act():
        slug, asked = f"c{next(numbers)}", ("before", "after")
        made = changed = None
        with may_be_cut_off():
            made = served.api("POST", "/campaigns", {"slug": slug, "title": asked[0], "groups": redirect_groups(5)},
                              expect="any").status
            assert made in (201, 503, 507), made
        with may_be_cut_off():
            changed = served.api("PATCH", f"/campaigns/{slug}", {"title": asked[1]}, expect="any").status
            assert changed in (200, 503, 507) or (changed == 404 and made != 201), changed
        memory.set(1, 0)
        shown = wait_for("the admin door", lambda: served.api("GET", f"/campaigns/{slug}", expect="any"), PATIENCE)
        assert shown.status == 200 or (shown.status == 404 and made != 201), shown
        if changed == 200:
            assert shown.json()["title"] == asked[1]
        told["made" if made == 201 else "refused"] += 1
        served.lives()

    tried, failed = each_k(memory, rng, rounds > 5, act)
    wait_for("health", served.recovered, PATIENCE)
    say(f"{tried} changes without some memory, {failed} allocations failed: {told['made']} campaigns made, "
        f"{told['refused']} refused")
    served.check_log()


# --- starts ---


def test_starts_with_an_allocation_failing(memory, rounds, say):
    """A server starts, or says why not and ends."""
    rng, outcomes = seeded("memory of starts"), [0, 0]
    with RedisServer() as redis:
        def act():
            with Server(workers=1, redis=redis, binary=BINARY, env=memory.env, start=False) as server:
                server.spawn(server.command, server.env)
                server.expect_exit = False
                begun = lambda: server.process.poll() is not None or server.read_ready()
                with contextlib.suppress(AssertionError):  # who cannot reach Redis tries for half a minute
                    wait_for("a start or an end", begun, 3, 0.002)
                memory.set(1, 0)
                wait_for("a start or an end", begun, huoma.START_SECONDS, 0.002)
                outcomes[server.process.poll() is not None] += 1
                if server.process.poll() is None:
                    server.meet()
                    wait_for("health", server.healthy, PATIENCE)
                    server.stop()
                else:
                    assert server.process.returncode in (1, 2) and server.log().strip(), \
                        (server.process.returncode, server.log())
                server.check_log()

        tried, failed = each_k(memory, rng, rounds > 5, act, sample=5)
    say(f"{tried} starts without some memory, {failed} allocations failed: {outcomes[0]} served, {outcomes[1]} said "
        f"why not")


# --- commands ---


def run_once(arguments, env):
    """(exit code, what it said), within a time."""
    done = subprocess.run([str(a) for a in (BINARY, *arguments)], capture_output=True, text=True, timeout=60,
                          check=False,
                          env={**{k: v for k, v in os.environ.items() if not k.startswith("HUOMA_")}, **env,
                               "UBSAN_OPTIONS": "print_stacktrace=1"})
    said = done.stdout + done.stderr
    for word in huoma.SANITIZER_WORDS:
        assert word not in said, said[:8000]
    return done.returncode, said


SHEET = f"""slug,title,strategy,alias,group,url,limit,confirmed,expires_at
anna,Anna's campaign,fill,/old/anna /s/1,North,{link(1)},9,3,
,,,,South,{link(2)},,,2031-01-01
ben,,even,,Only,{link(3)},5,,
"""
DUMP = f"""-- MySQL dump
CREATE TABLE `yourls_url` (`keyword` varchar(200), `url` text, `title` text, `clicks` int);
INSERT INTO `yourls_url` VALUES ('anna','{link(1)}','Anna\\'s link',3),('AbC','{link(2)}',NULL,0);
INSERT INTO `yourls_url` (`keyword`,`url`,`title`) VALUES ('abc','{link(3)}','The third');
"""
ANSWERS = "".join(json.dumps({"shortUrls": {"data": data}}) + "\n" for data in (
    [{"shortCode": "anna", "longUrl": link(1), "title": "Anna's link",
      "meta": {"maxVisits": 9, "validUntil": "2031-01-01T00:00:00Z"}},
     {"shortCode": "AbC", "longUrl": link(2), "title": None}], [{"shortCode": "abc", "longUrl": link(3)}]))


def stored(client):
    """All that an import makes, but for what differs each time."""
    found = {}
    for key in sorted(client.zrange("hm:campaigns", 0, -1)):
        key = f"hm:{{{key}}}"
        if not client.exists(key):
            continue  # of the index alone
        definition = json.loads(client.get(key))
        for name in ("uid", "created_at", "updated_at"):
            definition.pop(name, None)
        for group in definition["groups"]:
            group.pop("born", None)
        seats = client.hgetall(f"{key}:seats")
        found[key] = definition, {k: v for k, v in seats.items() if k[:2] == "u:"}
    for _, entry in client.xrange("hm:audit"):
        after = json.loads(entry.get("after") or "null")
        found[entry["action"], entry["target"]] = entry.get("before"), after and sorted(after)
    return {**found, "users": {k: json.loads(v)["role"] for k, v in client.hgetall("hm:users").items()}}


def check_import(memory, client, command, whole):
    """Done, and then all of it; else it says that it was not, and has made nothing wrong, and doing it again makes the
    rest."""
    client.flushall()
    code, said = run_once(command, memory.env)
    memory.set(1, 0)
    found = stored(client)
    if code == 0:
        assert found == whole, (said, found)
        return True
    assert code == 1 and said.splitlines()[-1].strip(), (code, said)
    if "memory" not in said:
        assert "store" in said and "refused  " not in said, said
    for name, value in found.items():
        assert name == "users" or value == whole[name], (said, name, value)
    code, said = run_once(command, memory.env)
    assert code == 0 and stored(client) == whole, (code, said, stored(client))
    return False


@pytest.fixture(scope="module")
def alone():
    """A store without a server."""
    with RedisServer() as redis:
        yield redis


@pytest.mark.parametrize("form,text", [("csv", SHEET), ("yourls", DUMP), ("shlink", ANSWERS), ("huoma", None)],
                         ids="csv yourls shlink huoma".split())
def test_imports_with_an_allocation_failing(memory, alone, form, text, rounds, say, tmp_path):
    """An import makes every row, or says that it did not."""
    rng, client, path, outcomes = seeded(f"memory of imports ({form})"), alone.client(), tmp_path / form, [0, 0]
    to_store = ["--redis-url", alone.url]
    if text:
        path.write_text(text)
    else:
        client.flushall()
        (tmp_path / "sheet").write_text(SHEET)
        assert run_once(["import", "--from", "csv", tmp_path / "sheet", *to_store], memory.env)[0] == 0
        assert run_once(["export", "-o", path, *to_store], memory.env)[0] == 0
    command = ["import", "--from", form, path, *to_store]
    client.flushall()
    code, said = run_once(command, memory.env)
    assert code == 0, said
    whole = stored(client)
    assert len([k for k in whole if k[:4] == "hm:{"]) == (2 if form in ("csv", "huoma") else 3), whole

    def act():
        outcomes[check_import(memory, client, command, whole)] += 1

    tried, failed = each_k(memory, rng, rounds > 5, act, sample=2)
    say(f"{form}: {tried} imports without some memory, {failed} allocations failed: {outcomes[1]} made all, "
        f"{outcomes[0]} said that not")


def test_configurations_read_with_an_allocation_failing(memory, alone, rounds, say, tmp_path):
    """A command starts with every key as the file has it, or says that memory ran out."""
    rng, path, outcomes = seeded("memory of configurations"), tmp_path / "huoma.json", [0, 0]
    path.write_text(json.dumps({"redis_url": alone.url, "base_url": "https://q.example.com/" + "long-" * 30,
                                "hold_seconds": 77,
                                "trusted_proxies": ["10.0.0.0/8", "2001:db8::/32"], "log_level": "warn",
                                "visitor_days": 9}, indent=1))
    command = ["check", "--config", path]
    code, whole = run_once(command, memory.env)
    assert code == 0 and "2001:db8::/32" in whole and "77" in whole, whole

    def act():
        code, said = run_once(command, memory.env)
        memory.set(1, 0)
        outcomes[code == 0] += 1
        if code == 0:  # what it could not ask the store for is unknown to it, and nothing worse
            kept = [line for line in said.splitlines() if "unknown" not in line and "CONFIG is not allowed" not in line]
            assert said.split("\nStore\n")[0] == whole.split("\nStore\n")[0]
            assert set(kept) <= set(whole.splitlines())
        elif code == 2:
            assert "memory" in said and str(path) in said and "JSON" not in said, said
        else:
            assert code == 1 and ("memory" in said or "store" in said), (code, said)

    tried, failed = each_k(memory, rng, rounds > 5, act, sample=3)
    say(f"{tried} configurations read without some memory, {failed} allocations failed: {outcomes[1]} in effect, "
        f"{outcomes[0]} refused")
