"""Text with its origin: every character that a reader hands on still knows its place in the user's file."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property
from itertools import pairwise

from amlcheck.model import Evidence, Location
from amlcheck.records import dataclass, field


@dataclass(frozen=True, eq=False)
class Source:
    """A file as it was read: its path for people, and its text with line ends as they are."""

    path: str
    text: str

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        at = self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of a character."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def offset(self, line: int, column: int) -> int | None:
        """The character at a line and column, both from 1; None where the text has no such place."""
        if not 1 <= line <= len(self._starts) or column < 1:
            return None
        at = self._starts[line - 1] + column - 1
        end = self._starts[line] if line < len(self._starts) else len(self.text)
        return at if at <= end else None

    def span(self, start: int, end: int) -> Span:
        return Span(self, start, max(start, end))


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a source, by character offsets; the end is exclusive."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    @property
    def location(self) -> Location:
        line, column = self.source.position(self.start)
        end_line, end_column = self.source.position(self.end)
        return Location(self.source.path, line, column, end_line, end_column)

    def evidence(self, note: str = "") -> Evidence:
        return Evidence(self.text, self.location, note)

    def cover(self, other: Span) -> Span:
        """The shortest stretch that holds both; this one where they stand in different files."""
        if other.source is not self.source:
            return self
        return Span(self.source, min(self.start, other.start), max(self.end, other.end))


@dataclass(frozen=True)
class Mapped:
    """Text put together from pieces of one source (continuation lines, a heredoc), with the way back.

    `joints` holds, for each piece, where it starts here and where it starts in the source.
    """

    source: Source
    text: str
    joints: tuple[tuple[int, int], ...]
    wholes: tuple[int, ...] = ()
    """For each piece, the length of the stretch of the source that stands for it as a whole (what a variable held is not
    there character by character); 0 where each character has its own place. Empty where that is so for all."""
    _starts: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        joints = self.joints
        starts = (joints[0][0],) if len(joints) == 1 else tuple([start for start, _ in joints])
        object.__setattr__(self, "_starts", starts)

    @classmethod
    def of(cls, source: Source, start: int = 0, end: int | None = None) -> Mapped:
        """A contiguous part of a source."""
        return cls(source, source.text[start:end], ((0, start),))

    def offset(self, index: int) -> int:
        """The place in the source of the character at `index`."""
        at = 0 if len(self.joints) == 1 else self._joint(index)
        start, origin = self.joints[at]
        return origin if self.wholes and self.wholes[at] else origin + index - start

    def _joint(self, index: int) -> int:
        return (bisect_right(self._starts, index) or 1) - 1

    def span(self, start: int, end: int) -> Span:
        """The stretch of the source from the first to the last character of text[start:end]."""
        begin = self.offset(start)
        if end <= start:
            return Span(self.source, begin, begin)
        if len(self.joints) == 1 and not self.wholes:
            return Span(self.source, begin, begin + end - start)
        whole = self.wholes[self._joint(end - 1)] if self.wholes else 0
        stop = self.offset(end - 1) + (whole or 1)
        return Span(self.source, min(begin, stop), max(begin, stop))

    def slice(self, start: int, end: int | None = None) -> Mapped:
        stop = len(self.text) if end is None else end
        if len(self.joints) == 1 and not self.wholes:
            return Mapped(self.source, self.text[start:stop], ((0, self.offset(start)),))
        first, last = self._joint(start), bisect_left(self._starts, stop)
        wholes = self.wholes[first:last] or (0,) * (last - first)
        moved = tuple(
            [
                (at - start, origin) if at > start else (0, origin if whole else origin + start - at)
                for (at, origin), whole in zip(self.joints[first:last], wholes, strict=True)
            ]
        )
        kept = wholes if moved and self.wholes else ()
        return Mapped(self.source, self.text[start:stop], moved or ((0, self.offset(start)),), kept)

    def strip(self) -> Mapped:
        left = len(self.text) - len(self.text.lstrip())
        return self.slice(left, len(self.text.rstrip())) if self.text.strip() else self.slice(0, 0)

    def is_contiguous(self, start: int, end: int) -> bool:
        """Whether all of text[start:end] stands side by side in the source."""
        return bisect_right(self._starts, start) == bisect_left(self._starts, end)

    def runs(self, start: int, end: int) -> list[tuple[int, int]]:
        """text[start:end] cut at the joints, so that each part is contiguous in the source."""
        inside = self._starts[bisect_right(self._starts, start) : bisect_left(self._starts, end)]
        return [(a, b) for a, b in pairwise((start, *inside, end)) if a < b]
