"""`huoma export` and `huoma import` of it: a store moves with its counters, held seats, users and audit log, and
nothing that lets anybody in moves with it."""

import base64
import collections
import copy
import json
import re
import subprocess
import time

import pytest

import huoma
from test_logos import logo_file
from test_stats import untold
from huoma import (BINARY, TOKEN, Crowd, RedisServer, Server, Visitor, Visits, check_ledger, link, page_groups,
                   redirect_groups, seat_of, seeded,
                   wait_for, wechat)

ANDROID = ("Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile "
           "Safari/537.36")


def run(server, *words, expect=0):
    done = subprocess.run([BINARY, *map(str, words), "--data-dir", server.data_dir], capture_output=True, text=True,
                          timeout=300,
                          env={k: v for k, v in server.env.items() if k != "HUOMA_ADMIN_TOKEN"})
    assert done.returncode == expect, done
    return done


def lines_of(text):
    return [json.loads(line) for line in text.splitlines()]


def exported(server, *types):
    """The lines of these types, or all but header and end."""
    lines = lines_of(run(server, "export").stdout)
    assert lines[0]["huoma"] == 1 and lines[-1] == {"type": "end", "lines": len(lines) - 2}
    return [x for x in lines[1:-1] if not types or x["type"] in types]


def file_of(path, lines):
    """A whole file of these lines."""
    whole = [{"huoma": 1, "exported_at": "2026-11-25T00:00:00Z", "program": "test"}, *lines,
             {"type": "end", "lines": len(lines)}]
    path.write_text("".join(json.dumps(x) + "\n" for x in whole))
    return path


@pytest.fixture(scope="module")
def other():
    """Another server, to move to."""
    with Server(workers=1, base_url="http://q.example.com") as s:
        yield s


@pytest.fixture
def clean(other):
    """The other server's store, with nothing in it but what keeps the server going."""
    client = other.redis_client()
    for key in client.scan_iter("hm:*", count=10000):
        if key not in ("hm:secret", "hm:ping"):
            client.delete(key)
    return other


# --- a store moves ---


def random_campaign(rng, slug):
    groups = []
    for i in range(rng.randint(1, 6)):
        g = {"url": rng.choice([wechat, link])(i), "limit": rng.choice([None, 0, 1, 3, 50]),
             "weight": rng.randint(1, 9),
             "enabled": rng.random() > 0.1, "show": rng.choice(["auto", "page", "redirect"])}
        if rng.random() < 0.3:
            g["when"] = rng.choice([{"os": ["ios"]}, {"os": ["android"]}, {"channel": ["shop"]},
                                    {"app": ["wechat"], "language": ["zh"]}])
        if rng.random() < 0.2:
            g["expires_at"] = rng.choice(["2020-01-01T00:00:00Z", "2099-01-01T00:00:00+08:00"])
        groups.append(g)
    return {"slug": slug, "groups": groups, "strategy": rng.choice(["fill", "even", "random"]),
            "title": rng.choice(["春跑 🏃", "\"q\"\\", "x"]),
            "hold_seconds": rng.choice([None, 600, 3600]), "spread": rng.choice([1, 3]),
            "per_address": rng.choice([0, 100, 20]), "confirm": rng.choice(["scan", "tap"]),
            "enabled": rng.random() > 0.1,
            "forward_query": rng.random() < 0.5, "follow_members": rng.random() < 0.5,
            "aliases": [f"/old/{slug}?id={rng.randint(1, 9)}"] if rng.random() < 0.5 else [],
            "fallback": rng.choice([{}, {"text": "voll\n满"}, {"url": link(99)}, {"waiting": {}},
                                    {"waiting": {"ask": "nickname"}}])}


def live_a_little(server, rng, slug, changes=True):
    """Visitors come, confirm, cannot get in; an admin counts heads, changes limits, adds and removes groups."""
    visitors = [Visitor(server, slug, agent=rng.choice([huoma.PHONE, ANDROID])) for _ in range(12)]
    for _ in range(40):
        v, act = rng.choice(visitors), rng.random()
        if act < 0.4:
            v.scan(rng.choice([None, "shop", "web-2"]))
        elif act < 0.5:
            wait(server, slug, rng)
        elif act < 0.7:
            v.confirm()
        elif act < 0.85:
            v.next()
        elif changes:
            change(server, rng, slug)


