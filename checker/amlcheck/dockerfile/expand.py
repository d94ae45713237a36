"""Docker's own variable expansion: `$X`, `${X}`, `${X:-y}`, `${X:+y}`, `${X:?e}`, `${X#p}`, `${X%p}`, `${X/p/r}`, quotes
and escapes, as BuildKit's frontend/dockerfile/shell does it (read 2026-11-21). Not the shell's: that is `shell.py`.

What comes out is `Text`: each part remembers the definition that it came from.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from amlcheck.dockerfile.source import Mapped, Source, Span
from amlcheck.dockerfile.text import HOLE, Piece, Text, hole
from amlcheck.dockerfile.words import GO_BLANKS

Lookup = Callable[[str], Text | None]
"""What a variable holds; None where it is certainly not set."""

MAX_DEPTH = 60
MAX_LENGTH = 1 << 20
_SPECIAL = "@*#?-$!0"


class ExpansionError(ValueError):
    """The word cannot be expanded: Docker refuses the file."""


def expand(word: Mapped, lookup: Lookup, escape: str) -> Text:
    """One word after expansion, quotes removed. Raises ExpansionError."""
    return _Lexer(word, lookup, escape).whole()


def expand_words(text: Mapped, lookup: Lookup, escape: str) -> list[Text]:
    """The words of a text after expansion, split at blanks that are not quoted. Raises ExpansionError."""
    lexer = _Lexer(text, lookup, escape)
    lexer.whole()
    return lexer.finished_words()


_HEREDOC = re.compile(r"(\d*)<<(-?)[\t\n\f\r ]*([^<]*)")


def heredocs_in(line: str) -> list[tuple[str, bool, bool]]:
    """The here-documents that an instruction's line opens: name, whether they expand, whether they lose leading tabs."""
    try:
        words = _raw_words(line, keep_quotes=True, keep_escapes=True)
    except ExpansionError:
        return []
    found = []
    for word in words:
        match = _HEREDOC.fullmatch(word)
        if match is None or not match.group(3):
            continue
        plain = _raw_words(match.group(3), keep_quotes=False, keep_escapes=False)
        if len(plain) != 1:
            continue
        raw = _raw_words(match.group(3), keep_quotes=True, keep_escapes=False)[0]
        expands = _quotes(plain[0]) == _quotes(raw)
        found.append((plain[0], expands, match.group(2) == "-"))
    return found


def _quotes(word: str) -> int:
    return word.count("'") + word.count('"')


def _raw_words(text: str, *, keep_quotes: bool, keep_escapes: bool) -> list[str]:
    mapped = Mapped(Source("", text), text, ((0, 0),))
    lexer = _Lexer(mapped, lambda name: None, "\\", keep_quotes, keep_escapes, keep_unset=True)
    lexer.whole()
    return [word.value for word in lexer.finished_words()]


