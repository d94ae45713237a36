"""A Dockerfile's lines in the plain form that dockerfile-parse splits as BuildKit does.

BuildKit's line discipline, from frontend/dockerfile/parser of moby/buildkit (read 2026-11-21): comment and blank lines
inside a continuation are skipped, a continuation is the escape character and then only blanks and tabs, heredoc bodies
belong to the instruction that opened them, and parser directives end at the first line that is none.
dockerfile-parse differs on each of these; canonical lines are such that it cannot.
"""

from __future__ import annotations

import re
from enum import Enum

from amlcheck.dockerfile.expand import ExpansionError, heredocs_in
from amlcheck.dockerfile.source import Mapped, Source, Span
from amlcheck.dockerfile.words import GO_BLANKS, NotStringsError, json_array, split_command
from amlcheck.records import dataclass, field
from amlcheck.regex import regex

MAX_LINE = 65535
"""Bytes in a line that BuildKit's scanner takes (bufio.MaxScanTokenSize - 1)."""

_STAND_IN = "\ue000"
_ODD_BLANKS = regex("[" + "".join(blank for blank in GO_BLANKS if blank not in " \t\n") + "\x1c\x1d\x1e\x1f]")
_DIRECTIVE = regex(r"#[" + GO_BLANKS + r"]*([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*(.+?)[\t\n\f\r ]*$")
_HEREDOC_OWNER = regex(r"(?:ONBUILD[\t\v\f\r ]+)?(?:RUN|COPY|ADD)(?![^\t\v\f\r ])", re.IGNORECASE)
_CONTINUES = {
    "\\": regex(r"(?:(?<=[^\\])|^)\\[ \t]*$"),
    "`": regex(r"(?:(?<=[^`])|^)`[ \t]*$"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that makes Docker refuse the file: where, and in one sentence what and how to mend it."""

    span: Span
    message: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A here-document of an instruction."""

    name: str
    expands: bool
    chomps: bool
    body: Mapped
    """The lines between, still with their leading tabs."""
    whole: Span
    """The body and its terminator."""

    @property
    def content(self) -> Mapped:
        """The body as the build sees it: without leading tabs for `<<-`."""
        return _without_tabs(self.body) if self.chomps else self.body


class Role(Enum):
    BLANK = 0
    """Blank lines, comments, directives and heredoc lines: no part of an instruction's own text."""
    START = 1
    CONTINUED = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its role, where its own text starts and ends in the source, and whether the next one continues it."""

    role: Role
    start: int = 0
    end: int = 0
    continues: bool = False


@dataclass(slots=True)
class Canonical:
    """The file, line by line."""

    source: Source
    escape: str = "\\"
    directives: dict[str, Span] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    heredocs: dict[int, list[Heredoc]] = field(default_factory=dict)
    """By the index of the instruction's last own line."""
    problems: list[Problem] = field(default_factory=list)
    ends_open: bool = False
    """The file ends inside a continuation: its last instruction then reaches to the last line, blank or not."""

    def text(self) -> str:
        """The canonical text: as many lines as the file has.

        Between the first and the last line of an instruction stand comments, which end none: dockerfile-parse copies all
        that it has of an instruction for each further line, and an instruction may have a million.
        """
        return "".join(self._canonical_line(line) for line in self.lines)

    def _canonical_line(self, line: Line) -> str:
        if line.role is Role.BLANK or (line.role is Role.CONTINUED and line.continues):
            return "#\n"
        words = _ODD_BLANKS.sub(_STAND_IN, self.source.text[line.start : line.end])
        if line.role is Role.START and words[:1] in ("", "#"):
            words = _STAND_IN + words[1:]
        last = len(words.rstrip()) - 1
        if words[last : last + 1] == "\\":
            words = words[:last] + _STAND_IN + words[last + 1 :]
        if line.role is Role.START and " " not in words and "\t" not in words:
            words += " "
        return words + ("\\\n" if line.continues else "\n")


def canonicalise(source: Source) -> Canonical:
    """Gives each line its role. Never raises: what Docker would refuse becomes a problem, and reading goes on."""
    result = Canonical(source)
    spans = _line_spans(source.text)
    _check_lengths(source, spans, result.problems)
    directives_possible = True
    index = 0
    first_line: int | None = None
    while index < len(spans):
        start, end = spans[index]
        if index == 0 and source.text.startswith("\ufeff"):
            start += 1
        raw = source.text[start:end]
        own = raw.lstrip(GO_BLANKS)
        begin = start + len(raw) - len(own)
        continuing = first_line is not None
        if directives_possible:
            directives_possible = _directive(result, source.span(begin, end), own)
        if own.startswith("#") or not own:
            result.lines.append(Line(Role.BLANK))
            index += 1
            if first_line is not None and index == len(spans):
                index = _heredocs(result, spans, first_line, index)
            continue
        if continuing:
            begin = start
        match = _CONTINUES[result.escape].search(source.text, begin, end)
        role = Role.CONTINUED if continuing else Role.START
        result.lines.append(Line(role, begin, match.start() if match else end, bool(match)))
        if first_line is None:
            first_line = index
        index += 1
        if match and index < len(spans):
            continue
        index = _heredocs(result, spans, first_line, index)
        first_line = None
    _drop_dangling(result)
    return result


def joined(canonical: Canonical, first: int, last: int) -> Mapped:
    """The text of an instruction from its own lines first..last (from 0), joined as BuildKit joins them."""
    parts: list[str] = []
    joints: list[tuple[int, int]] = []
    length = 0
    for line in canonical.lines[first : last + 1]:
        if line.role is Role.BLANK:
            continue
        joints.append((length, line.start))
        parts.append(canonical.source.text[line.start : line.end])
        length += line.end - line.start
    return Mapped(canonical.source, "".join(parts), tuple(joints) or ((0, 0),))


def _line_spans(text: str) -> list[tuple[int, int]]:
    """Where each line starts and ends, without its line end (BuildKit trims all trailing CR and LF)."""
    spans = []
    at = 0
    while at < len(text):
        stop = text.find("\n", at)
        following = len(text) if stop < 0 else stop + 1
        end = following
        while end > at and text[end - 1] in "\r\n":
            end -= 1
        spans.append((at, end))
        at = following
    return spans


def _check_lengths(source: Source, spans: list[tuple[int, int]], problems: list[Problem]) -> None:
    for start, end in spans:
        if end - start > MAX_LINE // 4 and len(source.text[start:end].encode("utf-8", "surrogateescape")) > MAX_LINE:
            problems.append(
                Problem(
                    source.span(start, start + 1),
                    f"the line is longer than the {MAX_LINE} bytes that Docker reads",
                    "split it with line continuations",
                )
            )


def _directive(result: Canonical, span: Span, own: str) -> bool:
    """Takes a line as a parser directive; False from the first line on that is none."""
    match = _DIRECTIVE.match(own)
    name = match.group(1).lower() if match else ""
    if match is None or name not in ("escape", "syntax", "check"):
        return False
    if name in result.directives:
        result.problems.append(
            Problem(span, f"only one {name} parser directive can be used", "remove one of the two lines")
        )
        return True
    result.directives[name] = span
    if name == "escape":
        if match.group(2) not in ("\\", "`"):
            result.problems.append(Problem(span, f"invalid escape token {match.group(2)!r}", "it must be ` or \\"))
        else:
            result.escape = match.group(2)
    return True


def _heredocs(result: Canonical, spans: list[tuple[int, int]], first: int, index: int) -> int:
    """Takes the heredoc bodies that the instruction in lines first..index-1 opens; returns the line after them."""
    source = result.source
    start_line = result.lines[first]
    if not _HEREDOC_OWNER.match(source.text, start_line.start, spans[first][1]) and not result.lines[first].continues:
        return index
    own = joined(result, first, index - 1)
    if (
        "<<" not in own.text
        or not _HEREDOC_OWNER.match(own.text.lstrip(GO_BLANKS))
        or _is_json_form(own, result.escape)
    ):
        return index
    try:
        opened = heredocs_in(own.text)
    except ExpansionError as error:
        result.problems.append(Problem(own.span(0, len(own.text)), str(error)))
        return index
    taken: list[Heredoc] = []
    for name, expands, chomps in opened:
        body_start = index
        while index < len(spans) and _terminator(source.text, spans[index], chomps) != name:
            index += 1
        start = spans[body_start][0] if body_start < len(spans) else len(source.text)
        stop = spans[index][0] if index < len(spans) else len(source.text)
        end = spans[index][1] if index < len(spans) else len(source.text)
        if index == len(spans):
            at = own.text.find("<<")
            result.problems.append(
                Problem(own.span(at, at + 2), "unterminated heredoc", f"end it with a line that is only {name}")
            )
        taken.append(Heredoc(name, expands, chomps, Mapped.of(source, start, stop), source.span(start, end)))
        index = min(index + 1, len(spans))
    result.lines.extend(Line(Role.BLANK) for _ in range(index - len(result.lines)))
    if taken:
        result.heredocs[first] = taken
    return index


def _terminator(text: str, span: tuple[int, int], chomps: bool) -> str:
    line = text[span[0] : span[1]]
    return line.lstrip("\t") if chomps else line


def _is_json_form(own: Mapped, escape: str) -> bool:
    """Whether a heredoc is impossible because the arguments are a JSON array."""
    keyword, _, args = split_command(own, escape)
    if keyword.text.upper() == "ONBUILD":
        _, _, args = split_command(args, escape)
    try:
        return json_array(args) is not None
    except NotStringsError:
        return True


def _drop_dangling(result: Canonical) -> None:
    """A continuation on the very last line has nothing to continue into: the instruction ends there."""
    for index in range(len(result.lines) - 1, -1, -1):
        line = result.lines[index]
        if line.role is not Role.BLANK:
            if line.continues:
                result.lines[index] = Line(line.role, line.start, line.end, continues=False)
                result.ends_open = True
            return


def _without_tabs(body: Mapped) -> Mapped:
    parts: list[str] = []
    joints: list[tuple[int, int]] = []
    length = at = 0
    for line in body.text.splitlines(keepends=True):
        kept = line.lstrip("\t")
        joints.append((length, body.offset(at + len(line) - len(kept)) if kept else body.offset(at)))
        parts.append(kept)
        length += len(kept)
        at += len(line)
    return Mapped(body.source, "".join(parts), tuple(joints) or body.joints)
