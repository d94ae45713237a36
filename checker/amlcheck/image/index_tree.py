"""The tree that entries make which are held in memory, and how they are asked for names and patterns."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from amlcheck.image.patterns import Patterns, candidates, joined
from amlcheck.image.tree import MAX_CONTENT, Entry, Kind, NotReadableError, file_at, is_pseudo, resolve


class Entries(Protocol):
    """The entries of a file system. Paths are as `Entry.path` has them; nothing lies below what is no folder."""

    def get(self, path: str) -> Entry | None:
        """The entry at a path; also where it is a folder that is only implied by what lies in it."""

    def names(self, folder: str) -> Iterable[str]:
        """The names in a folder, each once; none where it is no folder."""

    def fitting(self, pattern: str) -> Iterable[str]:
        """The paths that `find` finds for a pattern, each once."""


class IndexTree:
    """A `Tree` of entries whose contents come from callables."""

    def __init__(
        self,
        entries: Entries,
        read: Callable[[str, int], bytes],
        search: Callable[[str, str], list[str]],
    ) -> None:
        """`read(path, limit)` and `search(path, expression)` get the path of a FILE entry and may raise NotReadableError."""
        self._entries = entries
        self._found: dict[str, list[str]] = {}
        """By pattern: probes ask for the same ones again."""
        self._read, self._search = read, search

    def lstat(self, path: str) -> Entry | None:
        found = self._entries.get(path) if path.startswith("/") else None
        return resolve(path, self._entries.get, follow_last=False) if found is None else found

    def stat(self, path: str) -> Entry | None:
        found = self._entries.get(path) if path.startswith("/") else None
        # Above an entry there are only folders: no need to follow the path part by part.
        return resolve(path, self._entries.get) if found is None or found.kind is Kind.LINK else found

    def names(self, path: str) -> list[str]:
        folder = self.stat(path)
        return sorted(self._entries.names(folder.path)) if folder and folder.kind is Kind.DIRECTORY else []

    def find(self, *patterns: str) -> list[Entry]:
        found: set[str] = set()
        for pattern in patterns:
            if pattern not in self._found:
                self._found[pattern] = list(self._entries.fitting(pattern))
            found.update(self._found[pattern])
        return [entry for entry in map(self._entries.get, sorted(found)) if entry is not None]

    def read(self, path: str, limit: int = MAX_CONTENT) -> bytes:
        entry = file_at(self, path)
        if entry.size > limit:
            raise NotReadableError(f"{path} has {entry.size} bytes; more than {limit} are not read")
        return self._read(entry.path, limit)

    def search(self, path: str, expression: str) -> list[str]:
        return self._search(file_at(self, path).path, expression)


class Listed:
    """Entries that were listed one by one; folders may be left out of the list."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = {entry.path: entry for entry in entries}
        self._paths = sorted(self._entries)
        self._text: bytes | None = None

    def get(self, path: str) -> Entry | None:
        found = self._entries.get(path)
        if found is None:
            start, end = span_below(self._paths, path)
            return Entry(path, Kind.DIRECTORY, mode=0o755) if start < end else None
        return found

    def names(self, folder: str) -> set[str]:
        return names_below(self._paths, folder)

    def fitting(self, pattern: str) -> Iterator[str]:
        if self._text is None:
            self._text = joined(self._paths)
        return fitting(self._paths, self._text, pattern)


def span_below(paths: Sequence[str], folder: str) -> tuple[int, int]:
    """Where in sorted paths those below a folder begin and end, itself not among them."""
    head = "" if folder == "/" else folder
    # No path has a "\0", and the sign after "/" is "0".
    start = bisect_left(paths, f"{head}/\0")
    return start, bisect_left(paths, f"{head}0", start)


def names_below(paths: Sequence[str], folder: str) -> set[str]:
    """The names in a folder, from sorted paths, of which those of folders may be missing."""
    head, found = "/" if folder == "/" else f"{folder}/", set()
    index, end = span_below(paths, folder)
    while index < end:
        name, slash, _ = paths[index][len(head) :].partition("/")
        found.add(name)
        index = bisect_left(paths, f"{head}{name}0", index, end) if slash else index + 1
    return found


def fitting(paths: Iterable[str], text: bytes, pattern: str) -> Iterator[str]:
    """Those of the paths that `find` finds for a pattern; `text` is made of them by `joined`."""
    likely = candidates(text, pattern)
    for path in filter(Patterns((pattern,)), paths if likely is None else likely):
        if not is_pseudo(path):
            yield path
