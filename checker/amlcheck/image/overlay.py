"""The files of a stored image: its layers are read, several at a time, or remembered."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Protocol

from amlcheck.errors import UnreadableError
from amlcheck.image.index_tree import IndexTree
from amlcheck.image.layer import Layer, member_at, read_index
from amlcheck.image.layer_builder import MAX_NAMES
from amlcheck.image.layer_index import LayerIndex
from amlcheck.image.merged import Merged
from amlcheck.image.searching import Patience, Search
from amlcheck.image.tar import TarError, content
from amlcheck.image.tree import NotReadableError, Wanted

if TYPE_CHECKING:
    from amlcheck.image.layer_cache import LayerCache

MAX_IMAGE_NAMES = 2 * MAX_NAMES
"""Names in all layers of an image."""
MAX_IMAGE_KEPT = 96 << 20
"""Bytes of contents that are kept of an image; what is beyond is read again when it is asked for."""
TURN = 0.0005
"""Seconds that a thread may run Python while others wait for it."""
MAX_AT_ONCE = 4
"""Layers that are read at the same time; each takes a few MB of memory, and most of the work is not Python's."""


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
    contents = _Contents(stored.layers, merged, patience)
    return IndexTree(merged, contents.read, contents.search)


def merged_of(
    stored: Stored, wanted: Wanted, cache: LayerCache | None = None, patience: Patience | None = None
) -> Merged:
    """All layers of an image on top of each other. Several are read at a time. Raises UnreadableError."""
    patience = patience or Patience()
    layers = {layer.diff_id: layer for layer in reversed(stored.layers)}
    remembered: list[Layer] = []
    missing: list[Layer] = []
    for layer in layers.values():
        (remembered if cache is not None and cache.has(layer, wanted) else missing).append(layer)
    found: dict[str, LayerIndex] = {}
    merged, room = Merged(), _Room()
    stop = threading.Event()

    def recall() -> Iterator[None]:
        """Takes what is remembered, and looks for what was announced in the lowest of it; in small steps."""
        recalled = {}
        for layer in remembered:
            index = cache.get(layer, wanted) if cache is not None else None
            if index is None:
                missing.append(layer)
            else:
                recalled[layer.diff_id] = found[layer.diff_id] = room.take(layer, index)
            yield
        for layer in stored.layers:
            if layer.diff_id not in recalled:
                break
            merged.add(recalled[layer.diff_id])
        for pattern in wanted.patterns:
            merged.fitting(pattern)
            yield

    recalling = recall()

    def read(layer: Layer, meanwhile: Iterator[None]) -> None:
        index = read_index(layer, wanted, patience, stop, meanwhile)
        if cache is not None and not patience.over:
            cache.put(layer, wanted, index)
        found[layer.diff_id] = room.take(layer, index)

    with _SHORT_TURNS, ThreadPoolExecutor(min(MAX_AT_ONCE, os.cpu_count() or 1), "amlcheck-layer") as pool:
        try:
            while len(found) < len(layers):
                # The largest first, so that none of them is left for the end; and while it is read, what is remembered.
                work = sorted(missing, key=lambda one: -one.size)
                missing.clear()
                running = [pool.submit(read, one, iter(()) if number else recalling) for number, one in enumerate(work)]
                for done in as_completed(running):
                    done.result()
                for _ in recalling:
                    pass
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    for layer in stored.layers[merged.height :]:
        merged.add(found[layer.diff_id])
    return merged


class _Room:
    """Bounds what all layers of an image may have together."""

    def __init__(self) -> None:
        self._names = self._kept = 0
        self._lock = threading.Lock()

    def take(self, layer: Layer, index: LayerIndex) -> LayerIndex:
        """What there is room for of a layer. Raises UnreadableError."""
        with self._lock:
            self._names += len(index)
            if self._names > MAX_IMAGE_NAMES:
                raise UnreadableError(
                    f"{layer.name}: the image has more than {MAX_IMAGE_NAMES} names; that is not read"
                )
            size = sum(map(len, index.contents.values()))
            if self._kept + size > MAX_IMAGE_KEPT:
                index.contents = {}
            else:
                self._kept += size
            return index


class _ShortTurns:
    """Lets the threads that hash wait a short time only for those that run Python: otherwise a processor does nothing.

    Several images may be read at once: the last one to end restores what was there before the first.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers, self._before = 0, 0.0

    def __enter__(self) -> None:
        with self._lock:
            if not self._readers:
                self._before = sys.getswitchinterval()
                sys.setswitchinterval(TURN)
            self._readers += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._readers -= 1
            if not self._readers:
                sys.setswitchinterval(self._before)


_SHORT_TURNS = _ShortTurns()


class _Contents:
    """Answers for the files of an image: from what was kept, otherwise from the layer again."""

    def __init__(self, layers: Sequence[Layer], merged: Merged, patience: Patience) -> None:
        self._layers, self._merged, self._patience = layers, merged, patience

    def read(self, path: str, limit: int) -> bytes:
        number, index, place = self._merged.source(path)
        if not index.sizes[place]:
            return b""
        found = index.content(place)
        if found is not None:
            return found
        try:
            with member_at(self._layers[number], index.starts[place], index.sizes[place]) as (member, stream):
                return content(member, stream)
        except (UnreadableError, TarError) as error:
            raise NotReadableError(str(error)) from error

    def search(self, path: str, expression: str) -> list[str]:
        number, index, place = self._merged.source(path)
        found = index.matched(place, expression)
        if found is None:
            found = self._searched(self._layers[number], index, place, expression) if index.sizes[place] else []
            index.note(place, expression, found)
        return found

    def _searched(self, layer: Layer, index: LayerIndex, place: int, expression: str) -> list[str]:
        search = Search(expression, self._patience)
        kept = index.content(place)
        if kept is not None:
            search.feed(kept)
        else:
            try:
                with member_at(layer, index.starts[place], index.sizes[place]) as (member, stream):
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
