"""What is printed of a campaign, over the API: every form is read back by a decoder, and what cannot be is refused by
its field."""

import concurrent.futures
import csv
import io
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import threading
from urllib.parse import quote

import pytest

from test_cli_serve import assert_one_line, run as command
from huoma import BINARY, TOKEN, Connection, Server, build_request, once, page_groups, redirect_groups, wait_for

RUN = "http://q.example.com/run"
MM_PER_INCH = 25.4
PRINT_SECONDS = 60  # whoever answers scans comes first: a busy machine takes its time


def ask(server, path, body=None, expect=200, **how):
    return server.api("GET" if body is None else "POST", "/campaigns/" + path, body, expect, seconds=PRINT_SECONDS,
                      **how)


def reasons(answer):
    assert answer.status == 422 and answer.header("Content-Type") == "application/problem+json", answer
    return {e["field"]: e["reason"] for e in answer.json()["errors"]}


def read_codes(*files):
    """What the codes of images say, each by its own."""
    out = subprocess.run(["zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", *files], capture_output=True,
                         text=True, check=True)
    return out.stdout.split()


def to_png(form, body, folder, dpi=100):
    """The pages of an answer as images."""
    (folder / f"print.{form}").write_bytes(body)
    if form == "svg":
        subprocess.run(["rsvg-convert", "-d", str(dpi), "-p", str(dpi), "-o", folder / "print.png",
                        folder / "print.svg"], check=True)
    elif form == "pdf":
        subprocess.run(["pdftoppm", "-r", str(dpi), "-png", folder / "print.pdf", folder / "page"], check=True)
        return sorted(folder.glob("page-*.png"))
    return [folder / "print.png"]


def pages_of(body, folder):
    (folder / "sheet.pdf").write_bytes(body)
    out = subprocess.run(["pdfinfo", folder / "sheet.pdf"], capture_output=True, text=True, check=True)
    assert out.stderr == ""
    return int(re.search(r"Pages: +(\d+)", out.stdout)[1])


@pytest.fixture(scope="module")
def run(server):
    """A campaign for all tests of this file."""
    server.create("run", page_groups(5), title="Spring run 春季跑步")
    return "run"


# --- codes ---


@pytest.mark.parametrize("query",
                         ["", "?channel=Shop-1", "?shape=rounded&ecc=Q", "?caption=Shop%201%20%E5%BA%97&margin=6",
                          "?dark=7a1f05&light=fff8e8&compact=1&channel=Shop-1"])
@pytest.mark.parametrize("form, type_", [("svg", "image/svg+xml"), ("png", "image/png"), ("pdf", "application/pdf")])
def test_a_code_is_read_in_each_form(server, run, tmp_path, form, type_, query):
    answer = ask(server, f"{run}/qr.{form}{query}")
    assert answer.header("Content-Type") == type_ and re.fullmatch('"[0-9a-f]{32}"', answer.header("ETag"))
    channel = "-shop-1" if "channel" in query else ""
    assert answer.header("Content-Disposition") == f'inline; filename="run{channel}.{form}"'
    said = RUN + ("/shop-1" if channel else "")
    assert read_codes(*to_png(form, answer.body, tmp_path)) == [said.upper() if "compact" in query else said]


@pytest.mark.parametrize("path", ["qr.pdf", "poster.pdf?language=en", "sheet.pdf"])
def test_black_is_black_ink_alone(server, run, tmp_path, path):
    body = ask(server, f"{run}/{path}",
               {"channels": ["a", "b"], "template": "card"} if path == "sheet.pdf" else None).body
    (tmp_path / "print.pdf").write_bytes(body)
    out = subprocess.run(["qpdf", "--qdf", "--object-streams=disable", tmp_path / "print.pdf", "-"],
                         capture_output=True, check=True)
    assert out.stderr == b"" and b"\n0 0 0 1 k" in out.stdout and b"0 0 0 rg" not in out.stdout


def test_a_code_for_postscript(server, run):
    answer = ask(server, f"{run}/qr.eps?size=40")
    assert (answer.header("Content-Type") == "application/postscript"
            and answer.body.startswith(b"%!PS-Adobe-3.0 EPSF-3.0\n"))
    assert b"%%BoundingBox: 0 0 114 114\n" in answer.body and b"%%EOF" in answer.body[-10:]


