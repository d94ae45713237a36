"""A commit's files, by their paths, and what differs between two commits."""

from __future__ import annotations

import os
import posixpath
import re
from functools import cached_property

from amlcheck.hook.git import Git
from amlcheck.records import dataclass
from amlcheck.regex import regex

LINK = "120000"
SUBMODULE = "160000"
MAX_LINKS = 40
"""Symbolic links on the way to a file, as Linux allows them."""
MAX_TARGET = 4096
"""Bytes of a symbolic link's target."""


_IMPOSSIBLE = regex(r"(?:^|/)(?:\.{0,2}|\.git)(?:/|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, a symbolic link, or a submodule."""

    mode: str
    name: str
    """Of the object: the content, the link's target, or the submodule's commit."""


class Tree:
    """What a commit holds. Paths are relative to its top, with slashes; their bytes are decoded as file names are."""

    def __init__(self, git: Git, commit: str) -> None:
        self.git = git
        self.commit = commit

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """By path; without what no file system could hold at its place (such as a folder called "..")."""
        found: dict[str, Entry] = {}
        for item in os.fsdecode(self.git.out("ls-tree", "-r", "-z", "--full-tree", self.commit)).split("\0"):
            told, _, path = item.partition("\t")
            if path and not _IMPOSSIBLE.search(path):
                found[path] = Entry(told[:6], told.rpartition(" ")[2])
        return found

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder, "" (the top) among them."""
        found = {""}
        for path in self.entries:
            folder = posixpath.dirname(path)
            while folder not in found:
                found.add(folder)
                folder = posixpath.dirname(folder)
        return frozenset(found)

    @cached_property
    def links(self) -> dict[str, str]:
        """The target of every symbolic link, by its path; without those whose target is not here."""
        found: dict[str, str] = {}
        for path, entry in self.entries.items():
            if entry.mode == LINK and (self.git.size(entry.name) or MAX_TARGET) < MAX_TARGET:
                found[path] = os.fsdecode(self.git.content(entry.name) or b"")
        return found

    @cached_property
    def submodules(self) -> frozenset[str]:
        """Where another repository's commit stands."""
        return frozenset(path for path, entry in self.entries.items() if entry.mode == SUBMODULE)

    def way(self, path: str) -> list[str] | None:
        """The links that are passed on the way to a path, and what they lead to at last; None where they lead outside."""
        passed: list[str] = []
        while len(passed) <= MAX_LINKS:
            link = self._first_link(path)
            if link is None:
                return [*passed, path]
            passed.append(link)
            target = self.links[link]
            rest = path[len(link) + 1 :]
            if target.startswith("/"):
                return None
            path = posixpath.normpath(posixpath.join(posixpath.dirname(link), target, rest))
            path = "" if path == "." else path
            if path == ".." or path.startswith("../"):
                return None
        return None

    def _first_link(self, path: str) -> str | None:
        """The first part of a path that is a symbolic link."""
        if not self.links:
            return None
        at = path.find("/")
        while at > 0:
            if path[:at] in self.links:
                return path[:at]
            at = path.find("/", at + 1)
        return path if path in self.links else None


class Changes:
    """What differs between a commit of the remote and the one that is pushed: paths, and whether they are new or gone."""

    def __init__(self, git: Git, base: str, commit: str) -> None:
        self.base = base
        self._git = git
        self.modified: dict[str, str] = {}
        """What is there in both, and the object that it was."""
        self.added: set[str] = set()
        self.gone: dict[str, str] = {}
        """What is no longer there, and the object that it was."""
        out = git.out("diff-tree", "-r", "-z", "--raw", "--no-renames", "--full-index", base, commit)
        items = out.split(b"\0")
        for told, path in zip(items[0::2], items[1::2], strict=False):
            before, after, old, new, status = told.decode("ascii").lstrip(":").split(" ")
            shown = os.fsdecode(path)
            if status == "A":
                self.added.add(shown)
            elif status == "D":
                self.gone[shown] = old
            elif old != new or before[:2] != after[:2]:  # not where only the permissions are others
                self.modified[shown] = old

    @cached_property
    def paths(self) -> frozenset[str]:
        return frozenset((*self.modified, *self.added, *self.gone))

    @cached_property
    def _folders(self) -> frozenset[str]:
        """Folders in which something is new or gone, so that they themselves may be."""
        found: set[str] = set()
        for path in (*self.added, *self.gone):
            folder = posixpath.dirname(path)
            while folder and folder not in found:
                found.add(folder)
                folder = posixpath.dirname(folder)
        return frozenset(found)

    def new_folders(self, tree: Tree) -> set[str]:
        """Folders that are there in one of the two commits only."""
        return {path for path in self._folders if (path in tree.folders) is not (path in self._before)}

    def touches(self, path: str, tree: Tree) -> bool:
        """Whether a look at a path would have told something else in the base."""
        part = path
        while part:
            if part in self.paths:  # itself, or a link or submodule on the way to it
                return True
            part = posixpath.dirname(part)
        return path in self._folders and (path in tree.folders) is not (path in self._before)

    @cached_property
    def _before(self) -> frozenset[str]:
        """The folders of the base."""
        out = self._git.out("ls-tree", "-r", "-d", "-z", "--name-only", "--full-tree", self.base)
        return frozenset(os.fsdecode(out).split("\0"))
