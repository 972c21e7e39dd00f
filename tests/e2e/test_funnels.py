"""Funnels: a list of campaigns that people are led through; how many came from step to step is counted by links of its
own, to the unit."""

import csv
import datetime
import io
import json
import subprocess

import pytest

from huoma import BINARY, Visitor, link, page_groups, redirect_groups, wait_for

KINDS = ["views", "people", "seats", "held", "confirmed"]


def make(server, slug, steps, expect=201, **body):
    return server.api("POST", "/funnels", {"title": slug, "steps": steps, **body}, expect).json()


def campaigns(server, slug, count=3):
    names = [f"{slug}-{i}" for i in range(1, count + 1)]
    for i, name in enumerate(names):
        server.create(name, redirect_groups(1000), title=f"Step {i + 1}")
    return names


def path_of(step, source=None):
    """What stands behind the slug in a step's link: its channel."""
    return next(one["channel"] for one in step["links"] if one["from"] == source)


def stats(server, funnel, expect=200, **query):
    return server.api("GET", f"/funnels/{funnel['id']}/stats?" + "&".join(f"{k}={v}" for k, v in query.items()),
                      expect=expect)


def settled(server, funnel, views, **query):
    """When the workers have told of so many views of each step."""
    return wait_for(f"views {views}",
                    lambda: (s := stats(server, funnel, **query).json()) and [x["views"] for x in s["steps"]] == views
                    and s)


def numbers(steps, kind="seats"):
    return [s[kind] for s in steps]


def test_three_steps_and_two_channels_are_counted_to_the_unit(server, slug):
    names = campaigns(server, slug)
    made = make(server, slug, names, channels=["shop-1", "shop-2"])
    assert [s["campaign"] for s in made["steps"]] == names and made["version"] == 1
    assert [s["title"] for s in made["steps"]] == ["Step 1", "Step 2", "Step 3"]
    assert made["steps"][0]["links"][0] == {"from": None, "channel": None, "url": f"http://q.example.com/{names[0]}"}
    assert path_of(made["steps"][0], "shop-1") == "shop-1"
    ways = [path_of(s, f) for s in made["steps"][1:] for f in (None, "shop-1", "shop-2")]
    assert len(set(ways)) == 6 and all(w.startswith(f"f-{made['id']}-") for w in ways)
    assert all(one["url"] == f"http://q.example.com/{s['campaign']}/{one['channel']}" for s in made["steps"][1:]
               for one in s["links"])
    # Who comes, by step: through shop-1, through shop-2, another way.
    came = [(9, 6, 5), (6, 3, 2), (3, 0, 1)]
    for step, (one, two, rest) in zip(made["steps"], came):
        for source, n in (("shop-1", one), ("shop-2", two), (None, rest)):
            for i in range(n):
                v = Visitor(server, step["campaign"])
                assert v.scan(path_of(step, source)).status == 302
                if i == 0:  # comes again: seen again, with the same seat
                    v.scan(path_of(step, source))
    # Those whom no link of the funnel leads there are none of its people.
    Visitor(server, names[1]).scan()
    Visitor(server, names[2]).scan("shop-1")
    answer = settled(server, made, [23, 14, 6])
    assert numbers(answer["steps"]) == [20, 11, 4] and numbers(answer["steps"], "people") == [20, 11, 4]
    assert numbers(answer["steps"], "conversion") == [None, 0.55, 0.3636]
    assert (answer["steps"][0]["held"], answer["steps"][0]["confirmed"]) == (0, 20)
    assert len(answer["rows"]) == 30 and answer["rows"][-1]["key"] == answer["to"]
    assert {k: answer["rows"][-1]["steps"][1][k] for k in KINDS} == {k: answer["steps"][1][k] for k in KINDS}
    assert all(sum(numbers(row["steps"])) == 0 for row in answer["rows"][:-1])
    by = {row["key"]: row["steps"] for row in stats(server, made, by="channel").json()["rows"]}
    assert {k: numbers(v) for k, v in by.items()} == {"shop-1": [9, 6, 3], "shop-2": [6, 3, 0], "": [5, 2, 1]}
    assert {k: numbers(v, "views") for k, v in by.items()} == {"shop-1": [10, 7, 4], "shop-2": [7, 4, 0], "": [6, 3, 2]}
    assert (numbers(by["shop-1"], "conversion") == [None, 0.6667, 0.5]
            and numbers(by["shop-2"], "conversion") == [None, 0.5, 0])
    assert numbers(stats(server, made, channel="shop-1").json()["steps"]) == [9, 6, 3]
    rows = list(csv.DictReader(io.StringIO(stats(server, made, by="channel", format="csv").body.decode("utf-8-sig"))))
    assert [(r["channel"], r["step"], r["seats"], r["conversion"]) for r in rows[:3]] == [
        ("shop-1", "1", "9", ""), ("shop-1", "2", "6", "0.6667"), ("shop-1", "3", "3", "0.5000")]
    # The campaigns' own statistics have it under the same channels.
    whole = {r["key"]: r["seats"] for r in server.api("GET", f"/campaigns/{names[1]}/stats?by=channel").json()["rows"]}
    assert whole == {"": 1, ways[0]: 2, ways[1]: 6, ways[2]: 3}


