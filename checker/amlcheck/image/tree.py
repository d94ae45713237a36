"""The file system of an image, as probes see it: an interface. The tree that entries make is in `image/index_tree.py`.

Every path is absolute and resolved inside the image's own root, whatever its links say; nothing here touches the host.
Patterns are those of `find -path`: fnmatch over the whole absolute path, in which `*` also matches "/".
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Protocol

from amlcheck.image.patterns import Patterns
from amlcheck.records import dataclass

MAX_CONTENT = 16 << 20
"""Bytes of one file that are read or kept; dpkg's status file of a large image has about 3 MB."""
MAX_LINKS = 40
"""Symbolic links followed for one path, as Linux does."""
MAX_MATCHES = 100
MAX_MATCH = 200
PSEUDO = (
    *("/proc", "/sys", "/dev"),
    *("/tmp", "/var/lib/apt/lists/partial", "/var/cache/apt/archives/partial"),
    *("/usr/share/doc", "/usr/share/man", "/usr/share/locale", "/usr/share/perl", "/usr/share/perl5"),
    *(
        "/usr/share/zoneinfo",
        "/usr/share/X11",
        "/usr/share/terminfo",
        "/usr/lib/terminfo",
        "/usr/share/bash-completion",
    ),
)
"""What `find` passes over: what a container shows and is no part of an image, what is left over or half there, and half of a
small system's folders, which only document the rest or are data for other programs. An engine's container has a file
system of its own at /tmp, and apt's folders are closed even to root, without its capabilities.
"""
COMPILED = "__pycache__"
"""The name of folders that `find` passes over too: what Python makes again of its sources, a third of a prefix's folders."""


class Kind(Enum):
    """What a path is."""

    FILE = "file"
    DIRECTORY = "directory"
    LINK = "link"
    OTHER = "other"
    """Devices, pipes and sockets; never opened."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A path of the image, itself and not what it links to."""

    path: str
    """Absolute and normal: no "..", no "//", no end slash; the root is "/"."""
    kind: Kind
    size: int = 0
    """Bytes of a file; 0 for anything else."""
    mode: int = 0o644
    """Permission bits, with set-uid and the like."""
    target: str = ""
    """Where a symbolic link points, as it is written."""

    @property
    def name(self) -> str:
        return posixpath.basename(self.path)

    @property
    def executable(self) -> bool:
        return self.kind is Kind.FILE and bool(self.mode & 0o111)


class NotReadableError(Exception):
    """A file of the image that is not there, is no file, is too large or cannot be had; the reason is its text."""


class UnseenError(Exception):
    """Whether a file is there cannot be told, now or ever; the reason is its text. A probe need not catch it."""


@dataclass(frozen=True)
class Wanted:
    """What probes will ask of a tree, told before layers are read or the container is searched.

    A tree answers anything all the same; what was not announced costs another look.
    """

    contents: tuple[str, ...] = ()
    """Patterns of files whose contents (up to MAX_CONTENT) may be read, and of names that `find` may be asked for."""
    names: tuple[str, ...] = ()
    """Patterns that `find` may be asked for besides."""
    searches: tuple[tuple[str, str], ...] = ()
    """(pattern of files, regular expression) that `search` may be asked for; the expression is valid, and means the
    same, for Python's re over bytes and for `grep -E`: literals, classes, +, ?, *, groups and |."""

    @property
    def patterns(self) -> tuple[str, ...]:
        """All patterns, each once."""
        return tuple(dict.fromkeys((*self.contents, *self.names, *(pattern for pattern, _ in self.searches))))

    def __or__(self, other: Wanted) -> Wanted:
        def joined(mine: tuple, theirs: tuple) -> tuple:  # type: ignore[type-arg]
            return tuple(dict.fromkeys((*mine, *theirs)))

        return Wanted(
            joined(self.contents, other.contents),
            joined(self.names, other.names),
            joined(self.searches, other.searches),
        )


class Tree(Protocol):
    """The files of one image. Paths are absolute; relative ones are taken from the root.

    Everything may raise UnseenError: what could not be looked at is not absent.
    """

    def lstat(self, path: str) -> Entry | None:
        """The entry at a path whose folders may be links but whose last part is not followed; None where there is none."""

    def stat(self, path: str) -> Entry | None:
        """The entry that a path leads to, all links followed; None where it leads nowhere or in a circle."""

    def names(self, path: str) -> list[str]:
        """The names in a folder, sorted; empty where it is none."""

    def find(self, *patterns: str) -> list[Entry]:
        """The entries whose own path fits one of the patterns, links not followed, by path; not what `is_pseudo` tells of."""

    def read(self, path: str, limit: int = MAX_CONTENT) -> bytes:
        """The content of the file that a path leads to. Raises NotReadableError, also where it has more than `limit` bytes."""

    def search(self, path: str, expression: str) -> list[str]:
        """The distinct matches of an expression in the file that a path leads to, in its order; the file may have any size.

        At most MAX_MATCHES, each of at most MAX_MATCH bytes. Raises NotReadableError.
        """


def file_at(tree: Tree, path: str) -> Entry:
    """The file that a path leads to. Raises NotReadableError."""
    entry = tree.stat(path)
    if entry is None:
        raise NotReadableError(f"{path} is not in the image")
    if entry.kind is not Kind.FILE:
        raise NotReadableError(f"{path} is no file")
    return entry


def normal(path: str) -> str:
    """A path as `Entry.path` has it."""
    return posixpath.normpath("/" + path.lstrip("/"))


def is_pseudo(path: str) -> bool:
    """Whether a path is one that `find` passes over, or below one."""
    if path.startswith(PSEUDO) and any(path == folder or path.startswith(folder + "/") for folder in PSEUDO):
        return True
    return f"/{COMPILED}/" in path or path.endswith(f"/{COMPILED}")


def resolve(path: str, lookup: Callable[[str], Entry | None], follow_last: bool = True) -> Entry | None:
    """Follows a path part by part inside the root; `lookup` gives the entry of a path that has no links in it."""
    here, links = "/", 0
    ahead = [part for part in path.split("/") if part not in ("", ".")][::-1]
    entry = lookup("/") or Entry("/", Kind.DIRECTORY, mode=0o755)
    while ahead:
        part = ahead.pop()
        if part == "..":
            here = posixpath.dirname(here)
            entry = lookup(here) or Entry(here, Kind.DIRECTORY, mode=0o755)
            continue
        if entry.kind is not Kind.DIRECTORY:
            return None
        there = lookup(posixpath.join(here, part))
        if there is None:
            return None
        if there.kind is Kind.LINK and (ahead or follow_last):
            links += 1
            if links > MAX_LINKS:
                return None
            if there.target.startswith("/"):
                here = "/"
            ahead.extend(step for step in there.target.split("/")[::-1] if step not in ("", "."))
            entry = lookup(here) or Entry(here, Kind.DIRECTORY, mode=0o755)
            continue
        here, entry = there.path, there
    return entry


def matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether a path fits one of the patterns."""
    return Patterns(patterns)
