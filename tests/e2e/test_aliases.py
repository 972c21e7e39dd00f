"""Old addresses that lead to a campaign: what a request matches, who has an alias, what a crash may leave behind."""

import concurrent.futures
import contextlib
import itertools
import json
import pathlib
import random
import subprocess
import threading
import time

import pytest

from huoma import (BINARY, PHONE, ROOT, Connection, Lost, RedisServer, Server, build_request, link, once, page_groups,
                   redirect_groups, seeded, wait_for)

OLD = "/common/qun/redirect/?qid=100001"


def get(server, path, method="GET", **headers):
    return once(server.public, method, path, {k.replace("_", "-"): v for k, v in headers.items()})


def leads(server, path):
    """Where an old address leads; None: it is a 404, and that is the page of any unknown address."""
    answer = get(server, path)
    if answer.status == 404:
        assert answer.body == get(server, "/no-such-campaign-here").body
        return None
    assert (answer.status, answer.header("Cache-Control"), answer.cookie, answer.group) == (302, "no-store", None, None)
    return answer.header("Location")


def entry(server, alias):
    return server.redis_client().hget("hm:aliases", alias)


def taken(server, answer, field, owner):
    [error] = answer.json()["errors"]
    assert answer.status == 422 and error["field"] == field and owner in error["reason"].split()


@pytest.fixture(scope="module")
def old(server):
    server.create("old", redirect_groups(None), forward_query=True,
                  aliases=["/s/abc", OLD, "/r", "/r?a=1", "/r?a=1&b=2", "/Mixed/Case/", "/?id=5", "/%E7%BE%A4"])
    return server


@pytest.mark.parametrize("path,to", [
    ("/s/abc", "/old"), ("/s/abc/", "/old"), ("/%73/abc", "/old"), ("/s/abc?from=timeline", "/old?from=timeline"),
    ("/S/abc", None), ("/s/ABC", None), ("/s/abcd", None), ("/s/ab", None), ("/s", None), ("/s/abc/d", None),
    (OLD, "/old"), ("/common/qun/redirect?qid=100001", "/old"),
    (OLD + "&from=timeline&isappinstalled=0", "/old?from=timeline&isappinstalled=0"),
    ("/common/qun/redirect/?qid=1000012", None), ("/common/qun/redirect/?from=x&qid=100001", None),
    ("/common/qun/redirect/", None),
    ("/r", "/old"), ("/r?x", "/old?x"), ("/r?a=1", "/old"), ("/r?a=1&c", "/old?c"),
    ("/r?a=1&b=2&c=3", "/old?c=3"), ("/r?a=12", "/old?a=12"),
    ("/r?a=1&b=2'3", "/old"), ("/Mixed/Case", "/old"), ("/mixed/case", None), ("/?id=5&x=1", "/old?x=1"),
    ("/?id=6", None), ("/", None),
    ("/%e7%be%a4", "/old"), ("/healthz/x", None), ("/favicon.ico", None), ("/" + "a/" * 300, None), ("/a%zz/b", None),
])
def test_where_an_old_address_leads(old, path, to):
    assert leads(old, path) == to


def test_every_kind_of_visitor_is_sent_on(old):
    for headers in ({"User_Agent": PHONE}, {"User_Agent": "Googlebot/2.1"}, {"Sec_Purpose": "prefetch"}):
        assert get(old, OLD, **headers).header("Location") == "/old"
    answer = get(old, OLD + "&x=1", "HEAD")
    assert (answer.status, answer.header("Location")) == (302, "/old?x=1")
    assert get(old, "/a/b/c", "POST").status == 404 and get(old, "/r/x/y?z", "HEAD").status == 404
    assert get(old, "/old?from=x").header("Location") == link(1) + "?from=x", "the query comes through to the group"


