"""All that huoma does is done by a user of Redis who has no more rights than docs/scale.md says; so behind sentinels
and on a cluster."""

import contextlib
import pathlib
import re

import pytest
from huoma import RedisServer, Server, Visitor, page_groups, redirect_groups
from redis_groups import Cluster, Sentinels
from test_waiting import Waiter

DOCS = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "scale.md"


@contextlib.contextmanager
def one_redis():
    with RedisServer(tcp=True) as redis:
        yield [redis], f"redis://127.0.0.1:{redis.port}/0", []


@contextlib.contextmanager
def replicated(group):
    """All of its nodes; seats are told of when a replica has them."""
    with group() as g:
        yield g.nodes, g.url, ["--wait-replicas", "1"]


@pytest.fixture(scope="module", params=[one_redis, Sentinels, Cluster], ids=["one", "sentinels", "cluster"])
def server(request):
    rule = re.search(r"^    ACL SETUSER huoma (.*(?:\n      .*)*)", DOCS.read_text(), re.M).group(1).split()
    with request.param() if request.param is one_redis else replicated(request.param) as (nodes, url, flags):
        for node in nodes:
            node.client().execute_command("ACL", "SETUSER", "huoma",
                                          *[">secret" if w == ">PASSWORD" else w for w in rule])
            if request.param is one_redis:  # elsewhere replicas are served by it
                node.client().execute_command("ACL", "SETUSER", "default", "resetkeys", "-@all", "+ping", "+acl",
                                              "+shutdown")
        with Server(workers=2, redis_url=url.replace("://", "://huoma:secret@"), flags=flags) as s:
            yield s
        log = [e for node in nodes for e in node.client().acl_log() if "config" not in str(e)]
        assert not log, log


def test_scans_and_confirmations(server, slug):
    server.create(slug, page_groups(1, 1))
    first = Visitor(server, slug)
    assert first.scan("shop-1").group == "g1"
    assert first.confirm().status == 204
    assert first.next().status == 303
    server.create(slug + "-r", redirect_groups(2, 2), strategy="random", aliases=["/old/1"])
    assert Visitor(server, slug + "-r").scan().status == 302
    assert Visitor(server, "old/1").scan().status == 302
    assert server.healthy()


def test_the_waiting_list(server, slug):
    server.create(slug, page_groups(1), fallback={"waiting": {}})
    Visitor(server, slug).scan()
    ben = Waiter(server, "/" + slug)
    ben.scan()
    ben.join("Ben")
    server.patch(slug, {"limit": 2}, group="g1")
    ben.look()
    server.api("DELETE", f"/campaigns/{slug}/waiting", expect=204)


def test_campaigns_accounts_and_statistics(server, slug):
    server.create(slug, page_groups(5, 5))
    server.patch(slug, {"limit": 7, "confirmed": 2}, group="g1")
    server.api("PUT", f"/campaigns/{slug}/order", ["g2", "g1"])
    for path in ("/campaigns", "/campaigns?q=x", "/campaigns?sort=problems", f"/campaigns/{slug}/stats", "/audit",
                 "/users", "/tokens", "/alerts"):
        server.api("GET", path)
    server.api("POST", "/users", {"name": "cara", "password": "a long password 1", "role": "editor"}, expect=201)
    token = server.api("POST", "/tokens", {"name": "t", "role": "viewer"}, expect=201).json()["token"]
    assert server.api("GET", "/campaigns", token=token).status == 200
    server.api("PUT", f"/campaigns/{slug}/groups/g1/members", {"members": 3})
    server.api("GET", f"/campaigns/{slug}/groups/g1/members")
    server.api("DELETE", f"/campaigns/{slug}")
    assert [line for line in server.log().splitlines() if "redis_refused" in line and "config" not in line] == []
