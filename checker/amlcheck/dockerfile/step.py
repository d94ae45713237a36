"""What a command's reader works with: the stage so far, the running script's variables, and how to note what it does."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from amlcheck.dockerfile.built import EVERYTHING, Built, Content, Opaque, Package
from amlcheck.dockerfile.files import ImageFiles
from amlcheck.dockerfile.reader import Instruction
from amlcheck.dockerfile.script import Command, Runner
from amlcheck.dockerfile.source import Mapped, Span
from amlcheck.dockerfile.text import HOLE, Text, as_mapped
from amlcheck.model import Chain
from amlcheck.records import dataclass, replace
from amlcheck.versions import VersionSet

NOT_THE_SYSTEM = EVERYTHING - {"ubuntu"}


@dataclass
class Step:
    """One RUN (or the part of it that a nested script is)."""

    image: Built
    files: ImageFiles
    runner: Runner
    instruction: Instruction
    pending: list[Package]
    """Products that were downloaded and not yet built or unpacked."""
    dispatch: Callable[[Command, Step], None]
    in_vain: bool = False
    """What is read is the arguments of a program that is not there."""

    # --- noting ------------------------------------------------------------------------------------------------------

    def install(
        self,
        manager: str,
        name: str,
        word: Text | None,
        command: Command,
        *,
        versions: VersionSet | None = None,
        part: Text | None = None,
        place: str = "",
        unknown: str = "",
        removed: bool = False,
        note: str = "",
        extras: frozenset[str] = frozenset(),
        certain: bool | None = None,
    ) -> Package:
        """Notes that a package is installed (or removed). `part` is the part of the word that states the version."""
        package = Package(
            manager,
            name,
            versions,
            place,
            chain_of(part, word, command, note or f"{manager} install"),
            command.certain if certain is None else certain,
            unknown,
            removed,
            word,
            extras,
            self.instruction,
        )
        self.image.packages.append(package)
        return package

    def remove(self, manager: str, name: str, word: Text | None, command: Command, place: str) -> None:
        """Notes that a package is removed; a second removal of the same says nothing new.

        Where the removal may not happen, the package that may stay is no longer certain.
        """
        same = [
            number
            for number in self.image.packages.numbers_at(name, place)
            for item in (self.image.packages[number],)
            if (item.manager, item.removed) == (manager, False)
        ]
        if same and not command.certain:
            for number in same:
                self.image.packages[number] = replace(self.image.packages[number], certain=False)
            return
        last = next((item for item in self.image.packages.newest_first(name) if item.manager == manager), None)
        if last is None or not last.removed or last.place != place:
            self.install(manager, name, word, command, place=place, removed=True, note="removed")

    def hide(
        self,
        reason: str,
        command: Command,
        components: frozenset[str] = NOT_THE_SYSTEM,
        word: Text | None = None,
        replaces: frozenset[str] = frozenset(),
    ) -> None:
        """Notes that something cannot be followed; `replaces` are components that it changes even where they are known."""
        span = (word.span if word is not None else None) or command.span
        line = span.location.line
        self.image.opaque.append(Opaque(f"{reason} (line {line})", span, components, command.certain, replaces))

    # --- asking ------------------------------------------------------------------------------------------------------

    def variable(self, name: str) -> Text | None:
        return self.runner.lookup(name)

    def path(self, word: Text) -> str | None:
        """A path word as an absolute path in the image; None where it is not known."""
        text = word.value
        if HOLE in text:
            return None
        if text == "~" or text.startswith("~/"):
            home = self.image.home()
            return None if home is None else posixpath.normpath(home + text[1:])
        if text.startswith("/"):
            return posixpath.normpath(text)
        cwd = self.runner.lookup("PWD")
        if cwd is None or not cwd.known:
            return None
        return posixpath.normpath(posixpath.join(cwd.value or "/", text))

    def content(self, word: Text) -> Content | None:
        """What is known of the file that a word names; None where nothing put it there, or its path is not known."""
        path = self.path(word)
        return self.files.read(path) if path is not None else None

    def program_folder(self, command: Command) -> str | None:
        """The directory of a program that is called by its path: "/opt/conda/bin" for /opt/conda/bin/conda."""
        word = command.words[0]
        if "/" not in word.value:
            return None
        path = self.path(word)
        return posixpath.dirname(path) if path is not None else None

    def search_path(self) -> list[str | None]:
        """The directories that a program is looked for in; None for one that is not known."""
        value = self.runner.lookup("PATH")
        if value is None:
            return [None]
        return [None if HOLE in part else posixpath.normpath(part) for part in value.value.split(":") if part]

    def conda_prefix(self, command: Command) -> str:
        """The prefix of the conda that a command calls; "" where it is not known."""
        folder = self.program_folder(command)
        prefixes = self.image.conda_prefixes()
        if folder is not None:
            found = posixpath.dirname(folder)
            return next((prefix for prefix in prefixes if folder.startswith(prefix + "/")), found)
        for entry in self.search_path():
            for prefix in prefixes:
                if entry is not None and entry in (f"{prefix}/bin", f"{prefix}/condabin"):
                    return prefix
        return prefixes[-1] if prefixes else ""

    def environment_place(self, name: str, prefix: str) -> str:
        """Where a conda environment of that name stands."""
        if name in ("base", "root", ""):
            return prefix
        if "/" in name:
            return posixpath.normpath(name)
        return f"{prefix}/envs/{name}" if prefix else f"envs/{name}"

    def active_place(self, prefix: str) -> str:
        """The environment that conda or pip would install into when none is named."""
        active = self.runner.lookup("CONDA_DEFAULT_ENV")
        if active is not None and active.known and active.value:
            return self.environment_place(active.value, prefix)
        if self.image.active_env:
            return self.environment_place(self.image.active_env, prefix)
        for entry in self.search_path():
            if entry is None:
                break
            if prefix and entry.startswith(f"{prefix}/envs/"):
                return posixpath.dirname(entry)
            if entry == f"{prefix}/bin":
                break
        return prefix

    def run_text(self, text: Text, certain: bool, *, apart: bool = True, bash: bool | None = None) -> bool:
        """Follows a script given as a word (`sh -c "…"`); False where it is not known. For the rest see run_script."""
        mapped = as_mapped(text)
        if mapped is None or not text.known:
            return False
        self.run_script(mapped, certain, apart=apart, bash=bash)
        return True

    def run_script(self, mapped: Mapped, certain: bool, *, apart: bool = True, bash: bool | None = None) -> None:
        """Follows a script. `apart`: in a process of its own, which a sourced one has not; `bash`: whether bash reads it."""
        self.runner.run(mapped, certain, apart, bash)


def chain_of(part: Text | None, word: Text | None, command: Command, note: str) -> Chain:
    """The definitions that the decisive part came through, then the word in place; the command where there is no word."""
    via = (part or word or Text()).causes
    span: Span | None = word.span if word is not None and word.span is not None else command.span
    return (*via, span.evidence(note)) if span is not None else via


class Options:
    """A command line's options and operands, read as most tools read them."""

    def __init__(self, words: tuple[Text, ...], with_value: frozenset[str]) -> None:
        self.operands: list[Text] = []
        self.flags: set[str] = set()
        self.values: dict[str, list[Text]] = {}
        position = 0
        only_operands = False
        while position < len(words):
            word = words[position]
            text = word.value
            position += 1
            if only_operands or not text.startswith("-") or text == "-":
                self.operands.append(word)
            elif text == "--":
                only_operands = True
            elif text.startswith("--"):
                name, value = word.partition("=")
                self.flags.add(name.value)
                if value is not None:
                    self.values.setdefault(name.value, []).append(value)
                elif name.value in with_value and position < len(words):
                    self.values.setdefault(name.value, []).append(words[position])
                    position += 1
            else:
                position = self._short(word, words, position, with_value)

    def _short(self, word: Text, words: tuple[Text, ...], position: int, with_value: frozenset[str]) -> int:
        text = word.value
        for index in range(1, len(text)):
            name = "-" + text[index]
            self.flags.add(name)
            if name in with_value:
                rest = word.slice(index + 1, len(text))
                if rest.value:
                    self.values.setdefault(name, []).append(rest)
                elif position < len(words):
                    self.values.setdefault(name, []).append(words[position])
                    position += 1
                break
        self.flags.add(text)
        return position

    def value(self, *names: str) -> Text | None:
        """The last value given to any of these options."""
        found = [value for name in names for value in self.values.get(name, [])]
        return found[-1] if found else None

    def all_values(self, *names: str) -> list[Text]:
        return [value for name in names for value in self.values.get(name, [])]

    def has(self, *names: str) -> bool:
        return any(name in self.flags for name in names)
