"""The lowest layers of an image, put on top of each other before and remembered: searched as they are stored.

Images that share layers mostly share all but the uppermost few. Making strings of some hundred thousand names, and putting
them on top of each other, takes longer than reading a small layer; of the names of a chain only those are looked at that
somebody asks for.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

from amlcheck.image.index_tree import fitting, span_below
from amlcheck.image.patterns import joined
from amlcheck.records import dataclass, field


class Strings(Sequence[str]):
    """Strings that lie behind each other and are made when they are asked for."""

    def __init__(self, text: bytes | memoryview = b"", ends: Sequence[int] = ()) -> None:
        """`ends`: where in the text each ends; a zero byte follows it."""
        self.text, self.ends = text, ends

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, place: int) -> str:  # type: ignore[override]
        start = self.ends[place - 1] + 1 if place else 0
        return str(self.text[start : self.ends[place]], "utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return iter(str(self.text[:-1], "utf-8", "surrogatepass").split("\0") if self.ends else ())


@dataclass
class Chain:
    """What `LayerIndex` has of a layer, of several together; in the order of their folders, and of names in each folder."""

    height: int = 0
    """How many layers they are."""
    folders: Strings = field(default_factory=Strings)
    """Those that have names in them; the root is "", and its own entry is the name "" in it."""
    firsts: Sequence[int] = ()
    """Where each folder's names begin."""
    names: Strings = field(default_factory=Strings)
    kinds: Sequence[int] = b""
    modes: Sequence[int] = ()
    sizes: Sequence[int] = ()
    starts: Sequence[int] = ()
    numbers: Sequence[int] = ()
    """Which layer each comes from; the lowest is 0."""
    targets: Mapping[int, str] = field(default_factory=dict)
    contents: Mapping[tuple[int, int], bytes | memoryview] = field(default_factory=dict)
    """By layer and start."""
    matches: dict[tuple[int, int, str], list[str]] = field(default_factory=dict)
    """By layer, start and expression."""
    noted: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """What `find` finds in it, by pattern."""

    def path(self, place: int) -> str:
        """The path at a place."""
        return f"{self.folders[bisect_right(self.firsts, place) - 1]}/{self.names[place]}"

    def paths(self) -> Iterator[str]:
        """All paths, in their order here."""
        names = iter(self.names)
        for number, folder in enumerate(self.folders):
            for _ in range(self.firsts[number], self._first(number + 1)):
                yield f"{folder}/{next(names)}"

    def places(self, paths: Iterable[str]) -> list[int]:
        """Where the paths are that are there."""
        found = (self.place(folder, name) for folder, _, name in (path.rpartition("/") for path in paths))
        return [place for place in found if place is not None]

    def place(self, folder: str, name: str, span: tuple[int, int] | None = None) -> int | None:
        """Where a name in a folder is; `span`: where all names in the folder are."""
        start, end = span or self.span(folder)
        place = bisect_left(self.names, name, start, end)
        return place if place < end and self.names[place] == name else None

    def span(self, folder: str) -> tuple[int, int]:
        """Where the names in a folder, "" for the root, begin and end."""
        number = bisect_left(self.folders, folder)
        if number == len(self.folders) or self.folders[number] != folder:
            return 0, 0
        return self.firsts[number], self._first(number + 1)

    def below(self, folder: str) -> list[tuple[int, int]]:
        """Where all that lies below a folder begins and ends, itself not among it: first the names in it, then the rest."""
        first, end = span_below(self.folders, folder or "/")
        start, stop = self.span(folder)
        if not folder and start < stop and not self.names[start]:
            start += 1
        return [(start, stop), (self._first(first), self._first(end))]

    def fitting(self, pattern: str) -> Iterable[str]:
        """What `find` finds in it."""
        paths = list(self.paths())
        return fitting(paths, joined(paths), pattern)

    def content(self, place: int) -> bytes | None:
        """The content of a file, where it was kept."""
        found = self.contents.get((self.numbers[place], self.starts[place]))
        return None if found is None else bytes(found)

    def matched(self, place: int, expression: str) -> list[str] | None:
        """What was found in a file, where it was searched."""
        return self.matches.get((self.numbers[place], self.starts[place], expression))

    def note(self, place: int, expression: str, lines: list[str]) -> None:
        """Keeps what was found in a file."""
        self.matches[self.numbers[place], self.starts[place], expression] = lines

    def _first(self, number: int) -> int:
        return self.firsts[number] if number < len(self.firsts) else len(self.names)


