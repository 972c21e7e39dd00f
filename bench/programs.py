"""The programs that the bench compares: nginx with its Redis, a Redis alone, huoma. Each has a folder and a port of its
own, and is gone when its `stop` has returned."""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TICK = os.sysconf("SC_CLK_TCK")
START_SECONDS = 20
TOKEN = "bench-owner-token-0123456789abcdef"

# The options of the embedded Redis that cost something at its start and with each write; for "the same Redis, alone".
REDIS_DURABLE = ["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction"]
REDIS_VOLATILE = ["--appendonly", "no", "--save", ""]


def wait_for(what, condition, seconds=START_SECONDS, step=0.001):
    """Polls the condition until it gives something true, and returns that."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(step)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def children_of(pid):
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        found += [int(p) for p in (task / "children").read_text().split()]
    return found


def cpu_seconds(pids):
    """User plus system time of these processes, all their threads included."""
    total = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def cpu_ns(threads):
    """The time on a processor of these (process, thread), in ns."""
    return sum(int(pathlib.Path(f"/proc/{pid}/task/{tid}/schedstat").read_text().split()[0]) for pid, tid in threads)


def rss_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no VmRSS of process {pid}")


def fsync_seconds(count=500):
    """A small append's fsync in the folder for temporary files, where the programs have theirs: median time, mean
    CPU."""
    times, before = [], time.process_time()
    with tempfile.TemporaryFile(buffering=0) as f:
        for _ in range(count):
            f.write(b"x" * 200)
            began = time.monotonic()
            os.fdatasync(f.fileno())
            times.append(time.monotonic() - began)
    return statistics.median(times), (time.process_time() - before) / count


def redis_says(path, command):
    """One command to a Redis on a unix socket; the first line of its answer, None if it can't be reached."""
    words = b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in command)
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(5)
            s.connect(str(path))
            s.sendall(b"*%d\r\n" % len(command) + words)
            return s.makefile("rb").readline().strip() or None
    except OSError:
        return None


def redis_line(path, command):
    """A bulk string as an answer: its text."""
    words = b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in command)
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(5)
        s.connect(str(path))
        s.sendall(b"*%d\r\n" % len(command) + words)
        answer = s.makefile("rb")
        if not answer.readline().startswith(b"$"):
            raise RuntimeError("Redis refused " + command[0].decode())
        return answer.readline().strip()


class Program:
    """A process in a folder of its own."""

    def __init__(self, name):
        self.name = name
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=f"huoma-bench-{name}-"))
        self.process = None

    def spawn(self, command, env=None):
        with open(self.dir / "log", "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.dir,
                                            env={**os.environ, **(env or {})}, start_new_session=True)

    def lives(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n" + self.log())
        return True

    def log(self):
        return (self.dir / "log").read_text(errors="replace")[-4000:]

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


class Redis(Program):
    def __init__(self, options):
        super().__init__("redis")
        self.socket = self.dir / "r.sock"
        self.began = time.monotonic()
        self.spawn(["redis-server", "--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.dir), *options])
        wait_for("redis-server", lambda: self.lives() and redis_says(self.socket, [b"PING"]) == b"+PONG")
        self.ready_seconds = time.monotonic() - self.began

    def pids(self):
        return [self.process.pid]


class Nginx(Program):
    """The yardsticks: /bare is nginx's own redirect, /seat is nginx + Lua + Redis without fsync."""

    def __init__(self):
        super().__init__("nginx")
        self.redis = Redis(REDIS_VOLATILE)
        script = (HERE / "yardsticks/seat.lua").read_bytes()
        sha = redis_line(self.redis.socket, [b"SCRIPT", b"LOAD", script]).decode()
        self.port = free_port()
        text = (HERE / "yardsticks/nginx.conf").read_text()
        for name, value in (("@DIR@", self.dir), ("@PORT@", self.port), ("@SOCK@", self.redis.socket), ("@SHA@", sha)):
            text = text.replace(name, str(value))
        if os.geteuid() != 0:
            own = "".join(f"    {part}_temp_path {self.dir}/{part};\n"
                          for part in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
            text = text.replace("user root;\n", "").replace("http {\n", "http {\n" + own)
        (self.dir / "nginx.conf").write_text(text)
        self.spawn(["/usr/sbin/nginx", "-e", str(self.dir / "nginx.err"), "-c", str(self.dir / "nginx.conf"),
                    "-g", "daemon off;"])
        for path in ("/bare", "/seat"):
            wait_for(f"nginx {path}", lambda p=path: self.lives() and answers(self.port, p) == 302)
        self.worker = children_of(self.process.pid)

    def pids_bare(self):
        return self.worker

    def pids_seat(self):
        return self.worker + self.redis.pids()

    def stop(self):
        super().stop()
        self.redis.stop()


class Huoma(Program):
    """huoma serve with one worker and the embedded Redis as it comes: appendfsync always."""

    def __init__(self, binary):
        super().__init__("huoma")
        ready = self.dir / "ready.json"
        self.began = time.monotonic()
        self.spawn([str(binary), "serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
                    "--data-dir", str(self.dir / "data"), "--ready-file", str(ready), "--workers", "1"],
                   {"HUOMA_ADMIN_TOKEN": TOKEN})
        wait_for("huoma", lambda: self.lives() and ready.exists())
        self.ready_seconds = time.monotonic() - self.began
        told = json.loads(ready.read_text())
        self.port = int(told["public"].rsplit(":", 1)[1])
        self.admin_port = int(told["admin"].rsplit(":", 1)[1])

    def pids(self):
        return [self.process.pid, *children_of(self.process.pid)]

    def campaign(self, slug, groups, **fields):
        body = json.dumps({"slug": slug, "title": slug, "groups": groups, **fields})
        link = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=30)
        link.request("POST", "/api/v1/campaigns", body,
                     {"Authorization": "Bearer " + TOKEN, "Content-Type": "application/json"})
        answer = link.getresponse()
        text = answer.read()
        link.close()
        if answer.status != 201:
            raise RuntimeError(f"campaign {slug}: {answer.status} {text[:300]!r}")

    def scan(self, path):
        """One scan of a new visitor: (status, cookie or None)."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        link.request("GET", path)
        answer = link.getresponse()
        answer.read()
        link.close()
        cookie = answer.getheader("Set-Cookie")
        return answer.status, cookie.split(";")[0] if cookie else None


def answers(port, path):
    """The status that a GET gets, None while nobody listens."""
    try:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        link.request("GET", path)
        return link.getresponse().status
    except OSError:
        return None
    finally:
        link.close()


def wrk(port, path, connections, seconds, close=False, cookie=None, headers=None, numbers=0):
    """What wrk.lua tells of one run, as a dict. numbers: path has a %04d, and each of so many has its turn."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(HERE / "wrk.lua")]
    if close:
        command += ["-H", "Connection: close"]
    if cookie:
        command += ["-H", "Cookie: " + cookie]
    for name, value in (headers or {}).items():
        command += ["-H", f"{name}: {value}"]
    address = [f"http://127.0.0.1:{port}/", "--", path, str(numbers)] if numbers else [f"http://127.0.0.1:{port}{path}"]
    out = subprocess.run([*command, *address], capture_output=True, text=True, check=False)
    for line in out.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line[len("RESULT "):])
    raise RuntimeError("wrk: " + (out.stderr or out.stdout).strip())
