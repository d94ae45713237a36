"""Edits as text: where they stand, whether they overlap, what the text is with them, and where other places move to.

Offsets are of characters; lines end with a line feed and with nothing else, as in `dockerfile.source`.
"""

from __future__ import annotations

from bisect import bisect_left, insort
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
    start = source.offset(location.line, location.column)
    end = source.offset(location.end_line, location.end_column)
    return source.span(start, end) if start is not None and end is not None and start <= end else None


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
    return _placed(Source("", text), edits)


def _placed(source: Source, edits: Iterable[Edit]) -> list[Placed] | None:
    found: list[Placed] = []
    for edit in edits:
        span = span_at(source, edit.location)
        if span is None:
            return None
        found.append((span.start, span.end, edit.text))
    found.sort()
    return None if any(_meet(first, second) for first, second in pairwise(found)) else found


def _meet(first: Placed, second: Placed) -> bool:
    """Whether two edits, in order, are about the same words or the same place."""
    (start, end, _), (following, following_end, _) = first, second
    return end > following or (start == following and (start == end or following == following_end))


class Chosen:
    """Edits of one text that do not overlap, as they are chosen one by one."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._taken: list[Placed] = []

    def takes(self, edits: Iterable[Edit]) -> bool:
        """Takes these edits as well, if none of them meets another."""
        more = _placed(self._source, edits)
        if more is None:
            return False
        for edit in more:
            at = bisect_left(self._taken, edit)
            before, after = self._taken[max(at - 1, 0) : at], self._taken[at : at + 1]
            if any(_meet(item, edit) for item in before) or any(_meet(edit, item) for item in after):
                return False
        for edit in more:
            insort(self._taken, edit)
        return True


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
