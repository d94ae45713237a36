"""Layers put on top of each other: the files that a container of the image would see.

As overlay file systems and the OCI image specification have it: a whiteout and an opaque folder hide what lower layers
have and nothing of their own layer; whatever takes the place of a folder hides all that was in it.
"""

from __future__ import annotations

import os
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Protocol

from amlcheck.errors import UnreadableError
from amlcheck.image.layer import (
    DIRECTORY,
    HARD_LINK,
    IMPLIED,
    KINDS,
    LINK,
    MAX_NAMES,
    Layer,
    LayerIndex,
    member_at,
    read_index,
)
from amlcheck.image.searching import Patience, Search
from amlcheck.image.tar import TarError, content
from amlcheck.image.tree import Entry, IndexTree, Kind, NotReadableError, Wanted, resolve

if TYPE_CHECKING:
    from amlcheck.image.layer_cache import LayerCache

MAX_IMAGE_NAMES = 2 * MAX_NAMES
"""Names in all layers of an image."""
MAX_IMAGE_KEPT = 96 << 20
"""Bytes of contents that are kept of an image; what is beyond is read again when it is asked for."""
MAX_AT_ONCE = 4
"""Layers that are read at the same time; each takes a few MB of memory, and most of the work is not Python's."""
_FOLDERS = (DIRECTORY, IMPLIED)


class Stored(Protocol):
    """What `archive.StoredImage` has of it."""

    @property
    def layers(self) -> Sequence[Layer]:
        """From the lowest to the uppermost."""


def tree_of(stored: Stored, wanted: Wanted, cache: LayerCache | None = None) -> IndexTree:
    """The files of an image. Each layer is read once, or not at all where the cache remembers it.

    Raises UnreadableError where a layer is damaged. What was not announced in `wanted` is read from its layer again when it
    is asked for, so the image must stay open as long as the tree is used.
    """
    patience = Patience()
    merged = merged_of(stored, wanted, cache, patience)
    contents = _Contents(stored.layers, merged.indexes, merged, patience)
    return IndexTree(merged, contents.read, contents.search, merged.fitting)


def merged_of(
    stored: Stored, wanted: Wanted, cache: LayerCache | None = None, patience: Patience | None = None
) -> Merged:
    """All layers of an image on top of each other. Several are read at a time. Raises UnreadableError."""
    patience = patience or Patience()
    merged = Merged()
    layers: dict[str, Layer] = {}
    for layer in stored.layers:
        layers.setdefault(layer.diff_id, layer)
    stop = threading.Event()
    found: dict[str, LayerIndex] = {}
    names = kept = 0

    def index(layer: Layer) -> tuple[Layer, LayerIndex]:
        return layer, _index(layer, wanted, cache, patience, stop)

    with ThreadPoolExecutor(min(MAX_AT_ONCE, os.cpu_count() or 1), "amlcheck-layer") as pool:
        try:
            # What must be read goes first, the largest first, so that none of them is left for the end.
            remembered = {key: cache is not None and cache.has(layer, wanted) for key, layer in layers.items()}
            order = sorted(layers.values(), key=lambda one: (remembered[one.diff_id], -one.size))
            running = [pool.submit(index, layer) for layer in order]
            for done in as_completed(running):
                layer, one = done.result()
                found[layer.diff_id] = one
                size = sum(map(len, one.contents.values()))
                if kept + size > MAX_IMAGE_KEPT:
                    one.contents = {}
                else:
                    kept += size
                names += len(one.paths)
                if names > MAX_IMAGE_NAMES:
                    raise UnreadableError(
                        f"{layer.name}: the image has more than {MAX_IMAGE_NAMES} names; that is not read"
                    )
                # Those below are put together while others are still read.
                while len(merged.indexes) < len(stored.layers):
                    following = found.get(stored.layers[len(merged.indexes)].diff_id)
                    if following is None:
                        break
                    merged.add(following)
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    return merged


def _index(
    layer: Layer, wanted: Wanted, cache: LayerCache | None, patience: Patience, stop: threading.Event
) -> LayerIndex:
    if cache is not None:
        found = cache.get(layer, wanted)
        if found is not None:
            return found
    index = read_index(layer, wanted, patience, stop)
    if cache is not None and not patience.over:
        cache.put(layer, wanted, index)
    return index


