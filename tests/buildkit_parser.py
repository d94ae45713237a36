"""BuildKit's own parser (PyPI `dockerfile`, for development only) and the reader, in one form that can be compared."""

from __future__ import annotations

import re
from typing import Any

import dockerfile

from amlcheck.dockerfile.reader import Dockerfile, Flag, Instruction, read

Shape = tuple[object, ...]
_KNOWN = frozenset(
    [
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    ]
)
_WORDS = frozenset({"FROM", "EXPOSE", "COPY", "ADD", "VOLUME"})


def _arguments(instruction: Instruction, escape: str) -> list[str]:
    """The arguments in the form of BuildKit's parser."""
    keyword = instruction.keyword
    if keyword in ("ENV", "LABEL"):
        pairs = instruction.assignments(escape)
        return [word.text if word is not None else "" for pair in pairs for word in pair]
    if keyword == "ARG":
        pairs = instruction.assignments(escape)
        return [name.text + (f"={value.text}" if value is not None else "") for name, value in pairs]
    if keyword == "HEALTHCHECK" and instruction.args.text:
        kind, *rest = re.split(r"[\t\v\f\r ]+", instruction.args.text, maxsplit=1)
        return [kind, *(rest if instruction.json is None else [text for text, _ in instruction.json])]
    if instruction.json is not None:
        return [text for text, _ in instruction.json]
    if keyword in _WORDS:
        return [word.text for word in instruction.words()]
    return [instruction.args.text] if instruction.args.text else []


def _flag(flag: Flag) -> str:
    """A flag as BuildKit shows it: it takes each byte of one for a character."""
    text = f"--{flag.name}" + (f"={flag.value}" if flag.value is not None else "")
    return text.encode().decode("latin-1").rstrip("\x85\xa0")


def ours(text: str) -> tuple[list[Shape], bool]:
    """What the reader makes of a text, and whether it says that Docker refuses it."""
    found = read("Dockerfile", text)
    return shapes_of(found), bool(found.problems)


def shapes_of(found: Dockerfile) -> list[Shape]:
    """What the reader has found, as it can be compared. Of unknown instructions only the lines can be."""
    shapes: list[Shape] = []
    for instruction in found.instructions:
        inner = instruction.trigger or instruction
        lines = (instruction.start_line, instruction.end_line)
        if instruction.keyword not in _KNOWN or inner.keyword not in _KNOWN:
            shapes.append(("unknown", *lines))
            continue
        flags = () if instruction.trigger else tuple(_flag(flag) for flag in inner.flags)
        heredocs = tuple((document.name, document.body.text) for document in instruction.heredocs)
        arguments = _arguments(inner, found.escape)
        shapes.append((instruction.keyword, *lines, inner.keyword, flags, inner.json is not None, arguments, heredocs))
    return shapes


def theirs(text: str) -> list[Shape] | None:
    """What BuildKit's parser makes of it; None where it refuses the file."""
    try:
        commands: tuple[Any, ...] = dockerfile.parse_string(text)
    except dockerfile.GoParseError:
        return None
    shapes: list[Shape] = []
    for command in commands:
        lines = (command.start_line, command.end_line)
        keyword, inner = (command.cmd or "").upper(), (command.sub_cmd or command.cmd or "").upper()
        if keyword not in _KNOWN or inner not in _KNOWN:
            shapes.append(("unknown", *lines))
            continue
        heredocs = tuple((document.name, document.content) for document in command.heredocs)
        shapes.append((keyword, *lines, inner, command.flags, command.json, list(command.value), heredocs))
    return shapes
