"""Files that an engine sends as a tar stream: a folder that the session cannot see, or a whole image that has no shell."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from amlcheck.errors import AmlcheckError, UnreadableError
from amlcheck.image.index_tree import IndexTree, Listed
from amlcheck.image.layer_builder import MAX_KEPT, MAX_NAMES
from amlcheck.image.searching import Patience, Search
from amlcheck.image.session_scripts import ENGINES
from amlcheck.image.tar import BLOCK, Member, TarError, content, inside, members
from amlcheck.image.tree import MAX_CONTENT, Entry, Kind, NotReadableError, Tree, Wanted, matcher

Archive = Callable[[str], Iterator[bytes]]
"""Gives a path of the image, with all below it, as a tar stream. Raises AmlcheckError."""


def tree_of_stream(pieces: Iterator[bytes], archive: Archive, wanted: Wanted, seconds: float) -> Tree:
    """The tree of a whole file system that an engine sends; `archive` gives a single path of it again.

    Raises AmlcheckError, also when it takes longer than `seconds`.
    """
    contents: dict[str, bytes] = {}
    early, kept = matcher(wanted.contents), 0
    entries: dict[str, Entry] = {}
    stream = _Pieces(pieces, time.monotonic() + seconds)
    for member in _members(stream):
        entry = _entry(member, member.path, entries.get(member.target))
        if _is_engines(entry):
            continue
        entries[entry.path] = entry
        wants = member.kind is Kind.FILE and entry.size <= MAX_CONTENT and kept + entry.size <= MAX_KEPT
        if wants and early(entry.path):
            contents[entry.path] = content(member, stream)
            kept += entry.size
    patience = Patience()

    def read(path: str, limit: int) -> bytes:
        if path in contents:
            return contents[path]
        try:
            return read_stream(archive(path), limit)
        except AmlcheckError as error:
            raise NotReadableError(f"{path} could not be read: {error}") from None

    def search(path: str, expression: str) -> list[str]:
        return search_stream(archive, path, expression, patience)

    return IndexTree(Listed(entries.values()), read, search)


def stream_entries(pieces: Iterator[bytes], folder: str) -> Iterator[Entry]:
    """The entries of a folder that an engine sends: the names in it begin with the folder's own. Raises AmlcheckError."""
    found: dict[str, Entry] = {}
    above = folder.rpartition("/")[0]
    for member in _members(_Pieces(pieces)):
        linked = found.get(inside(above + member.target)) if member.kind is None else None
        entry = _entry(member, inside(above + member.path), linked)
        found[entry.path] = entry
        yield entry


def read_stream(pieces: Iterator[bytes], limit: int) -> bytes:
    """The content of the only file of a stream. Raises AmlcheckError."""
    stream = _Pieces(pieces)
    for member in _members(stream):
        if member.kind is Kind.FILE and member.size <= limit:
            return content(member, stream)
    raise UnreadableError("the engine sent something else")


def search_stream(archive: Archive, path: str, expression: str, patience: Patience) -> list[str]:
    """As `Tree.search`, in a file that is fetched for it. Raises NotReadableError."""
    search = Search(expression, patience)
    try:
        stream = _Pieces(archive(path))
        for member in _members(stream):
            if member.kind is Kind.FILE and member.segments is not None:
                search.feed(content(member, stream))
            elif member.kind is Kind.FILE:
                for piece in stream.pieces(member.stored):
                    search.feed(piece)
                    if search.finished:
                        break
            break
        search.feed(b"", last=True)
    except (AmlcheckError, TarError) as error:
        raise NotReadableError(f"{path} could not be searched: {error}") from None
    if patience.over:
        raise NotReadableError(f"searching the image took longer than {patience.limit:g} s")
    return search.matches


class _Pieces:
    """Pieces of any size as a `tar.Stream`."""

    def __init__(self, pieces: Iterator[bytes], until: float = float("inf")) -> None:
        self.position = 0
        self._pieces, self._until = pieces, until
        self._piece, self._start = b"", 0

    def block(self) -> bytes:
        end = self._start + BLOCK
        if end <= len(self._piece):
            found = self._piece[self._start : end]
            self._start = end
        else:
            found = b""
            while len(found) < BLOCK and (part := self._take(BLOCK - len(found))):
                found += part
        self.position += len(found)
        return found

    def skip(self, count: int) -> None:
        for _ in self.pieces(count):
            pass

    def pieces(self, count: int) -> Iterator[bytes]:
        while count:
            piece = self._take(count)
            if not piece:
                raise TarError("it ends within a file")
            self.position += len(piece)
            count -= len(piece)
            yield piece

    def _take(self, count: int) -> bytes:
        """At most so many of the next bytes; none at the end."""
        while self._start >= len(self._piece):
            found = next(self._pieces, None)
            if found is None:
                return b""
            if time.monotonic() > self._until:
                raise UnreadableError("the engine takes too long to send the image's files")
            self._piece, self._start = found, 0
        found = self._piece[self._start : self._start + count]
        self._start += len(found)
        return found


def _members(stream: _Pieces) -> Iterator[Member]:
    count = 0
    try:
        for member in members(stream):
            count += 1
            if count > MAX_NAMES:
                raise UnreadableError(f"the engine sends more than {MAX_NAMES} names; that is not read")
            yield member
    except TarError as error:
        raise UnreadableError(f"the engine sent a damaged archive: {error}") from None


def _entry(member: Member, path: str, linked: Entry | None) -> Entry:
    if member.kind is None:
        return Entry(path, Kind.FILE, linked.size if linked is not None else 0, member.mode)
    target = member.target if member.kind is Kind.LINK else ""
    return Entry(path, member.kind, member.size if member.kind is Kind.FILE else 0, member.mode, target)


def _is_engines(entry: Entry) -> bool:
    """Whether an engine put it there: it makes these in every container, also in one that never starts."""
    if entry.path == "/etc/mtab":
        return entry.target == "/proc/mounts"
    return any(entry.path == place or entry.path.startswith(f"{place}/") for place in ENGINES)
