"""What one visitor is answered: every line of the public table of interface.md, the cookie, and who is not a person."""

import concurrent.futures
import datetime
import re
import time

import pytest

from huoma import (PHONE, Connection, RedisServer, Server, Visitor, build_request, code_on, link, once, page_groups,
                   redirect_groups, seat_of, wait_for, wechat)


def iso(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat()


def used(server, slug):
    return [g["used"] for g in server.show(slug)["groups"]]


# --- a seat ---


def test_redirect_group(server, slug):
    server.create(slug, redirect_groups(2, 1))
    for group, n in (("g1", 1), ("g1", 1), ("g2", 2)):
        answer = Visitor(server, slug).scan()
        assert (answer.status, answer.header("Location"), answer.group) == (302, link(n), group)
        assert answer.header("Cache-Control") == "no-store"
        assert answer.body == b"" or len(answer.body) < 1000
        value, attributes = answer.cookie
        assert seat_of(value)[:2] == ("c", group)
        assert attributes == {"path": "/" + slug, "httponly": "", "samesite": "Lax", "max-age": str(30 * 86400)}
    assert used(server, slug) == [2, 1]
    assert [g["confirmed"] for g in server.show(slug)["groups"]] == [2, 1]
    assert [g["state"] for g in server.show(slug)["groups"]] == ["full", "full"]


def test_page_group(server, slug, tmp_path):
    server.create(slug, page_groups(2, 5), title="Läufer & <b>Freunde</b>")
    answer = Visitor(server, slug).scan()
    assert (answer.status, answer.group) == (200, "g1")
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    assert answer.header("Cache-Control") == "no-store"
    assert code_on(answer, tmp_path) == wechat(1)
    assert "<b>Freunde" not in answer.text and "&lt;b&gt;Freunde" in answer.text
    assert len(answer.body) < 12 * 1024
    outside = re.findall(r'(?:src|href|action)="?(https?:)?//', answer.text)
    assert not outside, outside
    assert "frame-ancestors" in answer.header("Content-Security-Policy") or answer.header("X-Frame-Options")
    assert server.show(slug)["seats"]["held"] == 1
    assert answer.cookie[1]["path"] == "/" + slug


def test_page_speaks_the_visitors_language(server, slug):
    server.create(slug, page_groups(50))
    for accept, word in (("zh-CN,zh;q=0.9,en;q=0.1", "进不去"), ("en-US,en;q=0.9", "get in"),
                         ("en;q=0.1, zh;q=0.8", "进不去")):
        text = Visitor(server, slug).scan(Accept_Language=accept).text
        assert word in text, accept


def test_secure_cookie_when_base_url_is_https():
    from huoma import Server
    with Server(workers=1, base_url="https://q.example.com", flags=["--visitor-days", "7"]) as s:
        s.create("run", redirect_groups(5))
        attributes = Visitor(s, "run").scan().cookie[1]
        assert "secure" in attributes and attributes["max-age"] == str(7 * 86400)
        assert s.show("run")["link"] == "https://q.example.com/run"


def test_limit_none_and_zero(server, slug):
    server.create(slug, redirect_groups(0, None))
    assert {Visitor(server, slug).scan().group for _ in range(20)} == {"g2"}
    assert used(server, slug) == [0, 20]
    assert server.show(slug)["seats"]["free"] is None


def test_short_link(server, slug):
    server.api("POST", "/campaigns", {"slug": slug, "url": "https://example.com/a?b=c#d"}, 201)
    answer = Visitor(server, slug).scan()
    assert (answer.status, answer.header("Location"), answer.group) == (302, "https://example.com/a?b=c#d", "g1")


def test_link_is_made_from_base_url_only(server, slug):
    server.create(slug, page_groups(5))
    for headers in ({"X-Forwarded-Host": "evil.example"}, {"Forwarded": "host=evil.example"}):
        answer = once(server.public, "GET", "/" + slug, {"User-Agent": "Twitterbot/1.0", **headers})
        assert b"evil.example" not in answer.body and "http://q.example.com/" + slug in answer.text
    with Connection(server.public) as c:
        answer = c.request("GET", "/" + slug, {"User-Agent": "Twitterbot/1.0"}, host="evil.example")
        assert b"evil.example" not in answer.body


# --- no seat ---


@pytest.mark.parametrize("groups", [[], redirect_groups(0)], ids=["no groups", "closed"])
def test_fallback(server, slug, groups):
    for i, (fallback,
            status) in enumerate((({"url": "https://example.com/full"}, 302), ({"text": "周一再来 & more"}, 200),
                                  ({}, 200))):
        name = f"{slug}-{i}"
        server.create(name, groups, fallback=fallback)
        answer = Visitor(server, name).scan()
        assert (answer.status, answer.group) == (status, "none")
        assert answer.header("Cache-Control") == "no-store"
        assert answer.cookie is None
        if status == 302:
            assert answer.header("Location") == "https://example.com/full"
        else:
            assert answer.header("Content-Type") == "text/html; charset=utf-8"
            assert ("周一再来 &amp; more" in answer.text) == ("text" in fallback)


def test_fallback_takes_the_place_of_full_groups_at_once(server, slug):
    server.create(slug, redirect_groups(1))
    assert Visitor(server, slug).scan().group == "g1"
    assert Visitor(server, slug).scan().group == "none"
    server.patch(slug, {"fallback": {"url": link("later")}})
    assert Visitor(server, slug).scan().header("Location") == link("later")
    server.patch(slug, {"limit": 2}, group="g1")
    assert Visitor(server, slug).scan().group == "g1"


@pytest.mark.parametrize("path",
                         ["/", "/no-such-campaign", "/no-such-campaign/shop", "/a_b", "/-a", "/" + "a" * 65, "/%61",
                          "/a/b/c",
                                  "//", "/favicon.ico", "/..", "/.git/config", "/a%00b", "/%ff", "/hm:secret"])
def test_unknown_is_404(server, path):
    answer = once(server.public, "GET", path, {"User-Agent": PHONE})
    assert answer.status == 404
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    assert "<html" in answer.text and answer.cookie is None


@pytest.mark.parametrize("method", ["POST"])
@pytest.mark.parametrize("what", ["seat", "next"])
def test_unknown_campaign_is_404_for_posts(server, method, what):
    assert once(server.public, method, "/no-such-campaign/" + what, {}, b"").status == 404


def test_gone_is_410(server, slug):
    now = int(time.time())
    cases = {"off": {"enabled": False}, "early": {"starts_at": iso(now + 3600)},
             "late": {"starts_at": iso(now - 7200), "ends_at": iso(now - 3600)}}
    for name, fields in cases.items():
        server.create(f"{slug}-{name}", redirect_groups(5), **fields)
        answer = Visitor(server, f"{slug}-{name}").scan()
        assert answer.status == 410 and answer.cookie is None
        assert answer.header("Content-Type") == "text/html; charset=utf-8"
        assert used(server, f"{slug}-{name}") == [0]
    server.patch(f"{slug}-off", {"enabled": True})
    visitor = Visitor(server, f"{slug}-off")
    wait_for("the worker to learn that it is open", lambda: visitor.scan().status == 302, 3)
    server.patch(f"{slug}-off", {"enabled": False})
    wait_for("a returning visitor to learn it too", lambda: visitor.scan().status == 410, 3)


def test_begins_and_ends_at_that_second(server, slug):
    start = int(time.time()) + 2
    server.create(slug, redirect_groups(None), starts_at=iso(start), ends_at=iso(start + 2))
    seen = []

    def over():
        before = time.time()
        status = Visitor(server, slug).scan().status
        after = time.time()
        if int(before) == int(after):
            running = start <= before < start + 2
            assert (status == 302) == running, f"{status} at {before - start:+.3f} s"
            seen.append(status)
        return before > start + 2.2
    wait_for("the end", over, 10, 0.02)
    assert {302, 410} == set(seen)


def test_a_deleted_campaign_is_gone_and_its_cookie_worthless(server, slug):
    server.create(slug, redirect_groups(5))
    anna = Visitor(server, slug)
    anna.scan()
    server.api("DELETE", f"/campaigns/{slug}", expect=204)
    wait_for("404", lambda: anna.scan().status == 404, 3)
    server.create(slug, redirect_groups(5))
    assert anna.scan().cookie, "a seat in another campaign of the same name is not hers"
    assert used(server, slug) == [1]


# --- who is not a person ---

CRAWLERS = ["WhatsApp/2.23.20.0",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 "
            "Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "TelegramBot (like TwitterBot)",
            "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", "Twitterbot/1.0",
            "LinkedInBot/1.0 (compatible; Mozilla/5.0)",
            "Mozilla/5.0 mpcrawler", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
            "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
            "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 (compatible; "
            "Bytespider; spider-feedback@bytedance.com)",
            "Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)",
            "Mozilla/5.0 (compatible; 360Spider/1.0)",
            "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
            "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)"]

PEOPLE = [PHONE,
          "Mozilla/5.0 (Linux; Android 14; V2309A) AppleWebKit/537.36 MicroMessenger/8.0.47 wxwork/4.1.20 "
          "MailPlugin_Electron",
          "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 QQ/9.0.20.607 "
          "V1_IPH_SQ_9.0.20",
          "Mozilla/5.0 (Linux; U; Android 12; zh-cn) AppleWebKit/537.36 Chrome/68 MQQBrowser/11 "
          "SogouMSE,SogouMobileBrowser/5.22",
          "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/97 Mobile Safari/537.36 "
          "baiduboxapp/13.50",
          "Mozilla/5.0 (Linux; U; Android 13; zh-CN) AppleWebKit/537.36 Chrome/100 UCBrowser/16.4 Mobile Safari/537.36",
          "Mozilla/5.0 (Linux; U; Android 13; zh-CN) AppleWebKit/537.36 Chrome/100 Quark/6.9.6.511 Mobile "
          "Safari/537.36",
          "Mozilla/5.0 (Linux; U; Android 13; zh-cn; 2203121C) AppleWebKit/537.36 Chrome/100 Mobile Safari/537.36 "
          "XiaoMi/MiuiBrowser/18.1",
          "Mozilla/5.0 (Linux; Android 12; HarmonyOS; NOH-AN00) AppleWebKit/537.36 Chrome/99 HuaweiBrowser/14.0 Mobile "
          "Safari/537.36",
          "curl/7.88.1", "", None,
          "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
          "Safari/537.36"]

PREFETCH = [{"Sec-Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"},
            {"Sec-Purpose": "prefetch;anonymous-client-ip"},
            {"Purpose": "prefetch"}, {"X-Moz": "prefetch"}, {"X-Purpose": "preview"}]


def assert_preview(answer, title):
    assert (answer.status, answer.header("Huoma-Preview")) == (200, "1")
    assert answer.cookie is None and answer.group is None
    assert "chat.example.com" not in answer.text and "Location" not in dict(answer.headers)
    if answer.body:
        assert re.search(rf'<meta property="og:title" content="{re.escape(title)}"', answer.text), answer.text[:500]
        assert "q.example.com" in answer.text


def test_previews_take_no_seat(server, slug):
    server.create(slug, redirect_groups(5), title="Spring run")
    for agent in CRAWLERS:
        for path in ("/" + slug, f"/{slug}/shop"):
            assert_preview(once(server.public, "GET", path, {"User-Agent": agent}), "Spring run")
    for headers in PREFETCH:
        assert_preview(once(server.public, "GET", "/" + slug, {"User-Agent": PHONE, **headers}), "Spring run")
    for agent in (PHONE, CRAWLERS[0], ""):
        answer = once(server.public, "HEAD", "/" + slug, {"User-Agent": agent})
        assert answer.body == b""
        assert_preview(answer, "Spring run")
    assert used(server, slug) == [0]


def test_people_take_seats(server, slug):
    server.create(slug, redirect_groups(None))
    for n, agent in enumerate(PEOPLE, 1):
        answer = once(server.public, "GET", "/" + slug, {} if agent is None else {"User-Agent": agent})
        assert (answer.status, answer.group) == (302, "g1"), agent
        assert used(server, slug) == [n], agent


def test_preview_with_a_seat_shows_no_group(server, slug):
    server.create(slug, redirect_groups(5))
    anna = Visitor(server, slug)
    anna.scan()
    assert_preview(anna.scan(Sec_Purpose="prefetch"), slug)
    assert_preview(anna.ask("HEAD", "/" + slug), slug)
    assert used(server, slug) == [1]


# --- the way it is written ---


def test_slugs_have_no_case_but_cookie_paths_do(server, slug):
    server.create(slug, page_groups(50))
    for written in (slug, slug.upper(), slug.capitalize()):
        visitor = Visitor(server, written)
        answer = visitor.scan()
        assert answer.status == 200 and answer.cookie[1]["path"] == "/" + written
        assert f"/{written}/" in answer.text or f'"{written}/' in answer.text, \
            "the page's links keep the visitor's spelling"
        assert visitor.confirm().status == 204
        again = visitor.scan()
        assert again.group == "g1" and again.cookie is None
    assert used(server, slug) == [3]
    assert server.show(slug)["groups"][0]["confirmed"] == 3


def test_query_strings_are_not_part_of_the_name(server, slug):
    server.create(slug, redirect_groups(5))
    answer = once(server.public, "GET", f"/{slug}?from=singlemessage&isappinstalled=0", {"User-Agent": PHONE})
    assert answer.status == 302 and answer.header("Location") == link(1) and answer.cookie[1]["path"] == "/" + slug


def test_channels_are_counted_per_seat(server, slug):
    server.create(slug, redirect_groups(None))
    for channel, times in (("shop-1", 3), ("SHOP-1", 1), ("b", 2), (None, 4)):
        for _ in range(times):
            anna = Visitor(server, slug)
            assert anna.scan(channel).status == 302
            assert anna.scan(channel).cookie is None, "a second look is no second seat"
    once(server.public, "GET", f"/{slug}/shop-1", {"User-Agent": "Twitterbot/1.0"})
    with server.redis_client() as r:
        keys = r.keys("hm:{%s}:stats:*" % slug)
        assert keys and all(re.fullmatch(r".*:stats:\d{4}-\d\d-\d\d", k) for k in keys), keys
        counted = {}
        for key in keys:
            for field, n in r.hgetall(key).items():
                counted[field] = counted.get(field, 0) + int(n)
    assert (counted.get("seat:shop-1"), counted.get("seat:b")) == (4, 2), counted


def test_channel_names(server, slug):
    server.create(slug, redirect_groups(None))
    assert once(server.public, "GET", f"/{slug}/" + "c" * 32, {}).status == 302
    for bad in ("c" * 33, "a_b", "-a", "%61", "seat:x"):
        assert once(server.public, "GET", f"/{slug}/{bad}", {}).status == 404, bad
    for reserved in ("seat", "SEAT", "Next"):
        answer = once(server.public, "GET", f"/{slug}/{reserved}", {})
        assert answer.status in (404, 405), reserved
        assert answer.status == 404 or "POST" in answer.header("Allow")


# --- coming back ---


def test_coming_back_shows_the_same_group_with_its_current_link(server, slug):
    server.create(slug, redirect_groups(1, 5))
    anna = Visitor(server, slug)
    assert anna.scan().group == "g1"
    for _ in range(3):
        answer = anna.scan()
        assert (answer.status, answer.group, answer.header("Location"), answer.cookie) == (302, "g1", link(1), None)
    server.patch(slug, {"url": link("renewed")}, group="g1")
    wait_for("the new link", lambda: anna.scan().header("Location") == link("renewed"), 3)
    server.api("PUT", f"/campaigns/{slug}/order", ["g2", "g1"])
    server.patch(slug, {"limit": 0}, group="g1")
    assert anna.scan().group == "g1", "a full group is still hers"
    assert used(server, slug) == [0, 1]


@pytest.mark.parametrize("change", [{"enabled": False}, {"expires_at": "2020-01-01T00:00:00Z"}, None],
                         ids=["off", "expired", "removed"])
def test_coming_back_to_a_closed_group_takes_another_seat(server, slug, change):
    server.create(slug, redirect_groups(5, 5))
    anna = Visitor(server, slug)
    assert anna.scan().group == "g1"
    if change:
        server.patch(slug, change, group="g1")
    else:
        server.api("DELETE", f"/campaigns/{slug}/groups/g1")
    wait_for("the other group", lambda: anna.scan().group == "g2", 3)
    assert server.groups(slug)["g2"]["used"] == 1
    assert anna.scan().cookie is None


def test_a_changed_cookie_is_no_cookie(server, slug):
    server.create(slug, redirect_groups(None))
    anna = Visitor(server, slug)
    anna.scan()
    good = anna.cookie
    seats = 1
    for i in range(len(good)):
        bad = good[:i] + ("A" if good[i] != "A" else "B") + good[i + 1:]
        answer = once(server.public, "GET", "/" + slug, {"User-Agent": PHONE, "Cookie": "hm=" + bad})
        seats += 1
        assert answer.status == 302 and answer.cookie, f"{bad} passed for a seat"
    for bad in ("", "x", good + "x", good[:-1], "1." * 80, good.replace(".g1.", ".g2."), '"' + good + '"',
                good + "; hm=" + good):
        answer = once(server.public, "GET", "/" + slug, {"User-Agent": PHONE, "Cookie": "hm=" + bad})
        seats += 1
        assert answer.status == 302 and answer.cookie, f"{bad} passed for a seat"
    assert used(server, slug) == [seats]
    answer = once(server.public, "GET", "/" + slug, {"User-Agent": PHONE, "Cookie": f"a=b; hm={good}; c=d"})
    assert answer.cookie is None
    assert used(server, slug) == [seats]


def test_a_cookie_of_another_campaign_is_no_cookie(server, slug):
    for name in (slug, slug + "-b"):
        server.create(name, redirect_groups(None))
    anna = Visitor(server, slug)
    anna.scan()
    answer = once(server.public, "GET", f"/{slug}-b", {"User-Agent": PHONE, "Cookie": "hm=" + anna.cookie})
    assert answer.cookie and used(server, slug + "-b") == [1]
    for what in ("seat", "next"):
        once(server.public, "POST", f"/{slug}-b/{what}", {"Cookie": "hm=" + anna.cookie}, b"")
    assert server.show(slug + "-b")["groups"][0]["reports"] == 0


def test_expired_group_closes_at_that_second(server, slug):
    expiry = int(time.time()) + 2
    groups = redirect_groups(None, None)
    groups[0]["expires_at"] = iso(expiry)
    server.create(slug, groups)
    seen = []

    def over():
        before = time.time()
        group = Visitor(server, slug).scan().group
        if int(before) == int(time.time()):
            assert group == ("g1" if before < expiry else "g2"), f"{group} at {before - expiry:+.3f} s"
            seen.append(group)
        return before > expiry + 0.3
    wait_for("the expiry", over, 10, 0.02)
    assert set(seen) == {"g1", "g2"}
    assert server.groups(slug)["g1"]["state"] == "expired"


# --- hold and confirm ---


def test_confirm(server, slug):
    server.create(slug, page_groups(5))
    anna = Visitor(server, slug)
    anna.scan()
    g = server.groups(slug)["g1"]
    assert (g["used"], g["held"], g["confirmed"]) == (1, 1, 0)
    for _ in range(3):
        answer = anna.confirm()
        assert answer.status == 204 and answer.body == b""
        g = server.groups(slug)["g1"]
        assert (g["used"], g["held"], g["confirmed"]) == (1, 0, 1)
    assert anna.scan().cookie is None


def test_confirm_twice_with_the_first_cookie_counts_once(server, slug):
    server.create(slug, page_groups(5))
    anna = Visitor(server, slug)
    held = anna.scan().cookie[0]
    for _ in range(4):
        assert once(server.public, "POST", f"/{slug}/seat", {"Cookie": "hm=" + held}, b"").status == 204
    g = server.groups(slug)["g1"]
    assert (g["used"], g["held"], g["confirmed"]) == (1, 0, 1)


def test_confirm_without_a_seat(server, slug):
    server.create(slug, page_groups(5))
    for cookie in ({}, {"Cookie": "hm=forged"}):
        answer = once(server.public, "POST", f"/{slug}/seat", cookie, b"")
        assert answer.status == 409 and answer.json() == {"reload": True}
    assert used(server, slug) == [0]


def test_confirm_of_a_group_that_closed_in_between(server, slug):
    server.create(slug, page_groups(5, 5))
    anna = Visitor(server, slug)
    anna.scan()
    server.api("DELETE", f"/campaigns/{slug}/groups/g1")
    answer = wait_for("409", lambda: (a := anna.confirm()).status == 409 and a, 3)
    assert answer.json() == {"reload": True}
    assert anna.scan().group == "g2"


def test_tap(server, slug):
    server.create(slug, redirect_groups(2), confirm="tap")
    anna = Visitor(server, slug)
    answer = anna.scan()
    assert answer.status == 200 and answer.cookie is None and "<form" in answer.text and "<button" in answer.text
    assert used(server, slug) == [0]
    answer = anna.confirm()
    assert answer.status in (302, 303) and answer.header("Location") == link(1) and answer.group == "g1"
    assert used(server, slug) == [1]
    assert anna.scan().header("Location") == link(1)
    assert used(server, slug) == [1]


@pytest.mark.parametrize("fields",
                         [{"enabled": False}, {"starts_at": "2099-01-01T00:00:00Z"},
                          {"ends_at": "2020-01-01T00:00:00Z"}],
                         ids=["off", "early", "late"])
def test_buttons_of_a_campaign_that_does_not_run(server, slug, fields):
    for confirm in ("tap", "scan"):
        name = f"{slug}-{confirm}"
        server.create(name, redirect_groups(5), confirm=confirm, **fields)
        with Connection(server.public) as c:
            for what in ("seat", "next", "seat"):
                answer = c.request("POST", f"/{name}/{what}", {"User-Agent": PHONE}, b"")
                assert answer.status in (303, 409, 410) and answer.cookie is None, answer
            assert c.request("GET", "/healthz").status == 200, "one answer to each request"
        assert used(server, name) == [0]


def test_next(server, slug):
    server.create(slug, page_groups(5, 5, 5))
    anna = Visitor(server, slug)
    assert anna.scan().group == "g1"
    answer = anna.next()
    assert (answer.status == 303 and answer.header("Location").endswith("/" + slug)
            and "//" not in answer.header("Location"))
    assert seat_of(anna.cookie)[:2] == ("h", "g2")
    assert [(g["used"], g["reports"]) for g in server.show(slug)["groups"]] == [(0, 1), (1, 0), (0, 0)]
    assert anna.scan().group == "g2"
    anna.confirm()
    anna.next()
    assert anna.scan().group == "g3"
    assert [g["reports"] for g in server.show(slug)["groups"]] == [1, 1, 0]
    assert [g["used"] for g in server.show(slug)["groups"]][2] == 1


def test_next_without_a_seat_reports_nothing(server, slug):
    server.create(slug, page_groups(5, 5))
    for cookie in ({}, {"Cookie": "hm=1.c.g1.0.0..AAAAAAAAAAAAAAAAAAAAAA"}):
        answer = once(server.public, "POST", f"/{slug}/next", cookie, b"")
        assert answer.status == 303
    assert [g["reports"] for g in server.show(slug)["groups"]] == [0, 0]


def test_next_when_there_is_no_other_group(server, slug):
    server.create(slug, page_groups(5))
    anna = Visitor(server, slug)
    anna.scan()
    answer = anna.next()
    assert answer.status == 200 and answer.group == "none" and answer.cookie is None
    assert anna.scan().group == "g1", "never a dead end: the seat is still there"
    assert server.groups(slug)["g1"]["reports"] == 1


def test_the_address_of_next_leads_back_to_the_campaign_and_takes_nothing(server, slug):
    server.create(slug, page_groups(5, 5))
    anna = Visitor(server, slug)
    anna.scan()
    for headers in ({}, {"Cookie": "hm=" + anna.cookie}):
        answer = once(server.public, "GET", f"/{slug.upper()}/next", headers)
        assert answer.status == 303 and answer.header("Location") == "/" + slug.upper() and not answer.all("Set-Cookie")
    assert once(server.public, "GET", "/nobody/next").status == 404
    assert [(g["used"], g["reports"]) for g in server.show(slug)["groups"]] == [(1, 0), (0, 0)]


def test_reports_make_a_group_suspect_and_an_admin_clears_it(server, slug):
    server.create(slug, page_groups(50, 50))
    for _ in range(10):
        anna = Visitor(server, slug)
        if anna.scan().group == "g1":
            anna.next()
    g = server.groups(slug)["g1"]
    assert g["state"] == "suspect" and g["reports"] >= 2, g
    server.patch(slug, {"url": wechat("fresh")}, group="g1")
    assert server.groups(slug)["g1"]["state"] == "open"


def due_now(server, slug):
    """What is held is due, and cookies say later: as when the clock went back."""
    redis, seats = server.redis_client(), f"hm:{{{slug}}}:"
    for bucket in redis.zrange(seats + "due", 0, -1):
        redis.zadd(seats + "due", {bucket: 1})
    redis.hset(seats + "seats", "due", 1)


@pytest.mark.parametrize("form", [False, True], ids=["script", "form"])
def test_who_is_told_that_the_seat_is_gone_is_shown_another_one(server, slug, form):
    slug = f"{slug[:50]}-{int(form)}"
    server.create(slug, page_groups(1, 5))
    anna = Visitor(server, slug)
    anna.scan()
    due_now(server, slug)
    assert Visitor(server, slug).scan().group == "g1"
    answer = anna.ask("POST", f"/{slug}/seat",
                      **({"Content-Type": "application/x-www-form-urlencoded"} if form else {}))
    assert answer.status == (303 if form else 409) and seat_of(answer.cookie[0])[:3] == ("h", "g1", 0)
    again = anna.confirm()
    assert again.status == 409 and again.cookie is None and used(server, slug) == [1, 0]
    assert anna.scan().group == "g2" and anna.confirm().status == 204
    assert used(server, slug) == [1, 1]


def test_who_holds_a_seat_is_sent_on_with_it_when_the_group_shows_no_page_any_more(server, slug):
    server.create(slug, [{**redirect_groups(2)[0], "show": "page"}, *redirect_groups(5)])
    anna, cara = Visitor(server, slug), Visitor(server, slug)
    assert [v.scan().group for v in (anna, cara)] == ["g1", "g1"]
    server.patch(slug, {"show": "redirect"}, group="g1")
    answer = wait_for("the change to be seen", lambda: (a := anna.scan()).status == 302 and a, 2)
    assert answer.group == "g1" and seat_of(answer.cookie[0])[:2] == ("c", "g1")
    due_now(server, slug)
    assert Visitor(server, slug).scan().group == "g1", "that of who has not come"
    answer = cara.scan()
    assert (answer.status, answer.group) == (302, "g2") and seat_of(answer.cookie[0])[:2] == ("c", "g2")
    assert [(g["used"], g["held"]) for g in server.show(slug)["groups"]] == [(2, 0), (1, 0)]


def test_holds_come_back(server, slug):
    """All that needs a hold to run out, at once: hold_seconds is 10 at least."""
    hold = 10
    latest = hold + hold / 3 + 1.5  # the bucket's width, and a second for the clock and for us

    def seat_for_the_next(name):
        server.create(name, page_groups(1), hold_seconds=hold)
        began = time.time()
        assert Visitor(server, name).scan().group == "g1"
        taken = wait_for("the seat", lambda: Visitor(server, name).scan().group == "g1" and time.time(), latest + 5,
                         0.1)
        assert hold <= taken - began <= latest, taken - began
        assert server.groups(name)["g1"]["used"] == 1

    def confirmed_stays(name):
        server.create(name, page_groups(1), hold_seconds=hold)
        anna = Visitor(server, name)
        anna.scan()
        anna.confirm()
        end = time.time() + latest
        wait_for("the end of the hold", lambda: Visitor(server, name).scan().group == "none" and time.time() > end,
                 latest + 5, 0.2)
        g = server.groups(name)["g1"]
        assert (g["used"], g["confirmed"]) == (1, 1)

    def late_confirm_with_room(name):
        server.create(name, page_groups(2), hold_seconds=hold)
        anna = Visitor(server, name)
        anna.scan()
        assert server.groups(name)["g1"]["used"] == 1
        wait_for("the hold to go back", lambda: server.groups(name)["g1"]["used"] == 0, latest + 5, 0.1)
        assert anna.confirm().status == 204
        g = server.groups(name)["g1"]
        assert (g["used"], g["held"], g["confirmed"]) == (1, 0, 1)
        assert anna.confirm().status == 204
        assert anna.scan().cookie is None and server.groups(name)["g1"]["used"] == 1

    def late_confirm_without_room(name):
        server.create(name, page_groups(1, 5), hold_seconds=hold)
        anna = Visitor(server, name)
        anna.scan()
        wait_for("the hold to go back", lambda: server.groups(name)["g1"]["used"] == 0, latest + 5, 0.1)
        assert Visitor(server, name).scan().group == "g1"
        answer = anna.confirm()
        assert answer.status == 409 and answer.json() == {"reload": True}
        assert anna.scan().group == "g2"
        assert [g["used"] for g in server.show(name)["groups"]] == [1, 1]

    def back_after_the_hold(name):
        server.create(name, page_groups(3, 3), hold_seconds=hold)
        anna = Visitor(server, name)
        anna.scan()
        wait_for("the hold to go back", lambda: server.groups(name)["g1"]["used"] == 0, latest + 5, 0.1)
        answer = anna.scan()
        assert answer.group == "g1" and answer.cookie, "the seat is taken anew, in the same group"
        assert server.groups(name)["g1"]["used"] == 1

    jobs = [seat_for_the_next, confirmed_stays, late_confirm_with_room, late_confirm_without_room, back_after_the_hold]
    with concurrent.futures.ThreadPoolExecutor(len(jobs)) as pool:
        for job in [pool.submit(f, f"{slug}-{f.__name__}".replace("_", "-")[:60]) for f in jobs]:
            job.result()


# --- the rest of the door ---


def test_healthz_and_robots(server):
    answer = once(server.public, "GET", "/healthz")
    assert (answer.status, answer.body.strip()) == (200, b"ok")
    answer = once(server.public, "GET", "/robots.txt")
    assert answer.status == 200 and "User-agent: *" in answer.text and "Disallow: /" in answer.text
    assert answer.header("Content-Type").startswith("text/plain")


def test_methods(server, slug):
    server.create(slug, redirect_groups(5))
    for method, path, allowed in (("DELETE", "/" + slug, "GET"), ("PUT", "/" + slug, "GET"),
                                  ("POST", "/healthz", "GET"),
                                  ("GET", f"/{slug}/seat", None), ("POST", "/" + slug, "GET")):
        answer = once(server.public, method, path, {}, b"" if method in ("POST", "PUT") else None)
        if allowed:
            assert answer.status == 405 and allowed in answer.header("Allow"), (method, path)
    assert used(server, slug) == [0]


def test_the_admin_door_is_not_the_public_door(server):
    assert once(server.public, "GET", "/api/v1/campaigns").status == 404
    assert once(server.public, "GET", "/api", {}).status == 404
    assert once(server.admin, "GET", "/api/v1/campaigns").status == 401


def test_healthz_tells_when_redis_takes_no_writes():
    with RedisServer() as redis, Server(workers=1, redis_url=redis.url) as server:
        assert once(server.public, "GET", "/healthz").status == 200
        redis.client().execute_command("REPLICAOF", "127.0.0.1", "1")
        answer = once(server.public, "GET", "/healthz")
        assert answer.status == 503 and answer.header("Retry-After")
        redis.client().execute_command("REPLICAOF", "NO", "ONE")
        wait_for("health", lambda: once(server.public, "GET", "/healthz").status == 200, 5)


def test_requests_sent_before_a_half_close_are_all_answered(server, slug):
    server.create(slug, redirect_groups(None))
    with Connection(server.public) as c:
        c.send(build_request("GET", "/" + slug, {"User-Agent": PHONE}) * 30)
        c.half_close()
        assert [c.receive().status for _ in range(30)] == [302] * 30
        assert c.closed() is True


def test_a_silent_connection_does_not_hold_up_the_end():
    with Server(workers=1) as server:
        with Connection(server.public):
            time.sleep(0.1)     # accepted or not: neither may hold it up
            began = time.monotonic()
            server.stop()
            assert time.monotonic() - began < 4


# --- what one visitor can do to others ---


def test_a_cookie_of_a_removed_group_is_nothing_under_its_id_given_again(server, slug):
    """Whoever had a seat in the old group must neither see the new one for nothing nor free a seat of its visitors."""
    groups = [{"id": "x", "url": wechat("old"), "limit": 1}, {"id": "y", "url": wechat("other"), "limit": 5}]
    server.create(slug, groups)
    old = Visitor(server, slug)
    assert old.scan().group == "x"
    old.confirm()
    server.api("DELETE", f"/campaigns/{slug}/groups/x", expect=204)
    server.api("POST", f"/campaigns/{slug}/groups", {"id": "x", "url": wechat("new"), "limit": 1}, expect=201)
    server.api("PUT", f"/campaigns/{slug}/order", ["x", "y"], expect=200)
    new = Visitor(server, slug)
    assert new.scan().group == "x"
    new.confirm()
    old.next()
    assert [g["used"] for g in server.show(slug)["groups"]] == [1, 0]
    assert Visitor(server, slug).scan().group == "y"


def test_one_visitor_does_not_make_a_group_suspect(server, slug):
    server.create(slug, page_groups(5))
    anna = Visitor(server, slug)
    anna.scan()
    for _ in range(5):
        anna.next()
    assert server.show(slug)["groups"][0]["state"] == "open"
    for _ in range(2):
        other = Visitor(server, slug)
        other.scan()
        other.next()
    assert server.show(slug)["groups"][0]["state"] == "suspect"