def test_api_shows_the_canonical_form_and_names_what_is_wrong(server, slug):
    made = server.create(slug, redirect_groups(1), aliases=["/%73/" + slug + "/", "/q/?a=1&"])
    assert made["aliases"] == ["/s/" + slug, "/q?a=1"]
    assert server.patch(slug, {"title": "x"})["aliases"] == made["aliases"]
    for wrong, field in ((["/a", "/b", "c"], "aliases[2]"), (["/api/x"], "aliases[0]"), (["/a b"], "aliases[0]"),
                         ("/a", "aliases"), (["/a", "/a/"], "aliases[1]"), (["/" + slug + "?x"], "aliases[0]"),
                         ([f"/{i}" for i in range(65)], "aliases")):
        problem = server.patch(slug, {"aliases": wrong}, expect=422)
        assert [e["field"] for e in problem["errors"]] == [field], wrong
    assert server.show(slug)["aliases"] == made["aliases"] and leads(server, "/s/" + slug) == "/" + slug
    assert server.patch(slug, {"aliases": None})["aliases"] == [] and leads(server, "/s/" + slug) is None


def test_a_campaigns_own_address_wins(server, slug):
    server.create(slug, redirect_groups(5), aliases=[f"/{slug}-x", f"/{slug}-x/shop"])
    assert leads(server, f"/{slug}-x/shop") == leads(server, f"/{slug}-X".replace("X", "x")) == "/" + slug
    server.create(slug + "-x", [{"url": link("own")}])
    for path in (f"/{slug}-x", f"/{slug}-x/shop"):
        assert get(server, path).header("Location") == link("own")
    server.api("DELETE", f"/campaigns/{slug}-x")
    assert leads(server, f"/{slug}-x") == "/" + slug


def test_an_alias_belongs_to_one_campaign(server, slug):
    a, b, alias = slug + "-a", slug + "-b", "/one/" + slug
    server.create(a, redirect_groups(1), aliases=[alias])
    body = {"slug": b, "url": link(1), "aliases": ["/free/" + slug, alias + "/"]}
    taken(server, server.api("POST", "/campaigns", body, "any"), "aliases[1]", a)
    server.api("GET", "/campaigns/" + b, expect=404)
    assert entry(server, "/free/" + slug) is None, "all or none"
    server.create(b, redirect_groups(1))
    taken(server, server.api("PATCH", "/campaigns/" + b, {"aliases": [alias]}, "any"), "aliases[0]", a)
    assert server.show(b)["version"] == 1 and leads(server, alias) == "/" + a
    server.patch(a, {"aliases": []})
    assert leads(server, alias) is None and entry(server, alias) is None
    server.patch(b, {"aliases": [alias]})
    assert leads(server, alias) == "/" + b, "at once, on every worker"


def test_a_deleted_campaigns_aliases_are_free(server, slug):
    alias = "/gone/" + slug
    server.create(slug, redirect_groups(1), aliases=[alias])
    server.api("DELETE", "/campaigns/" + slug)
    assert entry(server, alias) is None and leads(server, alias) is None
    server.create(slug + "-2", redirect_groups(1), aliases=[alias])
    assert leads(server, alias) == f"/{slug}-2"


def test_a_refused_save_gives_its_claims_back(server, slug):
    server.create(slug, redirect_groups(1))
    for method, path, headers, status in (("POST", "/campaigns", {}, 409),
                                          ("PATCH", "/campaigns/" + slug, {"If_Match": '"7"'}, 412)):
        body = {"aliases": ["/back/" + slug], **({"slug": slug, "url": link(1)} if method == "POST" else {})}
        server.api(method, path, body, status, **headers)
        assert entry(server, "/back/" + slug) is None


# --- what a crash leaves: written by hand, as the steps of aliases.h would ---


def stamp(seconds_ago):
    return int((time.time() - seconds_ago) * 1e6)


@pytest.mark.parametrize("state,age,free", [("c", 1, False), ("c", 50, False), ("c", 70, True), ("s", 1, True),
                                            ("c", -3600, True)])
