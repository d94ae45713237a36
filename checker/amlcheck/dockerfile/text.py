"""A value that knows where it came from: the text of a word after expansion, piece by piece.

A piece is a literal stretch of a file, or what a variable held, with the chain of definitions it came through.
What cannot be resolved is in the text as `HOLE`, so that patterns can still match around it and never across it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from amlcheck.dockerfile.source import Mapped, Span
from amlcheck.model import Chain

HOLE = "\ufffc"
"""Stands for a value that is not known. Files that contain the character itself are read as if it were unknown."""


MAX_CHAIN = 12
"""Definitions that a chain of evidence names; a value that came through more is explained by its first causes."""


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
        taken: list[Piece] = []
        at = 0
        for piece in self.pieces:
            low, high = max(start - at, 0), min(end - at, len(piece.value))
            if low < high:
                span = piece.span
                if span is not None and piece.is_literal:
                    span = Span(span.source, span.start + low, span.start + high)
                taken.append(Piece(piece.value[low:high], span, piece.via, piece.reason))
            at += len(piece.value)
        return Text(tuple(taken))

    def chain(self, note: str = "") -> Chain:
        """The evidence for this word: the definitions it came through, then the place of use."""
        via = dict.fromkeys(item for piece in self.pieces for item in piece.via)
        span = self.span
        return (*via, span.evidence(note)) if span is not None else tuple(via)

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

    def __add__(self, other: Text) -> Text:
        return Text(self.pieces + other.pieces)


def literal(value: str, span: Span | None = None) -> Text:
    """Text that stands in the file as it is."""
    return Text((Piece(value, span),)) if value else Text()


def hole(reason: str, span: Span | None = None, via: Chain = ()) -> Text:
    """A value that is not known, and why."""
    return Text((Piece(HOLE, span, via, reason),))


def defined(text: Text, span: Span | None, note: str) -> Text:
    """What using a variable yields: its text, used at `span`, with its definition added to the chain."""
    return Text(tuple(Piece(piece.value, span, _chain(piece, note), piece.reason) for piece in text.pieces))


def _chain(piece: Piece, note: str) -> Chain:
    """The piece's own chain; where it has grown long, only its first causes are kept."""
    chain = Text((piece,)).chain(note)
    return chain if len(chain) <= MAX_CHAIN else chain[:MAX_CHAIN]


def spaced(words: Iterable[Text]) -> Text:
    """Words with a blank between them, as `echo` prints them."""
    pieces: list[Piece] = []
    for index, word in enumerate(words):
        pieces.extend((Piece(" ", None), *word.pieces) if index else word.pieces)
    return Text(tuple(pieces))


def as_mapped(text: Text) -> Mapped | None:
    """The text as something that can be parsed again, with the way back to the file; None where it stands in none.

    A value that is longer than the words that use it ends where they end.
    """
    joints: list[tuple[int, int]] = []
    at = 0
    source = None
    for piece in text.pieces:
        span = piece.span
        if span is not None and (source is None or span.source is source):
            source = span.source
            joints.append((at, span.start))
            width = max(span.end - span.start, 1)
            joints.extend((at + index, span.start + width - 1) for index in range(width, len(piece.value)))
        at += len(piece.value)
    if source is None:
        return None
    return Mapped(source, text.value, tuple(joints) if joints[0][0] == 0 else ((0, joints[0][1]), *joints))
