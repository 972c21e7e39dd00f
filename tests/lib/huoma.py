"""Runs the real `huoma serve` and the real redis-server for tests, and talks to them over raw sockets.

    with Server(workers=2) as server:
        server.create("run", [{"url": "https://chat.example.com/1", "limit": 2}])
        anna = Visitor(server, "run")
        assert anna.scan().status == 302

Every server has a folder and ports of its own, is ended with its Redis when the block is left, and must then have
exited with 0 and without a word from a sanitizer. Nothing here sleeps for a time where it can wait for a condition
(`wait_for`).
"""

import base64
import collections
import contextlib
import fcntl
import itertools
import json
import os
import pathlib
import random
import re
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

import redis as redis_client

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = pathlib.Path(os.environ.get("HUOMA_BIN", ROOT / "build/asan/huoma")).resolve()
TOKEN = "test-owner-token-0123456789abcdef"
START_SECONDS = 30      # a sanitizer's build on a busy machine
STOP_SECONDS = 20
ANSWER_SECONDS = 10     # for one answer, unless a test says otherwise
SANITIZER_WORDS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:", "UndefinedBehavior")
PHONE = ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
         "Mobile/15E148 "
         "MicroMessenger/8.0.50(0x1800323a) NetType/WIFI Language/zh_CN")

_running = []           # what a failing test shows the logs of


@contextlib.contextmanager
def room_for(redis, more):
    """Redis takes so many bytes more, and no others."""
    redis.config_set("maxmemory", redis.info("memory")["used_memory"] + more)
    try:
        yield
    finally:
        redis.config_set("maxmemory", 0)


def wait_for(what, condition, seconds=10.0, step=0.005):
    """Polls the condition until it gives something true, and returns that."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(step)


def seeded(name):
    """A generator whose seed is printed; HUOMA_SEED runs a failure again."""
    seed = int(os.environ.get("HUOMA_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"{name}: HUOMA_SEED={seed}")
    return random.Random(seed)


def logs_of_running():
    """[(title, text)] for a failing test's report."""
    return [(f"log of {p.name} ({p.dir})", p.log()[-4000:]) for p in _running]


def close_running():
    """Ends whatever runs, also what was being started when an exception came."""
    for program in reversed(list(_running)):
        program.close()


def children_of(pid):
    found = []
    with contextlib.suppress(OSError):
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            found += [int(p) for p in (task / "children").read_text().split()]
    return found


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- HTTP, read as strictly as it should be written ---


class ProtocolError(AssertionError):
    """An answer that no server should give."""


class Lost(Exception):
    """The connection ended, broke or stayed silent before a whole answer had come."""


class Response:
    """An answer. `status` 0 stands for none at all: see `Visits`."""

    __slots__ = ("status", "reason", "headers", "body")

    def __init__(self, status, reason="", headers=(), body=b""):
        self.status, self.reason, self.headers, self.body = status, reason, list(headers), body

    def all(self, name):
        name = name.lower()
        return [v for n, v in self.headers if n == name]

    def header(self, name):
        found = self.all(name)
        if len(found) > 1:
            raise ProtocolError(f"{name} came {len(found)} times")
        return found[0] if found else None

    @property
    def group(self):
        return self.header("Huoma-Group")

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)

    @property
    def cookie(self):
        """(value, attributes) of the seat cookie, None if none was set."""
        found = [v for v in self.all("Set-Cookie") if not v.startswith("hw=")]  # that names one who waits
        if len(found) > 1:
            raise ProtocolError(f"{len(found)} cookies")
        if not found:
            return None
        first, *rest = found[0].split("; ")
        name, _, text = first.partition("=")
        if name != "hm":
            raise ProtocolError(f"a cookie named {name!r}")
        return text, {k.lower(): v for k, _, v in (part.partition("=") for part in rest)}

    def __repr__(self):
        return f"<{self.status} {dict(self.headers)} {self.body[:200]!r}>"


STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9]) ([ -~]+)")
HEADER_LINE = re.compile(rb"([A-Za-z0-9-]+): ((?:[!-~\x80-\xff](?:[ -~\x80-\xff]*[!-~\x80-\xff])?)?)")
DATE = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT")
ONCE = ("content-length", "date", "connection", "location", "content-type", "huoma-group", "cache-control", "server")


