"""The build context: which files a COPY can bring, through .dockerignore. Nothing outside the context is ever read."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from amlcheck import looking
from amlcheck.dockerfile.source import Source

MAX_FILE = 1 << 20
"""Bytes of a context file that are read."""
MAX_COMPARED = 200_000
"""What comparing paths with patterns of .dockerignore may take for one Dockerfile; a plain comparison is one."""
MAX_PATTERN = 1_000
"""Characters of such a pattern; a longer one is taken to leave everything out."""


class Context:
    """A folder as Docker would send it to the builder."""

    def __init__(
        self, folder: Path, dockerfile: Path | None = None, changed: Mapping[str, bytes] | None = None
    ) -> None:
        self.folder = folder
        self._changed = changed or {}
        self._dockerfile = dockerfile or folder / "Dockerfile"
        self._left = MAX_COMPARED
        self._ignored: dict[str, bool] = {}
        self._read: dict[str, Source | None] = {}

    @cached_property
    def _patterns(self) -> list[tuple[IgnorePattern, bool]]:
        for path in (Path(f"{self._dockerfile}.dockerignore"), self.folder / ".dockerignore"):
            if looking.into(path):
                continue
            try:
                text = path.read_bytes()[:MAX_FILE].decode("utf-8-sig", "replace")
            except OSError:
                continue
            return _ignore_patterns(text)
        return []

    def ignores(self, path: str) -> bool:
        """Whether .dockerignore leaves this path (relative, with slashes) out of the context.

        Past MAX_COMPARED comparisons every path is: what cannot be told must not be taken to be there.
        """
        if path not in self._ignored:
            self._ignored[path] = self._ignores(path)
        return self._ignored[path]

    def _ignores(self, path: str) -> bool:
        ignored = False
        for pattern, excepted in self._patterns:
            if ignored is not excepted:
                continue
            self._left -= pattern.cost(path)
            if self._left < 0:
                return True
            if pattern.takes(path):
                ignored = not excepted
        return ignored

    def resolve(self, path: str) -> Path | None:
        """The file or folder at a context path, if it exists, is inside and is not ignored."""
        relative = posixpath.normpath("/" + path).lstrip("/") or "."
        if relative != "." and self.ignores(relative):
            return None
        found = self.folder / relative
        if not looking.at(found):
            return None
        try:
            real = found.resolve(strict=True)
            if not real.is_relative_to(self.folder.resolve()):
                return None
        except (OSError, RuntimeError, ValueError):
            return None
        return found

    def read(self, path: str) -> Source | None:
        """A context file's text; None where there is none, it is ignored, too large or not text."""
        if path not in self._read:
            self._read[path] = self._text(path)
        return self._read[path]

    def _text(self, path: str) -> Source | None:
        found = self.resolve(path)
        if found is None or not found.is_file() or looking.into(found):
            return None
        instead = self._changed.get(os.path.realpath(found)) if self._changed else None
        try:
            if instead is not None:
                return Source(_shown(found), instead.decode("utf-8"))
            if found.stat().st_size > MAX_FILE:
                return None
            return Source(_shown(found), found.read_bytes().decode("utf-8"))
        except (OSError, UnicodeDecodeError):
            return None


def _shown(path: Path) -> str:
    """A path for people: relative to where they are, if it is below."""
    try:
        return str(path.relative_to(Path.cwd())) if path.is_absolute() else str(path)
    except (ValueError, OSError):  # Elsewhere, or the working directory was removed.
        return str(path)


_STAR, _ALL, _FOLDERS, _IN_FOLDERS = "*", "**", "**/", "…/"
"""Any number of characters of a name; of any; a folder or more, or nothing; the same, once one of its characters was taken."""
_Step = re.Pattern[str] | str


