"""Where the words of a value are written, so that they can be replaced: in place, or in the definition they came through."""

from __future__ import annotations

import re

from amlcheck.dockerfile.source import Span
from amlcheck.dockerfile.text import Text
from amlcheck.fixing.case import Case
from amlcheck.fixing.edits import replaced
from amlcheck.model import Edit


def origin(case: Case, text: Text) -> Span | None:
    """Where the characters of a value stand: in place, else in the first definition that has them as a word of its own.

    None where it is put together from several, is given from outside (`--build-arg`), or is not known.
    """
    if not text.value or not text.known:
        return None
    literal = _in_place(text)
    if literal is not None:
        return literal
    places = [(case.span(evidence.location), evidence.text) for evidence in text.causes]
    if not places and len(text.pieces) == 1 and text.span is not None:  # the default in ${NAME:-default}
        places = [(text.span, text.span.text)]
    for span, words in places:
        if span is None or span.text != words:
            continue
        found = list(re.finditer(rf"(?<![\w.]){re.escape(text.value)}(?![\w.]*\w)", words))
        if len(found) == 1:
            return Span(span.source, span.start + found[0].start(), span.start + found[0].end())
    return None


def _in_place(text: Text) -> Span | None:
    """The stretch of the file, where every character of the value is the one that stands there."""
    span = text.pieces[0].span
    for piece in text.pieces:
        if piece.span is None or span is None or not piece.is_literal:
            return None
        if piece is not text.pieces[0] and (piece.span.source is not span.source or piece.span.start != span.end):
            return None
        span = span.cover(piece.span)
    return span if span is not None and span.text == text.value else None


def rewritten(case: Case, text: Text, words: str) -> Edit | None:
    """Other words for a value, where it is written."""
    span = origin(case, text)
    return replaced(span, words) if span is not None and span.text != words else None


def stands_alone(span: Span) -> bool:
    """Whether blanks, or the end of a command, are on both sides of a word: what is put beside it is a word of its own."""
    text = span.source.text
    before, after = text[: span.start][-1:], text[span.end :][:1]
    return (not before or before in " \t\n") and (not after or after in " \t\r\n;&|\\")
