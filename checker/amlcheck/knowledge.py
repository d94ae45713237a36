"""What is known of the world (distributions, installers, base images, packages), read from the data files in rules/.

Facts live there with their sources; here is only how to look them up. Every file is read when first asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from amlcheck.data_files import read_data
from amlcheck.model import ABSENT, Value, parse_value
from amlcheck.records import dataclass, field
from amlcheck.reference import Reference
from amlcheck.regex import regex
from amlcheck.versions import ANY, VersionSet, from_specifiers, prefix


@dataclass(frozen=True, slots=True)
class Release:
    """A release of a Linux distribution."""

    distribution: str
    version: str
    codename: str
    end_of_life: date | None
    packages: Mapping[str, str]
    """Upstream versions in its own archive, by package."""
    source: str

    @property
    def name(self) -> str:
        """The notation of values: "16.04" for Ubuntu, "debian 12" for others."""
        return self.version if self.distribution == "ubuntu" else f"{self.distribution} {self.version}"


@dataclass(frozen=True, slots=True)
class Installer:
    """What a conda installer brings; None where the file does not say."""

    conda: Value | None
    python: Value | None


@dataclass(frozen=True, slots=True)
class BaseImage:
    """What a known base image contains."""

    provides: Mapping[str, Value]
    env: Mapping[str, str] = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    deprecated: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class PackageMeaning:
    """What an installed package says of a component."""

    component: str
    family: str
    version: str
    """"package" (its own version), "distribution" (what the release ships), "present", or a version from its name."""
    payload: bool = False
    """It is the component itself: nothing of it stays when the package is removed."""


class Knowledge:
    """The data files of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._found: dict[tuple[str, str], BaseImage | None] = {}
        self._meant: dict[tuple[str, str], list[PackageMeaning]] = {}

    # --- distributions -----------------------------------------------------------------------------------------------

    @cached_property
    def _distributions(self) -> dict[str, Any]:
        return read_data(self.folder / "distributions.toml")

    @cached_property
    def _releases(self) -> list[Release]:
        return [
            Release(
                entry["distribution"],
                entry["version"],
                entry.get("codename", ""),
                date.fromisoformat(entry["end_of_life"]) if "end_of_life" in entry else None,
                entry.get("packages", {}),
                entry.get("source", ""),
            )
            for entry in self._distributions["release"]
        ]

    def release(self, system: Value) -> Release | None:
        """The release that a value of the component `ubuntu` names, where it names exactly one."""
        if not system.present or system.versions is None:
            return None
        distribution = system.family or "ubuntu"
        found = [
            release
            for release in self._releases
            if release.distribution == distribution and release.version in system.versions
        ]
        return found[0] if len(found) == 1 else None

    def releases(self, distribution: str) -> list[Release]:
        """The releases of a distribution, as the data has them."""
        return [release for release in self._releases if release.distribution == distribution]

    def distribution(self, identifier: str) -> str:
        """The name that values have for a distribution, by the ID in its os-release."""
        names: Mapping[str, str] = self._distributions.get("os_release_ids", {})
        return names.get(identifier, identifier)

    def codename(self, name: str) -> Release | None:
        """The release with this codename."""
        return next((release for release in self._releases if release.codename == name and name), None)

    # --- installers --------------------------------------------------------------------------------------------------

    @cached_property
    def _installers(self) -> dict[tuple[str, str], dict[str, Any]]:
        data = read_data(self.folder / "installers.toml")
        known = {(entry["product"], entry["version"]): entry for entry in data["installer"]}
        known.update({(entry["product"], "latest"): entry for entry in data.get("latest", [])})
        return known

    def installer(self, product: str, version: str) -> Installer | None:
        """What an installer brings, by product ("miniconda3") and version as in its file name, or "latest"."""
        entry = self._installers.get((product, version))
        return _installer(entry) if entry is not None else None

    def installers(self, product: str) -> list[tuple[str, Installer]]:
        """The releases of a product by their versions, oldest first."""
        return [
            (version, _installer(entry))
            for (name, version), entry in self._installers.items()
            if name == product and version != "latest"
        ]

    # --- base images -------------------------------------------------------------------------------------------------

    def mirrored(self, repository: str) -> str:
        """The name under which the data file has a repository."""
        for beginning, name in self._image_data.get("mirrors", {}).items():
            if repository.startswith(beginning):
                return f"{name}{repository[len(beginning) :]}"
        return repository

    @cached_property
    def _image_data(self) -> dict[str, Any]:
        return read_data(self.folder / "base_images.toml", _with_index)

    def base_image(self, reference: Reference) -> BaseImage | None:
        """What is known of an image by its name and tag; None where nothing is (a digest alone says nothing)."""
        key = (self.mirrored(reference.repository), reference.tag or ("" if reference.digest else "latest"))
        if key not in self._found:
            self._found[key] = self._find(*key)
        return self._found[key]

    def _find(self, repository: str, tag: str) -> BaseImage | None:
        data = self._image_data
        patterned = (position for position, stems in data["patterned"] if repository.startswith(tuple(stems)))
        for position in sorted({*data["by_repository"].get(repository, ()), *patterned}):
            entry = _ImageEntry.read(data["image"][position], data.get("sets", {}))
            groups = entry.match(repository, tag)
            if groups is not None:
                known: BaseImage = entry.fill(groups, self)
                return known
        return None

    # --- packages ----------------------------------------------------------------------------------------------------

    @cached_property
    def _packages(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = read_data(self.folder / "packages.toml", _with_stems)["package"]
        return entries

    def meanings(self, manager: str, name: str) -> Iterator[PackageMeaning]:
        """What a package, by its manager ("apt", "conda", "pip", "archive") and name, says of which components."""
        key = (manager, name)
        if key not in self._meant:
            self._meant[key] = self._meanings(manager, name)
        yield from self._meant[key]

    def _meanings(self, manager: str, name: str) -> list[PackageMeaning]:
        found = []
        for entry in self._packages:
            fits = entry["manager"] == manager and name.startswith(tuple(entry["stems"]))
            match = re.fullmatch(entry["name"], name) if fits else None
            if match is not None:
                found.append(_meaning(entry, match))
        if manager == "apt":
            told = {meaning.component for meaning in found}
            brought = self._apt_brings.get(name, ())
            found.extend(PackageMeaning(component, "", "perhaps") for component in brought if component not in told)
        return found

    def states(self, component: str, manager: str, name: str) -> PackageMeaning | None:
        """What an installed package states of a component; None for one that is another, or only may bring it along."""
        for pattern, entry in self._stating.get((component, manager), ()):
            match = pattern.fullmatch(name)
            if match is not None:
                return _meaning(entry, match)
        return None

    @cached_property
    def _stating(self) -> dict[tuple[str, str], list[tuple[re.Pattern[str], dict[str, Any]]]]:
        found: dict[tuple[str, str], list[tuple[re.Pattern[str], dict[str, Any]]]] = {}
        for entry in self._packages:
            # "shipped" is a dependency, which has a record of its own where packages are installed.
            if entry.get("version") not in ("perhaps", "shipped"):
                place = (entry["component"], entry["manager"])
                found.setdefault(place, []).append((re.compile(entry["name"]), entry))
        return found

    @cached_property
    def _apt_plain(self) -> frozenset[str]:
        return frozenset(self._apt_data["plain"])

    @cached_property
    def _apt_brings(self) -> Mapping[str, list[str]]:
        return {entry["name"]: entry["components"] for entry in self._apt_data["brings"]}

    @cached_property
    def _apt_data(self) -> dict[str, Any]:
        return read_data(self.folder / "apt_packages.toml")

    def is_understood(self, name: str) -> bool:
        """Whether it is known what an apt package brings along by its dependencies."""
        return name in self._apt_plain or name in self._apt_brings or any(self.meanings("apt", name))

    def brings_no_pip(self, name: str) -> bool:
        """Whether an apt package brings neither pip nor a plain `python`, whatever else of Python it brings."""
        return name in self._apt_plain or any(pattern.fullmatch(name) for pattern in self._without_pip)

    @property
    def no_plain_python(self) -> Mapping[str, str]:
        """By distribution, the release since which none but python-is-python2 and -python3 bring a plain `python`."""
        found: Mapping[str, str] = self._apt_data["no_plain_python"]
        return found

    @cached_property
    def _without_pip(self) -> list[re.Pattern[str]]:
        return [re.compile(entry["name"]) for entry in self._apt_data["without_pip"]]

    @cached_property
    def harmless_commands(self) -> frozenset[str]:
        """Programs that install nothing that a requirement asks about."""
        return frozenset(read_data(self.folder / "commands.toml")["harmless"])

    @cached_property
    def harmless_files(self) -> frozenset[str]:
        """Single programs that builds copy from other images and that provide no component."""
        return frozenset(read_data(self.folder / "commands.toml")["harmless_files"])

    # --- environments ------------------------------------------------------------------------------------------------

    @cached_property
    def _environments(self) -> dict[str, Any]:
        return read_data(self.folder / "environments.toml")

    def environment_keys(self, name: str) -> dict[str, list[str]]:
        """The keys of a file that states an environment, by section ("docker.baseImageRegistry"; "" is the top)."""
        return {section: keys for section, keys in self._environments["keys"][name].items() if section != "source"}

    @property
    def registries(self) -> Mapping[str, list[str]]:
        """Hosts of registries: "public", "microsoft", and "hosts", whose names are often mistyped."""
        return {name: hosts for name, hosts in self._environments["registries"].items() if name != "source"}

    @cached_property
    def imports(self) -> dict[str, Any]:
        """Which distributions bring which modules, and what they bring along."""
        return read_data(self.folder / "imports.toml")

    # --- azureml-defaults --------------------------------------------------------------------------------------------

    @cached_property
    def defaults(self) -> list[DefaultsRange]:
        """What the releases of azureml-defaults bring, oldest first."""
        data = read_data(self.folder / "azureml_defaults.toml")
        return [
            DefaultsRange(
                from_specifiers(entry["versions"]),
                entry["newest"],
                from_specifiers(entry["python"]) if "python" in entry else ANY,
                entry["server"],
                tuple(entry.get("breaks_unless", ())),
                from_specifiers(entry["breaks_python"]) if "breaks_python" in entry else None,
                entry.get("gone", False),
                entry.get("note", ""),
                entry["source"],
            )
            for entry in data["range"]
        ]

    @cached_property
    def servers(self) -> list[Server]:
        """The web servers, as their files tell of them."""
        data = read_data(self.folder / "inference_servers.toml")
        breaks = tuple(
            Break(tuple(entry["together"]), entry["reason"], entry.get("lacks", "")) for entry in data["breaks"]
        )
        return [
            Server(
                entry["family"],
                entry["package"],
                from_specifiers(entry["versions"]),
                tuple(entry["imports"]),
                entry["needs"],
                entry.get("compiled", {}),
                breaks,
            )
            for entry in data["server"]
        ]

    @cached_property
    def python_lifecycles(self) -> Mapping[str, date]:
        """End of life of Python releases, by "3.7"."""
        entries = read_data(self.folder / "pythons.toml")["python"]
        return {entry["version"]: date.fromisoformat(entry["end_of_life"]) for entry in entries}

    def python_series(self, version: str) -> VersionSet:
        """All releases of a Python: "3.7" is every 3.7.x."""
        return prefix(version)


@dataclass(frozen=True, slots=True)
class DefaultsRange:
    """A range of azureml-defaults releases that bring the same server."""

    versions: VersionSet
    newest: str
    python: VersionSet
    server: str
    """"none", "flask" or "azureml-inference-server-http"."""
    breaks_unless: tuple[str, ...]
    """Requirements, one of which must be pinned beside it for the server to be importable today."""
    breaks_python: VersionSet | None
    """The Pythons on which it breaks; None where it does on all."""
    gone: bool
    """What it needs is no longer on PyPI."""
    note: str
    source: str


@dataclass(frozen=True, slots=True)
class Break:
    """Versions that cannot be imported together."""

    together: tuple[str, ...]
    """Requirements that all hold of what is installed; "python" is the Python that runs."""
    reason: str
    lacks: str = ""
    """Only where this module is not there; empty where they never go together."""


@dataclass(frozen=True, slots=True)
class Server:
    """A web server that Azure ML starts."""

    family: str
    package: str
    versions: VersionSet
    imports: tuple[str, ...]
    """What a child process imports to find out whether it can be."""
    needs: Mapping[str, str]
    """Distributions without which the import fails, and their modules."""
    compiled: Mapping[str, str]
    """Distributions with a part compiled for one Python, and that part."""
    breaks: tuple[Break, ...]


@dataclass(frozen=True, slots=True)
class _ImageEntry:
    repositories: tuple[str, ...]
    repository: str
    """A regular expression."""
    tag: str
    provides: Mapping[str, str]
    extra: Mapping[str, Any]

    @classmethod
    def read(cls, entry: dict[str, Any], sets: dict[str, dict[str, str]]) -> _ImageEntry:
        provides: dict[str, str] = {}
        for name in entry.get("sets", ()):
            provides.update(sets[name])
        provides.update(entry.get("provides", {}))
        pattern = entry.get("repository", "")
        return cls(
            tuple(entry.get("repositories", ())),
            pattern,
            entry.get("tag", ".*"),
            provides,
            {key: entry[key] for key in ("env", "prefixes", "user", "deprecated", "source") if key in entry},
        )

    def match(self, repository: str, tag: str) -> dict[str, str] | None:
        groups: dict[str, str | None] = {}
        if self.repository:
            by_name = re.fullmatch(self.repository, repository)
            if by_name is None:
                return None
            groups.update(by_name.groupdict())
        elif repository not in self.repositories:
            return None
        by_tag = re.fullmatch(self.tag, tag)
        if by_tag is None:
            return None
        groups.update(by_tag.groupdict())
        return {name: value or "" for name, value in groups.items()}

    def fill(self, groups: dict[str, str], knowledge: Knowledge) -> BaseImage:
        provides: dict[str, Value] = {}
        for component, template in self.provides.items():
            text = _filled(template, groups, knowledge)
            if text is not None and text != "unknown":
                provides[component] = parse_value(text)
        env = {name: _filled(text, groups, knowledge) or "" for name, text in self.extra.get("env", {}).items()}
        prefixes = self.extra.get("prefixes", {})
        return BaseImage(
            provides,
            env,
            prefixes,
            self.extra.get("user", ""),
            self.extra.get("deprecated", ""),
            self.extra.get("source", ""),
        )


def _with_index(data: dict[str, Any]) -> None:
    """base_images.toml with an index: most of its expressions need never be compiled."""
    index: dict[str, list[int]] = {}
    patterned = []
    for position, entry in enumerate(data["image"]):
        for name in entry.get("repositories", ()):
            index.setdefault(name, []).append(position)
        if entry.get("repository"):
            patterned.append([position, stems(entry["repository"])])
    data.update(by_repository=index, patterned=patterned)


def _with_stems(data: dict[str, Any]) -> None:
    """packages.toml with what each name begins with."""
    for entry in data["package"]:
        entry["stems"] = stems(entry["name"])


def stems(pattern: str) -> list[str]:
    """What a match of a regular expression begins with, one of these: the literal start of each of its alternatives."""
    alternatives, depth, start = [], 0, 0
    for at, char in enumerate(pattern):
        depth += (char in "([") - (char in ")]")
        if char == "|" and depth == 0:
            alternatives.append(pattern[start:at])
            start = at + 1
    return [_stem(alternative) for alternative in (*alternatives, pattern[start:])]


def _stem(pattern: str) -> str:
    match = re.match(r"(?:[\w/-]|\\\.)*", pattern)
    literal = match.group(0) if match is not None else ""
    stem = literal.replace("\\.", ".")
    return stem[:-1] if pattern[len(literal) :][:1] in ("?", "*", "{") else stem


def _meaning(entry: dict[str, Any], match: re.Match[str]) -> PackageMeaning:
    groups = {key: value or "" for key, value in match.groupdict().items()}
    version = entry.get("version", "package").format(**groups)
    return PackageMeaning(entry["component"], entry.get("family", ""), version, bool(entry.get("payload")))


_TEMPLATE = regex(r"\{(\w+)(?:\|(\w+))?\}")


def _filled(template: str, groups: dict[str, str], knowledge: Knowledge) -> str | None:
    """A template with the groups put in; None where a codename is not known."""
    failed = False

    def put(match: re.Match[str]) -> str:
        nonlocal failed
        value = groups.get(match.group(1), "")
        how = match.group(2)
        if how == "codename":
            release = knowledge.codename(value)
            failed = failed or release is None
            return release.name if release else ""
        if how == "dotted":
            return f"{value[:1]}.{value[1:]}"
        if how == "dotted2":
            return f"{value[:-1]}.{value[-1:]}"
        failed = failed or not value
        return value

    filled = _TEMPLATE.sub(put, template)
    return None if failed else filled


def _installer(entry: dict[str, Any]) -> Installer:
    return Installer(*(parse_value(entry[key]) if key in entry else None for key in ("conda", "python")))


SCRATCH = BaseImage(
    dict.fromkeys(("ubuntu", "conda", "python", "libfuse", "cuda", "cudnn", "nccl", "mpi", "git"), ABSENT)
    | {"azureml-defaults": ABSENT, "inference-server": ABSENT}
)
"""`FROM scratch`: nothing at all."""
