"""Edits as text: where they stand, whether they overlap, what the text is with them, and where other places move to.

Offsets are of characters; lines end with a line feed and with nothing else, as in `dockerfile.source`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from amlcheck.dockerfile.source import Source, Span
from amlcheck.model import Edit, Location


def replaced(span: Span, text: str) -> Edit:
    """Other words for these."""
    return Edit(span.location, text)


def inserted(source: Source, offset: int, text: str) -> Edit:
    """More words at a place."""
    return Edit(source.span(offset, offset).location, text)


def span_at(source: Source, location: Location) -> Span | None:
    """The words at a location; None where the text has no such place."""
    start = offset_of(source.text, location.line, location.column)
    end = offset_of(source.text, location.end_line, location.end_column)
    return source.span(start, end) if start is not None and end is not None and start <= end else None


def offset_of(text: str, line: int, column: int) -> int | None:
    """The offset of a line and column, both from 1; None where the text has no such place."""
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
        if not start:
            return None
    end = text.find("\n", start)
    offset = start + column - 1
    return offset if column >= 1 and offset <= (len(text) if end < 0 else end + 1) else None


def newline_at(text: str, offset: int) -> str:
    """How the line at an offset ends: as it does itself, else as the one before; with a line feed in a text of one line."""
    at = text.find("\n", offset)
    if at < 0:
        at = text.rfind("\n", 0, offset)
    return "\r\n" if at > 0 and text[at - 1] == "\r" else "\n"


Placed = tuple[int, int, str]
"""An edit by the offsets of what it replaces."""


def placed(text: str, edits: Iterable[Edit]) -> list[Placed] | None:
    """The edits of one text by offsets, in order; None where one has no place in it, or two overlap.

    Two that insert at the same place overlap as well: which comes first would be a guess.
    """
    found: list[Placed] = []
    for edit in edits:
        place = edit.location
        start, end = offset_of(text, place.line, place.column), offset_of(text, place.end_line, place.end_column)
        if start is None or end is None or end < start:
            return None
        found.append((start, end, edit.text))
    found.sort()
    for (start, end, _), (following, following_end, _) in pairwise(found):
        if end > following or (start == following and (start == end or following == following_end)):
            return None
    return found


def applied(text: str, edits: Sequence[Placed]) -> str:
    """The text with the edits."""
    parts: list[str] = []
    at = 0
    for start, end, words in edits:
        parts += (text[at:start], words)
        at = end
    return "".join([*parts, text[at:]])


def moved(offset: int, edits: Sequence[Placed]) -> int:
    """Where a place is once the edits are made; one inside replaced words is at their start."""
    shift = 0
    for start, end, words in edits:
        if offset < end or (offset == end == start):
            return start + shift if offset >= start and start < end else offset + shift
        shift += len(words) - (end - start)
    return offset + shift
