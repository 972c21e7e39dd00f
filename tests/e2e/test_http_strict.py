"""What a connection does over time, at both doors; single requests are in tests/http."""

import re
import socket
import time

import pytest

from huoma import PHONE, TOKEN, Connection, Lost, build_request, once, redirect_groups, wait_for

SLUG = "strict"
BEARER = f"Authorization: Bearer {TOKEN}\r\n".encode()


@pytest.fixture(scope="module", autouse=True)
def campaign(server):
    server.create(SLUG, redirect_groups(None))


@pytest.fixture(params=["public", "admin"])
def door(request, server):
    """(address, a path that answers GET, a path that takes POST)"""
    if request.param == "public":
        return server.public, b"/" + SLUG.encode(), b"/" + SLUG.encode() + b"/seat"
    return server.admin, b"/api/v1/campaigns", b"/api/v1/campaigns"


def fill(raw, door):
    return raw.replace(b"@GET", door[1]).replace(b"@POST", door[2])


def ask(address, raw):
    """The answer to these bytes, and whether the connection was then closed without another word."""
    with Connection(address) as c:
        c.send(raw)
        answer = c.receive(raw.split(b" ", 1)[0].decode("latin-1"))
        return answer, c.closed(0.3 if answer.header("Connection") != "close" else 5)


H = b"Host: x\r\n"
GET = b"GET @GET HTTP/1.1\r\n"
POST = b"POST @POST HTTP/1.1\r\n" + H

def chunked(body, slug):
    return (b"POST /api/v1/campaigns HTTP/1.1\r\nHost: x\r\n" + BEARER + b"Content-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n" + body.replace(b"@", slug))


def test_chunked_bodies_on_the_admin_door(server):
    good = b'5;a=b\r\n{"slu\r\nc\r\ng":"chunk-1"\r\n24\r\n,"url":"https://example.com/a?b=cd"}\r\n0\r\n\r\n'
    with Connection(server.admin) as c:
        c.send(chunked(good, b""))
        assert c.receive().status == 201
        assert c.request("GET", "/api/v1/campaigns/chunk-1", {"Authorization": "Bearer " + TOKEN}).status == 200


def test_a_chunked_body_has_a_limit(server):
    with Connection(server.admin) as c:
        c.send(chunked(b"", b""))
        piece = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
        try:
            for _ in range(64):
                c.send(piece)
            answer = c.receive()
        except Lost:
            answer = c.receive()
        assert answer.status == 413


def test_wrong_method_says_which(door):
    for method in (b"DELETE", b"PUT", b"PATCH"):
        raw = method + b" @GET HTTP/1.1\r\n" + H + BEARER + (b"Content-Length: 0\r\n" if method != b"DELETE"
                                                             else b"") + b"Connection: close\r\n\r\n"
        answer, _ = ask(door[0], fill(raw, door))
        assert answer.status == 405, answer
        assert "GET" in answer.header("Allow").split(", ")