@pytest.mark.parametrize("path",
                         ["qr.svg?shape=rounded&caption=a", "qr.png?caption=a", "qr.pdf", "qr.eps",
                          "poster.pdf?paper=a5",
                                  "poster.png?template=card", "poster.svg?template=sticker"])
def test_the_same_parameters_give_the_same_bytes_on_another_server(server, another, run, path):
    answer = ask(server, f"{run}/{path}")
    tag = answer.header("ETag")
    assert ask(another, f"{run}/{path}").body == answer.body
    again = ask(server, f"{run}/{path}", expect=304, If_None_Match=tag)
    assert again.body == b"" and again.header("ETag") == tag


@pytest.fixture(scope="module")
def another(server):
    # What is freed is free again at once: memory is looked at here.
    env = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")
           + ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64"}
    with Server(workers=1, base_url="http://q.example.com", env=env) as s:
        s.create("other", redirect_groups(1))
        ask(s, "other/poster.svg?template=sticker"), ask(s, "other/qr.svg?shape=rounded")  # counts up what cairo counts
        s.create("run", page_groups(5), title="Spring run 春季跑步")
        yield s


def test_a_distance_chooses_the_size_or_says_what_would_do(server, run):
    near, far = (re.search('width="([0-9.]+)mm"', ask(server, f"{run}/qr.svg?distance={d}").text)[1]
                 for d in ("1m", "3m"))
    assert 100 <= float(near) < 300 <= float(far) < 500
    assert far in reasons(ask(server, f"{run}/qr.svg?distance=3m&size=100", expect=422))["size"]
    assert "2000 mm" in reasons(ask(server, f"{run}/qr.svg?distance=100m", expect=422))["distance"]
    assert "mm" in reasons(ask(server, f"{run}/qr.png?distance=3m", expect=422))["distance"]


def test_capitals_make_the_code_smaller_and_it_is_said_by_how_much(server, run):
    channel = "b" * 32
    whole, compact = (ask(server, f"{run}/qr.svg?channel={channel}&compact={n}") for n in (0, 1))
    modules = [int(re.search(r'viewBox="0 0 (\d+)', a.text)[1]) - 8 for a in (whole, compact)]
    assert modules[1] < modules[0]
    assert (compact.header("Huoma-Compact") == f"{modules[1]} of {modules[0]} modules"
            and whole.header("Huoma-Compact") is None)


def test_whoever_scans_a_code_in_capitals_gets_a_seat_of_its_campaign_and_channel(server, run, tmp_path):
    slug = "spring-run-2026"
    server.create(slug, page_groups(5))
    answer = ask(server, f"{slug}/qr.png?channel=shop-1&compact=1")
    [said] = read_codes(*to_png("png", answer.body, tmp_path))
    assert said == f"HTTP://Q.EXAMPLE.COM/{slug.upper()}/SHOP-1" and "of" in answer.header("Huoma-Compact")
    with Connection(server.public) as c:
        seat = c.request("GET", said.removeprefix("HTTP://Q.EXAMPLE.COM"), host="Q.EXAMPLE.COM")
    assert (seat.status, seat.group) == (200, "g1") and server.show(slug)["seats"]["held"] == 1
    wait_for("the scan is counted of its channel", lambda: "shop-1" in ask(server, f"{slug}/stats?by=channel").text)


def test_a_path_that_stands_before_the_campaign_is_never_put_in_capitals(tmp_path):
    """A proxy in front knows it as it is written: /GO may be nothing there."""
    with Server(workers=1, base_url="https://Q.example.com/go") as s:
        for slug, said, told in (("r", "https://Q.example.com/go/r",
                                  "not used: the path may mean something else in capitals"),
                                 ("run", "HTTPS://Q.EXAMPLE.COM/go/RUN", "25 of 29 modules")):
            s.create(slug, page_groups(5))
            answer = ask(s, f"{slug}/qr.png?compact=1")
            assert answer.header("Huoma-Compact") == told
            assert read_codes(*to_png("png", answer.body, tmp_path)) == [said]