def parse_chunked(buffer, at):
    """A body in chunks (RFC 9112, 7.1) that is the last of its connection; None while more is needed."""
    if not buffer.endswith(b"\r\n0\r\n\r\n"):
        return None
    body = bytearray()
    while True:
        line = buffer.find(b"\r\n", at)
        if line < 0:
            return None
        if not re.fullmatch(rb"0|[1-9a-f][0-9a-f]{0,7}", buffer[at:line]):
            raise ProtocolError(f"a chunk's size {bytes(buffer[at:line])[:20]!r}")
        size, at = int(buffer[at:line], 16), line + 2
        if buffer[at + size:at + size + 2] != b"\r\n":
            if at + size + 2 > len(buffer):
                return None
            raise ProtocolError("no line's end behind a chunk")
        if size == 0:
            if at + 2 != len(buffer):
                raise ProtocolError("bytes behind the last chunk")
            return bytes(body)
        body += buffer[at:at + size]
        at += size + 2


def parse_response(buffer, head_only):
    """(response, bytes used), or None while more is needed."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        if len(buffer) > 65536:
            raise ProtocolError("a head without end")
        return None
    lines = bytes(buffer[:end]).split(b"\r\n")
    first = STATUS_LINE.fullmatch(lines[0])
    if not first:
        raise ProtocolError(f"status line {lines[0]!r}")
    status, headers, seen = int(first[1]), [], collections.Counter()
    for line in lines[1:]:
        match = HEADER_LINE.fullmatch(line)
        if not match:
            raise ProtocolError(f"header line {line!r}")
        name = match[1].decode().lower()
        headers.append((name, match[2].decode("latin-1")))
        seen[name] += 1
    for name in ONCE:
        if seen[name] > 1:
            raise ProtocolError(f"{name} came {seen[name]} times")
    fields = dict(headers)
    if status >= 200 and not DATE.fullmatch(fields.get("date", "")):
        raise ProtocolError(f"Date {fields.get('date')!r}")
    length = fields.get("content-length")
    if "transfer-encoding" in fields:
        if fields["transfer-encoding"] != "chunked" or length is not None or fields.get(
            "connection") != "close" or status != 200:
            raise ProtocolError(f"Transfer-Encoding: {headers!r} with {status}")
        chunked = b"" if head_only else parse_chunked(buffer, end + 4)
        return None if chunked is None else (Response(status, first[2].decode(), headers, chunked), len(buffer))
    if status < 200 or status == 204:
        if length is not None:
            raise ProtocolError(f"Content-Length with {status}")  # RFC 9110, 8.6
        length = "0"
    elif status == 304:
        length = "0"  # no body, whatever Content-Length says (RFC 9112, 6.3)
    elif length is None or not re.fullmatch("0|[1-9][0-9]{0,9}", length):
        raise ProtocolError(f"Content-Length {length!r} with {status}")
    size = 0 if head_only else int(length)
    if len(buffer) < end + 4 + size:
        return None
    return Response(status, first[2].decode(), headers, bytes(buffer[end + 4:end + 4 + size])), end + 4 + size


def build_request(method, path, headers=None, body=None, host="localhost"):
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    for name, value in (headers or {}).items():
        lines.append(f"{name}: {value}")
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + (body or b"")


class Connection:
    """One raw connection: what is sent is what the test wrote."""

    def __init__(self, address, seconds=ANSWER_SECONDS, source=None):
        self.socket = socket.create_connection(address, timeout=seconds, source_address=(source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Leaves with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError as e:
            raise Lost(f"send: {e}") from e

    def receive(self, method="GET"):
        """The next answer, to a request of that method."""
        while True:
            got = parse_response(self.buffer, method == "HEAD")
            if got:
                del self.buffer[:got[1]]
                return got[0]
            try:
                data = self.socket.recv(65536)
            except OSError as e:
                raise Lost(f"receive: {e!r}, so far {bytes(self.buffer[:200])!r}") from e
            if not data:
                raise Lost(f"closed, so far {bytes(self.buffer[:200])!r}")
            self.buffer += data

    def request(self, method, path, headers=None, body=None, host="localhost"):
        self.send(build_request(method, path, headers, body, host))
        return self.receive(method)

    def closed(self, seconds=ANSWER_SECONDS):
        """True when the server closes without another byte; else False, or what else it said."""
        if self.buffer:
            return bytes(self.buffer)
        self.socket.settimeout(seconds)
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            return True
        except OSError:
            return False
        return data if data else True


def once(address, method, path, headers=None, body=None, seconds=ANSWER_SECONDS):
    """One request on a connection of its own."""
    with Connection(address, seconds) as c:
        return c.request(method, path, {"Connection": "close", **(headers or {})}, body)


# --- many clients at once ---


class Visits:
    """Many visits at once from one thread. A visit is a generator: it yields requests (bytes) and is sent their
    answers.

        def visit():
            answer = yield get("/run")
            if answer.cookie:
                yield post("/run/seat", answer.cookie[0])

    A request that got no whole answer (refused, broken, silent for `seconds`) gets a Response with status 0, which a
    test that breaks nothing must not see. Each visit has a place of its own among `at_once`, and a connection that is
    kept for its requests and the visits that follow on that place, unless `keep` is False. `targets` are used in turn.
    """

    def __init__(self, targets, visits, at_once=64, keep=True, seconds=ANSWER_SECONDS):
        self.targets = itertools.cycle(targets if isinstance(targets, list) else [targets])
        self.visits, self.at_once, self.keep, self.seconds = iter(visits), at_once, keep, seconds
        self.answers = collections.Counter()   # by status
        self.times = []                        # seconds of each answer
        self.stopped = threading.Event()
        self.error = None
        self.thread = None

    def run(self):
        """Until the visits are used up, or `stop`. Returns self."""
        self.selector = selectors.DefaultSelector()
        self.busy, self.refused = 0, []
        places = []
        try:
            for _ in range(self.at_once):
                place = _Place(self)
                places.append(place)
                place.next_visit()
            checked = time.monotonic()
            while self.busy:
                for key, _ in self.selector.select(0.002 if self.refused else 0.05):
                    key.data.ready()
                refused, self.refused = self.refused, []
                for place in refused:
                    place.answer(None)
                now = time.monotonic()
                if now > checked + 0.05:
                    checked = now
                    for place in places:
                        place.check(now)
        finally:
            for place in places:
                place.close()
            self.selector.close()
        return self

    def start(self):
        """The same in a thread, until `stop`."""
        def body():
            try:
                self.run()
            except BaseException as e:
                self.error = e
        self.thread = threading.Thread(target=body, daemon=True)
        self.thread.start()
        return self

    def stop(self):
        """Lets visits under way come to their end, and hands on what went wrong."""
        self.stopped.set()
        return self.join()

    def join(self, seconds=120):
        self.thread.join(seconds)
        assert not self.thread.is_alive(), "the visits do not end"
        if self.error:
            raise self.error
        return self

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        self.stopped.set()
        self.thread.join(120)
        if self.error and kind is None:
            raise self.error

    @property
    def lost(self):
        return self.answers[0]


class _Place:
    """One client among many: at most one connection and one visit at a time."""

    def __init__(self, all_):
        self.all, self.socket, self.visit, self.request = all_, None, None, None
        self.buffer, self.target, self.asked = bytearray(), next(all_.targets), 0.0

    def next_visit(self):
        while True:
            visit = None if self.all.stopped.is_set() else next(self.all.visits, None)
            if visit is None:
                if self.visit is not None:
                    self.all.busy -= 1
                self.visit = None
                self.close()
                return
            if self.visit is None:
                self.all.busy += 1
            self.visit = visit
            try:
                self.ask(next(visit))
                return
            except StopIteration:
                continue

    def ask(self, request):
        self.request, self.asked = request, time.monotonic()
        try:
            if self.socket is None:
                self.target = next(self.all.targets)
                self.socket = socket.create_connection(self.target, timeout=self.all.seconds)
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.all.selector.register(self.socket, selectors.EVENT_READ, self)
            self.socket.sendall(self.request)
        except OSError:
            # answered by the loop, not from here: a server that is down would make this recurse
            self.all.refused.append(self)

    def ready(self):
        if self.socket is None:
            return
        try:
            data = self.socket.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.answer(None)
            return
        self.buffer += data
        got = parse_response(self.buffer, self.request.startswith(b"HEAD "))
        while got and got[0].status == 100:
            del self.buffer[:got[1]]
            got = parse_response(self.buffer, False)
        if got:
            del self.buffer[:got[1]]
            if self.buffer:
                raise ProtocolError(f"more than an answer: {bytes(self.buffer[:100])!r}")
            self.answer(got[0])

    def check(self, now):
        if self.visit is not None and now - self.asked > self.all.seconds:
            self.answer(None)

    def answer(self, response):
        if response is None or not self.all.keep or (response.header("Connection") or "").lower() == "close":
            self.close()
        response = response or Response(0)
        self.all.answers[response.status] += 1
        self.all.times.append(time.monotonic() - self.asked)
        try:
            self.ask(self.visit.send(response))
        except StopIteration:
            self.next_visit()

    def close(self):
        if self.socket is not None:
            with contextlib.suppress(KeyError):
                self.all.selector.unregister(self.socket)
            self.socket.close()
        self.socket = None
        self.buffer.clear()


def get(path, cookie=None, **headers):
    headers = {k.replace("_", "-"): v for k, v in headers.items()}
    if cookie:
        headers["Cookie"] = "hm=" + cookie
    return build_request("GET", path, {"User-Agent": PHONE, **headers})


def post(path, cookie=None, **headers):
    headers = {k.replace("_", "-"): v for k, v in headers.items()}
    if cookie:
        headers["Cookie"] = "hm=" + cookie
    return build_request("POST", path, {"User-Agent": PHONE, **headers}, b"")


class Crowd:
    """New visitors of a campaign for `Visits`, and what they were told. `rough`: somebody breaks things meanwhile, so
    that a visitor may get no answer, a 503 or a proxy's 502; else that is a failure."""

    def __init__(self, slug, confirm=False, rough=False):
        self.slug, self.confirm, self.rough = slug, confirm, rough
        self.groups = collections.Counter()      # answered seats by group; "none" for the fallback
        self.confirmed = collections.Counter()   # answered confirmations by group
        self.held = collections.Counter()        # (group, due, serial): must never come twice
        self.cookies = []                        # (group, cookie) of every seat
        self.log = []                            # (asked at, group)

    def visit(self):
        asked = time.time()
        answer = yield get("/" + self.slug)
        if self.rough and answer.status in (0, 502, 503):
            return
        assert answer.status in (200, 302), answer
        self.groups[answer.group] += 1
        self.log.append((asked, answer.group))
        if answer.group == "none":
            return
        state, group, due, serial = seat_of(answer.cookie[0])
        assert group == answer.group
        self.cookies.append((group, answer.cookie[0]))
        if state == "h":
            self.held[group, due, serial] += 1
        if self.confirm:
            kept = yield post(f"/{self.slug}/seat", answer.cookie[0])
            assert kept.status == 204 or (self.rough and kept.status in (0, 503)), kept
            if kept.status == 204:
                self.confirmed[group] += 1

    def visits(self, count=None):
        return (self.visit() for _ in (range(count) if count else itertools.count()))

    def seats(self):
        return sum(n for group, n in self.groups.items() if group != "none")

    def __iadd__(self, other):
        """What other visitors of the campaign were told, too."""
        for mine, theirs in ((self.groups, other.groups), (self.confirmed, other.confirmed), (self.held, other.held)):
            mine.update(theirs)
        return self

    def check_serials(self):
        twice = [seat for seat, n in self.held.items() if n > 1]
        assert not twice, f"given twice: {twice}"


