"""Tar streams, read strictly and in one pass: what Docker's own reader (Go's archive/tar) accepts.

The standard library's tarfile is the oracle of the tests; it is not used itself, because it keeps every member in memory,
takes several times as long, and understands some names differently from the engines that will unpack the layer.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any, Protocol
from zlib import adler32

from amlcheck.image.tree import Kind
from amlcheck.records import dataclass
from amlcheck.regex import regex

BLOCK = 512
"""Bytes; headers and contents begin at multiples of it."""
PIECE = 1 << 20
"""Bytes of a content that are read at a time."""
MAX_PATH = 4096
"""Bytes of a name or of a link's target: Linux' PATH_MAX; no engine can unpack a longer one."""
MAX_EXTENDED = 1 << 20
"""Bytes of one extended header, as in Go's reader."""
MAX_FILE = 1 << 46
"""Bytes that a header may announce for one file: 64 TiB, above any disk and far below what overflows."""
MAX_SEGMENTS = 1 << 16
"""Pieces of a sparse file."""

_HEADER = struct.Struct("100s8s16x12s12x8sc100s8s")
_ADLER = 65521
"""The low half of Adler-32 is one more than the sum of the bytes, modulo this."""
_KINDS = {b"0": Kind.FILE, b"\0": Kind.FILE, b"7": Kind.FILE, b"S": Kind.FILE, b"5": Kind.DIRECTORY, b"2": Kind.LINK}
_HARD_LINK = b"1"
_WITHOUT_CONTENT = frozenset((b"1", b"2", b"3", b"4", b"5", b"6"))
_EXTENDED = frozenset((b"x", b"X", b"g", b"L", b"K"))
_is_octal = regex(rb"[0-7]{11}[\0 ]").fullmatch
_LENGTH = regex(rb"([0-9]{1,7}) ")


class TarError(Exception):
    """A stream that is no tar archive, or a damaged one; the text says what is wrong, as in "it …"."""


class TarLimitError(TarError):
    """An archive that has more of something than is read; the text says of what."""


class Stream(Protocol):
    """Bytes that are read once, from the front."""

    position: int
    """Bytes read or passed over so far."""

    def block(self) -> bytes:
        """The next BLOCK bytes; fewer, or none, where the stream ends."""

    def skip(self, count: int) -> None:
        """Passes over bytes. Raises TarError where the stream ends before."""

    def pieces(self, count: int) -> Iterator[bytes | memoryview]:
        """The next bytes, in pieces that are valid until the next one. Raises TarError where the stream ends before."""


class FileStream:
    """A file as a `tar.Stream`, from where it stands; what is passed over is not read where the file can seek."""

    def __init__(self, file: Any, size: int) -> None:
        """`size`: bytes that the file has from where it stands."""
        self.position = 0
        self._file, self._size = file, size

    def block(self) -> bytes:
        found: bytes = self._file.read(BLOCK)
        self.position += len(found)
        return found

    def skip(self, count: int) -> None:
        self.position += count
        if self.position > self._size:
            raise TarError("it ends within a file")
        if self._file.seekable():
            self._file.seek(count, io.SEEK_CUR)
            return
        self.position -= count
        for _ in self.pieces(count):
            pass

    def pieces(self, count: int) -> Iterator[bytes]:
        while count:
            piece = self._file.read(min(count, PIECE))
            if not piece:
                raise TarError("it ends within a file")
            self.position += len(piece)
            count -= len(piece)
            yield piece


@dataclass(slots=True)
class Member:
    """One member of an archive. Its content is read, if at all, before the next member is asked for."""

    path: str
    """Absolute and normal: ".." and all else that would lead outside the root is resolved inside it."""
    kind: Kind | None
    """None for a hard link."""
    size: int
    """Bytes of a file's content; of a sparse file, holes and all."""
    mode: int
    target: str
    """Of a symbolic link as it is written; of a hard link normal, like `path`."""
    start: int
    """Where in the stream its headers begin, extended ones included."""
    stored: int
    """Bytes of its content in the stream."""
    segments: list[tuple[int, int]] | None = None
    """Of a sparse file: offset and length of each piece that is stored, in their order; None for any other."""


