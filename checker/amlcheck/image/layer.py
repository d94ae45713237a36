"""One layer: a tar archive, perhaps compressed, read once as a stream into an index of its names and the contents asked for.

Both digests are checked while it is read: that of the bytes as they are stored, which the manifest names, and that of the
archive inside, which the config names. Nothing of a layer is used before both have proved right.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from gzip import BadGzipFile
from queue import SimpleQueue
from typing import Any, BinaryIO, cast

from isal import isal_zlib
from isal.igzip import IGzipFile
from zstandard import ZstdDecompressor, ZstdError

from amlcheck.errors import UnreadableError
from amlcheck.image.layer_builder import Builder
from amlcheck.image.layer_index import LayerIndex
from amlcheck.image.searching import Patience
from amlcheck.image.tar import BLOCK, FileStream, Member, TarError, TarLimitError, members
from amlcheck.image.tree import Kind, Wanted
from amlcheck.records import dataclass

MAX_LAYER = 64 << 30
"""Bytes of one layer's archive; the largest of Azure ML's GPU images have 15 GB in all."""
MAX_SMALL = 1 << 30
"""Bytes that any layer may have, however small it is compressed."""
MAX_RATIO = 100
"""Times that a layer may grow beyond MAX_SMALL when it is decompressed; software grows two to five times."""
MAX_WINDOW = 1 << 27
"""Bytes of memory that a zstd stream may ask for: what `zstd` itself grants."""
CHUNK = 4 << 20
"""Bytes that are read, taken apart and hashed at a time: each time a thread must wait for the interpreter."""
_CHUNKS = 4
"""Chunks in memory: one is filled, one taken apart, one hashed, one waits in between."""
_GROWTH = 8
"""Times that a small layer is thought to grow when it is decompressed, so that no memory is prepared in vain."""
_LEAST = 64 << 10
"""Bytes of a chunk, whatever size is stated for the layer."""
_DONE = object()
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_GzipError = cast("type[Exception]", isal_zlib.error)
_REFUSED = {b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"\x04\x22\x4d\x18": "lz4"}


@dataclass(frozen=True)
class Layer:
    """A layer as it is stored."""

    name: str
    """For people: the image and which of its layers."""
    diff_id: str
    """Digest of the archive, uncompressed: "sha256:…"."""
    digest: str
    """Digest of the stored bytes; empty where nothing states it."""
    size: int
    """Stored bytes."""
    open: Callable[[], BinaryIO]
    """Gives the stored bytes from their beginning; it can be called again, and what it gives can seek."""


def read_index(
    layer: Layer,
    wanted: Wanted,
    patience: Patience | None = None,
    stop: threading.Event | None = None,
    meanwhile: Iterator[None] = iter(()),  # noqa: B008 - it is empty, and stays so
) -> LayerIndex:
    """Reads a layer once. Raises UnreadableError where it is damaged, too large or not what its digests say.

    Where `stop` is set by another thread, it ends soon, with that error too. `meanwhile`: other work, in small steps, some of
    which are done while there is nothing to do but wait for those who read or hash.
    """
    builder = Builder(wanted, patience or Patience())
    with LayerStream(layer, stop, meanwhile) as stream:
        with telling(layer):
            for member in members(stream):
                builder.add(member, stream)
        stream.finish()
        return builder.index()


@contextmanager
def telling(layer: Layer) -> Iterator[None]:
    """What goes wrong inside, as one sentence about the layer."""
    try:
        yield
    except TarLimitError as error:
        raise UnreadableError(f"{layer.name} is not read: {error}") from error
    except (TarError, EOFError, BadGzipFile, _GzipError, ZstdError) as error:
        what = str(error) or "it ends too early"
        if not isinstance(error, TarError):
            what = f"it cannot be decompressed: {what}"
        raise _damaged(layer, what) from error
    except MemoryError as error:
        raise UnreadableError(f"{layer.name}: there is not enough memory to read it") from error
    except OSError as error:
        raise UnreadableError(f"{layer.name}: it cannot be read: {error.strerror or error}") from error


def _damaged(layer: Layer, what: str) -> UnreadableError:
    return UnreadableError(f"{layer.name} is damaged: {what}; save, copy or pull the image again")


class LayerStream:
    """The archive of a layer, decompressed; a `tar.Stream`. `finish` reads it to its end and checks both digests.

    One thread hashes, another one decompresses where there is something to decompress; chunks go round between them.
    """

    def __init__(
        self,
        layer: Layer,
        stop: threading.Event | None = None,
        meanwhile: Iterator[None] = iter(()),  # noqa: B008 - as above
    ) -> None:
        self.position = 0
        self._layer, self._stop, self._meanwhile = layer, stop, meanwhile
        self._limit = min(MAX_LAYER, MAX_SMALL + MAX_RATIO * layer.size)
        self._chunk, self._start, self._end = bytearray(), 0, 0
        """What is being taken apart: a chunk, from where on and how far it has something."""
        self._read = 0
        self._ended = False
        self._hasher = _Hasher()
        self._filler: _Filler | None = None
        with telling(layer):
            self._stored = _Stored(layer.open())
            try:
                self._source = _decompressed(self._stored, layer)
            except BaseException:
                self._stored.close()
                raise
        self._hasher.start()
        # One block more than there is, so that the first chunk is not full: that is how the end shows.
        blocks = layer.size * (1 if self._source is self._stored else _GROWTH) // BLOCK + 2
        self._size = min(CHUNK, max(blocks * BLOCK, _LEAST))
        if self._source is not self._stored:
            self._filler = _Filler(self._source, self._hasher.spare, self._size)
            self._filler.start()

    def __enter__(self) -> LayerStream:
        return self

    def __exit__(self, *_: object) -> None:
        if self._filler is not None:
            self._filler.stop()
        self._hasher.stop()
        self._stored.close()

    def block(self) -> bytes:
        start = self._start
        if start + BLOCK > self._end:
            # Chunks are whole blocks, and so is everything that is taken from them: a block never lies in two of them.
            if start < self._end or not self._advance():
                return bytes(self._chunk[start : self._end])
            start = 0
        self._start = start + BLOCK
        self.position += BLOCK
        return bytes(self._chunk[start : start + BLOCK])

    def skip(self, count: int) -> None:
        self.position += count
        start = self._start + count
        while start > self._end:
            start -= self._end
            if not self._advance():
                raise TarError("it ends within a file")
        self._start = start

    def pieces(self, count: int) -> Iterator[memoryview]:
        while count:
            if self._start == self._end and not self._advance():
                raise TarError("it ends within a file")
            size = min(count, self._end - self._start)
            piece = memoryview(self._chunk)[self._start : self._start + size]
            self._start += size
            self.position += size
            count -= size
            yield piece

    def finish(self) -> None:
        """Reads what follows the archive's end and checks the digests. Raises UnreadableError."""
        with telling(self._layer):
            while self._advance():
                pass
        found = "sha256:" + self._hasher.result()
        stored = found if self._stored.hash is None else "sha256:" + self._stored.hash.hexdigest()
        if self._layer.digest and stored != self._layer.digest:
            raise _damaged(self._layer, f"its digest is {stored}, and the image says {self._layer.digest}")
        if found != self._layer.diff_id:
            raise _damaged(self._layer, f"its content has the digest {found}, and the image says {self._layer.diff_id}")

    def _advance(self) -> bool:
        """Goes on to the next chunk; False where there is none."""
        if self._end:
            self._hasher.take(self._chunk, self._end)
        self._start = self._end = 0
        if self._ended:
            return False
        if self._stop is not None and self._stop.is_set():
            raise UnreadableError(f"{self._layer.name}: reading it was stopped")
        awaited = self._hasher.spare if self._filler is None else self._filler.full
        while awaited.empty() and next(self._meanwhile, _DONE) is None:
            pass
        if self._filler is not None:
            self._chunk, size = self._filler.next()
        else:
            self._chunk = self._hasher.spare.get() or bytearray(self._size)
            size = _fill(self._source, self._chunk)
        self._read += size
        if self._read > self._limit:
            raise UnreadableError(
                f"{self._layer.name} has more than {self._limit} bytes when it is decompressed, from {self._layer.size}:"
                " that is no software, and it is not read"
            )
        self._end, self._ended = size, size < self._size
        return size > 0


