"""The waiting list: who waits is let in, in order; no seat is lost and none given twice, whatever else happens."""

import csv
import io
import json
import re
import socket
import subprocess
import time
import urllib.parse

import pytest

from huoma import BINARY, PHONE, Server, Visits, build_request, link, parse_response, seeded, wait_for, wechat

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def server():
    with Server(workers=2) as s:
        yield s


class Waiter:
    """A phone with both cookies."""

    def __init__(self, server, path, agent=PHONE, **headers):
        self.server, self.path, self.slug = server, path, path.split("/")[1]
        self.headers, self.cookies = {"User-Agent": agent, **headers}, {}

    def request(self, method="GET", form=None, path=None):
        headers = dict(self.headers)
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        body = None
        if form is not None:
            headers.update(FORM)
            body = urllib.parse.urlencode(form).encode()
        return build_request(method, path or self.path, headers, body)

    def keep(self, answer):
        for line in answer.all("Set-Cookie"):
            name, value = line.split(";")[0].split("=", 1)
            assert f"Path=/{self.slug}" in line and "HttpOnly" in line and "SameSite=Lax" in line
            self.cookies[name] = value
        return answer

    def ask(self, method="GET", form=None, path=None):
        with socket.create_connection(self.server.public, timeout=10) as s:
            s.sendall(self.request(method, form, path))
            buffer = bytearray()
            while not (got := parse_response(buffer, method == "HEAD")):
                data = s.recv(65536)
                assert data, bytes(buffer)
                buffer += data
        return self.keep(got[0])

    def scan(self):
        return self.ask()

    def join(self, name="Anna", **more):
        return self.ask("POST", {"wait": "join", "name": name, **more})

    def look(self):
        answer = self.ask("POST", {"wait": "look"})
        assert answer.status == 200 and answer.header("Cache-Control") == "no-store"
        return answer.json()

    def leave(self):
        return self.ask("POST", {"wait": "leave"})

    def seat(self):
        return self.ask("POST", path=f"/{self.slug}/seat")


def place_of(answer):
    return int(re.search(r'<h1 id="place"[^>]*>[^<0-9]*(\d+)', answer.text)[1])


def make(server, slug, groups, waiting=None, **more):
    return server.create(slug, groups, fallback={"waiting": waiting or {}}, **more)


def waiting(server, slug, **query):
    return server.api("GET", f"/campaigns/{slug}/waiting?{urllib.parse.urlencode(query)}").json()


def states(server, slug):
    return [(row["name"], row["state"], row["place"]) for row in waiting(server, slug, limit=200)["data"]]


def set_limit(server, slug, limit, group="g1"):
    return server.patch(slug, {"limit": limit}, group=group)


# --- one visitor ---


def test_a_full_campaign_asks_for_a_name_and_shows_the_place(server):
    make(server, "w-one", [{"url": wechat("a"), "limit": 0}])
    anna, ben = Waiter(server, "/w-one"), Waiter(server, "/w-one")
    page = anna.scan()
    assert page.status == 200 and page.group == "none" and "hw" in anna.cookies and "hm" not in anna.cookies
    assert '<input type="hidden" name="wait" value="join">' in page.text and "最多保存 30 天" in page.text
    ben.scan()
    joined = anna.join()
    assert joined.status == 303 and joined.header("Location") == "/w-one"
    ben.join("Ben")
    assert [place_of(anna.scan()), place_of(ben.scan())] == [1, 2]
    assert ben.look() == {"state": "waits", "before": 1, "poll": 5}
    assert states(server, "w-one") == [("Anna", "waiting", 1), ("Ben", "waiting", 2)]


