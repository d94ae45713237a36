"""A pip requirements or constraints file: its requirements and options, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from amlcheck.dockerfile.source import Mapped
from amlcheck.dockerfile.text import Piece, Text, hole
from amlcheck.records import dataclass
from amlcheck.regex import regex

_VARIABLE = regex(r"\$\{[A-Z0-9_]+\}")
COMMENT = regex(r"(?:^|\s)#.*$")
_INCLUDE = regex(r"(-r|-c|--requirement|--constraint)(?:\s+|=|(?<=-[rc]))(\S+)")
_PER_REQUIREMENT = regex(r"\s(?:--hash|--global-option|--install-option|--config-settings|--no-binary)\b.*")


@dataclass(frozen=True, slots=True)
class Line:
    """A requirement, or a file that is included."""

    kind: str
    """"requirement", "include" (-r), "constraint" (-c) or "editable" (-e)."""
    word: Text


def read_requirements(mapped: Mapped) -> Iterator[Line]:
    """The lines of a requirements file, continuation lines joined and comments taken away."""
    for line in _logical(mapped):
        comment = COMMENT.search(line.text)
        stripped = line.slice(0, comment.start() if comment is not None else None).strip()
        text = stripped.text
        if not text:
            continue
        include = _INCLUDE.match(text)
        if include is not None:
            kind = "constraint" if include.group(1) in ("-c", "--constraint") else "include"
            yield Line(kind, _text(stripped, include.start(2), include.end(2)))
        elif editable := re.match(r"(?:-e|--editable)(?:\s+|=)", text):
            yield Line("editable", _text(stripped, editable.end(), len(text)))
        elif not text.startswith("-"):
            yield Line("requirement", _text(stripped, 0, len(_PER_REQUIREMENT.sub("", text).rstrip())))


def _logical(mapped: Mapped) -> Iterator[Mapped]:
    """The lines as pip joins them: a comment is never continued."""
    at = 1 if mapped.text.startswith("\ufeff") else 0
    parts: list[Mapped] = []
    for line in mapped.text[at:].splitlines(keepends=True):
        words = line.rstrip("\r\n")
        continued = words.endswith("\\") and not words.lstrip().startswith("#")
        parts.append(mapped.slice(at, at + len(words.rstrip("\\")) if continued else at + len(line)))
        at += len(line)
        if not continued:
            yield _joined(parts)
            parts = []
    if parts:
        yield _joined(parts)


def _joined(parts: list[Mapped]) -> Mapped:
    joints: list[tuple[int, int]] = []
    length = 0
    for part in parts:
        joints.extend((length + start, origin) for start, origin in part.joints)
        length += len(part.text)
    return Mapped(parts[0].source, "".join(part.text for part in parts), tuple(joints))


def _text(mapped: Mapped, start: int, end: int) -> Text:
    value = mapped.text[start:end]
    span = mapped.span(start, end)
    if _VARIABLE.search(value):
        return hole(f"{value} depends on the build's environment", span)
    return Text(tuple(Piece(mapped.text[low:high], mapped.span(low, high)) for low, high in mapped.runs(start, end)))