def percentile(times, share):
    times = sorted(times)
    return times[min(len(times) - 1, int(len(times) * share))] if times else float("nan")


class Visitor:
    """A phone: keeps the seat cookie by its path, as browsers do (RFC 6265, 5.1.4), and follows nothing by itself."""

    def __init__(self, server, slug, agent=PHONE, address=None):
        self.address, self.slug, self.agent, self.jar = address or server.public, slug, agent, {}

    def ask(self, method, path, **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        for scope, value in self.jar.items():
            if path == scope or path.startswith(scope.rstrip("/") + "/"):
                headers.setdefault("Cookie", "hm=" + value)
        body = b"" if method == "POST" else None
        answer = once(self.address, method, path, {"User-Agent": self.agent, **headers}, body)
        if answer.cookie:
            value, attributes = answer.cookie
            if attributes.get("max-age") == "0":
                self.jar.pop(attributes["path"], None)
            else:
                self.jar[attributes["path"]] = value
        return answer

    def scan(self, channel=None, **headers):
        return self.ask("GET", f"/{self.slug}" + (f"/{channel}" if channel else ""), **headers)

    def scan_often(self):
        """Comes back until each worker has read the campaign: what it never read it can't serve without Redis."""
        for _ in range(40):
            assert self.scan().cookie is None

    def confirm(self):
        return self.ask("POST", f"/{self.slug}/seat")

    def next(self):
        return self.ask("POST", f"/{self.slug}/next")

    @property
    def cookie(self):
        return self.jar.get("/" + self.slug)


def seat_of(cookie):
    """What a seat cookie says (campaign/seat_token.h): (state 'c' or 'h', group, due, serial)."""
    version, state, group, due, serial, _, _ = cookie.split(".")
    assert version == "1" and state in "ch", cookie
    return state, group, int(due, 16), int(serial, 16)


# --- processes ---

# Where a process runs, see own_network.Machine.
Place = collections.namedtuple("Place", "address control enter")
HERE = Place("127.0.0.1", "127.0.0.1", ())


class Program:
    """A process in a folder of its own, with its log."""

    def __init__(self, name, folder=None):
        self.name, self.process = name, None
        self.own_folder = folder is None
        self.dir = pathlib.Path(folder or tempfile.mkdtemp(prefix=f"huoma-{name}-"))

    def spawn(self, command, env=None):
        with open(self.dir / f"{self.name}.log", "ab") as log:
            self.process = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            cwd=self.dir, env=env, start_new_session=True)
        if self not in _running:
            _running.append(self)

    @property
    def pid(self):
        return self.process.pid

    def lives(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.log()[-4000:]}")
        return True

    def log(self):
        path = self.dir / f"{self.name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """kill -9, and gone."""
        self.process.kill()
        self.process.wait()

    def close(self):
        """Nothing is left of it."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.wait_gone()
        if self in _running:
            _running.remove(self)
        if self.own_folder:
            shutil.rmtree(self.dir, ignore_errors=True)

    def wait_gone(self):
        """Until its own children are gone too."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class RedisServer(Program):
    """A redis-server of the test's own, on a unix socket (and a port, if `tcp`), with the persistence that we
    promise."""

    def __init__(self, tcp=False, options=()):
        super().__init__("redis")
        self.socket, self.tcp, self.options, self.port = self.dir / "r.sock", tcp, options, 0
        self.start()

    def start(self):
        for _ in range(10):
            if self.tcp and not self.port:
                with socket.socket() as s:
                    s.bind(("127.0.0.1", 0))
                    self.port = s.getsockname()[1]
            self.spawn(["redis-server", "--port", self.port, "--bind", "127.0.0.1", "--unixsocket", self.socket,
                        "--dir", self.dir,
                        "--appendonly", "yes", "--appendfsync", "always", "--save", "",
                        "--maxmemory-policy", "noeviction", *self.options])
            with contextlib.suppress(AssertionError):
                wait_for("redis-server", lambda: self.lives() and self.answers(), START_SECONDS)
                return self
            self.port = 0  # somebody took the port in between
        raise AssertionError("redis-server does not start:\n" + self.log()[-4000:])

    def answers(self):
        try:
            return self.client().ping()
        except redis_client.RedisError:
            return False

    def client(self):
        return redis_client.Redis(unix_socket_path=str(self.socket), socket_timeout=10, decode_responses=True)

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0" if self.tcp else f"unix://{self.socket}"


class Server(Program):
    """`huoma serve`. `flags` go behind ours; `before` is put in front of the command (prlimit …)."""

    def __init__(self, workers=2, redis=None, redis_url=None, hold_seconds=None, flags=(), env=None, data_dir=None,
                 before=(),
                 binary=None, base_url=None, start=True, name="huoma", at=HERE):
        super().__init__(name)
        self.data_dir = pathlib.Path(data_dir) if data_dir else self.dir / "data"
        self.redis, self.control = redis, at.control
        command = [*at.enter, *before, binary or BINARY, "serve", "--listen", f"{at.control}:0", "--admin-listen",
                   f"{at.control}:0",
                   "--data-dir", self.data_dir, "--ready-file", self.dir / "ready.json", "--workers", workers]
        url = redis_url or (redis.url if redis else None)
        self.embedded = url is None
        for flag, value in (("--redis-url", url), ("--hold-seconds", hold_seconds), ("--base-url", base_url)):
            if value is not None:
                command += [flag, value]
        self.command = [str(c) for c in [*command, *flags]]
        clean = {k: v for k, v in os.environ.items() if not k.startswith("HUOMA_")}
        self.env = {**clean, "HUOMA_ADMIN_TOKEN": TOKEN, "ASAN_OPTIONS": "abort_on_error=0:detect_leaks=1",
                    "UBSAN_OPTIONS": "print_stacktrace=1", **(env or {})}
        self.public = self.admin = None
        self.expect_exit = True
        if start:
            self.start()

    def start(self):
        began = time.monotonic()
        with contextlib.suppress(FileNotFoundError):
            (self.dir / "ready.json").unlink()
        try:
            self.spawn(self.command, self.env)
        except OSError:
            self.close()
            raise
        self.meet()
        self.ready_seconds = time.monotonic() - began
        return self

    def meet(self):
        """Until it serves."""
        try:
            self.ready = json.loads(wait_for("the ready file", lambda: self.lives() and self.read_ready(),
                                             START_SECONDS, 0.002))
        except BaseException:
            self.expect_exit = False
            self.close()
            raise
        self.expect_exit = True
        self.public, self.admin = ((self.control, int(self.ready[k].rsplit(":", 1)[1])) for k in ("public", "admin"))

    def read_ready(self):
        path = self.dir / "ready.json"
        return path.read_text() if path.exists() else None

    # processes

    def redis_pid(self):
        """The embedded Redis, None while it is down."""
        for pid in children_of(self.pid):
            with contextlib.suppress(OSError):
                if "redis" in pathlib.Path(f"/proc/{pid}/comm").read_text() or \
                   "valkey" in pathlib.Path(f"/proc/{pid}/comm").read_text():
                    return pid
        return None

    def redis_kill(self):
        """kill -9 of the embedded Redis."""
        os.kill(wait_for("the embedded Redis", self.redis_pid), signal.SIGKILL)

    def redis_client(self):
        if self.redis:
            return self.redis.client()
        path = self.ready["redis"].removeprefix("unix://")
        return redis_client.Redis(unix_socket_path=path, socket_timeout=10, decode_responses=True)

    def kill(self):
        """kill -9. The embedded Redis must be gone too before its folder is free."""
        super().kill()
        self.expect_exit = False
        self.wait_gone()

    def wait_gone(self):
        """Until nobody, neither server nor Redis, holds data_dir."""
        def free():
            with open(self.data_dir / "lock", "rb") as f:
                try:
                    fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return True
                except BlockingIOError:
                    return False
        if self.embedded and (self.data_dir / "lock").exists():
            wait_for("data_dir to be free", free)

    def stop(self):
        """SIGTERM; it must end by itself, with 0, and say nothing of a sanitizer."""
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"SIGTERM is not obeyed within {STOP_SECONDS} s:\n{self.log()[-4000:]}") from None
        finally:
            self.expect_exit = False
        self.check_log()
        assert code == 0, f"exit code {code}:\n{self.log()[-8000:]}"

    def check_log(self):
        log = self.log()
        for word in SANITIZER_WORDS:
            assert word not in log, log[max(0, log.find(word) - 500):][:12000]

    def __exit__(self, kind, *_):
        try:
            if self.expect_exit:
                if kind is None:
                    self.lives()
                    self.stop()
                elif self.process.poll() is None:
                    with contextlib.suppress(AssertionError):
                        self.stop()
            self.check_log()
        finally:
            if kind is not None:
                print(f"--- {self.name}, its last lines\n{self.log()[-6000:]}")
            self.close()

    # admin

    def api(self, method, path, body=None, expect=None, token=TOKEN, seconds=ANSWER_SECONDS, **headers):
        """A call of the admin API; `expect` is the status that it must have, or "any"; 2xx if not given."""
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        if token:
            headers["Authorization"] = "Bearer " + token
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        elif method in ("POST", "PUT", "PATCH"):
            data = b""
        answer = once(self.admin, method, "/api/v1" + path, headers, data, seconds)
        good = expect == "any" or (answer.status == expect if expect else 200 <= answer.status < 300)
        assert good, f"{method} {path}: {answer!r}"
        return answer

    def create(self, slug, groups, expect=201, **fields):
        """A campaign; the answer's JSON."""
        body = {"slug": slug, "title": fields.pop("title", slug), "groups": groups, **fields}
        return self.api("POST", "/campaigns", body, expect).json()

    def patch(self, slug, body, group=None, expect=200):
        path = f"/campaigns/{slug}" + (f"/groups/{group}" if group else "")
        return self.api("PATCH", path, body, expect).json()

    def show(self, slug):
        """A campaign as the API shows it, its sums checked."""
        return check_campaign(self.api("GET", f"/campaigns/{slug}").json())

    def groups(self, slug):
        return {g["id"]: g for g in self.show(slug)["groups"]}

    def healthy(self, seconds=0.5):
        try:
            return once(self.public, "GET", "/healthz", seconds=seconds).status == 200
        except (OSError, Lost):
            return False

    def recovered(self):
        """Healthy on every thread: each has a link to Redis of its own, and which worker answers is the kernel's
        choice."""
        return (all(self.healthy(1) for _ in range(24))
                and self.api("GET", "/campaigns?limit=1", expect="any").status == 200)

    def log_fields(self, event):
        """The log lines of one event, as dicts."""
        found = []
        for line in self.log().splitlines():
            fields = dict(re.findall(r'([a-z_]+)=("(?:[^"\\]|\\.)*"|\S+)', line))
            if fields.get("event") == event:
                found.append(fields)
        return found


