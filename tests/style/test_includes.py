"""The lines between the rooms of the house (docs/architecture.md): who may include whom, which library stays where; and
the rules of C that no compiler checks. Every rule is also shown a text that breaks it."""

import fnmatch
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDERS = ("campaign", "config", "import", "qr", "server", "storage")
FILES = sorted(p for f in FOLDERS for p in (ROOT / f).rglob("*.[ch]"))
HEADERS = {}   # name -> folder-relative paths of the headers of that name
for path in FILES:
    if path.suffix == ".h":
        HEADERS.setdefault(path.name, []).append(path.relative_to(ROOT).as_posix())

# room -> rooms whose headers it may include (its own always)
ROOMS = {
    "campaign": (), "config": (), "import": ("campaign",), "qr": (),
    "storage": ("campaign",),
    "server/http": ("server",),
    "server/alert": ("server", "campaign", "config"),
    "server/public": ("server", "server/http", "storage", "campaign", "qr", "config"),
    "server/admin": ("server", "server/http", "server/alert", "storage", "campaign", "qr", "config"),
    "server/cli": ("server", "server/admin", "server/http", "server/alert", "storage", "campaign", "import", "qr",
                   "config"),
    "server": ("server/http", "server/public", "server/admin", "server/cli", "storage", "campaign", "qr", "config"),
}
# reads JSON, and knows no campaign: for all rooms that have jansson
JSON_MEMORY = "campaign_json_memory.h"
# of storage, others see these headers only
STORAGE_DOORS = {"store.h": None, "redis_child.h": ("server/server.c", "server/server_begin.c", "server/cli/session.c")}
# a library's headers -> where they may stand: folders, files, patterns of files
LIBRARIES = {
    r"hiredis/.*": ("storage/",),
    r"(qrencode|png|cairo.*)\.h": ("qr/",),
    r"(jpeglib|zbar.*)\.h": ("qr/decode_image.c", "qr/decode_logo.c", "qr/decode_code.c", "qr/decode_proof.c"),
    r"seccomp\.h": ("qr/decode_sandbox.c", "server/privileges.c"),
    r"csv\.h": ("import/import_csv.c",),
    r"llhttp.*\.h|llhttp/.*": ("server/http/request.c", "server/http/body.c"),
    r"jansson\.h": ("campaign/campaign_json*.c", "campaign/campaign_json_private.h", "config/", "import/",
                    "server/admin/", "server/alert/",
                     "server/cli/alert.c", "server/cli/funnel*", "server/cli/import*", "server/cli/export*"),
    r"(pango|fontconfig)/.*": ("qr/text.c",),
    r"zlib\.h": ("qr/pdf_black.c",),
    r"curl/.*": ("server/alert/sender.c",),
    r"glib\.h": ("server/zone.c",),
    r"maxminddb\.h": ("server/country.c",),
    r"event2?/.*|event\.h": ("server/", "storage/"),
    r"sodium\.h": ("campaign/seat_token.c", "storage/", "server/"),
}
# the domain, the drawing and the decoding do no I/O and know no clock
PURE = ("campaign/", "qr/qr.", "qr/code.", "qr/colour.", "qr/distance.", "qr/paper", "qr/pdf_black.", "qr/plan",
        "qr/poster.", "qr/sheet.", "qr/symbol.",
        "qr/template", "qr/text.", "qr/decode_image.", "qr/decode_code.")
IMPURE = re.compile(r"unistd\.h|fcntl\.h|poll\.h|sys/.*|netdb\.h|pthread\.h")
BANNED = re.compile(r"\b(strcpy|strcat|stpcpy|sprintf|vsprintf|gets|strtok|atoi|atol|atoll|alloca)\s*\(")
FUNCTION_LINES_MAX = 60


def room_of(name):
    folder = name.rsplit("/", 1)[0]
    while folder not in ROOMS:
        folder = folder.rsplit("/", 1)[0]
    return folder


def without_comments(text):
    """Comments and the insides of strings blanked, lines kept."""
    blank = lambda m: re.sub(r"[^\n]", " ",
                             m.group(0)) if m.group(0)[0] == "/" else '""' + "\n" * m.group(0).count("\n")
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def own_include_problems(name, included):
    room, homes = room_of(name), {room_of(h) for h in HEADERS.get(included, ())}
    if not homes:
        if included not in ("embed.h", "console_files.h"):
            yield f'includes "{included}", which is nowhere'
    elif room not in homes:
        home = sorted(homes)[0]
        if home not in ROOMS[room] and not (included == JSON_MEMORY and room == "config"):
            yield f"{room} may not include {home} ({included})"
        doors = STORAGE_DOORS.get(included, ()) if home == "storage" else None
        if doors == () or (doors and name not in doors):
            yield f"{included} is storage's own"
        if included.endswith("_private.h"):
            yield f"{included} is {home}'s own"


