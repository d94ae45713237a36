"""The files in which a layer, or a chain of layers, is remembered: a checksum, a line of JSON, and plain columns."""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from struct import calcsize
from typing import Any, Literal

from amlcheck.image.chain import Chain, Strings
from amlcheck.image.layer import HARD_LINK, LayerIndex

_INDEX, _CHAIN = b"amlcheck layer\n", b"amlcheck chain\n"
_KINDS = bytes(range(HARD_LINK + 1))
_Code = Literal["B", "H", "I", "Q"]
_COLUMNS: tuple[tuple[str, _Code], ...] = (("modes", "H"), ("sizes", "Q"), ("starts", "Q"))


class Names(Sequence[str]):
    """Names one after the other, made strings of when the first one is asked for."""

    def __init__(self, data: bytes, count: int) -> None:
        self._data = data
        self._count = count
        self._names: list[str] | None = None

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place: int) -> str:  # type: ignore[override]
        return self._list()[place]

    def __iter__(self) -> Iterator[str]:
        return iter(self._list())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._list() == list(other)

    __hash__ = None  # type: ignore[assignment]

    def _list(self) -> list[str]:
        if self._names is None:
            self._names = self._data.decode("utf-8", "surrogatepass").split("\0") if self._count else []
            self._data = b""
        return self._names


def packed_index(index: LayerIndex) -> list[bytes]:
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
    columns = (getattr(index, name).tobytes() for name, _ in _COLUMNS)
    return _packed(_INDEX, header, names, bytes(index.kinds), *columns, *index.contents.values())


def unpacked_index(data: bytes) -> LayerIndex:
    """The index of a file. Raises ValueError and its kin where the file is damaged."""
    header, take = _unpacked(_INDEX, data)
    count = header["count"]
    names = bytes(take(header["names"]))
    kinds = bytearray(take(count))
    modes, sizes, starts = (_column(code, count, take) for _, code in _COLUMNS)
    contents = {start: bytes(take(size)) for start, size in header["contents"]}
    if names.count(b"\0") != max(count - 1, 0) or kinds.translate(None, _KINDS):
        raise ValueError("damaged")
    return LayerIndex(
        Names(names, count),
        kinds,
        modes,
        sizes,
        starts,
        dict(zip(*header["targets"], strict=True)),
        header["whiteouts"],
        header["opaque"],
        contents,
        {(start, expression): lines for start, expression, lines in header["matches"]},
        header["fitting"],
    )


def packed_chain(chain: Chain) -> list[bytes]:
    """A chain as the pieces of its file."""
    folders, names = chain.folders, chain.names
    header = {
        "height": chain.height,
        "folders": [len(folders), len(folders.text)],
        "names": [len(names), len(names.text)],
        "targets": [list(chain.targets.keys()), list(chain.targets.values())],
        "contents": [[*key, len(data)] for key, data in chain.contents.items()],
        "matches": [[*key, lines] for key, lines in chain.matches.items()],
        "noted": {pattern: list(places) for pattern, places in chain.noted.items()},
    }
    columns: list[Any] = [folders.text, folders.ends, chain.firsts, names.text, names.ends, chain.kinds]
    columns += [getattr(chain, name) for name, _ in _COLUMNS]
    columns += [chain.numbers, *chain.contents.values()]
    return _packed(_CHAIN, header, *(bytes(memoryview(column)) for column in columns))


def unpacked_chain(data: bytes) -> Chain:
    """The chain of a file, which stays in memory as it is. Raises ValueError and its kin where the file is damaged."""
    header, take = _unpacked(_CHAIN, data)
    folder_count, folder_size = header["folders"]
    count, size = header["names"]

    def column(code: _Code, count: int) -> memoryview[int]:
        return take(count * calcsize(code)).cast(code)

    folders = Strings(take(folder_size), column("I", folder_count))
    firsts = column("I", folder_count)
    names = Strings(take(size), column("I", count))
    kinds, modes, sizes, starts = column("B", count), *(column(code, count) for _, code in _COLUMNS)
    numbers = column("H", count)
    return Chain(
        header["height"],
        folders,
        firsts,
        names,
        kinds,
        modes,
        sizes,
        starts,
        numbers,
        dict(zip(*header["targets"], strict=True)),
        {(number, start): take(size) for number, start, size in header["contents"]},
        {(number, start, expression): lines for number, start, expression, lines in header["matches"]},
        header["noted"],
    )


def _packed(magic: bytes, header: dict[str, Any], *columns: bytes) -> list[bytes]:
    pieces = [json.dumps(header, separators=(",", ":")).encode() + b"\n", *columns]
    checksum = 0
    for piece in pieces:
        checksum = zlib.crc32(piece, checksum)
    return [magic, b"%08x\n" % checksum, *pieces]


def _unpacked(magic: bytes, data: bytes) -> tuple[dict[str, Any], Callable[[int], memoryview]]:
    """The header of a file, and what gives its next bytes, as many as are asked for."""
    start = len(magic) + 9
    view = memoryview(data)
    if view[: len(magic)] != magic or int(data[len(magic) : start], 16) != zlib.crc32(view[start:]):
        raise ValueError("damaged")
    place = data.index(b"\n", start) + 1

    def take(size: int) -> memoryview:
        nonlocal place
        if size < 0 or place + size > len(data):
            raise ValueError("damaged")
        place += size
        return view[place - size : place]

    return json.loads(data[start : place - 1]), take


def _column(code: _Code, count: int, take: Callable[[int], memoryview]) -> array[int]:
    column = array(code)
    column.frombytes(take(count * column.itemsize))
    return column
