"""huoma-backup and huoma-restore: what was there is there again, to the seat and the cookie; a bad copy changes
nothing."""

import os
import pathlib
import subprocess

import pytest

from huoma import RedisServer, Server, Visitor, redirect_groups

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"


def run(name, *args, env=None):
    return subprocess.run([DEPLOY / name, *map(str, args)], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **(env or {})})


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """(a stopped server that went on after its copy was made, the copy, who had a seat by then)"""
    copy = tmp_path_factory.mktemp("backup") / "huoma.rdb"
    with Server(workers=1) as s:
        s.create("kept", redirect_groups(10))
        early = [Visitor(s, "kept") for _ in range(3)]
        assert [v.scan().status for v in early] == [302] * 3
        made = run("huoma-backup", "--data-dir", s.data_dir, copy)
        assert made.returncode == 0 and str(copy) in made.stdout, made.stderr
        Visitor(s, "kept").scan()
        s.create("later", redirect_groups(10))
        s.stop()
        yield s, copy, early


def test_a_copy_is_for_its_owner_only(saved):
    assert saved[1].stat().st_mode & 0o777 == 0o600 and [p.name for p in saved[1].parent.iterdir()] == ["huoma.rdb"]


def test_a_damaged_copy_changes_nothing(saved, tmp_path):
    s, copy, _ = saved
    whole = copy.read_bytes()
    before = sorted(p.name for p in s.data_dir.iterdir())
    for bad in (whole[:len(whole) // 2], b"", b"REDIS0011nonsense", whole[:-20] + bytes(20)):
        (tmp_path / "bad.rdb").write_bytes(bad)
        refused = run("huoma-restore", "--data-dir", s.data_dir, tmp_path / "bad.rdb")
        assert refused.returncode == 1 and "nothing was changed" in refused.stderr, refused
        assert sorted(p.name for p in s.data_dir.iterdir()) == before


def test_what_was_restored_serves_and_knows_its_visitors(saved):
    s, copy, early = saved
    done = run("huoma-restore", "--data-dir", s.data_dir, copy)
    assert done.returncode == 0 and "kept: " in done.stdout and "keys are back" in done.stdout, done.stderr
    s.start()
    assert s.show("kept")["seats"]["used"] == 3
    s.api("GET", "/campaigns/later", expect=404)
    for v in early:
        v.address = s.public
        assert v.scan().status == 302
    assert s.show("kept")["seats"]["used"] == 3, "the key of cookies is in the copy: nobody takes a second seat"
    running = run("huoma-restore", "--data-dir", s.data_dir, copy)
    assert running.returncode == 1 and "a server is running there" in running.stderr
    assert s.show("kept")["seats"]["used"] == 3
    s.stop()
    assert len([p for p in s.data_dir.iterdir() if ".before-" in p.name]) == 1
    assert not [p for p in s.data_dir.iterdir() if p.name.startswith("restore.")]


def test_a_redis_beside_it_is_copied_by_its_url(tmp_path):
    with RedisServer(tcp=True, options=("--repl-diskless-sync-delay", "0")) as r, Server(workers=1, redis=r) as s:
        s.create("kept", redirect_groups(10))
        made = run("huoma-backup", "--redis-url", r.url, tmp_path / "a.rdb")
        assert made.returncode == 0 and (tmp_path / "a.rdb").stat().st_size > 0, made.stderr


@pytest.mark.parametrize("name,args,code,word", [
    ("huoma-backup", [], 2, "usage"), ("huoma-backup", ["a", "b"], 2, "usage"),
    ("huoma-backup", ["--help"], 2, "usage"),
    ("huoma-backup", ["--data-dir", "/nowhere", "FILE"], 1, "no such socket"),
    ("huoma-backup", ["--redis-url", "redis://127.0.0.1:1", "FILE"], 1, "no copy"),
    ("huoma-backup", ["--redis-url", "http://x", "FILE"], 1, "only redis://"),
    ("huoma-restore", [], 2, "usage"), ("huoma-restore", ["/nowhere"], 1, "no such file"),
    ("huoma-restore", ["--data-dir", "/nowhere", "/etc/hostname"], 1, "no such folder"),
])
def test_wrong_use_is_told(tmp_path, name, args, code, word):
    wrong = run(name, *(tmp_path / "x" if a == "FILE" else a for a in args))
    assert wrong.returncode == code and word in wrong.stderr, wrong
    assert not (tmp_path / "x").exists()
