"""What the fault tests share: the number of rounds, and the logs of whatever runs when a test fails."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

import huoma  # noqa: E402


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        report.sections += huoma.logs_of_running()


@pytest.fixture(scope="session")
def rounds():
    return int(os.environ.get("HUOMA_FAULT_ROUNDS", "5"))


@pytest.fixture
def say(capsys):
    """Prints a figure past pytest's capture: what the faults measured is worth reading when all is well, too."""
    def past(text):
        with capsys.disabled():
            print(f"\n    {text}", end="", flush=True)
    return past
