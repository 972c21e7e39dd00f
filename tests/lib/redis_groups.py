"""Redis as people run it: a master with replicas and sentinels, each a process of its own, in folders and on ports of
their own."""

import contextlib
import os
import random
import signal
import socket
import subprocess

import redis as redis_client

from huoma import HERE, Program, wait_for
from small_disk import Disk, NoDisk

START_SECONDS = 20
MASTER = "mymaster"


def is_free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def free_ports(count):
    """Ports that nobody has now, nor gets by chance while a node is dead: they, and those of a cluster's bus (10,000
    above), are below the ones that the kernel gives to who connects."""
    ports = set()
    while len(ports) < count:
        port = random.randrange(10000, 22000)
        if is_free(port) and is_free(port + 10000):
            ports.add(port)
    return list(ports)


class Node(Program):
    """One redis-server (or sentinel) that keeps its port and its folder when it is killed and started again."""

    def __init__(self, port, options, at, name="redis"):
        super().__init__(name)
        self.port, self.at, self.stopped, self.disk = port, at, False, None
        self.listen = list(dict.fromkeys([at.address, at.control]))
        self.command = [*at.enter, "redis-server", *options, "--port", port, "--bind", *self.listen, "--protected-mode",
                        "no",
                        "--dir", self.dir]

    def start(self):
        self.spawn(self.command)
        wait_for(f"redis-server on {self.port}", lambda: self.lives() and self.answers(), START_SECONDS)
        return self

    def client(self, **more):
        return redis_client.Redis(self.at.control, self.port, socket_timeout=2, decode_responses=True, **more)

    def is_copied(self, replicas):
        """Whether at least so many replicas have what is written now. Without a write WAIT counts those, too, that may
        be sent nothing for a second: who said that it was there before its master knew that is not heard until it says
        so again."""
        client = self.client(single_connection_client=True)
        for n in range(1000):  # some key that is its own, of a cluster
            try:
                client.set(f"sync{n}", 1)
                return client.wait(replicas, 200) >= replicas
            except redis_client.ResponseError as e:
                if not str(e).startswith("MOVED"):
                    raise
        return False

    def rewrites(self):
        """Whether its log is being written anew: a replica that dies meanwhile wakes up with what it had before the
        last full copy."""
        try:
            told = self.client().info("persistence")
            return told["aof_rewrite_in_progress"] or told["aof_rewrite_scheduled"]
        except redis_client.RedisError:
            return True

    def answers(self):
        try:
            return self.client().ping() or True
        except redis_client.BusyLoadingError:
            return False
        except redis_client.AuthenticationError:
            return True
        except redis_client.RedisError:
            return False

    def role(self):
        """"master", "slave", or None if it does not answer."""
        try:
            return self.client().execute_command("ROLE")[0]
        except redis_client.RedisError:
            return None

    def stall(self):
        self.signal(signal.SIGSTOP)
        self.stopped = True

    def go_on(self):
        self.signal(signal.SIGCONT)
        self.stopped = False

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def mend(self):
        """Undoes whatever was done to it."""
        if self.disk:
            self.disk.free()
        if self.stopped:
            self.go_on()
        if not self.runs():
            self.start()

    def own_disk(self):
        """From before its start on. Without one where none can be had."""
        with contextlib.suppress(NoDisk):
            self.disk = Disk(self.dir)

    def close(self):
        if self.stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGCONT)
        if self.process:
            self.process.kill()
            self.process.wait()
        if self.disk:
            self.disk.close()
        super().close()


def start_node(stack, node, disks):
    """Ended with the stack. `disks`: on a disk of its own, where one can be had."""
    stack.enter_context(node)
    if disks:
        node.own_disk()
    return node.start()


PERSISTENT = ["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction",
              "--repl-diskless-sync-delay", "0"]


