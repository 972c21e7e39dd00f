"""Many campaigns created and edited in one request: all of them or none, through the admin API."""

import json
import re
import subprocess
import threading

import pytest

import huoma
from huoma import TOKEN, RedisServer, Server, Visitor, link, once, page_groups, redirect_groups, wait_for
from test_admin_api import ask, problem, tokens  # noqa: F401  (a fixture)


def batch(server, items, expect=200, query="", **others):
    answer = ask(server, "POST", "/campaigns:batch" + query,
                 items if isinstance(items, bytes) else {"campaigns": items}, **others)
    assert answer.status == expect, answer
    return answer


def made(server, items, query=""):
    return batch(server, items, query=query).json()["data"]


def everything(server):
    """All that the store has, but for what time alone changes."""
    c, found = server.redis_client(), {}
    for key in c.scan_iter("hm:*", count=10000):
        # workers count, and campaigns are looked at, a second later
        if key != "hm:ping" and not re.search(":visits:|:flushed$|~problems", key):
            found[key] = c.dump(key) if c.type(key) != "string" else c.get(key)
    return found


def test_creates_and_edits_in_order(server):
    server.create("bt-old", page_groups(3), title="Old")
    a, b, c, d = made(server, [
        {"slug": "bt-new", "groups": [{"url": link(1), "limit": 2}]},
        {"op": "edit", "slug": "BT-old", "title": "Renamed",
         "groups": [{"id": "g1", "url": huoma.wechat(1), "limit": 3, "confirmed": 2}, {"url": link(2)}]},
        {"op": "create", "url": link(3)},
        {"op": "create", "slug": None, "url": link(4), "title": "Drawn"}])
    assert (a["slug"], a["version"], a["groups"][0]["limit"], a["title"]) == ("bt-new", 1, 2, "bt-new")
    assert (b["slug"], b["version"], b["title"], [g["id"] for g in b["groups"]]) == \
        ("bt-old", 2, "Renamed", ["g1", "g2"])
    assert (b["groups"][0]["confirmed"], b["groups"][0]["used"], b["groups"][0]["limit"]) == (2, 2, 3)
    assert len(c["slug"]) == len(d["slug"]) == 8 and c["slug"] != d["slug"] and d["title"] == "Drawn"
    for campaign in (a, b, c, d):
        assert server.show(campaign["slug"]) == campaign
        assert campaign["slug"] in [x["slug"] for x in server.api("GET", "/campaigns?limit=200").json()["data"]]
    assert Visitor(server, "bt-new").scan().header("Location") == link(1)
    assert Visitor(server, c["slug"]).scan().header("Location") == link(3)


def test_workers_hear_of_every_campaign_of_a_batch(server):
    slugs = [f"bt-heard-{i}" for i in range(20)]
    made(server, [{"slug": s, "url": link(1)} for s in slugs])
    assert {Visitor(server, s).scan().header("Location") for s in slugs} == {link(1)}
    made(server, [{"op": "edit", "slug": s, "groups": [{"id": "g1", "url": link(2)}]} for s in slugs])
    for s in slugs:
        wait_for("the new link", lambda: Visitor(server, s).scan().header("Location") == link(2), 3)


GOOD = {"slug": "bt-good", "url": link(1)}


