"""Memory and descriptors of processes over time, and whether they are flat."""

import contextlib
import os
import pathlib
import statistics

from huoma import children_of

SLOPE_MAX = 5.0         # percent of the mean in an hour, of the line through the medians of the second half's minutes
SLOPE_MINUTES = 20      # a shorter run says nothing of slopes: what is made once takes some minutes to be made
# and a line that does not climb so much in all is flat whatever its slope: one page table more is no leak
SLACK_BYTES = 1 << 20


def rss(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Series:
    """(seconds since the start, RSS, descriptors) of one process."""

    def __init__(self, name):
        self.name, self.rows, self.children, self.pid = name, [], 0, None

    def take(self, at, pid):
        """A new process begins a new series: what matters is one that goes on and on."""
        with contextlib.suppress(OSError):
            row = (at, rss(pid), descriptors(pid))
            if pid != self.pid:
                self.pid, self.rows = pid, []
            self.rows.append(row)
            for child in children_of(pid):
                with contextlib.suppress(OSError):
                    self.children = max(self.children, rss(child))

    def second_half(self, column):
        """The median of each minute: what a password or a print takes for a moment is no climb."""
        middle, minutes = (self.rows[0][0] + self.rows[-1][0]) / 2, {}
        for r in self.rows:
            if r[0] >= middle:
                minutes.setdefault(int(r[0] // 60), []).append(r[column])
        return [(60 * m, statistics.median(values)) for m, values in minutes.items()]

    def slope(self, column):
        """(percent of the mean in an hour, the climb in the second half) of the line of least squares."""
        rows = self.second_half(column)
        mean_x, mean_y = (sum(r[i] for r in rows) / len(rows) for i in (0, 1))
        spread = sum((x - mean_x) ** 2 for x, _ in rows)
        slope = sum((x - mean_x) * (y - mean_y) for x, y in rows) / spread if spread else 0.0
        return 100 * slope * 3600 / mean_y, slope * (rows[-1][0] - rows[0][0])

    def minutes(self):
        return (self.rows[-1][0] - self.rows[0][0]) / 60 if self.rows else 0

    def climbs(self):
        """Why the memory is not flat, or None."""
        if self.minutes() < SLOPE_MINUTES:
            return None
        percent, climb = self.slope(1)
        if percent <= SLOPE_MAX or climb <= SLACK_BYTES:
            return None
        return f"{self.name}: its memory climbs by {percent:.1f}% an hour ({climb / 1e6:.1f} MB in the second half)"

    def line(self):
        if len(self.rows) < 2:
            return f"{self.name:12} too few samples"
        memory, files = [r[1] for r in self.rows], [r[2] for r in self.rows]
        text = (f"{self.name:12} {self.minutes():7.1f} {memory[0] / 1e6:9.1f} {max(memory) / 1e6:9.1f} "
                f"{memory[-1] / 1e6:9.1f} "
                f"{self.slope(1)[0]:+9.1f} {files[0]:9d} {max(files):9d} {files[-1]:9d}")
        return text + (f"   children {self.children / 1e6:.1f} MB at most" if self.children else "")

    HEAD = (f"{'process':12} {'minutes':>7} {'MB first':>9} {'most':>9} {'last':>9} {'% an hour':>9} "
            f"{'files':>9} {'most':>9} {'last':>9}")
