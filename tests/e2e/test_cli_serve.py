"""The program from outside: how `huoma serve` starts, says what is wrong, stops, and comes back with what it knew; and
the commands that work on the same store."""

import json
import os
import re
import signal
import subprocess
import time

import pytest

from huoma import (BINARY, PHONE, TOKEN, Connection, Crowd, RedisServer, Server, Visitor, Visits, build_request,
                   check_ledger, cpu_seconds,
                   once, page_groups, redirect_groups, wait_for)


def run(*args, env=None, cwd=None, seconds=60, text=True):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("HUOMA_")}
    return subprocess.run([str(BINARY), *map(str, args)], env={**clean, **(env or {})}, cwd=cwd, timeout=seconds,
                          capture_output=True, text=text,
                          check=False)


def assert_one_line(out, code, *words):
    assert out.returncode == code, out
    # the log goes there too
    lines = [line for line in out.stderr.splitlines() if line and not line.startswith("time=")]
    assert len(lines) == 1 and lines[0].startswith("huoma: "), out.stderr
    for word in words:
        assert word in lines[0], lines[0]


# --- starting ---


@pytest.mark.parametrize("args,env,words", [
    (["--workers", "0"], {}, ["workers"]),
    (["--workers", "many"], {}, ["workers"]),
    (["--hold-seconds", "9"], {}, ["hold_seconds", "10"]),
    (["--hold-seconds", "86401"], {}, ["hold_seconds"]),
    (["--listen", "nowhere"], {}, ["listen"]),
    (["--listen", "127.0.0.1:65536"], {}, ["listen"]),
    (["--appendfsync", "sometimes"], {}, ["appendfsync"]),
    (["--redis-url", "http://127.0.0.1/"], {}, ["redis_url"]),
    (["--base-url", "ftp://q.example.com"], {}, ["base_url"]),
    (["--trusted-proxies", "10.0.0.0/33"], {}, ["trusted_proxies"]),
    (["--no-such-flag"], {}, ["--no-such-flag"]),
    (["--workers"], {}, ["--workers"]),
    (["extra"], {}, ["extra"]),
    ([], {"HUOMA_WORKERS": "x"}, ["HUOMA_WORKERS"]),
    ([], {"HUOMA_HOLD_SECONDS_FILE": "/nowhere/at/all"}, ["HUOMA_HOLD_SECONDS_FILE"]),
    (["--config", "/nowhere/at/all.json"], {}, ["/nowhere/at/all.json"]),
    (["--timezone", "Mars/Olympus"], {}, ["timezone"]),
], ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_a_bad_configuration_ends_the_start_with_one_line(tmp_path, args, env, words):
    out = run("serve", "--data-dir", tmp_path / "data", *args, env=env)
    assert_one_line(out, 2, *words)
    assert not (tmp_path / "data").exists(), "nothing was made"


@pytest.mark.parametrize("text,words", [
    ('{"worker": 2}', ["worker"]), ('{"workers": "2"}', ["workers"]), ('{"workers": 2.5}', ["workers"]),
    ('{"workers": 2', ["file.json"]),
    ('{"workers": 2, "workers": 3}', ["twice"]), ("[]", ["file.json"]), ('{"listen": null}', ["listen"]),
])
def test_a_bad_configuration_file(tmp_path, text, words):
    (tmp_path / "file.json").write_text(text)
    assert_one_line(run("serve", "--data-dir", tmp_path / "data", "--config", tmp_path / "file.json"), 2, *words)


def test_later_settings_win(tmp_path):
    (tmp_path / "c.json").write_text('{"base_url": "https://file.example", "workers": 1, "visitor_days": 3}')
    (tmp_path / "days").write_text("5\n")
    with Server(workers=1, flags=["--config", str(tmp_path / "c.json")],
                env={"HUOMA_BASE_URL": "https://env.example", "HUOMA_VISITOR_DAYS_FILE": str(tmp_path / "days")}) as s:
        assert s.create("a", redirect_groups(1))["link"] == "https://env.example/a"
        assert Visitor(s, "a").scan().cookie[1]["max-age"] == str(5 * 86400)


def test_the_ready_file_says_where(server):
    assert set(server.ready) >= {"public", "admin", "pid", "redis"}
    assert server.ready["pid"] == server.pid
    assert (re.fullmatch(r"http://127\.0\.0\.1:\d+", server.ready["public"])
            and re.fullmatch(r"http://127\.0\.0\.1:\d+", server.ready["admin"]))
    assert server.ready["redis"].startswith("unix://") and server.redis_client().ping()
    assert len(server.log_fields("ready")) == 1
    assert os.stat(server.data_dir).st_mode & 0o777 == 0o700


def test_the_embedded_redis_is_as_it_must_be(server):
    with server.redis_client() as r:
        config = r.config_get("*")
    assert config["port"] == "0" and config["appendonly"] == "yes" and config["appendfsync"] == "always"
    assert config["maxmemory-policy"] == "noeviction" and config["save"] == ""
    assert config["unixsocketperm"] in ("700", "600") or os.stat(server.data_dir).st_mode & 0o077 == 0


def test_one_server_per_data_dir(server, tmp_path):
    out = run("serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data-dir", server.data_dir,
              "--ready-file", tmp_path / "ready")
    assert_one_line(out, 1, str(server.data_dir), str(server.pid))
    assert not (tmp_path / "ready").exists()
    assert server.healthy()


def test_a_port_that_is_taken(server, tmp_path):
    for flag in ("--listen", "--admin-listen"):
        flags = {"--listen": "127.0.0.1:0", "--admin-listen": "127.0.0.1:0", flag: "127.0.0.1:%d" % server.admin[1]}
        out = run("serve", "--data-dir", tmp_path / "data", *[x for pair in flags.items() for x in pair])
        assert_one_line(out, 1, str(server.admin[1]), "in use")


def test_a_redis_that_is_not_there_yet_is_waited_for():
    with RedisServer() as redis:
        redis.kill()
        with Server(workers=2, redis=redis, start=False) as s:
            s.spawn(s.command, s.env)
            wait_for("a start", lambda: s.lives() and cpu_seconds(s.pid) > 0, 20)
            assert s.read_ready() is None
            redis.start()
            s.meet()
            s.create("run", redirect_groups(1))
            assert Visitor(s, "run").scan().status == 302


def test_it_can_be_stopped_while_it_waits_for_redis():
    with RedisServer() as redis:
        redis.kill()
        with Server(workers=2, redis=redis, start=False) as s:
            s.expect_exit = False
            s.spawn(s.command, s.env)
            wait_for("the handlers of signals", lambda: s.lives() and catches(s.pid, signal.SIGTERM), 20)
            s.process.terminate()
            assert s.process.wait(10) in (0, 1)
            assert s.read_ready() is None


def catches(pid, number):
    """Whether the process handles that signal by now, or blocks it to read it."""
    with open(f"/proc/{pid}/status") as status:
        masks = {k: int(v, 16) for k, v in (line.split(":") for line in status) if k in ("SigCgt", "SigBlk")}
    return any(mask >> (number - 1) & 1 for mask in masks.values())


# --- stopping and coming back ---


def test_everything_is_there_after_a_restart():
    with Server(workers=1) as s:
        s.create("run", page_groups(3))
        anna, bert = Visitor(s, "run"), Visitor(s, "run")
        anna.scan(), anna.confirm(), bert.scan()
        before = s.show("run")
        s.stop()
        s.start()
        after = s.show("run")
        assert after == before
        anna.address = bert.address = s.public
        assert anna.scan().cookie is None, "the cookies' key outlives a restart"
        assert bert.confirm().status == 204
        assert Visitor(s, "run").scan().group == "g1" and Visitor(s, "run").scan().group == "none"


def test_sigterm_answers_what_is_in_flight():
    with RedisServer() as redis, Server(workers=2, redis=redis) as s:
        s.create("run", redirect_groups(None))
        Visitor(s, "run").scan()
        idle = Connection(s.public)
        assert idle.request("GET", "/healthz").status == 200
        os.kill(redis.pid, signal.SIGSTOP)
        began = time.monotonic()
        waiting = [Connection(s.public) for _ in range(4)]
        for c in waiting:
            c.send(build_request("GET", "/run", {"User-Agent": PHONE}))
        for c in waiting:   # the requests have been read when the kernel holds no byte of theirs any more
            wait_for("the request to be read", lambda c=c: unread(s.public[1], c.socket.getsockname()[1]) == 0)
        s.process.terminate()
        wait_for("the listener to close", lambda: refused(s.public), 5)
        os.kill(redis.pid, signal.SIGCONT)
        late = time.monotonic() > began + 1  # on a busy machine: Redis was not waited for
        for c in waiting:
            answer = c.receive()
            assert answer.status == 302 or (late and answer.status == 503)
            assert answer.header("Connection") == "close"
        assert idle.closed() is True
        assert s.process.wait(10) == 0
        s.expect_exit = False
        assert redis.answers()


def unread(server_port, client_port):
    """Bytes that the server's end of a connection has not read yet; None: no such connection."""
    with open("/proc/net/tcp") as table:
        for line in table.readlines()[1:]:
            fields = line.split()
            if int(fields[1].split(":")[1], 16) == server_port and int(fields[2].split(":")[1], 16) == client_port:
                return int(fields[4].split(":")[1], 16)
    return None


def refused(address):
    try:
        Connection(address, 1).close()
        return False
    except OSError:
        return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_both_signals_stop_it(number):
    with Server(workers=1) as s:
        redis = s.redis_pid()
        s.process.send_signal(number)
        assert s.process.wait(20) == 0
        s.expect_exit = False
        assert not os.path.exists(f"/proc/{redis}"), "the embedded Redis was stopped too"
        s.wait_gone()


def test_sigterm_does_not_wait_for_ever():
    """A Redis that does not answer and clients that do not leave: over within 5 s and a bit."""
    with RedisServer() as redis, Server(workers=1, redis=redis) as s:
        s.create("run", redirect_groups(None))
        Visitor(s, "run").scan()
        os.kill(redis.pid, signal.SIGSTOP)
        clients = [Connection(s.public) for _ in range(3)]
        clients[0].send(build_request("GET", "/run", {"User-Agent": PHONE}))
        clients[1].send(b"GET /ru")
        began = time.monotonic()
        s.process.terminate()
        assert s.process.wait(15) == 0
        assert time.monotonic() - began < 8
        s.expect_exit = False
        os.kill(redis.pid, signal.SIGCONT)


def test_the_log_tells_no_secret():
    with Server(workers=1, flags=["--log-level", "debug"]) as s:
        s.create("run", page_groups(2))
        anna = Visitor(s, "run")
        anna.ask("GET", "/run?secret-query=1")
        anna.confirm()
        once(s.public, "GET", "/%0d%0atime=x%20event=forged", {"User-Agent": "evil\tagent"})
        once(s.admin, "GET", "/api/v1/campaigns?q=secret-search", {"Authorization": "Bearer wrong-token-of-somebody"})
        s.api("GET", "/campaigns?q=secret-search")
        cookie = anna.cookie
        s.stop()
        log = s.log()
    for secret in (TOKEN, cookie, "secret-query", "secret-search", "wrong-token"):
        assert secret not in log
    lines = log.splitlines()
    for line in lines:
        assert re.fullmatch(
            r'time=\S+ level=(debug|info|warn|error) event=[a-z_.-]+( [a-z_]+=("([^"\\\x00-\x1f]|\\.)*"|[!#-<>-~]*))*',
            line), line
    assert not any(line.startswith("time=x") for line in lines)


def test_demo():
    with Server(workers=1, flags=["--demo"]) as s:
        shown = s.show("demo")
        assert [g["limit"] for g in shown["groups"]] == [3, 3, 3]
        assert Visitor(s, "demo").scan().group == "g1"
        wait_for("the QR in the terminal", lambda: s.log().count("█") + s.log().count("▀") > 50, 5)
        s.stop()
        s.start()
        assert s.show("demo")["seats"]["used"] == 1, "a demo campaign that is there is left alone"


# --- commands ---


def test_version_and_help():
    out = run("--version")
    assert out.returncode == 0 and re.fullmatch(r"huoma \d+\.\d+\.\d+\S*\n", out.stdout)
    overview = run("help")
    assert overview.returncode == 0
    for command in ("serve", "qr", "campaign", "token", "check"):
        assert re.search(rf"\b{command}\b", overview.stdout)
        assert run("help", command).returncode == 0
    assert "--hold-seconds" in run("help", "serve").stdout
    for wrong in (["nonsense"], ["help", "nonsense"], ["campaign", "nonsense"], ["qr"], []):
        out = run(*wrong)
        assert out.returncode == (2 if wrong else out.returncode), wrong
        assert "\x1b[" not in out.stdout + out.stderr


def test_commands_beside_a_running_server(server, tmp_path):
    here = ["--data-dir", server.data_dir]
    out = run("campaign", "create", "by-hand", "--url", "https://example.com/1", *here)
    assert out.returncode == 0, out.stderr
    assert Visitor(server, "by-hand").scan().header("Location") == "https://example.com/1"
    assert_one_line(run("campaign", "create", "by-hand", "--url", "https://example.com/1", *here), 1, "by-hand",
                    "exists")
    assert "by-hand" in run("campaign", "list", *here).stdout
    shown = run("campaign", "show", "by-hand", *here)
    assert shown.returncode == 0 and "https://example.com/1" in shown.stdout
    assert_one_line(run("campaign", "show", "nobody", *here), 1, "nobody")
    assert run("campaign", "delete", "by-hand", "--yes", *here).returncode == 0
    wait_for("404", lambda: Visitor(server, "by-hand").scan().status == 404, 3)


def test_tokens(server):
    here = ["--data-dir", server.data_dir]
    out = run("token", "create", "--name", "viewer of the tests", "--role", "viewer", *here)
    token = out.stdout.strip().splitlines()[-1].split()[-1]
    assert out.returncode == 0 and len(token) >= 32
    assert server.api("GET", "/campaigns", token=token).status == 200
    server.api("POST", "/campaigns", {"url": "https://example.com/"}, 403, token=token)
    with server.redis_client() as r:
        assert token not in json.dumps(r.hgetall("hm:tokens")), "only its hash is kept"
    assert_one_line(run("token", "create", "--name", "x", "--role", "king", *here), 2)


def test_check(server, tmp_path):
    out = run("check", "--data-dir", server.data_dir)
    assert out.returncode == 0 and "always" in out.stdout
    out = run("check", "--redis-url", f"unix://{tmp_path}/none.sock")
    assert out.returncode == 1 and "none.sock" in out.stderr


def test_qr(tmp_path):
    for name, head in (("a.png", b"\x89PNG"), ("a.svg", b"<")):
        out = run("qr", "https://q.example.com/spring-run", "-o", tmp_path / name)
        assert out.returncode == 0, out.stderr
        assert (tmp_path / name).read_bytes().startswith(head)
    read = subprocess.run(["zbarimg", "-q", "--raw", str(tmp_path / "a.png")], capture_output=True, text=True,
                          check=True).stdout.strip()
    assert read.lower() == "https://q.example.com/spring-run"


def test_qr_for_print(tmp_path):
    """All forms, rounded, compact, as large as the distance wants it: read, and measured."""
    for name, ppm in (("a.pdf", ["pdftoppm", "-r", "60", "-singlefile"]), ("a.eps", None),
                      ("a.svg", ["rsvg-convert", "-d", "60", "-p", "60"])):
        out = run("qr", "https://q.example.com/SPRING-RUN", "-o", tmp_path / name, "--compact", "--shape", "rounded",
                  "--distance", "80cm")
        assert out.returncode == 0 and out.stderr == "compact: 25 of 29 modules\n", out.stderr
        if not ppm:
            continue
        image = tmp_path / "a.png"
        if ppm[0] == "pdftoppm":
            subprocess.run([*ppm, "-png", tmp_path / name, tmp_path / "a"], check=True)
        else:
            subprocess.run([*ppm, tmp_path / name, "-o", image], check=True)
        read = subprocess.run(["zbarimg", "-q", "--raw", image], capture_output=True, text=True,
                              check=True).stdout.strip()
        assert read == "HTTPS://Q.EXAMPLE.COM/SPRING-RUN"
    box = re.search(r"%%BoundingBox: (\d+) (\d+) (\d+) (\d+)", (tmp_path / "a.eps").read_text("latin-1"))
    side = (int(box[3]) - int(box[1])) / 72 * 25.4
    assert 0 <= side - 80 * 33 / 25 <= 2, "the symbol is 80 mm, the quiet zone beside it"
    out = run("qr", "https://q.example.com/spring-run", "-o", tmp_path / "c.svg", "--compact")
    assert (out.returncode, out.stderr) == (0, "compact: not used: the path may mean something else in capitals\n"), \
        "not ours to know"
    out = run("qr", "https://q.example.com/spring-run", "-o", tmp_path / "b.pdf", "--distance", "3m", "--size", "100")
    assert out.returncode == 1 and "at least 383 mm" in out.stderr and not (tmp_path / "b.pdf").exists()
    assert_one_line(run("qr", "x", "-o", tmp_path / "b.gif"), 2)
    assert_one_line(run("qr", "x", "-o", tmp_path / "b.png", "--distance", "3m"), 2)
    assert run("qr", "https://q.example.com/spring-run", "--terminal").stdout.count("\n") == 19


def test_warns_of_a_redis_that_promises_less():
    with RedisServer(tcp=True) as good, Server(workers=1, redis=good) as s:
        assert "persistence" not in s.log() and "appendonly" not in s.log()
    with RedisServer(options=["--appendonly", "no"]) as weak, Server(workers=2, redis=weak) as s:
        warned = [line for line in s.log().splitlines() if "level=warn" in line]
        assert len(warned) == 1, s.log()


def test_keys_have_the_prefix():
    with RedisServer() as redis, Server(workers=1, redis=redis, flags=["--key-prefix", "other:"]) as s:
        s.create("run", page_groups(2))
        anna = Visitor(s, "run")
        anna.scan("shop"), anna.confirm()
        with redis.client() as r:
            keys = r.keys("*")
        assert keys and all(k.startswith("other:") for k in keys), keys
        assert "other:{run}" in keys and "other:{run}:seats" in keys and "other:campaigns" in keys


def test_a_storm_at_the_stop_loses_nothing():
    """Stopped and started under load: every seat that was answered is counted."""
    crowd = Crowd("run", rough=True)
    with Server(workers=2) as s:
        s.create("run", redirect_groups(2000, None))
        for _ in range(2):
            storm = Visits(s.public, crowd.visits(), at_once=16, seconds=3).start()
            wait_for("some answers", lambda: storm.answers[302] > 100, 20)
            s.stop()
            storm.stop()
            s.start()
            check_ledger(s.show("run"), crowd.groups)
        shown = s.show("run")
        assert crowd.seats() == shown["seats"]["used"], "a drained server has answered whom it gave a seat"


# --- completion ---


@pytest.mark.parametrize("words, offered, others", [
    (["c"], {"campaign", "check", "completion"}, {"serve"}),
    (["campaign", ""], {"list", "show", "create", "edit", "delete", "owner-link", "logo"}, {"serve", "owner"}),
    (["campaign", "create", "--gr"], {"--group"}, {"--title"}),
    (["serve", "--adm"], {"--admin-listen"}, set()),
    (["nonsense", ""], set(), {"campaign"}), (["a/b[", ""], set(), {"campaign"})])
def test_bash_completes_commands_and_options(words, offered, others):
    line = (f'source <("$0" completion bash); COMP_WORDS=(huoma "$@"); COMP_CWORD=$#; _huoma "$0"; echo '
            f'"${{COMPREPLY[@]}}"')
    out = subprocess.run(["bash", "-c", line, str(BINARY), *words], capture_output=True, text=True, timeout=30,
                         check=True)
    assert out.stderr == ""
    found = out.stdout.split()
    assert offered <= set(found) and not others & set(found) and len(found) == len(set(found)), found


def test_completion_is_for_two_shells():
    assert run("completion", "zsh").stdout.startswith("#compdef huoma\n")
    assert_one_line(run("completion", "fish"), 2, "bash or zsh")
    assert_one_line(run("completion"), 2, "bash or zsh")
