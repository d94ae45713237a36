"""A value that knows where it came from: the text of a word after expansion, piece by piece.

A piece is a literal stretch of a file, or what a variable held, with the chain of definitions it came through.
What cannot be resolved is in the text as `HOLE`, so that patterns can still match around it and never across it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from amlcheck.dockerfile.source import Mapped, Span
from amlcheck.model import Chain, Evidence
from amlcheck.records import dataclass

HOLE = "\ufffc"
"""Stands for a value that is not known. Files that contain the character itself are read as if it were unknown."""


MAX_CHAIN = 12
"""Definitions that a chain of evidence names; a value that came through more is explained by its first causes."""

MAX_PIECES = 64
"""Parts of a variable's value that are told apart; in a value of more, neighbours share their evidence."""

MAX_VALUE = 1 << 15
"""Characters of a variable's value that are followed."""

TOO_LONG = "its value grows too long to be followed"


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a word."""

    value: str
    span: Span | None
    """Where it stands in the file that uses it."""
    via: Chain = ()
    """The definitions it came through, the first cause first."""
    reason: str = ""
    """Why it is not known, where it is not."""

    @property
    def is_literal(self) -> bool:
        """Whether each character of the value is the character at that place in the file."""
        return self.span is not None and not self.via and self.span.end - self.span.start == len(self.value)


@dataclass(frozen=True, slots=True)
class Text:
    """A word made of pieces."""

    pieces: tuple[Piece, ...] = ()

    @property
    def value(self) -> str:
        """The characters, with `HOLE` for each part that is not known."""
        return self.pieces[0].value if len(self.pieces) == 1 else "".join(piece.value for piece in self.pieces)

    @property
    def known(self) -> bool:
        return HOLE not in self.value

    @property
    def reason(self) -> str:
        """Why it is not wholly known; empty if it is."""
        return next((piece.reason or "it cannot be resolved" for piece in self.pieces if HOLE in piece.value), "")

    @property
    def span(self) -> Span | None:
        """The stretch of the file where the word is used."""
        spans = [piece.span for piece in self.pieces if piece.span is not None]
        if not spans:
            return None
        whole = spans[0]
        for span in spans[1:]:
            whole = whole.cover(span)
        return whole

    def slice(self, start: int, end: int) -> Text:
        """The part of the word between two indices of `value`."""
        return next(self._slices([(start, end)]))

    def _slices(self, ranges: Iterable[tuple[int, int]]) -> Iterator[Text]:
        """The parts of the word between pairs of indices, each of which starts where the one before ended, or later."""
        at = index = 0
        for start, end in ranges:
            taken: list[Piece] = []
            while index < len(self.pieces):
                piece = self.pieces[index]
                low, high = max(start - at, 0), min(end - at, len(piece.value))
                if low < high:
                    span = piece.span
                    if span is not None and piece.is_literal:
                        span = Span(span.source, span.start + low, span.start + high)
                    taken.append(Piece(piece.value[low:high], span, piece.via, piece.reason))
                if at + len(piece.value) > end:
                    break
                at += len(piece.value)
                index += 1
            yield Text(tuple(taken))

    @property
    def causes(self) -> Chain:
        """The definitions it came through; what another definition uses comes before it."""
        found: Chain = ()
        for via in {id(piece.via): piece.via for piece in self.pieces}.values():
            found = _ordered(found, via)
        return found

    def chain(self, note: str = "") -> Chain:
        """The evidence for this word: the definitions it came through, then the place of use."""
        span = self.span
        return (*self.causes, span.evidence(note)) if span is not None else self.causes

    def strip(self) -> Text:
        value = self.value
        left = len(value) - len(value.lstrip())
        return self.slice(left, len(value.rstrip())) if value.strip() else Text()

    def partition(self, separator: str) -> tuple[Text, Text | None]:
        """The parts before and after the first separator; None for the second where there is none."""
        at = self.value.find(separator)
        if at < 0:
            return self, None
        return self.slice(0, at), self.slice(at + len(separator), len(self.value))

    def split(self, separator: str) -> list[Text]:
        """The parts between all separators, at the cost of one look at the word."""
        ranges: list[tuple[int, int]] = []
        for part in self.value.split(separator):
            start = ranges[-1][1] + len(separator) if ranges else 0
            ranges.append((start, start + len(part)))
        return list(self._slices(ranges))

    def __add__(self, other: Text) -> Text:
        return Text(self.pieces + other.pieces)


def literal(value: str, span: Span | None = None) -> Text:
    """Text that stands in the file as it is."""
    return Text((Piece(value, span),)) if value else Text()


def hole(reason: str, span: Span | None = None, via: Chain = ()) -> Text:
    """A value that is not known, and why."""
    return Text((Piece(HOLE, span, via, reason),))


def join(words: Iterable[Text], separator: str = " ") -> Text:
    """The words as one text."""
    pieces: list[Piece] = []
    for number, word in enumerate(words):
        if number:
            pieces.append(Piece(separator, None))
        pieces.extend(word.pieces)
    return Text(tuple(pieces))


def bounded(text: Text) -> Text:
    """The text as a variable holds it: with no more than MAX_PIECES pieces, and a hole where it is too long.

    Without this a value that is built from itself (`A=$A$A`, `PATH=/x:$PATH`) would grow without end.
    """
    if sum(len(piece.value) for piece in text.pieces) > MAX_VALUE:
        via: Chain = ()
        for piece in text.pieces:
            via = _union(via, piece.via)
        return hole(TOO_LONG, text.span, via)
    pieces = text.pieces
    while len(pieces) > MAX_PIECES:
        pairs = zip(pieces[::2], pieces[1::2], strict=False)
        pieces = (*(_fused(left, right) for left, right in pairs), *pieces[len(pieces) & ~1 :])
    return text if pieces is text.pieces else Text(pieces)


def defined(text: Text, span: Span | None, note: str) -> Text:
    """What using a variable yields: its text, used at `span`, with its definition added to the chain."""
    held = bounded(text).pieces
    pieces: list[Piece] = []
    for piece, evidence in zip(held, _definitions(held, note), strict=True):
        via = piece.via
        if evidence is not None and len(via) < MAX_CHAIN and evidence not in via:
            via = (*via, evidence)
        last = pieces[-1] if pieces else None
        if last is not None and last.reason == piece.reason and last.via == via:
            pieces[-1] = Piece(last.value + piece.value, span, via, piece.reason)
        else:
            pieces.append(Piece(piece.value, span, via, piece.reason))
    return Text(tuple(pieces))


def _definitions(pieces: tuple[Piece, ...], note: str) -> list[Evidence | None]:
    """For each piece the value it is a part of, as far as that stands in the same line: a fragment tells a reader little."""
    found: list[Evidence | None] = []
    group: list[Span] = []
    line = 0
    last: Span | None = None
    waiting = 0

    def close() -> None:
        nonlocal waiting
        if group:
            whole = group[0]
            for span in group[1:]:
                whole = whole.cover(span)
            found.extend([_trimmed(whole).evidence(note)] * waiting)
        group.clear()
        waiting = 0

    for piece in pieces:
        span = piece.span
        if span is None:
            close()
            found.append(None)
            last = None
            continue
        if span is not last:
            own = span.source.position(span.start)[0]
            if last is None or own != line or span.source is not last.source:
                close()
            group.append(span)
            line, last = own, span
        waiting += 1
    close()
    return found


def _trimmed(span: Span) -> Span:
    """The stretch without blanks around it."""
    text = span.text
    if not text.strip():
        return span
    return Span(span.source, span.start + len(text) - len(text.lstrip()), span.start + len(text.rstrip()))


def _fused(left: Piece, right: Piece) -> Piece:
    """Two neighbours as one piece, which came through the definitions of both."""
    span = left.span.cover(right.span) if left.span is not None and right.span is not None else left.span or right.span
    return Piece(left.value + right.value, span, _union(left.via, right.via), left.reason or right.reason)


def _union(first: Chain, second: Chain) -> Chain:
    """Both chains, as far as a chain goes."""
    return first if len(first) >= MAX_CHAIN or first == second else _ordered(first, second)[:MAX_CHAIN]


def _ordered(first: Chain, second: Chain) -> Chain:
    """Both chains in one: a cause that only the second knows stands before what it has caused in the first."""
    if not first or not second:
        return first or second
    merged = list(first)
    places = {item: index for index, item in enumerate(first)}
    place = len(merged)
    for item in reversed(second):
        known = places.get(item)
        if known is None:
            merged.insert(place, item)
        else:
            place = min(place, known)
    return tuple(merged)


def as_mapped(text: Text) -> Mapped | None:
    """The text as something that can be parsed again, with the way back to the file; None where it stands in none.

    A value that is longer than the words that use it ends where they end.
    """
    joints: list[tuple[int, int]] = []
    wholes: list[int] = []
    at = 0
    source = None
    for piece in text.pieces:
        span = piece.span
        if span is not None and (source is None or span.source is source):
            source = span.source
            joints.append((at if joints else 0, span.start))
            wholes.append(0 if piece.is_literal else span.end - span.start)
        at += len(piece.value)
    return Mapped(source, text.value, tuple(joints), tuple(wholes)) if source is not None else None
