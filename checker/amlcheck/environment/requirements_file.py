"""A pip requirements or constraints file: its requirements and options, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from amlcheck.dockerfile.source import Mapped
from amlcheck.dockerfile.text import Text, hole, literal

_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_INCLUDE = re.compile(r"(-r|-c|--requirement|--constraint)(?:\s+|=|(?<=-[rc]))(\S+)")
_PER_REQUIREMENT = re.compile(r"\s(?:--hash|--global-option|--install-option|--config-settings|--no-binary)\b.*")


@dataclass(frozen=True, slots=True)
class Line:
    """A requirement, or a file that is included."""

    kind: str
    """"requirement", "include" (-r), "constraint" (-c) or "editable" (-e)."""
    word: Text


def read_requirements(mapped: Mapped) -> Iterator[Line]:
    """The lines of a requirements file, continuation lines joined and comments taken away."""
    for start, end in _logical(mapped.text):
        words = mapped.text[start:end]
        comment = _COMMENT.search(words)
        if comment is not None:
            words = words[: comment.start()]
        stripped = words.strip()
        if not stripped:
            continue
        begin = start + words.index(stripped)
        include = _INCLUDE.match(stripped)
        if include is not None:
            at = begin + include.start(2)
            kind = "constraint" if include.group(1) in ("-c", "--constraint") else "include"
            yield Line(kind, _text(mapped, at, at + len(include.group(2))))
        elif editable := re.match(r"(?:-e|--editable)(?:\s+|=)", stripped):
            yield Line("editable", _text(mapped, begin + editable.end(), begin + len(stripped)))
        elif not stripped.startswith("-"):
            bare = _PER_REQUIREMENT.sub("", stripped.replace("\\\n", " ").replace("\\\r\n", " ")).strip()
            yield Line("requirement", _text(mapped, begin, begin + len(bare)))


def _logical(text: str) -> Iterator[tuple[int, int]]:
    start = at = 0
    for line in text.splitlines(keepends=True):
        at += len(line)
        if line.rstrip("\r\n").endswith("\\"):
            continue
        yield start, at
        start = at
    if start < at:
        yield start, at


def _text(mapped: Mapped, start: int, end: int) -> Text:
    value = mapped.text[start:end]
    span = mapped.span(start, end)
    if _VARIABLE.search(value):
        return hole(f"{value} depends on the build's environment", span)
    return literal(value, span)