def test_a_seat_that_comes_free_is_the_first_ones_and_the_page_of_the_group_follows(server):
    make(server, "w-free", [{"url": wechat("b"), "limit": 0}])
    anna, ben = Waiter(server, "/w-free"), Waiter(server, "/w-free")
    anna.join()
    ben.join("Ben")
    set_limit(server, "w-free", 1)
    assert ben.look()["state"] == "waits"
    assert anna.look()["state"] == "seat"
    assert ben.look() == {"state": "waits", "before": 0, "poll": 5}
    assert server.show("w-free")["seats"] == {"limit": 1, "used": 1, "held": 1, "free": 0}
    page = anna.scan()
    assert page.group == "g1" and "data:image/png" in page.text and anna.cookies["hm"].startswith("1.h.g1.")
    assert anna.seat().status == 204
    group = server.show("w-free")["groups"][0]
    assert (group["used"], group["held"], group["confirmed"]) == (1, 0, 1)
    assert anna.scan().group == "g1", "the seat is theirs from now on"
    assert [s[1] for s in states(server, "w-free")] == ["in", "waiting"]


def test_a_redirect_confirms_at_once_and_a_lost_answer_leads_to_the_same_seat(server):
    make(server, "w-redirect", [{"url": link("c"), "limit": 0}])
    anna = Waiter(server, "/w-redirect")
    anna.join()
    set_limit(server, "w-redirect", 3)
    again = Waiter(server, "/w-redirect")
    again.cookies = {"hw": anna.cookies["hw"]}
    first = anna.scan()
    assert first.status == 302 and first.header("Location") == link("c") and anna.cookies["hm"].startswith("1.c.g1.")
    second = again.scan()
    assert second.status == 302 and again.cookies["hm"] == anna.cookies["hm"]
    group = server.show("w-redirect")["groups"][0]
    assert (group["used"], group["held"]) == (1, 0)


def test_nobody_overtakes(server):
    make(server, "w-overtake", [{"url": wechat("d"), "limit": 0}])
    anna = Waiter(server, "/w-overtake")
    anna.join()
    set_limit(server, "w-overtake", 1)
    late = Waiter(server, "/w-overtake")
    assert late.scan().group == "none", "the free seat is Anna's"
    late.join("Late")
    assert [s[1] for s in states(server, "w-overtake")] == ["promised", "waiting"]
    assert anna.scan().group == "g1"


def test_joining_while_a_group_is_open_goes_straight_in(server):
    make(server, "w-open", [{"url": wechat("e"), "limit": 5}])
    anna = Waiter(server, "/w-open")
    assert anna.join().status == 303
    assert anna.scan().group == "g1"
    assert waiting(server, "w-open")["total"] == 0


def test_joining_twice_is_joining_once(server):
    make(server, "w-twice", [{"url": wechat("f"), "limit": 0}])
    anna = Waiter(server, "/w-twice")
    anna.scan()
    assert [anna.join().status, anna.join().status] == [303, 303]
    assert waiting(server, "w-twice")["total"] == 1


def test_who_leaves_gives_way(server):
    make(server, "w-leave", [{"url": wechat("g"), "limit": 0}])
    anna, ben, carl = (Waiter(server, "/w-leave") for _ in range(3))
    for w, name in ((anna, "Anna"), (ben, "Ben"), (carl, "Carl")):
        w.join(name)
    assert ben.leave().status == 303
    assert place_of(carl.scan()) == 2
    set_limit(server, "w-leave", 1)
    assert anna.look()["state"] == "seat"
    anna.leave()
    assert carl.look()["state"] == "seat", "a promised seat is given back by leaving"
    assert server.show("w-leave")["seats"]["used"] == 1
    assert b"name=\"wait\"" in anna.scan().body


def test_a_closed_group_takes_its_promise_back_and_the_place_stays(server):
    make(server, "w-revoke", [{"url": wechat("h"), "limit": 0}])
    anna, ben = Waiter(server, "/w-revoke"), Waiter(server, "/w-revoke")
    anna.join()
    ben.join("Ben")
    set_limit(server, "w-revoke", 1)
    assert anna.look()["state"] == "seat"
    server.patch("w-revoke", {"enabled": False}, group="g1")
    assert anna.look() == {"state": "waits", "before": 0, "poll": 5}
    assert server.show("w-revoke")["seats"]["used"] == 0
    server.patch("w-revoke", {"enabled": True}, group="g1")
    assert ben.look()["state"] == "waits" and anna.scan().group == "g1"


