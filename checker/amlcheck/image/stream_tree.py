"""Files that an engine sends as a tar stream: a folder that the session cannot see, or a whole image that has no shell."""

from __future__ import annotations

import io
import posixpath
import re
import tarfile
import time
from collections.abc import Callable, Iterator
from typing import Any

from amlcheck.errors import AmlcheckError, UnreadableError
from amlcheck.image.session_scripts import ENGINES
from amlcheck.image.tree import MAX_MATCH, MAX_MATCHES, Entry, IndexTree, Kind, NotReadableError, Tree, Wanted, normal


def tree_of_stream(
    pieces: Iterator[bytes], archive: Callable[[str], Iterator[bytes]], wanted: Wanted, seconds: float
) -> Tree:
    """The tree of a whole file system that an engine sends; `archive` gives a single path of it again.

    Raises AmlcheckError, also when it takes longer than `seconds`.
    """
    entries = [
        entry for entry in stream_entries(_until(pieces, time.monotonic() + seconds), "/") if not _is_engines(entry)
    ]

    def read(path: str, limit: int) -> bytes:
        try:
            return read_stream(archive(path), limit)
        except AmlcheckError as error:
            raise NotReadableError(f"{path} could not be read: {error}") from None

    def search(path: str, expression: str) -> list[str]:
        try:
            return search_stream(archive(path), expression)
        except AmlcheckError as error:
            raise NotReadableError(f"{path} could not be searched: {error}") from None

    return IndexTree(entries, read, search)


def _until(pieces: Iterator[bytes], end: float) -> Iterator[bytes]:
    for piece in pieces:
        if time.monotonic() > end:
            raise UnreadableError("the engine takes too long to send the image's files")
        yield piece


def _is_engines(entry: Entry) -> bool:
    """Whether an engine put it there: it makes these in every container, also in one that never starts."""
    if entry.path == "/etc/mtab":
        return entry.target == "/proc/mounts"
    return any(entry.path == place or entry.path.startswith(f"{place}/") for place in ENGINES)


class _Reader(io.RawIOBase):
    """Pieces as a file that is read once."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            found = next(self._pieces, None)
            if found is None:
                return 0
            self._rest = found
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def stream_entries(pieces: Iterator[bytes], folder: str) -> Iterator[Entry]:
    """The entries of a stream whose names start in a folder. Raises AmlcheckError."""
    sizes: dict[str, Entry] = {}
    for member, _ in _members(pieces):
        path = normal(posixpath.join(folder, member.name))
        if member.islnk():
            linked = sizes.get(normal(posixpath.join(folder, member.linkname)))
            entry = Entry(path, Kind.FILE, linked.size if linked else 0, member.mode & 0o7777)
        elif member.isfile():
            entry = Entry(path, Kind.FILE, member.size, member.mode & 0o7777)
        elif member.issym():
            entry = Entry(path, Kind.LINK, 0, 0o777, member.linkname)
        else:
            entry = Entry(path, Kind.DIRECTORY if member.isdir() else Kind.OTHER, 0, member.mode & 0o7777)
        sizes[path] = entry
        yield entry


def read_stream(pieces: Iterator[bytes], size: int) -> bytes:
    """The content of the only file of a stream. Raises AmlcheckError."""
    for member, archive in _members(pieces):
        file = archive.extractfile(member) if member.isfile() else None
        if file is not None and member.size <= size:
            return file.read(size)
    raise UnreadableError("the engine sent something else")


def search_stream(pieces: Iterator[bytes], expression: str) -> list[str]:
    """As `Tree.search`, in the only file of a stream. Raises AmlcheckError."""
    found: dict[bytes, None] = {}
    for member, archive in _members(pieces):
        file = archive.extractfile(member) if member.isfile() else None
        for match in re.finditer(expression.encode(), file.read() if file is not None else b""):
            found[match[0][:MAX_MATCH]] = None
    return [match.decode("utf-8", "replace") for match in list(found)[:MAX_MATCHES]]


def _members(pieces: Iterator[bytes]) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]:
    try:
        with tarfile.open(fileobj=io.BufferedReader(_Reader(pieces)), mode="r|", errors="surrogateescape") as archive:
            for member in archive:
                yield member, archive
    except tarfile.TarError as error:
        raise UnreadableError(f"the engine sent a damaged archive: {error}") from None
