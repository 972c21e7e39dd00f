"""GET /campaigns?sort=problems: what wants doing first, over the whole store, by whichever server is asked."""

import datetime
import time

import pytest

from huoma import RedisServer, Server, Visitor, page_groups, redirect_groups, seeded, wait_for

ORDER = ["stopped", "warning", "well", "idle"]
KEYS = ("hm:{~problems}", "hm:{~problems}:due")
SECONDS = 30


@pytest.fixture(scope="module")
def servers():
    """Two servers on one store."""
    with RedisServer() as redis, Server(workers=1, redis=redis) as one, Server(workers=1, redis=redis) as two:
        yield one, two


@pytest.fixture(scope="module")
def hearing(tmp_path_factory):
    """A server alone, which has begun: its walk over all campaigns, or another server's look, would hide what it hears.
    With a clock of the tests' own the looks of alerts follow each other at once."""
    clock = tmp_path_factory.mktemp("clock") / "now"
    clock.write_text(str(int(time.time())))
    with Server(workers=1, env={"HUOMA_TEST_CLOCK": str(clock)}) as server:
        wait_for("its walk", lambda: server.log_fields("problems_walk"), SECONDS, 0.05)
        yield server


def pages(server, limit=50, **query):
    """All rows, page by page."""
    rows, cursor = [], ""
    while True:
        asked = "".join(f"&{k}={v}" for k, v in query.items())
        page = server.api("GET", f"/campaigns?limit={limit}{asked}" + (f"&cursor={cursor}" if cursor else "")).json()
        rows += page["data"]
        cursor = page["next"]
        if not cursor:
            assert page["total"] == len(rows)
            return rows


def listed(server, **query):
    return [row["slug"] for row in pages(server, sort="problems", **query)]


def truth(server):
    return [c["slug"]
            for c in sorted(pages(server, sort="slug"), key=lambda c: (ORDER.index(c["severity"]), c["slug"]))]


def settled(*servers):
    """Until the order is what all campaigns say."""
    for server in servers:
        wait_for("the order", lambda s=server: listed(s) == truth(s), SECONDS, 0.1)


def in_seconds(seconds):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def place(server, slug):
    """The severity by which it is listed."""
    redis = server.redis_client()
    return [ORDER[s] for s in range(len(ORDER)) if redis.zscore(KEYS[0], f"{s}.{slug}") is not None]


def looked_at(server, slug, severity):
    """Until it was looked at, and nobody means to do so again for a while."""
    redis = server.redis_client()
    wait_for(f"{slug} is {severity}", lambda: place(server, slug) == [severity] and
             (redis.zscore(KEYS[1], slug) or 0) > (time.time() + 60) * 1e6, SECONDS)


def test_a_campaign_that_fills_up_comes_first_and_goes_back_when_it_has_room(hearing, slug):
    hearing.create(slug, redirect_groups(2))
    looked_at(hearing, slug, "well")
    Visitor(hearing, slug).scan(), Visitor(hearing, slug).scan()
    # Nothing reads the campaign but who has heard that its group is full.
    wait_for("it is listed as stopped", lambda: place(hearing, slug) == ["stopped"], SECONDS)
    assert listed(hearing).index(slug) < sum(c["severity"] == "stopped" for c in pages(hearing, sort="problems"))
    looked_at(hearing, slug, "stopped")
    hearing.patch(slug, {"limit": 40}, group="g1")
    wait_for("it is well again", lambda: place(hearing, slug) == ["well"], SECONDS)


def test_a_suspect_group_is_heard_of(hearing, slug):
    hearing.create(slug, page_groups(30, 30))
    looked_at(hearing, slug, "well")
    for _ in range(3):
        visitor = Visitor(hearing, slug)
        visitor.scan(), visitor.next()
    wait_for("a warning", lambda: place(hearing, slug) == ["warning"], SECONDS)
    assert [t["kind"] for t in hearing.show(slug)["troubles"]] == ["suspect"]


def test_that_few_seats_are_left_shows(hearing, slug):
    hearing.create(slug, redirect_groups(11))
    looked_at(hearing, slug, "well")
    for _ in range(10):
        Visitor(hearing, slug).scan()
    wait_for("a warning", lambda: place(hearing, slug) == ["warning"], SECONDS)
    assert hearing.show(slug)["troubles"] == [{"kind": "low", "stops": False, "group": None, "n": 1}]


