"""The file in which a layer is remembered: a checksum, a line of JSON, and plain columns."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from struct import calcsize
from typing import Any, Literal

from amlcheck.image.layer_index import HARD_LINK, LayerIndex, Strings

_MAGIC = b"amlcheck layer\n"
_KINDS = bytes(range(HARD_LINK + 1))


def packed(index: LayerIndex) -> list[bytes]:
    """An index as the pieces of its file."""
    folders, names = Strings.of(index.folders), Strings.of(index.names)
    header = {
        "folders": [len(folders), len(folders.text)],
        "names": [len(names), len(names.text)],
        "targets": [list(index.targets.keys()), list(index.targets.values())],
        "whiteouts": list(index.whiteouts),
        "opaque": list(index.opaque),
        "contents": [[start, len(data)] for start, data in index.contents.items()],
        "matches": [[start, expression, lines] for (start, expression), lines in index.matches.items()],
        "fitting": {pattern: list(places) for pattern, places in index.fitting.items()},
    }
    columns: list[Any] = [folders.text, folders.ends, index.firsts, names.text, names.ends]
    columns += [index.kinds, index.modes, index.sizes, index.starts, *index.contents.values()]
    line = json.dumps(header, separators=(",", ":")).encode() + b"\n"
    pieces = [line, *(bytes(memoryview(column)) for column in columns)]
    checksum = 0
    for piece in pieces:
        checksum = zlib.crc32(piece, checksum)
    return [_MAGIC, b"%08x\n" % checksum, *pieces]


def unpacked(data: bytes) -> LayerIndex:
    """The index of a file, which stays in memory as it is. Raises ValueError and its kin where the file is damaged."""
    start, view = len(_MAGIC) + 9, memoryview(data)
    if view[: len(_MAGIC)] != _MAGIC or int(data[len(_MAGIC) : start], 16) != zlib.crc32(view[start:]):
        raise ValueError("damaged")
    end = data.index(b"\n", start)
    header: dict[str, Any] = json.loads(data[start:end])
    take = _taker(view, end + 1)

    def column(code: Literal["B", "H", "I", "Q"], count: int) -> memoryview[int]:
        return take(count * calcsize(code)).cast(code)

    folder_count, folder_size = header["folders"]
    count, size = header["names"]
    folders = Strings(take(folder_size), column("I", folder_count))
    firsts = column("I", folder_count)
    names = Strings(take(size), column("I", count))
    kinds = column("B", count)
    whole = all(len(one.text) == (one.ends[-1] + 1 if one else 0) for one in (folders, names))
    if not whole or bytes(kinds).translate(None, _KINDS):
        raise ValueError("damaged")
    return LayerIndex(
        folders,
        firsts,
        names,
        kinds,
        column("H", count),
        column("Q", count),
        column("Q", count),
        dict(zip(*header["targets"], strict=True)),
        header["whiteouts"],
        header["opaque"],
        {start: take(size) for start, size in header["contents"]},
        {(start, expression): lines for start, expression, lines in header["matches"]},
        header["fitting"],
    )


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
