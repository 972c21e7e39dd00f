"""Nodes of a cluster killed, stalled and replaced under load: no group ever over its limit, and what was answered is counted."""

import pytest
from failover_storm import storms
from huoma import Server, seeded
from redis_groups import Cluster


@pytest.mark.parametrize("wait_replicas", [0, 1])
def test_failovers_under_load(wait_replicas, rounds, say):
    rng = seeded("cluster faults")
    with Cluster() as cluster, Server(workers=2, redis=cluster, redis_url=cluster.url, flags=["--wait-replicas", wait_replicas]) as server:
        storms(server, cluster, wait_replicas, rounds, rng, say)
