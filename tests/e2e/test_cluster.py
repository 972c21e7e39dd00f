"""On a cluster: each call goes to the node that has its campaign, also while slots move and nodes die."""

import time

import pytest
from huoma import Crowd, Server, Visitor, Visits, check_campaign, page_groups, redirect_groups, wait_for
from redis_groups import Cluster

PATIENCE = 30


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as c:
        yield c


@pytest.fixture(scope="module")
def server(cluster):
    with Server(workers=2, redis=cluster, redis_url=cluster.url) as s:
        yield s


def spread(cluster, slug):
    """One slug for each master."""
    found, n = {}, 0
    while len(found) < 3:
        name = f"{slug[:50]}-{n}"
        found.setdefault(cluster.of(name).port, name)
        n += 1
    return list(found.values())


def audit_of(server, slug):
    return [e["action"] for e in server.api("GET", f"/audit?target=campaign:{slug}").json()["data"]]


def test_campaigns_on_all_nodes_give_seats_and_are_administered(server, cluster, slug):
    for name in spread(cluster, slug):
        server.create(name, page_groups(3, 3), title="On a cluster")
        crowd = Crowd(name, confirm=True)
        Visits(server.public, crowd.visits(8), at_once=4).run()
        assert (crowd.groups["g1"], crowd.groups["g2"], crowd.groups["none"]) == (3, 3, 2)
        server.patch(name, {"limit": 5}, group="g1")
        wait_for("the new limit", lambda: Visitor(server, name).scan().group == "g1", 2)
        check_campaign(server.show(name))
        assert audit_of(server, name) == ["group.change", "campaign.create"]
        assert (not cluster.client(name).exists(f"hm:{{{name}}}:untold")
                or not cluster.client(name).xlen(f"hm:{{{name}}}:untold"))
    rows = server.api("GET", "/campaigns?q=on+a+cluster").json()
    assert rows["total"] == 3
    for row in rows["data"]:
        server.api("DELETE", f"/campaigns/{row['slug']}")
        assert audit_of(server, row["slug"])[0] == "campaign.delete"
        assert Visitor(server, row["slug"]).scan().status == 404


def test_accounts_sessions_and_tokens_are_there_too(server):
    server.api("POST", "/users", {"name": "cara", "password": "a long password 1", "role": "editor"}, expect=201)
    assert server.api("GET", "/users/cara").json()["role"] == "editor"
    token = server.api("POST", "/tokens", {"name": "t", "role": "viewer"}, expect=201).json()["token"]
    assert server.api("GET", "/campaigns", token=token).status == 200


def test_an_entry_that_was_left_in_the_outbox_comes_to_the_log_once(server, cluster, slug):
    server.create(slug, redirect_groups(3))
    entry = {"who": "who", "action": "campaign.left", "target": f"campaign:{slug}", "from": "", "before": "",
             "after": ""}
    left = cluster.client(slug).xadd(f"hm:{{{slug}}}:untold", entry)
    server.patch(slug, {"title": "x"})
    assert sorted(audit_of(server, slug)) == ["campaign.change", "campaign.create", "campaign.left"]
    cluster.client(slug).xadd(f"hm:{{{slug}}}:other", entry)
    cluster.client(slug).delete(f"hm:{{{slug}}}:untold")
    cluster.client(slug).xadd(f"hm:{{{slug}}}:untold", entry, id=left)  # as if it had not been taken out
    server.patch(slug, {"title": "y"})
    assert audit_of(server, slug).count("campaign.left") == 1


def test_several_campaigns_in_one_moment_are_refused(server, cluster, slug):
    made = [{"slug": f"{slug[:50]}-{n}", "groups": [{"url": "https://example.com/1"}]} for n in range(2)]
    answer = server.api("POST", "/campaigns:batch", {"campaigns": made}, expect=422)
    assert "cluster" in answer.json()["errors"][0]["reason"]
    server.api("POST", "/campaigns:batch", {"campaigns": made[:1]})