def include_problems(name, text):
    for included in re.findall(r'^\s*#\s*include\s*"([^"]+)"', text, re.M):
        yield from own_include_problems(name, included)
    for included in re.findall(r"^\s*#\s*include\s*<([^>]+)>", text, re.M):
        for pattern, places in LIBRARIES.items():
            if re.fullmatch(pattern,
                            included) and not any(fnmatch.fnmatch(name, p + "*" * p.endswith("/")) for p in places):
                yield f"<{included}> may stand in {', '.join(places)} only"
        if name.startswith(PURE) and IMPURE.fullmatch(included):
            yield f"<{included}> has no place in {name.split('/')[0]}/"


def code_problems(name, text):
    code = without_comments(text)
    if not text.startswith("/*"):
        yield "does not open with a comment that explains its part"
    for m in BANNED.finditer(code):
        yield f"line {code.count(chr(10), 0, m.start()) + 1}: {m.group(1)} is banned"
    if re.search(r"\btypedef\s+(struct|union)\b", code):
        yield "has a typedef'd struct"
    begin = None
    for number, line in enumerate(code.splitlines(), 1):
        if line == "{":
            begin = number
        elif line == "}" and begin:
            if number - begin - 1 > FUNCTION_LINES_MAX:
                yield f"line {begin}: a function of {number - begin - 1} lines"
            begin = None
    for number, line in enumerate(text.splitlines(), 1):
        if "\t" in line or line != line.rstrip():
            yield f"line {number}: a tab, or blanks at its end"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_includes(path):
    name = path.relative_to(ROOT).as_posix()
    found = list(include_problems(name, path.read_text()))
    assert not found, "; ".join(found)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_code(path):
    name = path.relative_to(ROOT).as_posix()
    found = list(code_problems(name, path.read_text()))
    assert not found, "; ".join(found)


@pytest.mark.parametrize("name,text", [
    ("campaign/x.c", '#include "store.h"'), ("storage/x.c", '#include "config.h"'), ("qr/x.c", '#include "campaign.h"'),
    ("config/x.c", '#include "campaign.h"'), ("server/public/x.c", '#include "admin.h"'),
    ("server/admin/x.c", '#include "worker.h"'),
    ("server/http/x.c", '#include "store.h"'), ("server/http/x.c", '#include "worker.h"'),
    ("server/admin/x.c", '#include "redis_link.h"'),
    ("server/public/x.c", '#include "redis_child.h"'), ("server/admin/x.c", '#include "nowhere.h"'),
    ("server/x.c", "#include <hiredis/hiredis.h>"),
    ("server/admin/x.c", "#include <qrencode.h>"), ("import/x.c", '#include "store.h"'),
    ("import/format_csv.c", "#include <csv.h>"), ("qr/decode_child.c", "#include <zbar.h>"),
    ("qr/qr.c", "#include <unistd.h>"), ("server/http/conn.c", "#include <llhttp.h>"),
    ("server/cli/x.c", "#include <jansson.h>"),
    ("campaign/campaign.c", "#include <jansson.h>"), ("campaign/campaign_json.h", "#include <jansson.h>"),
    ("server/http/body.h", "#include <llhttp.h>"), ("server/admin/x.c", '#include "campaign_json_private.h"'),
    ("server/public/x.c", '#include "conn_private.h"'), ("storage/x.c", "#include <jansson.h>"),
    ("campaign/x.c", "#include <event2/event.h>"), ("campaign/x.c", "#include <unistd.h>"),
])
def test_a_broken_include_rule_is_seen(name, text):
    assert list(include_problems(name, text))


@pytest.mark.parametrize("name,text", [
    ("server/server.c", '#include "redis_child.h"\n#include "admin.h"\n#include "worker.h"'),
    ("storage/x.c", '#include "campaign.h"'),
    ("server/admin/x.c", "#include <jansson.h>"), ("server/http/request.c", "#include <llhttp.h>"),
    ("server/http/body.c", "#include <llhttp.h>"), ("campaign/campaign_json_write.c", "#include <jansson.h>"),
    ("campaign/campaign_json_group.c", '#include "campaign_json_private.h"'),
])
def test_what_is_allowed_is_let_through(name, text):
    assert not list(include_problems(name, text))


@pytest.mark.parametrize("text", [
    "int x;\n", "/* */\nvoid f(void)\n{\n    strcpy(a, b);\n}\n", "/* */\ntypedef struct { int a; } t;\n",
    "/* */\nvoid f(void)\n{\n" + "    g();\n" * (FUNCTION_LINES_MAX + 1) + "}\n", "/* */\n\tint x;\n",
    "/* */\nint x; \n",
])
def test_a_broken_rule_of_code_is_seen(text):
    assert list(code_problems("campaign/x.c", text))


def test_words_in_comments_and_strings_do_not_count():
    assert not list(code_problems("campaign/x.c", '/* strcpy( */\nchar *s = "strcpy(a, b)"; // atoi(x)\n'))
