"""Patterns of Docker's `${X#p}` and of the shell's `case`: matched in one pass over the text, whatever the pattern.

All ways to match are followed at once, as the bits of one number: bit i is set where the first i characters of the
pattern (stars not counted) have matched up to here. A backtracking matcher takes exponential time for `*a*a*a…b`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from amlcheck.records import dataclass
from amlcheck.regex import regex

_EXTENDED = regex(r"(?<!\\)[?*+@!]\(")
_DOCKER_ESCAPES = "}/*?\\"


class GlobError(ValueError):
    """A pattern with an escape that has no meaning."""


@dataclass(frozen=True)
class One:
    """What one character must be: one of a set, or none of it. All characters: none of the empty set."""

    chars: frozenset[str] = frozenset()
    ranges: tuple[tuple[str, str], ...] = ()
    negated: bool = True

    def takes(self, char: str) -> bool:
        inside = char in self.chars or any(low <= char <= high for low, high in self.ranges)
        return inside is not self.negated


class Glob:
    """A pattern."""

    def __init__(self, ones: list[One], stars: set[int], newlines: bool = True) -> None:
        """`stars`: before which of the characters a star stands; the number of characters for one at the end.

        `newlines`: whether `*` and `?` stand for a line end too. In the shell they do, in Docker not.
        """
        self.ones = ones
        self.stars = stars
        self.newlines = newlines
        self._loops = _bits(stars, len(ones))
        self._masks: dict[str, int] = {}

    def _step(self, state: int, char: str) -> int:
        mask = self._masks.get(char)
        if mask is None:
            mask = self._masks[char] = self._mask(char)
        moved = (state & mask) << 1
        return moved | (state & self._loops) if self.newlines or char != "\n" else moved

    def _mask(self, char: str) -> int:
        barred = char == "\n" and not self.newlines
        taking = (at for at, one in enumerate(self.ones) if one.takes(char) and not (barred and one.negated))
        return _bits(taking, len(self.ones))

    def ends(self, text: str, start: int = 0) -> Iterator[int]:
        """Where a match that starts at `start` can end, the shortest first."""
        last = 1 << len(self.ones)
        state = 1
        for index in range(start, len(text)):
            if state & last:
                yield index
            state = self._step(state, text[index])
            if not state:
                return
        if state & last:
            yield len(text)

    def end(self, text: str, start: int = 0, *, longest: bool) -> int | None:
        """Where the longest or the shortest match that starts at `start` ends; None where there is none."""
        ends = self.ends(text, start)
        if not longest:
            return next(ends, None)
        return max(ends, default=None)

    def matches(self, text: str) -> bool:
        """Whether the whole text matches."""
        return self.end(text, longest=True) == len(text)

    def backwards(self) -> Glob:
        """The pattern for text read from its end."""
        count = len(self.ones)
        return Glob(self.ones[::-1], {count - index for index in self.stars}, self.newlines)

    def starts(self, text: str) -> Iterator[int]:
        """Where some match starts, the first first."""
        mirror = self.backwards()
        last = 1 << len(mirror.ones)
        state = 1
        found = bytearray(len(text) + 1)
        found[len(text)] = bool(state & last)
        for index in range(len(text) - 1, -1, -1):
            state = mirror._step(state, text[index]) | 1
            found[index] = bool(state & last)
        return (index for index, flag in enumerate(found) if flag)

    def finditer(self, text: str) -> Iterator[tuple[int, int]]:
        """The matches from left to right, each as long as it can be; none is empty right after another."""
        after, search = -1, 0
        for start in self.starts(text):
            if start < search:
                continue
            end = self.end(text, start, longest=True)
            if end is None:
                continue
            if end > after:
                yield start, end
            after = end
            search = max(end, start + 1)


def docker_glob(pattern: str) -> Glob:
    """A pattern of `${X#pattern}` in a Dockerfile: stars, question marks and escapes. Raises GlobError."""
    ones: list[One] = []
    stars: set[int] = set()
    chars = iter(pattern)
    for char in chars:
        if char == "*":
            stars.add(len(ones))
        elif char == "?":
            ones.append(One())
        elif char == "\\":
            escaped = next(chars, "")
            if not escaped or escaped not in _DOCKER_ESCAPES:
                raise GlobError(f"invalid escape '\\{escaped}'")
            ones.append(_exactly(escaped))
        else:
            ones.append(_exactly(char))
    return Glob(ones, stars, newlines=False)


def shell_glob(pattern: str) -> Glob | None:
    """A pattern of the shell, where a backslash takes the next character as it is.

    None for what is not read: character classes, bash's extended patterns.
    """
    if _EXTENDED.search(pattern):
        return None
    ones: list[One] = []
    stars: set[int] = set()
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            stars.add(len(ones))
        elif char == "?":
            ones.append(One())
        elif char == "[" and (end := _bracket_end(pattern, at)) > 0:
            one = _bracket(pattern[at:end])
            if one is None:
                return None
            ones.append(one)
            at = end + 1
        else:
            if char == "\\" and at < len(pattern):
                char = pattern[at]
                at += 1
            ones.append(_exactly(char))
    return Glob(ones, stars)


def _bits(indices: Iterable[int], count: int) -> int:
    """A number with these of its first count + 1 bits set."""
    bits = bytearray(count // 8 + 1)
    for index in indices:
        bits[index >> 3] |= 1 << (index & 7)
    return int.from_bytes(bits, "little")


def _exactly(char: str) -> One:
    return One(frozenset(char), negated=False)


def _bracket_end(pattern: str, start: int) -> int:
    """Where the bracket that follows a `[` is closed; -1 where it is not, and the `[` stands for itself."""
    first = start + 1 if pattern[start : start + 1] in ("!", "^") else start
    return pattern.find("]", first + 1)


def _bracket(inside: str) -> One | None:
    """The characters between brackets; None where they hold classes or escapes."""
    if "[" in inside or "\\" in inside:
        return None
    negated = inside[:1] in ("!", "^")
    body = inside[1:] if negated else inside
    chars: set[str] = set()
    ranges: list[tuple[str, str]] = []
    at = 0
    while at < len(body):
        if body[at + 1 : at + 2] == "-" and at + 2 < len(body):
            ranges.append((body[at], body[at + 2]))
            at += 3
        else:
            chars.add(body[at])
            at += 1
    return One(frozenset(chars), tuple(ranges), negated)
