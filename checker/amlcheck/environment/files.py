"""The files around an environment: opened by the names that stand in it, read once, bounded, decoded with their place."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from amlcheck import looking
from amlcheck.boundary import is_within, project_of
from amlcheck.dockerfile.source import Mapped, Source
from amlcheck.environment.document import Problem
from amlcheck.environment.limits import MAX_BYTES
from amlcheck.errors import UnreadableError
from amlcheck.records import dataclass, field

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe\0\0", "UTF-32"), (b"\0\0\xfe\xff", "UTF-32"))
_BOMS_16 = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))


@dataclass(frozen=True)
class Opened:
    """A file's text, or what is wrong with its encoding."""

    mapped: Mapped
    problems: tuple[Problem, ...] = ()


@dataclass
class Files:
    """Files by the path that is shown for them; each is read once."""

    opened: dict[str, Opened] = field(default_factory=dict)
    changed: Mapping[str, bytes] = field(default_factory=dict)
    """Files as they would be, by their real paths."""
    project: str = ""
    """What the first of them is in; those that it names are read only there."""

    def read(self, shown: str) -> Opened:
        """A file by its path. Raises UnreadableError."""
        known = self.opened.get(shown)
        if known is None:
            self._check(shown)
            instead = self.changed.get(os.path.realpath(shown)) if self.changed else None
            known = decode(_content(shown) if instead is None else instead, shown)
            self.opened[shown] = known
        return known

    def _check(self, shown: str) -> None:
        """Raises UnreadableError for a file that another one names and that is none of the project's."""
        if not self.opened:
            self.project = project_of(os.path.dirname(os.path.realpath(shown)))
        elif not is_within(shown, self.project):
            raise UnreadableError(f"{shown}: is not read: it leads out of {self.project}")

    def is_file(self, shown: str) -> bool:
        return looking.at(shown) and Path(shown).is_file()

    def is_folder(self, shown: str) -> bool:
        return looking.at(shown) and Path(shown).is_dir()

    @property
    def texts(self) -> dict[str, str]:
        """The text of every file that was read, for excerpts."""
        return {name: opened.mapped.source.text for name, opened in self.opened.items()}


def beside(shown: str, name: str) -> str:
    """The path of a file that is named in another one, as it is to be shown."""
    return os.path.normpath(os.path.join(os.path.dirname(shown), name.replace("\\", "/")))


def _content(shown: str) -> bytes:
    """Raises UnreadableError; never waits for a pipe and never reads a device."""
    if why := looking.into(shown):
        raise UnreadableError(f"{shown}: {why}")
    try:
        with open(os.open(shown, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            status = os.fstat(file.fileno())
            if stat.S_ISDIR(status.st_mode):
                raise UnreadableError(f"{shown}: is a folder, not a file")
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableError(f"{shown}: is not a regular file")
            if status.st_size > MAX_BYTES:
                raise UnreadableError(f"{shown}: has more than {MAX_BYTES >> 20} MB; that is no environment file")
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{shown}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


def decode(content: bytes, shown: str) -> Opened:
    """The text of a file's bytes. What is not UTF-8 is a problem at the first place that shows it; it is still read."""
    for mark, name in (*_BOMS, *_BOMS_16):
        if content.startswith(mark):
            if name == "utf-8":
                return _utf8(content[len(mark) :], shown)
            text = content.decode(name, "replace").replace("\r\n", "\n")
            mapped = Mapped.of(Source(shown, text))
            problem = Problem(
                f"it is {name}: Azure ML's tools read UTF-8, save it as such", mapped.span(0, min(len(text), 1))
            )
            return Opened(mapped, (problem,))
    return _utf8(content, shown)


def _utf8(content: bytes, shown: str) -> Opened:
    try:
        return Opened(Mapped.of(Source(shown, content.decode("utf-8"))))
    except UnicodeDecodeError as error:
        at = len(content[: error.start].decode("utf-8"))
        mapped = Mapped.of(Source(shown, content.decode("utf-8", "replace")))
        message = f"it is not UTF-8 (byte 0x{content[error.start]:02x} here): save it as UTF-8"
        return Opened(mapped, (Problem(message, mapped.span(at, at + 1)),))
