"""A network of a test's own: loopback alone, with kernel settings that this machine's other programs do not feel."""

import ctypes
import os
import subprocess
import threading

import pytest

CLONE_NEWNET = 0x40000000


def in_own_network(body, **settings):
    """Runs body() in a thread that is in a network namespace of its own, as are the programs that it starts. settings: of net.ipv4."""
    outcome = {}

    def enter_and_run():
        try:
            if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
                outcome["skip"] = "no network of its own: " + os.strerror(ctypes.get_errno())
                return
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            for name, value in settings.items():
                with open(f"/proc/sys/net/ipv4/{name}", "w", encoding="ascii") as f:
                    f.write(str(value))
            outcome["result"] = body()
        except BaseException as e:
            outcome["error"] = e
    thread = threading.Thread(target=enter_and_run)
    thread.start()
    thread.join()
    if "skip" in outcome:
        pytest.skip(outcome["skip"])
    if "error" in outcome:
        raise outcome["error"]
    return outcome["result"]
