"""Where a link leads: queries passed on, what a "+" shows, and who is answered with a page instead of a redirect."""

import pytest

from huoma import Visitor, link, once, page_groups, redirect_groups


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
