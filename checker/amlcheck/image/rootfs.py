"""A root file system that lies unpacked in a folder.

Its links are followed as a program inside it would follow them; no link leads out of the folder. A path is opened part by
part, each from the one before and without following a link, so that nothing that changes meanwhile leads out either. Only
folders and regular files are opened: no device, no pipe, nothing in another mounted file system.
"""

from __future__ import annotations

import os
import stat
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from amlcheck.errors import UnreadableError
from amlcheck.image.layer import CHUNK
from amlcheck.image.layer_builder import MAX_NAMES
from amlcheck.image.patterns import Patterns, candidates, joined
from amlcheck.image.searching import Patience, Search
from amlcheck.image.tree import MAX_CONTENT, Entry, Kind, NotReadableError, is_pseudo, resolve

_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_FOLDER = os.O_RDONLY | _NO_FOLLOW | getattr(os, "O_DIRECTORY", 0)
_FILE = os.O_RDONLY | _NO_FOLLOW | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_POSIX = os.open in os.supports_dir_fd and os.scandir in os.supports_fd and hasattr(os, "O_NOFOLLOW")


class RootfsTree:
    """The files in a folder, as a `Tree`. UnreadableError where it is no folder or cannot be opened."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._shown = os.fspath(folder)
        if not _POSIX:
            raise UnreadableError(
                f"{self._shown}: a folder is read safely on Linux and macOS only; use an archive here"
            )
        try:
            self._root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise UnreadableError(f"{self._shown} cannot be opened as a folder: {error.strerror}") from error
        self._finalizer = weakref.finalize(self, os.close, self._root)
        self._device = os.fstat(self._root).st_dev
        self._walked: tuple[list[str], bytes] | None = None
        self._patience = Patience()
        self.unread: dict[str, str] = {}
        """Folders whose names `find` could not see, and why; known after the first `find`."""

    def close(self) -> None:
        """Lets the folder go. May be called more than once."""
        self._finalizer()

    def lstat(self, path: str) -> Entry | None:
        return resolve(path, self._lookup, follow_last=False)

    def stat(self, path: str) -> Entry | None:
        return resolve(path, self._lookup)

    def names(self, path: str) -> list[str]:
        folder = self.stat(path)
        if folder is None or folder.kind is not Kind.DIRECTORY:
            return []
        try:
            with self._folder(folder.path) as opened:
                return sorted(os.listdir(opened))
        except OSError:
            return []

    def find(self, *patterns: str) -> list[Entry]:
        """As `Tree.find`. Raises UnreadableError where there are more than MAX_NAMES names."""
        if self._walked is None:
            paths = sorted(self._walk())
            self._walked = paths, joined(paths)
        paths, text = self._walked
        found: set[str] = set()
        for pattern in dict.fromkeys(patterns):
            likely = candidates(text, pattern)
            found.update(filter(Patterns((pattern,)), paths if likely is None else likely))
        entries = (self._lookup(path) for path in sorted(found))
        return [entry for entry in entries if entry is not None]

    def read(self, path: str, limit: int = MAX_CONTENT) -> bytes:
        with self._file(path) as (file, size):
            if size > limit:
                raise NotReadableError(f"{path} has {size} bytes; more than {limit} are not read")
            return file.read(limit)

    def search(self, path: str, expression: str) -> list[str]:
        search = Search(expression, self._patience)
        with self._file(path) as (file, _):
            while not search.finished and (piece := file.read(CHUNK)):
                search.feed(piece)
        search.feed(b"", last=True)
        if self._patience.over:
            raise NotReadableError(f"searching the image took longer than {self._patience.limit:g} s")
        return search.matches

    @contextmanager
    def open(self, path: str) -> Iterator[tuple[BinaryIO, int]]:
        """The file that a path leads to, and its size. Raises NotReadableError."""
        with self._file(path) as found:
            yield found

    @contextmanager
    def _file(self, path: str) -> Iterator[tuple[BinaryIO, int]]:
        entry = self.stat(path)
        if entry is None:
            raise NotReadableError(f"{path} is not in the image")
        if entry.kind is not Kind.FILE:
            raise NotReadableError(f"{path} is no file")
        try:
            folder, _, name = entry.path.rpartition("/")
            with (
                self._folder(folder) as opened,
                os.fdopen(os.open(name, _FILE, dir_fd=opened), "rb", buffering=0) as file,
            ):
                found = os.fstat(file.fileno())
                if not stat.S_ISREG(found.st_mode):
                    raise NotReadableError(f"{path} is no file")
                yield file, found.st_size
        except OSError as error:
            raise NotReadableError(f"{path} cannot be read: {error.strerror}") from error

    @contextmanager
    def _folder(self, path: str) -> Iterator[int]:
        """A folder, opened part by part. Raises OSError."""
        here = os.dup(self._root)
        try:
            for part in path.split("/"):
                if part:
                    below = os.open(part, _FOLDER, dir_fd=here)
                    os.close(here)
                    here = below
                    if os.fstat(here).st_dev != self._device:
                        raise OSError(0, "it is in another file system that is mounted there")
            yield here
        finally:
            os.close(here)

    def _lookup(self, path: str) -> Entry | None:
        """The entry of a path that has no links in it but perhaps its last part."""
        try:
            found = os.stat(path.lstrip("/") or ".", dir_fd=self._root, follow_symlinks=False)
            target = os.readlink(path.lstrip("/"), dir_fd=self._root) if stat.S_ISLNK(found.st_mode) else ""
        except (OSError, ValueError):
            return None
        kind = (
            Kind.FILE
            if stat.S_ISREG(found.st_mode)
            else Kind.DIRECTORY
            if stat.S_ISDIR(found.st_mode)
            else Kind.LINK
            if stat.S_ISLNK(found.st_mode)
            else Kind.OTHER
        )
        size = found.st_size if kind is Kind.FILE else 0
        return Entry(path, kind, size, stat.S_IMODE(found.st_mode), target)

    def _walk(self) -> Iterator[str]:
        """Every path, and what could not be seen into `unread`."""
        yield "/"
        count, ahead = 1, [""]
        while ahead:
            folder = ahead.pop()
            try:
                with self._folder(folder) as opened, os.scandir(opened) as entries:
                    for entry in entries:
                        path = f"{folder}/{entry.name}"
                        if is_pseudo(path):
                            continue
                        count += 1
                        if count > MAX_NAMES:
                            raise UnreadableError(f"{self._shown} has more than {MAX_NAMES} names; that is not read")
                        yield path
                        if entry.is_dir(follow_symlinks=False):
                            ahead.append(path)
            except OSError as error:
                self.unread[folder or "/"] = str(error.strerror or error)
