"""Which files could be judged otherwise than before: those that changed, and those that name one that did.

A Dockerfile reads what it copies, an inference config the conda file it names, that one a requirements file. Whoever reads
a file has its name in it somewhere, so git searches the commit for the names of what changed, then for the names of what
was found, until nothing is added. This is only a first choice: what was really looked at decides (checking.py). It keeps
a push that concerns no image from costing more than a few calls of git.
"""

from __future__ import annotations

import os
import posixpath
import re
from fnmatch import fnmatch

from amlcheck.discover import SNIFFED, is_dockerfile_name, is_environment_name, is_left_out, states_environment
from amlcheck.hook.git import Git, GitError
from amlcheck.hook.tree import Changes, Tree

_SEARCHED = ("*.json", "*.yml", "*.yaml", "*.py", "*.txt", "*.in", "*.lock", "*.list", "*.cfg", "*.toml")
_SEARCHED_ANY_CASE = ("*dockerfile*", "*containerfile*", "*.dockerignore")
_LINKING = (".yml", ".yaml", ".txt", ".in", ".lock", ".list", ".cfg")
"""Endings of files that may stand between a changed one and one that is judged, and look like nothing themselves."""
_BUILT_BY_DEFAULT = ("build", "Build")
"""What stands in a file that has a Dockerfile of the usual name built without naming it."""
MAX_ROUNDS = 12


def _is_searched(path: str) -> bool:
    low = posixpath.basename(path).lower()
    return any(fnmatch(low, pattern) for pattern in (*_SEARCHED, *_SEARCHED_ANY_CASE))


def _expression(how: tuple[str, ...], pattern: bytes) -> bytes:
    """A pattern of git grep's in Python's notation."""
    return re.escape(pattern) if how == ("-F",) else pattern.replace(b"[^[:space:]]", rb"\S")