def wait(server, slug, rng):
    """Somebody joins the waiting list, if there is one and all is full."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": rng.choice([huoma.PHONE, ANDROID]),
               "Cookie": "hw=" + "".join(rng.choice("abcXYZ019-_") for _ in range(22))}
    huoma.once(server.public, "POST", f"/{slug}/{rng.choice(['shop', 'web-2'])}", headers,
               b"wait=join&name=Anna%20%E6%98%8E")


def change(server, rng, slug):
    groups = server.show(slug)["groups"]
    act = rng.randrange(5)
    if act == 0 and groups:
        server.patch(slug, {"confirmed": rng.randint(0, 5)}, group=rng.choice(groups)["id"])
    elif act == 1 and groups:
        server.patch(slug, {"limit": rng.choice([None, 0, 2, 9])}, group=rng.choice(groups)["id"])
    elif act == 2 and groups:
        server.api("PUT", f"/campaigns/{slug}/groups/{rng.choice(groups)['id']}/members",
                   {"members": rng.randint(0, 5), "source": "bot 1"})
    elif act == 3:
        server.api("POST", f"/campaigns/{slug}/groups", {"url": link(rng.randint(1, 99)), "limit": 4})
    elif len(groups) > 1:
        server.api("DELETE", f"/campaigns/{slug}/groups/{rng.choice(groups)['id']}")


def live_on(server, rng, slug):
    """Nobody gets a seat beyond a limit, wherever the counters stood."""
    before = {g["id"]: g["used"] for g in server.show(slug)["groups"]}
    live_a_little(server, rng, slug, changes=False)
    for g in server.show(slug)["groups"]:
        assert g["limit"] is None or g["used"] <= max(g["limit"], before[g["id"]]), (g, before)


def test_an_import_into_an_empty_store_gives_the_same_store(server, clean, tmp_path):
    rng = seeded("round trip")
    slugs = [f"rt-{i}" for i in range(12)]
    for slug in slugs:
        server.api("POST", "/campaigns", random_campaign(rng, slug), 201)
        live_a_little(server, rng, slug)
    for name, role in (("olga", "owner"), ("anna", "viewer")):
        server.api("POST", "/users", {"name": name, "password": "long enough for it", "role": role}, 201)
    server.api("PATCH", "/users/anna", {"disabled": True})
    server.api("PUT", f"/campaigns/{slugs[3]}/logo", logo_file(), 204, Content_Type="image/png")
    funnel = server.api("POST", "/funnels", {"title": "Spring", "steps": slugs[:3], "channels": ["shop-1"]}, 201).json()
    first = exported(server)
    assert {x["type"] for x in first} == {"campaign", "user", "audit", "logo", "funnel"}
    path = tmp_path / "x.jsonl"
    assert run(server, "export", "-o", path).stdout.endswith(f"{len(slugs)} campaigns, 1 logos, 1 funnels.\n")
    assert path.stat().st_mode & 0o777 == 0o600
    said = run(clean, "import", path)
    assert f"{len(lines_of(path.read_text())) - 2} made, 0 there already, 0 left out, 0 refused." in said.stdout, said
    assert exported(clean, "campaign", "user", "logo", "funnel") == [x for x in first if x["type"] != "audit"]
    told = exported(clean, "audit")
    there = [x for x in lines_of(path.read_text()) if x.get("type") == "audit"]
    assert told[:len(there)] == there
    assert collections.Counter(t["action"] for t in told[len(there):]) == {"campaign.import": len(slugs),
                                                                           "user.import": 2, "campaign.logo": 1,
                                                                           "funnel.import": 1,
                                                                           "store.export": 1}
    assert clean.api("GET", f"/campaigns/{slugs[3]}/logo").body == logo_file()
    assert clean.api("GET", "/funnels/" + funnel["id"]).json() == funnel
    for slug in slugs:
        assert clean.show(slug) == server.show(slug)
        assert untold(clean, slug) == 0
        aliases = server.show(slug)["aliases"]
        assert all(huoma.once(clean.public, "GET", a).header("Location") == "/" + slug for a in aliases)
    assert clean.api("GET", "/campaigns?limit=200").json()["total"] == len(slugs)
    again = run(clean, "import", path)
    assert " 0 made, " in " " + again.stdout.splitlines()[-1] and again.stdout.splitlines()[-1].endswith(
        " 0 refused."), again
    for slug in slugs:  # and they live on
        live_on(clean, rng, slug)


def test_funnels_that_are_wrong_or_others_are_refused(server, clean, tmp_path):
    record = {"type": "funnel", "id": "abc123", "title": "A", "version": 1, "created_at": "2026-01-01T00:00:00Z",
              "next": 4,
              "updated_at": "2026-01-01T00:00:00Z", "steps": [{"name": "a", "number": 1}, {"name": "b", "number": 2}],
              "channels": [{"name": "c", "number": 3}]}
    wrong = [{"id": "ABC123"}, {"id": "abc12"}, {"title": ""}, {"title": "a\nb"}, {"next": 3}, {"next": 1 << 40},
             {"version": 0},
             {"steps": record["steps"][:1]}, {"steps": [record["steps"][0]] * 2},
             {"steps": [{"name": "No", "number": 1}] * 2}, {"steps": None},
             {"channels": [{"name": "f-x", "number": 3}]}, {"channels": {}}, {"created_at": "today"}]
    said = run(clean, "import", file_of(tmp_path / "x", [{**record, **w} for w in wrong]), expect=1).stdout
    assert (said.count("a funnel: is none that could be used") == len(wrong)
            and clean.api("GET", "/funnels").json()["total"] == 0)
    # One whose campaigns are gone comes along as it was.
    run(clean, "import", file_of(tmp_path / "x", [record]))
    assert [s["missing"] for s in clean.api("GET", "/funnels/abc123").json()["steps"]] == [True, True]
    assert "1 there already" in run(clean, "import", file_of(tmp_path / "x", [record])).stdout
    said = run(clean, "import", file_of(tmp_path / "x", [{**record, "title": "B"}]), expect=1).stdout
    assert "B: there is another funnel of that id" in said


@pytest.mark.parametrize("line, why", [
    ({"slug": "lm", "file": "AAAA"}, "no picture"), ({"slug": "lm", "file": "?"}, "no picture"),
    ({"slug": "lm", "file": 7}, "no picture"),
    ({"slug": "there", "file": ""}, "no campaign"), ({"file": ""}, "no campaign"),
])
def test_a_logo_that_is_none_is_refused(server, clean, tmp_path, line, why):
    server.create("lm", redirect_groups(1), "any"), clean.create("there", redirect_groups(1), "any")
    said = run(clean, "import",
               file_of(tmp_path / "x",
                       [*(x for x in exported(server, "campaign") if x["slug"] == "lm"), {"type": "logo", **line}]),
               expect=1)
    assert why in said.stdout and "1 refused" in said.stdout
    clean.api("GET", "/campaigns/lm/logo", expect=404), clean.api("GET", "/campaigns/there/logo", expect=404)


def test_a_logo_that_could_not_be_kept_is_told_with_its_campaign(server, clean, tmp_path):
    server.create("unkept", redirect_groups(1), "any")
    lines = [*(x for x in exported(server, "campaign") if x["slug"] == "unkept"),
             {"type": "logo", "slug": "unkept", "file": base64.b64encode(logo_file()).decode()}]
    redis = clean.redis_client()
    redis.execute_command("ACL", "SETUSER", "default", "resetkeys", "%R~*", "~*[^o]")  # all but keys that end as :logo
    try:
        done = run(clean, "import", file_of(tmp_path / "x", lines), expect=1)
    finally:
        redis.execute_command("ACL", "SETUSER", "default", "resetkeys", "~*")
    assert done.stderr == ("huoma: line 3: the logo of unkept: the store is not reachable; 1 was made before it. Run "
                           "it again: what is there "
                           "already stays, and the rest is made\n")
    assert "logo" not in clean.api("GET", "/campaigns/unkept").json()
    again = run(clean, "import", tmp_path / "x").stdout
    assert "1 made, 1 there already" in again and clean.api("GET", "/campaigns/unkept/logo").body == logo_file()


def test_limits_hold_where_an_import_left_off(server, clean, tmp_path):
    server.create("lim", redirect_groups(30, 40), strategy="even")
    seats = [Visitor(server, "lim").scan().group for _ in range(50)]
    run(clean, "import", file_of(tmp_path / "x", [x for x in exported(server, "campaign") if x["slug"] == "lim"]))
    seats += [Visitor(clean, "lim").scan().group for _ in range(30)]
    assert collections.Counter(seats) == {"g1": 30, "g2": 40, "none": 10}


def test_held_seats_come_back_by_themselves(server, clean, tmp_path):
    server.create("held", page_groups(3), hold_seconds=600)
    visitors = [Visitor(server, "held") for _ in range(3)]
    for v in visitors:
        v.scan()
    visitors[1].confirm()
    line = next(x for x in exported(server, "campaign") if x["slug"] == "held")
    assert [(h["issued"], base64.b64decode(h["confirmed"])) for h in line["holds"]] == [(3, b"\x40")]
    line["holds"][0]["until"] = int(time.time()) - 5
    run(clean, "import", file_of(tmp_path / "x", [line]))
    group = clean.show("held")["groups"][0]
    assert (group["used"], group["held"], group["confirmed"]) == (1, 0, 1)
    assert Visitor(clean, "held").scan().group == "g1"


def test_what_stands_twice_in_a_file_is_refused_in_a_dry_run_too(clean, tmp_path):
    user = {"type": "user", "name": "twice", "role": "viewer", "disabled": False, "created_at": "2026-11-25T00:00:00Z"}
    path = file_of(tmp_path / "x", [user, {**user, "role": "editor"}])
    for words in (["--dry-run"], []):
        said = run(clean, "import", *words, path, expect=1).stdout
        assert "refused   line 3: twice: line 2 has it already" in said and "1 refused" in said
    assert [u["role"] for u in clean.api("GET", "/users").json()["data"] if u["name"] == "twice"] == ["viewer"]


def test_held_seats_last_no_longer_in_a_store_whose_clock_was_never_wrong(server, clean, tmp_path):
    """A clock went back an hour: what is held since has another name than the second at which it goes back."""
    server.create("clock", page_groups(3), hold_seconds=600)
    names = [int(seat_of(Visitor(server, "clock").scan().cookie[0])[2])]
    for field in ("seen", "last"):
        server.redis_client().hincrby("hm:{clock}:seats", field, 3600)
    names.append(int(seat_of(Visitor(server, "clock").scan().cookie[0])[2]))
    assert names[1] - names[0] > 3500, "an hour, less what went by between the two"
    lines = [x for x in exported(server, "campaign") if x["slug"] == "clock"]
    assert ([h["name"] for h in lines[0]["holds"]] == names
            and all(h["until"] <= time.time() + 661 for h in lines[0]["holds"]))
    run(clean, "import", file_of(tmp_path / "x", lines))
    assert [s.redis_client().zrange("hm:{clock}:due", 0, -1, withscores=True) for s in (clean, server)] == 2 * [
        [(f"g1:{h['name']}", h["until"]) for h in lines[0]["holds"]]]
    again = int(seat_of(Visitor(clean, "clock").scan().cookie[0])[2])
    assert 0 <= again - names[1] <= 60, "in a bucket that lasts as long"


def test_who_waits_keeps_the_place(server, clean, tmp_path):
    server.create("queue", page_groups(0), fallback={"waiting": {}})
    ids = [c * 22 for c in "abc"]
    def ask(where, id_, body):
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": "hw=" + id_}
        return huoma.once(where.public, "POST", "/queue", headers, body)
    for id_ in ids:
        ask(server, id_, b"wait=join&name=Anna")
    server.patch("queue", {"limit": 1}, group="g1")
    assert ask(server, ids[0], b"wait=look").json()["state"] == "seat"
    run(clean, "import", file_of(tmp_path / "x", [x for x in exported(server, "campaign") if x["slug"] == "queue"]))
    assert [ask(clean, id_, b"wait=look").json() for id_ in ids] == \
        [ask(server, id_, b"wait=look").json() for id_ in ids]
    clean.patch("queue", {"limit": 2}, group="g1")
    assert [ask(clean, id_, b"wait=look").json()["state"] for id_ in ids] == ["seat", "seat", "waits"]
    assert ask(clean, "d" * 22, b"wait=join&name=Ben").status == 303
    assert [row["id"] for row in clean.api("GET", "/campaigns/queue/waiting").json()["data"]] == ["1", "2", "3", "4"]


def test_with_the_key_of_cookies_visitors_keep_their_seats(server, tmp_path):
    """The key is a secret, and not exported; who carries it over by hand loses no visitor."""
    server.create("keep", page_groups(3), hold_seconds=600)
    anna, bert = Visitor(server, "keep"), Visitor(server, "keep")
    anna.scan(), bert.scan(), anna.confirm()
    path = file_of(tmp_path / "x", [x for x in exported(server, "campaign") if x["slug"] == "keep"])
    secret = server.redis_client().get("hm:secret")
    assert secret not in run(server, "export").stdout
    with RedisServer() as redis:
        redis.client().set("hm:secret", secret)
        with Server(workers=1, redis=redis) as to:
            subprocess.run([BINARY, "import", path, "--redis-url", redis.url], check=True, timeout=60,
                           capture_output=True)
            for v in (anna, bert):
                v.address = to.public
                answer = v.scan()
                assert answer.group == "g1" and answer.cookie is None
            assert bert.confirm().status == 204
            assert [(g["used"], g["held"]) for g in to.show("keep")["groups"]] == [(2, 0)]


def test_an_export_under_a_storm_is_consistent(tmp_path):
    """Each campaign is of one moment: it comes in whole, and no seat that was answered before is missing."""
    with Server(workers=2) as s, Server(workers=1) as to:
        crowds = {slug: Crowd(slug, confirm=True, rough=True) for slug in ("storm-a", "storm-b")}
        for slug in crowds:
            s.create(slug, page_groups(300, 300, None), strategy="even")
        storms = [Visits(s.public, c.visits(), at_once=8, seconds=5).start() for c in crowds.values()]
        wait_for("some answers", lambda: all(storm.answers[200] > 50 for storm in storms), 30)
        before = {slug: c.seats() for slug, c in crowds.items()}
        files = []
        for n in range(5):
            files.append(tmp_path / str(n))
            run(s, "export", "-o", files[-1])
        for storm in storms:
            storm.stop()
        for path in files:
            client = to.redis_client()
            for key in client.scan_iter("hm:{*", count=1000):
                client.delete(key)
            lines = [x for x in lines_of(path.read_text())[1:-1] if x["type"] == "campaign"]
            run(to, "import", file_of(tmp_path / "y", lines))
            for slug, seats in before.items():
                shown = to.show(slug)
                assert shown["seats"]["used"] >= seats
                check_ledger(shown, collections.Counter())
        for slug, c in crowds.items():
            check_ledger(s.show(slug), c.groups)


def test_an_import_into_a_serving_store_is_served_at_once(server, clean, tmp_path):
    server.create("now", [{"url": link(1)}])
    assert Visitor(clean, "now").scan().status == 404
    run(clean, "import", file_of(tmp_path / "x", [x for x in exported(server, "campaign") if x["slug"] == "now"]))
    wait_for("the campaign", lambda: Visitor(clean, "now").scan().header("Location") == link(1), 3)


def test_it_needs_no_server(server, tmp_path):
    with Server(workers=1) as s:
        s.create("alone", redirect_groups(5))
        Visitor(s, "alone").scan()
        s.stop()
        lines = exported(s, "campaign")
        assert [x["groups"][0]["used"] for x in lines] == [1]
        s.data_dir = tmp_path / "fresh"
        run(s, "import", file_of(tmp_path / "x", lines))
        assert exported(s, "campaign") == lines


# --- what is there ---


def one_line(server, slug, **fields):
    server.create(slug, page_groups(4, 5), hold_seconds=600, fallback={"waiting": {}}, **fields)
    a, b = Visitor(server, slug), Visitor(server, slug)
    a.scan("shop"), b.scan(), a.confirm(), b.next()
    for limits in ((0, 0), (4, 5)):
        for id_, limit in zip(("g1", "g2"), limits):
            server.patch(slug, {"limit": limit}, group=id_)
        if limits == (0, 0):
            wait(server, slug, seeded(slug))
    return next(x for x in exported(server, "campaign") if x["slug"] == slug)


@pytest.fixture(scope="module")
def line(server):
    return one_line(server, "line", aliases=["/old/line"])


def everything(server):
    c, found = server.redis_client(), {}
    for key in c.scan_iter("hm:*", count=10000):
        if key not in ("hm:ping", "hm:audit") and not re.search(":visits:|:flushed$|~problems", key):
            found[key] = c.get(key) if c.type(key) == "string" else c.dump(key)
    return found


def test_a_dry_run_changes_nothing(clean, line, tmp_path):
    path = file_of(tmp_path / "x",
                   [{"type": "user", "name": "u", "role": "owner", "disabled": False,
                     "created_at": "2026-01-01T00:00:00Z"}, line])
    before = everything(clean)
    said = run(clean, "import", "--dry-run", path).stdout
    assert ("line 3: line: 2 groups" in said
            and said.endswith("2 would be made, 0 there already, 0 left out, 0 refused. Nothing was changed.\n"))
    assert everything(clean) == before and clean.redis_client().xlen("hm:audit") == 0


def test_another_campaign_of_that_slug_stays(clean, line, tmp_path):
    clean.create("line", redirect_groups(1))
    clean.create("has-alias", redirect_groups(1), aliases=["/taken"])
    second = json.loads(json.dumps(line).replace('"line"', '"second"').replace("/old/line", "/taken"))
    third = json.loads(json.dumps(line).replace('"line"', '"third"').replace("/old/line", "/third"))
    before = clean.show("line")
    said = run(clean, "import", file_of(tmp_path / "x", [line, second, third, third]), expect=1).stdout
    for words in ("refused   line 2: line: there is a campaign of that slug, and it is another one",
                  "refused   line 3: second: its old address /taken leads to has-alias already",
                  "refused   line 5: third: line 4 has the slug or an old address already",
                  "1 made, 0 there already, 0 left out, 3 refused."):
        assert words in said, said
    assert clean.show("line") == before and clean.show("third")["aliases"] == ["/third"]
    clean.api("GET", "/campaigns/second", expect=404)


def test_a_campaign_whose_seats_have_moved_on_is_there_already(clean, line, tmp_path):
    path = file_of(tmp_path / "x", [line])
    run(clean, "import", path)
    Visitor(clean, "line").scan()
    assert "0 made, 1 there already, 0 left out, 0 refused." in run(clean, "import", path).stdout


def test_users_come_without_passwords_and_tokens_not_at_all(server, clean, tmp_path):
    server.api("POST", "/users", {"name": "petra", "password": "correct horse battery", "role": "owner"}, 201)
    token = server.api("POST", "/tokens", {"name": "build", "role": "admin"}, 201).json()["token"]
    text = run(server, "export").stdout
    assert "argon2" not in text and token not in text and token[:12] not in text
    hashes = [json.loads(v)["hash"] for v in server.redis_client().hvals("hm:tokens")]
    assert hashes and not [h for h in hashes if h in text]
    lines = [x for x in exported(server, "user", "token") if x["name"] in ("petra", "build")]
    said = run(clean, "import", file_of(tmp_path / "x", lines)).stdout
    assert ("petra: comes without a password: huoma user passwd" in said
            and "build: is a token, and has to be made anew" in said)
    for password in ("correct horse battery", "!", ""):
        assert clean.api("POST", "/session", {"name": "petra", "password": password}, expect="any",
                         token=None).status in (401, 422)
    done = subprocess.run([BINARY, "user", "passwd", "petra", "--data-dir", clean.data_dir],
                          input="a new long password\n", text=True,
                          capture_output=True, timeout=60)
    assert done.returncode == 0, done
    assert clean.api("POST", "/session", {"name": "petra", "password": "a new long password"}, 200,
                     token=None).json()["role"] == "owner"
    lines[0]["role" if lines[0]["type"] == "user" else "x"] = "viewer"
    assert "petra: there is a user of that name" in run(clean, "import", file_of(tmp_path / "x", lines),
                                                        expect=1).stdout


def test_an_audit_log_with_later_entries_is_left_as_it_is(server, clean, tmp_path):
    old = [x for x in exported(server, "audit")][:3]
    clean.create("later", redirect_groups(1))
    said = run(clean, "import", file_of(tmp_path / "x", old)).stdout
    assert ("3 entries of the audit log are left out" in said
            and "0 made, 0 there already, 3 left out, 0 refused." in said)
    assert [x["action"] for x in exported(clean, "audit")] == ["campaign.create"]


# --- files that are not whole, or not honest ---


@pytest.mark.parametrize("damage, words", [
    (lambda t: t[:-1][:t[:-1].rfind("\n") + 1], "the end is missing"),
    (lambda t: t[:len(t) // 2], "is not whole"),
    (lambda t: "".join(t.splitlines(True)[:1] + t.splitlines(True)[2:]), "lines are missing before it"),
    (lambda t: t.replace('"type": "campaign"', '"type": "future"'),
     "line 2: is of a type that this program does not know"),
    (lambda t: t.replace('{"huoma": 1', '{"huoma": 2'), "line 1: is an export of a newer program"),
    (lambda t: t.replace('"slug": "line", "definition"', '"slug": "line", "slug": "x", "definition"'),
     "line 2: is not whole"),
    (lambda t: t.replace('"huoma"', '"humoa"'), "line 1: is no header"),
    (lambda t: t.replace("\n", "\n[]\n", 1), "line 2: is not whole"),
    (lambda t: t.replace("\n", "\n\0\n", 1), "line 2: is not whole"),
    (lambda t: "", "line 1: is no header"),
], ids=range(10))
def test_a_damaged_file_changes_nothing(clean, line, tmp_path, damage, words):
    path = file_of(tmp_path / "x", [line])
    path.write_text(damage(path.read_text()))
    before = everything(clean)
    done = run(clean, "import", "--from", "huoma", path, expect=1)
    assert words in done.stderr and "nothing was changed" in done.stderr and done.stderr.count("\n") == 1, done
    assert everything(clean) == before


def set_at(value, *path):
    def act(x):
        for key in path[:-1]:
            x = x[key]
        x[path[-1]] = value
    return act


@pytest.mark.parametrize("act, words", [
    (set_at("other", "slug"), "slug is not the definition's"),
    (set_at(None, "definition"), "definition must be an object"),
    (set_at("javascript:x", "definition", "groups", 0, "url"), "definition: groups[0].url"),
    (set_at("x", "definition", "uid"), "definition: uid"),
    (set_at(0, "definition", "version"), "version must be from 1 on"),
    (lambda x: x["groups"].pop(), "groups must be those of the definition"),
    (lambda x: x["groups"].reverse(), "groups must be those of the definition"),
    (set_at(-1, "groups", 0, "used"), "used must be an integer"),
    (set_at(1.5, "groups", 0, "used"), "used must be an integer"),
    (set_at(1 << 60, "groups", 0, "used"), "used must be an integer"),
    (set_at(99, "groups", 1, "held"), "more seats are held than used"),
    (set_at([9 << 40], "groups", 0, "reported"), "none of the future"),
    (set_at([0] * 9, "groups", 0, "reported"), "at most 8 times"),
    (set_at("now", "groups", 0, "suspect_since"), "suspect_since must be"),
    (set_at([], "holds"), "seats are held, and holds have 0"),
    (set_at("g9", "holds", 0, "group"), "group must be one of the definition's"),
    (set_at(9 << 40, "holds", 0, "until"), "until must be"),
    (set_at(0, "holds", 0, "issued"), "issued must not be 0"),
    (set_at(1 << 40, "holds", 0, "issued"), "issued must be an integer"),
    (set_at("/w==", "holds", 0, "confirmed"), "never issued"),
    (set_at("A" * 4000, "holds", 0, "confirmed"), "base64 of as many bits"),
    (set_at("?", "holds", 0, "given_back"), "base64 of as many bits"),
    (lambda x: x["holds"].append(dict(x["holds"][0])), "two of the same name"),
    (set_at(9 << 40, "holds", 0, "name"), "name must be"),
    (set_at(0, "holds", 0, "name"), "must not be 0"),
    (set_at(9 << 40, "holds_ended"), "holds_ended must be"),
    (set_at({"yesterday": {}}, "statistics"), "statistics must be objects by day"),
    (set_at({"2026-11-25": {"a\"b": 1}}, "statistics"), "a name that no count has"),
    (set_at({"2026-11-25": {"seat:x": "1"}}, "statistics"), "seat:x must be an integer"),
    (set_at({f"{2000 + n // 300}-{n // 25 % 12 + 1:02}-{n % 25 + 1:02}": {"a": 1} for n in range(1001)}, "statistics"),
     "at most 1000 days"),
    (set_at(7, "holds", 0), "holds must be a list of objects"),
    (set_at(7, "waiting"), "waiting must be a list"),
    (set_at([7], "waiting"), "waiting: an element is not"),
    (set_at("x", "waiting", 0, "id"), "waiting: id is not"),
    (set_at(0, "waiting", 0, "number"), "waiting: number is not"),
    (set_at(9 << 40, "waiting", 0, "joined_at"), "waiting: joined_at is not"),
    (set_at("away", "waiting", 0, "state"), "waiting: state is not"),
    (set_at("0 0", "waiting", 0, "kind"), "waiting: kind is not"),
    (set_at("promised", "waiting", 0, "state"), "waiting: group is not"),
    (set_at("a b", "waiting", 0, "channel"), "waiting: channel is not"),
    (set_at("a\nb", "waiting", 0, "name"), "waiting: name is not"),
    (lambda x: x["waiting"].append(dict(x["waiting"][0])), "two have the same id or number"),
])
def test_a_line_that_does_not_hold_together_is_refused_and_the_others_are_not(clean, line, tmp_path, act, words):
    bad, good = copy.deepcopy(line), json.loads(json.dumps(line).replace('"line"',
                                                                         '"good"').replace("/old/line", "/good"))
    act(bad)
    said = run(clean, "import", file_of(tmp_path / "x", [bad, good]), expect=1).stdout
    assert "refused   line 2: " in said and words in said and said.endswith("1 made, 0 there already, 0 left out, 1 "
                                                                            "refused.\n"), said
    assert [x["slug"] for x in exported(clean, "campaign")] == ["good"]


def test_nothing_that_comes_in_breaks_the_ledger(clean, line, tmp_path):
    """Values thrown about at random: a line is refused, or what it made goes on by the rules."""
    rng = seeded("thrown about")
    values = [None, -1, 0, 1, 2, 7, 1 << 53, 1.5, "", "g1", "g2", "AA==", "gA==", [], {}, True, "2026-11-25",
              int(time.time()) + 60]
    lines = []
    for n in range(60):
        x = json.loads(json.dumps(line).replace('"line"', f'"th-{n}"').replace("/old/line", f"/th/{n}"))
        for _ in range(rng.randint(1, 3)):
            at = x
            while True:
                key = rng.choice(list(at.keys()) if isinstance(at, dict) else range(len(at)))
                if isinstance(at[key], (dict, list)) and at[key] and rng.random() < 0.9:
                    at = at[key]
                    continue
                break
            if key not in ("type", "slug"):
                at[key] = rng.choice(values)
        lines.append(x)
    done = subprocess.run([BINARY, "import", file_of(tmp_path / "x", lines), "--data-dir", clean.data_dir],
                          capture_output=True, text=True,
                          timeout=120)
    assert done.returncode in (0, 1) and not done.stderr, done
    came = clean.api("GET", "/campaigns?limit=200").json()["data"]
    assert done.stdout.count("refused   line") == len(lines) - len(came)
    for c in came:
        huoma.check_campaign(c)
        live_on(clean, rng, c["slug"])


# --- the command ---


def test_what_is_wrong_is_one_line(server, tmp_path):
    for words, code in ((["export", "x"], 2), (["export", "-o"], 2), (["export", "-o", tmp_path / "no" / "x"], 1),
                        (["import"], 2),
                        (["import", "--images", tmp_path, "--from", "huoma", tmp_path / "x"], 2),
                        (["import", "--from", "huoma", tmp_path / "x"], 1)):
        done = run(server, *words, expect=code)
        assert done.stderr.startswith("huoma: ") and done.stderr.count("\n") == 1, done
    assert list(tmp_path.iterdir()) == []


def test_a_campaign_that_cannot_be_read_ends_the_export_and_leaves_no_file(clean, line, tmp_path):
    (tmp_path / "x").write_text("of before")
    clean.create("broken", redirect_groups(1))
    clean.redis_client().set("hm:{broken}", "{")
    done = run(clean, "export", "-o", tmp_path / "x", expect=1)
    assert "huoma: broken: cannot be read" in done.stderr
    assert (tmp_path / "x").read_text() == "of before" and len(list(tmp_path.iterdir())) == 1