class _Hasher(threading.Thread):
    """Hashes chunks in their order and gives them back."""

    def __init__(self) -> None:
        super().__init__(name="amlcheck-hash", daemon=True)
        self.spare: SimpleQueue[bytearray] = SimpleQueue()
        """Chunks that may be filled; an empty one has yet to be made."""
        for _ in range(_CHUNKS):
            self.spare.put(bytearray())
        self._full: SimpleQueue[tuple[bytearray, int] | None] = SimpleQueue()
        self._hash = hashlib.sha256()

    def take(self, chunk: bytearray, size: int) -> None:
        self._full.put((chunk, size))

    def run(self) -> None:
        while (item := self._full.get()) is not None:
            chunk, size = item
            self._hash.update(memoryview(chunk)[:size])
            self.spare.put(chunk)

    def stop(self) -> None:
        self._full.put(None)
        self.join()

    def result(self) -> str:
        self.stop()
        return self._hash.hexdigest()


class _Filler(threading.Thread):
    """Fills chunks from what decompresses."""

    def __init__(self, source: Any, spare: SimpleQueue[bytearray], size: int) -> None:
        super().__init__(name="amlcheck-decompress", daemon=True)
        self._source, self._spare, self._size = source, spare, size
        self.full: SimpleQueue[tuple[bytearray, int] | BaseException] = SimpleQueue()
        self._stopping = False

    def next(self) -> tuple[bytearray, int]:
        item = self.full.get()
        if isinstance(item, BaseException):
            raise item
        return item

    def run(self) -> None:
        try:
            size = self._size
            while size == self._size and not self._stopping:
                chunk = self._spare.get() or bytearray(self._size)
                size = 0 if self._stopping else _fill(self._source, chunk)
                self.full.put((chunk, size))
        except BaseException as error:  # raised again where the chunks are asked for
            self.full.put(error)

    def stop(self) -> None:
        self._stopping = True
        self._spare.put(bytearray())
        self.join()


