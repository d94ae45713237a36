"""From packages to a fact: what the packages that speak of a component say together.

Most requirement rules are one call of `testify`; those with more to consider (Python, conda, CUDA) build on its parts.
"""

from __future__ import annotations

from amlcheck.dockerfile.built import Built, Package, last_wins
from amlcheck.knowledge import PackageMeaning
from amlcheck.model import PRESENT, Chain, Fact, Testimony, Unknown, Value
from amlcheck.versions import VersionSet, loose, prefix


def testify(image: Built, component: str) -> Testimony:
    """The last certain installation, else the base image's word, else absent or why that is not known.

    An installation that may not happen makes an otherwise absent component unknown, and a known one at least uncertain.
    """
    found = list(last_wins(image.installed(component)))
    certain = [entry for entry in found if entry[0].certain]
    if not certain:
        return _only_perhaps(image, component, [package for package, _ in found])
    entries = [entry for entry in certain if entry[0].manager == certain[-1][0].manager]
    facts = [(package, value_of(image, package, meaning)) for package, meaning in entries]
    exact = [(package, value) for package, value in facts if value.versions is not None] or facts
    package, value = exact[-1]
    for other, other_value in exact:
        mine, theirs = value.versions, other_value.versions
        if mine is not None and theirs is not None and other_value.family == value.family and theirs <= mine:
            package, value = other, other_value
    if package.unknown:
        return Unknown(component, f"the version of {package.name} is not known: {package.unknown}", package.chain)
    later = [
        other for other, _ in found if not other.certain and image.packages.index(other) > image.packages.index(package)
    ]
    if later:
        return Unknown(component, f"{later[0].name} may be installed again, under a condition", later[0].chain)
    return Fact(component, value, explained(image, package, value))


def _only_perhaps(image: Built, component: str, perhaps: list[Package]) -> Testimony:
    alone = image.absence(component)
    if not perhaps:
        return alone
    if isinstance(alone, Fact) and alone.value.present and alone.value.versions is None:
        return alone
    return Unknown(component, f"{perhaps[-1].name} is installed only under a condition", perhaps[-1].chain)


def value_of(image: Built, package: Package, meaning: PackageMeaning) -> Value:
    """What one package says of a component."""
    family = package.name if meaning.family == "same" else meaning.family
    how, _, floor = meaning.version.partition(" ")
    if how == "present":
        return Value(True, family)
    if how == "package" or (how == "distribution" and package.pinned and _own_version_counts(meaning)):
        if package.versions is not None and not package.versions.is_any:
            return Value(True, family, package.versions)
        return Value(True, family, prefix(floor) if floor else None)
    if how == "distribution":
        return Value(True, family, shipped(image, package.name))
    return Value(True, family, prefix(how))


def _own_version_counts(meaning: PackageMeaning) -> bool:
    """python3's own Debian version is Python's; so is git's and Open MPI's."""
    return meaning.component != "libfuse"


def shipped(image: Built, name: str) -> VersionSet | None:
    """The version of a package in the archive of the image's own release; None where that is not known."""
    release = image.release()
    if release is None or image.repositories_added:
        return None
    version = release.packages.get(name)
    if version is None and name.startswith("python3"):
        version = release.packages.get("python3")
    if version is None and name in ("libopenmpi-dev", "openmpi-common"):
        version = release.packages.get("openmpi-bin")
    return prefix(version) if version and loose(version) == version else None


def explained(image: Built, package: Package, value: Value) -> Chain:
    """The package's chain; with the base image in front where the version is that of its release."""
    from_release = package.manager == "apt" and not package.pinned and value.versions is not None
    from_release = from_release and value.versions == shipped(image, package.name)
    return (*image.base_chain(), *package.chain) if from_release else package.chain


def presence(image: Built, component: str) -> Testimony:
    """Like `testify`, for components whose version nobody asks for: an unresolved version is still presence."""
    found = testify(image, component)
    if isinstance(found, Unknown):
        packages = [package for package, _ in last_wins(image.installed(component)) if package.certain]
        if packages:
            return Fact(component, PRESENT, packages[-1].chain)
    return found