class IgnorePattern:
    """A line of .dockerignore, in Docker's language: `*` and `?` stay inside a name, `**` crosses folders, brackets as in
    Go's filepath.Match. It takes a path when it matches it or a folder above it.

    With few stars it is a regular expression. With more, which one tries in too many ways, all ways to match are followed
    at once, as the bits of one number.
    """

    def __init__(self, pattern: str) -> None:
        self._steps = tuple(_steps(pattern))
        self._stars = sum(isinstance(step, str) for step in self._steps)
        self._expression = re.compile(_expression(self._steps), re.DOTALL) if self._stars <= 3 else None

    def cost(self, path: str) -> int:
        """What a comparison may take, in some hundred simple steps."""
        if self._expression is None:
            return 1 + len(path) * len(self._steps) // 20
        return int(1 + len(path) ** max(self._stars, 1) // 500)

    def takes(self, path: str) -> bool:
        """Whether it leaves a path out (or, with an exclamation mark, in)."""
        if self._expression is not None:
            return self._expression.fullmatch(path) is not None
        last = 1 << len(self._steps)
        state = self._skipped(1)
        for char in path:
            if state & last and char == "/":
                return True
            state = self._skipped(self._after(state, char))
            if not state:
                return False
        return bool(state & last)

    def _after(self, state: int, char: str) -> int:
        """The states after one more character."""
        following = 0
        for index, step in enumerate(self._steps):
            if not state >> index & 1:
                continue
            if not isinstance(step, str):
                following |= 2 << index if step.match(char) else 0
            elif step == _ALL or (step == _STAR and char != "/"):
                following |= 1 << index
            elif step == _IN_FOLDERS:
                following |= 1 << index | (2 << index if char == "/" else 0)
        return following

    def _skipped(self, state: int) -> int:
        """The states that can be reached without a further character: a star may stand for nothing."""
        for index, step in enumerate(self._steps):
            if state >> index & 1:
                if step == _FOLDERS:
                    state |= 6 << index
                elif step in (_STAR, _ALL):
                    state |= 2 << index
        return state


def _steps(pattern: str) -> Iterator[_Step]:
    """What a pattern asks for, one after the other: of one character that it matches, or one of the stars."""
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if pattern.startswith("**", at):
            at += 3 if pattern.startswith("/", at + 2) else 2
            yield from (_FOLDERS, _IN_FOLDERS) if at < len(pattern) else (_ALL,)
            continue
        one = re.escape(char)
        if char == "*":
            yield _STAR
            at += 1
            continue
        if char == "?":
            one = "[^/]"
        elif char == "[" and (end := pattern.find("]", at + 2)) > 0:
            one = "[" + re.sub(r"([\[\\&~|])", r"\\\1", pattern[at + 1 : end]) + "]"
            at = end
        elif char == "\\" and at + 1 < len(pattern):
            at += 1
            one = re.escape(pattern[at])
        at += 1
        yield re.compile(one, re.DOTALL)


def _expression(steps: tuple[_Step, ...]) -> str:
    """The same as one regular expression, for a path or a folder above it."""
    written = {_STAR: "[^/]*", _ALL: ".*", _FOLDERS: "(?:.*/)?", _IN_FOLDERS: ""}
    return "".join(written[step] if isinstance(step, str) else step.pattern for step in steps) + "(?:/.*)?"


def _ignore_patterns(text: str) -> list[tuple[IgnorePattern, bool]]:
    patterns = []
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        wanted = line.strip()
        excepted = wanted.startswith("!")
        wanted = wanted[excepted:].strip()
        if not wanted:
            continue
        cleaned = posixpath.normpath(wanted).lstrip("/")
        if cleaned in ("", "."):
            continue
        patterns.append((_compiled(cleaned if len(cleaned) <= MAX_PATTERN else "**"), excepted))
    return patterns


def _compiled(pattern: str) -> IgnorePattern:
    """A pattern; one with brackets that mean nothing is taken as it is written."""
    try:
        return IgnorePattern(pattern)
    except re.error:
        return IgnorePattern(re.sub(r"([\\*?\[])", r"\\\1", pattern))
