"""The console as the admin door serves it: its page, its assets, how they are packed and kept, what they may load."""

import gzip
import re

from huoma import once


def page_and_asset(server):
    page = once(server.admin, "GET", "/")
    assert page.status == 200 and page.header("Content-Type") == "text/html; charset=utf-8"
    scripts = re.findall(r'<script[^>]* src="(/assets/[^"]+\.js)"', page.text)
    assert scripts, page.text
    return page, scripts[0]


def test_the_page_is_asked_for_anew_and_its_assets_are_kept(server):
    page, asset = page_and_asset(server)
    assert page.header("Cache-Control") == "no-cache"
    same = once(server.admin, "GET", "/", {"If-None-Match": page.header("ETag")})
    assert same.status == 304 and same.body == b""
    assert once(server.admin, "GET", "/", {"If-None-Match": '"0000"'}).status == 200
    answer = once(server.admin, "GET", asset)
    assert answer.status == 200 and answer.header("Content-Type") == "text/javascript; charset=utf-8"
    assert answer.header("Cache-Control") == "public, max-age=31536000, immutable"


def test_an_asset_is_packed_for_those_who_take_it(server):
    _, asset = page_and_asset(server)
    plain = once(server.admin, "GET", asset)
    assert plain.header("Content-Encoding") is None and plain.header("Vary") == "Accept-Encoding"
    for accepts in ("gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0.8"):
        packed = once(server.admin, "GET", asset, {"Accept-Encoding": accepts})
        assert packed.header("Content-Encoding") == "gzip", accepts
        assert gzip.decompress(packed.body) == plain.body
    for refuses in ("", "br", "gzip;q=0", "gzip;q=0, br"):
        assert once(server.admin, "GET", asset, {"Accept-Encoding": refuses}).body == plain.body, refuses


def test_the_page_loads_nothing_from_elsewhere_and_nothing_inline(server):
    page, _ = page_and_asset(server)
    policy = dict(part.split(" ", 1) for part in page.header("Content-Security-Policy").split("; "))
    assert (policy["default-src"] == "'none'" and policy["frame-ancestors"] == "'none'"
            and policy["base-uri"] == "'none'")
    assert policy["script-src"] == "'self' 'wasm-unsafe-eval'" and policy["style-src"] == "'self'"
    assert not any("unsafe-inline" in v or "http" in v or "*" in v for v in policy.values()), policy
    assert page.header("X-Content-Type-Options") == "nosniff" and page.header("Referrer-Policy") == "no-referrer"
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bon[a-z]+=|https?://", page.text), page.text


def test_there_is_nothing_beside_the_files(server):
    for path in ("/assets/", "/assets/none.js", "/assets/..%2Findex.html", "/assets/index.html", "/index.html"):
        assert once(server.admin, "GET", path).status == 404, path
