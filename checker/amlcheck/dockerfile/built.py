"""What a Dockerfile builds, as far as its text tells: the state of a stage after its last instruction.

Rules read it; the builder writes it. Everything that was put in carries its chain of evidence; what might have been put
in and cannot be read is an `Opaque`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from amlcheck.dockerfile.canonical import Problem
from amlcheck.dockerfile.packages import Packages
from amlcheck.dockerfile.reader import Dockerfile, Instruction
from amlcheck.dockerfile.resolved import Resolved
from amlcheck.dockerfile.source import Mapped, Span
from amlcheck.dockerfile.text import HOLE, Text
from amlcheck.knowledge import BaseImage, Knowledge, PackageMeaning, Release
from amlcheck.model import ABSENT, COMPONENTS, Chain, Fact, Testimony, Unknown, Value
from amlcheck.records import dataclass, field
from amlcheck.reference import Reference
from amlcheck.versions import VersionSet

EVERYTHING = frozenset(COMPONENTS)
PYTHON_PACKAGES = frozenset({"azureml-defaults", "inference-server", "cuda", "cudnn", "nccl", "mpi"})
"""What packages of pip may bring."""
APT_DEPENDENCIES = frozenset({"python", "git", "libfuse", "mpi", "cuda"})
"""Components that an apt package may bring along by its dependencies."""
NO_DEPENDENCIES = "--no-deps"
"""Stands among a package's extras where pip was told to leave out what it needs."""
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Package:
    """Something that an instruction installs or removes."""

    manager: str
    """apt, conda, pip, archive or installer."""
    name: str
    """Normalised as its manager does it."""
    versions: VersionSet | None
    """None: whatever the manager takes (unpinned), or not known; `unknown` tells which."""
    place: str
    """The prefix it goes to: "/" for apt, a conda prefix, a virtual environment; "" where that is not known."""
    chain: Chain
    certain: bool = True
    unknown: str = ""
    """Why its version is not known, where it was stated and cannot be resolved."""
    removed: bool = False
    written: Text | None = None
    """The word that names it."""
    extras: frozenset[str] = frozenset()
    instruction: Instruction | None = None
    in_vain: bool = False
    """The program that was to install it is not there, and so it is not."""

    @property
    def pinned(self) -> bool:
        """Whether a single version is asked for (to its precision)."""
        return self.versions is not None and not self.versions.is_any


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something that cannot be followed, and the components it could have changed."""

    reason: str
    span: Span | None
    components: frozenset[str] = EVERYTHING
    certain: bool = True
    replaces: frozenset[str] = frozenset()
    """Components that it changes even where they are known to be there (`conda env update` of an unreadable file)."""
    in_vain: bool = False
    """It is known to have done nothing: its program is not there."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A command that runs a program which the image does not have."""

    program: str
    why: str
    """Why it is not there: what was installed instead, if anything."""
    remedy: str
    span: Span
    chain: Chain
    """The base image that is known not to have it."""
    noticed: bool
    """Its failure makes the build fail."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A requirement that pip refuses, and with it the whole command."""

    word: Text
    why: str
    command: Span
    noticed: bool
    """The command certainly runs, and its failure makes the build fail."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A value that an instruction states: ENV, LABEL, EXPOSE, ARG."""

    name: str
    value: Text
    span: Span
    instruction: Instruction


@dataclass(frozen=True, slots=True)
class PathEntry:
    """A directory of PATH; None where it is not known."""

    folder: str | None
    text: Text


@dataclass
class Base:
    """What a stage starts from."""

    word: Text
    """The reference as FROM has it, expanded."""
    reference: Reference | None
    known: BaseImage | None
    chain: Chain
    platform: Text | None
    span: Span
    resolved: Resolved | None = None
    """Its config, where that was asked for and could be had."""
    unresolved: str = ""
    """Why its config could not be had."""

    @property
    def name(self) -> str:
        return self.word.value.replace(HOLE, "…")