def test_seats_that_are_held_count_where_it_is_known(server, slug):
    """A page's seat is held until somebody has seen it: of a whole campaign it is known, of one channel not."""
    names = [slug + "-1", slug + "-2"]
    for name in names:
        server.create(name, page_groups(100))
    made = make(server, slug, names)
    for name, step in zip(names, made["steps"]):
        for i in range(3):
            v = Visitor(server, name)
            v.scan(path_of(step))
            if i < 2:
                assert v.confirm().status == 204
    answer = settled(server, made, [3, 3])
    assert [[s[k] for k in KINDS] for s in answer["steps"]] == [[3, 3, 3, 3, 2], [3, 3, 3, None, None]]


def test_days_before_the_funnel_are_counted_too(server, slug):
    """What stands in the statistics of a day is read from there, whenever the funnel was made."""
    names = campaigns(server, slug, 2)
    made = make(server, slug, names)
    day = (datetime.date.today() - datetime.timedelta(days=35)).isoformat()
    way = path_of(made["steps"][1])
    redis = server.redis_client()
    redis.execute_command("HSET", f"hm:{{{names[0]}}}:stats:{day}", "d14:g1", "40")
    redis.execute_command("HSET", f"hm:{{{names[1]}}}:stats:{day}", f"seat:{way}", "10")
    redis.execute_command("HSET", f"hm:{{{names[1]}}}:visits:{day}", f"c{way}", "12 9 3 0 0 0 10 10")
    answer = stats(server, made,
                   **{"from": day, "to": (datetime.date.today() + datetime.timedelta(days=1)).isoformat()}).json()
    assert numbers(answer["steps"]) == [40, 10] and answer["steps"][1]["conversion"] == 0.25
    assert (answer["rows"][0]["key"] == day and numbers(answer["rows"][0]["steps"]) == [40, 10]
            and len(answer["rows"]) == 37)
    assert (answer["steps"][1]["views"], answer["steps"][1]["people"]) == (12, 9)


def test_a_deleted_campaign_is_told_and_the_rest_goes_on(server, slug):
    names = campaigns(server, slug)
    made = make(server, slug, names)
    Visitor(server, names[0]).scan()
    Visitor(server, names[2]).scan(path_of(made["steps"][2]))
    server.api("DELETE", "/campaigns/" + names[1], expect=204)
    shown = server.api("GET", "/funnels/" + made["id"]).json()
    assert [s["missing"] for s in shown["steps"]] == [False, True, False] and shown["steps"][1]["title"] is None
    answer = settled(server, made, [1, None, 1])
    assert answer["steps"][1]["missing"] and numbers(answer["steps"]) == [1, None, 1]
    assert numbers(answer["steps"], "conversion") == [None, None, None]
    # It may stay, or go; one that is not there does not come in.
    changed = server.api("PATCH", "/funnels/" + made["id"], {"title": "New"}).json()
    assert changed["title"] == "New" and changed["steps"][1]["missing"]
    gone = server.api("PATCH", "/funnels/" + made["id"], {"steps": [names[0], names[1] + "-none"]}, 422).json()
    assert gone["errors"] == [{"field": "steps[1]", "reason": "there is no such campaign"}]
    kept = server.api("PATCH", "/funnels/" + made["id"], {"steps": [names[0], names[2]]}).json()
    assert kept["steps"][1]["links"] == made["steps"][2]["links"]
    assert numbers(stats(server, made).json()["steps"], "conversion") == [None, 1]
    # Made anew under its slug it is a step again, with a link of its own.
    server.create(names[1], redirect_groups(5))
    again = server.api("PATCH", "/funnels/" + made["id"], {"steps": names}).json()
    assert path_of(again["steps"][1]) not in (path_of(made["steps"][1]), path_of(made["steps"][2]))
    assert again["version"] == 4


def test_an_old_address_is_no_step(server, slug):
    names = campaigns(server, slug, 2)
    server.patch(names[1], {"aliases": [f"/{slug}-old"]})
    problem = make(server, slug, [names[0], slug + "-old"], 422)
    assert problem["errors"] == [{"field": "steps[1]", "reason": "there is no such campaign"}]