def _fill(source: Any, chunk: bytearray) -> int:
    """Fills a chunk, up to its end or that of the source; how many bytes it has then."""
    view, size = memoryview(chunk), 0
    while size < len(chunk):
        count = source.readinto(view[size:])
        if not count:
            break
        size += count
    return size


class _Stored(io.RawIOBase):
    """The stored bytes, hashed while they are read where they are not what is hashed anyway."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.hash: Any = None

    def magic(self) -> bytes:
        start = self._file.read(8)
        self._file.seek(-len(start), io.SEEK_CUR)
        return start

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: Any) -> int:
        count: int = self._file.readinto(buffer)  # type: ignore[attr-defined]
        if self.hash is not None:
            self.hash.update(memoryview(buffer)[:count])
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def _decompressed(stored: _Stored, layer: Layer) -> Any:
    """What gives the archive's bytes by `readinto`: the stored ones themselves where they are not compressed."""
    magic = stored.magic()
    if magic.startswith(_GZIP):
        stored.hash = hashlib.sha256()
        return IGzipFile(fileobj=stored, mode="rb")  # type: ignore[no-untyped-call]
    if magic.startswith(_ZSTD) or _is_skippable(magic):
        stored.hash = hashlib.sha256()
        return ZstdDecompressor(max_window_size=MAX_WINDOW).stream_reader(
            cast("BinaryIO", stored), CHUNK >> 3, read_across_frames=True
        )
    for start, name in _REFUSED.items():
        if magic.startswith(start):
            raise UnreadableError(
                f"{layer.name} is compressed with {name}: only gzip and zstd are read; convert the image"
            )
    return stored


def _is_skippable(magic: bytes) -> bool:
    """Whether a zstd stream begins with a frame that holds something else, as those of zstd:chunked may."""
    return len(magic) >= 4 and magic[1:4] == b"\x2a\x4d\x18" and 0x50 <= magic[0] <= 0x5F


@contextmanager
def member_at(layer: Layer, start: int, size: int) -> Iterator[tuple[Member, FileStream]]:
    """The file whose headers begin at a place of an archive that has been read before: another look at its content.

    Raises UnreadableError where something else is there by now.
    """
    with telling(layer), _Stored(layer.open()) as stored:
        source = _decompressed(stored, layer)
        stored.hash = None
        if source is stored:
            source.seek(start)
            stream = FileStream(io.BufferedReader(source, CHUNK >> 2), MAX_LAYER)
        else:
            stream = FileStream(_Forward(source), MAX_LAYER)
            stream.skip(start)
        member = next(members(stream), None)
        if member is None or member.kind is not Kind.FILE or member.size != size:
            raise TarError("it has changed since it was read")
        yield member, stream


class _Forward(io.BufferedReader):
    """What can only be read on, whatever it says of itself."""

    def __init__(self, source: Any) -> None:
        super().__init__(source, CHUNK >> 2)

    def seekable(self) -> bool:
        return False
