"""Layers on top of each other: what a container of the image would see.

As overlay file systems and the OCI image specification have it: a whiteout and an opaque folder hide what lower layers
have and nothing of their own layer; whatever takes the place of a folder hides all that was in it. And as overlay file
systems do it: a path is looked for in one layer after the other when somebody asks for it, and nothing is put together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from amlcheck.image.index_tree import fitting
from amlcheck.image.layer_index import DIRECTORY, HARD_LINK, IMPLIED, KINDS, LINK, NOWHERE, LayerIndex
from amlcheck.image.patterns import joined
from amlcheck.image.tree import Entry, Kind, resolve

_Found = tuple[int, int] | None
"""The number of the layer that a path comes from, and its place there."""

MAX_KNOWN = 20_000
"""Paths that were looked for and are looked for again when a layer is put on top; beyond that all are forgotten."""


class Merged(Mapping[str, Entry]):
    """The entries of an image by path, made when they are asked for. Folders are all there."""

    def __init__(self) -> None:
        self._levels: list[_Level] = []
        self._found: dict[str, _Found] = {}
        self._entries: dict[str, Entry | None] = {}
        """What was asked for: links are followed along the same folders again and again."""

    def __getitem__(self, path: str) -> Entry:
        found = self.get(path)
        if found is None:
            raise KeyError(path)
        return found

    def get(self, path: str, default: Entry | None = None) -> Entry | None:  # type: ignore[override]
        if path not in self._entries:
            self._entries[path] = self._entry(path)
        found = self._entries[path]
        return default if found is None else found

    def __iter__(self) -> Iterator[str]:
        for number, level in enumerate(self._levels):
            for place, path in enumerate(level.index.paths):
                own = self._own(number, place)
                self._found[path] = found = self._search(path) if own is None else self._above(path, own, number + 1)
                if found == (own or (number, place)):
                    yield path

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @property
    def height(self) -> int:
        """How many layers they are."""
        return len(self._levels)

    def names(self, folder: str) -> set[str]:
        """The names in a folder."""
        here = "" if folder == "/" else folder
        found: set[str] = set()
        for level in self._levels:
            (start, end), _ = level.look(here)
            found.update(level.index.names[place] for place in range(start, end))
        return {name for name in found if name and self.get(f"{here}/{name}") is not None}

    def fitting(self, pattern: str) -> list[str]:
        """The paths that `find` finds for a pattern, each once."""
        found = {}
        for number, level in enumerate(self._levels):
            for path, place in level.fitting(pattern):
                found[path] = True
                own = self._own(number, place) if place is not None and path not in self._found else None
                if own is not None:
                    self._found[path] = self._above(path, own, number + 1)
        return [path for path in found if self._find(path) is not None]

    def source(self, path: str) -> tuple[int, LayerIndex, int]:
        """Where a path comes from: the number of its layer, what that has, and the place there. Raises KeyError."""
        found = self._find(path)
        if found is None:
            raise KeyError(path)
        number, place = found
        return number, self._levels[number].index, place

    def add(self, index: LayerIndex) -> None:
        """Puts a layer on top."""
        linked = {}
        for place, target in index.targets.items():
            if index.kinds[place] == HARD_LINK:
                entry = resolve(target, self.get, follow_last=False)
                found = self._find(entry.path) if entry is not None and entry.kind is not Kind.DIRECTORY else None
                if found is not None:
                    linked[place] = found
        self._levels.append(_Level(index, linked))
        self._entries = {}
        known = self._found if len(self._found) <= MAX_KNOWN else {}
        top = len(self._levels) - 1
        self._found = {path: self._above(path, found, top) for path, found in known.items()}

    def _entry(self, path: str) -> Entry | None:
        found = self._find(path)
        if found is None:
            return None
        number, place = found
        index = self._levels[number].index
        code = index.kinds[place]
        size, target = index.sizes[place], index.targets.get(place, "") if code == LINK else ""
        return Entry(path, KINDS[code], size, index.modes[place], target)

    def _is_folder(self, number: int, place: int) -> bool:
        return self._levels[number].index.kinds[place] in (DIRECTORY, IMPLIED)

    def _find(self, path: str) -> _Found:
        if path not in self._found:
            self._found[path] = self._search(path)
        return self._found[path]

    def _own(self, number: int, place: int) -> _Found:
        """What a layer itself says of a place; None where lower layers are to be asked first."""
        level = self._levels[number]
        return None if level.index.kinds[place] == IMPLIED else level.linked.get(place, (number, place))

    def _search(self, path: str) -> _Found:
        return self._above(path, None, 0)

    def _above(self, path: str, below: _Found, height: int) -> _Found:
        """Where a path comes from; `below`: where it comes from in the layers below a height."""
        folder, _, name = path.rpartition("/")
        for number in range(height, len(self._levels)):
            level = self._levels[number]
            span, hides = level.look(folder)
            place = level.index.place(name, span) if span is not NOWHERE else None
            if place is None:
                if name and (hides or path in level.removed):
                    below = None
            elif below is None or level.index.kinds[place] != IMPLIED or not self._is_folder(*below):
                below = level.linked.get(place, (number, place))
            # Otherwise only the names in it tell of it: it is the folder that a lower layer has.
        return below


class _Level:
    """A layer among others."""

    def __init__(self, index: LayerIndex, linked: Mapping[int, tuple[int, int]]) -> None:
        self.index = index
        self.linked = linked
        """Of hard links to files of lower layers: the number of the layer, and the place there."""
        self.removed = frozenset(index.whiteouts)
        self._emptied = self.removed.union(index.opaque)
        self._looks = {"": (index.span(""), "/" in self._emptied)}
        self._all: tuple[list[str], bytes] | None = None

    def look(self, folder: str) -> tuple[tuple[int, int], bool]:
        """Where the names in a folder are, and whether what lower layers have in it cannot be seen."""
        found = self._looks.get(folder)
        if found is not None:
            return found
        unknown = []
        while found is None:
            unknown.append(folder)
            folder = folder.rpartition("/")[0]
            found = self._looks.get(folder)
        if found[0] is not NOWHERE or self._emptied:  # otherwise nothing of this layer is there, nor further down
            for one in reversed(unknown):
                found = self._looks[one] = self._inside(found, one)
        return found

    def _inside(self, above: tuple[tuple[int, int], bool], folder: str) -> tuple[tuple[int, int], bool]:
        """What `look` says of a folder, from what it says of the one above it."""
        span, hides = above
        if span is not NOWHERE:
            place = self.index.place(folder.rpartition("/")[2], span)
            is_folder = place is not None and self.index.kinds[place] in (DIRECTORY, IMPLIED)
            span = self.index.span(folder) if is_folder else NOWHERE
            hides = hides or (place is not None and not is_folder)
        return span, hides or folder in self._emptied

    def fitting(self, pattern: str) -> Iterator[tuple[str, int | None]]:
        """The paths of this layer that `find` finds for a pattern, and where they are, where that is known."""
        noted = self.index.fitting.get(pattern)
        if noted is not None:
            return ((self.index.path(place), place) for place in noted)
        if self._all is None:
            paths = self.index.paths
            self._all = paths, joined(paths)
        return ((path, None) for path in fitting(*self._all, pattern))