def test_half_of_a_change_leads_nowhere_and_is_taken_over(server, slug, state, age, free):
    """The index names a campaign that does not list the alias: its save never came, or its release was lost."""
    alias, a, b = "/half/" + slug, f"half-{state}{age}-a", f"half-{state}{age}-b"
    server.create(a, redirect_groups(1))
    server.redis_client().hset("hm:aliases", alias, f"{a} {state} {stamp(age)}")
    assert leads(server, alias) is None
    answer = server.api("POST", "/campaigns", {"slug": b, "url": link(1), "aliases": [alias]}, "any")
    if not free:
        taken(server, answer, "aliases[0]", a)
        server.patch(a, {"aliases": [alias]})  # its own it may go on with at once
        assert leads(server, alias) == "/" + a
    else:
        assert answer.status == 201 and leads(server, alias) == "/" + b


def test_a_claim_of_a_campaign_that_never_came_is_taken_over(server, slug):
    alias = "/never/" + slug
    server.redis_client().hset("hm:aliases", alias, f"no-such-one c {stamp(70)}")
    assert leads(server, alias) is None
    server.create(slug, redirect_groups(1), aliases=[alias])
    assert leads(server, alias) == "/" + slug


def test_an_alias_works_whose_settling_was_lost(server, slug):
    """However old the claim is, nobody takes it over from a campaign that lists it."""
    alias = "/unsettled/" + slug
    server.create(slug, redirect_groups(1), aliases=[alias])
    server.redis_client().hset("hm:aliases", alias, f"{slug} c {stamp(7200)}")
    assert leads(server, alias) == "/" + slug
    body = {"slug": slug + "-2", "url": link(1), "aliases": [alias]}
    taken(server, server.api("POST", "/campaigns", body, "any"), "aliases[0]", slug)


def test_an_alias_works_before_the_worker_has_heard_of_it(server, slug):
    """The copy at hand is fresh, as far as the worker knows, and does not list the alias yet."""
    server.create(slug, redirect_groups(None))
    for _ in range(40):  # until each worker has read it
        get(server, "/" + slug)
    client, key = server.redis_client(), f"hm:{{{slug}}}"
    client.set(key, json.dumps({**json.loads(client.get(key)), "aliases": ["/soon/" + slug]}))
    client.hset("hm:aliases", "/soon/" + slug, f"{slug} c {stamp(0)}")
    assert leads(server, "/soon/" + slug) == "/" + slug


def test_half_a_change_of_the_longer_alias_leaves_the_shorter_one(server, slug):
    alias = "/long/" + slug
    server.create(slug, redirect_groups(1), aliases=[alias])
    server.redis_client().hset("hm:aliases", alias + "?a=1", f"no-such-one c {stamp(1)}")
    server.redis_client().hset("hm:aliases", alias + "?a=1&b=2", "nonsense")
    assert leads(server, alias + "?a=1&b=2&c=3") == f"/{slug}?a=1&b=2&c=3"


def test_killed_amid_changes_every_alias_leads_to_one_that_lists_it():
    """Two admins give three campaigns ever other aliases; the server is killed between any two commands."""
    rng, slugs = seeded("aliases"), ("run-0", "run-1", "run-2")
    with RedisServer() as redis, Server(redis=redis) as server:
        for slug in slugs:
            server.create(slug, redirect_groups(1))

        def change(seed, saved):
            own = random.Random(seed)
            with contextlib.suppress(OSError, Lost):
                while True:
                    body = {"aliases": [f"/k/{i}" for i in own.sample(range(9), own.randint(0, 4))]}
                    if server.api("PATCH", "/campaigns/" + own.choice(slugs), body, "any").status == 200:
                        saved.set()
        for _ in range(5):
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                saved = threading.Event()
                admins = [pool.submit(change, rng.random(), saved) for _ in range(2)]
                saved.wait(10)
                time.sleep(rng.uniform(0, 0.25))  # the moment of the kill is what varies
                server.kill()
                for a in admins:
                    a.result()
                assert saved.is_set()
            server.start()
            shown = {s: server.show(s)["aliases"] for s in slugs}
            for alias in (f"/k/{i}" for i in range(9)):
                owners = [s for s in slugs if alias in shown[s]]
                assert len(owners) <= 1, (alias, shown)
                assert leads(server, alias) == ("/" + owners[0] if owners else None), (alias, shown)


