"""`# amlcheck: ignore=AML103 reason="…" until=2027-01-01`: the comments of one file, and what is wrong with them.

In a Dockerfile a comment has a line of its own and means the instruction that follows; inside an instruction (a RUN of
many lines, a heredoc) it means the next line. In YAML, requirements, shell and Python it may also stand behind what it
means. `ignore-file=` at the head of a file, before its first instruction or line, means all of it. JSON has no comments.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from datetime import date
from functools import cached_property

from amlcheck.discover import is_dockerfile_name
from amlcheck.model import Location
from amlcheck.nearest import nearest
from amlcheck.policy.meant import meant
from amlcheck.records import dataclass
from amlcheck.regex import regex

MARK = "amlcheck"
"""A text without this word has no such comment."""
_COMMENT = regex(r"#+\s*amlcheck(?:\s*(?P<colon>:)|(?=\s+ignore(?:-file)?\s*=))\s*(?P<rest>.*)", re.DOTALL)
_BEHIND = regex(r"(?<!\S)#+\s*amlcheck:\s*(?:ignore|disable|noqa)")
_VERB = regex(r"(?P<verb>[A-Za-z-]+)\s*(?P<equals>=?)\s*")
_NAMES = regex(r"[A-Za-z][\w-]*(?:\s*,\s*[A-Za-z][\w-]*)*")
_PAIR = regex(r"""\s+(?P<key>[A-Za-z-]+)=(?P<value>"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'“”]+)""")
MAX_COMMENTS = 1000
"""Of one file; MAX_NAMES of one comment. More are no decisions of a person."""
MAX_NAMES = 100
_VERBS = ("ignore", "ignore-file")
_LINES = (".py", ".yml", ".yaml", ".txt", ".in", ".sh")
"""Endings of files whose comments mean lines."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """One comment that can be read."""

    names: tuple[str, ...]
    """Rules by ID or name, as they are written."""
    reason: str
    until: date | None
    """The last day on which it holds."""
    location: Location
    """The comment."""
    first: int = 0
    """The first line that is meant; 0 for the whole file."""
    last: int = 0
    """The last line that is meant; before the first where nothing follows the comment."""

    @property
    def whole_file(self) -> bool:
        return self.first == 0

    def covers(self, location: Location) -> bool:
        """Whether a place in the same file is meant."""
        return self.whole_file or (location.line <= self.last and max(location.end_line, location.line) >= self.first)


@dataclass(frozen=True, slots=True)
class Fault:
    """A comment that is wrong, and hides nothing."""

    message: str
    location: Location
    fix: str = ""
    """What the comment should be."""


@dataclass(frozen=True, slots=True)
class Comments:
    """What one file has."""

    ignores: tuple[Ignore, ...] = ()
    faults: tuple[Fault, ...] = ()


class _WrongError(Exception):
    """Why a comment cannot be read, and what to do where that is more than to write it right."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


@dataclass(frozen=True, slots=True)
class _Comment:
    location: Location
    rest: str
    """What follows "amlcheck:"."""
    colon: bool
    behind: bool
    """Whether something stands before it in its line."""


def comments_of(path: str, text: str) -> Comments:
    """The comments in a text; `path` is what locations name, and its ending tells how the file is read."""
    if MARK not in text or path.lower().endswith(".json"):
        return Comments()
    lines = [line.rstrip("\r") for line in text.removeprefix("\ufeff").split("\n")]
    shape = _Shape(lines, _instructions(path, text))
    ignores: list[Ignore] = []
    faults: list[Fault] = []
    for number, line in enumerate(lines, 1):
        comment = _comment(path, number, line) if MARK in line else None
        if comment is None:
            continue
        if len(ignores) + len(faults) == MAX_COMMENTS:
            faults.append(
                Fault(
                    f"a file has at most {MAX_COMMENTS} such comments; the rest is not read",
                    comment.location,
                    "turn rules off in the configuration ([rules], [per-path])",
                )
            )
            break
        try:
            ignores.append(_ignore(comment, shape))
        except _WrongError as error:
            faults.append(Fault(str(error), comment.location, error.fix or f"write {meant(comment.rest)}"))
    return Comments(tuple(ignores), tuple(faults))


