"""Where a link leads: queries passed on, what a "+" shows, and who is answered with a page instead of a redirect."""

import subprocess

import pytest

from huoma import BINARY, PHONE, Visitor, code_on, link, once, page_groups, redirect_groups, seat_of, wait_for, wechat


def location(server, slug, query):
    return once(server.public, "GET", f"/{slug}{query}").header("Location")


# --- queries ---


def test_query_goes_on_to_the_groups_link(server, slug):
    server.api("POST", "/campaigns", {"slug": slug, "url": "https://example.com/a?b=c#d", "forward_query": True}, 201)
    assert server.show(slug)["forward_query"] is True
    assert location(server, slug, "?utm_source=poster&x=%20y") == "https://example.com/a?b=c&utm_source=poster&x=%20y#d"
    assert location(server, slug, "/shop?x") == "https://example.com/a?b=c&x#d"
    for query in ("", "?", "?a'b"):
        assert location(server, slug, query) == "https://example.com/a?b=c#d", query
    server.patch(slug, {"forward_query": False})
    assert location(server, slug, "?x") == "https://example.com/a?b=c#d"


def test_returning_visitor_has_their_query_passed_on(server, slug):
    server.create(slug, redirect_groups(5), forward_query=True)
    visitor = Visitor(server, slug)
    first = visitor.scan()
    assert (first.header("Location"), first.group) == (link(1), "g1")
    cookie = first.cookie[0]
    again = once(server.public, "GET", f"/{slug}?x=1", {"Cookie": f"hm={cookie}"})
    assert again.header("Location") == link(1) + "?x=1"
    assert again.header("Cache-Control") == "no-store" and again.cookie is None
    new = once(server.public, "GET", f"/{slug}?x=1")
    assert new.group == "g1" and new.cookie[1]["path"] == "/" + slug
    assert server.show(slug)["seats"]["used"] == 2


def test_query_goes_to_no_app_and_to_no_fallback(server, slug):
    server.create(slug, [{"url": "tg://join?invite=abc", "limit": 1}], forward_query=True,
                  fallback={"url": link("full")})
    assert location(server, slug, "?x=1") == "tg://join?invite=abc"
    assert location(server, slug, "?x=1") == link("full")


def test_redirects_are_302(server, slug):
    for status in (301, 303, 307, 308, "302"):
        answer = server.api("POST", "/campaigns", {"slug": slug, "url": link(1), "redirect_status": status}, 422)
        [error] = answer.json()["errors"]
        assert error["field"] == "redirect_status" and "301" in error["reason"]
    server.api("POST", "/campaigns", {"slug": slug, "url": link(1), "redirect_status": 302}, 201)
    server.patch(slug, {"redirect_status": 302})
    server.patch(slug, {"redirect_status": 301}, expect=422)
    assert "redirect_status" not in server.show(slug)


# --- where a code leads ---


def test_plus_shows_where_it_leads_and_takes_no_seat(server, slug):
    server.create(slug, page_groups(5) + redirect_groups(5, 0), title="A & B", fallback={"url": link("full")})
    for path in (f"/{slug}+", f"/{slug.upper()}%2B", f"/{slug}%2b"):
        answer = once(server.public, "GET", path, {"Accept-Language": "zh-CN"})
        assert (answer.status, answer.header("Huoma-Preview"), answer.group, answer.cookie) == (200, "1", None, None)
        assert answer.header("Cache-Control") == "no-store" and len(answer.body) < 12 * 1024
        assert "A &amp; B" in answer.text and "微信群" in answer.text and "网页" in answer.text
        assert wechat(1) in answer.text and link("full") in answer.text
        assert "<img" not in answer.text and f'href="{wechat(1)}"' not in answer.text
        assert answer.text.count("<li>") == 3
    assert once(server.public, "HEAD", f"/{slug}+").status == 200
    assert server.show(slug)["seats"]["used"] == 0


def test_plus_counts_what_it_does_not_name(server, slug):
    server.create(slug, redirect_groups(*[5] * 23))
    answer = once(server.public, "GET", f"/{slug}+", {"Accept-Language": "en"})
    assert answer.text.count("<li>") == 20 and "and 3 more" in answer.text


def test_plus_of_nothing_is_404(server, slug):
    plain = once(server.public, "GET", f"/no-{slug}")
    server.create(slug, redirect_groups(5))
    for path in (f"/no-{slug}+", "/+", "/%2B", f"/no-{slug}++", f"/{slug}+/shop", f"/{slug}/+"):
        answer = once(server.public, "GET", path)
        assert (answer.status, answer.body) == (404, plain.body), path
    server.patch(slug, {"enabled": False})
    assert once(server.public, "GET", f"/{slug}+").status == 410


