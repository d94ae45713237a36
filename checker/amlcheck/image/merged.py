"""Layers on top of each other: what a container of the image would see.

As overlay file systems and the OCI image specification have it: a whiteout and an opaque folder hide what lower layers
have and nothing of their own layer; whatever takes the place of a folder hides all that was in it. And as overlay file
systems do it: a path is looked for from the uppermost layer down when somebody asks for it, and nothing is put together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from amlcheck.image.index_tree import fitting
from amlcheck.image.layer_index import DIRECTORY, HARD_LINK, IMPLIED, KINDS, LINK, NOWHERE, LayerIndex
from amlcheck.image.patterns import joined
from amlcheck.image.tree import Entry, Kind, resolve


class Merged(Mapping[str, Entry]):
    """The entries of an image by path, made when they are asked for. Folders are all there."""

    def __init__(self, indexes: Iterable[LayerIndex] = ()) -> None:
        """`indexes`: from the lowest to the uppermost."""
        self._levels: list[_Level] = []
        self._found: dict[str, tuple[int, int] | None] = {}
        self._entries: dict[str, Entry | None] = {}
        """What was asked for: links are followed along the same folders again and again."""
        for index in indexes:
            self.add(index)

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

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and self._search(path) is not None

    def __iter__(self) -> Iterator[str]:
        seen: set[str] = set()
        for level in reversed(self._levels):
            own = [path for path in level.index.paths if path not in seen and path in self]
            seen.update(own)
            yield from own

    def __len__(self) -> int:
        return sum(1 for _ in self)

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
                if path not in self._found and place is not None and level.index.kinds[place] != IMPLIED:
                    self._found[path] = self._search(path, (number, place))
                found[path] = True
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
        self._found, self._entries = {}, {}

    def _entry(self, path: str) -> Entry | None:
        found = self._find(path)
        if found is None:
            return None
        number, place = found
        index = self._levels[number].index
        code = index.kinds[place]
        size, target = index.sizes[place], index.targets.get(place, "") if code == LINK else ""
        return Entry(path, KINDS[code], size, index.modes[place], target)

    def _find(self, path: str) -> tuple[int, int] | None:
        """The number of the layer that a path comes from, and its place there."""
        if path not in self._found:
            self._found[path] = self._search(path)
        return self._found[path]

    def _search(self, path: str, known: tuple[int, int] | None = None) -> tuple[int, int] | None:
        """`known`: the number of a layer that has the path, and its place there; it is not one that is only implied."""
        folder, _, name = path.rpartition("/")
        implied = None
        for number in range(len(self._levels) - 1, known[0] if known else -1, -1):
            level = self._levels[number]
            span, hides = level.look(folder)
            place = level.index.place(name, span) if span is not NOWHERE else None
            if place is not None:
                if level.index.kinds[place] != IMPLIED:
                    return self._settled(number, place, implied)
                # What only the names below it tell of is as a lower layer has it, if there it is a folder too.
                implied = implied or (number, place)
            if name and (hides or path in level.removed):
                return implied
        return implied if known is None else self._settled(*known, implied)

    def _settled(self, number: int, place: int, implied: tuple[int, int] | None) -> tuple[int, int]:
        """What is found at a place below one where the path is only implied, if it is anywhere."""
        level = self._levels[number]
        if implied is not None and level.index.kinds[place] != DIRECTORY:
            return implied
        return level.linked.get(place, (number, place))


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
        unknown = []
        while folder not in self._looks:
            unknown.append(folder)
            folder = folder.rpartition("/")[0]
        span, hides = self._looks[folder]
        for one in reversed(unknown):
            if span is not NOWHERE:
                place = self.index.place(one.rpartition("/")[2], span)
                is_folder = place is not None and self.index.kinds[place] in (DIRECTORY, IMPLIED)
                span = self.index.span(one) if is_folder else NOWHERE
                hides = hides or (place is not None and not is_folder)
            hides = hides or one in self._emptied
            self._looks[one] = span, hides
        return span, hides

    def fitting(self, pattern: str) -> Iterator[tuple[str, int | None]]:
        """The paths of this layer that `find` finds for a pattern, and where they are, where that is known."""
        noted = self.index.fitting.get(pattern)
        if noted is not None:
            return ((self.index.path(place), place) for place in noted)
        if self._all is None:
            paths = self.index.paths
            self._all = paths, joined(paths)
        return ((path, None) for path in fitting(*self._all, pattern))
