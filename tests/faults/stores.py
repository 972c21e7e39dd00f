"""One Redis, sentinels or a cluster, handled alike: a server on it, and the node that has a campaign."""

import itertools
import os
import signal

import pytest
from huoma import Server, check_ledger

EMBEDDED = "single"
_prefixes = (f"p{n}:" for n in itertools.count())


def kinds(*names):
    """For a fixture's parameters. What may run side by side is split by them (script/test)."""
    return [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in names]


# Runs a test with a `group` of None, too: with the Redis that the server brings itself.
of_each_kind = pytest.mark.parametrize("group_of_session", kinds(EMBEDDED, "sentinel", "cluster"), indirect=True)


def serve(group, wait_replicas=0, redis_url=None, **more):
    """A server on a group, with keys of its own; on a Redis that it brings itself if there is none."""
    if not group:
        return Server(redis_url=redis_url, **more)
    return Server(redis=group, redis_url=redis_url or group.url,
                  flags=["--wait-replicas", wait_replicas, "--key-prefix", next(_prefixes)], **more)


class Embedded:
    """The Redis that a server brought itself, in the words of a group's node."""

    def __init__(self, server):
        self.server = server

    def stall(self):
        self.pid = self.server.redis_pid()
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self.pid, signal.SIGCONT)

    def client(self):
        return self.server.redis_client()


def check_crowd(server, slug, crowd):
    """What people were told of seats and of confirmations, against the ledger."""
    crowd.check_serials()
    shown = server.show(slug)
    check_ledger(shown, crowd.groups)
    for g in shown["groups"]:
        assert crowd.confirmed[g["id"]] <= g["confirmed"], (f"{crowd.confirmed[g['id']]} confirmations were answered: "
                                                            f"{g}")
    return shown


def master_of(server, group, slug):
    return group.of(slug) if group else Embedded(server)


def slug_beside(group, slug, name):
    """A name for a campaign that the same master has."""
    names = (f"{name}-{n}" for n in itertools.count())
    return next(n for n in names if group.of(n) is group.of(slug)) if group else name