def check_campaign(c):
    """What must be true of every campaign at every moment."""
    for g in c["groups"]:
        assert g["used"] == g["confirmed"] + g["held"], g
        assert g["used"] >= 0 and g["held"] >= 0 and g["confirmed"] >= 0 and g["reports"] >= 0, g
    assert c["seats"]["used"] == sum(g["used"] for g in c["groups"]), c
    assert c["seats"]["held"] == sum(g["held"] for g in c["groups"]), c
    return c


def check_ledger(c, answered, limit_at_most=None):
    """The ledger against what visitors were told: answered seats by group <= counted <= limit. answered: a Counter of
    ids."""
    for g in check_campaign(c)["groups"]:
        limit = (limit_at_most or {}).get(g["id"], g["limit"])
        assert limit is None or g["used"] <= limit, f"more than the limit {limit}: {g}"
        assert answered[g["id"]] <= g["used"], f"{answered[g['id']]} visitors were told, the ledger has {g}"


def link(n):
    """The link of a made-up group that redirects."""
    return f"https://chat.example.com/{n}"


def wechat(n):
    """The link of a made-up WeChat group: a page with its code."""
    return f"https://weixin.qq.com/g/AwYAA{n}"


def redirect_groups(*limits):
    return [{"url": link(i + 1), "show": "redirect", "limit": n} for i, n in enumerate(limits)]


def page_groups(*limits):
    return [{"url": wechat(i + 1), "show": "page", "limit": n} for i, n in enumerate(limits)]


def code_on(answer, tmp_path):
    """The text of the one QR on a page, read by a decoder that is not ours."""
    images = re.findall(r"<img\b[^>]*>", answer.text)
    assert len(images) == 1, images
    assert "<svg" not in answer.text and "<canvas" not in answer.text
    data = re.search(r'src="data:image/png;base64,([A-Za-z0-9+/=]+)"', images[0])
    assert data, images[0][:200]
    (tmp_path / "code.png").write_bytes(base64.b64decode(data[1], validate=True))
    out = subprocess.run(["zbarimg", "--quiet", "--raw", str(tmp_path / "code.png")], capture_output=True, text=True,
                         check=True)
    return out.stdout.strip()
