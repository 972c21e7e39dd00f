"""Masters killed, stalled and replaced under load: no group ever over its limit, and what was answered is counted."""

import pytest
from failover_storm import storms
from huoma import Server, seeded
from redis_groups import Sentinels


@pytest.mark.parametrize("wait_replicas", [0, 1])
def test_failovers_under_load(wait_replicas, rounds, say):
    rng = seeded("sentinel faults")
    with Sentinels(replicas=2) as sentinels, Server(workers=2, redis=sentinels, redis_url=sentinels.url,
                                                    flags=["--wait-replicas", wait_replicas]) as server:
        storms(server, sentinels, wait_replicas, rounds, rng, say)