class Concerned:
    """The Dockerfiles and environment files of a commit that may be judged otherwise than in what the remote has."""

    def __init__(self, git: Git, tree: Tree, changes: Changes | None) -> None:
        """`changes`: None where all of the commit is new."""
        self._git = git
        self._tree = tree
        self._changes = changes
        self._stated: dict[str, bool] = {}

    def find(self) -> set[str]:
        """Their paths. Raises GitError."""
        if self._changes is None:
            return {path for path in self._tree.entries if self._is_judged(path)}
        reached = self._reached(self._changes)
        found = {path for path in reached if self._is_judged(path)}
        return found | self._partners(found) if found else found

    def is_dockerfile(self, path: str) -> bool:
        return self._is_file(path) and is_dockerfile_name(posixpath.basename(path)) and not is_left_out(path)

    def _is_file(self, path: str) -> bool:
        entry = self._tree.entries.get(path)
        return entry is not None and entry.mode.startswith(("10", "12"))

    def _is_judged(self, path: str) -> bool:
        return self.is_dockerfile(path) or self._is_environment(path)

    def _is_environment(self, path: str) -> bool:
        """Whether a file has words of an environment, as `amlcheck lint` looks for them in a folder."""
        known = self._stated.get(path)
        if known is None:
            known = self._stated[path] = (
                is_environment_name(path)
                and not is_left_out(path)
                and states_environment(posixpath.basename(path), self._content(path))
            )
        return known

    def _content(self, path: str) -> bytes:
        """What a path leads to; nothing where that is no file of this commit, is not here, or is too large to be meant."""
        way = self._tree.way(path)
        entry = self._tree.entries.get(way[-1]) if way is not None else None
        if entry is None or not entry.mode.startswith("10"):
            return b""
        size = self._git.size(entry.name)
        return (self._git.content(entry.name) or b"") if size is not None and size <= SNIFFED else b""

    # --- from what changed to who reads it ---------------------------------------------------------------------------

    def _reached(self, changes: Changes) -> set[str]:
        """What changed and is still there, what is beside it, and all that names one of these."""
        paths = {path for path in changes.paths if path in self._tree.entries}
        names = {posixpath.basename(path) for path in changes.paths}
        for path in changes.added | changes.gone.keys():
            if path.endswith(".py"):
                names.add(posixpath.basename(path)[: -len(".py")])  # as it is imported
        names |= {posixpath.basename(folder) for folder in changes.new_folders(self._tree)}
        beside = self._beside(changes)
        searched: set[str] = set()
        for number in range(MAX_ROUNDS):
            names |= {posixpath.basename(path) for path in beside} | self._links_to(names)
            names = {name for name in names if name} - searched
            if not names:
                break
            searched |= names
            found = self._naming(names, first=number == 0) | beside
            names = {posixpath.basename(path) for path in found - paths if self._leads_on(path)}
            paths |= found
            beside = set()
        return paths

    def _leads_on(self, path: str) -> bool:
        """Whether somebody may read a file that names what changed, and be concerned by that."""
        return path.lower().endswith(_LINKING) or is_dockerfile_name(posixpath.basename(path)) or self._is_judged(path)

    def _beside(self, changes: Changes) -> set[str]:
        """The Dockerfiles beside a file that may be the environment on top, and all where a .dockerignore changed."""
        folders = {posixpath.dirname(path) for path in changes.paths if is_environment_name(path)}
        everywhere = any(path.endswith(".dockerignore") for path in changes.paths)  # the context may be anywhere above
        if not folders and not everywhere:
            return set()
        near = (path for path in self._tree.entries if everywhere or posixpath.dirname(path) in folders)
        return {path for path in near if self.is_dockerfile(path)}

    def _links_to(self, names: set[str]) -> set[str]:
        """The names of symbolic links that lead to one of the names."""
        return {
            posixpath.basename(path)
            for path, target in self._tree.links.items()
            if posixpath.basename(target.rstrip("/")) in names
        }

    def _naming(self, names: set[str], first: bool) -> set[str]:
        """The files of the commit in which one of the names stands, or with variables might."""
        wanted = {name for name in names if "\n" not in name}
        if "Dockerfile" in wanted:
            wanted |= set(_BUILT_BY_DEFAULT)
        found = self._searched(("-F",), wanted)
        endings = {posixpath.splitext(name)[1] for name in wanted if name.lower().endswith((".json", *_LINKING))}
        if first and endings:
            # environment-${VARIANT}.yml, f"{name}.yml"
            found |= self._searched(("-E",), {rf"[{{$%][^[:space:]]*{re.escape(ending)}" for ending in endings})
        return found

    def _searched(self, how: tuple[str, ...], patterns: set[str]) -> set[str]:
        if not patterns:
            return set()
        given = b"\n".join(os.fsencode(pattern) for pattern in sorted(patterns)) + b"\n"
        places = (*_SEARCHED, *(f":(icase){name}" for name in _SEARCHED_ANY_CASE))
        words = ("grep", "-l", "-z", "-a", "--full-name", "--no-color", "--no-recurse-submodules", *how, "-f", "-")
        try:
            out = self._git.out(*words, self._tree.commit, "--", *places, given=given, accepted=(0, 1))
        except GitError:
            return self._searched_here(re.compile(b"|".join(_expression(how, os.fsencode(each)) for each in patterns)))
        prefix = len(self._tree.commit) + 1
        return {os.fsdecode(item[prefix:]) for item in out.split(b"\0") if item}

    def _searched_here(self, pattern: re.Pattern[bytes]) -> set[str]:
        """The same without git, which gives up at the first file that a partial clone left out."""
        words = ("rev-list", "--objects", "--no-walk", "--missing=print", self._tree.commit)
        lacking = {line[1:] for line in self._git.out(*words).decode("utf-8", "replace").split("\n") if line[:1] == "?"}
        return {
            path
            for path, entry in self._tree.entries.items()
            if entry.name not in lacking and _is_searched(path) and pattern.search(self._content(path))
        }

    # --- from who is judged to who is judged with it ------------------------------------------------------------------

    def _partners(self, found: set[str]) -> set[str]:
        """The files that those found are judged together with: environments and Dockerfiles beside and below each other."""
        dockerfiles = {path for path in self._tree.entries if self.is_dockerfile(path)}
        folders = {posixpath.dirname(path) for path in found}
        partners = {path for path in dockerfiles if posixpath.dirname(path) in folders}
        texts = [self._content(path) for path in found if not self.is_dockerfile(path)]
        partners |= {
            path for path in dockerfiles if any(os.fsencode(posixpath.basename(path)) in text for text in texts)
        }
        mine = {posixpath.dirname(path) for path in partners | found if self.is_dockerfile(path)}
        for path in self._tree.entries:
            if posixpath.dirname(path) in mine and is_environment_name(path) and self._is_environment(path):
                partners.add(path)
        return partners
