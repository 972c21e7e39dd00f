"""Networks of a test's own, which this machine's other programs do not feel.

None has a name outside: each is there as long as a process in it, or a descriptor of it here, so that not even a kill
-9 leaves any behind.
"""

import contextlib
import ctypes
import os
import subprocess

import pytest

CLONE_NEWNET = 0x40000000
NEAR, FAR = "near", "far"


@contextlib.contextmanager
def own_network(**settings):
    """The thread is in a network that has loopback alone, as are the threads and programs that it starts. settings: of
    net.ipv4."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        if libc.unshare(CLONE_NEWNET) != 0:
            pytest.skip("no network of its own: " + os.strerror(ctypes.get_errno()))
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            for name, value in settings.items():
                with open(f"/proc/sys/net/ipv4/{name}", "w", encoding="ascii") as f:
                    f.write(str(value))
            yield
        finally:
            assert libc.setns(before, CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
    finally:
        os.close(before)


def ip(*lines, enter=()):
    subprocess.run([*enter, "ip", "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True)


class Machine:
    """One of a Network. `address`: there, where it may be cut off; `control`: for the test, which always reaches it;
    `enter`: in front of a command that is to run on it."""

    def __init__(self, number):
        self.number, self.address, self.control = number, f"10.77.0.{number}", f"10.78.0.{number}"
        with own_network():
            self.descriptor = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        place = f"/proc/{os.getpid()}/fd/{self.descriptor}"
        self.enter = ("nsenter", "--net=" + place)
        ip(f"link add name far{number} type veth peer name data netns {place}",
           f"link set far{number} master {FAR} up",
           f"link add name control{number} type veth peer name control netns {place}",
           f"link set control{number} master control up",
           f"link set control{number} type bridge_slave isolated on")
        ip(f"addr add {self.address}/24 dev data", "link set data up", f"addr add {self.control}/24 dev control",
           "link set control up",
           enter=self.enter)


class Network:
    """Machines at two switches with a cable between them, in the caller's own_network()."""

    def __init__(self):
        self.machines = []
        ip(*(f"link add name {switch} type bridge" for switch in (NEAR, FAR, "control")),
           "link add name cable type veth peer name socket",
           f"link set cable master {NEAR} up", f"link set socket master {FAR} up",
           *(f"link set {switch} up" for switch in (NEAR, FAR, "control")), "addr add 10.78.0.254/24 dev control")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for machine in self.machines:
            os.close(machine.descriptor)

    def machine(self):
        self.machines.append(Machine(len(self.machines) + 1))
        return self.machines[-1]

    def cut(self, near):
        """From now on these machines reach each other alone, and so do all others. Nothing is refused: it does not
        arrive."""
        ip(*(f"link set far{m.number} master {NEAR if m in near else FAR}" for m in self.machines))
        ip("link set cable down")

    def join(self):
        ip("link set cable up")
