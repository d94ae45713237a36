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
from amlcheck.regex import regex

_SEARCHED = (
    *("*.json", "*.yml", "*.yaml", "*.txt", "*.in", "*.lock", "*.list", "*.cfg", "*.toml"),
    *("*dockerfile*", "*containerfile*"),
)
"""The names, in any case, of what may name a file and be concerned by it."""
_PROGRAMS = ("*.py",)
"""Searched only for what a program that states an environment may name: most repositories have many."""
_SEARCHED_ANY_CASE = ("*dockerfile*", "*containerfile*", "*.dockerignore")
_LINKING = (".yml", ".yaml", ".txt", ".in", ".lock", ".list", ".cfg")
"""Endings of files that may stand between a changed one and one that is judged, and look like nothing themselves."""
_BUILT_BY_DEFAULT = ("build", "Build")
"""What stands in a file that has a Dockerfile of the usual name built without naming it."""
MAX_ROUNDS = 12
MANY = 100
"""Changed files from which it is quicker to search for all names than to look into each."""
_SCRIPT = regex(rb"^(?:async )?def (?:init|run)\s*\(", re.MULTILINE)
_MODULE = regex(r"[A-Za-z_]\w*")
_IMPORTED = r"^[[:space:]]*(import|from)[[:space:]](.*[^A-Za-z0-9_])?%s($|[^A-Za-z0-9_])"


def _is_at(path: str, places: tuple[str, ...]) -> bool:
    low = posixpath.basename(path).lower()
    return any(fnmatch(low, pattern) for pattern in places)


