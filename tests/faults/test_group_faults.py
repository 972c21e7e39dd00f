"""Servers, masters and all of Redis killed, stalled, replaced and out of disk behind sentinels and in a cluster, under load: no group is
ever over its limit, and what was answered is counted."""

import pytest
from failover_storm import faults_of, storms
from huoma import seeded
from stores import serve


@pytest.mark.parametrize("wait_replicas", [0, 1])
def test_under_load(group, wait_replicas, rounds, each_round, say):
    rng = seeded("group faults")
    with serve(group, wait_replicas) as server:
        storms(server, group, wait_replicas, each_round(faults_of(group, rounds, rng)), rng, say)
