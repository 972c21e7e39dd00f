"""What the end-to-end tests share: one server a file, and the logs of whatever runs when a test fails."""

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


@pytest.fixture(scope="module")
def server():
    """A server with two workers and the embedded Redis, for the tests of one file."""
    with huoma.Server(workers=2, base_url="http://q.example.com") as s:
        yield s


@pytest.fixture
def slug(request):
    """A name for a campaign that no other test uses: slugs outlive a test, servers too."""
    name = request.node.name.lower().removeprefix("test_").replace("_", "-")
    return "".join(c if c.isalnum() and c.isascii() else "-" for c in name).strip("-")[:60] + "-x"