@pytest.mark.parametrize("body, field", [
    ({"steps": None}, "steps"), ({"steps": "a"}, "steps"), ({"steps": ["limits-a"]}, "steps"),
    ({"steps": [f"limits-{i}" for i in range(9)]}, "steps"),
    ({"steps": ["limits-a", "limits-a"]}, "steps[1]"), ({"steps": ["limits-a", 7]}, "steps[1]"),
    ({"steps": ["limits-a", "No Slug"]}, "steps[1]"),
    ({"steps": ["limits-a", "limits-none"]}, "steps[1]"), ({"title": ""}, "title"), ({"title": "  "}, "title"),
    ({"title": "a\nb"}, "title"),
    ({"title": None}, "title"), ({"title": "群" * 101}, "title"), ({"channels": "a"}, "channels"),
    ({"channels": ["a", "a"]}, "channels[1]"),
    ({"channels": [f"c{i}" for i in range(21)]}, "channels"), ({"channels": ["seat"]}, "channels[0]"),
    ({"channels": ["f-mine"]}, "channels[0]"),
    ({"channels": ["a" * 33]}, "channels[0]"), ({"name": "x"}, "name")])
def test_what_is_wrong_is_refused_by_its_field(server, body, field):
    for name in ("limits-a", "limits-b"):
        server.create(name, redirect_groups(1), expect="any")
    wrong = {"title": "x", "steps": ["limits-a", "limits-b"], **body}
    problem = server.api("POST", "/funnels", {k: v for k, v in wrong.items() if v is not None or k == "title"},
                         422).json()
    assert [e["field"] for e in problem["errors"]] == [field]
    assert not [f for f in server.api("GET", "/funnels?limit=200").json()["data"] if f["title"] == "x"]


def test_the_largest_funnel_fits(server, slug):
    names = campaigns(server, slug + "-" + "l" * 25, 8)
    made = make(server, "\U0001f600" * 100, names, channels=[f"{i:02}" + "c" * 30 for i in range(20)])
    shown = server.api("GET", "/funnels/" + made["id"])
    assert shown.json() == made and shown.header("ETag") == '"1"' and len(made["steps"][7]["links"]) == 21
    far = (datetime.date.today() - datetime.timedelta(days=399)).isoformat()
    assert len(stats(server, made, **{"from": far}).json()["rows"]) == 400


@pytest.mark.parametrize("query",
                         ["by=hour", "by=channel&channel=a", "channel=none", "from=2026-13-01", "from=2020-01-01",
                          "to=2020-01-01&from=2020-01-02",
                                   "format=xml", "by=day&by=day"])
def test_a_wrong_question_is_refused(server, query):
    for name in ("asked-a", "asked-b"):
        server.create(name, redirect_groups(1), expect="any")
    made = make(server, "asked", ["asked-a", "asked-b"])
    assert server.api("GET", f"/funnels/{made['id']}/stats?{query}", expect=422).json()["errors"]
    server.api("DELETE", "/funnels/" + made["id"], expect=204)


def test_channels_of_funnels_are_nobodys_own(server, slug):
    reason = "must not begin with f-: channels that do are made by funnels"
    group = {"url": link(1), "when": {"channel": ["f-shop"]}}
    problem = server.api("POST", "/campaigns", {"slug": slug, "groups": [group]}, 422).json()
    assert problem["errors"] == [{"field": "groups[0].when.channel", "reason": reason}]
    server.create(slug, redirect_groups(5))
    assert server.api("PATCH", f"/campaigns/{slug}/groups/g1", {"when": {"channel": ["F-shop"]}},
                      422).json()["errors"][0]["reason"] == reason
    assert server.api("POST", f"/campaigns/{slug}/sheet.csv", {"channels": ["f-shop"]},
                      422).json()["errors"][0]["reason"] == reason
    # Whatever was printed with one goes on, and is counted.
    assert Visitor(server, slug).scan("f-shop").status == 302
    assert server.api("GET", f"/campaigns/{slug}/stats?by=channel").json()["rows"][0]["key"] == "f-shop"
    assert server.api("GET", f"/campaigns/{slug}/qr.svg?channel=f-k3x9ab-2").status == 200


def test_changes_are_told_and_none_is_lost(server, slug):
    names = campaigns(server, slug, 2)
    made = make(server, slug, names)
    path = "/funnels/" + made["id"]
    assert server.api("PATCH", path, {"title": "Other"}, If_Match='"1"').json()["version"] == 2
    for method, body in (("PATCH", {"title": "Late"}), ("DELETE", None)):
        assert server.api(method, path, body, 412, If_Match='"1"').json()["status"] == 412
    changed = server.api("PATCH", path, {"steps": names[::-1], "channels": ["a"]}, If_Match='"2"').json()
    assert path_of(changed["steps"][0]) is None and path_of(changed["steps"][1], "a")
    server.api("DELETE", path, expect=204, If_Match='"3"')
    server.api("GET", path, expect=404), server.api("DELETE", path, expect=404)
    told = server.api("GET", f"/audit?target=funnel:{made['id']}").json()["data"]
    assert [t["action"] for t in told] == ["funnel.delete", "funnel.change", "funnel.change", "funnel.create"]
    assert told[0]["before"]["steps"] == names[::-1] and told[0]["after"] is None
    assert (told[2]["before"], told[2]["after"]) == ({"title": slug}, {"title": "Other"})
    # The links go on.
    assert Visitor(server, names[1]).scan(path_of(made["steps"][1])).status == 302


