"""A labelled fake: an image made of a dict of files, and a host that answers from a dict of commands.

The tree is the real IndexTree; only where its contents come from is made up.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from amlcheck.image.config import DEFAULT_PATH, ImageConfig
from amlcheck.image.image import CannotRunError, Image
from amlcheck.image.index_tree import IndexTree, Listed
from amlcheck.image.tree import MAX_MATCH, MAX_MATCHES, Entry, Kind, NotReadableError


@dataclass(frozen=True)
class Link:
    """A symbolic link."""

    target: str


@dataclass(frozen=True)
class Program:
    """An executable file."""

    content: str = ""


@dataclass(frozen=True)
class Folder:
    """An empty folder."""


@dataclass(frozen=True)
class Unreadable:
    """A file whose content cannot be had."""

    reason: str = "the layer is damaged"


Content = str | bytes | Link | Program | Folder | Unreadable


def tree_of(files: Mapping[str, Content]) -> IndexTree:
    """A tree with these files; folders are implied."""

    def content(path: str) -> bytes:
        found = files[path]
        if isinstance(found, Unreadable):
            raise NotReadableError(f"{path}: {found.reason}")
        if isinstance(found, Program):
            return found.content.encode()
        assert isinstance(found, (str, bytes))
        return found.encode() if isinstance(found, str) else found

    def read(path: str, limit: int) -> bytes:
        data = content(path)
        if len(data) > limit:
            raise NotReadableError(f"{path} has {len(data)} bytes; more than {limit} are not read")
        return data

    def search(path: str, expression: str) -> list[str]:
        found = re.findall(b"(?:%s)" % expression.encode(), content(path))
        return list(dict.fromkeys(match[:MAX_MATCH].decode(errors="replace") for match in found))[:MAX_MATCHES]

    return IndexTree(Listed(_entry(path, item) for path, item in files.items()), read, search)


def _entry(path: str, item: Content) -> Entry:
    if isinstance(item, Link):
        return Entry(path, Kind.LINK, mode=0o777, target=item.target)
    if isinstance(item, Folder):
        return Entry(path, Kind.DIRECTORY, mode=0o755)
    if isinstance(item, Unreadable):
        return Entry(path, Kind.FILE, size=1)
    if isinstance(item, Program):
        return Entry(path, Kind.FILE, size=len(item.content), mode=0o755)
    return Entry(path, Kind.FILE, size=len(item))


@dataclass(frozen=True)
class Result:
    """What a command ended with, as testinfra has it."""

    rc: int = 0
    stdout: str = ""
    stderr: str = ""


@dataclass
class FakeHost:
    """Answers commands from a dict, by their words; an image without any cannot run programs."""

    answers: Mapping[str, Result] | None = None
    asked: list[str] = field(default_factory=list)

    def run(self, command: str, *arguments: str) -> Result:
        line = command % tuple(shlex.quote(argument) for argument in arguments) if arguments else command
        self.asked.append(line)
        if self.answers is None:
            raise CannotRunError("nothing can be run in an archive")
        return self.answers.get(line, Result(127, "", "not found"))


def image_of(
    files: Mapping[str, Content],
    *,
    env: Mapping[str, str] | None = None,
    path: str = "",
    answers: Mapping[str, Result] | None = None,
    **config: Any,
) -> Image:
    """An image with these files and this config; without `answers`, nothing can be run in it."""
    settings = {"env": {"PATH": path or DEFAULT_PATH, **(env or {})}, "os": "linux", "architecture": "amd64", **config}
    host: Any = FakeHost(answers)
    return Image(
        "image", tree_of(files), ImageConfig(**settings), host, "a dict", cannot_run="" if answers else "archive"
    )


def bare_root(files: Mapping[str, Content]) -> Image:
    """A root file system, which has no config."""
    host: Any = FakeHost(None)
    return Image("rootfs", tree_of(files), ImageConfig(known=False), host, "a dict", cannot_run="archive")
