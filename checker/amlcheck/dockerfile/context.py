"""The build context: which files a COPY can bring, through .dockerignore. Nothing outside the context is ever read."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from amlcheck import looking
from amlcheck.dockerfile.source import Source

MAX_FILE = 1 << 20
"""Bytes of a context file that are read."""


class Context:
    """A folder as Docker would send it to the builder."""

    def __init__(
        self, folder: Path, dockerfile: Path | None = None, changed: Mapping[str, bytes] | None = None
    ) -> None:
        self.folder = folder
        self._changed = changed or {}
        self._dockerfile = dockerfile or folder / "Dockerfile"

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], bool]]:
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
        """Whether .dockerignore leaves this path (relative, with slashes) out of the context."""
        parents = path.split("/")
        candidates = ["/".join(parents[: index + 1]) for index in range(len(parents))]
        ignored = False
        for pattern, excepted in self._patterns:
            if any(pattern.fullmatch(candidate) for candidate in candidates):
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


def _ignore_patterns(text: str) -> list[tuple[re.Pattern[str], bool]]:
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
        patterns.append((_compiled(cleaned), excepted))
    return patterns


def _compiled(pattern: str) -> re.Pattern[str]:
    """Docker's pattern language: `*` and `?` stay inside a name, `**` crosses folders, brackets as in Go's filepath.Match."""
    out: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if pattern.startswith("**", at):
            at += 3 if pattern.startswith("/", at + 2) else 2
            out.append("(?:.*/)?" if at < len(pattern) else ".*")
            continue
        if char == "*":
            out.append("[^/]*")
        elif char == "?":
            out.append("[^/]")
        elif char == "[" and (end := pattern.find("]", at + 2)) > 0:
            body = re.sub(r"([\[\\&~|])", r"\\\1", pattern[at + 1 : end])
            out.append(f"[{body}]")
            at = end
        elif char == "\\" and at + 1 < len(pattern):
            at += 1
            out.append(re.escape(pattern[at]))
        else:
            out.append(re.escape(char))
        at += 1
    try:
        return re.compile("".join(out), re.DOTALL)
    except re.error:
        return re.compile(re.escape(pattern))