def test_time_alone_moves_a_campaign(servers, slug):
    one, _ = servers
    one.create(slug + "-a", [{**redirect_groups(30)[0], "expires_at": in_seconds(3)}])
    one.create(slug + "-b", [{**redirect_groups(30)[0], "expires_at": in_seconds(36 * 3600 + 3)}])
    one.create(slug + "-c", redirect_groups(30), ends_at=in_seconds(3))
    one.create(slug + "-d", redirect_groups(30), starts_at=in_seconds(3))
    after = {"-a": ["stopped"], "-b": ["warning"], "-c": ["idle"], "-d": ["well"]}
    wait_for("all have moved", lambda: {end: place(one, slug + end) for end in after} == after, SECONDS)


def test_pages_by_cursor_have_each_campaign_once_and_search_finds_the_worst_first(servers, slug):
    one, two = servers
    for i in range(9):
        one.create(f"{slug}-{i}", redirect_groups(5) if i % 3 else [], title=f"Spring {i}", enabled=i % 2 == 0)
    settled(one, two)
    assert listed(two, limit=2) == truth(one)
    found = [s for s in truth(one) if s.startswith(slug)]
    assert listed(one, q="spring", limit=4) == found and found[0] == f"{slug}-0"
    for cursor, sort in (("x", "problems"), ("4.x", "problems"), ("1x", "problems"), ("1.", "problems"),
                         ("1.x", "slug")):
        answer = one.api("GET", f"/campaigns?sort={sort}&cursor={cursor}", expect=422).json()
        assert [e["field"] for e in answer["errors"]] == ["cursor"]
    answer = one.api("GET", "/campaigns?sort=title", expect=422).json()
    assert [e["field"] for e in answer["errors"]] == ["sort"]


def test_a_deleted_campaign_is_forgotten_also_if_it_was_just_heard_of(servers, slug):
    one, two = servers
    one.create(slug, redirect_groups(1))
    Visitor(one, slug).scan()
    two.api("DELETE", f"/campaigns/{slug}")
    redis = one.redis_client()
    wait_for("it is in neither set", lambda: place(one, slug) == [] and redis.zscore(KEYS[1], slug) is None, SECONDS)


def test_what_was_missed_is_mended_when_changes_are_heard_again(servers, slug):
    """A store of before, or one to which messages were lost: all campaigns are looked at by and by."""
    one, two = servers
    one.create(slug, redirect_groups(1))
    redis = one.redis_client()
    # Who looks at it in this moment would put it back.
    wait_for("the last look", lambda: (redis.zscore(KEYS[1], slug) or 0) > (time.time() + 60) * 1e6)
    redis.delete(*KEYS)
    assert listed(one) == []
    redis.client_kill_filter(_type="pubsub")
    settled(one, two)
    assert sorted(redis.zrange(KEYS[1], 0, -1)) == sorted(truth(one))


def test_the_order_is_the_truth_after_any_changes(servers, slug):
    random = seeded(slug)
    slugs = []
    for n in range(12):
        slugs.append(f"{slug}-{n}")
        limits = [random.choice([1, 2, 11, None]) for _ in range(random.randrange(3))]
        servers[0].create(slugs[-1], (page_groups if random.random() < .3 else redirect_groups)(*limits),
                          strategy=random.choice(["fill", "even", "random"]))
    for _ in range(150):
        server, one = random.choice(servers), random.choice(slugs)
        groups = server.api("GET", f"/campaigns/{one}", expect="any").json().get("groups")
        what = random.random()
        if what < .6:
            Visitor(server, one).scan()
        elif groups is None:
            server.create(one, redirect_groups(2))
        elif what < .65:
            server.patch(one, {"enabled": random.random() < .7})
        elif what < .7:
            server.api("DELETE", f"/campaigns/{one}")
        elif groups:
            change = random.choice([{"limit": random.choice([0, 1, 3, 20, None])}, {"enabled": random.random() < .8},
                                    {"expires_at": random.choice([None, in_seconds(2), in_seconds(90000)])}])
            server.patch(one, change, group=random.choice(groups)["id"])
    settled(*servers)
