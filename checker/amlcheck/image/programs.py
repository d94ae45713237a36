"""Programs of the image: which file PATH leads to, and what a program prints of itself."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from amlcheck.image.config import ImageConfig
from amlcheck.image.tree import Entry, Tree, normal
from amlcheck.image.words import brief
from amlcheck.model import Evidence, in_output
from amlcheck.records import dataclass

if TYPE_CHECKING:
    from testinfra.host import Host


@dataclass(frozen=True, slots=True)
class Program:
    """A program as PATH finds it, and the file that all its links lead to."""

    path: str
    file: Entry

    @property
    def evidence_text(self) -> str:
        return self.path if self.path == self.file.path else f"{self.path} -> {self.file.path}"


def folders(config: ImageConfig) -> list[str]:
    """The folders of PATH; relative ones start at the working directory."""
    return [normal(posixpath.join("/", config.working_dir, folder)) for folder in config.path]


def find_program(tree: Tree, config: ImageConfig, name: str) -> Program | None:
    """The first on PATH that can be executed; a link that leads nowhere is passed over, as a shell does."""
    return next(iter(find_programs(tree, config, name)), None)


def find_programs(tree: Tree, config: ImageConfig, name: str) -> list[Program]:
    """All on PATH, in its order."""
    found = []
    for folder in dict.fromkeys(folders(config)):
        program = program_at(tree, posixpath.join(folder, name))
        if program is not None:
            found.append(program)
    return found


def program_at(tree: Tree, path: str) -> Program | None:
    """What a path leads to, if it can be executed."""
    entry = tree.stat(path)
    return Program(path, entry) if entry is not None and entry.executable else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program printed, on standard output or, as some do, on standard error."""

    command: str
    text: str

    def evidence(self, words: str = "") -> Evidence:
        lines = self.text.strip().splitlines()
        return in_output(self.command, brief(words or (lines[0] if lines else "")))


def ask(host: Host, program: str, *arguments: str) -> Answer | None:
    """Runs a program in the image; None where it fails. Raises CannotRunError."""
    result = host.run(" ".join(["%s"] * (1 + len(arguments))), program, *arguments)
    if result.rc != 0:
        return None
    printed = result.stdout if result.stdout.strip() else result.stderr
    return Answer(" ".join((program, *arguments)), printed)
