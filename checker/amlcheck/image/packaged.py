"""What installed packages say of a component: those of apt, apk, conda and pip, by rules/packages.toml."""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.catalog import catalog
from amlcheck.image.conda_prefixes import conda_packages, record_of
from amlcheck.image.distributions import distributions, metadata_of
from amlcheck.image.dpkg import system_packages
from amlcheck.image.image import Image
from amlcheck.image.tree import NotReadableError
from amlcheck.image.words import brief, exact
from amlcheck.knowledge import PackageMeaning
from amlcheck.model import Evidence, Unknown, Value, in_file
from amlcheck.records import dataclass


@dataclass(frozen=True, slots=True)
class Packaged:
    """A package that is the component, or brings it."""

    manager: str
    name: str
    version: str
    place: str
    """The prefix; "/usr" for the system's packages."""
    family: str
    value: Value
    """The version complete, as the package states it; no version where it states none."""
    evidence: Evidence


def packages_of(image: Image, component: str, *managers: str) -> Iterator[Packaged | Unknown]:
    """Every installed package that speaks of a component; Unknown for what could not be read."""
    wanted = managers or ("apt", "apk", "conda", "pip")
    if "apt" in wanted or "apk" in wanted:
        yield from _of_system(image, component, wanted)
    if "conda" in wanted:
        yield from _of_conda(image, component)
    if "pip" in wanted:
        yield from _of_pip(image, component)


def _value(meaning: PackageMeaning, name: str, version: str) -> Value:
    family = name if meaning.family == "same" else meaning.family
    how = meaning.version.partition(" ")[0]
    if how == "present":
        return Value(True, family)
    stated = exact(version if how in ("package", "distribution") else how, family)
    return stated if stated is not None else Value(True, family)


def _of_system(image: Image, component: str, managers: tuple[str, ...]) -> Iterator[Packaged | Unknown]:
    try:
        packages = system_packages(image.files)
    except NotReadableError as error:
        yield Unknown(component, f"the system's packages cannot be read: {error}")
        return
    knowledge = catalog().knowledge
    for name, package in packages.items():
        meaning = knowledge.states(component, package.manager, name) if package.manager in managers else None
        if meaning is not None:
            evidence = in_file(package.path, brief(f"{name} {package.version}"), "installed package")
            value = _value(meaning, name, package.version)
            yield Packaged(package.manager, name, package.version, "/usr", value.family, value, evidence)


def _of_conda(image: Image, component: str) -> Iterator[Packaged]:
    knowledge = catalog().knowledge
    for prefix, packages in conda_packages(image.files).items():
        for name, by_name in packages.items():
            meaning = knowledge.states(component, "conda", name)
            if meaning is not None:
                package, words = record_of(image.files, by_name)
                value = _value(meaning, name, package.version)
                yield Packaged(
                    "conda", name, package.version, prefix, value.family, value, in_file(package.path, words)
                )


def _of_pip(image: Image, component: str) -> Iterator[Packaged | Unknown]:
    knowledge = catalog().knowledge
    for name, items in distributions(image.files).items():
        meaning = knowledge.states(component, "pip", name)
        if meaning is None:
            continue
        for item in items:
            try:
                metadata = metadata_of(image.files, item)
            except NotReadableError as error:
                yield Unknown(component, str(error))
                continue
            value = _value(meaning, name, metadata.version)
            evidence = in_file(item.path, brief(f"Name: {metadata.name}, Version: {metadata.version}"))
            yield Packaged("pip", name, metadata.version, item.prefix, value.family, value, evidence)