class _Shape:
    """Where a file's head ends, and what follows each of its comments."""

    def __init__(self, lines: list[str], spans: list[tuple[int, int]] | None) -> None:
        self.is_dockerfile = spans is not None
        self._lines = lines
        self._spans = spans or []

    @cached_property
    def head(self) -> int:
        """The last line before the first instruction, or before the first line that is no comment."""
        if self.is_dockerfile:
            return self._spans[0][0] - 1 if self._spans else len(self._lines)
        for number, line in enumerate(self._lines, 1):
            if not _is_comment(line) and not line.startswith(("---", "%YAML", "#!")):
                return number - 1
        return len(self._lines)

    def after(self, number: int) -> tuple[int, int]:
        """The first and last line that a comment above them means; an empty range where nothing follows."""
        at = bisect_right(self._spans, (number, len(self._lines) + 1))
        inside = self._spans[at - 1] if at and self._spans[at - 1][1] >= number else None
        if self._spans and inside is None:
            return self._spans[at] if at < len(self._spans) else (number, number - 1)
        later = self._content[number]
        last = inside[1] if inside is not None else len(self._lines)
        return (later, later) if later <= last else (number, number - 1)

    @cached_property
    def _content(self) -> list[int]:
        """For each line, the next one that is neither a comment nor blank; one past the end where there is none."""
        following = len(self._lines) + 1
        found = [following] * (len(self._lines) + 1)
        for number in range(len(self._lines), 0, -1):
            found[number] = following
            if not _is_comment(self._lines[number - 1]):
                following = number
        return found


def _instructions(path: str, text: str) -> list[tuple[int, int]] | None:
    """The first and last line of each instruction; None for a file that is no Dockerfile."""
    name = os.path.basename(path)
    if name.lower().endswith(_LINES) and not is_dockerfile_name(name):
        return None
    from amlcheck.dockerfile.reader import read

    instructions = read(path, text).instructions
    if not is_dockerfile_name(name) and not (instructions and instructions[0].keyword in ("FROM", "ARG")):
        return None
    return [(item.start_line, item.end_line) for item in instructions]


def _comment(path: str, number: int, line: str) -> _Comment | None:
    """The comment of a line that is meant for this program, right or wrong."""
    start = len(line) - len(line.lstrip())
    match = _COMMENT.fullmatch(line, start)
    behind = match is None
    if match is None:
        found = _BEHIND.search(line)
        match = _COMMENT.fullmatch(line, found.start()) if found is not None else None
        if match is None:
            return None
    location = Location(path, number, match.start() + 1, number, len(line) + 1)
    return _Comment(location, match["rest"].rstrip(), match["colon"] is not None, behind)


def _ignore(comment: _Comment, shape: _Shape) -> Ignore:
    """What a comment says. Raises _WrongError."""
    number = comment.location.line
    if not comment.colon:
        raise _WrongError("a colon is missing after amlcheck")
    if comment.behind and shape.is_dockerfile:
        above = f"on a line of its own above the instruction: {meant(comment.rest)}"
        raise _WrongError("in a Dockerfile the comment has a line of its own, above the instruction", f"write {above}")
    names, reason, until, whole = _parsed(comment.rest)
    if whole and number > shape.head:
        here = meant(comment.rest, whole_file=False)
        fix = f"move it above line {shape.head + 1}, or, for what follows it only, write {here}"
        raise _WrongError("ignore-file= belongs to the head of the file, before all that is no comment", fix)
    first, last = (0, 0) if whole else (number, number) if comment.behind else shape.after(number)
    return Ignore(names, reason, until, comment.location, first, last)


def _parsed(rest: str) -> tuple[tuple[str, ...], str, date | None, bool]:
    """The names, the reason, the last day, and whether the whole file is meant."""
    verb = _VERB.match(rest)
    word = verb["verb"] if verb is not None else rest.split(" ", 1)[0]
    if verb is None or word not in _VERBS:
        near = nearest(word, _VERBS)
        raise _WrongError(f"{word[:40]!r} is not known here{f'; did you mean {near}=?' if near else ''}")
    names = _NAMES.match(rest, verb.end())
    if not verb["equals"] or names is None:
        raise _WrongError(f"{word} names no rule")
    if names[0].count(",") >= MAX_NAMES:
        raise _WrongError(
            f"it names more than {MAX_NAMES} rules", "name fewer, or turn rules off in the configuration ([rules])"
        )
    values: dict[str, str] = {}
    at = names.end()
    while at < len(rest):
        pair = _PAIR.match(rest, at)
        if pair is None:
            raise _WrongError(f"{rest[at:].strip()[:40]!r} is not understood")
        key = pair["key"]
        if key not in ("reason", "until") or key in values:
            what = "stands here twice" if key in values else "is not known here; there are reason= and until="
            raise _WrongError(f"{key!r} {what}")
        values[key] = _unquoted(pair["value"])
        at = pair.end()
    if not values.get("reason", "").strip():
        raise _WrongError('it has no reason; add reason="…": without one nobody can tell later whether it still holds')
    return (
        tuple(dict.fromkeys(name.strip() for name in names[0].split(","))),
        values["reason"].strip(),
        _day(values.get("until")),
        word == "ignore-file",
    )


def _unquoted(text: str) -> str:
    if text[0] == "'":
        return text[1:-1]
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text[0] == '"' else text


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise _WrongError(f"until={text[:40]} is no date; write it as YYYY-MM-DD")


def _is_comment(line: str) -> bool:
    own = line.strip()
    return not own or own.startswith("#")
