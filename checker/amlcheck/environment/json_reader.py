"""JSON as a tree of nodes that know their place.

It takes what Python's `json` takes (which the ML CLI reads with), NaN and all; that is a property test. Nothing recurses:
depth and size are bounded, and an error has its line and column.
"""

from __future__ import annotations

import json
import re

from amlcheck.dockerfile.source import Mapped, Span
from amlcheck.dockerfile.text import Piece, Text, literal
from amlcheck.environment.document import TEMPLATE, Document, Entry, Mapping, Node, Open, Problem, Scalar, Sequence
from amlcheck.environment.limits import MAX_CHARACTERS, MAX_DEPTH, MAX_NODES, TOO_DEEP, TOO_LONG, TOO_MANY
from amlcheck.records import dataclass, field
from amlcheck.regex import regex

_BLANK = regex(r"[ \t\n\r]*")
_STRING = regex(r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"')
_NUMBER = regex(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | float | None] = {
    "true": True,
    "false": False,
    "null": None,
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
}
_WORD = regex("|".join(_WORDS))
MAX_DIGITS = 4000
"""Digits of a number that is read; Python itself refuses more."""


class _BrokenError(Exception):
    """The text ends to be JSON at an offset."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


@dataclass
class _Frame:
    """An object or array that is not closed yet."""

    start: int
    is_object: bool
    items: list[Node] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    keys: dict[str, int] = field(default_factory=dict)
    key: tuple[str, Span] | None = None
    comma: bool = False
    """A comma was read: something has to follow."""


def read_json(mapped: Mapped) -> Document:
    """The document, with its problems. Never raises."""
    if len(mapped.text) > MAX_CHARACTERS:
        return Document(mapped.source, None, (Problem(TOO_LONG, mapped.span(0, 1)),))
    reader = _Reader(mapped)
    try:
        root = reader.read()
    except _BrokenError as error:
        at = min(error.at, max(len(mapped.text) - 1, 0))
        template = "it has a template's variables" if TEMPLATE.search(mapped.text) else ""
        problem = Problem(f"not valid JSON: {error}", mapped.span(at, min(at + 1, len(mapped.text))))
        return Document(mapped.source, None, () if template else (problem,), template)
    return Document(mapped.source, root, tuple(reader.problems))


class _Reader:
    def __init__(self, mapped: Mapped) -> None:
        self.mapped = mapped
        self.text = mapped.text
        self.at = 0
        self.problems: list[Problem] = []
        self.count = 0

    def read(self) -> Node:
        """The root. Raises _BrokenError."""
        stack: list[_Frame] = []
        while True:
            node = self._opened(stack)
            while node is not None:
                if not stack:
                    self._blank()
                    if self.at < len(self.text):
                        raise _BrokenError("there is something after its end", self.at)
                    return node
                node = self._closed(stack, node)

    def _opened(self, stack: list[_Frame]) -> Node | None:
        """The next value; None where it opens a container that has something in it."""
        self.count += 1
        if self.count > MAX_NODES:
            raise _BrokenError(TOO_MANY, self.at)
        self._blank()
        if stack and stack[-1].is_object:
            self._read_key(stack[-1])
            self._blank()
        start = self.at
        character = self.text[start : start + 1]
        if character and character in "{[":
            if len(stack) >= MAX_DEPTH:
                raise _BrokenError(TOO_DEEP, start)
            self.at += 1
            self._blank()
            if self.text[self.at : self.at + 1] != ("}" if character == "{" else "]"):
                stack.append(_Frame(start, character == "{"))
                return None
            self.at += 1
            span = self.mapped.span(start, self.at)
            return Mapping(span, ()) if character == "{" else Sequence(span, ())
        return self._scalar()

    def _read_key(self, frame: _Frame) -> None:
        start = self.at
        if self.text[start : start + 1] != '"':
            what = (
                "a comma stands before the }" if self.text[start : start + 1] == "}" else "a key in quotes is missing"
            )
            raise _BrokenError(what, start)
        scalar = self._string()
        key = str(scalar.value)
        if key in frame.keys:
            self.problems.append(Problem(f"the key {key!r} stands twice: only the last one counts", scalar.inner))
        frame.keys[key] = start
        frame.key = (key, scalar.inner)
        self._blank()
        if self.text[self.at : self.at + 1] != ":":
            raise _BrokenError("a colon is missing after the key", self.at)
        self.at += 1

    def _closed(self, stack: list[_Frame], node: Node) -> Node | None:
        """Puts a value into its container; the container where that ends with it."""
        frame = stack[-1]
        if frame.is_object:
            assert frame.key is not None
            frame.entries.append(Entry(frame.key[0], frame.key[1], node))
        else:
            frame.items.append(node)
        self._blank()
        character = self.text[self.at : self.at + 1]
        if character == ",":
            self.at += 1
            self._blank()
            if not frame.is_object and self.text[self.at : self.at + 1] == "]":
                raise _BrokenError("a comma stands before the ]", self.at)
            return None
        if character != ("}" if frame.is_object else "]"):
            raise _BrokenError("a comma or the end is missing" if character else "it ends too early", self.at)
        self.at += 1
        stack.pop()
        span = self.mapped.span(frame.start, self.at)
        return Mapping(span, tuple(frame.entries)) if frame.is_object else Sequence(span, tuple(frame.items))

    def _scalar(self) -> Node:
        start = self.at
        if self.text[start : start + 1] == '"':
            scalar = self._string()
            if TEMPLATE.search(str(scalar.value)):
                return Open(scalar.inner, "a template's variable")
            return scalar
        word = _WORD.match(self.text, start)
        if word is not None:
            self.at = word.end()
            span = self.mapped.span(start, self.at)
            return Scalar(span, _WORDS[word.group()], literal(word.group(), span))
        number = _NUMBER.match(self.text, start)
        if number is None:
            raise _BrokenError("a value is missing" if start < len(self.text) else "it ends too early", start)
        if len(number.group()) > MAX_DIGITS:
            raise _BrokenError("a number is too long", start)
        self.at = number.end()
        span = self.mapped.span(start, self.at)
        return Scalar(span, json.loads(number.group()), literal(number.group(), span))

    def _string(self) -> Scalar:
        start = self.at
        match = _STRING.match(self.text, start)
        if match is None:
            raise _BrokenError(*self._why_no_string(start))
        self.at = match.end()
        raw = match.group()
        span = self.mapped.span(start, self.at)
        if "\\" not in raw:
            return Scalar(span, raw[1:-1], _inside(raw[1:-1], self.mapped.span(start + 1, self.at - 1)))
        value: str = json.loads(raw)
        return Scalar(span, value, _inside(value, self.mapped.span(start + 1, self.at - 1)))

    def _why_no_string(self, start: int) -> tuple[str, int]:
        """What is wrong with a string, and where."""
        at = start + 1
        while at < len(self.text):
            character = self.text[at]
            if character < " ":
                return "a string goes over the end of its line or has a control character", at
            if character == "\\":
                escape = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})').match(self.text, at)
                if escape is None:
                    return "a \\ that escapes nothing (write \\\\)", at
                at = escape.end()
                continue
            at += 1
        return "a string does not end", start

    def _blank(self) -> None:
        match = _BLANK.match(self.text, self.at)
        assert match is not None
        self.at = match.end()


def _inside(value: str, span: Span) -> Text:
    """A string's characters; an empty one still has its place."""
    return literal(value, span) if value else Text((Piece(value, span),))