def test_aliases_survive_restarts(tmp_path):
    with Server(data_dir=tmp_path / "data") as server:
        server.create("run", redirect_groups(5), aliases=[OLD])
        server.kill()
        server.start()
        assert leads(server, OLD) == "/run"
        server.redis_kill()
        wait_for("Redis to be back", server.recovered)
        assert leads(server, OLD) == "/run"


# --- the scripts, for several campaigns at once ---


@pytest.fixture
def claims(server):
    """claim and settle on an index of the test's own."""
    client, key = server.redis_client(), "test:aliases"
    client.delete(key)
    claim, settle = (client.register_script((ROOT / f"storage/scripts/{n}_aliases.lua").read_text())
                     for n in ("claim", "settle"))
    yield (lambda *wishes: claim([key], [60, *sum(wishes, ())]),
           lambda mark, *ends: settle([key], [mark, *sum(ends, ())]),
           lambda: client.hgetall(key))
    client.delete(key)


def test_claims_of_many_are_all_or_none(claims):
    claim, settle, index = claims
    mark, fresh = claim(("a", "/1", ""), ("b", "/2", ""), ("a", "/3", ""))
    assert fresh == "111" and index() == {"/1": f"a c {mark}", "/2": f"b c {mark}", "/3": f"a c {mark}"}
    was = index()
    assert claim(("c", "/4", ""), ("a", "/2", "")) == ["", 1, "b", f"b c {mark}", 0] and index() == was
    assert claim(("c", "/4", ""), ("d", "/4", ""))[:3] == ["", 1, "c"], "two of one claim want the same"
    assert index() == was
    settle(mark, ("a", "/1", "keep"), ("b", "/2", "undo"), ("a", "/3", "undo"))
    assert list(index()) == ["/1"] and index()["/1"].startswith("a s ")


def test_an_entry_is_replaced_only_as_it_was_seen(claims):
    claim, settle, index = claims
    mark, _ = claim(("a", "/1", ""))
    settle(mark, ("a", "/1", "keep"))
    seen = claim(("b", "/1", ""))
    assert seen[2:] == ["a", index()["/1"], 1], "settled: what a's definition says decides"
    again, fresh = claim(("a", "/1", ""))
    assert fresh == "0" and claim(("b", "/1", seen[3]))[2:] == ["a", f"a c {again}", 0]
    settle(mark, ("a", "/1", "drop"))
    assert index() == {"/1": f"a c {again}"}, "a late drop leaves what was claimed behind it"
    settle(again, ("b", "/1", "keep"), ("b", "/1", "drop"))
    assert index() == {"/1": f"a c {again}"}, "what another campaign has is left alone"
    mark, fresh = claim(("b", "/1", f"a c {again}"))
    assert fresh == "1" and index() == {"/1": f"b c {mark}"}


# --- what it costs ---


def commands(client, *names):
    stats = client.info("commandstats")
    return {n: stats.get("cmdstat_" + n, {"calls": 0})["calls"] for n in names}


