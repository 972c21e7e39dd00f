"""What is printed of a campaign, over the API."""

import csv
import io

import pytest

from huoma import once, redirect_groups


def ask(server, path, body=None, expect=200, **how):
    return server.api("GET" if body is None else "POST", "/campaigns/" + path, body, expect, **how)


def reasons(answer):
    assert answer.status == 422 and answer.header("Content-Type") == "application/problem+json", answer
    return {e["field"]: e["reason"] for e in answer.json()["errors"]}


@pytest.fixture(scope="module")
def run(server):
    """A campaign for all tests of this file."""
    server.create("run", redirect_groups(5), title="Spring run")
    return "run"


# --- the links of many channels ---


def test_the_links_of_channels_are_a_file_for_a_spreadsheet(server, run):
    answer = ask(server, f"{run}/sheet.csv", {"channels": ["Shop-1", {"channel": "lamp-2", "label": "Lamp post 2"}]})
    assert answer.header("Content-Type") == "text/csv; charset=utf-8"
    assert answer.header("Content-Disposition") == 'attachment; filename="run-channels.csv"'
    assert answer.body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert rows == [["channel", "link"], ["shop-1", "http://q.example.com/run/shop-1"], ["lamp-2", "http://q.example.com/run/lamp-2"]]


@pytest.mark.parametrize("body, fields", [
    ({}, ["channels"]), ({"channels": []}, ["channels"]), ({"channels": "a"}, ["channels"]), ({"channels": ["a", "b c"]}, ["channels[1]"]),
    ({"channels": ["a", "seat", 5, None]}, ["channels[1]", "channels[2]", "channels[3]"]), ({"channels": ["a", "b", "A"]}, ["channels"]),
    ({"channels": [f"c{n}" for n in range(1001)]}, ["channels"]), ({"channels": [{"channel": "a", "name": "x"}]}, ["channels[0]"]),
    ({"channels": [{"label": "a"}]}, ["channels[0]"]), ({"channels": [{"channel": "a", "label": "x" * 97}]}, ["channels[0]"]),
    ({"channels": ["a"], "colours": 1}, ["colours"]),
])
def test_a_sheet_of_wrong_channels_is_refused_by_their_names(server, run, body, fields):
    assert sorted(reasons(ask(server, f"{run}/sheet.csv", body, 422))) == sorted(fields)


def test_a_sheet_of_the_most_channels_is_made(server, run):
    answer = ask(server, f"{run}/sheet.csv", {"channels": [f"c{n}" for n in range(1000)]})
    assert answer.text.count("\r\n") == 1001


def test_a_sheet_of_no_campaign_is_404(server):
    ask(server, "none/sheet.csv", {"channels": ["a"]}, 404)


def test_a_page_of_another_site_gets_no_sheet(server, run):
    answer = once(server.admin, "POST", f"/api/v1/campaigns/{run}/sheet.csv", {"Content-Type": "application/json", "Cookie": "hms=x"}, b"{}")
    assert answer.status in (401, 403)