# --- the fallback's contact ---


def test_contact_is_the_one_code_of_the_full_page(server, slug, tmp_path):
    contact = "https://u.wechat.com/EAbcdefg"
    server.create(slug, redirect_groups(0), fallback={"text": "周一再来", "contact": contact})
    answer = Visitor(server, slug).scan(Accept_Language="zh-CN")
    assert (answer.status, answer.group, answer.cookie) == (200, "none", None)
    assert "周一再来" in answer.text and "或添加管理员" in answer.text
    assert code_on(answer, tmp_path) == contact
    assert server.show(slug)["fallback"] == {"url": None, "text": "周一再来", "contact": contact, "waiting": None}
    server.patch(slug, {"fallback": {"contact": None}})
    assert "<img" not in Visitor(server, slug).scan().text
    server.patch(slug, {"fallback": {"contact": "javascript:x"}}, expect=422)


# --- links that not every app opens ---

WECOM = PHONE + " wxwork/4.1.20"
IPHONE = ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
          "Version/17.5 Mobile/15E148 "
          "Safari/604.1")
DESKTOP = ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
           "Safari/537.36")


FORM = {"Content_Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("url",
                         ["https://t.me/+AbC", "https://chat.whatsapp.com/AbC", "https://discord.gg/AbC",
                          "tg://join?invite=AbC",
                                 "mqqapi://card/AbC"])
def test_wechat_is_told_to_open_the_browser_and_takes_no_seat(server, url):
    slug = "leave-" + "".join(c for c in url.lower() if c.isalnum())
    server.create(slug, [{"url": url, "limit": 5}], fallback={"url": link("full")})
    visitor = Visitor(server, slug, agent=PHONE)
    for path, own in (("", f"http://q.example.com/{slug}"), ("/shop-1?x=1", f"http://q.example.com/{slug}/shop-1")):
        answer = visitor.ask("GET", f"/{slug}{path}", Accept_Language="zh-CN")
        assert (answer.status, answer.group, answer.header("Location"), answer.cookie) == (200, "none", None, None)
        assert answer.header("Cache-Control") == "no-store"
        assert "在浏览器打开" in answer.text and f">{own}</p>" in answer.text and "<img" not in answer.text
        assert "<form" not in answer.text and url not in answer.text
    assert server.show(slug)["seats"]["used"] == 0
    for agent in (WECOM, IPHONE, DESKTOP):
        answer = Visitor(server, slug, agent=agent).scan()
        assert (answer.status, answer.header("Location")) == (302, url)
    assert server.show(slug)["seats"]["used"] == 3
    server.patch(slug, {"limit": 0}, group="g1")
    assert Visitor(server, slug, agent=PHONE).scan().header("Location") == link("full"), \
        "nothing is open elsewhere either"


def test_no_button_where_there_is_no_seat(server, slug):
    server.create(slug, [{"url": "https://discord.gg/AbC"}], confirm="tap")
    assert "在浏览器打开" in Visitor(server, slug, agent=PHONE).scan().text
    assert "在浏览器打开" in Visitor(server, slug, agent=PHONE).ask("POST", f"/{slug}", **FORM).text
    assert '<form method="post">' in Visitor(server, slug, agent=IPHONE).scan().text
    assert server.show(slug)["seats"]["used"] == 0


def test_in_wechat_a_group_it_does_not_open_is_for_nobody(server, slug):
    """A campaign for all: in WeChat only the others are given, and the browser is named when they are full."""
    telegram, group = {"url": "https://t.me/+AbC", "limit": 2}, {"url": wechat(2), "show": "page", "limit": 1}
    server.create(slug, [telegram, group])
    first, second = (Visitor(server, slug, agent=PHONE) for _ in range(2))
    assert first.scan().group == first.scan().group == "g2"
    answer = second.scan(Accept_Language="en")
    assert (answer.status, answer.group, answer.cookie) == (200, "none", None) and "open in your browser" in answer.text
    answer = first.next()
    assert (answer.status, answer.group) == (200, "none") and "浏览器" in answer.text
    assert Visitor(server, slug, agent=IPHONE).scan().header("Location") == "https://t.me/+AbC"
    assert Visitor(server, slug, agent=PHONE).scan("shop-1").text.count(f"/{slug}/shop-1</p>") == 1
    assert {g["id"]: g["used"] for g in server.show(slug)["groups"]} == {"g1": 1, "g2": 1}
    server.patch(slug, {"when": {"os": ["desktop"]}}, group="g1")
    assert "All groups are full" in second.scan(Accept_Language="en").text, "nor is it for this phone's browser"