def test_scans_and_changes_without_aliases_ask_redis_nothing_more():
    with RedisServer() as redis, Server(workers=1, redis=redis) as server:
        client = redis.client()
        server.create("run", page_groups(5), aliases=["/s/abc"])
        server.create("plain", page_groups(5))
        for slug in ("run", "plain"):  # the first time, scripts and definitions are read
            server.patch(slug, {"title": "w"})
            get(server, "/" + slug)

        def least(do, *names):
            """Of several tries: beside it the server looks after other things, and hears of changes a moment later."""
            tries = []
            for _ in range(4):
                client.config_resetstat()
                do()
                tries.append(commands(client, *names))
            return {name: min(t[name] for t in tries) for name in names}

        asked = ("hmget", "get", "evalsha", "eval", "hset")
        assert least(lambda: get(server, "/plain"), *asked) == least(lambda: get(server, "/run"), *asked)

        def asked_by_change(slug):
            """Commands that bring the change, or look at aliases; of what runs beside it none does either."""
            with redis.client().monitor() as heard:
                server.patch(slug, {"title": "a title of its own"})
                client.echo("that is all")
                sent = list(itertools.takewhile(lambda command: "that is all" not in command,
                                                (m["command"] for m in heard.listen())))
            return sum(c.startswith(("EVAL", "HMGET")) and ("a title of its own" in c or "hm:aliases" in c)
                       for c in sent)

        assert asked_by_change("run") == asked_by_change("plain") > 0


def unread(port):
    """Bytes that clients have sent to the port and its process has not read."""
    rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(int(row[4].partition(":")[2], 16) for row in rows if row[1].endswith(f":{port:04X}"))


def test_strangers_who_hammer_share_their_lookups():
    with RedisServer() as redis, Server(workers=1, redis=redis) as server:
        client = redis.client()
        server.create("run", redirect_groups(5), aliases=["/s_x/abc"])
        get(server, "/s_x/abc")
        connections = [Connection(server.public) for _ in range(100)]
        with redis.client().monitor() as asked:
            client.client_pause(1000, all=True)  # ended as soon as all have asked
            for i, c in enumerate(connections):
                c.send(build_request("GET", f"/s_x/{'abc' if i % 10 == 0 else i}?a=1&b=2"))
            wait_for("all to be read", lambda: unread(server.public[1]) == 0, 1)
            client.client_unpause()
            for i, c in enumerate(connections):
                assert c.receive().status == (302 if i % 10 == 0 else 404)
                c.close()
            client.echo("that is all")
            heard = itertools.takewhile(lambda command: "that is all" not in command,
                                        (m["command"] for m in asked.listen()))
            lookups = sum(command.startswith("HMGET hm:aliases ") for command in heard)
        assert 1 <= lookups <= 2, "one for who came first, one for all others"


def test_without_redis_an_unknown_address_is_a_503():
    with RedisServer() as redis, Server(workers=1, redis=redis) as server:
        server.create("run", redirect_groups(5), aliases=[OLD])
        assert leads(server, OLD) == "/run"
        redis.kill()
        for path in (OLD, "/a/b/c", "/x_y"):
            answer = wait_for("a 503", lambda p=path: get(server, p))
            assert (answer.status, answer.header("Retry-After")) == (503, "3"), path
        assert get(server, "/").status == 404 and get(server, "/favicon.ico").status == 404
        redis.start()
        wait_for("Redis to be back", server.recovered)
        assert leads(server, OLD) == "/run"


# --- the command ---


def test_huoma_campaign_knows_old_addresses(server, slug):
    def run(*words):
        command = [BINARY, "campaign", *words, "--data-dir", server.data_dir]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)
    a, b = "/cli/" + slug, f"/cli/?q={slug}"
    made = run("create", slug, "--url", link(1), "--alias", a, "--alias", b)
    assert made.returncode == 0 and a in made.stdout, made
    assert leads(server, a) == leads(server, b) == "/" + slug
    assert f"/cli?q={slug}" in run("show", slug).stdout
    other = run("create", slug + "-2", "--url", link(1), "--alias", a)
    assert other.returncode == 1
    assert other.stderr == f"huoma: aliases[0]: belongs to the campaign {slug}; nothing was changed\n"
    assert run("edit", slug, "--alias", b).returncode == 0
    assert leads(server, a) is None and leads(server, b) == "/" + slug
    assert run("edit", slug, "--alias", b, "--no-aliases").returncode == 2
    assert run("edit", slug, "--no-aliases").returncode == 0 and leads(server, b) is None
    assert server.show(slug)["aliases"] == []
