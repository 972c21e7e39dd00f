"""No line of Python or JavaScript is longer than 120 columns."""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COLUMNS_MAX = 120
FOLDERS = ("bench", "tests", "web")
KINDS = (".js", ".mjs", ".py")
NOT_OURS = {"dist", "node_modules"}


def ours(folder):
    for path in folder.iterdir():
        if path.is_dir():
            if path.name not in NOT_OURS:
                yield from ours(path)
        elif path.suffix in KINDS:
            yield path


def long_lines(text):
    return [n for n, line in enumerate(text.splitlines(), 1) if len(line) > COLUMNS_MAX]


def test_lines_are_short():
    files = [p for folder in FOLDERS for p in sorted(ours(ROOT / folder))]
    found = [f"{p.relative_to(ROOT)}:{n}" for p in files for n in long_lines(p.read_text())]
    assert not found, f"longer than {COLUMNS_MAX} columns: {' '.join(found)}"


def test_a_long_line_is_seen():
    assert long_lines("x" * COLUMNS_MAX + "\n" + "群" * COLUMNS_MAX + "\n" + "x" * (COLUMNS_MAX + 1)) == [3]