@pytest.mark.parametrize("query, fields", [
    ("shape=star", ["shape"]), ("logo=2", ["logo"]), ("logo=1", ["logo"]), ("compact=yes", ["compact"]),
    ("distance=3", ["distance"]),
    ("distance=-3m", ["distance"]), ("caption=" + "a" * 61, ["caption"]), ("caption=%00", ["caption"]),
    ("caption=%f0%9f%98%80", ["caption"]),
    ("shape=star&shape=star&compact=", ["shape", "compact"]),
])
def test_a_choice_that_cannot_be_is_refused_by_its_name(server, run, query, fields):
    for form in ("svg", "pdf", "eps"):
        assert sorted(reasons(ask(server, f"{run}/qr.{form}?{query}", expect=422))) == sorted(fields)


def margin_of(answer):
    return int(re.fullmatch(r"ok; margin=(\d+)%", answer.header("Huoma-Proof"))[1])


def test_what_is_handed_out_was_read_and_it_is_said_how_well(server, run):
    margins = {ecc: margin_of(ask(server, f"{run}/qr.svg?ecc={ecc}")) for ecc in "LMQH"}
    assert 5 <= margins["L"] < margins["M"] <= margins["Q"] <= margins["H"] <= 30
    for path in ("qr.png?ecc=H", "qr.pdf?ecc=H", "qr.eps?ecc=H", "qr.svg?ecc=H&size=20"):
        assert margin_of(ask(server, f"{run}/{path}")) == margins["H"]
    for path in ("poster.pdf", "poster.svg?template=moments", "poster.png?template=card"):
        assert margin_of(ask(server, f"{run}/{path}")) >= 5


def test_a_design_is_proved_once(server, run):
    def children_cpu():
        return sum(map(int,
                       pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[13:15]))

    channels = {"channels": [f"once-{n}" for n in range(100)], "template": "card"}
    before, answer = children_cpu(), ask(server, f"{run}/sheet.pdf", channels)
    between, again = children_cpu(), ask(server, f"{run}/sheet.pdf", channels)
    assert between > before and children_cpu() == between
    assert margin_of(again) == margin_of(answer) and again.body == answer.body


@pytest.mark.parametrize("query", ["", "&dark=102030&margin=6&size=40", "&compact=1", "&distance=2m", "&ecc=H"])
def test_a_known_code_is_answered_as_an_unknown_one_was(server, run, query):
    """What was proved is drawn at once, on another thread: nobody can tell."""
    first, again = (ask(server, f"{run}/qr.svg?channel=known{query}") for _ in range(2))
    assert first.body == again.body
    for name in ("ETag", "Huoma-Proof", "Huoma-Compact", "Content-Disposition", "Content-Type"):
        assert first.header(name) == again.header(name), name


def test_what_was_changed_is_printed_though_others_print_meanwhile(server):
    """Those who wait share one reading of the campaign, but not one from before they asked."""
    server.create("fleeting", redirect_groups(1), title="Fleeting")
    over = threading.Event()

    def print_on():
        while not over.is_set():
            server.api("GET", "/campaigns/fleeting/qr.svg", expect="any")

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        others = [pool.submit(print_on) for _ in range(3)]
        try:
            for _ in range(10):
                server.api("DELETE", "/campaigns/fleeting", expect=204)
                ask(server, "fleeting/qr.svg", expect=404)
                server.create("fleeting", redirect_groups(1), title="Fleeting")
                ask(server, "fleeting/qr.svg")
        finally:
            over.set()
        for other in others:
            other.result()


def test_without_the_decoder_nothing_is_printed(tmp_path):
    """A server that finds no huoma-decode beside it hands out no code that was not read."""
    shutil.copy(BINARY, tmp_path / "huoma")
    with Server(workers=1, binary=tmp_path / "huoma") as s:
        s.create("run", redirect_groups(1))
        assert "could not be proved" in ask(s, "run/qr.svg", expect=503).json()["detail"]


# --- posters ---


