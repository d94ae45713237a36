"""What layers have, remembered by their digest: images that share layers share the work, and so do two runs.

Only layers whose digests were verified are remembered, and chains of such layers, put on top of each other, by their ChainID.
An entry is one file of plain columns, which is read back as fast as the disk gives it; nothing in it is executed, and one
that is damaged counts as none. Without a folder that can be written, everything works and nothing is remembered.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from amlcheck.errors import AmlcheckError
from amlcheck.image.cache_folder import cache_folder
from amlcheck.image.chain import Chain
from amlcheck.image.layer import MAX_KEPT, Layer, LayerIndex
from amlcheck.image.layer_file import packed_chain, packed_index, unpacked_chain, unpacked_index
from amlcheck.image.tree import MAX_CONTENT, MAX_MATCH, MAX_MATCHES, Wanted

MAX_CACHE = 1 << 30
"""Bytes of all entries; the one that was not used for longest goes first."""
MAX_ENTRY = 512 << 20
"""Bytes of one entry; more is not remembered."""
STALE = 3600
"""Seconds after which a file that was not finished is removed: whoever wrote it is gone."""
_VERSION = 3
"""Raised with every change of the format, or of what a layer is read for."""
_LAYER, _CHAIN = ".layer", ".chain"
_T = TypeVar("_T")


class LayerCache:
    """The indexes of layers, in a folder. Several processes may use one folder."""

    def __init__(self, folder: Path | None = None, limit: int = MAX_CACHE) -> None:
        """`folder` is made where it is missing; without one it is "layers" in the user's cache. `limit`: bytes."""
        self._folder = _private(folder)
        self._limit = limit
        self._asked: tuple[Wanted | None, str] = (None, "")
        """The fingerprint that was made last."""

    def get(self, layer: Layer, wanted: Wanted) -> LayerIndex | None:
        """The index of a layer, where it is remembered."""
        return self._read(self._path(layer.diff_id, wanted, _LAYER), unpacked_index)

    def has(self, layer: Layer, wanted: Wanted) -> bool:
        """Whether there is an entry for a layer; only `get` tells whether it is good."""
        path = self._path(layer.diff_id, wanted, _LAYER)
        return path is not None and path.exists()

    def put(self, layer: Layer, wanted: Wanted, index: LayerIndex) -> None:
        """Remembers the index of a layer that was read and verified."""
        self._write(self._path(layer.diff_id, wanted, _LAYER), lambda: packed_index(index))

    def chain(self, chain_id: str, wanted: Wanted) -> Chain | None:
        """Layers on top of each other, where that is remembered."""
        return self._read(self._path(chain_id, wanted, _CHAIN), unpacked_chain)

    def has_chain(self, chain_id: str, wanted: Wanted) -> bool:
        """Whether there is an entry for layers on top of each other; only `chain` tells whether it is good."""
        path = self._path(chain_id, wanted, _CHAIN)
        return path is not None and path.exists()

    def put_chain(self, chain_id: str, wanted: Wanted, chain: Chain) -> None:
        """Remembers layers on top of each other, each of which was verified."""
        self._write(self._path(chain_id, wanted, _CHAIN), lambda: packed_chain(chain))

    def _path(self, digest: str, wanted: Wanted, suffix: str) -> Path | None:
        if self._folder is None:
            return None
        return self._folder / f"{digest.partition(':')[2]}-{self._fingerprint(wanted)}{suffix}"

    def _read(self, path: Path | None, unpacked: Callable[[bytes], _T]) -> _T | None:
        if path is None:
            return None
        try:
            if path.stat().st_size > MAX_ENTRY:
                return None
            found = unpacked(path.read_bytes())
        except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError, MemoryError):
            return None
        with suppress(OSError):
            os.utime(path)
        return found

    def _write(self, path: Path | None, packed: Callable[[], list[bytes]]) -> None:
        if path is None:
            return
        pieces = packed()
        if sum(map(len, pieces)) > min(MAX_ENTRY, self._limit):
            return
        with suppress(OSError):
            handle, name = tempfile.mkstemp(dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.writelines(pieces)
                os.replace(name, path)
            except BaseException:
                with suppress(OSError):
                    os.unlink(name)
                raise
            self._shrink()

    def _fingerprint(self, wanted: Wanted) -> str:
        """What an entry depends on besides the layer: which contents were kept, and how."""
        if self._asked[0] != wanted:
            told = (
                _VERSION,
                sys.byteorder,
                MAX_CONTENT,
                MAX_KEPT,
                MAX_MATCHES,
                MAX_MATCH,
                sorted(set(wanted.contents)),
                sorted(set(wanted.searches)),
            )
            self._asked = wanted, hashlib.sha256(json.dumps(told).encode()).hexdigest()[:24]
        return self._asked[1]

    def _shrink(self) -> None:
        """Removes what was not used for longest, until the rest is within the limit; and what was never finished."""
        assert self._folder is not None
        entries, total = [], 0
        with os.scandir(self._folder) as found:
            for entry in found:
                with suppress(OSError):
                    told = entry.stat(follow_symlinks=False)
                    if entry.name.endswith((_LAYER, _CHAIN)):
                        entries.append((told.st_mtime_ns, told.st_size, entry.path))
                        total += told.st_size
                    elif told.st_mtime < time.time() - STALE:
                        os.unlink(entry.path)
        for _, size, path in sorted(entries):
            if total <= self._limit:
                break
            with suppress(OSError):
                os.unlink(path)
            total -= size


def _private(folder: Path | None) -> Path | None:
    """A folder that only this user can write; None where there cannot be one."""
    try:
        folder = folder or cache_folder("layers")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = os.lstat(folder)
        if not stat.S_ISDIR(found.st_mode):
            return None
        if hasattr(os, "geteuid"):
            if found.st_uid != os.geteuid():
                return None
            if stat.S_IMODE(found.st_mode) & 0o077:
                folder.chmod(0o700)
    except (AmlcheckError, OSError):
        return None
    return folder
