"""A campaign's logo: kept as it came, unpacked far from the server, printed in its codes; files that are none are
refused within limits."""

import concurrent.futures
import io
import shutil
import struct
import subprocess
import time
import zlib

import pytest
from PIL import Image

from huoma import BINARY, once, redirect_groups, Server, TOKEN, wait_for
from test_prints import ask, margin_of, read_codes, reasons, to_png


def logo_file(form="PNG", size=(200, 120), mode="RGB", colour=(200, 30, 60)):
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, form)
    return out.getvalue()


def saved(form, mode="RGB", **how):
    """Stripes of all tones, so that the file has some length."""
    out = io.BytesIO()
    Image.linear_gradient("L").resize((120, 120)).rotate(30).convert(mode).save(out, form, **how)
    return out.getvalue()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width, height, rows, extra=b""):
    """A PNG whose head says one thing, whatever its rows are."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def put(server, slug, body, expect=204, type_="image/png", **how):
    return server.api("PUT", f"/campaigns/{slug}/logo", body, expect, Content_Type=type_, **how)


@pytest.fixture
def campaign(server, request):
    """One of a short name: the code of a long link has a pattern in its middle without which zbar does not find it."""
    name = f"l{zlib.crc32(request.node.name.encode()) % 100000}"
    server.create(name, redirect_groups(5), title="Logo")
    return name


@pytest.mark.parametrize("form, mode, size",
                         [("PNG", "RGB", (200, 120)), ("PNG", "RGBA", (16, 16)), ("PNG", "P", (640, 2048)),
                          ("JPEG", "RGB", (2048, 300)),
                                              ("JPEG", "L", (100, 100))])
def test_a_logo_is_kept_as_it_came_and_stands_in_the_codes(server, campaign, tmp_path, form, mode, size):
    file = logo_file(form, size, mode, 3 if mode in ("P", "L") else (200, 30, 60, 128)[:len(mode)])
    type_ = "image/" + form.lower()
    plain = ask(server, f"{campaign}/qr.svg").body
    put(server, campaign, file, type_=type_)
    kept = server.api("GET", f"/campaigns/{campaign}/logo")
    assert kept.body == file and kept.header("Content-Type") == type_
    assert kept.header("X-Content-Type-Options") == "nosniff"
    assert kept.header("Content-Disposition") == \
        f'inline; filename="{campaign}-logo.{"png" if form == "PNG" else "jpg"}"'
    again = server.api("GET", f"/campaigns/{campaign}/logo", expect=304, If_None_Match=kept.header("ETag"))
    assert again.body == b"" and again.header("ETag") == kept.header("ETag")
    assert ask(server, f"{campaign}/qr.svg").body == plain  # a printed code stays what it was
    for form_ in ("svg", "png", "pdf"):
        answer = ask(server, f"{campaign}/qr.{form_}?logo=1")
        assert (read_codes(*to_png(form_, answer.body, tmp_path)) == [f"http://q.example.com/{campaign}"]
                and margin_of(answer) >= 5)
    assert ask(server, f"{campaign}/poster.pdf").body != ask(server, f"{campaign}/poster.pdf?logo=0").body
    ask(server, f"{campaign}/sheet.pdf", {"channels": ["a"], "logo": True})


def test_the_audit_log_tells_which_logo_came_and_which_went(server, campaign):
    version = server.api("GET", f"/campaigns/{campaign}").json()["version"]
    put(server, campaign, logo_file())
    tag = server.api("GET", f"/campaigns/{campaign}/logo").header("ETag").strip('"')
    server.api("DELETE", f"/campaigns/{campaign}/logo", expect=204)
    went, came = server.api("GET", f"/audit?target=campaign:{campaign}&action=campaign.logo").json()["data"]
    logo = {"type": "image/png", "bytes": len(logo_file()), "hash": tag}
    assert came.get("after") == logo and came.get("before") is None
    assert went.get("before") == logo and went.get("after") is None
    assert server.api("GET", f"/campaigns/{campaign}").json()["version"] == version


def told_of(server, campaign):
    """What the audit log says of its logos, the earliest first."""
    return server.api("GET", f"/audit?target=campaign:{campaign}&action=campaign.logo&limit=200").json()["data"][::-1]


def logo_tag(server, campaign):
    return server.api("GET", f"/campaigns/{campaign}/logo").header("ETag")


def unchanged(answer):
    """What a refusal says that left all as it was."""
    assert "Nothing was changed" in answer.text
    return answer.json()["detail"]


def test_of_two_admins_the_second_does_not_overwrite_what_he_has_not_seen(server, campaign):
    anna, ben = (server.api("POST", "/tokens", {"name": name, "role": "admin"}, 201).json()["token"]
                 for name in ("anna", "ben"))
    path, first, second = f"/campaigns/{campaign}/logo", logo_file(), logo_file(colour=(1, 2, 3))
    assert "not there" in put(server, campaign, first, 412, If_Match="*", token=anna).text
    put(server, campaign, first, token=anna)
    seen = logo_tag(server, campaign)
    put(server, campaign, second, token=ben, If_Match=f'"x", {seen}')
    now = logo_tag(server, campaign)
    assert now in unchanged(put(server, campaign, first, 412, token=anna, If_Match=seen))
    assert now in unchanged(server.api("DELETE", path, expect=412, token=anna, If_Match=seen))
    server.api("DELETE", path, expect=412, token=anna, If_Match="W/" + now)
    assert server.api("GET", path).body == second
    server.api("DELETE", path, expect=204, token=anna, If_Match="*")
    server.api("DELETE", path, expect=404, token=anna, If_Match=now)
    came, replaced, went = told_of(server, campaign)
    assert (came.get("before"), came["after"]["hash"]) == (None, seen.strip('"'))
    assert (replaced["before"], replaced["after"]["hash"]) == (came["after"], now.strip('"'))
    assert (went["before"], went.get("after")) == (replaced["after"], None)


def logo_command(server, *words, expect=0):
    done = subprocess.run([BINARY, "campaign", "logo", *map(str, words), "--data-dir", server.data_dir],
                          capture_output=True, timeout=60)
    assert done.returncode == expect and done.stderr.count(b"\n") == (expect != 0), done
    return (done.stderr if expect else done.stdout).decode("latin-1")


def test_two_that_saw_the_same_logo_follow_one_another_in_the_audit_log(server, campaign, tmp_path):
    """The API and the command have both read what is there before either writes: the slower one begins anew."""
    put(server, campaign, logo_file())
    (tmp_path / "b.png").write_bytes(logo_file(colour=(1, 2, 3)))
    redis = server.redis_client()
    redis.execute_command("CLIENT", "PAUSE", 10000, "WRITE")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        try:
            both = [pool.submit(put, server, campaign, logo_file("JPEG"), type_="image/jpeg"),
                    pool.submit(logo_command, server, campaign, "--set", tmp_path / "b.png")]
            wait_for("both wait to write", lambda: redis.info("clients")["blocked_clients"] >= 2, 5)
        finally:
            redis.execute_command("CLIENT", "UNPAUSE")
        [one.result() for one in both]
    told = told_of(server, campaign)
    assert len(told) == 3 and [later["before"] for later in told[1:]] == [earlier["after"] for earlier in told[:-1]]
    assert told[-1]["after"]["hash"] == logo_tag(server, campaign).strip('"')


def test_the_command_sets_shows_and_deletes_as_the_api_does(server, campaign, tmp_path):
    first, second = logo_file(), logo_file("JPEG")
    (tmp_path / "a.png").write_bytes(first), (tmp_path / "b.jpg").write_bytes(second)
    assert "has no logo" in logo_command(server, campaign, expect=1)
    logo_command(server, campaign, "--set", tmp_path / "a.png"), logo_command(server, campaign.upper(), "--set",
                                                                              tmp_path / "b.jpg")
    assert server.api("GET", f"/campaigns/{campaign}/logo").body == second
    assert f"image/jpeg, {len(second)} bytes, ETag {logo_tag(server, campaign)}\n" in logo_command(server, campaign)
    logo_command(server, campaign, "-o", tmp_path / "c.jpg")
    assert (tmp_path / "c.jpg").read_bytes() == second and logo_command(server, campaign, "-o",
                                                                        "-").encode("latin-1") == second
    logo_command(server, campaign, "--delete")
    assert "has no logo" in logo_command(server, campaign, "--delete", expect=1)
    assert ("has no logo" in logo_command(server, campaign, "-o", tmp_path / "d", expect=1)
            and not (tmp_path / "d").exists())
    came, replaced, went = told_of(server, campaign)
    assert came["after"]["bytes"] == len(first) and came["who"].startswith("cli:")
    assert replaced["before"] == came["after"] and went["before"] == replaced["after"] and went.get("after") is None


def test_the_command_refuses_what_the_api_refuses(server, campaign, tmp_path):
    (tmp_path / "no.png").write_bytes(b"GIF89a"), (tmp_path / "large.png").write_bytes(b"\x89PNG" + b"x" * (512 << 10))
    (tmp_path / "a.png").write_bytes(logo_file())
    assert "neither" in logo_command(server, campaign, "--set", tmp_path / "no.png", expect=1)
    assert "larger" in logo_command(server, campaign, "--set", tmp_path / "large.png", expect=1)
    assert "none.png" in logo_command(server, campaign, "--set", tmp_path / "none.png", expect=1)
    assert "no-such" in logo_command(server, "no-such", "--set", tmp_path / "a.png", expect=1)
    for words in ((), (campaign, "x"), (campaign, "--set", "a", "--delete"), ("a b",), (campaign, "--set")):
        logo_command(server, *words, expect=2)
    server.api("GET", f"/campaigns/{campaign}/logo", expect=404)


def test_a_code_of_any_link_has_a_logo_and_a_caption_as_the_servers_have(server, campaign, tmp_path):
    link, file = f"http://q.example.com/{campaign}", tmp_path / "logo.png"
    file.write_bytes(logo_file())
    put(server, campaign, logo_file())
    for form, query in (("svg", ""), ("png", ""), ("pdf", ""), ("eps", "&shape=rounded")):
        out = tmp_path / f"a.{form}"
        done = subprocess.run([BINARY, "qr", link, "-o", out, "--logo", file, "--caption", "Shop 1 店",
                               *(["--shape", "rounded"] if query else [])],
                              capture_output=True, timeout=60)
        assert (done.returncode, done.stdout + done.stderr) == (0, b""), done
        drawn, asked = out.read_bytes(), ask(server,
                                             f"{campaign}/qr.{form}?logo=1&caption=Shop%201%20%E5%BA%97{query}").body
        if form in ("png", "svg"):
            assert drawn == asked  # the others have a title, which is the link here and the campaign's there
        if form != "eps":
            assert read_codes(*to_png(form, drawn, tmp_path)) == [link]


@pytest.mark.parametrize("words, code, why", [
    (["--logo", "logo.png", "--ecc", "M"], 2, "must be H"),
    (["--logo", "logo.png", "--terminal"], 2, "not on the terminal"), (["--caption", ""], 2, "--caption"),
    (["--caption", "a" * 61], 1, "60"), (["--caption", "\N{GRINNING FACE}"], 1, "--caption: "),
    (["--logo", "text.png"], 1, "neither"), (["--logo", "gone.png"], 1, "gone.png"),
    (["--logo", "logo.png", "--ecc", "H"], 0, ""), (["--logo", "logo.png", "long"], 1, "leave the logo out"),
])
def test_a_logo_or_caption_that_does_no_good_is_refused_and_leaves_no_file(tmp_path, words, code, why):
    (tmp_path / "logo.png").write_bytes(logo_file(size=(100, 100))), (tmp_path / "text.png").write_bytes(b"text")
    link = "http://q.example.com/" + ("a-name-so-long-that-the-symbol-has-a-pattern-in-its-middle"
                                      if words[-1] == "long" else "run")
    done = subprocess.run([BINARY, "qr", link, "-o", "code.svg", *(w for w in words if w != "long")], cwd=tmp_path,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == code and why in done.stderr and done.stderr.count("\n") == (code != 0), done
    assert (tmp_path / "code.svg").exists() == (code == 0)


@pytest.mark.parametrize("decoder, words",
                         [(None, "could not be started"), ("printf '\\011'", "no seccomp"), ("exit 1", "broke off")])
def test_a_server_that_cannot_look_at_a_logo_says_why(tmp_path, decoder, words):
    shutil.copy(BINARY, tmp_path / "huoma")
    if decoder:
        (tmp_path / "huoma-decode").write_text(f"#!/bin/sh\n{decoder}\n")
        (tmp_path / "huoma-decode").chmod(0o755)
    with Server(workers=1, binary=tmp_path / "huoma") as s:
        s.create("run", redirect_groups(1))
        answer = put(s, "run", logo_file(), "any")
        assert answer.status == (422 if words == "broke off" else 503) and words in answer.text, answer
        s.api("GET", "/campaigns/run/logo", expect=404)


def test_another_logo_takes_its_place_and_it_goes_with_its_campaign(server, campaign):
    put(server, campaign, logo_file()), put(server, campaign, logo_file("JPEG"), type_="image/jpeg")
    assert server.api("GET", f"/campaigns/{campaign}/logo").header("Content-Type") == "image/jpeg"
    server.api("DELETE", f"/campaigns/{campaign}/logo", expect=204)
    server.api("GET", f"/campaigns/{campaign}/logo", expect=404)
    put(server, campaign, logo_file())
    server.api("DELETE", f"/campaigns/{campaign}", expect=204)
    server.create(campaign, redirect_groups(1))
    server.api("GET", f"/campaigns/{campaign}/logo", expect=404)
    put(server, "none", logo_file(), 404)


def test_who_changed_the_logo_is_told(server, campaign):
    put(server, campaign, logo_file())
    entry = next(e for e in server.api("GET", "/audit").json()["data"] if e["action"] == "campaign.logo")
    assert entry["target"] == f"campaign:{campaign}"


@pytest.mark.parametrize("name, file, word", [
    ("nothing", b"", "neither"), ("text", b"GIF89a" + b"x" * 100, "neither"),
    ("one pixel", logo_file(size=(1, 1)), "smaller"),
    ("wide", logo_file(size=(2049, 20)), "larger"), ("truncated", logo_file()[:90], "damaged"),
    ("truncated JPEG", logo_file("JPEG", (400, 400))[:600], "damaged"),
    ("head alone", b"\x89PNG\r\n\x1a\n", "damaged"),
    ("huge head", png_of(2**31 - 1, 2**31 - 1, zlib.compress(b"")), ""),
    ("bomb", png_of(2000, 2000, zlib.compress(b"\0" * 100_000_000, 9)), ""),
    ("zeros", png_of(2000, 2000, b""), "damaged"),
    ("bomb of text",
     png_of(20, 20, zlib.compress(b"\0" * 61 * 20), chunk(b"zTXt", b"a\0\0" + zlib.compress(b"a" * 50_000_000, 9))),
     ""),
])
def test_what_is_no_logo_is_refused_within_limits(server, campaign, name, file, word):
    began = time.monotonic()
    answer = put(server, campaign, file, "any", "image/jpeg" if file[:1] == b"\xff" else "image/png")
    assert answer.status in (422, 204 if not word else 422) and time.monotonic() - began < 5, answer
    if answer.status == 422:
        assert word in reasons(answer)["logo"]
        server.api("GET", f"/campaigns/{campaign}/logo", expect=404)
    assert ask(server, f"{campaign}/qr.svg").status == 200


def test_a_file_that_is_too_large_or_of_another_type_is_not_read(server, campaign):
    path = f"/api/v1/campaigns/{campaign}/logo"
    large = once(server.admin, "PUT", path, {"Content-Type": "image/png", "Authorization": "Bearer " + TOKEN},
                 b"x" * (512 * 1024 + 1))
    assert large.status == 413
    put(server, campaign, logo_file(), 415, "image/gif"), put(server, campaign, b"{}", 415, "application/json")
    put(server, campaign, logo_file(), 415, "image/jpeg"), put(server, campaign, logo_file("JPEG"), 415, "image/png")
    server.api("GET", f"/campaigns/{campaign}/logo", expect=404)


def test_a_logo_raises_the_level_and_a_lower_one_that_is_asked_for_is_refused(server, campaign):
    put(server, campaign, logo_file(size=(100, 100), colour=(0, 0, 0)))
    assert margin_of(ask(server, f"{campaign}/qr.png?logo=1")) > margin_of(ask(server, f"{campaign}/qr.png?ecc=L"))
    assert ask(server, f"{campaign}/qr.png?logo=1").body == ask(server, f"{campaign}/qr.png?logo=1&ecc=H").body
    for path in ("qr.svg?logo=1", "poster.pdf?template=sticker"):   # a sticker's logo is in its code
        for level in "LMQ":
            said = reasons(ask(server, f"{campaign}/{path}&ecc={level}", expect=422))
            assert list(said) == ["ecc"] and "must be H with a logo in the code" in said["ecc"]
        ask(server, f"{campaign}/{path}&ecc=H")
    ask(server, f"{campaign}/qr.svg?logo=0&ecc=L"), ask(server, f"{campaign}/poster.pdf?template=sticker&logo=0&ecc=L")
    ask(server, f"{campaign}/poster.pdf?ecc=L")


def test_a_code_that_a_logo_spoils_is_refused_with_what_to_change(server):
    server.create("a-name-so-long-that-the-symbol-has-a-pattern-in-its-middle", redirect_groups(1))
    put(server, "a-name-so-long-that-the-symbol-has-a-pattern-in-its-middle", logo_file(size=(100, 100)))
    said = reasons(ask(server, "a-name-so-long-that-the-symbol-has-a-pattern-in-its-middle/qr.svg?logo=1", expect=422))
    assert "leave the logo out" in said["logo"]


@pytest.mark.parametrize("file", [
    logo_file("JPEG", (300, 200), "CMYK", (0, 220, 220, 20)), saved("JPEG", progressive=True),
    saved("PNG", mode="I;16"), saved("PNG", mode="LA"),
    saved("PNG", mode="P", transparency=3), saved("PNG", save_all=True, append_images=[Image.new("RGB", (64, 64))]),
], ids=["ink", "progressive", "16 bits", "grey and transparent", "palette", "animated"])
def test_pictures_of_unusual_kinds_are_taken(server, campaign, file):
    put(server, campaign, file, type_="image/png" if file[0] == 0x89 else "image/jpeg")
    assert margin_of(ask(server, f"{campaign}/qr.svg?logo=1")) >= 5


def test_the_ink_of_a_printers_jpeg_is_seen_in_its_colours(server, campaign, tmp_path):
    put(server, campaign, logo_file("JPEG", (64, 64), "CMYK", (255, 0, 255, 0)), type_="image/jpeg")
    (tmp_path / "green.png").write_bytes(ask(server, f"{campaign}/qr.png?logo=1&size=400").body)
    red, green, blue = Image.open(tmp_path / "green.png").convert("RGB").getpixel((200, 200))
    assert green > 200 and red < 60 and blue < 60


def test_a_file_that_is_cut_off_anywhere_is_damaged(server, campaign):
    for form, kind in (("PNG", "image/png"), ("JPEG", "image/jpeg")):
        file = saved(form)
        for cut in range(8, len(file) - 2, max(50, len(file) // 30)):
            assert reasons(put(server, campaign, file[:cut], "any", kind)) == {"logo": "is damaged"}, (form, cut)