@pytest.mark.parametrize("path, text", [
    ("poster.pdf", ""), ("poster.pdf?template=flyer&channel=door&language=en&bleed=1&marks=1", "/door"),
    ("poster.png?template=card&dpi=200", ""),
    ("poster.svg?template=sticker", ""), ("poster.png?template=moments", ""),
    ("poster.pdf?paper=a3&distance=1m&shape=rounded", ""),
])
def test_a_poster_is_read(server, run, tmp_path, path, text):
    answer = ask(server, f"{run}/{path}")
    form = path[7:10]
    assert read_codes(*to_png(form, answer.body, tmp_path)) == [RUN + text]
    template = re.search("template=([a-z]+)", path)
    channel = text.replace("/", "-")
    assert answer.header("Content-Disposition") == \
        f'inline; filename="run{channel}-{template[1] if template else "poster"}.{form}"'


def test_a_poster_says_the_campaigns_title_or_another_one(server, run, tmp_path):
    def words(query):
        (tmp_path / "p.pdf").write_bytes(ask(server, f"{run}/poster.pdf?{query}").body)
        return subprocess.run(["pdftotext", tmp_path / "p.pdf", "-"], capture_output=True, text=True, check=True).stdout

    own = words("language=en")
    assert "Spring run" in own and "WeChat" in own and "q.example.com/run" in own
    other = words("language=en&title=Autumn&steps=Come|Stay&label=Gate%204")
    assert ("Autumn" in other and "Spring" not in other and "Stay" in other and "Gate 4" in other
            and "WeChat" not in other)


@pytest.mark.parametrize("query, fields", [
    ("template=wall", ["template"]), ("paper=a9", ["paper"]), ("language=fr", ["language"]), ("colour=red", ["colour"]),
    ("bleed=x", ["bleed"]),
    ("title=" + "很" * 61, ["title"]), ("title=%f0%9f%98%80", ["title"]), ("distance=20m", ["distance"]),
    ("logo=1", ["logo"]),
    ("paper=" + "a" * 30, ["paper"]),
    ("template=x&language=x&colour=x&marks=x", ["template", "language", "colour", "marks"]),
])
def test_a_poster_that_cannot_be_is_refused_by_its_field(server, run, query, fields):
    assert sorted(reasons(ask(server, f"{run}/poster.pdf?" + quote(query, safe="=&%"), expect=422))) == sorted(fields)


def test_an_image_that_is_too_large_is_refused_with_what_would_do(server, run):
    said = reasons(ask(server, f"{run}/poster.png?template=banner&dpi=1200", expect=422))["dpi"]
    dpi = int(re.search(r"at most (\d+)", said)[1])
    assert dpi * 800 / MM_PER_INCH * dpi * 2000 / MM_PER_INCH <= 32 << 20
    reasons(ask(server, f"{run}/poster.png?dpi=5", expect=422))


# --- many channels ---


def test_the_links_of_channels_are_a_file_for_a_spreadsheet(server, run):
    answer = ask(server, f"{run}/sheet.csv", {"channels": ["Shop-1", {"channel": "lamp-2", "label": "Lamp post 2"}]})
    assert answer.header("Content-Type") == "text/csv; charset=utf-8"
    assert answer.header("Content-Disposition") == 'attachment; filename="run-channels.csv"'
    assert answer.body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert rows == [["channel", "link"], ["shop-1", RUN + "/shop-1"], ["lamp-2", RUN + "/lamp-2"]]


@pytest.mark.parametrize("body, fields", [
    ({}, ["channels"]), ({"channels": []}, ["channels"]), ({"channels": "a"}, ["channels"]),
    ({"channels": ["a", "b c"]}, ["channels[1]"]),
    ({"channels": ["a", "seat", 5, None]}, ["channels[1]", "channels[2]", "channels[3]"]),
    ({"channels": ["a", "b", "A"]}, ["channels"]),
    ({"channels": [f"c{n}" for n in range(1001)]}, ["channels"]),
    ({"channels": [{"channel": "a", "name": "x"}]}, ["channels[0]"]),
    ({"channels": [{"label": "a"}]}, ["channels[0]"]),
    ({"channels": [{"channel": "a", "label": "x" * 97}]}, ["channels[0]"]),
    ({"channels": ["a"], "colours": 1}, ["colours"]), ({"channels": ["a"], "colour": [1]}, ["colour"]),
    ({"channels": ["a"], "layout": "x", "bleed": 7, "title": {}}, ["layout", "bleed", "title"]),
])
def test_a_wrong_sheet_is_refused_by_its_fields(server, run, body, fields):
    for form in ("csv", "pdf"):
        assert sorted(reasons(ask(server, f"{run}/sheet.{form}", body, 422))) == sorted(fields)