def chain_ids(diff_ids: Iterable[str]) -> Iterator[str]:
    """The ChainID of the lowest layer, of the lowest two, and so on, as the OCI image specification has them (config.md)."""
    found = ""
    for diff_id in diff_ids:
        found = "sha256:" + hashlib.sha256(f"{found} {diff_id}".encode()).hexdigest() if found else diff_id
        yield found


class Underlay:
    """What is left of a chain below the layers that are put on top of it. A place is one in the chain's columns."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._removed: set[int] = set()
        self._starts: list[int] = []
        self._ends: list[int] = []
        """What is hidden as a whole, from start to end; in order, and none touches another."""
        self._folders: dict[str, tuple[int, int]] = {}
        """Where the names of folders are that were looked into."""
        self._places: dict[str, int] = {}
        """Where paths are that were found by their pattern."""

    def __iter__(self) -> Iterator[tuple[str, int]]:
        """The paths, and where they are."""
        for place, path in enumerate(self._chain.paths()):
            if not self._is_hidden(place):
                yield path, place

    def place(self, path: str) -> int | None:
        """Where a path is; None where there is none."""
        place = self._place(path)
        return None if place is None or self._is_hidden(place) else place

    def places(self, paths: Iterable[str]) -> Iterator[tuple[str, int]]:
        """Those of the paths that are there, and where; quick where whole folders are not."""
        for path in paths if self._chain.height else ():
            start, end = self._span(path.rpartition("/")[0])
            place = self.place(path) if start < end else None
            if place is not None:
                yield path, place

    def names(self, folder: str) -> Iterator[str]:
        """The names in a folder."""
        start, end = self._span("" if folder == "/" else folder)
        found = (self._chain.names[place] for place in range(start, end) if not self._is_hidden(place))
        return (name for name in found if name)

    def fitting(self, pattern: str) -> Iterator[str]:
        """The paths that `find` finds for a pattern."""
        noted = self._chain.noted.get(pattern, None if self._chain.height else ())
        if noted is None:
            yield from (path for path in self._chain.fitting(pattern) if self.place(path) is not None)
            return
        for place in noted:
            if not self._is_hidden(place):
                path = self._chain.path(place)
                self._places[path] = place
                yield path

    def remove(self, path: str) -> None:
        """Hides a path, and nothing below it."""
        place = self._place(path)
        if place is not None:
            self._removed.add(place)

    def empty(self, folders: Iterable[str]) -> None:
        """Hides all that is below the folders."""
        hidden = zip(self._starts, self._ends, strict=True)
        spans = sorted((*hidden, *(span for folder in folders for span in self._chain.below(folder.rstrip("/")))))
        self._starts, self._ends = [], []
        for start, end in spans:
            if start < end and self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(end, self._ends[-1])
            elif start < end:
                self._starts.append(start)
                self._ends.append(end)

    def _place(self, path: str) -> int | None:
        place = self._places.get(path)
        if place is None:
            folder, _, name = path.rpartition("/")
            place = self._chain.place(folder, name, self._span(folder))
        return place

    def _span(self, folder: str) -> tuple[int, int]:
        found = self._folders.get(folder)
        if found is None:
            above = self._folders.get(folder.rpartition("/")[0]) if folder else None
            # Where nothing lies in a folder, nothing lies in the folders in it.
            found = self._folders[folder] = self._chain.span(folder) if above != (0, 0) else (0, 0)
        return found

    def _is_hidden(self, place: int) -> bool:
        if place in self._removed:
            return True
        at = bisect_right(self._starts, place) - 1
        return at >= 0 and place < self._ends[at]
