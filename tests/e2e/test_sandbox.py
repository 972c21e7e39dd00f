"""What the serving process may still do (server/privileges.h); that root is left is held by test_package.py."""

import pathlib

from huoma import Server, redirect_groups, wait_for


def status(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {k: v.split() for k, v in (line.split(":", 1) for line in lines)}


def test_all_threads_and_children_are_filtered():
    with Server(workers=2) as s:
        s.create("sandbox", redirect_groups(5))
        for pid in (s.pid, s.redis_pid()):
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                t = status(f"{pid}/task/{task.name}")
                assert t["Seccomp"] == ["2"] and t["NoNewPrivs"] == ["1"], t["Name"]
        s.redis_kill()
        wait_for("health", s.recovered, 20)
        assert status(s.redis_pid())["Seccomp"] == ["2"]


def test_who_is_not_known_cannot_serve():
    with Server(workers=1, flags=["--user", "nobody-of-that-name"], start=False) as s:
        s.spawn(s.command, s.env)
        assert s.process.wait(20) == 1
        s.expect_exit = False
        assert "huoma: user: there is no user nobody-of-that-name" in s.log()
