"""Layers put on top of each other: what a container of the image would see.

As overlay file systems and the OCI image specification have it: a whiteout and an opaque folder hide what lower layers
have and nothing of their own layer; whatever takes the place of a folder hides all that was in it.
"""

from __future__ import annotations

import itertools
from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import add, itemgetter

from amlcheck.image.chain import Chain, Strings, Underlay
from amlcheck.image.index_tree import fitting, names_below, span_below
from amlcheck.image.layer import DIRECTORY, HARD_LINK, IMPLIED, KINDS, LINK, MAX_NAME_BYTES, LayerIndex
from amlcheck.image.patterns import joined
from amlcheck.image.tree import Entry, Kind, resolve

_FOLDERS = (DIRECTORY, IMPLIED)


class Merged(Mapping[str, Entry]):
    """The entries of an image by path, made when they are asked for. Folders are all there."""

    def __init__(self, chain: Chain | None = None) -> None:
        """`chain`: the lowest of the layers, which were put together before."""
        self._chain = chain or Chain()
        self._below = Underlay(self._chain)
        self._parts: list[Chain | LayerIndex] = [self._chain]
        """The chain, and the layers above it from the lowest on."""
        self._bases = [0]
        """A place of the image is the part's base and the place in its columns."""
        self._places: dict[str, int] = {}
        """Of the layers above the chain."""
        self._entries: dict[str, Entry | None] = {}
        """Those that were asked for: links are followed along the same folders again and again."""
        self._sorted: list[str] | None = None
        self._text: bytes | None = None

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
        return isinstance(path, str) and self._place(path) is not None

    def __iter__(self) -> Iterator[str]:
        return (path for path, _ in self._all())

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @property
    def height(self) -> int:
        """How many layers they are."""
        return self._chain.height + len(self._parts) - 1

    def names(self, folder: str) -> set[str]:
        """The names in a folder."""
        return names_below(self._order(), folder).union(self._below.names(folder))

    def fitting(self, pattern: str) -> list[str]:
        """The paths that `find` finds for a pattern, each once."""
        return list(dict.fromkeys((*self._below.fitting(pattern), *self._fitting(pattern))))

    def source(self, path: str) -> tuple[int, Chain | LayerIndex, int]:
        """Where a path comes from: the number of its layer, and the columns and the place there. Raises KeyError."""
        found = self._place(path)
        if found is None:
            raise KeyError(path)
        number, part, place = self._split(found)
        return (self._chain.numbers[place] if part is self._chain else self._chain.height + number - 1), part, place

    def add(self, index: LayerIndex) -> None:
        """Puts a layer on top."""
        base = self._bases[-1] + len(self._parts[-1].kinds)
        self._bases.append(base)
        self._parts.append(index)
        places = self._places
        own = dict(zip(index.paths, range(base, base + len(index.paths)), strict=True))
        below: list[str] = list(index.opaque)
        lower = [(path, places[path]) for path in places.keys() & own.keys()]
        for path, place in (*lower, *self._below.places(path for path in own if path not in places)):
            was_folder = self._code(place) in _FOLDERS
            code = index.kinds[own[path] - base]
            if was_folder and code == IMPLIED:
                own[path] = place
            elif was_folder and code not in _FOLDERS:
                below.append(path)
        for place, target in index.targets.items():
            if index.kinds[place] == HARD_LINK:
                linked = resolve(target, self.get, follow_last=False)
                there = self._place(linked.path) if linked is not None and linked.kind is not Kind.DIRECTORY else None
                if there is not None:
                    own[index.paths[place]] = there
        for path in index.whiteouts:
            removed = self._remove(path)
            if removed is not None and self._code(removed) in _FOLDERS:
                below.append(path)
        self._empty(below)
        places.update(own)
        self._entries, self._sorted, self._text = {}, None, None

    def as_chain(self, patterns: Iterable[str]) -> Chain | None:
        """All layers together, to be remembered; what fits the patterns is noted where all layers have it noted.

        None where their names are very long.
        """
        inside: dict[str, dict[str, int]] = defaultdict(dict)
        for path, place in self._all():
            folder, _, name = path.rpartition("/")
            inside[folder][name] = place
        folders = sorted(inside)
        names: list[str] = []
        places = array("I")
        firsts = array("I")
        for folder in folders:
            firsts.append(len(names))
            own = sorted(inside[folder])
            names += own
            places.extend(map(inside[folder].__getitem__, own))
        if sum(map(len, folders)) + sum(map(len, names)) > MAX_NAME_BYTES:
            return None

        # It gives one value as itself, and several at a fraction of what asking for each takes.
        chosen = itemgetter(*places, 0, 0) if places else lambda values: (0, 0)

        def column(code: str, parts: Iterable[Iterable[int]]) -> array[int]:
            values = array(code)
            for part in parts:
                values.extend(part)
            return array(code, chosen(values)[:-2])

        height = self._chain.height
        layers = (itertools.repeat(height + number, len(part.kinds)) for number, part in enumerate(self._uppers()))
        kinds = column("B", (part.kinds for part in self._parts))
        starts = column("Q", (part.starts for part in self._parts))
        numbers = column("H", (self._chain.numbers, *layers))
        targets = {
            base + place: target
            for base, part in zip(self._bases, self._parts, strict=True)
            for place, target in part.targets.items()
        }
        contents, matches = dict(self._contents()), dict(self._matches())
        # Of what was kept only that of files that can still be seen; starts of two layers that are the same do no harm.
        seen = set(filter({key[1] for key in (*contents, *matches)}.__contains__, starts))
        found = Chain(
            self.height,
            _strings(folders),
            firsts,
            _strings(names),
            kinds,
            column("H", (part.modes for part in self._parts)),
            column("Q", (part.sizes for part in self._parts)),
            starts,
            numbers,
            {at: targets.get(places[at], "") for at, code in enumerate(kinds) if code == LINK},
            {key: data for key, data in contents.items() if key[1] in seen},
            {key: lines for key, lines in matches.items() if key[1] in seen},
        )
        found.noted = {one: found.places(self.fitting(one)) for one in patterns if self._is_noted(one)}
        return found

    def _all(self) -> Iterator[tuple[str, int]]:
        """All paths, and where they are."""
        return itertools.chain((item for item in self._below if item[0] not in self._places), self._places.items())

    def _uppers(self) -> Iterator[LayerIndex]:
        return (part for part in self._parts if isinstance(part, LayerIndex))

    def _place(self, path: str) -> int | None:
        place = self._places.get(path)
        return self._below.place(path) if place is None else place

    def _split(self, place: int) -> tuple[int, Chain | LayerIndex, int]:
        # A layer without names has the base of the next one, which bisect_right then finds.
        number = bisect_right(self._bases, place) - 1
        return number, self._parts[number], place - self._bases[number]

    def _code(self, place: int) -> int:
        _, part, place = self._split(place)
        return part.kinds[place]

    def _entry(self, path: str) -> Entry | None:
        found = self._place(path)
        if found is None:
            return None
        _, part, place = self._split(found)
        code = part.kinds[place]
        size, target = part.sizes[place], part.targets.get(place, "") if code == LINK else ""
        return Entry(path, KINDS[code], size, part.modes[place], target)

    def _is_noted(self, pattern: str) -> bool:
        """Whether all layers have noted what fits a pattern."""
        return (not self._chain.height or pattern in self._chain.noted) and all(
            pattern in index.fitting for index in self._uppers()
        )

    def _fitting(self, pattern: str) -> Iterable[str]:
        """Those of the layers above the chain."""
        noted = [index.fitting.get(pattern) for index in self._uppers()]
        if None not in noted:
            return (path for one in noted for path in one or () if path in self._places)
        if self._text is None:
            self._text = joined(self._order())
        return fitting(self._order(), self._text, pattern)

    def _order(self) -> list[str]:
        if self._sorted is None:
            self._sorted = sorted(self._places)
        return self._sorted

    def _contents(self) -> Iterator[tuple[tuple[int, int], bytes | memoryview]]:
        yield from self._chain.contents.items()
        for number, index in enumerate(self._uppers(), self._chain.height):
            yield from (((number, start), data) for start, data in index.contents.items())

    def _matches(self) -> Iterator[tuple[tuple[int, int, str], list[str]]]:
        yield from self._chain.matches.items()
        for number, index in enumerate(self._uppers(), self._chain.height):
            yield from (((number, *key), lines) for key, lines in index.matches.items())

    def _remove(self, path: str) -> int | None:
        """Takes a path away, and nothing below it; the place that it had."""
        found = self._place(path)
        self._places.pop(path, None)
        self._below.remove(path)
        return found

    def _empty(self, folders: Sequence[str]) -> None:
        """Takes everything away that is below the folders."""
        if not folders:
            return
        self._below.empty(folders)
        order = sorted(self._places)
        for folder in dict.fromkeys(folders):
            start, end = span_below(order, folder)
            for path in order[start:end]:
                self._places.pop(path, None)


def _strings(strings: list[str]) -> Strings:
    data = "\0".join([*strings, ""]).encode("utf-8", "surrogatepass")
    plain = len(data) == sum(map(len, strings)) + len(strings)
    sizes = map(len, strings) if plain else (len(one.encode("utf-8", "surrogatepass")) for one in strings)
    return Strings(data, array("I", map(add, itertools.accumulate(sizes), itertools.count())))
