"""What a layer has: columns of its names, in the order of their folders and of names in each folder.

An index that is remembered is used as it is stored: no strings are made of names that nobody asks for.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, count
from operator import add

from amlcheck.image.tree import Kind
from amlcheck.records import dataclass, field

DIRECTORY, IMPLIED, FILE, LINK, OTHER, HARD_LINK = range(6)
"""What `LayerIndex.kinds` has, folders first; IMPLIED is a folder that only the names below it tell of, HARD_LINK one whose
file is in a lower layer."""
KINDS = (Kind.DIRECTORY, Kind.DIRECTORY, Kind.FILE, Kind.LINK, Kind.OTHER, Kind.OTHER)
NOWHERE = (0, 0)
"""The span of a folder that has no names."""


class Strings(Sequence[str]):
    """Strings that lie behind each other and are made when they are asked for."""

    def __init__(self, text: bytes | memoryview, ends: Sequence[int]) -> None:
        """`ends`: where in the text each ends; a zero byte follows it."""
        self.text, self.ends = text, ends

    @classmethod
    def of(cls, strings: Sequence[str]) -> Strings:
        """Those strings; none has a zero byte."""
        data = "\0".join((*strings, "")).encode("utf-8", "surrogatepass")
        plain = len(data) == sum(map(len, strings)) + len(strings)
        sizes = map(len, strings) if plain else (len(one.encode("utf-8", "surrogatepass")) for one in strings)
        return cls(data, array("I", map(add, accumulate(sizes), count())))

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, place: int) -> str:  # type: ignore[override]
        start = self.ends[place - 1] + 1 if place else 0
        return str(self.text[start : self.ends[place]], "utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return iter(str(self.text[:-1], "utf-8", "surrogatepass").split("\0") if self.ends else ())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


@dataclass
class LayerIndex:
    """The columns of a layer. A place is one in them; what is not of all names is kept by place."""

    folders: Sequence[str] = ()
    """Those that have names in them, sorted; the root is "", and its own entry is the name "" in it."""
    firsts: Sequence[int] = ()
    """Where each folder's names begin."""
    names: Sequence[str] = ()
    """Sorted in each folder."""
    kinds: Sequence[int] = b""
    modes: Sequence[int] = ()
    sizes: Sequence[int] = ()
    starts: Sequence[int] = ()
    """Where in the archive a name's headers begin; of a hard link, those of its file."""
    targets: Mapping[int, str] = field(default_factory=dict)
    """Of links and hard links."""
    whiteouts: Sequence[str] = ()
    """Paths that lower layers have and the image has not."""
    opaque: Sequence[str] = ()
    """Folders of which the image has nothing from lower layers."""
    contents: Mapping[int, bytes | memoryview] = field(default_factory=dict)
    """By `starts`."""
    matches: dict[tuple[int, str], list[str]] = field(default_factory=dict)
    """By `starts` and expression."""
    fitting: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """What `find` finds in it, by the patterns that were announced; not those that fit very many names."""

    def __len__(self) -> int:
        return len(self.names)

    def path(self, place: int) -> str:
        """The path at a place."""
        return f"{self.folders[bisect_right(self.firsts, place) - 1]}/{self.names[place]}"

    @property
    def paths(self) -> list[str]:
        """All paths, by place."""
        names, ends = list(self.names), (*self.firsts, len(self.names))[1:]
        spans = zip(self.folders, self.firsts, ends, strict=True)
        return [f"{folder}/{name}" for folder, start, end in spans for name in names[start:end]]

    def span(self, folder: str) -> tuple[int, int]:
        """Where the names in a folder, "" for the root, begin and end; NOWHERE where it has none."""
        number = bisect_left(self.folders, folder)
        if number == len(self.folders) or self.folders[number] != folder:
            return NOWHERE
        return self.firsts[number], self.firsts[number + 1] if number + 1 < len(self.firsts) else len(self.names)

    def place(self, name: str, span: tuple[int, int]) -> int | None:
        """Where a name in the folder with that span is; None where it has no such name."""
        start, end = span
        found = bisect_left(self.names, name, start, end)
        return found if found < end and self.names[found] == name else None

    def content(self, place: int) -> bytes | None:
        """The content of a file, where it was kept."""
        found = self.contents.get(self.starts[place])
        return None if found is None else bytes(found)

    def matched(self, place: int, expression: str) -> list[str] | None:
        """What was found in a file, where it was searched."""
        return self.matches.get((self.starts[place], expression))

    def note(self, place: int, expression: str, lines: list[str]) -> None:
        """Keeps what was found in a file."""
        self.matches[self.starts[place], expression] = lines