def members(stream: Stream) -> Iterator[Member]:
    """The members in their order; what a caller has not read of a content is passed over. Raises TarError."""
    start = stream.position
    extended: dict[str, str] = {}
    sparse: list[str] = []
    long_name = long_link = b""
    modes: dict[bytes, int] = {}
    kinds, unpack = _KINDS, _HEADER.unpack_from
    while True:
        block = stream.block()
        if len(block) < BLOCK:
            if block or extended or long_name or long_link:
                raise TarError("it ends within a header")
            return
        raw, permissions, length, checksum, flag, link, magic = unpack(block)
        try:
            # What the header says, without the eight spaces that it counts for itself, and with what is there instead.
            expected = int(checksum.rstrip(b"\0 "), 8) - 256 + (adler32(checksum) & 0xFFFF)
        except ValueError:
            expected = -1
        if adler32(block) & 0xFFFF != expected % _ADLER:
            if not any(block):
                _end(stream)
                if extended or long_name or long_link:
                    raise TarError("it ends within a header")
                return
            _check_signed(block, checksum)
        size = int(length[:11], 8) if _is_octal(length) else _number(length)
        if flag in _EXTENDED:
            if size > MAX_EXTENDED:
                raise TarLimitError(f"an extended header in it has {size} bytes; more than {MAX_EXTENDED} are not read")
            content = b"".join(bytes(piece) for piece in stream.pieces(size))
            stream.skip(-size % BLOCK)
            if flag == b"L":
                long_name = content.partition(b"\0")[0]
            elif flag == b"K":
                long_link = content.partition(b"\0")[0]
            elif flag != b"g":
                # Global headers are passed over, as Docker does: git writes a comment there.
                extended, sparse = _records(content)
            else:
                start = stream.position if not (extended or long_name or long_link) else start
            continue
        mode = modes.get(permissions)
        if mode is None:
            mode = modes[permissions] = _number(permissions) & 0o7777
        name = raw.partition(b"\0")[0]
        if block[345] and magic == b"ustar\x0000":
            name = block[345:500].partition(b"\0")[0] + b"/" + name
        target = link.partition(b"\0")[0] if link[0] else b""
        segments: list[tuple[int, int]] | None = None
        real = None
        if extended:
            name = extended.get("path", "").encode("utf-8", "surrogateescape") or name
            target = extended.get("linkpath", "").encode("utf-8", "surrogateescape") or target
            size = _decimal(extended["size"]) if extended.get("size") else size
            name = extended.get("GNU.sparse.name", "").encode("utf-8", "surrogateescape") or name
        if long_name or long_link:
            name, target = long_name or name, long_link or target
        kind = kinds.get(flag, Kind.OTHER)
        if kind is Kind.FILE and name[-1:] == b"/" and flag != b"S":
            kind, flag = Kind.DIRECTORY, b"5"
        stored = 0 if flag in _WITHOUT_CONTENT else size
        if stored > MAX_FILE:
            raise TarLimitError(f"a file in it claims {stored} bytes")
        padding = -stored % BLOCK
        if kind is Kind.FILE and (flag == b"S" or extended):
            real, segments, read = _sparse(stream, flag, block, extended, sparse, stored)
            stored -= read
        position = stream.position
        yield Member(
            inside(name.decode("utf-8", "surrogateescape") if len(name) <= MAX_PATH else _text(name, "a name")),
            kind if flag != _HARD_LINK else None,
            (stored if real is None else real) if kind is Kind.FILE else 0,
            mode,
            _target(flag, target) if target else "",
            start,
            stored,
            segments,
        )
        rest = position + stored + padding - stream.position
        if rest:
            stream.skip(rest)
        start = stream.position
        if extended or long_name or long_link:
            extended, sparse, long_name, long_link = {}, [], b"", b""


def inside(name: str) -> str:
    """A name of an archive as a path inside the root, whatever it tries: absolute and normal."""
    if name and "/." not in name and "//" not in name and name[0] not in "./":
        return "/" + (name[:-1] if name[-1] == "/" else name)
    parts: list[str] = []
    for part in name.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def content(member: Member, stream: Stream) -> bytes:
    """The whole content of the file that `members` has just given; a caller looks at its size first. Raises TarError."""
    if member.segments is None:
        return b"".join(bytes(piece) for piece in stream.pieces(member.stored))
    found = bytearray(member.size)
    for offset, length in member.segments:
        found[offset : offset + length] = b"".join(bytes(piece) for piece in stream.pieces(length))
    return bytes(found)


def _target(flag: bytes, target: bytes) -> str:
    if flag == _HARD_LINK:
        return inside(_text(target, "a link's target"))
    return _text(target, "a link's target") if flag == b"2" else ""


def _text(name: bytes, what: str) -> str:
    if len(name) > MAX_PATH:
        raise TarLimitError(f"{what} in it has {len(name)} bytes; no system takes more than {MAX_PATH}")
    return name.decode("utf-8", "surrogateescape")


def _end(stream: Stream) -> None:
    """An archive ends with two blocks of zeros."""
    if any(stream.block()):
        raise TarError("a block of zeros stands amid its headers")


def _check_signed(block: bytes, checksum: bytes) -> None:
    """Old archivers added the bytes up as signed numbers. Raises TarError where that does not fit either."""
    others = block[:148] + b" " * 8 + block[156:]
    signed = sum(others) - 256 * sum(byte >= 128 for byte in others)
    try:
        fits = int(checksum.rstrip(b"\0 "), 8) == signed
    except ValueError:
        fits = False
    if not fits:
        raise TarError("a header in it is damaged, or it is no tar archive")