@pytest.mark.parametrize("items, status, fields", [
    ([GOOD, {"slug": "bt-x", "groups": [{"url": "ftp://x"}]}], 422, ["campaigns[1].groups[0].url"]),
    ([GOOD, {"slug": "bt-x", "groups": [{"url": link(1), "limit": -1}], "bad": 1}, {"slug": "No slug", "url": link(1)}],
     422,
     ["campaigns[1].groups[0].limit", "campaigns[1].bad", "campaigns[2].slug"]),
    ([GOOD, {"slug": "bt-there", "url": link(1)}], 409, ["campaigns[1].slug"]),
    ([GOOD, {"op": "edit", "slug": "bt-missing"}], 404, ["campaigns[1].slug"]),
    ([GOOD, {"op": "edit", "slug": "bt-there", "version": 7}], 412, ["campaigns[1].version"]),
    ([GOOD, {"slug": "bt-there", "url": link(1)}, {"op": "edit", "slug": "bt-missing"}], 409,
     ["campaigns[1].slug", "campaigns[2].slug"]),
    ([{"slug": "bt-there", "url": link(1)}, {"op": "edit", "slug": "bt-missing"}, {"slug": "bt-x", "url": 7}], 422,
     ["campaigns[0].slug", "campaigns[1].slug", "campaigns[2].url"]),
    ([GOOD, {"op": "edit", "slug": "bt-there", "groups": [{"id": "g1", "url": link(1), "limit": "x"}]}], 422,
     ["campaigns[1].groups[0].limit"]),
    ([GOOD, {"slug": "BT-good", "url": link(1)}], 422, ["campaigns[1].slug"]),
    ([{"op": "edit", "slug": "bt-there"}, {"op": "edit", "slug": "bt-there", "title": "Twice"}], 422,
     ["campaigns[1].slug"]),
    ([GOOD, {"op": "edit", "title": "Which?"}], 422, ["campaigns[1].slug"]),
    ([GOOD, {"op": "delete", "slug": "bt-there"}], 422, ["campaigns[1].op"]),
    ([GOOD, {"op": "edit", "slug": "bt-there", "version": "1"}], 422, ["campaigns[1].version"]),
    ([GOOD, {"slug": "bt-x", "url": link(1), "version": 1}], 422, ["campaigns[1].version"]),
    ([GOOD, 7, None, []], 422, ["campaigns[1]", "campaigns[2]", "campaigns[3]"]),
    ([], 422, ["campaigns"]), ({}, 422, ["campaigns"]),
    ([{"url": link(i)} for i in range(1001)], 422, ["campaigns"]),
    ([{"slug": f"bt-x{i}", "groups": [{"url": link(1)}] * 7000} for i in range(3)], 422, ["campaigns"]),
], ids=str)
def test_one_that_cannot_be_leaves_all_undone(server, items, status, fields):
    if not server.api("GET", "/campaigns/bt-there", expect="any").status == 200:
        server.create("bt-there", redirect_groups(1))
    before = everything(server)
    for query in ("", "?dry_run=1"):
        answer = batch(server, items, status, query)
        problem(answer, status, *fields)
    assert everything(server) == before


def test_all_errors_are_counted_and_the_first_listed(server):
    answer = batch(server, [{"slug": f"bt-many-{i}", "groups": [{"url": "x:"}, {"limit": "y"}]} for i in range(40)],
                   422)
    assert len(answer.json()["errors"]) == 50 and answer.json()["detail"].startswith("120 errors"), \
        answer.json()["detail"]


def test_a_body_that_is_no_batch(server):
    problem(batch(server, b"{", 400), 400)
    problem(batch(server, b"[]", 422), 422, "body")
    problem(batch(server, b'{"campaigns":[{"url":"https://a.example"}],"x":1}', 422), 422, "x")
    problem(batch(server, [GOOD], 422, "?dry_run=yes"), 422, "dry_run")
    problem(batch(server, [GOOD], 415, headers={"Content-Type": "text/plain"}), 415)
    problem(ask(server, "GET", "/campaigns:batch"), 405)


def test_a_dry_run_says_what_would_be_and_changes_nothing(server):
    server.create("bt-dry", page_groups(5, 5))
    anna = Visitor(server, "bt-dry")
    anna.scan()
    before = everything(server)
    new, old = made(server, [{"slug": "bt-dry-new", "url": link(1)},
                             {"op": "edit", "slug": "bt-dry", "version": 1, "groups": [
                                 {"id": "g2", "url": huoma.wechat(2)},
                                 {"id": "g1", "url": huoma.wechat(1), "limit": 5, "confirmed": 4}]}],
                    "?dry_run=1")
    assert (new["slug"], new["version"], new["seats"]["used"]) == ("bt-dry-new", 1, 0)
    assert (old["version"], [g["id"] for g in old["groups"]]) == (2, ["g2", "g1"])
    assert [(g["used"], g["held"], g["confirmed"], g["state"]) for g in old["groups"]] == \
        [(0, 0, 0, "open"), (5, 1, 4, "full")]
    assert everything(server) == before
    assert made(server, [GOOD], "?dry_run=0")[0]["slug"] == "bt-good" and server.show("bt-good")
    server.api("DELETE", "/campaigns/bt-good")


def test_aliases_are_claimed_for_all_or_none(server):
    server.create("bt-has", [{"url": link(1)}], aliases=["/bt/taken"])
    items = [{"slug": "bt-alias-a", "url": link(1), "aliases": ["/bt/a"]},
             {"slug": "bt-alias-b", "url": link(1), "aliases": ["/bt/b", "/bt/taken"]}]
    before = everything(server)
    for query in ("", "?dry_run=1"):
        problem(batch(server, items, 422, query), 422, "campaigns[1].aliases[1]")
    items[1]["aliases"].pop()
    made(server, items, "?dry_run=1")
    assert everything(server) == before
    made(server, items)
    assert once(server.public, "GET", "/bt/b").header("Location") == "/bt-alias-b"
    items = [{"op": "edit", "slug": "bt-alias-a", "aliases": []},
             {"slug": "bt-alias-c", "url": link(1), "aliases": ["/bt/b"]}]
    problem(batch(server, items, 422), 422, "campaigns[1].aliases[0]")
    assert server.show("bt-alias-a")["aliases"] == ["/bt/a"]