def test_who_misses_the_promise_stays_in_front_but_others_go_on():
    """With the clock of Redis itself: a promise of a minute, the least there is."""
    with Server(workers=1) as server:
        make(server, "w-miss", [{"url": wechat("i"), "limit": 0}], {"promise_seconds": 60})
        anna, ben = Waiter(server, "/w-miss"), Waiter(server, "/w-miss")
        anna.join()
        ben.join("Ben")
        set_limit(server, "w-miss", 1)
        assert anna.look()["state"] == "seat"
        # The bucket is made due by hand: waiting for it would take 80 seconds.
        db = server.redis_client()
        bucket, = db.zrange("hm:{w-miss}:due", 0, -1)
        group, due = bucket.split(":")
        for key, field in (("hold", None), ("back", None)):
            if db.exists(f"hm:{{w-miss}}:{key}:{bucket}"):
                db.rename(f"hm:{{w-miss}}:{key}:{bucket}", f"hm:{{w-miss}}:{key}:{group}:1")
        issued = db.hget("hm:{w-miss}:seats", f"b:{bucket}")
        db.hdel("hm:{w-miss}:seats", f"b:{bucket}")
        db.hset("hm:{w-miss}:seats", mapping={f"b:{group}:1": issued, "due": 1})
        db.zrem("hm:{w-miss}:due", bucket)
        db.zadd("hm:{w-miss}:due", {f"{group}:1": 1})
        id_ = anna.cookies["hw"]
        row = db.hget("hm:{w-miss}:waiting", id_)
        db.hset("hm:{w-miss}:waiting", id_, row.replace(f" {due} ", " 1 "))

        assert ben.look()["state"] == "seat", "who waits next gets it"
        assert [s[1] for s in states(server, "w-miss")] == ["missed", "promised"]
        page = anna.scan()
        assert place_of(page) == 1 and "你还排在前面" in page.text
        set_limit(server, "w-miss", 2)
        assert anna.scan().group == "g1" and ben.scan().group == "g1"


def test_channel_and_query_stay_and_are_counted(server):
    make(server, "w-channel", [{"url": link("j"), "limit": 0}], forward_query=True)
    anna = Waiter(server, "/w-channel/shop-1?x=1")
    assert anna.join().header("Location") == "/w-channel/shop-1?x=1"
    set_limit(server, "w-channel", 1)
    assert anna.scan().header("Location") == link("j") + "?x=1"
    assert waiting(server, "w-channel")["data"][0]["channel"] == "shop-1"
    day, = [k for k in server.redis_client().keys("hm:{w-channel}:stats:*")]
    assert server.redis_client().hget(day, "seat:shop-1") == "1"


def test_everyone_waits_for_the_groups_that_are_for_them(server):
    make(server, "w-when", [{"url": wechat("k"), "limit": 0, "when": {"os": ["ios"]}},
                            {"url": wechat("l"), "limit": 0, "when": {"os": ["android"]}}])
    android = ("Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36 "
               "MicroMessenger/8.0.47")
    anna, ben = Waiter(server, "/w-when"), Waiter(server, "/w-when", android)
    anna.join()
    ben.join("Ben")
    set_limit(server, "w-when", 1, "g2")
    assert anna.look() == {"state": "waits", "before": 0, "poll": 5}, "the free seat is not for Anna's phone"
    assert ben.look()["state"] == "seat"
    # Other conditions: whoever is seen again waits for what is for them now.
    server.patch("w-when", {"when": {"os": ["ios"]}, "limit": 5}, group="g2")
    assert anna.scan().group == "g2"


@pytest.mark.parametrize("ask,good,bad",
                         [("nickname", ["阿明", "Ann O'Neil", "x" * 40], ["", "   ", "x" * 41, "a\nb", "\x00"]),
                                          ("number", ["+86 138 0013 8000", "wx_id-1234"],
                                           ["1234", "13800138000!", "二三四五六七", "1" * 33])])
def test_what_is_left_is_what_is_asked(server, ask, good, bad):
    slug = f"w-ask-{ask}"
    make(server, slug, [{"url": wechat("m"), "limit": 0}], {"ask": ask, "privacy": "只给管理员看"})
    for name in bad:
        answer = Waiter(server, f"/{slug}").join(name)
        assert answer.status == 422 and 'aria-invalid="true"' in answer.text and "只给管理员看" in answer.text
    for name in good:
        assert Waiter(server, f"/{slug}").join(name).status == 303
    assert [row[0] for row in states(server, slug)] == good