@pytest.mark.parametrize("body, fields", [
    ({"channels": ["a", {"channel": "b", "label": "\U0001f600"}]}, ["channels[1]"]),
    ({"channels": ["a"], "title": "x" * 61}, ["title"]),
    ({"channels": ["a"], "template": "banner", "layout": "grid"}, ["layout"]),
    ({"channels": ["a"], "layout": "grid", "template": "sticker", "sheet_paper": "b7"}, ["sheet_paper"]),
    ({"channels": ["a"], "logo": True}, ["logo"]),
])
def test_a_sheet_that_cannot_be_drawn_is_refused_before_its_first_byte(server, run, body, fields):
    assert sorted(reasons(ask(server, f"{run}/sheet.pdf", body, 422))) == sorted(fields)


def test_the_most_channels_have_their_links(server, run):
    answer = ask(server, f"{run}/sheet.csv", {"channels": [f"c{n}" for n in range(1000)]})
    assert answer.text.count("\r\n") == 1001


def test_each_page_of_a_sheet_has_its_own_code(server, run, tmp_path):
    channels = [f"shop-{n}" for n in range(30)]
    answer = ask(server, f"{run}/sheet.pdf",
                 {"channels": channels, "template": "card", "language": "en", "compact": False})
    assert answer.header("Content-Type") == "application/pdf" and answer.header("Transfer-Encoding") == "chunked"
    assert answer.header("Content-Disposition") == 'attachment; filename="run-sheet.pdf"'
    assert pages_of(answer.body, tmp_path) == 30
    assert [read_codes(page) for page in to_png("pdf", answer.body, tmp_path, 72)] == [[f"{RUN}/{c}"] for c in channels]
    assert ask(server, f"{run}/sheet.pdf", {"channels": channels, "template": "card", "language": "en"}).body == \
        answer.body


def test_stickers_stand_in_a_grid(server, run, tmp_path):
    channels = [{"channel": f"lamp-{n}", "label": f"灯柱 {n}"} for n in range(20)]
    answer = ask(server, f"{run}/sheet.pdf",
                 {"channels": channels, "template": "sticker", "layout": "grid", "ecc": "q"})
    assert 1 < pages_of(answer.body, tmp_path) < 10
    assert sorted(read_codes(*to_png("pdf", answer.body, tmp_path, 150))) == \
        sorted(f"{RUN}/lamp-{n}" for n in range(20))
    text = subprocess.run(["pdftotext", tmp_path / "sheet.pdf", "-"], capture_output=True, text=True, check=True).stdout
    assert "灯柱 19" in text


def test_a_sheet_of_no_campaign_is_404(server):
    for form in ("csv", "pdf"):
        ask(server, f"none/sheet.{form}", {"channels": ["a"]}, 404)


def test_a_page_of_another_site_gets_no_sheet(server, run):
    for form in ("csv", "pdf"):
        answer = once(server.admin, "POST", f"/api/v1/campaigns/{run}/sheet.{form}",
                      {"Content-Type": "application/json", "Cookie": "hms=x"}, b"{}")
        assert answer.status in (401, 403)


# --- streaming ---


class Stream:
    """A sheet that is asked for, and taken only as the test likes."""

    def __init__(self, server, channels, version="1.1", slow=True, **how):
        body = json.dumps({"channels": [f"c-{n}" for n in range(channels)], **how}).encode()
        self.link = Connection(server.admin, PRINT_SECONDS)
        if slow:
            self.link.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # little is taken ahead
        request = build_request("POST", "/api/v1/campaigns/run/sheet.pdf",
                                {"Content-Type": "application/json", "Authorization": "Bearer " + TOKEN}, body)
        self.link.send(request.replace(b"HTTP/1.1", b"HTTP/" + version.encode(), 1))

    def first(self):
        """Waits for the first bytes."""
        data = self.link.socket.recv(300)
        assert data.startswith(b"HTTP/1.1 200 OK\r\n"), data
        return data

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.link.close()


