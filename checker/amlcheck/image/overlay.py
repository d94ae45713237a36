"""The files of a stored image: its layers are read, several at a time, or remembered, and put on top of each other."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from amlcheck.errors import UnreadableError
from amlcheck.image.chain import Chain, chain_ids
from amlcheck.image.index_tree import IndexTree
from amlcheck.image.layer import MAX_NAMES, Layer, LayerIndex, member_at, read_index
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
    stack = _Stack(stored.layers, wanted, cache, patience)
    stack.recall()
    stop = threading.Event()

    def index(layer: Layer) -> tuple[Layer, LayerIndex]:
        return layer, _index(layer, wanted, cache, patience, stop)

    with _short_turns(), ThreadPoolExecutor(min(MAX_AT_ONCE, os.cpu_count() or 1), "amlcheck-layer") as pool:
        try:
            running = [pool.submit(index, layer) for layer in stack.missing()]
            for done in as_completed(running):
                stack.take(*done.result())
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    return stack.merged


@contextmanager
def _short_turns() -> Iterator[None]:
    """Lets the threads that hash wait a short time only for those that run Python: otherwise a processor does nothing."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


class _Stack:
    """The layers of an image on their way on top of each other; what images may share of that is remembered.

    Those are all layers but the uppermost, which changes most often, and the lowest ones of which each was remembered: another
    image has them too.
    """

    def __init__(self, layers: Sequence[Layer], wanted: Wanted, cache: LayerCache | None, patience: Patience) -> None:
        self.merged = Merged()
        self._layers, self._wanted, self._cache, self._patience = layers, wanted, cache, patience
        self._remembered = {layer.diff_id: cache is not None and cache.has(layer, wanted) for layer in layers}
        self._found: dict[str, LayerIndex] = {}
        self._ids = list(chain_ids(layer.diff_id for layer in layers)) if cache is not None else []
        self._heights: set[int] = set()
        """How many layers there are where chains end that are to be remembered."""
        self._names = self._kept = 0

    def recall(self) -> None:
        """Begins with a chain of the lowest layers, as high as one is remembered."""
        cache, layers, wanted = self._cache, self._layers, self._wanted
        if cache is None:
            return
        top = len(layers)
        shared = next((count for count, one in enumerate(layers) if not self._remembered[one.diff_id]), top)
        made = next((one for one in reversed(self._ids[:shared]) if cache.has_chain(one, wanted)), None)
        chain = cache.chain(made, wanted) if made is not None else None
        if chain is not None:
            self.merged = Merged(chain)
            self._count(layers[chain.height - 1], len(chain.names), sum(map(len, chain.contents.values())))
        # One layer more is quickly put on top.
        known = self.merged.height
        self._heights = {height for height in (shared, top - 1) if height > known + (height == shared)}

    def missing(self) -> list[Layer]:
        """Each layer above the chain once: what must be read goes first, the largest first."""
        layers = {layer.diff_id: layer for layer in reversed(self._layers[self.merged.height :])}
        return sorted(layers.values(), key=lambda one: (self._remembered[one.diff_id], -one.size))

    def take(self, layer: Layer, index: LayerIndex) -> None:
        """A layer was read; it is put on top of those below it, or waits until they were read."""
        if not self._count(layer, len(index.paths), sum(map(len, index.contents.values()))):
            index.contents = {}
        self._found[layer.diff_id] = index
        while self.merged.height < len(self._layers):
            following = self._found.get(self._layers[self.merged.height].diff_id)
            if following is None:
                break
            self.merged.add(following)
            if self.merged.height in self._heights and self._cache is not None and not self._patience.over:
                chain = self.merged.as_chain(self._wanted.patterns)
                if chain is not None:
                    self._cache.put_chain(self._ids[self.merged.height - 1], self._wanted, chain)

    def _count(self, layer: Layer, names: int, kept: int) -> bool:
        """Bounds what an image may have; whether so much may be kept. Raises UnreadableError."""
        self._names += names
        if self._names > MAX_IMAGE_NAMES:
            raise UnreadableError(f"{layer.name}: the image has more than {MAX_IMAGE_NAMES} names; that is not read")
        if self._kept + kept > MAX_IMAGE_KEPT:
            return False
        self._kept += kept
        return True


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


class _Contents:
    """Answers for the files of an image: from what was kept, otherwise from the layer again."""

    def __init__(self, layers: Sequence[Layer], merged: Merged, patience: Patience) -> None:
        self._layers, self._merged, self._patience = layers, merged, patience

    def read(self, path: str, limit: int) -> bytes:
        number, part, place = self._merged.source(path)
        if not part.sizes[place]:
            return b""
        found = part.content(place)
        if found is not None:
            return found
        try:
            with member_at(self._layers[number], part.starts[place], part.sizes[place]) as (member, stream):
                return content(member, stream)
        except (UnreadableError, TarError) as error:
            raise NotReadableError(str(error)) from error

    def search(self, path: str, expression: str) -> list[str]:
        number, part, place = self._merged.source(path)
        found = part.matched(place, expression)
        if found is None:
            found = self._searched(self._layers[number], part, place, expression) if part.sizes[place] else []
            part.note(place, expression, found)
        return found

    def _searched(self, layer: Layer, part: Chain | LayerIndex, place: int, expression: str) -> list[str]:
        search = Search(expression, self._patience)
        kept = part.content(place)
        if kept is not None:
            search.feed(kept)
        else:
            try:
                with member_at(layer, part.starts[place], part.sizes[place]) as (member, stream):
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
