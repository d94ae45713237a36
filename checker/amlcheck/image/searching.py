"""Searching the contents of files of any size for an expression, piece by piece, in bounded memory and time.

Expressions are those that mean the same to Python's re over bytes and to `grep -E`. A match lies within one line, as grep
has it; of one that is longer than MAX_MATCH bytes, so much is told as lies around its plain text.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import lru_cache

from amlcheck.image.tree import MAX_MATCH, MAX_MATCHES
from amlcheck.regex import regex

MAX_SECONDS = 30.0
"""Seconds for all searches of an image together: nothing else bounds what hostile files can make an expression cost."""
_WINDOW = 4096
"""Bytes that an expression without plain text in it is tried on at once."""
_SHORTEST = 3
"""Bytes of plain text below which looking for it first does not pay."""


class Patience:
    """The seconds that are left for searching."""

    def __init__(self, seconds: float = MAX_SECONDS) -> None:
        self.limit = self.left = seconds

    @property
    def over(self) -> bool:
        return self.left <= 0


class Search:
    """One expression, over the pieces of one file in their order. ValueError where it is no valid expression."""

    def __init__(self, expression: str, patience: Patience) -> None:
        self._expression, self._plain = _prepared(expression)
        self._finders = [_finder(plain) for plain in self._plain]
        self._context = MAX_MATCH + max(map(len, self._plain), default=0)
        self._patience = patience
        self._found: dict[bytes, None] = {}
        self._data = b""
        self._place = 0
        """Where in the data the next match may begin."""

    @property
    def matches(self) -> list[str]:
        return [match.decode("utf-8", "replace") for match in self._found]

    @property
    def finished(self) -> bool:
        """Whether nothing that follows can change the matches."""
        return len(self._found) >= MAX_MATCHES or self._patience.over

    def feed(self, piece: bytes | memoryview, last: bool = False) -> None:
        """The next piece of the file; after the last one the search is complete."""
        if self.finished:
            return
        began = time.monotonic()
        if self._plain and len(piece) > 2 * self._context and not self._near(piece):
            self._data, self._place = bytes(piece[-self._context :]), 0
        else:
            self._data += piece
            look = self._around_plain if self._plain else self._everywhere
            look(last, began + self._patience.left)
        self._patience.left -= time.monotonic() - began

    def _near(self, piece: bytes | memoryview) -> bool:
        """Whether a plain text is in a piece or at its seam with what is left; most pieces have none, and are not copied."""
        seam = self._data[self._place :] + piece[: self._context]
        return any(find(piece) or find(seam) for find in self._finders)

    def _around_plain(self, last: bool, deadline: float) -> None:
        """Every match has one of some plain texts in it: the expression is tried around these only."""
        data, complete = self._data, len(self._data) - (0 if last else MAX_MATCH)
        place, count = self._place, 0
        ahead = {plain: data.find(plain, place) for plain in self._plain}
        while True:
            at = min((there for there in ahead.values() if there >= 0), default=-1)
            if at < 0 or at > complete:
                break
            start = max(place, at - MAX_MATCH, data.rfind(b"\n", place, at) + 1)
            stop = data.find(b"\n", at, at + MAX_MATCH)
            for match in self._expression.finditer(data, start, stop if stop >= 0 else at + MAX_MATCH):
                if match.start() > at:
                    break
                if match.end() > at:
                    self._keep(match[0])
                    place = match.end()
            for plain, there in ahead.items():
                if 0 <= there < max(place, at + 1):
                    ahead[plain] = data.find(plain, max(place, at + 1))
            count += 1
            if len(self._found) >= MAX_MATCHES or (count % 64 == 0 and time.monotonic() > deadline):
                return
        rest = max(place, (at if at >= 0 else len(data) - max(map(len, self._plain))) - MAX_MATCH, 0)
        self._data, self._place = data[rest:], max(place - rest, 0)

    def _everywhere(self, last: bool, deadline: float) -> None:
        data, place = self._data, self._place
        while place < len(data):
            stop = data.find(b"\n", place, place + _WINDOW)
            whole = stop >= 0 or (last and place + _WINDOW >= len(data))
            if not whole and place + _WINDOW > len(data):
                break
            stop = stop if stop >= 0 else min(place + _WINDOW, len(data))
            following = stop + 1 if whole else stop - MAX_MATCH
            for match in self._expression.finditer(data, place, stop):
                if not whole and match.start() >= following:
                    break
                if match[0]:
                    self._keep(match[0])
                    following = max(following, match.end())
            place = following
            if len(self._found) >= MAX_MATCHES or time.monotonic() > deadline:
                return
        self._data, self._place = data[place:], 0

    def _keep(self, match: bytes) -> None:
        self._found.setdefault(match[:MAX_MATCH])


@lru_cache(maxsize=256)
def _prepared(expression: str) -> tuple[re.Pattern[bytes], tuple[bytes, ...]]:
    try:
        return re.compile(expression.encode("utf-8")), plain_texts(expression)
    except re.error as error:
        raise ValueError(f"{expression!r} is no regular expression: {error}") from error


@lru_cache(maxsize=256)
def _finder(plain: bytes) -> Callable[[bytes | memoryview], object]:
    return re.compile(re.escape(plain)).search


def plain_texts(expression: str) -> tuple[bytes, ...]:
    """Texts of which every match has one in it; none where the expression does not tell of any."""
    found = []
    for alternative in _split(expression):
        longest = max(_runs(alternative), key=len, default=b"")
        if len(longest) < _SHORTEST:
            return ()
        found.append(longest)
    return tuple(dict.fromkeys(found))


_TOKEN = regex(r"\\.|\[\^?\]?[^\]]*\]|\(\?|[()|*?+.^$]|\{[^}]*\}|.", re.DOTALL)
_SPECIAL = "*?+.^$|()[{"


def _split(expression: str) -> list[list[str]]:
    """The tokens of each alternative; what stands in parentheses, which may be optional, is left out as one "."."""
    alternatives: list[list[str]] = [[]]
    depth = 0
    for token in _TOKEN.findall(expression):
        if token in ("(", "(?"):
            depth += 1
        elif token == ")":
            depth -= 1
            if depth == 0:
                alternatives[-1].append(".")
        elif depth == 0:
            if token == "|":
                alternatives.append([])
            else:
                alternatives[-1].append(token)
    return alternatives


def _runs(tokens: list[str]) -> list[bytes]:
    runs, run = [], ""
    for token, following in zip(tokens, [*tokens[1:], ""], strict=True):
        plain = token[1] if len(token) == 2 and token[0] == "\\" and not token[1].isalnum() else token
        literal = plain != token or (len(token) == 1 and token not in _SPECIAL)
        if not literal or (following[:1] in ("*", "?", "{") and following):
            runs.append(run)
            run = ""
            continue
        run += plain
        if following == "+":
            runs.append(run)
            run = ""
    return [piece.encode("utf-8") for piece in (*runs, run)]