def test_a_sheet_ends_with_its_connection_for_an_older_client(server, run, tmp_path):
    with Stream(server, 3, "1.0", slow=False) as stream:
        data = bytearray()
        while piece := stream.link.socket.recv(65536):
            data += piece
    head, _, body = bytes(data).partition(b"\r\n\r\n")
    assert b"Transfer-Encoding" not in head and b"Content-Length" not in head and b"\r\nConnection: close" in head
    assert pages_of(body, tmp_path) == 3


def test_codes_are_drawn_while_a_client_is_slow_with_its_sheet(server, run):
    with Stream(server, 200, shape="rounded", template="card") as slow:
        slow.first()
        for n in range(5):  # nobody takes the rest of the sheet meanwhile
            ask(server, f"{run}/qr.png?channel=fast-{n}")


def test_who_leaves_ends_the_sheet(server, run):
    for moment in ("before", "middle"):
        with Stream(server, 200, shape="rounded", template="card") as stream:
            if moment == "middle":
                stream.first()
        with Stream(server, 2, slow=False) as next_one:  # waits for nobody who has left
            next_one.first()


def test_one_sheet_more_than_may_wait_is_refused(server, run):
    streams = [Stream(server, 200, shape="rounded", template="card") for _ in range(9)]
    sockets = {s.link.socket: s.link for s in streams}
    refused = b""
    while not refused.startswith(b"HTTP/1.1 503 "):  # whichever came last; the one that is drawn answers too
        for ready in select.select(list(sockets), [], [], 10)[0]:
            refused = sockets.pop(ready).socket.recv(2000)
    assert len(sockets) >= 7 and b"\r\nRetry-After: 2\r\n" in refused and b"Too much is being printed" in refused
    for stream in streams:
        stream.link.close()
    ask(server, f"{run}/sheet.pdf", {"channels": ["a"]})


def test_a_long_sheet_needs_no_more_memory_than_a_short_one(another, run):
    def most_resident_kb():
        return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{another.process.pid}/status").read_text())[1])

    def sheet(count):
        return ask(another, f"{run}/sheet.pdf",
                   {"channels": [f"c-{n}" for n in range(count)], "template": "card", "shape": "rounded"}).body

    for _ in range(3):
        short = sheet(50)
    before = most_resident_kb()
    assert len(sheet(250)) > len(short) + (3 << 19)
    assert most_resident_kb() - before <= 1 << 10


def test_a_server_that_stops_ends_the_sheet_under_way():
    with Server(workers=1, base_url="http://q.example.com") as s:
        s.create("run", redirect_groups(1))
        with Stream(s, 60, slow=False) as stream:
            data = bytearray(stream.first())
            s.process.send_signal(signal.SIGTERM)
            while piece := stream.link.socket.recv(65536):
                data += piece
        assert data.endswith(b"\r\n0\r\n\r\n")
        assert s.process.wait(20) == 0
        s.expect_exit = False


# --- from the command line ---


@pytest.fixture
def cli(server, tmp_path):
    def call(*args):
        return command(*args, "--data-dir", server.data_dir, "--base-url", "http://q.example.com", cwd=tmp_path)
    return call


OPTIONS = {
    "template": "card", "paper": "a6", "title": "Autumn", "subtitle": "in the park", "steps": "Scan|Join",
    "language": "en", "colour": "7a1f05",
    "logo": "0", "label": "Gate 4", "distance": "50cm", "bleed": "1", "marks": "1", "ecc": "Q", "shape": "rounded",
    "compact": "1",
}
FLAGS = ("bleed", "marks", "compact")


def as_options(values):
    return [w for k, v in values.items()
            for w in (["--" + k.replace("_", "-")] if k in FLAGS else ["--" + k.replace("_", "-"), v])]