def test_names_are_text_everywhere(server, slug):
    bad = '<img src=x onerror=alert(1)>"=1+1'
    names = campaigns(server, slug, 2)
    server.patch(names[0], {"title": bad})
    made = make(server, bad, names)
    answer = server.api("GET", "/funnels/" + made["id"])
    assert answer.header("Content-Type") == "application/json" and answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.json()["title"] == bad and answer.json()["steps"][0]["title"] == bad
    assert stats(server, made).json()["steps"][0]["title"] == bad


def test_the_list_goes_by_pages(server, slug):
    names = campaigns(server, slug, 2)
    ids = sorted(make(server, f"{slug}-{i}", names)["id"] for i in range(3))
    found, cursor = [], ""
    while cursor is not None:
        page = server.api("GET", f"/funnels?limit=2&cursor={cursor}").json()
        found += [f["id"] for f in page["data"]]
        cursor = page["next"]
    assert found == sorted(found) and set(ids) <= set(found)
    assert "missing" not in page["data"][0]["steps"][0]


def test_a_store_has_five_hundred_at_most(server, slug):
    names = campaigns(server, slug, 2)
    redis = server.redis_client()
    rows = [x for i in range(500) for x in (f"{i:06}", "{}")]
    redis.execute_command("HSET", "hm:funnels", *rows)
    assert make(server, slug, names, 409)["detail"] == "There are too many funnels; delete some. Nothing was changed."
    redis.execute_command("HDEL", "hm:funnels", *rows[::2])
    make(server, slug, names)


def run(server, *words, expect=0):
    done = subprocess.run([BINARY, "funnel", *words, "--data-dir", server.data_dir, "--base-url",
                           "http://q.example.com"], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == expect, done
    return done.stdout if expect == 0 else done.stderr


def test_the_command_line_does_the_same(server, slug):
    names = campaigns(server, slug)
    made = json.loads(run(server, "add", "Spring", "--steps", ",".join(names[:2]), "--channels", "shop-1", "--json"))
    assert made == server.api("GET", "/funnels/" + made["id"]).json()
    assert f"http://q.example.com/{names[1]}/{path_of(made['steps'][1], 'shop-1')}" in run(server, "show", made["id"])
    changed = json.loads(run(server, "edit", made["id"], "--title", "Summer", "--steps", ",".join(names), "--channels",
                             "", "--json"))
    assert (changed["title"], changed["channels"], changed["version"], len(changed["steps"])) == ("Summer", [], 2, 3)
    assert changed["steps"][1]["links"] == made["steps"][1]["links"][:1]
    assert ("Summer" in run(server, "list")
            and made["id"] in [f["id"] for f in json.loads(run(server, "list", "--json"))["data"]])
    Visitor(server, names[0]).scan()
    Visitor(server, names[1]).scan(path_of(made["steps"][1]))
    settled(server, made, [1, 1, 0])
    whole = stats(server, made).json()
    assert json.loads(run(server, "stats", made["id"], "--from", whole["from"], "--json")) == whole
    assert run(server, "stats", made["id"], "--by", "channel",
               "--csv").splitlines()[2].endswith('"' + names[1] + '",1,1,1,,,1.0000')
    assert "100.0%" in run(server, "stats", made["id"])
    told = server.api("GET", f"/audit?target=funnel:{made['id']}").json()["data"]
    assert [t["action"] for t in told] == ["funnel.change", "funnel.create"] and told[0]["who"].startswith("cli:")
    assert "steps[1]: there is no such campaign" in run(server, "edit", made["id"], "--steps", f"{names[0]},none",
                                                        expect=1)
    assert "--by: hour is not day or channel" in run(server, "stats", made["id"], "--by", "hour", expect=2)
    assert "unexpected option --steps" in run(server, "list", "--steps", "a", expect=2)
    assert ("needs ID" in run(server, "show", expect=2)
            and "needs TITLE" in run(server, "add", "--steps", "a,b", expect=2))
    assert made["id"] in run(server, "delete", made["id"])
    assert "there is no such funnel" in run(server, "show", made["id"], expect=1)
