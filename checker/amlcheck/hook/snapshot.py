"""A commit's files in a private folder, each put there when the check first looks at it, and a note of every look.

So the check reads what is pushed and nothing else, whatever the working tree holds; of a large repository only the few
files that matter are written. What the commit names but this repository does not have (Git LFS, submodules, what a partial
clone left out) is there and cannot be read, so that it is undecided instead of missing.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from amlcheck.discover import SNIFFED, states_environment
from amlcheck.hook.git import Git
from amlcheck.hook.large_files import MAX_POINTER, pointed_at, stored
from amlcheck.hook.tree import SUBMODULE, Tree

MAX_BYTES = 10 << 20
"""Bytes of a file that are written; the readers refuse larger ones by their size, which is kept."""
MAX_HOLE = 1 << 40
"""Bytes of a file that is only stated to be so large."""
_OUTSIDE = "is behind a symbolic link that leads out of the repository"
_IN_LFS = "its content is in Git LFS and not here"
_NOT_HERE = "its content is not in this repository (a partial or shallow clone)"


class Snapshot:
    """A `looking.Listener` that brings the files of one commit below a folder."""

    def __init__(self, git: Git, tree: Tree, folder: Path) -> None:
        """`folder` is empty; the check is made in it."""
        self.in_this_process = True
        self.tree = tree
        self.folder = folder
        self.looked: set[str] = set()
        """Every path that was looked at since this was last emptied, the links on the way and what is not there included."""
        self.lacking: dict[str, str] = {}
        """What is named by the commit and cannot be read, with the reason; for the whole of the commit."""
        self._git = git
        self._root = os.path.realpath(folder)
        self._brought: set[str] = set()

    # --- what the check asks -----------------------------------------------------------------------------------------

    def at(self, path: str) -> bool:
        """Whether a path is inside the commit; what is there is then in the folder."""
        inside = self._inside(path)
        if inside is None:
            return False
        self.bring(inside)
        return True

    def inside(self, path: str) -> None:
        """What is checked is named by the hook: nothing that it needs is listed."""

    def add(self, looks: Iterable[tuple[str, str, str]], lasting: bool) -> None:
        """All looks are made in this process, and in this run."""

    def into(self, path: str) -> str:
        inside = self._inside(path)
        if inside is None:
            return "is outside of the repository"
        self.bring(inside)
        way = self.tree.way(inside)
        return self.lacking.get(inside) or (self.lacking.get(way[-1], "") if way is not None else "")

    def stated_environment(self, path: str, name: str) -> bool:
        """Whether an object, which was the file at a path, has words of an environment."""
        size = self._git.size(name)
        content = self._git.content(name) if size is not None and size <= SNIFFED else None
        return content is not None and states_environment(posixpath.basename(path), content)

    def _inside(self, path: str) -> str | None:
        """A path as the commit has it; None where it is outside."""
        full = os.path.join(self._root, path) if not os.path.isabs(path) else path
        inside = os.path.relpath(os.path.normpath(full), self._root).replace(os.sep, "/")
        if inside == ".." or inside.startswith("../") or os.path.isabs(inside):
            return None
        return "" if inside == "." else inside

    # --- what is brought ---------------------------------------------------------------------------------------------

    def bring(self, path: str) -> None:
        """Puts a file, or the folder, at its place, and what links lead to. Does nothing where nothing is."""
        way = self.tree.way(path)
        self.looked.add(path)
        if way is None:
            self._lacks(path, _OUTSIDE, 0)
            return
        self.looked.update(way)
        linked = [self._link(link) for link in way[:-1]]
        self._put(way[-1], way[-1] if all(linked) else path)

    def _link(self, path: str) -> bool:
        """Whether a symbolic link could be made; where the system has none, the file stands in its place."""
        place = self._place(path)
        if path not in self._brought:
            self._brought.add(path)
            with suppress(OSError):
                os.makedirs(os.path.dirname(place), exist_ok=True)
                os.symlink(self.tree.links[path], place)
        return os.path.islink(place)

    def _put(self, path: str, at: str) -> None:
        """Puts what the commit has at a path where it is looked for."""
        if at in self._brought:
            return
        self._brought.add(at)
        entry = self.tree.entries.get(path)
        with suppress(OSError):  # a name that this system cannot have: nothing is there
            if (entry is None and path in self.tree.folders) or (entry is not None and entry.mode == SUBMODULE):
                os.makedirs(self._place(at), exist_ok=True)
            elif entry is not None and entry.mode.startswith("10"):
                self._write(path, entry.name, at)
            elif entry is None and (submodule := self._submodule(path)) is not None:
                self._lacks(at, f"stands in the submodule {submodule}, which is not looked into", 0)

    def _write(self, path: str, name: str, at: str) -> None:
        size = self._git.size(name)
        if size is None:
            self._lacks(at, _NOT_HERE, 0)
            return
        content = self._git.content(name) if size <= MAX_BYTES else None
        pointer = pointed_at(content) if content is not None and size <= MAX_POINTER else None
        if pointer is None:
            self._make(at, content or b"", size)
            return
        digest, real_size = pointer
        real = stored(self._git, digest, MAX_BYTES)
        if real is not None:
            self._make(at, real, len(real))
        else:
            self._lacks(at, _IN_LFS, real_size)

    def _lacks(self, path: str, why: str, size: int) -> None:
        self.lacking[path] = why
        with suppress(OSError):
            self._make(path, b"", size)

    def _submodule(self, path: str) -> str | None:
        """The submodule that a path stands in."""
        folder = posixpath.dirname(path)
        while folder:
            if folder in self.tree.submodules:
                return folder
            folder = posixpath.dirname(folder)
        return None

    def _place(self, path: str) -> str:
        return os.path.join(self._root, *path.split("/")) if path else self._root

    def _make(self, path: str, content: bytes, size: int) -> None:
        """A file of that content, with a hole up to its size."""
        place = self._place(path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb") as file:
            file.write(content)
            if size > len(content):
                file.truncate(min(size, MAX_HOLE))