def test_each_parameter_of_the_api_has_an_option(server):
    api = server.api("GET", "/openapi.json").json()
    poster, sheet = command("help", "poster").stdout, command("help", "sheet").stdout
    named = {p["name"] for form in ("pdf", "png", "svg")
             for p in api["paths"]["/api/v1/campaigns/{slug}/poster." + form]["get"]["parameters"]}
    assert named - {"slug"} == set(OPTIONS) | {"channel", "dpi"}
    for name in named - {"slug"}:
        assert f"--{name}" in poster, name
    assert set(api["components"]["schemas"]["Sheet"]["properties"]) == \
        set(OPTIONS) | {"channels", "layout", "sheet_paper"}
    for name in api["components"]["schemas"]["Sheet"]["properties"]:
        assert f"--{name.replace('_', '-')}" in sheet, name


@pytest.mark.parametrize("form, more", [("pdf", {"channel": "door"}), ("svg", {}), ("png", {"dpi": "80"})])
def test_a_poster_of_the_command_line_is_the_apis_byte_by_byte(server, run, cli, tmp_path, form, more):
    values = {**OPTIONS, **more}
    out = cli("poster", run, "-o", f"p.{form}", *as_options(values))
    assert out.returncode == 0 and out.stderr == "" and re.match(
        rf"p\.{form}: read by a decoder, with up to \d+% of dirt too; compact: ", out.stdout), out
    query = "&".join(f"{k}={quote(v)}" for k, v in values.items())
    assert (tmp_path / f"p.{form}").read_bytes() == ask(server, f"{run}/poster.{form}?{query}").body


def test_a_sheet_of_the_command_line_is_the_apis_byte_by_byte(server, run, cli, tmp_path):
    (tmp_path / "shops.txt").write_text("# shops\nshop-1\n\nShop-2,Corner, by the river\r\n")
    out = cli("sheet", run, "--channels", "shops.txt", "-o", "s.pdf", "--csv", "s.csv", "--template", "sticker",
              "--layout", "grid", "--sheet-paper", "a3")
    assert out.returncode == 0 and re.fullmatch(
        r"s\.pdf: 2 codes, all read by a decoder, with up to \d+% of dirt too\n", out.stdout), out
    body = {"channels": ["shop-1", {"channel": "shop-2", "label": "Corner, by the river"}], "template": "sticker",
            "layout": "grid", "sheet_paper": "a3"}
    assert (tmp_path / "s.pdf").read_bytes() == ask(server, f"{run}/sheet.pdf", body).body
    assert (tmp_path / "s.csv").read_bytes() == ask(server, f"{run}/sheet.csv", body).body
    listed = cli("sheet", run, "--channels", "shop-1,shop-2", "--csv", "-")
    assert listed.stdout.encode() == (tmp_path / "s.csv").read_bytes().replace(b"\r\n", b"\n")


@pytest.mark.parametrize("args, code, words", [
    (["poster", "run"], 2, ["-o"]), (["poster", "-o", "p.pdf"], 2, ["SLUG"]),
    (["poster", "run", "-o", "p.gif"], 2, [".pdf"]),
    (["poster", "none", "-o", "p.pdf"], 1, ["not found"]),
    (["poster", "run", "-o", "p.pdf", "--template", "wall"], 2, ["--template", "banner"]),
    (["poster", "run", "-o", "p.pdf", "--title", "x" * 61], 1, ["--title"]),
    (["poster", "run", "-o", "/none/p.pdf"], 1, ["/none/p.pdf"]),
    (["sheet", "run", "-o", "s.pdf"], 2, ["--channels"]),
    (["sheet", "run", "--channels", "a,b", "-o", "s.png"], 2, [".pdf"]),
    (["sheet", "run", "--channels", "a,a", "-o", "s.pdf"], 2, ["a twice"]),
    (["sheet", "run", "--channels", "/none", "-o", "s.pdf"], 2, ["/none"]),
    (["sheet", "run", "--channels", "a,b c", "-o", "s.pdf"], 2, ["--channels"]),
    (["sheet", "run", "--channels", "a"], 2, ["-o FILE.pdf or --csv"]),
    (["poster", "run", "-o", "p.pdf", "--layout", "grid"], 2, ["--layout"]),
])
def test_a_wrong_command_says_what_is_wrong(run, cli, tmp_path, args, code, words):
    assert_one_line(cli(*args), code, *words)
    assert list(tmp_path.iterdir()) == []