def _number(field: bytes) -> int:
    """A number as tar writes it: octal digits, or GNU's binary form for large ones."""
    if field[0] & 0x80:
        if field[0] & 0x40:
            raise TarError("a header in it has a negative number")
        return int.from_bytes(bytes((field[0] & 0x3F,)) + field[1:], "big")
    digits = field.strip(b"\0 ")
    if not digits:
        return 0
    if not digits.isdigit():
        digits = digits.partition(b"\0")[0].rstrip(b" ")
    try:
        if digits.isdigit():
            return int(digits, 8)
    except ValueError:
        pass
    raise TarError("a header in it has something else where a number belongs")


def _decimal(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 20:
        return int(text)
    raise TarError("an extended header in it has something else where a number belongs")


def _records(content: bytes) -> tuple[dict[str, str], list[str]]:
    """PAX records: what they say, and of GNU's oldest sparse form, which repeats its keys, all numbers in their order."""
    found: dict[str, str] = {}
    sparse: list[str] = []
    position, content = 0, content.rstrip(b"\0")
    while position < len(content):
        match = _LENGTH.match(content, position)
        end = position + int(match[1]) if match is not None else 0
        if match is None or not match.end() < end <= len(content) or content[end - 1] != 0x0A:
            raise TarError("an extended header in it is damaged")
        key, equals, value = content[match.end() : end - 1].partition(b"=")
        position = end
        if not equals:
            raise TarError("an extended header in it is damaged")
        word = key.decode("utf-8", "replace")
        if word in ("path", "linkpath", "GNU.sparse.name") and b"\0" in value:
            raise TarError("a name in it has a NUL byte")
        if word in ("GNU.sparse.offset", "GNU.sparse.numbytes"):
            sparse.append(value.decode("utf-8", "replace"))
        else:
            found[word] = value.decode("utf-8", "surrogateescape")
    return found, sparse


def _sparse(
    stream: Stream, flag: bytes, block: bytes, extended: dict[str, str], pairs: list[str], stored: int
) -> tuple[int | None, list[tuple[int, int]] | None, int]:
    """Of a sparse file: its real size, what of it is stored, and how many bytes the list took from its content."""
    read = 0
    if flag == b"S":
        real = _number(block[483:495])
        numbers = _old_list(stream, block)
    elif extended.get("GNU.sparse.major") == "1":
        real = _decimal(extended.get("GNU.sparse.realsize", ""))
        numbers, read = _list_in_front(stream, stored)
    elif "GNU.sparse.map" in extended or pairs:
        real = _decimal(extended.get("GNU.sparse.size", extended.get("GNU.sparse.realsize", "")))
        words = extended["GNU.sparse.map"].split(",") if "GNU.sparse.map" in extended else pairs
        if len(words) > 2 * MAX_SEGMENTS:
            raise TarLimitError(f"a sparse file in it has more than {MAX_SEGMENTS} pieces")
        numbers = [_decimal(word) for word in words if word]
    else:
        return None, None, 0
    segments = list(zip(numbers[::2], numbers[1::2], strict=False))
    place = 0
    for offset, length in segments:
        if offset < place:
            raise TarError("the pieces of a sparse file in it overlap")
        place = offset + length
    if len(numbers) % 2 or place > real or real > MAX_FILE or sum(numbers[1::2]) != stored - read:
        raise TarError("the pieces of a sparse file in it do not make up the file")
    return real, segments, read


def _old_list(stream: Stream, block: bytes) -> list[int]:
    numbers: list[int] = []
    first, last, more = 386, 482, block[482]
    while True:
        for place in range(first, last, 24):
            if not block[place]:
                break
            numbers += [_number(block[place : place + 12]), _number(block[place + 12 : place + 24])]
        if not more:
            return numbers
        if len(numbers) > 2 * MAX_SEGMENTS:
            raise TarLimitError(f"a sparse file in it has more than {MAX_SEGMENTS} pieces")
        block = stream.block()
        if len(block) < BLOCK:
            raise TarError("it ends within a header")
        first, last, more = 0, 504, block[504]


def _list_in_front(stream: Stream, stored: int) -> tuple[list[int], int]:
    """GNU's newest form: decimal lines in front of the content, padded to whole blocks."""
    lines: list[bytes] = []
    rest, read = b"", 0
    while not lines or len(lines) <= 2 * _count(lines[0]):
        if read + BLOCK > stored or (read and not lines):
            raise TarError("the list of a sparse file in it is damaged")
        block = b"".join(bytes(piece) for piece in stream.pieces(BLOCK))
        read += BLOCK
        *whole, rest = (rest + block).split(b"\n")
        lines += whole
    numbers = lines[1 : 1 + 2 * _count(lines[0])]
    return [_decimal(line.decode("utf-8", "replace")) for line in numbers], read


def _count(line: bytes) -> int:
    count = _decimal(line.decode("utf-8", "replace"))
    if count > MAX_SEGMENTS:
        raise TarLimitError(f"a sparse file in it has more than {MAX_SEGMENTS} pieces")
    return count
