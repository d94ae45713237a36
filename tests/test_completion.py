"""The completion scripts in the shells that they are for: what a user gets who presses Tab."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from amlcheck.arguments import parser
from amlcheck.catalog import catalog
from amlcheck.completion.commands import Command, Option, Value, read
from amlcheck.completion_command import SHELLS, run_completion
from needed import lacking

pytest.importorskip("termios")
from virtual_terminal import VirtualTerminal

RULES = {rule.id for rule in catalog().rules}
PROFILES, FLAVOURS = set(catalog().profile_names()), set(catalog().flavour_names())
CASES: list[tuple[str, set[str], set[str]]] = [
    ("amlcheck li", {"lint"}, {"probe"}),
    ("amlcheck ", {"lint", "probe", "report", "completion"}, {"Dockerfile", "--help"}),
    ("amlcheck --v", {"--version"}, {"--help"}),
    ("amlcheck lint --form", {"--format"}, {"--fail-on"}),
    ("amlcheck lint --no-conf", {"--no-config"}, {"--config"}),
    ("amlcheck lint --fail-on ", {"error", "warning", "info"}, {"Dockerfile", "--format"}),
    ("amlcheck lint --color=al", {"always"}, {"never"}),
    ("amlcheck lint --profile azureml-2", {name for name in PROFILES if "-2" in name}, {"azureml-v2"}),
    ("amlcheck probe --flavour openmpi-", {name for name in FLAVOURS if name.startswith("openmpi-")}, set()),
    ("amlcheck lint Docker", {"Dockerfile"}, {"other"}),
    ("amlcheck lint --config aml", {"amlcheck.toml"}, {"Dockerfile"}),
    ("amlcheck lint --context a", {"a folder/"}, {"amlcheck.toml"}),
    ("amlcheck explain AML10", {rule for rule in RULES if rule.startswith("AML10")}, {"AML201"}),
    ("amlcheck explain AML103 lib", {"libfuse"}, {"AML103"}),
    ("amlcheck lint --select AML50", {"AML501"}, {"AML101"}),
    ("amlcheck lint --select AML101,AML50", {"AML101,AML501"}, {"AML101", "AML101,AML102"}),
    ("amlcheck lint --ignore=AML1,AML101,AML50", {"AML1,AML101,AML501"}, set()),
    ("amlcheck completion ", set(SHELLS), {"Dockerfile"}),
    ("amlcheck rules --format ", {"text", "json"}, {"sarif"}),
    ("amlcheck check --mode own", {"own-container"}, {"auto"}),
    ("amlcheck nothing ", set(), {"--help"}),
]
TRAPS = ["$(touch caught)", "`touch caught`", "'; touch caught; '"]


@pytest.fixture(scope="session")
def shells() -> dict[str, str]:
    """The shells of this machine; under CI all must be there."""
    found = {name: shutil.which(name) or "" for name in SHELLS}
    missing = [name for name, path in found.items() if not path]
    if missing and os.environ.get("CI"):
        pytest.fail(f"not installed: {', '.join(missing)}", pytrace=False)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files to complete, some of which have names that a shell must not act on."""
    for name in ("Dockerfile", "amlcheck.toml", "other", *TRAPS):
        (tmp_path / name).write_text("")
    (tmp_path / "a folder").mkdir()
    for shell in SHELLS:
        (tmp_path / f".{shell}").write_text(run_completion(shell, parser()))
    return tmp_path


def offered(shell: str, path: str, line: str, folder: Path) -> set[str]:
    """What a shell offers at the end of a line."""
    if not path:
        lacking(f"{shell} is not installed")
    command = {
        "bash": [path, "--norc", "--noprofile", "-c", _IN_BASH, "bash", line],
        "fish": [path, "--no-config", "-c", 'source .fish; complete -C "$argv[1]"', line],
    }[shell]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "TERM": "xterm"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""
    return {text.split("\t")[0] for text in done.stdout.split("\n") if text}


_IN_BASH = r"""
source .bash
line=$1
set -f
words=()
# as readline splits a line: at blanks, and "=" is a word of its own
for word in ${line//=/ = }; do words+=("$word"); done
[[ $line == *[\ =] ]] && words+=("")
COMP_WORDS=("${words[@]}"); COMP_CWORD=$((${#words[@]} - 1)); COMP_LINE=$line; COMP_POINT=${#line}
set +f
_amlcheck amlcheck "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
for word in "${COMPREPLY[@]}"; do [[ -d $word ]] && word+=/; printf '%s\n' "$word"; done
"""