@dataclass
class Built:
    """The state of a stage."""

    dockerfile: Dockerfile
    knowledge: Knowledge
    base: Base | None = None
    packages: Packages = field(default_factory=Packages)
    opaque: list[Opaque] = field(default_factory=list)
    env: dict[str, Text] = field(default_factory=dict)
    """ENV and ARG, as the build sees them."""
    image_path: Text | None = None
    """PATH as a container has it, where an ARG changed it for the build only."""
    stated_env: list[Stated] = field(default_factory=list)
    labels: list[Stated] = field(default_factory=list)
    args: list[Stated] = field(default_factory=list)
    arg_names: set[str] = field(default_factory=set)
    exposed: list[Stated] = field(default_factory=list)
    user: Text = field(default_factory=Text)
    workdir: Text = field(default_factory=Text)
    shell: tuple[str, ...] = ("/bin/sh", "-c")
    homes: dict[str, str] = field(default_factory=dict)
    active_env: str = ""
    """The conda environment that commands run in, where one was activated."""
    repositories_added: bool = False
    """Another package archive was added: unpinned apt versions are no longer the distribution's."""
    entrypoint: Instruction | None = None
    cmd: Instruction | None = None
    """The ENTRYPOINT and the CMD in force: what a container starts, and the arguments it is given."""
    commands: list[tuple[str, Span]] = field(default_factory=list)
    """Every command that runs, by name."""
    handmade: bool = False
    """A program may have been put by hand where PATH finds it."""
    missing: list[Missing] = field(default_factory=list)
    """Commands whose program is not there, in all stages: stages share the list."""
    refused: list[Refused] = field(default_factory=list)
    """Requirements that pip refuses, in all stages."""
    problems: list[Problem] = field(default_factory=list)
    """Why Docker refuses the file, if it does."""
    _path: tuple[Text, list[PathEntry]] | None = field(default=None, repr=False)
    """What `path` read last, and what it came to."""

    # --- what rules ask ----------------------------------------------------------------------------------------------

    def base_value(self, component: str) -> Value | None:
        """What the base image says of a component; None where that is not known."""
        if self.base is None:
            return None
        resolved, known = self.base.resolved, self.base.known
        if resolved is not None:
            if component in resolved.contradictions:
                return None
            if component in resolved.values:
                return resolved.values[component]
        return known.provides.get(component) if known is not None else None

    def installed(self, component: str) -> list[tuple[Package, PackageMeaning]]:
        """Packages that speak of a component, in the order of the build, removals included."""
        return [
            (package, meaning)
            for package in self.packages
            if not package.in_vain
            for meaning in self.knowledge.meanings(package.manager, package.name)
            if meaning.component == component or (meaning.component == "same" and package.name == component)
        ]

    def named(self, *names: str, manager: str = "") -> list[Package]:
        """Packages of these names that are still there at the end."""
        left: dict[tuple[str, str, str], Package] = {}
        for number in sorted(number for name in set(names) for number in self.packages.numbers(name)):
            package = self.packages[number]
            if manager in ("", package.manager) and not package.in_vain:
                key = (package.manager, package.name, package.place)
                if package.removed:
                    left.pop(key, None)
                else:
                    left.pop(key, None)
                    left[key] = package
        return list(left.values())

    def hidden(self, component: str) -> Opaque | None:
        """Something unreadable that could have brought the component."""
        return next((item for item in self.opaque if component in item.components), None)

    def absence(self, component: str, what: str = "") -> Testimony:
        """What to say where nothing was seen: absent, the base image's word, or why that cannot be told."""
        value = self.base_value(component)
        removed = self.removal(component)
        replaced = next((item for item in self.opaque if component in item.replaces), None)
        if value is not None and value.present and removed is None and replaced is None:
            return Fact(component, value, self.base_chain(component))
        if replaced is not None:
            return self._not_followed(component, replaced)
        if removed is not None and not self._was_all_of_it(removed, component, value):
            line = next((item.location.line for item in removed.chain if item.location is not None), 0)
            reason = f"{removed.name} is removed again (line {line}), and what it brought along may stay"
            return Unknown(component, reason, removed.chain)
        hidden = self.hidden(component)
        if hidden is not None:
            return self._not_followed(component, hidden)
        if value is None:
            return Unknown(component, self.base_unknown(component), self.base_chain(component))
        stranger = self.stranger() if component in APT_DEPENDENCIES else None
        if stranger is not None:
            return Unknown(component, f"what the apt package {stranger.name} brings along is not known", stranger.chain)
        return Fact(component, ABSENT, self.base_chain(component), f"no instruction installs {what or component}")

    def _not_followed(self, component: str, item: Opaque) -> Unknown:
        return Unknown(
            component,
            item.reason,
            (item.span.evidence("the program is not there" if item.in_vain else "cannot be followed"),)
            if item.span
            else (),
        )

    def stranger(self) -> Package | None:
        """An apt package of which it is not known what it depends on."""
        there = (item for item in self.packages.of_manager("apt") if not item.removed)
        return next((item for item in there if not self.knowledge.is_understood(item.name)), None)

    def _was_all_of_it(self, removed: Package, component: str, base: Value | None) -> bool:
        """Whether nothing of a component stays when this package goes."""
        payload = any(
            meaning.payload
            for meaning in self.knowledge.meanings(removed.manager, removed.name)
            if meaning.component == component
        )
        return payload if removed.manager == "apt" else base is not None and not base.present

    def removal(self, component: str) -> Package | None:
        """The last package that spoke of a component, if it was removed and nothing else speaks of it."""
        found = self.installed(component)
        return found[-1][0] if found and found[-1][0].removed and not any(last_wins(found)) else None

    def base_unknown(self, component: str) -> str:
        """Why the base image says nothing of a component."""
        if self.base is None:
            return "there is no base image"
        if not self.base.word.known:
            return f"the base image {self.base.name} is not known: {self.base.word.reason}"
        told = ""
        if self.base.resolved is not None:
            if component in self.base.resolved.contradictions:
                return f"the base image {self.base.name}: {self.base.resolved.contradictions[component]}"
            told = ", and its config does not tell"
        elif self.base.unresolved:
            told = f"; it could not be resolved: {self.base.unresolved}"
        if self.base.known is None:
            if (
                self.base.resolved is None
                and self.base.reference is not None
                and self.base.reference.digest
                and not self.base.reference.tag
            ):
                return f"the base image {self.base.name} is named by digest only, which does not tell what it contains{told}"
            what = f"has of {component}" if self.base.resolved is not None else "contains"
            return f"what the base image {self.base.name} {what} is not known{told}"
        return f"what the base image {self.base.name} has of {component} is not known{told}"

    def base_chain(self, component: str = "") -> Chain:
        """The words that name the base image; with the word of its config on a component, where it has one."""
        if self.base is None:
            return ()
        word = self.base.resolved.evidence.get(component) if self.base.resolved is not None else None
        return (*self.base.chain, word) if word is not None else self.base.chain

    def system(self) -> Value | None:
        """The system: Ubuntu of a version, or another."""
        return self.base_value("ubuntu")

    def release(self) -> Release | None:
        """The distribution's release, where it is known exactly."""
        value = self.system()
        return self.knowledge.release(value) if value is not None else None

    def path(self) -> list[PathEntry]:
        """The directories of PATH, in order."""
        value = self.image_path or self.env.get("PATH")
        if value is None:
            return [PathEntry(None, Text())]
        if self._path is not None and self._path[0] is value:
            return self._path[1]
        entries: list[PathEntry] = []
        for part in value.split(":"):
            text = part.value
            if HOLE in text:
                entries.append(PathEntry(None, part))
            elif text:
                entries.append(PathEntry(posixpath.normpath(text), part))
        self._path = value, entries
        return entries

    def conda_prefixes(self) -> list[str]:
        """Where conda stands, in the order in which it came: the base image's, then those installed."""
        known = self.base.known if self.base else None
        found = [known.prefixes["conda"]] if known is not None and "conda" in known.prefixes else []
        found += [place for place in self.packages.places_of("installer") if place]
        return list(dict.fromkeys(found))

    def reachable(self, place: str) -> bool:
        """Whether what stands in a prefix is found by default: the system's own, or one whose programs PATH names."""
        if place in ("", "/", "/usr", "/usr/local"):
            return True
        return any(entry.folder is None or entry.folder == f"{place}/bin" for entry in self.path())

    def home(self, user: str | None = None) -> str | None:
        """A user's home directory; None where it is not known."""
        name = (self.user.value if user is None else user).split(":")[0]
        if HOLE in name:
            return None
        if name in ("", "root", "0"):
            return "/root"
        return self.homes.get(name, f"/home/{name}" if not name.isdigit() else None)


def last_wins(found: Iterable[tuple[Package, PackageMeaning]]) -> Iterator[tuple[Package, PackageMeaning]]:
    """Of the same package in the same place only the last word counts, and nothing of what was removed."""
    left: dict[tuple[str, str, str], tuple[Package, PackageMeaning]] = {}
    for package, meaning in found:
        key = (package.manager, package.name, package.place)
        left.pop(key, None)
        if not package.removed:
            left[key] = (package, meaning)
    yield from left.values()


@dataclass(frozen=True, slots=True)
class Content:
    """A file in the image: its text where it is known, where it was downloaded from, or why neither is."""

    mapped: Mapped | None = None
    url: Text | None = None
    reason: str = ""
    name: str = ""
    """Its name in the build context or in the image it came from."""
