"""Help texts: every example can be typed, every command is in its group, and all of it can be read at 80 columns."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import pytest

from amlcheck.arguments import Parser, help_of, parser
from amlcheck.help import EXAMPLES, GROUPS
from test_cli import run

TOP = parser()
(INSIDE,) = (action for action in TOP._actions if isinstance(action, argparse._SubParsersAction))
COMMANDS: dict[str, Parser] = dict(INSIDE.choices)
TYPED = [typed for examples in EXAMPLES.values() for typed, _ in examples]


@pytest.mark.parametrize("typed", TYPED)
def test_example_is_understood(typed: str) -> None:
    command = re.split(r"[|<>]", typed)[-1] if "|" in typed else re.split(r" [<>] ", typed)[0]
    program, *arguments = shlex.split(command)
    assert program == "amlcheck"
    parser().parse_args(arguments)


def test_every_command_has_its_place_and_a_line() -> None:
    shown = help_of("")
    assert "\nmore:" not in shown
    for name in COMMANDS:
        assert any(name in names for _, names in GROUPS), name
        assert re.search(rf"^  {name} +\S", shown, re.MULTILINE), name


@pytest.mark.parametrize("name", ["", *COMMANDS])
@pytest.mark.parametrize("columns", [80, 100])
def test_help_fits(name: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = help_of(name)
    long = [line for line in shown.splitlines() if len(line) > columns]
    assert [
        line for line in long if not line.startswith("usage:") and "exit codes:" not in line and " > ~" not in line
    ] == []
    assert shown.startswith("usage: amlcheck")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name: str) -> None:
    """No option without a word of help, and none that is spoken of twice."""
    assert COMMANDS[name].description
    for action in COMMANDS[name].actions:
        if not isinstance(action, argparse._SubParsersAction):
            assert action.help, action.option_strings or action.dest
    flags = [flag for action in COMMANDS[name].actions for flag in action.option_strings]
    assert len(flags) == len(set(flags))


def test_commands_are_listed_where_none_is_given(tmp_path: Path) -> None:
    result = run(cwd=tmp_path)
    assert result.code == 2
    assert "amlcheck --help" in result.err