@pytest.mark.parametrize(("line", "wanted", "unwanted"), CASES, ids=[line for line, *_ in CASES])
@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_completion(
    shell: str, line: str, wanted: set[str], unwanted: set[str], shells: dict[str, str], folder: Path
) -> None:
    found = {text.rpartition("=")[2] if "=" in line else text for text in offered(shell, shells[shell], line, folder)}
    assert wanted <= found
    assert not unwanted & found


def test_completion_in_zsh(shells: dict[str, str], folder: Path) -> None:
    """One shell, in which every line is typed and Tab pressed."""
    if not shells["zsh"]:
        lacking("zsh is not installed")
    (folder / ".zshrc").write_text(
        "PS1='%% '; setopt no_beep; unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -u -D\n"
        "setopt list_rows_first no_always_last_prompt; zstyle ':completion:*' list-prompt ''; LISTMAX=1000\n"
        "zstyle ':completion:*' menu no; setopt no_auto_menu bash_auto_list no_list_ambiguous\nsource .zsh\n"
    )
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "ZDOTDIR": str(folder), "LANG": "C.UTF-8"}
    environment["TERM"] = "xterm"
    with VirtualTerminal([shells["zsh"], "-i"], folder, environment, 120, 60) as terminal:
        terminal.until(lambda: any(text.startswith("%") for text in terminal.lines))
        for line, wanted, unwanted in CASES:
            terminal.press("\x0c", "\x15", line, "\t", "\t")
            pieces = [word.rpartition(",")[2] for word in wanted]  # of a list zsh shows the last piece
            pairs = [(word, word.replace(" ", "\\ ")) for word in pieces]
            last = line.rpartition(" ")[2].rpartition("=")[2]

            def complete(pairs: list[tuple[str, str]] = pairs) -> bool:
                return all(word in terminal.text or other in terminal.text for word, other in pairs)

            terminal.until(complete, f"{wanted} after {line!r}")
            shown = set(re.findall(r"\S+", terminal.text.replace(line, "", 1)))
            assert not {word for word in unwanted if word in shown and word != last}, line


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_nothing_is_run_by_completing(shell: str, shells: dict[str, str], folder: Path) -> None:
    """Neither what was typed nor a file's name is ever evaluated."""
    for trap in TRAPS:
        for line in (f"amlcheck lint {trap[:3]}", f"amlcheck explain {trap}", f"amlcheck lint --profile {trap}"):
            if shell == "bash" or "'" not in line:
                offered(shell, shells[shell], line, folder)
    assert not (folder / "caught").exists()
    if shell == "bash":
        assert "$(touch caught)" in offered(shell, shells[shell], "amlcheck lint $", folder)


@pytest.mark.parametrize("shell", SHELLS)
def test_help_texts_cannot_break_a_script(shell: str, shells: dict[str, str], folder: Path) -> None:
    """Words that would be run in any of the shells stay words."""
    evil = 'it\'s [a] (b) `touch caught` $(touch caught) "x" \\ : ; | & { } % # é\n'
    top = Command(
        (),
        "",
        (Option(("-e", "--evil"), evil, Value(name=evil), False),),
        (),
        False,
        (
            Command(
                ("lint",), evil, (Option(("--bad",), evil, None, True),), (Value(("a",), True, name=evil),), True, ()
            ),
        ),
    )
    module = __import__(f"amlcheck.completion.{shell}", fromlist=["script"])
    (folder / f".{shell}").write_text(module.script(top).replace("\n\n\n", "\n"))
    if not shells[shell]:
        lacking(f"{shell} is not installed")
    source = {"zsh": "autoload -Uz compinit; compinit -u -D; source .zsh; which _amlcheck > /dev/null"}
    code = source.get(shell, f"source .{shell}")
    options = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    done = subprocess.run(
        [shells[shell], *options, "-c", code], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert not (folder / "caught").exists()


def test_every_command_and_option_is_in_every_script() -> None:
    top = read(parser())
    scripts = {shell: run_completion(shell, parser()) for shell in SHELLS}
    commands = list(top.all())
    assert {"lint", "report", "explain"} <= {command.path[-1] for command in commands if command.path}
    for command in commands:
        for option in command.options:
            for flag in option.flags:
                assert re.search(rf"{re.escape(flag)}\b", scripts["bash"])
                assert re.search(rf"{re.escape(flag)}\b", scripts["zsh"])
                name = f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}"
                assert re.search(rf"{re.escape(name)}\b", scripts["fish"])


@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_prints_the_script(shell: str, tmp_path: Path) -> None:
    environment = {**os.environ, "COLUMNS": "40"}
    done = subprocess.run(
        [sys.executable, "-m", "amlcheck", "completion", shell],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == run_completion(shell, parser())
    assert "/work" not in done.stdout
    assert shlex.split(done.stdout.splitlines()[0])[:1] in (["#"], ["#compdef"])
