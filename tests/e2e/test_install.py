"""What `cmake --install` lays down: both programs, a manual page that is all of the help, completions that shells find
by themselves."""

import json
import os
import re
import shutil
import subprocess

import pytest

from huoma import BINARY
from test_cli_serve import run
from test_import_foreign import GROUPS, LIKEYUN, code

COMMANDS = ("serve", "campaign", "user", "token", "alert", "funnel", "qr", "poster", "sheet", "export", "import",
            "check", "completion", "help")


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prefix")
    subprocess.run(["cmake", "--install", str(BINARY.parent), "--prefix", str(folder)], check=True, capture_output=True,
                   timeout=120)
    return folder


@pytest.fixture(scope="module")
def page(prefix):
    """The manual page as it is read, lines as long as they like."""
    out = subprocess.run(["groff", "-man", "-Kutf8", "-Tascii", "-P-cbou", "-rLL=3000n", "-rHY=0",
                          str(prefix / "share/man/man1/huoma.1")],
                         capture_output=True, text=True, check=True, timeout=60)
    return re.sub(r"\s+", " ", out.stdout)


def test_the_files_are_where_a_system_looks_for_them(prefix):
    found = {str(p.relative_to(prefix)) for p in prefix.rglob("*") if p.is_file()}
    assert {f for f in found if not f.startswith("share/doc/huoma/")} == {
        "bin/huoma", "bin/huoma-decode", "sbin/huoma-backup", "sbin/huoma-restore", "share/man/man1/huoma.1",
        "share/bash-completion/completions/huoma", "share/zsh/site-functions/_huoma"}
    assert os.access(prefix / "bin/huoma", os.X_OK) and os.access(prefix / "bin/huoma-decode", os.X_OK)


def test_the_installed_program_finds_the_one_that_decodes_images(prefix, tmp_path):
    (tmp_path / "upload").mkdir()
    code(GROUPS[0], tmp_path).save(tmp_path / "upload/one.png")
    (tmp_path / "ylb.sql").write_text(LIKEYUN)
    here = ["--data-dir", str(tmp_path / "data")]
    subprocess.run([prefix / "bin/huoma", "import", "--images", tmp_path / "upload", tmp_path / "ylb.sql", *here],
                   capture_output=True,
                   timeout=120, check=False)
    shown = subprocess.run([prefix / "bin/huoma", "campaign", "show", "qun1", "--json", *here], capture_output=True,
                           timeout=60, check=True)
    assert json.loads(shown.stdout)["groups"][0]["url"] == GROUPS[0]


def test_the_manual_page_is_without_a_warning(prefix):
    path = prefix / "share/man/man1/huoma.1"
    for command in (["groff", "-man", "-ww", "-Tutf8", "-z", path], ["man", "--warnings", "-l", path]):
        out = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True,
                             env={**os.environ, "LC_ALL": "C.UTF-8"})
        assert out.stderr == "", command


@pytest.mark.parametrize("command", COMMANDS)
def test_each_word_of_the_help_is_in_the_manual_page(page, command):
    """All but what is proposed to do next and the heads of tables; so a row or paragraph that the reader of texts loses
    shows here."""
    text = run("help", command, "all").stdout
    assert f"HUOMA {command}" in page
    text = re.sub(r"(?m)^Next: .*\n( {6}\S.*\n)*", "", text).replace("Usage: ", "")
    text = re.sub(r"(?m)^  FLAG .*$", "", text)
    rows = [re.sub(r"\s+", " ", part).strip() for line in text.splitlines() for part in re.split(r" {2,}", line)]
    assert len(rows) > 2
    for row in rows:
        assert row in page, row
    for option in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text):
        assert option in page


def test_the_commands_of_this_file_are_all():
    overview = run("help").stdout
    assert tuple(re.findall(r"(?m)^  ([a-z]+) ", overview)) == COMMANDS


def test_bash_completes_with_the_installed_file(prefix):
    line = (f'PATH={prefix}/bin:$PATH; source {prefix}/share/bash-completion/completions/huoma; '
            'COMP_WORDS=(huoma campaign cr); COMP_CWORD=2; _huoma huoma; echo "${COMPREPLY[@]}"')
    out = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=30, check=True)
    assert (out.stdout.split(), out.stderr) == (["create"], "")


@pytest.mark.parametrize("words, offered, others", [
    ([""], {"campaign", "serve"}, {"create"}), (["campaign", ""], {"create", "edit"}, {"serve"}),
    (["campaign", "edit", ""], {"--group-limit", "--group-when"}, {"create"})])
@pytest.mark.parametrize("sourced", [False, True], ids=["installed", "sourced"])
def test_zsh_completes(prefix, tmp_path, words, offered, others, sourced):
    """compinit finds the installed file; `source <(huoma completion zsh)` does the same. What would be offered is
    printed."""
    load = (f'source <({prefix}/bin/huoma completion zsh)' if sourced
            else f'fpath=({prefix}/share/zsh/site-functions $fpath)')
    start = "autoload -Uz compinit; compinit -u -D"
    script = f"{load}\n{start}\n" if not sourced else f"{start}\n{load}\n"
    script += '[[ $_comps[huoma] == _huoma ]] || exit 9\ncompadd() { print -rl -- "${@[2,-1]}" }\n'
    script += 'words=(huoma "$@")\nCURRENT=$(( $# + 1 ))\n_huoma\n'
    env = {**os.environ, "PATH": f"{prefix}/bin:{os.environ['PATH']}", "ZDOTDIR": str(tmp_path), "HOME": str(tmp_path)}
    out = subprocess.run(["zsh", "-f", "-c", script, "zsh", *words], capture_output=True, text=True, timeout=60,
                         env=env, check=True)
    assert out.stderr == ""
    found = out.stdout.split()
    assert offered <= set(found) and not others & set(found), found


def test_a_code_that_nobody_can_prove_is_not_written(tmp_path):
    """The program without the one that decodes beside it."""
    shutil.copy(BINARY, tmp_path / "huoma")
    made = subprocess.run([tmp_path / "huoma", "qr", "https://example.com/a", "-o", tmp_path / "a.png"],
                          capture_output=True, text=True, timeout=60)
    assert made.returncode == 1 and "huoma: qr: the code could not be proved" in made.stderr, made.stderr
    assert not (tmp_path / "a.png").exists()
