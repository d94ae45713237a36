"""Docker's own variable expansion: `$X`, `${X}`, `${X:-y}`, `${X:+y}`, `${X:?e}`, `${X#p}`, `${X%p}`, `${X/p/r}`, quotes
and escapes, as BuildKit's frontend/dockerfile/shell does it (read 2026-11-21). Not the shell's: that is `shell.py`.

What comes out is `Text`: each part remembers the definition that it came from.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import islice

from amlcheck.dockerfile.globs import Glob, GlobError, docker_glob
from amlcheck.dockerfile.source import Mapped, Source, Span
from amlcheck.dockerfile.text import HOLE, TOO_LONG, Piece, Text, hole
from amlcheck.dockerfile.words import GO_BLANKS
from amlcheck.records import dataclass
from amlcheck.regex import regex

Lookup = Callable[[str], Text | None]
"""What a variable holds; None where it is certainly not set."""

MAX_DEPTH = 60
MAX_GROWTH = 1 << 17
"""Characters that the variables in one word may bring in."""
_SPECIAL = "@*#?-$!0"
_BLANK = regex("[" + GO_BLANKS + "]")
_REFERENCE = regex(r"\$(?:\$|(?P<name>\w+)|\{(?P<braced>\w+)\})")
"""What Go's Regexp.ReplaceAllString takes for more than itself in a replacement."""


class ExpansionError(ValueError):
    """The word cannot be expanded: Docker refuses the file."""


class _TooDeepError(Exception):
    """Substitutions are nested more deeply than is followed; Docker may well read them."""


def expand(word: Mapped, lookup: Lookup, escape: str) -> Text:
    """One word after expansion, quotes removed. Raises ExpansionError."""
    try:
        return _Lexer(word, lookup, escape).whole()
    except _TooDeepError:
        return _too_deep(word)


def expand_words(text: Mapped, lookup: Lookup, escape: str) -> list[Text]:
    """The words of a text after expansion, split at blanks that are not quoted. Raises ExpansionError."""
    lexer = _Lexer(text, lookup, escape, split=True)
    try:
        lexer.whole()
    except _TooDeepError:
        return [_too_deep(text)]
    return lexer.finished_words()


def _too_deep(word: Mapped) -> Text:
    return hole("its substitutions are nested too deeply to be followed", word.span(0, len(word.text)))


_HEREDOC = regex(r"(\d*)<<(-?)[\t\n\f\r ]*([^<]*)")


def heredocs_in(line: str) -> list[tuple[str, bool, bool]]:
    """The here-documents that an instruction's line opens: name, whether they expand, whether they lose leading tabs."""
    try:
        words = _raw_words(line, keep_quotes=True, keep_escapes=True)
    except (ExpansionError, _TooDeepError):
        return []
    return [found for found in map(heredoc, words) if found is not None]


def heredoc(word: str) -> tuple[str, bool, bool] | None:
    """The here-document that one word opens, as `heredocs_in` has it; None where it opens none."""
    match = _HEREDOC.fullmatch(word)
    if match is None or not match.group(3):
        return None
    plain = _raw_words(match.group(3), keep_quotes=False, keep_escapes=False)
    if len(plain) != 1:
        return None
    raw = _raw_words(match.group(3), keep_quotes=True, keep_escapes=False)[0]
    return plain[0], _quotes(plain[0]) == _quotes(raw), match.group(2) == "-"


def is_heredoc(word: str) -> bool:
    """Whether a word opens a here-document; one that cannot be read does not."""
    try:
        return heredoc(word) is not None
    except (ExpansionError, _TooDeepError):
        return False


def _quotes(word: str) -> int:
    return word.count("'") + word.count('"')


