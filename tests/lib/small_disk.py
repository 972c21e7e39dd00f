"""A file system of a test's own, which is full whenever the test wants it to be."""

import os
import subprocess

from huoma import wait_for

PATIENCE = 20


class NoDisk(Exception):
    """None can be mounted here."""


class Disk:
    """A tmpfs on a folder that is there. It takes memory only for what is in it."""

    def __init__(self, folder, megabytes=512):
        self.folder, self.room = folder, megabytes << 20
        made = self.mount("-t", "tmpfs", "-o", f"size={self.room},mode=0700", "huoma-test")
        if made.returncode:
            raise NoDisk("a small file system can't be mounted here: " + made.stderr.strip())

    def mount(self, *words):
        return subprocess.run(["mount", *words, self.folder], capture_output=True, text=True, check=False)

    def resize(self, size):
        return self.mount("-o", f"remount,size={size}").returncode == 0

    def fill(self):
        """Not a page is left. Asked again when somebody took one in between: a disk does not get smaller than what is
        on it."""
        def as_small_as_it_can_be():
            disk = os.statvfs(self.folder)
            return self.resize((disk.f_blocks - disk.f_bfree) * disk.f_frsize)
        wait_for("a full disk", as_small_as_it_can_be, PATIENCE)

    def free(self):
        assert self.resize(self.room)

    def close(self):
        wait_for("umount",
                 lambda: subprocess.run(["umount", self.folder], capture_output=True, check=False).returncode == 0,
                 PATIENCE, 0.1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
