"""Where a link leads: queries passed on, what a "+" shows, and who is answered with a page instead of a redirect."""

from huoma import Visitor, code_on, link, once, page_groups, redirect_groups, wechat


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
    server.create(slug, [{"url": "tg://join?invite=abc", "limit": 1}], forward_query=True, fallback={"url": link("full")})
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
    assert server.show(slug)["fallback"] == {"url": None, "text": "周一再来", "contact": contact}
    server.patch(slug, {"fallback": {"contact": None}})
    assert "<img" not in Visitor(server, slug).scan().text
    server.patch(slug, {"fallback": {"contact": "javascript:x"}}, expect=422)
