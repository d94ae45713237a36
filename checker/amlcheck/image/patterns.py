"""Many patterns against many paths, fast: an image has some hundred thousand paths, and probes ask with dozens of patterns.

A pattern is one of `find -path`: fnmatch over the whole path, in which `*` also matches "/". Each has pieces of plain text;
a path that lacks one cannot fit, and looking for plain text costs a hundredth of matching.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator

from amlcheck.regex import regex

_WILD = regex(r"[*?]")
_SPECIAL = regex(r"[*?\[]")
SEPARATOR = b"\0"
"""Between the paths of a text that `candidates` goes through; no path has it."""


class Patterns:
    """Tells whether a path fits one of the patterns."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = tuple(dict.fromkeys(patterns))
        self._exact = frozenset(pattern for pattern in self.patterns if not _SPECIAL.search(pattern))
        bases, heads, tails, starts, within = set(), set(), set(), set(), set()
        wild = [pattern for pattern in self.patterns if pattern not in self._exact]
        for pattern in wild:
            pieces = _pieces(pattern)
            _, slash, base = pieces[-1].rpartition("/")
            longest = max(pieces, key=len)
            if slash and base:
                bases.add(base)
            elif len(pieces[0]) > 1:
                heads.add(pieces[0])
            elif pieces[-1]:
                tails.add(pieces[-1])
            elif longest.startswith("/") and longest.count("/") == 1 and len(longest) > 1:
                starts.add(longest[1:])
            else:
                within.add(longest)
        self._bases, self._heads, self._tails = frozenset(bases), tuple(heads), tuple(tails)
        self._starts, self._within = tuple(starts), tuple(within)
        self._in_folder = tuple("/" + start for start in starts)
        self._folders: dict[str, bool] = {}
        self._match = re.compile("|".join(fnmatch.translate(pattern) for pattern in wild)).match if wild else None

    def __call__(self, path: str) -> bool:
        if path in self._exact:
            return True
        match = self._match
        if match is None:
            return False
        folder, _, base = path.rpartition("/")
        if (
            base in self._bases
            or path.startswith(self._heads)
            or path.endswith(self._tails)
            or base.startswith(self._starts)
            or (self._in_folder and self._has(folder))
            or (self._within and self._has_within(path))
        ):
            return match(path) is not None
        return False

    def _has_within(self, path: str) -> bool:
        for piece in self._within:  # noqa: SIM110 - `any` takes twice as long, and this is asked of each name
            if piece in path:
                return True
        return False

    def _has(self, folder: str) -> bool:
        """Whether the name of a folder has what is looked for at the start of a name: files come folder by folder."""
        found = self._folders.get(folder)
        if found is None:
            found = self._folders[folder] = any(piece in folder for piece in self._in_folder)
        return found


def joined(paths: Iterable[str]) -> bytes:
    """The paths as one text for `candidates`."""
    return "\0".join(("", *paths, "")).encode("utf-8", "surrogatepass")


def candidates(text: bytes, pattern: str) -> Iterator[str] | None:
    """The paths of a text made by `joined` that may fit a pattern, each once; None where any may."""
    if not _SPECIAL.search(pattern):
        piece = f"\0{pattern}\0"
    else:
        first, *middle, last = _pieces(pattern)
        piece = max("\0" + first, *middle, last + "\0" if last else "", key=len)
    return _having(text, piece.encode("utf-8", "surrogatepass")) if len(piece) > 1 else None


def _having(text: bytes, piece: bytes) -> Iterator[str]:
    position = text.find(piece)
    while position >= 0:
        start = position + 1 if piece[:1] == SEPARATOR else text.rfind(SEPARATOR, 0, position) + 1
        end = text.find(SEPARATOR, start)
        yield text[start:end].decode("utf-8", "surrogatepass")
        position = text.find(piece, end)


def _pieces(pattern: str) -> list[str]:
    """The plain text of a pattern between its wildcards: the first stands at its front, the last at its end."""
    plain, bracket, rest = pattern.partition("[")
    if not bracket:
        return _WILD.split(pattern)
    _, bracket, after = rest.rpartition("]")
    return [*_WILD.split(plain), _WILD.split(after)[-1] if bracket else ""]