def _expression(how: str, pattern: bytes) -> bytes:
    """A pattern of git grep's in Python's notation."""
    if how == "-F":
        return re.escape(pattern)
    return pattern.replace(b"[^[:space:]]", rb"\S").replace(b"[[:space:]]", rb"[ \t]")


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
        return self._object(entry.name) if entry is not None and entry.mode.startswith("10") else b""

    def _object(self, name: str) -> bytes:
        """A content; nothing where it is not here or is too large to be meant."""
        size = self._git.size(name)
        return (self._git.content(name) or b"") if size is not None and size <= SNIFFED else b""

    # --- from what changed to who reads it ---------------------------------------------------------------------------

    def _reached(self, changes: Changes) -> set[str]:
        """What changed and is still there, what is beside it, and all that names one of these."""
        paths = {path for path in changes.paths if path in self._tree.entries}
        names = {posixpath.basename(path) for path in changes.paths}
        names |= {posixpath.basename(folder) for folder in changes.new_folders(self._tree)}
        moved = {path for path in (*changes.added, *changes.gone) if path.endswith(".py")}
        modules = {posixpath.basename(path)[: -len(".py")] for path in moved}
        modules |= {posixpath.basename(folder) for folder in changes.new_folders(self._tree)}
        in_programs = {
            posixpath.basename(path) for path in changes.paths if self._may_be_named_by_program(path, changes)
        }
        beside = self._beside(changes)
        found = self._searched(
            "-E", {_IMPORTED % re.escape(name) for name in modules if _MODULE.fullmatch(name)}, _PROGRAMS
        )
        found |= self._with_variables(names)
        searched: set[str] = set()
        for _ in range(MAX_ROUNDS):
            leading = {posixpath.basename(path) for path in found - paths | beside if self._leads_on(path)}
            paths |= found | beside
            names |= leading | self._links_to(names)
            names = {name for name in names if name and "\n" not in name} - searched
            if not names:
                break
            searched |= names
            found = self._naming(names, in_programs | leading)
            names, beside = set(), set()
        return paths

    def _may_be_named_by_program(self, path: str, changes: Changes) -> bool:
        """Whether SDK code may use a file: an environment, a Dockerfile, a script that is deployed, a model."""
        if not path.endswith(".py"):
            return path not in changes.modified or is_environment_name(path) or self.is_dockerfile(path)
        if len(changes.paths) > MANY:
            return True
        before = changes.gone.get(path) or changes.modified.get(path, "")
        contents = (self._content(path), self._object(before) if before else b"")
        return any(_SCRIPT.search(content) for content in contents)

    def _leads_on(self, path: str) -> bool:
        """Whether somebody may read a file that names what changed, and be concerned by that."""
        return path.lower().endswith(_LINKING) or is_dockerfile_name(posixpath.basename(path)) or self._is_judged(path)

    def _beside(self, changes: Changes) -> set[str]:
        """The Dockerfiles beside a file that may be the environment on top, and all where a .dockerignore changed."""
        folders = {posixpath.dirname(path) for path in changes.paths if is_environment_name(path)}
        everywhere = any(path.endswith(".dockerignore") for path in changes.paths)  # the context may be anywhere above
        if not folders and not everywhere:
            return set()
        near = (path for path in self._tree.entries if everywhere or path.rpartition("/")[0] in folders)
        return {path for path in near if self.is_dockerfile(path)}

    def _links_to(self, names: set[str]) -> set[str]:
        """The names of symbolic links that lead to one of the names."""
        return {
            posixpath.basename(path)
            for path, target in self._tree.links.items()
            if posixpath.basename(target.rstrip("/")) in names
        }

    def _naming(self, names: set[str], in_programs: set[str]) -> set[str]:
        """The files of the commit in which one of the names stands; in programs only those."""
        wanted = names | (set(_BUILT_BY_DEFAULT) if "Dockerfile" in names else set())
        if programs := wanted & (in_programs | set(_BUILT_BY_DEFAULT)):
            found = self._searched("-F", programs, (*_SEARCHED, *_PROGRAMS))
            return found | self._searched("-F", wanted - programs, _SEARCHED)
        return self._searched("-F", wanted, _SEARCHED)

    def _with_variables(self, names: set[str]) -> set[str]:
        """The files that may put one of the names together: environment-${VARIANT}.yml, f"{name}.yml"."""
        endings = {posixpath.splitext(name)[1] for name in names if name.lower().endswith((".json", *_LINKING))}
        patterns = {rf"[{{$%][^[:space:]]*{re.escape(ending)}" for ending in endings}
        return self._searched("-E", patterns, (*_SEARCHED, *_PROGRAMS))

    def _searched(self, how: str, patterns: set[str], places: tuple[str, ...]) -> set[str]:
        """The files at those places in which one of the patterns is found. Raises GitError."""
        if not patterns:
            return set()
        given = b"\n".join(os.fsencode(pattern) for pattern in sorted(patterns)) + b"\n"
        words = ("grep", "-l", "-z", "-a", "--full-name", "--no-color", "--no-recurse-submodules", how, "-f", "-")
        meant = tuple(f":(icase){place}" for place in places)
        try:
            out = self._git.out(*words, self._tree.commit, "--", *meant, given=given, accepted=(0, 1))
        except GitError:
            expression = re.compile(b"|".join(_expression(how, os.fsencode(each)) for each in patterns), re.MULTILINE)
            return self._searched_here(expression, places)
        prefix = len(self._tree.commit) + 1
        return {os.fsdecode(item[prefix:]) for item in out.split(b"\0") if item}

    def _searched_here(self, pattern: re.Pattern[bytes], places: tuple[str, ...]) -> set[str]:
        """The same without git, which gives up at the first file that a partial clone left out."""
        words = ("rev-list", "--objects", "--no-walk", "--missing=print", self._tree.commit)
        lacking = {line[1:] for line in self._git.out(*words).decode("utf-8", "replace").split("\n") if line[:1] == "?"}
        return {
            path
            for path, entry in self._tree.entries.items()
            if entry.name not in lacking and _is_at(path, places) and pattern.search(self._content(path))
        }

    # --- from who is judged to who is judged with it ------------------------------------------------------------------

    def _partners(self, found: set[str]) -> set[str]:
        """The files that those found are judged together with: environments and Dockerfiles beside and below each other."""
        dockerfiles = {path for path in self._tree.entries if self.is_dockerfile(path)}
        folders = {posixpath.dirname(path) for path in found}
        partners = {path for path in dockerfiles if posixpath.dirname(path) in folders}
        texts = [self._content(path) for path in found if not self.is_dockerfile(path)]
        names = {posixpath.basename(path) for path in dockerfiles}
        named = {name for name in names if any(os.fsencode(name) in text for text in texts)}
        partners |= {path for path in dockerfiles if posixpath.basename(path) in named}
        mine = {posixpath.dirname(path) for path in partners | found if self.is_dockerfile(path)}
        for path in self._tree.entries:
            if posixpath.dirname(path) in mine and is_environment_name(path) and self._is_environment(path):
                partners.add(path)
        return partners