def test_a_group_that_wechat_no_longer_opens_keeps_nobody_there(server, slug):
    server.create(slug, [{"url": link(1), "show": "redirect"}, {"url": link(2), "show": "redirect"}])
    visitor = Visitor(server, slug, agent=PHONE)
    assert visitor.scan().group == "g1"
    server.patch(slug, {"url": "https://t.me/+AbC", "show": "auto"}, group="g1")
    wait_for("the change", lambda: visitor.scan().group == "g2")


def test_a_tap_keeps_channel_and_query(server, slug):
    """The button is at the page's own address: no form field, no script."""
    server.create(slug,
                  [{"url": link("shop"), "show": "redirect", "when": {"channel": ["shop-1"]}}, {"url": link("all")}],
                  confirm="tap", forward_query=True)
    for path, to, group in (("/shop-1?utm_source=a&b=%20", link("shop") + "?utm_source=a&b=%20", "g1"),
                            ("?x=1", link("all") + "?x=1", "g2"),
                            ("/shop-1", link("shop"), "g1"), ("", link("all"), "g2")):
        visitor = Visitor(server, slug)
        address = f"/{slug.upper()}{path}"
        assert '<form method="post">' in visitor.ask("GET", address).text and visitor.cookie is None
        answer = visitor.ask("POST", address, **FORM)
        assert (answer.status, answer.header("Location"), answer.group) == (302, to, group)
        assert answer.cookie[1]["path"] == "/" + slug.upper()
    assert [g["used"] for g in server.show(slug)["groups"]] == [2, 2]
    stats = server.redis_client().hgetall(next(iter(server.redis_client().scan_iter(f"hm:{{{slug}}}:stats:*"))))
    assert stats["seat:shop-1"] == "2"


def test_a_button_pressed_late_leads_back_to_its_address(server, slug):
    server.create(slug, [{"url": link(1), "show": "redirect"}], confirm="tap", forward_query=True)
    visitor = Visitor(server, slug)
    assert visitor.ask("POST", f"/{slug}/a?b", **FORM).header("Location") == link(1) + "?b"
    again = visitor.ask("POST", f"/{slug}/a?b", **FORM)
    assert (again.status, again.header("Location"), again.cookie) == (303, f"/{slug}/a?b", None)
    assert server.show(slug)["seats"]["used"] == 1
    server.patch(slug, {"confirm": "scan"})
    answer = wait_for("the change",
                      lambda: (a := Visitor(server, slug).ask("POST", f"/{slug}?c=%2F", **FORM)).status == 303 and a)
    assert (answer.header("Location"), answer.cookie) == (f"/{slug}?c=%2F", None)
    assert Visitor(server, slug).ask("POST", f"/{slug}/a").status == 405, "no form"
    assert Visitor(server, slug).ask("POST", f"/{slug}/-a", **FORM).status == 404


def program(**more):
    return {"limit": 5, "miniprogram": {"appid": "wx0123456789abcdef", "path": "pages/a", **more}}


SCHEME = "weixin://dl/business/?appid=wx0123456789abcdef&path=pages/a&env_version=release"


def test_mini_program_by_its_details(server, slug):
    created = server.create(slug, [program()])["groups"][0]
    assert (created["url"], created["platform"], created["show"]) == (SCHEME, "miniprogram", "page")
    assert created["miniprogram"] == {"appid": "wx0123456789abcdef", "path": "pages/a", "query": None,
                                      "env_version": "release",
                                      "url_link": None, "code": None, "fallback_url": None}
    changed = server.patch(slug, {"miniprogram": {"query": "a=1"}}, group="g1")
    assert changed["url"] == SCHEME.replace("&env", "&query=a%3D1&env")
    problem = server.patch(slug, {"url": "https://example.com/"}, group="g1", expect=422)
    assert problem["errors"][0]["field"] == "url"
    problem = server.patch(slug, {"groups": [{"url": "https://example.com/", "miniprogram": {}}]}, expect=422)
    assert problem["errors"][0]["field"] == "groups[0].miniprogram"


def test_mini_program_on_a_phone(server, slug):
    server.create(slug, [program()])
    visitor = Visitor(server, slug, agent=IPHONE)
    answer = visitor.scan(Accept_Language="zh-CN")
    assert (answer.status, answer.group) == (200, "g1")
    assert f'href="{SCHEME.replace("&", "&amp;")}"' in answer.text and "<img" not in answer.text
    assert seat_of(visitor.cookie)[0] == "h" and server.show(slug)["seats"]["held"] == 1
    assert visitor.confirm().status == 204
    assert server.show(slug)["groups"][0]["confirmed"] == 1


