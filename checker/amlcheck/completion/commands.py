"""What can be typed: commands, options and their values, read from the argparse parser."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

from amlcheck.arguments import Parser
from amlcheck.catalog import catalog
from amlcheck.records import dataclass
from amlcheck.regex import regex
from amlcheck.report import formats

_WORD = regex(r"[A-Za-z0-9][\w.=:+-]*")
"""What a script may hold as a word: nothing that a shell would act on."""


@dataclass(frozen=True)
class Value:
    """What can stand for a value or an argument."""

    words: tuple[str, ...] = ()
    files: bool = False
    folders: bool = False
    name: str = ""
    """For people: "FILE"."""
    several: bool = False
    """Whether it may be several of the words with commas between them: the last one is completed."""


@dataclass(frozen=True)
class Option:
    """One option, by all its names."""

    flags: tuple[str, ...]
    help: str
    value: Value | None
    """None for one that takes none."""
    repeatable: bool


@dataclass(frozen=True)
class Command:
    """A command, and what can follow it."""

    path: tuple[str, ...]
    """() for the program itself, ("hook", "install") for one within another."""
    help: str
    options: tuple[Option, ...]
    arguments: tuple[Value, ...]
    """In their order; the last one may repeat."""
    repeats: bool
    commands: tuple[Command, ...]

    def all(self) -> Iterator[Command]:
        """Itself and every command within."""
        yield self
        for command in self.commands:
            yield from command.all()


def read(parser: Parser) -> Command:
    """All that a parser knows."""
    return _command(parser, (), "")


def _command(parser: Parser, path: tuple[str, ...], told: str) -> Command:
    options, arguments, inside, repeats = [], [], [], False
    for action in parser.actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            inside += [_command(one, (*path, name), helps.get(name, "")) for name, one in action.choices.items()]
        elif action.help == argparse.SUPPRESS:
            continue
        elif action.option_strings:
            flags = tuple(action.option_strings)
            options.append(Option(flags, _help(action), _value(action), _repeats(action)))
        else:
            arguments.append(_value(action) or Value())
            repeats = action.nargs in ("*", "+")
    return Command(path, told, tuple(options), tuple(arguments), repeats, tuple(inside))


def _help(action: argparse.Action) -> str:
    return " ".join((action.help or "").replace("%%", "%").split())


def _repeats(action: argparse.Action) -> bool:
    return isinstance(action, argparse._AppendAction)


def _value(action: argparse.Action) -> Value | None:
    """What an option or argument takes; None for an option that takes nothing."""
    if action.option_strings and action.nargs == 0:
        return None
    name = str(action.metavar or action.dest).upper()
    if action.choices is not None:
        return Value(_safe(str(choice) for choice in action.choices), name=name)
    if action.dest == "format":
        return Value(_safe(formats.NAMES), name=name)
    if action.dest in ("rules", "select", "ignore"):
        names = [rule.id for rule in catalog().rules]
        names += [rule.name for rule in catalog().rules] if action.dest == "rules" else []
        return Value(_safe(names), name=name, several=action.dest != "rules")
    profiles, flavours = catalog().profile_names(), catalog().flavour_names()
    known = {"profile": profiles, "flavour": flavours, "name": [*profiles, *flavours]}
    if action.dest in known and name == "NAME":
        return Value(_safe(known[action.dest]), files=True, name=name)
    if re.search(r"FILE|PATH|JSON|DOCKERFILE", name):
        return Value(files=True, name=name)
    return Value(folders="DIR" in name, name=name)


def _safe(words: object) -> tuple[str, ...]:
    assert not isinstance(words, str)
    return tuple(word for word in words if _WORD.fullmatch(word))  # type: ignore[attr-defined]
