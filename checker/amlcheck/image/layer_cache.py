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
import zlib
from array import array
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from amlcheck.errors import AmlcheckError
from amlcheck.image.cache_folder import cache_folder
from amlcheck.image.layer import HARD_LINK, MAX_KEPT, Layer, LayerIndex
from amlcheck.image.tree import MAX_CONTENT, MAX_MATCH, MAX_MATCHES, Wanted

MAX_CACHE = 1 << 30
"""Bytes of all entries; the one that was not used for longest goes first."""
MAX_ENTRY = 512 << 20
"""Bytes of one entry; more is not remembered."""
STALE = 3600
"""Seconds after which a file that was not finished is removed: whoever wrote it is gone."""
_VERSION = 2
"""Raised with every change of the format, or of what a layer is read for."""
_MAGIC = b"amlcheck layer\n"
_SUFFIX = ".layer"
_COLUMNS = (("modes", "H"), ("sizes", "Q"), ("starts", "Q"))


class LayerCache:
    """The indexes of layers, in a folder. Several processes may use one folder."""

    def __init__(self, folder: Path | None = None, limit: int = MAX_CACHE) -> None:
        """`folder` is made where it is missing; without one it is "layers" in the user's cache. `limit`: bytes."""
        self._folder = _private(folder)
        self._limit = limit

    def get(self, layer: Layer, wanted: Wanted) -> LayerIndex | None:
        """The index of a layer, where it is remembered."""
        path = self._path(layer, wanted)
        if path is None:
            return None
        try:
            if path.stat().st_size > MAX_ENTRY:
                return None
            data = path.read_bytes()
            index = _unpacked(memoryview(data))
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
        pieces = _packed(index)
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
        return self._folder / f"{layer.diff_id.partition(':')[2]}-{_fingerprint(wanted)}{_SUFFIX}"

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


def _fingerprint(wanted: Wanted) -> str:
    """What an entry depends on besides the layer: which contents were kept, and how."""
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
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:24]


def _packed(index: LayerIndex) -> list[bytes]:
    """An index as the pieces of its file."""
    names = "\0".join(index.paths).encode("utf-8", "surrogatepass")
    header = {
        "count": len(index.paths),
        "names": len(names),
        "targets": [list(index.targets.keys()), list(index.targets.values())],
        "whiteouts": index.whiteouts,
        "opaque": index.opaque,
        "contents": [[start, len(data)] for start, data in index.contents.items()],
        "matches": [[start, expression, lines] for (start, expression), lines in index.matches.items()],
        "fitting": index.fitting,
    }
    pieces = [
        json.dumps(header, separators=(",", ":")).encode() + b"\n",
        names,
        bytes(index.kinds),
        *(getattr(index, name).tobytes() for name, _ in _COLUMNS),
        *index.contents.values(),
    ]
    checksum = 0
    for piece in pieces:
        checksum = zlib.crc32(piece, checksum)
    return [_MAGIC, b"%08x\n" % checksum, *pieces]


def _unpacked(data: memoryview) -> LayerIndex:
    """The index of a file. Raises ValueError and its kin where the file is damaged."""
    start = len(_MAGIC) + 9
    if data[: len(_MAGIC)] != _MAGIC or int(bytes(data[len(_MAGIC) : start]), 16) != zlib.crc32(data[start:]):
        raise ValueError("damaged")
    end = _line_end(data, start)
    header: dict[str, Any] = json.loads(bytes(data[start:end]))
    take = _taker(data, end + 1)
    count = header["count"]
    names = str(take(header["names"]), "utf-8", "surrogatepass")
    paths = names.split("\0") if count else []
    kinds = bytearray(take(count))
    columns: dict[str, array[int]] = {}
    for name, code in _COLUMNS:
        column = array(code)
        column.frombytes(take(count * column.itemsize))
        columns[name] = column
    contents = {start: bytes(take(size)) for start, size in header["contents"]}
    if len(paths) != count or max(kinds, default=0) > HARD_LINK:
        raise ValueError("damaged")
    return LayerIndex(
        paths,
        kinds,
        columns["modes"],
        columns["sizes"],
        columns["starts"],
        dict(zip(*header["targets"], strict=True)),
        header["whiteouts"],
        header["opaque"],
        contents,
        {(start, expression): lines for start, expression, lines in header["matches"]},
        header["fitting"],
    )


def _line_end(data: memoryview, start: int) -> int:
    """Where the header's line ends: it may be long, and a memoryview cannot look for it."""
    place, step = start, 1 << 16
    while place < len(data):
        found = bytes(data[place : place + step]).find(b"\n")
        if found >= 0:
            return place + found
        place += step
    raise ValueError("damaged")


def _taker(data: memoryview, start: int) -> Callable[[int], memoryview]:
    """Gives the next bytes, as many as are asked for."""
    place = start

    def take(size: int) -> memoryview:
        nonlocal place
        if size < 0 or place + size > len(data):
            raise ValueError("damaged")
        place += size
        return data[place - size : place]

    return take
