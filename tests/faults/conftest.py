"""What the fault tests share: the number of rounds, and the logs of whatever runs when a test fails."""

import os
import pathlib
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

import huoma  # noqa: E402
import stores  # noqa: E402
from redis_groups import Cluster, Sentinels  # noqa: E402

TOLD_EACH = 20  # rounds


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        report.sections += huoma.logs_of_running()


ROUNDS = int(os.environ.get("HUOMA_FAULT_ROUNDS", "5"))


def pytest_collection_modifyitems(items):
    """Of many rounds all run side by side that are worth a Redis of their own; else those stay together that share one
    (stores.kinds)."""
    for item in items if ROUNDS > 5 else ():
        if item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.nodeid), append=False)


@pytest.fixture(scope="session")
def rounds():
    return ROUNDS


@pytest.fixture
def say(capsys):
    """Prints a figure past pytest's capture: what the faults measured is worth reading when all is well, too."""
    def past(text):
        with capsys.disabled():  # what a worker of xdist writes to stdout goes nowhere
            print(f"\n    {text}", end="", flush=True,
                  file=sys.stderr if "PYTEST_XDIST_WORKER" in os.environ else sys.stdout)
    return past


@pytest.fixture
def each_round(rounds, say, request):
    """Hands on the items, or the numbers of the rounds, one after the other, and tells how far it has come when there
    are many."""
    def hand_on(items=None):
        items, began = range(rounds) if items is None else items, time.monotonic()
        for n, item in enumerate(items, 1):
            yield item
            if n % TOLD_EACH == 0 and len(items) > TOLD_EACH:
                say(f"{request.node.name}: {n} of {len(items)} rounds, {time.monotonic() - began:.0f} s")
    return hand_on


# Redis that is more than one.
GROUPS = {"sentinel": lambda: Sentinels(replicas=2, disks=True), "cluster": lambda: Cluster(disks=True)}


@pytest.fixture(scope="session", params=stores.kinds(*GROUPS))
def group_of_session(request):
    if request.param == stores.EMBEDDED:
        yield None
        return
    with GROUPS[request.param]() as group:
        yield group


@pytest.fixture
def group(group_of_session):
    """A Sentinels or a Cluster, whole whatever the test before did to it. Tests share it: their keys have prefixes of
    their own."""
    if group_of_session:
        for node in group_of_session.nodes:
            node.mend()
        huoma.wait_for("replicas in sync", group_of_session.whole, 40, 0.05)
    return group_of_session
