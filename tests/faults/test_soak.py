"""script/soak in its short form, so that what runs for hours when somebody asks for it works when they do."""

import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

from huoma import seeded

SOAK = pathlib.Path(__file__).resolve().parent.parent / "soak/soak.py"


def start(*words):
    return subprocess.Popen([sys.executable, SOAK, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True,
                            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=1"})


def test_all_at_once_for_a_moment(rounds, say):
    seed = seeded("soak").randrange(1 << 32)
    soak = start("--seconds", max(5, rounds), "--kills", max(1, rounds // 5), "--rate", 15, "--seed", seed)
    told = soak.communicate(timeout=300)[0]
    assert soak.wait() == 0, told
    assert f"seed {seed}" in told and "No group is over its limit" in told, told
    say(re.search(r"seats told of +.*", told)[0])


def test_who_ends_it_with_ctrl_c_is_told_what_was_seen_until_then():
    soak = start("--minutes", 5, "--kills", 0, "--servers", 1, "--rate", 1)
    assert soak.stdout.readline().startswith("seed ")
    assert soak.stdout.readline() == "the load has begun\n"
    soak.send_signal(signal.SIGINT)
    told = soak.communicate(timeout=120)[0]
    assert soak.wait() == 130 and "ctrl-C" in told and "seats told of" in told and "No group is over" in told, told


@pytest.mark.parametrize("words", [["--servers", 0], ["--rate", "x"], ["--kills", -1], ["--seconds", 0.1], ["--loud"]])
def test_wrong_usage(words):
    soak = start(*words)
    assert "soak" in soak.communicate(timeout=20)[0]
    assert soak.wait() == 2
