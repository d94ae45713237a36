"""Unpacks an image into a folder: only where its programs are to run in a sandbox, for everything else nothing is unpacked.

Folders are made first, then files, and links last: while something is written, no link is there that it could follow.
What is written belongs to whoever runs this; there are no devices, no pipes and no set-uid bits, and the owner may read and
remove all of it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from amlcheck.errors import UnreadableError
from amlcheck.image.layer import LayerStream, telling
from amlcheck.image.layer_cache import LayerCache
from amlcheck.image.overlay import Stored, merged_of
from amlcheck.image.tar import Member, Stream, members
from amlcheck.image.tree import Kind, Wanted

MAX_UNPACKED = 64 << 30
"""Bytes of all files of an image; the largest of Azure ML's GPU images have 15 GB."""
SPARE = 256 << 20
"""Bytes that stay free on the disk."""
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def unpack(stored: Stored, folder: Path, wanted: Wanted = Wanted(), cache: LayerCache | None = None) -> None:  # noqa: B008
    """Unpacks an image into a folder that is empty or not there yet; its files are known from `cache`, as `tree_of` keeps it.

    Raises UnreadableError; nothing is left then.
    """
    made = not folder.exists()
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if any(folder.iterdir()):
            raise UnreadableError(f"{folder} is not empty; an image is unpacked into a folder of its own")
    except OSError as error:
        raise UnreadableError(f"{folder} cannot be made: {error.strerror}") from error
    root = -1
    try:
        root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        _Unpacking(stored, folder, root, wanted, cache).run()
    except BaseException as error:
        empty(folder)
        if made:
            folder.rmdir()
        if isinstance(error, OSError):
            raise UnreadableError(f"the image cannot be unpacked into {folder}: {error.strerror or error}") from error
        raise
    finally:
        if root >= 0:
            os.close(root)


def empty(folder: Path) -> None:
    """Removes everything in a folder; links in it are removed and not followed."""
    for entry in list(os.scandir(folder)):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)


class _Unpacking:
    """One image on its way into a folder."""

    def __init__(self, stored: Stored, folder: Path, root: int, wanted: Wanted, cache: LayerCache | None) -> None:
        self._layers, self._root = stored.layers, root
        self._merged = merged_of(stored, wanted, cache)
        self._paths: dict[int, dict[int, list[str]]] = {}
        """By layer, and by where in it a file begins: its paths, of which there are several for hard links."""
        self._folder = folder

    def run(self) -> None:
        links = []
        total = 0
        for path in sorted(self._merged):
            entry = self._merged[path]
            if entry.kind is Kind.DIRECTORY and path != "/":
                os.mkdir(_raw(path), 0o700, dir_fd=self._root)
            elif entry.kind is Kind.LINK:
                links.append(entry)
            elif entry.kind is Kind.FILE:
                number, start = self._file(path)
                paths = self._paths.setdefault(number, {}).setdefault(start, [])
                total += 0 if paths else entry.size
                paths.append(path)
        self._check_room(total)
        for number, files in self._paths.items():
            self._write(number, files)
        for entry in links:
            os.symlink(entry.target.encode("utf-8", "surrogateescape"), _raw(entry.path), dir_fd=self._root)
        for path in sorted(self._merged, reverse=True):
            entry = self._merged[path]
            if entry.kind is Kind.DIRECTORY:
                os.chmod(_raw(path) or b".", (entry.mode & 0o777) | 0o700, dir_fd=self._root)

    def _file(self, path: str) -> tuple[int, int]:
        number, index, place = self._merged.source(path)
        return number, index.starts[place]

    def _check_room(self, total: int) -> None:
        free = shutil.disk_usage(self._folder).free - SPARE
        if total > MAX_UNPACKED:
            raise UnreadableError(
                f"the image has {total >> 20} MB of files; more than {MAX_UNPACKED >> 20} are not unpacked"
            )
        if total > free:
            raise UnreadableError(
                f"the image needs {total >> 20} MB in {self._folder}, and {max(free, 0) >> 20} are free;"
                " make room, or name another folder in TMPDIR"
            )

    def _write(self, number: int, files: dict[int, list[str]]) -> None:
        """Writes the files that a layer has, reading it once from its beginning."""
        layer = self._layers[number]
        with LayerStream(layer) as stream:
            with telling(layer):
                for member in members(stream):
                    paths = files.get(member.start)
                    if paths is not None and member.kind is Kind.FILE:
                        try:
                            self._write_file(member, stream, paths)
                        except OSError as error:
                            raise UnreadableError(
                                f"{layer.name} cannot be unpacked into {self._folder}: {error.strerror or error}"
                            ) from error
            stream.finish()

    def _write_file(self, member: Member, stream: Stream, paths: list[str]) -> None:
        mode = (self._merged[paths[0]].mode & 0o777) | 0o600
        with os.fdopen(os.open(_raw(paths[0]), _NEW, mode, dir_fd=self._root), "wb") as file:
            if member.segments is None:
                for piece in stream.pieces(member.stored):
                    file.write(piece)
            else:
                for offset, length in member.segments:
                    file.seek(offset)
                    for piece in stream.pieces(length):
                        file.write(piece)
                file.truncate(member.size)
            os.fchmod(file.fileno(), mode)
        for path in paths[1:]:
            os.link(_raw(paths[0]), _raw(path), src_dir_fd=self._root, dst_dir_fd=self._root, follow_symlinks=False)


def _raw(path: str) -> bytes:
    """A path as the system has it, relative to the folder."""
    return path.lstrip("/").encode("utf-8", "surrogateescape")
