"""Servers, masters and all of Redis killed, stalled, replaced and out of disk behind sentinels and in a cluster, under
load: no group is ever over its limit, and what was answered is counted."""

import pytest
from failover_storm import by_hand, faults_of, kill_ahead, one_round, storms
from huoma import seeded
from redis_groups import Cluster
from stores import serve, slug_beside


@pytest.mark.parametrize("wait_replicas", [0, 1])
def test_under_load(group, wait_replicas, rounds, each_round, say):
    rng = seeded("group faults")
    with serve(group, wait_replicas) as server:
        storms(server, group, wait_replicas, each_round(faults_of(group, rounds, rng)), rng, say)


def test_who_was_a_master_before_is_told_what_it_missed(group):
    """A server may still be connected to it: no link is lost by which it would notice."""
    if not isinstance(group, Cluster):
        pytest.skip("behind sentinels a server is connected to the master only")
    rng = seeded("a master again")
    with serve(group) as server:
        second = slug_beside(group, "first", "second")
        assert one_round(server, group, by_hand, "first", rng)[1:] == (0, 0, 0)
        assert one_round(server, group, kill_ahead, second, rng)[1:] == (0, 0, 0)
