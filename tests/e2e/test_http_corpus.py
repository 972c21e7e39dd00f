"""The corpus of requests in tests/http against both doors: each case in one segment, then byte by byte
(tests/http/README.md)."""

import pathlib
import re

import pytest

from huoma import PHONE, TOKEN, Connection, Lost, redirect_groups

CORPUS = pathlib.Path(__file__).resolve().parent.parent / "http"
SLUG = "corpus"
DOORS = {
    "public": {"@GET": f"/{SLUG}", "@POST": f"/{SLUG}/seat", "@AUTH": f"User-Agent: {PHONE}\r\n"},
    "admin": {"@GET": "/api/v1/campaigns", "@POST": "/api/v1/campaigns", "@AUTH": f"Authorization: Bearer {TOKEN}\r\n"},
}
NOT_UNDERSTOOD = {400, 408, 413, 414, 417, 431, 501, 505}
BYTE_BY_BYTE_MAX = 1500   # bytes: longer cases come in pieces of a hundredth
BEHIND = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"


def unescape(text):
    """C's escapes -> bytes; everything else as UTF-8."""
    named = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}
    put = lambda m: bytes([int(m[1], 16)]) if m[1] else named[m[2]]
    return re.sub(rb"\\(?:x([0-9a-fA-F]{2})|([rnt0\\]))", put, text.encode())


def expand(case, word):
    """The case's bytes with {each}, {a*100} and CRLF in place; the doors' paths are still @names."""
    text = case["send"].replace("@HOST", "Host: x\\r\\n").replace("{each}", word)
    return re.sub(r"\{([^{}]+?)\*(\d+)\}", lambda m: m[1] * int(m[2]), text)


def read(path):
    cases, fields = [], None
    for number, line in enumerate(path.read_text().split("\n"), 1):
        if line.startswith("== "):
            fields = {"name": line[3:], "file": path.stem, "line": number, "send": "", "each": "",
                      "door": "public admin"}
            cases.append(fields)
        elif line and not line.startswith("#"):
            key, value = line.split(": ", 1)
            assert key in ("rule", "door", "each", "send", "expect"), f"{path}:{number}: {key}"
            fields[key] = fields["send"] + value if key == "send" else value
    return cases


def every_case():
    for path in sorted(CORPUS.glob("*.txt")):
        for case in read(path):
            assert case["rule"] and case["expect"], f"{path}:{case['line']}"
            for word in case["each"].split() or [""]:
                for door in case["door"].split():
                    name = f"{case['file']}: {case['name']}" + (f" [{word[:30]}]" if word else "") + f" ({door})"
                    yield pytest.param(door, case, word, id=name.encode("ascii", "backslashreplace").decode())


CASES = list(every_case())


@pytest.fixture(scope="module", autouse=True)
def campaign(server):
    server.create(SLUG, redirect_groups(None))


def send(c, raw, pieces):
    step = len(raw) if not pieces else 1 if len(raw) <= BYTE_BY_BYTE_MAX else len(raw) // 100
    for at in range(0, len(raw), step):
        c.send(raw[at:at + step])


def replay(address, raw, expected, pieces, method):
    """What came instead of what is expected; None when it is as it should be."""
    *statuses, end = expected.split()
    with Connection(address) as c:
        try:
            send(c, raw + (BEHIND if end == "close" else b""), pieces)
        except Lost:
            pass   # refused and closed before all of it was sent
        for n, status in enumerate(statuses):
            try:
                answer = c.receive(method)
            except Lost as e:
                return f"answer {n + 1}: {e}"
            if answer.status in NOT_UNDERSTOOD if status == "ok" else answer.status != int(status):
                return f"answer {n + 1} is {answer.status}, not {status}"
        if end == "close":
            closed = c.closed()
            return None if closed is True else f"not closed: {closed!r}"
        try:
            c.send(b"GET /healthz-not HTTP/1.1\r\nHost: x\r\n\r\n")
            return None if c.receive().status == 404 else "the next request was read in another way"
        except Lost as e:
            return f"not open: {e}"


@pytest.mark.parametrize("door,case,word", CASES)
def test_request(server, door, case, word):
    text = expand(case, word)
    for name, value in DOORS[door].items():
        text = text.replace(name, value.replace("\r\n", "\\r\\n"))
    raw = unescape(text)
    address = getattr(server, door)
    for pieces in (False, True):
        wrong = replay(address, raw, case["expect"], pieces, raw.split(b" ", 1)[0].decode("latin-1"))
        assert wrong is None, (f"{case['file']}.txt:{case['line']}{' in pieces' if pieces else ''}: "
                               f"{wrong}\n{raw[:300]!r}\n{case['rule']}")


def test_the_corpus_is_large():
    assert len({(p.values[1]["file"], p.values[1]["name"], p.values[2]) for p in CASES}) >= 300


@pytest.mark.parametrize("raw,expected,wrong", [
    (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "400 close", "answer 1 is 200, not 400"),
    (b"GET /healthz HTTP/1.1\r\n\r\n", "ok open", "answer 1 is 400, not ok"),
    (b"GET /healthz HTTP/1.1\r\n\r\n", "400 open", "not open"),
    (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "200 close", "not closed"),
])
def test_the_replayer_sees_what_is_wrong(server, raw, expected, wrong):
    assert replay(server.public, raw, expected, False, "GET").startswith(wrong)
