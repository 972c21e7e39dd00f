"""Networks cut between masters and replicas, and between servers and Redis, under load; see partitions.py."""

import pytest
import stores
from huoma import seeded
from own_network import Network, own_network
from partitions import cut_under_load
from redis_groups import Cluster, Sentinels

KINDS = {"sentinel": lambda place: Sentinels(replicas=2, place=place), "cluster": lambda place: Cluster(place=place)}


@pytest.mark.parametrize("kind", stores.kinds(*KINDS))
def test_what_is_told_on_both_sides_of_a_cut(kind, rounds, each_round, say):
    rng = seeded("partitions")
    with own_network(), Network() as network, KINDS[kind](network.machine) as group:
        cut_under_load(group, network, rounds if rounds > 5 else 0, each_round, rng, say)