@dataclass
class _Lexer:
    source: Mapped
    lookup: Lookup
    escape: str
    keep_quotes: bool = False
    keep_escapes: bool = False
    keep_unset: bool = False

    def __post_init__(self) -> None:
        self.chars = self.source.text
        self.at = int(self.chars.startswith("\ufeff"))  # Go's scanner takes it for a byte order mark
        self.depth = 0
        self.words: list[list[Piece]] = []
        self.open_word: list[Piece] | None = None

    # --- the word as a whole -------------------------------------------------------------------------------------

    def whole(self) -> Text:
        return self._until("", self.keep_escapes, top=True)

    def finished_words(self) -> list[Text]:
        words = [*self.words, self.open_word] if self.open_word else self.words
        return [_merge(word) for word in words]

    def _until(self, stop: str, keep_escapes: bool, *, top: bool = False) -> Text:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpansionError("variables are nested too deeply to be read")
        out: list[Piece] = []
        size = 0
        while self.at < len(self.chars):
            char = self.chars[self.at]
            if char == stop:
                self.at += 1
                self.depth -= 1
                return _merge(out)
            if char == "'":
                taken, splits = self._single(), False
            elif char == '"':
                taken, splits = self._double(keep_escapes), False
            elif char == "$":
                taken, splits = self._dollar(), True
            elif char == "<":
                taken, splits = self._angle(), False
            elif char == self.escape:
                taken, splits = self._escaped(keep_escapes), False
            else:
                taken, splits = self._plain(stop), True
            out.extend(taken)
            size += sum(len(piece.value) for piece in taken)
            if size > MAX_LENGTH:
                raise ExpansionError(f"the value grows beyond {MAX_LENGTH} characters")
            if top:
                self._collect(taken, splits)
        if stop:
            raise ExpansionError(f"unexpected end of statement while looking for matching {stop}")
        self.depth -= 1
        return _merge(out)

    def _collect(self, pieces: list[Piece], splits: bool) -> None:
        for piece in pieces:
            if not splits:
                self.open_word = [*(self.open_word or []), piece]
                continue
            text = Text((piece,))
            start = 0
            for index, char in enumerate(piece.value):
                if char in GO_BLANKS:
                    if start < index:
                        self.open_word = [*(self.open_word or []), *text.slice(start, index).pieces]
                    if self.open_word:
                        self.words.append(self.open_word)
                        self.open_word = None
                    start = index + 1
            if start < len(piece.value):
                self.open_word = [*(self.open_word or []), *text.slice(start, len(piece.value)).pieces]

    # --- its parts -----------------------------------------------------------------------------------------------

    def _piece(self, start: int, end: int) -> Piece:
        return Piece(self.chars[start:end], self.source.span(start, end))

    def _pieces(self, start: int, end: int) -> list[Piece]:
        return [self._piece(low, high) for low, high in self.source.runs(start, end)]

    def _plain(self, stop: str) -> list[Piece]:
        start = self.at
        ends = "'\"$<" + self.escape + stop
        while self.at < len(self.chars) and self.chars[self.at] not in ends:
            self.at += 1
        return self._pieces(start, self.at)

    def _single(self) -> list[Piece]:
        end = self.chars.find("'", self.at + 1)
        if end < 0:
            raise ExpansionError("unexpected end of statement while looking for matching single-quote")
        start, self.at = self.at, end + 1
        return self._pieces(start, end + 1) if self.keep_quotes else self._pieces(start + 1, end)

    def _double(self, keep_escapes: bool) -> list[Piece]:
        out: list[Piece] = []
        if self.keep_quotes:
            out.append(self._piece(self.at, self.at + 1))
        self.at += 1
        while self.at < len(self.chars):
            char = self.chars[self.at]
            if char == '"':
                if self.keep_quotes:
                    out.append(self._piece(self.at, self.at + 1))
                self.at += 1
                return out
            if char == "$":
                out.extend(self._dollar())
                continue
            start = self.at
            if char == self.escape:
                self.at += 1
                following = self.chars[self.at : self.at + 1]
                if following and following in '"$' + self.escape:
                    self.at += 1
                    start = start if keep_escapes else start + 1
                elif not following and not keep_escapes:
                    continue
            else:
                while self.at < len(self.chars) and self.chars[self.at] not in '"$' + self.escape:
                    self.at += 1
            out.extend(self._pieces(start, self.at))
        raise ExpansionError("unexpected end of statement while looking for matching double-quote")

    def _escaped(self, keep_escapes: bool) -> list[Piece]:
        start = self.at
        self.at = min(self.at + 2, len(self.chars))
        return self._pieces(start if keep_escapes else start + 1, self.at)

    def _angle(self) -> list[Piece]:
        start = self.at
        self.at += 1
        if self.chars.startswith("<", self.at):
            self.at += 1
            while self.at < len(self.chars) and self.chars[self.at] in "\t\r ":
                self.at += 1
        return self._pieces(start, self.at)

    # --- variables -----------------------------------------------------------------------------------------------

    def _dollar(self) -> list[Piece]:
        start = self.at
        self.at += 1
        if not self.chars.startswith("{", self.at):
            name = self._name()
            if not name:
                return self._pieces(start, self.at)
            return self._value(name, start)
        self.at += 1
        following = self.chars[self.at : self.at + 1]
        if not following:
            raise ExpansionError("syntax error: missing '}'")
        if following in "{}:":
            raise ExpansionError("syntax error: bad substitution")
        name = self._name()
        operator = self._take()
        if operator == "}":
            return self._value(name, start)
        null_is_unset = operator == ":"
        if null_is_unset:
            operator = self._take()
        if operator == "/" and not null_is_unset:
            return self._replace(name, start)
        known = operator and operator in "+-?#%"
        if (not known and not null_is_unset) or not operator or (null_is_unset and operator in "#%"):
            raise ExpansionError(_unsupported(null_is_unset, operator))
        word = self._operand("}", operator in "#%")
        return self._apply(name, operator, null_is_unset, word, start)

    def _operand(self, stop: str, keep_escapes: bool) -> Text:
        try:
            return self._until(stop, keep_escapes)
        except ExpansionError as error:
            if self.at >= len(self.chars):
                missing = "'}'" if stop == "}" else "'/' in ${}"
                raise ExpansionError(f"syntax error: missing {missing}") from error
            raise

    def _take(self) -> str:
        char = self.chars[self.at : self.at + 1]
        self.at += 1
        return char

    def _name(self) -> str:
        start = self.at
        first = self.chars[start : start + 1]
        if first.isdigit():
            while self.chars[self.at : self.at + 1].isdigit():
                self.at += 1
        elif first and first in _SPECIAL:
            self.at += 1
        else:
            while self.at < len(self.chars) and (self.chars[self.at].isalnum() or self.chars[self.at] == "_"):
                self.at += 1
        return self.chars[start : self.at]

    def _here(self, start: int) -> Span:
        return self.source.span(start, min(self.at, len(self.chars)))

    def _value(self, name: str, start: int) -> list[Piece]:
        value = self.lookup(name)
        if value is None:
            return self._pieces(start, self.at) if self.keep_unset else []
        return self._used(value, start)

    def _used(self, value: Text, start: int) -> list[Piece]:
        """A variable's pieces as they stand here: their own span is the place of use."""
        here = self._here(start)
        return [Piece(piece.value, here, piece.via, piece.reason) for piece in value.pieces]

    def _apply(self, name: str, operator: str, null_is_unset: bool, word: Text, start: int) -> list[Piece]:
        value = self.lookup(name)
        if value is None and self.keep_unset:
            return self._pieces(start, self.at)
        if operator not in "+-?#%":
            raise ExpansionError(_unsupported(null_is_unset, operator))
        if operator in "#%":
            return self._used(trim(value or Text(), word, operator), start)
        if value is not None and not value.known and (null_is_unset or value.value == HOLE):
            return list(hole(value.reason, self._here(start)).pieces)
        missing = value is None or (null_is_unset and not value.value)
        if operator == "-":
            return self._used(word if missing or value is None else value, start)
        if operator == "+":
            return [] if missing else self._used(word, start)
        if missing or value is None:
            state = "unset" if value is None else "empty"
            raise ExpansionError(f"{name}: {word.value or f'is not allowed to be {state}'}")
        return self._used(value, start)

    def _replace(self, name: str, start: int) -> list[Piece]:
        everywhere = self.chars.startswith("/", self.at)
        self.at += everywhere
        pattern = self._operand("/", True)
        replacement = self._operand("}", True)
        value = self.lookup(name)
        if value is None:
            return self._pieces(start, self.at) if self.keep_unset else []
        if not (value.known and pattern.known):
            return list(hole(value.reason or pattern.reason, self._here(start)).pieces)
        compiled = re.compile(_regex(pattern.value, greedy=True))
        pieces: list[Piece] = []
        at = 0
        for match in compiled.finditer(value.value):
            pieces.extend(value.slice(at, match.start()).pieces)
            pieces.extend(replacement.pieces)
            at = match.end()
            if not everywhere:
                break
        pieces.extend(value.slice(at, len(value.value)).pieces)
        return self._used(Text(tuple(pieces)), start)