class Sentinels:
    """A master, `replicas` of it, and three sentinels. `place` gives where the next of them is to run."""

    def __init__(self, replicas=1, down_after_ms=500, disks=False, place=lambda: HERE):
        self.nodes, self.sentinels = [], []
        with contextlib.ExitStack() as stack:
            self.stack = stack
            ports = free_ports(replicas + 4)
            for n, port in enumerate(ports[:replicas + 1]):
                behind = ["--replicaof", self.nodes[0].at.address, ports[0]] if n else []
                self.nodes.append(start_node(stack, Node(port, [*PERSISTENT, *behind], place()), disks))
            for port in ports[replicas + 1:]:
                self.sentinels.append(stack.enter_context(Node(port, [], place(), "sentinel")))
                self.start_sentinel(self.sentinels[-1], self.nodes[0], down_after_ms)
            wait_for("the sentinels to know each other", self.known, START_SECONDS)
            self.stack = stack.pop_all()

    def start_sentinel(self, s, master, down_after_ms):
        config = s.dir / "sentinel.conf"
        config.write_text(f"port {s.port}\nbind {' '.join(s.listen)}\nprotected-mode no\ndir {s.dir}\n"
                          f"sentinel monitor {MASTER} {master.at.address} {master.port} 2\n"
                          f"sentinel down-after-milliseconds {MASTER} {down_after_ms}\n"
                          f"sentinel failover-timeout {MASTER} 1000\n")
        s.command = [*s.at.enter, "redis-server", config, "--sentinel"]
        s.start()

    def known(self):
        def state(s):
            return s.client().sentinel_master(MASTER)
        return all(int(state(s)["num-other-sentinels"]) == 2 and int(state(s)["num-slaves"]) == len(self.nodes) - 1
                   for s in self.sentinels)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return self.stack.__exit__(*exc)

    @property
    def url(self):
        return "redis+sentinel://" + ",".join(f"{s.at.address}:{s.port}" for s in self.sentinels) + "/" + MASTER

    def master(self):
        """The node that sentinels call the master, and that is one; None while they do not agree."""
        try:
            ports = {int(s.client().sentinel_get_master_addr_by_name(MASTER)[1])
                     for s in self.sentinels if not s.stopped}
        except (redis_client.RedisError, TypeError):
            return None
        node = next((n for n in self.nodes if {n.port} == ports), None)
        return node if node and not node.stopped and node.role() == "master" else None

    def in_sync(self, replicas=1):
        """One master, and at least so many replicas with all that it has."""
        master = self.master()
        if not master:
            return False
        try:
            return master.is_copied(replicas)
        except redis_client.RedisError:
            return False

    def whole(self):
        """All follow the master: sentinels would see to it ten seconds later. Whether they have all that it has."""
        master = self.master()
        for node in self.nodes if master else ():
            with contextlib.suppress(redis_client.RedisError):
                if node is not master and node.client().info("replication").get("master_port") != master.port:
                    node.client().execute_command("REPLICAOF", master.at.address, str(master.port))
        return self.in_sync(len(self.nodes) - 1) and not any(n.rewrites() for n in self.nodes)

    def replicas_of(self, master):
        return [n for n in self.nodes if n is not master]

    def of(self, _):
        """The master that has the campaign: the one that has all."""
        return self.master()

    def client(self, _=None):
        """Of whoever is the master."""
        return wait_for("a master", self.master, START_SECONDS).client()


class Cluster:
    """Masters, each with one replica, made by redis-cli. `place` gives where the next of them is to run."""

    def __init__(self, masters=3, options=(), timeout_ms=1000, disks=False, place=lambda: HERE):
        self.nodes = []
        with contextlib.ExitStack() as stack:
            for port in free_ports(2 * masters):
                node = Node(port, [*PERSISTENT, "--cluster-enabled", "yes", "--cluster-node-timeout", timeout_ms,
                                   "--cluster-replica-validity-factor", "0", *options], place())
                self.nodes.append(start_node(stack, node, disks))
            subprocess.run([*self.nodes[0].at.enter, "redis-cli", "--cluster", "create",
                            *(f"{n.at.address}:{n.port}" for n in self.nodes),
                            "--cluster-replicas", "1", "--cluster-yes"], check=True, capture_output=True, timeout=60)
            wait_for("the cluster", self.in_sync, START_SECONDS, 0.05)
            self.stack = stack.pop_all()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return self.stack.__exit__(*exc)

    @property
    def url(self):
        return "redis+cluster://" + ",".join(f"{n.at.address}:{n.port}" for n in self.nodes[:2])

    def live(self):
        return [n for n in self.nodes if not n.stopped and n.runs()]

    def masters(self):
        return [n for n in self.live() if n.role() == "master"]

    def in_sync(self):
        """All nodes say that all is well, and each master has a replica with all that it has."""
        try:
            if not all(n.client().execute_command("CLUSTER INFO")["cluster_state"] == "ok" for n in self.live()):
                return False
            return all(n.is_copied(1) for n in self.masters())
        except redis_client.RedisError:
            return False

    def replicas_of(self, master):
        """Those that it knows as its replicas itself."""
        known = master.client().execute_command("CLUSTER NODES")
        own = next(row["node_id"] for row in known.values() if "myself" in row["flags"])
        ports = [int(address.rsplit(":", 1)[1]) for address, row in known.items() if row["master_id"] == own]
        return [n for n in self.nodes if n.port in ports]

    def whole(self):
        """Whether all replicas follow, and have all that their masters have."""
        return len(self.live()) == len(self.nodes) and self.in_sync() and not any(n.rewrites() for n in self.nodes)

    def of(self, slug):
        """The master that has the campaign; None while nobody says so, as who is asked is about to die."""
        try:
            slot = self.live()[0].client().execute_command("CLUSTER KEYSLOT", f"hm:{{{slug}}}")
            for first, last, (_, port, *_), *_ in ask_plain(self.live()[0], "CLUSTER", "SLOTS"):
                if first <= slot <= last:
                    return next(n for n in self.nodes if n.port == port)
        except redis_client.RedisError:
            pass
        return None

    def client(self, slug="~"):
        return self.of(slug).client()


def ask_plain(node, *words):
    """An answer as it comes: redis-py makes something else of some."""
    client = node.client()
    client.response_callbacks.clear()
    return client.execute_command(" ".join(words[:2]) if len(words) == 2 else words[0], *words[2:])
