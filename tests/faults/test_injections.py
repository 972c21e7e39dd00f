"""System calls that fail, injected by strace into the running server and into its embedded Redis, under load."""

import contextlib
import shutil
import subprocess

import pytest
import redis as redis_client

from huoma import Crowd, Server, Visitor, Visits, check_ledger, page_groups, redirect_groups, wait_for

PATIENCE = 30

# who is struck, which calls, and how; `when` is strace's FIRST+STEP, counted for each thread
IN_SERVER = {
    "accept: no descriptors": "accept,accept4:error=EMFILE:when=2+2",
    "accept: the client left": "accept,accept4:error=ECONNABORTED:when=3+3",
    "accept: no memory": "accept,accept4:error=ENOBUFS:when=4+5",
    "recv: interrupted": "recvfrom,recvmsg,read,readv:error=EINTR:when=3+3",
    "recv: reset": "recvfrom,recvmsg:error=ECONNRESET:when=9+9",
    "send: interrupted": "sendto,sendmsg,write,writev:error=EINTR:when=3+3",
    "send: reset": "sendto,sendmsg:error=ECONNRESET:when=9+9",
    "send: the buffer is full": "sendto,sendmsg:error=EAGAIN:when=4+4",
    "send: no memory": "sendto,sendmsg:error=ENOBUFS:when=9+9",
    "epoll: interrupted": "epoll_wait,epoll_pwait,epoll_pwait2:error=EINTR:when=2+2",
    "epoll: no memory": "epoll_ctl:error=ENOMEM:when=40+40",
    "fork: no new Redis": "clone,clone3,fork,vfork:error=EAGAIN",
}
IN_REDIS = {
    "write: disk full": "write,pwrite64,writev:error=ENOSPC:when=300+300",
    "write: input or output error": "write,pwrite64,writev:error=EIO:when=300+300",
    "fsync: input or output error": "fsync,fdatasync:error=EIO:when=40+40",
    "fsync: disk full": "fsync,fdatasync:error=ENOSPC:when=40+40",
    "read: interrupted": "read:error=EINTR:when=5+5",
    "fork: no new file": "clone,clone3,fork,vfork:error=EAGAIN",
}
SHORT = ("accept: no descriptors", "send: reset", "fsync: input or output error")


def may_strace():
    if not shutil.which("strace"):
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", "true"], capture_output=True,
                          check=False).returncode == 0


@contextlib.contextmanager
def struck(pid, how, folder):
    """While inside, calls of that process fail; gives a function that says how many have."""
    path = folder / "strace.log"
    path.unlink(missing_ok=True)
    strace = subprocess.Popen(["strace", "-f", "-q", "-q", "-p", str(pid), "-o", path, "-e",
                               "trace=" + how.split(":")[0], "-e", "inject=" + how],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def count():
        return path.read_bytes().count(b"(INJECTED)") if path.exists() else 0

    try:
        yield count
    finally:
        strace.terminate()  # lets go of it
        strace.wait(PATIENCE)


def provoke_fork(server, of_redis):
    """Redis forks to write its file anew, the server to start a Redis."""
    if not of_redis:
        server.redis_kill()
        return
    with contextlib.suppress(redis_client.RedisError), server.redis_client() as redis:
        redis.bgrewriteaof()


def strike(server, slug, how, of_redis, least, folder):
    """Load on a campaign of its own while calls fail. The crowd, the load, how many failed, whether Redis is another
    one."""
    server.create(slug, page_groups(80, None))
    anna = Visitor(server, "stays")
    anna.scan()
    crowd = Crowd(slug, confirm=True, rough=True)
    redis = server.redis_pid()
    with Visits(server.public, crowd.visits(), at_once=12, keep=False, seconds=10) as storm:
        wait_for("the storm", lambda: crowd.seats() > 10, PATIENCE)
        with struck(redis if of_redis else server.pid, how, folder) as count:
            if "fork" in how:
                wait_for("strace",
                         lambda: "TracerPid:\t0\n" not in open(
                             f"/proc/{redis if of_redis else server.pid}/status").read(), PATIENCE)
                provoke_fork(server, of_redis)
            # a Redis that ends itself is started anew, and is not struck any more
            wait_for("failing calls", lambda: count() >= least or (of_redis and server.redis_pid() != redis), PATIENCE,
                     0.02)
            server.lives()
            failed = count()
        wait_for("health", server.recovered, PATIENCE)
        seats = crowd.seats()
        wait_for("seats again", lambda: crowd.seats() > seats + 10, PATIENCE)
    assert wait_for("the one with a seat", lambda: (a := anna.scan()).status == 302 and a, PATIENCE).cookie is None
    assert failed or server.redis_pid() != redis, "nothing was struck"
    crowd.check_serials()
    shown = server.show(slug)
    check_ledger(shown, crowd.groups)
    for g in shown["groups"]:
        assert crowd.confirmed[g["id"]] <= g["confirmed"], g
    return crowd, storm, failed, server.redis_pid() != redis


def test_calls_that_fail(rounds, say, tmp_path):
    if not may_strace():
        pytest.skip("strace cannot inject here")
    with Server(workers=2, hold_seconds=600) as server:
        server.create("stays", redirect_groups(None))
        number = 0
        for of_redis, table in ((False, IN_SERVER), (True, IN_REDIS)):
            for what, how in table.items():
                if rounds <= 5 and what not in SHORT:
                    continue
                number += 1
                least = 1 if "fork" in how else 5 if rounds <= 5 else 20
                crowd, storm, failed, again = strike(server, f"s{number}", how, of_redis, least, tmp_path)
                say(f"{'Redis' if of_redis else 'server'}, {what}: {failed} calls failed; {crowd.seats()} seats "
                    f"answered, "
                    f"{storm.answers[503]} busy pages, {storm.lost} connections "
                    f"lost{', Redis started anew' if again else ''}")