class Merged(Mapping[str, Entry]):
    """The entries of an image by path, made when they are asked for."""

    def __init__(self, indexes: Sequence[LayerIndex] = ()) -> None:
        self.indexes: list[LayerIndex] = []
        """From the lowest to the uppermost."""
        self._bases: list[int] = []
        """A place of all layers together is the layer's base and the place in its columns."""
        self._places: dict[str, int] = {}
        for index in indexes:
            self.add(index)

    def __getitem__(self, path: str) -> Entry:
        index, place = self.locate(path)
        code = index.kinds[place]
        size, target = index.sizes[place], index.targets.get(place, "") if code == LINK else ""
        return Entry(path, KINDS[code], size, index.modes[place], target)

    def get(self, path: str, default: Entry | None = None) -> Entry | None:  # type: ignore[override]
        return self[path] if path in self._places else default

    def __contains__(self, path: object) -> bool:
        return path in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def locate(self, path: str) -> tuple[LayerIndex, int]:
        """The layer that a path comes from, and its place there."""
        number, place = self.number(path)
        return self.indexes[number], place

    def number(self, path: str) -> tuple[int, int]:
        """The number of the layer that a path comes from, and its place there."""
        place = self._places[path]
        number = bisect_right(self._bases, place) - 1
        # A layer without names has the base of the next one, which bisect_right then finds.
        return number, place - self._bases[number]

    def fitting(self, pattern: str) -> list[str] | None:
        """The paths that fit a pattern, each once; None where a layer does not have it noted."""
        noted = [index.fitting.get(pattern) for index in self.indexes]
        paths = dict.fromkeys(path for one in noted for path in one or () if path in self._places)
        return None if None in noted else list(paths)

    def add(self, index: LayerIndex) -> None:
        """Puts a layer on top."""
        base = self._bases[-1] + len(self.indexes[-1].paths) if self.indexes else 0
        self._bases.append(base)
        self.indexes.append(index)
        places = self._places
        own = dict(zip(index.paths, range(base, base + len(index.paths)), strict=True))
        below: list[str] = list(index.opaque)
        for path in places.keys() & own.keys():
            was_folder = self._code(places[path]) in _FOLDERS
            code = index.kinds[own[path] - base]
            if was_folder and code == IMPLIED:
                own[path] = places[path]
            elif was_folder and code not in _FOLDERS:
                below.append(path)
        for place, target in index.targets.items():
            if index.kinds[place] == HARD_LINK:
                linked = resolve(target, self.get, follow_last=False)
                if linked is not None and linked.kind is not Kind.DIRECTORY and linked.path in places:
                    own[index.paths[place]] = places[linked.path]
        for path in index.whiteouts:
            removed = places.pop(path, None)
            if removed is not None and self._code(removed) in _FOLDERS:
                below.append(path)
        self._empty(below)
        places.update(own)

    def _code(self, place: int) -> int:
        number = bisect_right(self._bases, place) - 1
        return self.indexes[number].kinds[place - self._bases[number]]

    def _empty(self, folders: Sequence[str]) -> None:
        """Removes everything below the folders."""
        if not folders:
            return
        order = sorted(self._places)
        for folder in dict.fromkeys(folders):
            head = folder.rstrip("/") + "/"
            for path in order[bisect_left(order, head) : bisect_left(order, head[:-1] + "0")]:
                if path != "/":
                    self._places.pop(path, None)


class _Contents:
    """Answers for the files of an image: from what was kept, otherwise from the layer again."""

    def __init__(
        self, layers: Sequence[Layer], indexes: Sequence[LayerIndex], merged: Merged, patience: Patience
    ) -> None:
        self._layers, self._indexes, self._merged, self._patience = layers, indexes, merged, patience

    def read(self, path: str, limit: int) -> bytes:
        number, start, size = self._file(path)
        if not size:
            return b""
        found = self._indexes[number].contents.get(start)
        if found is not None:
            return found
        try:
            with member_at(self._layers[number], start, size) as (member, stream):
                return content(member, stream)
        except (UnreadableError, TarError) as error:
            raise NotReadableError(str(error)) from error

    def search(self, path: str, expression: str) -> list[str]:
        number, start, size = self._file(path)
        index = self._indexes[number]
        found = index.matches.get((start, expression))
        if found is None:
            found = self._searched(number, start, size, expression) if size else []
            index.matches[start, expression] = found
        return found

    def _searched(self, number: int, start: int, size: int, expression: str) -> list[str]:
        search = Search(expression, self._patience)
        kept = self._indexes[number].contents.get(start)
        if kept is not None:
            search.feed(kept)
        else:
            try:
                with member_at(self._layers[number], start, size) as (member, stream):
                    for piece in stream.pieces(member.stored):
                        search.feed(piece)
                        if search.finished:
                            break
            except UnreadableError as error:
                raise NotReadableError(str(error)) from error
        search.feed(b"", last=True)
        if self._patience.over:
            raise NotReadableError(f"searching the image took longer than {self._patience.limit:g} s")
        return search.matches

    def _file(self, path: str) -> tuple[int, int, int]:
        """The layer of a file, where in it the file begins, and its bytes."""
        number, place = self._merged.number(path)
        index = self._indexes[number]
        return number, index.starts[place], index.sizes[place]