def test_nothing_that_is_left_is_markup_or_a_formula(server):
    make(server, "w-evil", [{"url": wechat("n"), "limit": 0}])
    for name in ("<script>alert(1)</script>", '=HYPERLINK("http://x")', '"quote",', "+86 138", "-cmd|' /C calc'!A0",
                 "@SUM(1)"):
        Waiter(server, "/w-evil").join(name)
    answer = server.api("GET", "/campaigns/w-evil/waiting?format=csv")
    assert answer.header("Content-Type") == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[0] == ["id", "name", "state", "channel", "joined_at", "group"]
    assert [row[1] for row in rows[1:]] == ["<script>alert(1)</script>", "'=HYPERLINK(\"http://x\")", '"quote",',
                                            "+86 138",
                                           "'-cmd|' /C calc'!A0", "'@SUM(1)"]


def test_the_list_has_an_end(server):
    make(server, "w-limit", [{"url": wechat("o"), "limit": 0}], {"limit": 2})
    for name in ("Anna", "Ben"):
        assert Waiter(server, "/w-limit").join(name).status == 303
    answer = Waiter(server, "/w-limit").join("Carl")
    assert answer.status == 200 and "排队的人太多了" in answer.text
    assert waiting(server, "w-limit")["waiting"] == 2


def test_crawlers_and_strangers_have_no_place(server):
    make(server, "w-strange", [{"url": wechat("p"), "limit": 0}])
    anna = Waiter(server, "/w-strange")
    anna.join()
    assert anna.ask("HEAD").header("Huoma-Preview") == "1"
    for value in ("x", "A" * 22, anna.cookies["hw"][:-1] + "*", ""):
        other = Waiter(server, "/w-strange")
        other.cookies = {"hw": value}
        assert other.look()["state"] == "none"
        assert 'value="join"' in other.scan().text
    assert waiting(server, "w-strange")["total"] == 1


# --- the API ---


def test_entries_are_listed_page_by_page_and_deleted(server):
    make(server, "w-api", [{"url": wechat("q"), "limit": 0}])
    for i in range(5):
        Waiter(server, "/w-api").join(f"N{i}")
    first = waiting(server, "w-api", limit=2)
    assert [row["name"] for row in first["data"]] == ["N0", "N1"] and first["total"] == first["waiting"] == 5
    second = waiting(server, "w-api", limit=2, cursor=first["next"])
    assert [row["name"] for row in second["data"]] == ["N2", "N3"]
    assert second["data"][0].keys() == {"id", "name", "place", "state", "channel", "joined_at", "group",
                                        "promised_until"}
    server.api("DELETE", f"/campaigns/w-api/waiting/{second['data'][0]['id']}", expect=204)
    assert [s[0] for s in states(server, "w-api")] == ["N0", "N1", "N3", "N4"]
    server.api("DELETE", "/campaigns/w-api/waiting/999", expect=404)
    server.api("DELETE", "/campaigns/w-api/waiting/x", expect=404)
    server.api("GET", "/campaigns/w-api/waiting?cursor=x", expect=422)
    server.api("GET", "/campaigns/none/waiting", expect=404)
    server.api("DELETE", "/campaigns/w-api/waiting", expect=204)
    assert waiting(server, "w-api") == {"data": [], "next": None, "total": 0, "waiting": 0}


def test_deleting_a_promised_entry_gives_its_seat_to_the_next(server):
    make(server, "w-drop", [{"url": wechat("r"), "limit": 0}])
    anna, ben = Waiter(server, "/w-drop"), Waiter(server, "/w-drop")
    anna.join()
    ben.join("Ben")
    set_limit(server, "w-drop", 1)
    rows = waiting(server, "w-drop")["data"]
    assert rows[0]["state"] == "promised" and rows[0]["promised_until"]
    server.api("DELETE", f"/campaigns/w-drop/waiting/{rows[0]['id']}", expect=204)
    assert ben.look()["state"] == "seat" and server.show("w-drop")["seats"]["used"] == 1