def test_mini_program_in_wechat(server, slug, tmp_path):
    code, url_link = "https://example.com/code", "https://wxaurl.cn/AbC"
    server.create(slug, [program()])
    answer = Visitor(server, slug, agent=PHONE).scan(Accept_Language="zh-CN")
    assert (answer.status, answer.group, answer.cookie) == (200, "none", None)
    assert "在浏览器打开" in answer.text and "<img" not in answer.text and f"http://q.example.com/{slug}" in answer.text
    for i, (more, kept) in enumerate((({"code": code}, 0), ({"code": code, "url_link": url_link}, 1))):
        name = f"{slug}-{i}"
        server.create(name, [program(**more)])
        visitor = Visitor(server, name, agent=PHONE)
        answer = visitor.scan(Accept_Language="zh-CN")
        assert answer.group == "g1" and visitor.cookie
        if kept:
            assert (answer.status, answer.header("Location")) == (302, url_link)
        else:
            assert code_on(answer, tmp_path) == code and "长按识别二维码，打开小程序" in answer.text
        assert server.show(name)["groups"][0]["confirmed"] == kept
        assert server.show(name)["seats"]["held"] == 1 - kept


def test_mini_program_link_in_hand_is_confirmed_on_the_way(server, slug):
    """Held on one device's page, and then sent on: the seat is confirmed before the redirect, and only once."""
    server.create(slug, [program(fallback_url="https://example.com/desk")])
    visitor = Visitor(server, slug, agent=IPHONE)
    assert visitor.scan().status == 200 and seat_of(visitor.cookie)[0] == "h"
    visitor.agent = DESKTOP
    for cookies in (True, False):
        answer = visitor.scan()
        assert (answer.status, answer.header("Location"), answer.group) == (302, "https://example.com/desk", "g1")
        assert bool(answer.cookie) == cookies
    assert seat_of(visitor.cookie)[0] == "c"
    assert server.show(slug)["groups"][0]["confirmed"] == 1 and server.show(slug)["seats"]["used"] == 1
    new = Visitor(server, slug, agent=DESKTOP)
    assert new.scan().status == 302 and seat_of(new.cookie)[0] == "c"
    assert server.show(slug)["groups"][0]["confirmed"] == 2


def test_mini_program_on_a_desktop(server, slug, tmp_path):
    server.create(slug, [program()])
    assert code_on(Visitor(server, slug, agent=DESKTOP).scan(), tmp_path) == SCHEME
    server.patch(slug, {"miniprogram": {"code": "https://example.com/code"}}, group="g1")
    answer = Visitor(server, slug, agent=DESKTOP).scan(Accept_Language="en")
    assert code_on(answer, tmp_path) == "https://example.com/code" and "Scan it with your phone" in answer.text


def test_url_link_is_a_redirect_on_phones(server, slug, tmp_path):
    server.create(slug, [{"url": "https://wxaurl.cn/AbC", "limit": 5}])
    for agent in (PHONE, IPHONE, WECOM):
        answer = Visitor(server, slug, agent=agent).scan()
        assert (answer.status, answer.header("Location")) == (302, "https://wxaurl.cn/AbC")
        assert seat_of(answer.cookie[0])[0] == "c"
    assert code_on(Visitor(server, slug, agent=DESKTOP).scan(), tmp_path) == "https://wxaurl.cn/AbC"


# --- groups that have no link yet ---


def test_group_without_a_link_is_off_until_it_has_one(server, slug):
    none = {"name": "Later", "url": None, "limit": 1, "enabled": False}
    server.create(slug, [none, {"url": link(2)}])
    group = server.show(slug)["groups"][0]
    assert (group["url"], group["state"]) == (None, "off")
    assert Visitor(server, slug).scan().group == "g2"
    assert "Later" not in once(server.public, "GET", f"/{slug}+").text
    shown = subprocess.run([BINARY, "campaign", "show", slug, "--data-dir", server.data_dir], capture_output=True,
                           text=True, timeout=30)
    assert "no link yet" in shown.stdout, shown
    answer = server.api("PATCH", f"/campaigns/{slug}/groups/g1", {"enabled": True}, 422)
    assert [e["field"] for e in answer.json()["errors"]] == ["url"]
    assert server.patch(slug, {"groups": [{"id": "g1", "enabled": True}]}, expect=422)["errors"][0]["field"] == \
        "groups[0].url"
    server.api("PATCH", f"/campaigns/{slug}/groups/g1", {"enabled": True, "url": link(1)}, 200)
    visitor = Visitor(server, slug)
    assert visitor.scan().group == "g1"
    server.api("PATCH", f"/campaigns/{slug}/groups/g1", {"enabled": False, "url": None}, 200)
    wait_for("the workers to hear of it", lambda: visitor.scan().group == "g2")