def test_the_audit_log_tells_of_each_campaign_of_a_batch(server):
    server.create("bt-told", [{"url": link(1)}], title="Old")
    made(server, [{"slug": "bt-told-new", "url": link(1)}, {"op": "edit", "slug": "bt-told", "title": "New"}],
         "?dry_run=1")
    made(server, [{"slug": "bt-told-new", "url": link(1)}, {"op": "edit", "slug": "bt-told", "title": "New"}])
    told = server.api("GET", "/audit?limit=3").json()["data"]
    assert [(t["action"], t["target"]) for t in told] == [("campaign.change", "campaign:bt-told"),
                                                          ("campaign.create", "campaign:bt-told-new"),
                                                          ("campaign.create", "campaign:bt-told")]
    assert (told[0]["before"], told[0]["after"]) == ({"title": "Old"}, {"title": "New"})


def test_only_admins_may(server, tokens):  # noqa: F811
    for role, status in (("viewer", 403), ("editor", 403), ("admin", 200), ("owner", 200)):
        batch(server, [GOOD], status, "?dry_run=1", token=tokens[role])
    batch(server, [GOOD], 401, token=None)


def test_bodies_of_this_address_may_be_large(server):
    text = json.dumps({"campaigns": [{"slug": "bt-large", "url": link(1)}]}).encode()
    assert batch(server, text + b" " * ((8 << 20) - len(text)), query="?dry_run=1").json()["data"][0]["slug"] == \
        "bt-large"
    problem(batch(server, text + b" " * ((8 << 20) - len(text) + 1), 413), 413)
    one = json.dumps({"slug": "bt-large", "url": link(1)}).encode()
    problem(ask(server, "POST", "/campaigns", one + b" " * (1 << 20)), 413)


def test_large_bodies_are_read_only_so_many_at_a_time(server):
    head = (f"POST /api/v1/campaigns:batch HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {2 << 20}\r\n\r\n").encode()
    held = [huoma.Connection(server.admin) for _ in range(16)]
    try:
        for c in held:
            c.send(head + b"{")
        wait_for("a full house", lambda: batch_status(server, head) == 503)
        batch(server, [GOOD], query="?dry_run=1")  # a small one is read
        held.pop().close()
        wait_for("room again", lambda: batch_status(server, head + b" " * (2 << 20)) == 400)
    finally:
        for c in held:
            c.close()


def batch_status(server, data):
    """Of a request whose body may not be whole: 503 comes before it."""
    with huoma.Connection(server.admin, 0.5) as c:
        c.send(data)
        try:
            return c.receive("POST").status
        except huoma.Lost:
            return None


def test_a_thousand_do_not_keep_scans_waiting(server):
    """Redis does nothing else while it saves: a tenth of a second for 1,000 campaigns of five groups, with room for a
    busy machine."""
    client = server.redis_client()
    client.config_set("slowlog-log-slower-than", 1000)
    client.slowlog_reset()
    items = [{"slug": f"bt-k-{i}", "groups": [{"url": link(k), "limit": 9} for k in range(5)]} for i in range(1000)]
    assert [c["slug"] for c in made(server, items)] == [i["slug"] for i in items]
    slowest = max(entry["duration"] for entry in client.slowlog_get(100)) / 1000
    print(f"1,000 campaigns of 5 groups: {slowest:.0f} ms in Redis")
    assert slowest < 1000
    made(server, [{"op": "edit", "slug": i["slug"], "enabled": False} for i in items])
    assert server.show("bt-k-999")["enabled"] is False


def test_batches_take_turns_with_other_changes(server):
    """No change is lost, whatever comes together: each raises the version by one."""
    slugs = ["bt-turn-a", "bt-turn-b", "bt-turn-c"]
    made(server, [{"slug": s, "url": link(1)} for s in slugs])
    failed, each = [], 15

    def work(act):
        try:
            for i in range(each):
                act(i)
        except AssertionError as e:
            failed.append(e)
    acts = [lambda i: made(server, [{"op": "edit", "slug": s, "title": f"batch {i}"} for s in slugs]),
            lambda i: made(server, [{"op": "edit", "slug": s, "hold_seconds": 20 + i} for s in reversed(slugs)]),
            *[lambda i, s=s: server.patch(s, {"forward_query": i % 2 == 0}) for s in slugs]]
    threads = [threading.Thread(target=work, args=(a,)) for a in acts]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failed, failed[0]
    assert [server.show(s)["version"] for s in slugs] == [1 + 3 * each] * 3


