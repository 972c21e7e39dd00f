"""No line of Python is longer than 120 columns."""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COLUMNS_MAX = 120
FOLDERS = ("bench", "tests", "web")
KINDS = (".py",)
NOT_OURS = {"build", "dist", "node_modules"}
FILES = sorted(p for folder in FOLDERS for p in (ROOT / folder).rglob("*")
               if p.suffix in KINDS and not NOT_OURS & set(p.relative_to(ROOT).parts))


def long_lines(text):
    return [n for n, line in enumerate(text.splitlines(), 1) if len(line) > COLUMNS_MAX]


def test_lines_are_short():
    found = [f"{p.relative_to(ROOT)}:{n}" for p in FILES for n in long_lines(p.read_text())]
    assert not found, f"longer than {COLUMNS_MAX} columns: {' '.join(found)}"


def test_a_long_line_is_seen():
    assert long_lines("x" * COLUMNS_MAX + "\n" + "群" * COLUMNS_MAX + "\n" + "x" * (COLUMNS_MAX + 1)) == [3]
