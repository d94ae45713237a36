"""What layers have, remembered by their digest: images that share layers share the work, and so do two runs.

Only layers whose digests were verified are remembered. An entry is one file of plain columns, which is read back as fast as
the disk gives it; nothing in it is executed, and one that is damaged counts as none. Without a folder that can be written,
everything works and nothing is remembered.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from amlcheck.errors import AmlcheckError
from amlcheck.image.cache_folder import cache_folder
from amlcheck.image.layer import Layer
from amlcheck.image.layer_builder import MAX_KEPT
from amlcheck.image.layer_file import packed, unpacked
from amlcheck.image.layer_index import LayerIndex
from amlcheck.image.tree import MAX_CONTENT, MAX_MATCH, MAX_MATCHES, Wanted

MAX_CACHE = 1 << 30
"""Bytes of all entries; the one that was not used for longest goes first."""
MAX_ENTRY = 512 << 20
"""Bytes of one entry; more is not remembered."""
STALE = 3600
"""Seconds after which a file that was not finished is removed: whoever wrote it is gone."""
_VERSION = 3
"""Raised with every change of the format, or of what a layer is read for."""
_SUFFIX = ".layer"


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
        path = self._path(layer, wanted)
        if path is None:
            return None
        try:
            if path.stat().st_size > MAX_ENTRY:
                return None
            index = unpacked(path.read_bytes())
        except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError, MemoryError):
            return None
        with suppress(OSError):
            os.utime(path)
        return index

    def has(self, layer: Layer, wanted: Wanted) -> bool:
        """Whether there is an entry for a layer; only `get` tells whether it is good."""
        path = self._path(layer, wanted)
        return path is not None and path.exists()

    def put(self, layer: Layer, wanted: Wanted, index: LayerIndex) -> None:
        """Remembers the index of a layer that was read and verified."""
        path = self._path(layer, wanted)
        if path is None:
            return
        pieces = packed(index)
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

    def _path(self, layer: Layer, wanted: Wanted) -> Path | None:
        if self._folder is None:
            return None
        return self._folder / f"{layer.diff_id.partition(':')[2]}-{self._fingerprint(wanted)}{_SUFFIX}"

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
                    if entry.name.endswith(_SUFFIX):
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