def test_batches_of_two_servers_stay_whole():
    """Two servers on one Redis edit the same campaigns at once: each batch is seen whole, and none is lost."""
    with RedisServer() as redis, Server(workers=1, redis=redis) as one, Server(workers=1, redis=redis) as two:
        slugs = [f"both-{i}" for i in range(5)]
        made(one, [{"slug": s, "url": link(1), "title": "both"} for s in [*slugs, "own-one", "own-two"]])
        done, end = {"one": [], "two": [], "seen": set()}, threading.Event()

        def edit(server, name):
            for i in range(30):  # the first item never collides: what is found out at a later one must undo it
                done[name].append(ask(server, "POST", "/campaigns:batch", {"campaigns": [
                    {"op": "edit", "slug": s, "title": f"{name} {i}"} for s in ["own-" + name, *slugs]]}).status)

        def look():
            client = redis.client()
            while not end.is_set():
                titles = {json.loads(t)["title"] for t in client.mget([f"hm:{{{s}}}" for s in slugs])}
                done["seen"] |= {str(titles)} if len(titles) != 1 else set()
        threads = [threading.Thread(target=edit, args=(s, n)) for s, n in ((one, "one"), (two, "two"))]
        watcher = threading.Thread(target=look)
        for t in [*threads, watcher]:
            t.start()
        for t in threads:
            t.join()
        end.set()
        watcher.join()
        made_of = {n: done[n].count(200) for n in ("one", "two")}
        assert set(done["one"] + done["two"]) <= {200, 409} and sum(made_of.values()) >= 30, done
        assert not done["seen"]
        assert {n: one.show("own-" + n)["version"] - 1 for n in made_of} == made_of
        assert {one.show(s)["version"] for s in slugs} == {1 + sum(made_of.values())}


def test_a_client_that_leaves_lets_the_next_one_go_on(server):
    server.create("bt-left", redirect_groups(1))
    body = json.dumps({"campaigns": [{"op": "edit", "slug": "bt-left", "title": "gone"}]}).encode()
    for _ in range(10):
        with huoma.Connection(server.admin) as c:
            c.send(huoma.build_request("POST", "/api/v1/campaigns:batch", {"Authorization": "Bearer " + TOKEN,
                                                                           "Content-Type": "application/json"}, body))
            c.reset()
    assert server.patch("bt-left", {"title": "here"})["title"] == "here"


def test_without_the_store_a_batch_is_refused(server):
    with RedisServer() as redis, Server(workers=1, redis=redis) as s:
        redis.kill()
        wait_for("the loss to be known", lambda: not s.healthy())
        problem(batch(s, [GOOD], 503), 503)


def test_the_command_line_does_the_same(server, tmp_path):
    def run(text, *args, expect=0):
        where = ["--redis-url", server.ready["redis"], "--base-url", "http://q.example.com"]
        out = subprocess.run([huoma.BINARY, "campaign", "batch", *args, *where], input=text, capture_output=True,
                             text=True,
                             timeout=60, check=False)
        assert out.returncode == expect, out
        return out.stdout + out.stderr
    server.create("bt-cli", redirect_groups(1))
    items = [{"slug": "bt-cli-new", "url": link(1)}, {"op": "edit", "slug": "bt-cli", "title": "Renamed"}]
    text = json.dumps({"campaigns": items})
    assert run(text, "-",
               "--dry-run").startswith("created bt-cli-new, 1 group\nedited  bt-cli, 1 group\n\nNothing was changed.")
    assert server.api("GET", "/campaigns/bt-cli-new", expect=404) and server.show("bt-cli")["version"] == 1
    (tmp_path / "batch.json").write_text(text)
    shown = json.loads(run(None, tmp_path / "batch.json", "--json"))["data"]
    assert shown == [server.show("bt-cli-new"), server.show("bt-cli")] and shown[1]["title"] == "Renamed"
    assert server.api("GET", "/audit?target=campaign:bt-cli-new").json()["data"][0]["who"].startswith("cli:")
    before = everything(server)
    assert "campaigns[0].slug: there is a campaign of this slug already" in run(text, "-", expect=1)
    assert "campaigns[0].url: scheme" in run(json.dumps({"campaigns": [{"url": "x:"}]}), "-", expect=1)
    assert "no_such_file" in run(None, "no_such_file", expect=1) and everything(server) == before
    assert "needs a FILE" in run(None, expect=2)