def _raw_words(text: str, *, keep_quotes: bool, keep_escapes: bool) -> list[str]:
    mapped = Mapped(Source("", text), text, ((0, 0),))
    lexer = _Lexer(mapped, lambda name: None, "\\", keep_quotes, keep_escapes, keep_unset=True, split=True)
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
    split: bool = False
    """Whether words are wanted; without, only the whole."""

    def __post_init__(self) -> None:
        self.chars = self.source.text
        self.at = int(self.chars.startswith("\ufeff"))  # Go's scanner takes it for a byte order mark
        self.depth = 0
        self.room = MAX_GROWTH
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
            raise _TooDeepError
        out: list[Piece] = []
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
            if top and self.split:
                self._collect(taken, splits)
        if stop:
            raise ExpansionError(f"unexpected end of statement while looking for matching {stop}")
        self.depth -= 1
        return _merge(out)

    def _collect(self, pieces: list[Piece], splits: bool) -> None:
        for piece in pieces:
            if not splits:
                self._extend((piece,))
                continue
            text = Text((piece,))
            start = 0
            for match in _BLANK.finditer(piece.value):
                if start < match.start():
                    self._extend(text.slice(start, match.start()).pieces)
                if self.open_word:
                    self.words.append(self.open_word)
                    self.open_word = None
                start = match.end()
            if start < len(piece.value):
                self._extend(text.slice(start, len(piece.value)).pieces)

    def _extend(self, pieces: tuple[Piece, ...]) -> None:
        if self.open_word is None:
            self.open_word = []
        self.open_word.extend(pieces)

    # --- its parts -----------------------------------------------------------------------------------------------

    def _piece(self, start: int, end: int) -> Piece:
        return Piece(self.chars[start:end], self.source.span(start, end))

    def _pieces(self, start: int, end: int) -> list[Piece]:
        return [self._piece(low, high) for low, high in self.source.runs(start, end)]

    def _plain(self, stop: str) -> list[Piece]:
        start = self.at
        self.at = _until_any("'\"$<" + self.escape + stop, self.chars, start)
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
                self.at = _until_any('"$' + self.escape, self.chars, start)
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
        """What stands after an operator, up to `stop`.

        BuildKit reads it into the same buffer as the word around it, so that what came before in that word is lost where words
        are wanted: in `EXPOSE 80${A:-80}`, and in the name of a here-document.
        """
        self.open_word = None
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
        self.room -= sum(len(piece.value) for piece in value.pieces)
        if self.room < 0:
            return list(hole(TOO_LONG, here).pieces)
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
        if value is None and self.keep_unset:
            return self._pieces(start, self.at)
        if not pattern.known or (value is not None and not value.known):
            reason = pattern.reason or (value.reason if value is not None else "")
            return list(hole(reason, self._here(start)).pieces)
        glob = _glob(pattern.value)
        if value is None:
            return []
        matches = glob.finditer(value.value)
        found = list(matches) if everywhere else list(islice(matches, 1))
        if len(found) * len(replacement.value) > MAX_GROWTH:
            return list(hole(TOO_LONG, self._here(start)).pieces)
        pieces: list[Piece] = []
        at = 0
        for low, high in found:
            pieces.extend(value.slice(at, low).pieces)
            pieces.extend(_filled(replacement, value.slice(low, high)) if everywhere else replacement.pieces)
            at = high
        pieces.extend(value.slice(at, len(value.value)).pieces)
        return self._used(Text(tuple(pieces)), start)


def _until_any(ends: str, chars: str, start: int) -> int:
    """The index of the first of some characters; the length where there is none."""
    match = _stopper(ends).search(chars, start)
    return match.start() if match else len(chars)


@lru_cache(maxsize=32)
def _stopper(ends: str) -> re.Pattern[str]:
    return re.compile("[" + re.escape(ends) + "]")


def _filled(replacement: Text, matched: Text) -> list[Piece]:
    """A replacement as Go fills it in where all matches are replaced: `$0` is the match, `$$` a dollar sign."""
    if "$" not in replacement.value:
        return list(replacement.pieces)
    pieces: list[Piece] = []
    at = 0
    for match in _REFERENCE.finditer(replacement.value):
        pieces.extend(replacement.slice(at, match.start()).pieces)
        name = match.group("name") or match.group("braced")
        if name is None:
            pieces.extend(replacement.slice(match.start(), match.start() + 1).pieces)
        elif name == "0":
            pieces.extend(matched.pieces)
        at = match.end()
    pieces.extend(replacement.slice(at, len(replacement.value)).pieces)
    return pieces


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
        end = _glob(glob).end(chars, longest=greedy)
        return value if end is None else value.slice(end, len(chars))
    end = _glob(_reversed(glob)).end(chars[::-1], longest=greedy)
    return value if end is None else value.slice(0, len(chars) - end)


def _reversed(pattern: str) -> str:
    """The pattern for text read from its end, as BuildKit makes it: a lone backslash at the end escapes what comes before."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    return "".join(reversed(parts))


def _glob(pattern: str) -> Glob:
    """A pattern of Docker's. Raises ExpansionError for an escape that has no meaning."""
    try:
        return docker_glob(pattern)
    except GlobError as error:
        raise ExpansionError(f"invalid pattern ({pattern}) in substitution: {error}") from error


def _merge(pieces: list[Piece]) -> Text:
    """Pieces that are neighbours in the file become one, so that a plain word is one piece."""
    merged: list[Piece] = []
    run: list[Piece] = []
    for piece in pieces:
        if run and not _adjoin(run[-1], piece):
            merged.append(_one(run))
            run = []
        run.append(piece)
    if run:
        merged.append(_one(run))
    return Text(tuple(merged))


def _adjoin(left: Piece, right: Piece) -> bool:
    """Whether both are literal and the second starts in the file where the first ends."""
    if left.span is None or right.span is None or left.span.end != right.span.start:
        return False
    return left.is_literal and right.is_literal and left.span.source is right.span.source


def _one(run: list[Piece]) -> Piece:
    first, last = run[0], run[-1]
    if len(run) == 1 or first.span is None or last.span is None:
        return first
    return Piece("".join(piece.value for piece in run), first.span.cover(last.span))