@pytest.mark.parametrize("groups", [redirect_groups, page_groups])
def test_a_slot_that_moves_takes_its_scans_along(server, cluster, slug, groups):
    server.create(slug, groups(400, 2000))
    crowd = Crowd(slug, confirm=groups is page_groups, rough=True)
    storm = Visits(server.public, crowd.visits(), at_once=8, seconds=3).start()
    wait_for("the storm", lambda: crowd.seats() >= 50, PATIENCE)
    source = cluster.of(slug)
    target = next(n for n in cluster.masters() if n is not source)
    slot = source.client().execute_command("CLUSTER KEYSLOT", f"hm:{{{slug}}}")
    ids = {n: n.client().execute_command("CLUSTER MYID") for n in (source, target)}
    target.client().execute_command("CLUSTER SETSLOT", slot, "IMPORTING", ids[source])
    source.client().execute_command("CLUSTER SETSLOT", slot, "MIGRATING", ids[target])
    keys = source.client().execute_command("CLUSTER GETKEYSINSLOT", slot, 1000)
    assert len(keys) >= 3
    for key in keys:  # one by one: half of them here, half there
        source.client().execute_command("MIGRATE", "127.0.0.1", target.port, key, 0, 2000)
        time.sleep(0.02)  # scans come in between
    before = crowd.seats()
    for node in (target, source, *[n for n in cluster.masters() if n not in (source, target)]):
        node.client().execute_command("CLUSTER SETSLOT", slot, "NODE", ids[target])
    wait_for("seats from the other node", lambda: crowd.seats() > before + 50, PATIENCE)
    storm.stop()
    assert cluster.of(slug) is target
    shown = server.show(slug)
    check_campaign(shown)
    assert crowd.seats() == shown["seats"]["used"], "no call was lost, and none counted twice"
    assert sum(crowd.confirmed.values()) == sum(g["confirmed"] for g in shown["groups"]) or groups is redirect_groups
    total = server.api("GET", f"/campaigns/{slug}/stats").json()["totals"]
    assert total["seats"] == crowd.seats()
    assert '"redis_refused"' not in server.log() and "event=redis_refused" not in server.log()


@pytest.mark.parametrize("wait_replicas", [0, 1])
def test_replicas_are_enough_to_find_the_cluster_by(cluster, slug, wait_replicas):
    """All nodes that a server was told of may have changed their roles when it is started again."""
    replicas = [n for n in cluster.nodes if n.role() == "slave"]
    url = "redis+cluster://" + ",".join(f"127.0.0.1:{n.port}" for n in replicas)
    with Server(workers=1, redis=cluster, redis_url=url, flags=["--wait-replicas", wait_replicas]) as server:
        server.create(slug, redirect_groups(1))
        assert [Visitor(server, slug).scan().group for _ in range(2)] == ["g1", "none"]


def test_a_node_that_dies_is_followed_by_its_replica_and_others_go_on(server, cluster, slug):
    names = spread(cluster, slug)
    for name in names:
        server.create(name, redirect_groups(1000))
    wait_for("replicas in sync", cluster.in_sync, PATIENCE, 0.05)
    crowds = [Crowd(name, rough=True) for name in names]
    storms = [Visits(server.public, c.visits(), at_once=4, seconds=3).start() for c in crowds]
    wait_for("the storm", lambda: all(c.seats() >= 30 for c in crowds), PATIENCE)
    cluster.of(names[0]).kill()
    others = [c.seats() for c in crowds[1:]]
    wait_for("the others", lambda: all(c.seats() >= n + 30 for c, n in zip(crowds[1:], others)), PATIENCE)
    before = crowds[0].seats()
    wait_for("the successor", lambda: crowds[0].seats() >= before + 30, PATIENCE)
    for storm in storms:
        storm.stop()
    for name, crowd in zip(names, crowds):
        shown = wait_for("the admin door",
                         lambda: (a := server.api("GET", f"/campaigns/{name}", expect="any")).status == 200 and a,
                         PATIENCE).json()
        check_campaign(shown)
        assert crowd.seats() <= shown["seats"]["used"] <= 1000


def test_a_new_master_is_told_what_it_missed_whoever_else_is_gone_for_good(cluster, slug):
    """One's seats are put back first, and there is nobody to take them. It becomes the master while it is fenced."""
    for node in cluster.nodes:
        node.mend()
        node.client().config_set("cluster-require-full-coverage", "no")
    wait_for("the cluster", cluster.whole, PATIENCE, 0.05)
    first, second = spread(cluster, slug)[:2]
    all_nodes = "redis+cluster://" + ",".join(f"127.0.0.1:{n.port}" for n in cluster.nodes)
    with Server(workers=1, redis=cluster, redis_url=all_nodes) as server:
        server.create(first, redirect_groups(*[1] * 100))
        server.create(second, redirect_groups(40))
        crowds = [Crowd(name, rough=True) for name in (first, second)]
        Visits(server.public, crowds[0].visits(100), at_once=4).run()
        gone, old = (cluster.of(name) for name in (first, second))
        replica, = cluster.replicas_of(old)
        replica.stall()
        old.client().execute_command("CLIENT KILL TYPE replica")
        Visits(server.public, crowds[1].visits(20), at_once=4).run()
        for node in (*cluster.replicas_of(gone), gone, old):
            node.kill()
        replica.go_on()
        client = replica.client()
        client.execute_command("CLIENT KILL TYPE normal")
        wait_for("the server to be back", lambda: len(client.client_list(_type="normal")) > 1, PATIENCE)
        client.execute_command("CLUSTER FAILOVER TAKEOVER")
        storm = Visits(server.public, crowds[1].visits(), at_once=4).start()
        wait_for("the last seat", lambda: crowds[1].groups["none"] > 0, PATIENCE)
        storm.stop()
        assert crowds[1].seats() == 40