def test_absolute_form_is_not_trusted(server):
    for target in (b"http://evil.example/strict", b"HTTP://EVIL.example:99/strict", b"https://evil.example/strict?a=b"):
        raw = (b"GET " + target
               + b" HTTP/1.1\r\nHost: also-evil.example\r\nUser-Agent: Twitterbot/1.0\r\nConnection: close\r\n\r\n")
        answer, closed = ask(server.public, raw)
        assert (answer.status, closed) == (200, True)
        everything = repr(answer.headers) + answer.text
        assert "evil.example" not in everything.lower() and "q.example.com/strict" in answer.text
    for path in (b"/nobody", b"", b"/api/v1/campaigns"):
        for address in (server.public, server.admin):
            answer, _ = ask(address,
                            b"GET http://evil.example" + path
                            + b" HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
            assert "evil.example" not in (repr(answer.headers) + answer.text).lower()


# --- connections that go on ---


def assert_open(c, door):
    c.send(fill(GET + H + BEARER + b"\r\n", door))
    assert c.receive().status in (200, 302)


def test_keep_alive(door):
    with Connection(door[0]) as c:
        for _ in range(20):
            assert_open(c, door)
        c.send(fill(GET + H + BEARER + b"Connection: close\r\n\r\n", door))
        answer = c.receive()
        assert answer.header("Connection") == "close" and c.closed() is True


@pytest.mark.parametrize("connection,stays",
                         [(None, False), (b"keep-alive", True), (b"Keep-Alive", True), (b"close", False),
                                              (b"keep-alive, close", False)])
def test_http_1_0(door, connection, stays):
    line = b"Connection: " + connection + b"\r\n" if connection else b""
    raw = fill(b"GET @GET HTTP/1.0\r\n" + H + BEARER + line + b"\r\n", door)
    with Connection(door[0]) as c:
        c.send(raw)
        answer = c.receive()
        assert answer.status in (200, 302)
        if stays:
            assert answer.header("Connection").lower() == "keep-alive"
            c.send(raw)
            assert c.receive().status in (200, 302)
        else:
            assert c.closed() is True


def test_http_1_0_needs_no_host(server):
    answer, closed = ask(server.public, b"GET /strict HTTP/1.0\r\n\r\n")
    assert (answer.status, closed) == (302, True)


def test_connection_close_in_a_list(door):
    with Connection(door[0]) as c:
        c.send(fill(GET + H + BEARER + b"Connection: x, CLOSE\r\n\r\n", door))
        c.receive()
        assert c.closed() is True


def test_upgrade_is_not_taken_up(door):
    with Connection(door[0]) as c:
        c.send(fill(GET + H + BEARER + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", door))
        assert c.receive().status in (200, 302)


def test_expect_100_continue(server):
    body = b'{"slug":"continued","url":"https://example.com/"}'
    with Connection(server.admin) as c:
        c.send(b"POST /api/v1/campaigns HTTP/1.1\r\n" + H + BEARER
               + b"Content-Type: application/json\r\nExpect: 100-continue\r\n"
               b"Content-Length: %d\r\n\r\n" % len(body))
        assert c.receive().status == 100
        c.send(body)
        assert c.receive().status == 201
    # the final answer at once when it is a refusal: nobody waits to send a body for nothing
    with Connection(server.admin) as c:
        c.send(b"POST /api/v1/campaigns HTTP/1.1\r\n" + H + BEARER
               + b"Content-Type: application/json\r\nExpect: 100-continue\r\n"
               b"Content-Length: 99999999\r\n\r\n")
        assert c.receive().status == 413 and c.closed() is True


def test_who_begins_with_a_burst_is_heard_again(server):
    """More at once than are served before the others get their turn."""
    burst = build_request("GET", "/robots.txt") * 40
    with Connection(server.public) as c:
        for _ in range(3):
            c.send(burst)
            assert {c.receive().status for _ in range(40)} == {200}


def test_a_burst_whose_sender_has_ended_is_answered_whole(server):
    with Connection(server.public) as c:
        c.send(build_request("GET", "/robots.txt") * 40)
        c.socket.shutdown(socket.SHUT_WR)
        assert {c.receive().status for _ in range(40)} == {200}
        assert c.closed() is True


def test_pipelined_requests_are_answered_in_order(server):
    """100 at once, of all kinds: each answer is told by its status, and HEAD has no body."""
    kinds = [("GET", "/strict", 302), ("HEAD", "/strict", 200), ("POST", "/strict/seat", 409), ("GET", "/nobody", 404),
             ("GET", "/healthz", 200),
             ("POST", "/nobody/next", 404), ("DELETE", "/strict", 405), ("GET", "/robots.txt", 200)]
    row = [kinds[(i * i + i // 3) % len(kinds)] for i in range(100)]
    raw = b"".join(build_request(m, p, {"User-Agent": PHONE}, b"" if m == "POST" else None) for m, p, _ in row)
    for pieces in (1, 7):
        with Connection(server.public) as c:
            step = len(raw) // pieces + 1
            for i in range(0, len(raw), step):
                c.send(raw[i:i + step])
            for n, (method, path, status) in enumerate(row):
                answer = c.receive(method)
                assert answer.status == status, f"{n}: {method} {path}: {answer}"
                if path == "/robots.txt":
                    assert b"Disallow" in answer.body
                if path == "/healthz":
                    assert answer.body.strip() == b"ok"
            assert not c.buffer


def test_pipelined_admin_requests_are_answered_in_order(server):
    auth = {"Authorization": "Bearer " + TOKEN, "Content-Type": "application/json"}
    bodies = [b'{"slug":"pipe-%d","title":"t%d","url":"https://example.com/%d"}' % (i, i, i) for i in range(30)]
    with Connection(server.admin) as c:
        c.send(b"".join(build_request("POST", "/api/v1/campaigns", auth, b)
                        + build_request("GET", f"/api/v1/campaigns/pipe-{i}", auth)
                        for i, b in enumerate(bodies)))
        for i in range(len(bodies)):
            assert c.receive().status == 201
            assert c.receive().json()["title"] == f"t{i}", "a request sees what the one before it on its connection did"


def test_two_requests_and_a_split_third_in_one_segment(door):
    one = fill(GET + H + BEARER + b"\r\n", door)
    for cut in (1, 5, len(one) - 3, len(one) - 1):
        with Connection(door[0]) as c:
            c.send(one + one + one[:cut])
            for _ in range(2):
                assert c.receive().status in (200, 302)
            c.send(one[cut:])
            assert c.receive().status in (200, 302)


def test_byte_by_byte(door):
    raw = fill(GET + H + BEARER + b"\r\n", door) * 2
    with Connection(door[0]) as c:
        for i in range(len(raw)):
            c.send(raw[i:i + 1])
            if i % 16 == 0:
                time.sleep(0.001)  # so that bytes really come alone; nothing is waited for
        for _ in range(2):
            assert c.receive().status in (200, 302)


def test_a_body_byte_by_byte(server):
    raw = build_request("POST", "/api/v1/campaigns",
                        {"Authorization": "Bearer " + TOKEN, "Content-Type": "application/json"},
                        b'{"slug":"drop-by-drop","url":"https://example.com/"}')
    with Connection(server.admin) as c:
        for i in range(len(raw)):
            c.send(raw[i:i + 1])
        assert c.receive().status == 201


def test_head_has_no_body(door):
    with Connection(door[0]) as c:
        c.send(fill(b"HEAD @GET HTTP/1.1\r\n" + H + BEARER + b"\r\n", door))
        head = c.receive("HEAD")
        assert head.status == 200 and int(head.header("Content-Length")) > 0
        assert_open(c, door)
    with Connection(door[0]) as c:
        c.send(b"HEAD /nobody/at/home HTTP/1.1\r\n" + H + BEARER + b"\r\n")
        assert c.receive("HEAD").status == 404
        assert_open(c, door)


def test_a_refused_head_request_has_no_body(door):
    with Connection(door[0]) as c:
        c.send(fill(b"HEAD @GET HTTP/1.1\r\n\r\n", door))
        assert c.receive("HEAD").status == 400
        assert c.closed() is True


# --- clients that leave ---


def settled(server):
    """Descriptors of the server, when they do not change any more."""
    import os
    return len(os.listdir(f"/proc/{server.pid}/fd"))


def test_clients_that_leave_before_their_answer(server):
    used = lambda: server.show(SLUG)["seats"]["used"]
    before, files = used(), settled(server)
    raw = build_request("GET", "/" + SLUG, {"User-Agent": PHONE})
    for i in range(300):
        c = Connection(server.public)
        c.send(raw * (1 + i % 3))
        if i % 3 == 0:
            c.reset()
        elif i % 3 == 1:
            c.close()
        else:
            c.half_close()
            assert c.receive().status == 302, "who only stops sending is still answered"
            c.close()
    wait_for("the connections to be freed", lambda: settled(server) <= files + 2, 10)
    assert once(server.public, "GET", "/healthz").status == 200
    assert before < used() <= before + 300 * 3 + 3


def test_half_closed_pipeline_is_answered_whole(server):
    with Connection(server.public) as c:
        c.send(build_request("GET", "/" + SLUG, {"User-Agent": PHONE}) * 20)
        c.half_close()
        for _ in range(20):
            assert c.receive().status == 302
        assert c.closed() is True


def test_half_a_request_and_gone(door):
    for raw in (b"G", b"GET /stri", fill(GET + b"Host: x", door), fill(POST + b"Content-Length: 10\r\n\r\nabc", door)):
        with Connection(door[0]) as c:
            c.send(raw)
            c.half_close()
            try:
                answer = c.receive()
            except Lost:
                continue
            assert answer.status in (400, 401, 408, 413), answer


def test_nothing_is_written_into_answers(door):
    """What a stranger sends comes back in no header, and in no body unescaped."""
    for target in (b"/%0d%0aX-Evil:%201", b"/%3Cscript%3Ealert(1)%3C/script%3E", b"/<script>",
                   b"/a?b=<script>&c=%0d%0aX-Evil:1"):
        answer, _ = ask(door[0], b"GET " + target + b" HTTP/1.1\r\n" + H + b"Connection: close\r\n\r\n")
        assert answer.header("X-Evil") is None
        assert not re.search(r"<script>(alert|&)", answer.text)


def test_a_head_that_never_ends_is_closed_at_its_deadline(server):
    """One byte a second, from both doors at once: 10 s for the whole head, whatever keeps coming."""
    began = time.monotonic()
    clients = [Connection(a) for a in (server.public, server.admin)]
    for c in clients:
        c.send(b"GET /strict HTTP/1.1\r\nHost: x\r\nA: ")
        c.socket.setblocking(False)
    left = list(clients)

    def drip():
        for c in list(left):
            try:
                if c.socket.recv(4096) == b"":
                    left.remove(c)
                    continue
            except BlockingIOError:
                pass
            except OSError:
                left.remove(c)
                continue
            try:
                c.socket.send(b"a")
            except OSError:
                left.remove(c)
        return not left
    wait_for("the deadline", drip, 16, 0.5)
    took = time.monotonic() - began
    assert 9 <= took <= 13.5, took
    for c in clients:
        c.close()


def test_a_client_that_does_not_read_is_not_waited_for(server):
    """It pipelines and reads nothing: what is kept for it is bounded, and others are served meanwhile."""
    with Connection(server.public, seconds=5) as c:
        c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        c.socket.setblocking(False)
        raw = build_request("GET", "/nobody", {"User-Agent": PHONE}) * 200
        sent = 0
        end = time.monotonic() + 3
        while time.monotonic() < end and sent < 64 << 20:
            try:
                sent += c.socket.send(raw)
            except BlockingIOError:
                if not server.healthy(2):
                    raise AssertionError("others are not served") from None
        assert sent < 32 << 20, f"{sent} bytes were taken from a client that reads nothing"
        assert once(server.public, "GET", "/" + SLUG, {"User-Agent": PHONE}).status == 302