def _unsupported(null_is_unset: bool, operator: str) -> str:
    return f"unsupported modifier ({':' if null_is_unset else ''}{operator}) in substitution"


def trim(value: Text, pattern: Text, operator: str) -> Text:
    """`${X#pattern}` and `${X%pattern}`: without the shortest match (the longest, for a doubled operator) at one end."""
    glob = pattern.value
    greedy = glob.startswith(operator)
    glob = glob[1:] if greedy else glob
    if HOLE in glob or not value.known:
        return hole(value.reason or pattern.reason) if value.value or HOLE in glob else value
    chars = value.value
    if operator == "#":
        match = re.compile(_regex(glob, greedy)).match(chars)
        return value.slice(match.end(), len(chars)) if match else value
    compiled = re.compile(_regex(glob, greedy=True))
    starts = range(len(chars) + 1) if greedy else range(len(chars), -1, -1)
    for start in starts:
        if compiled.fullmatch(chars, start):
            return value.slice(0, start)
    return value


def _regex(glob: str, greedy: bool) -> str:
    """A shell pattern, without brackets, as a regular expression. Raises ExpansionError for an escape that has no meaning."""
    out: list[str] = []
    chars = iter(glob)
    for char in chars:
        if char == "*":
            out.append(".*" if greedy else ".*?")
        elif char == "?":
            out.append(".")
        elif char == "\\":
            escaped = next(chars, "")
            if not escaped or escaped not in "}/*?\\":
                raise ExpansionError(f"invalid pattern ({glob}) in substitution: invalid escape '\\{escaped}'")
            out.append(re.escape(escaped))
        else:
            out.append(re.escape(char))
    return "".join(out)


def _merge(pieces: list[Piece]) -> Text:
    """Pieces that are neighbours in the file become one, so that a plain word is one piece."""
    merged: list[Piece] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if (
            last is not None
            and last.is_literal
            and piece.is_literal
            and last.span is not None
            and piece.span is not None
            and last.span.source is piece.span.source
            and last.span.end == piece.span.start
        ):
            merged[-1] = Piece(last.value + piece.value, last.span.cover(piece.span))
        else:
            merged.append(piece)
    return Text(tuple(merged))