@pytest.mark.parametrize("fallback,field", [({"waiting": {"ask": "age"}}, "fallback.waiting.ask"),
                                            ({"waiting": {"promise_seconds": 5}}, "fallback.waiting.promise_seconds"),
                                            ({"waiting": {"limit": 0}}, "fallback.waiting.limit"),
                                            ({"waiting": {"colour": 1}}, "fallback.waiting.colour"),
                                            ({"waiting": []}, "fallback.waiting"),
                                            ({"waiting": {}, "url": "https://example.com/"}, "fallback.waiting")])
def test_a_wrong_setting_names_its_field(server, fallback, field):
    answer = server.api("POST", "/campaigns", {"slug": "w-wrong", "url": link("s"), "fallback": fallback}, 422)
    assert [e["field"] for e in answer.json()["errors"]] == [field]


def test_settings_are_merged_and_the_list_can_be_closed(server):
    made = make(server, "w-set", [{"url": wechat("t"), "limit": 0}], {"ask": "number"})
    assert made["fallback"]["waiting"] == {"ask": "number", "promise_seconds": 600, "limit": 1000, "privacy": None}
    anna = Waiter(server, "/w-set")
    anna.join("13800138000")
    shown = server.patch("w-set", {"fallback": {"waiting": {"limit": 5}}})
    assert shown["fallback"]["waiting"] == {"ask": "number", "promise_seconds": 600, "limit": 5, "privacy": None}
    assert server.patch("w-set", {"fallback": {"waiting": None}})["fallback"]["waiting"] is None
    set_limit(server, "w-set", 1)
    late = Waiter(server, "/w-set")
    wait_for("the change", lambda: late.scan().group == "g1")


def test_deleting_the_campaign_forgets_who_waited(server):
    make(server, "w-gone", [{"url": wechat("u"), "limit": 0}])
    Waiter(server, "/w-gone").join()
    server.api("DELETE", "/campaigns/w-gone", expect=204)
    assert server.redis_client().keys("hm:{w-gone}*") == []


# --- the command line ---


def command(server, *words, expect=0, typed=""):
    done = subprocess.run([BINARY, "campaign", "waiting", *words, "--data-dir", server.data_dir], capture_output=True,
                          input=typed.encode(),
                          timeout=60)
    assert done.returncode == expect, done
    return done.stdout.decode() + done.stderr.decode()


def test_the_command_line_can_what_the_api_can(server):
    make(server, "w-cli", [{"url": wechat("z"), "limit": 0}])
    assert command(server, "w-cli").startswith("Nobody waits.")
    for name in ("阿明", "Ben", "Carl"):
        Waiter(server, "/w-cli/shop").join(name)
    table = command(server, "W-CLI")
    assert re.search(r"^ +1 +1 +阿明 +waiting +shop +20", table, re.M) and "3 wait." in table, table
    assert json.loads(command(server, "w-cli", "--json")) == waiting(server, "w-cli")
    assert command(server, "w-cli", "--csv") == server.api("GET", "/campaigns/w-cli/waiting?format=csv").text
    assert command(server, "w-cli", "--delete", "2") == "The entry is deleted.\n"
    assert [s[0] for s in states(server, "w-cli")] == ["阿明", "Carl"]
    assert "no such entry" in command(server, "w-cli", "--delete", "2", expect=1)
    assert "not confirmed" in command(server, "w-cli", "--clear", expect=1, typed="w-other\n")
    assert command(server, "w-cli", "--clear", typed="w-cli\n").startswith("The waiting list is empty.")
    assert waiting(server, "w-cli")["total"] == 0
    for wrong in (["w-cli", "--delete", "x"], [], ["w-cli", "w-cli"], ["w-cli", "--clear", "--delete", "1"], ["a_b"]):
        assert command(server, *wrong, expect=2).startswith("huoma: campaign waiting: ")
    told = [e["action"] for e in server.api("GET", "/audit?target=campaign:w-cli").json()["data"]]
    assert told[:2] == ["waiting.clear", "waiting.delete"]


# --- a storm ---


class Storm:
    """Visitors who scan, join when all is full, look, and come; and what each was told."""

    def __init__(self, server, slug, rng):
        self.server, self.slug, self.rng = server, slug, rng
        self.seats = []

    def visit(self, n):
        w = Waiter(self.server, f"/{self.slug}")
        answer = w.keep((yield w.request()))
        if answer.group == "none":
            w.keep((yield w.request("POST", {"wait": "join", "name": f"v{n}"})))
            while True:
                answer = yield w.request("POST", {"wait": "look"})
                state = answer.json()["state"]
                if state != "waits":
                    break
                time.sleep(0.001)
            answer = w.keep((yield w.request()))
            while answer.group == "none":       # a promise that was taken back meanwhile
                answer = w.keep((yield w.request()))
        assert answer.group not in ("none", None), answer
        self.seats.append(w.cookies["hm"])
        kept = yield build_request("POST", f"/{self.slug}/seat", {**w.headers, "Cookie": f"hm={w.cookies['hm']}"}, b"")
        assert kept.status == 204, kept


def test_a_storm_loses_no_seat_and_gives_none_twice(server):
    """300 visitors for seats that come free a few at a time: all get in, each once, never more than the limit."""
    rng = seeded("storm")
    make(server, "w-storm", [{"url": wechat("v"), "limit": 5}, {"url": wechat("w"), "limit": 0}])
    storm, people = Storm(server, "w-storm", rng), 300
    with Visits(server.public, (storm.visit(n) for n in range(people)), at_once=64, seconds=60) as visits:
        limits, total = {"g1": 5, "g2": 0}, 5
        while total < people:
            group, more = rng.choice(["g1", "g2"]), min(rng.randrange(1, 25), people - total)
            limits[group] += more
            total += more
            shown = set_limit(server, "w-storm", limits[group], group)
            assert shown["used"] <= shown["limit"]
            time.sleep(rng.random() * 0.05)
        wait_for("all to be in", lambda: len(storm.seats) == people, 60, 0.05)
    assert set(visits.answers) <= {200, 204, 303}, visits.answers
    named = [tuple(c.split(".")[2:5]) for c in storm.seats]
    assert len(set(named)) == people, "a seat was given twice"
    groups = server.show("w-storm")["groups"]
    assert [(g["used"], g["held"], g["confirmed"]) for g in groups] == [(limits[g], 0, limits[g]) for g in ("g1", "g2")]
    assert waiting(server, "w-storm")["waiting"] == 0


def test_promises_follow_the_order_of_joining(server):
    make(server, "w-order", [{"url": wechat("x"), "limit": 0}])
    waiters = []
    for i in range(60):
        waiters.append(Waiter(server, "/w-order"))
        waiters[-1].join(f"n{i}")
    rng, limit = seeded("order"), 0
    while limit < 60:
        limit = min(60, limit + rng.randrange(1, 9))
        set_limit(server, "w-order", limit)
        assert [s[1] for s in states(server, "w-order")] == ["promised"] * limit + ["waiting"] * (60 - limit)
    for w in waiters:
        assert w.scan().group == "g1" and w.seat().status == 204
    assert server.show("w-order")["seats"] == {"limit": 60, "used": 60, "held": 0, "free": 0}


def test_more_than_one_call_lets_in_are_let_in_before_anybody_else(server):
    make(server, "w-many", [{"url": wechat("y"), "limit": 0}])
    def join(n):
        w = Waiter(server, "/w-many")
        answer = yield w.request("POST", {"wait": "join", "name": f"m{n}"})
        assert answer.status == 303, answer
    Visits(server.public, (join(n) for n in range(450)), at_once=32).run()
    server.api("PATCH", "/campaigns/w-many/groups/g1", {"limit": 1000})
    first = Waiter(server, "/w-many").scan()
    assert first.group == "none", "450 wait: one call lets in 200 of them, and nobody else"
    wait_for("all promises", lambda: waiting(server, "w-many")["waiting"] == 0)
    assert Waiter(server, "/w-many").scan().group == "g1"
    assert server.show("w-many")["seats"]["used"] == 451
