"""From packages to a fact: what the packages that speak of a component say together.

Most requirement rules are one call of `testify`; those with more to consider (Python, conda, CUDA) build on its parts.
"""

from __future__ import annotations

from amlcheck.dockerfile.built import Built, Package, last_wins
from amlcheck.knowledge import PackageMeaning
from amlcheck.model import PRESENT, Chain, Fact, Testimony, Unknown, Value
from amlcheck.versions import MAX_VERSION, VersionSet, loose, prefix

_MAIN_PACKAGE = {"git": "git", "python": "python3"}
"""The package whose version a dependant brings."""
LIBRARIES = frozenset({"cuda", "cudnn", "nccl"})
"""Components of which several installations are all there, and a program may load any; of programs PATH finds one."""


def testify(image: Built, component: str) -> Testimony:
    """The last certain installation, else the base image's word, else absent or why that is not known.

    An installation that may not happen makes an otherwise absent component unknown, and a known one at least uncertain.
    """
    everywhere = list(last_wins(image.installed(component)))
    found = [entry for entry in everywhere if image.reachable(entry[0].place)]
    certain = [entry for entry in found if surely(*entry)]
    if not certain and len(everywhere) > len(found):
        aside = next(package for package, _ in reversed(everywhere) if not image.reachable(package.place))
        return Unknown(component, f"{aside.name} is installed in {aside.place}, which is not on PATH", aside.chain)
    if not certain:
        return _only_perhaps(image, component, found)
    replaced = next((item for item in image.opaque if component in item.replaces), None)
    if replaced is not None:
        return Unknown(component, replaced.reason, certain[-1][0].chain)
    last = certain[-1][0]
    if last.unknown:
        return Unknown(component, f"the version of {last.name} is not known: {last.unknown}", last.chain)
    entries = [entry for entry in certain if entry[0].manager == last.manager]
    facts = [(package, value_of(image, package, meaning)) for package, meaning in entries]
    exact = [(package, value) for package, value in facts if value.versions is not None] or facts
    package, value = exact[-1]
    for other, other_value in exact:
        mine, theirs = value.versions, other_value.versions
        if mine is not None and theirs is not None and other_value.family == value.family and theirs <= mine:
            package, value = other, other_value
    if package.unknown:
        return Unknown(component, f"the version of {package.name} is not known: {package.unknown}", package.chain)
    order = {id(item): number for number, item in enumerate(image.packages)}
    later = [item for item, _ in found if not item.certain and order[id(item)] > order[id(package)]]
    if later:
        return Unknown(component, f"{later[0].name} may be installed again, under a condition", later[0].chain)
    contradiction = _another(image, component, package, value, certain) if component in LIBRARIES else None
    if contradiction is not None:
        return Unknown(component, contradiction, package.chain)
    return Fact(component, value, explained(image, package, value))


def _another(
    image: Built,
    component: str,
    package: Package,
    value: Value,
    certain: list[tuple[Package, PackageMeaning]],
) -> str | None:
    """Why a value stands beside another that contradicts it: libraries of several installations are all there."""
    others = [
        (f"{item.name} in {item.place or 'another place'}", value_of(image, item, meaning)) for item, meaning in certain
    ]
    base = image.base_value(component)
    if base is not None and base.present and package.manager != "apt":
        others.append(("the base image", base))
    for name, other in others:
        if other.versions is None or value.versions is None:
            continue
        if other.family != value.family or other.versions.isdisjoint(value.versions):
            return f"{package.name} is {value.text}, and {name} is {other.text}"
    return None


def surely(package: Package, meaning: PackageMeaning) -> bool:
    """Whether a package certainly brings what it may."""
    return package.certain and meaning.version != "perhaps"


def _only_perhaps(image: Built, component: str, perhaps: list[tuple[Package, PackageMeaning]]) -> Testimony:
    alone = image.absence(component)
    if not perhaps:
        return alone
    package, meaning = perhaps[-1]
    if (
        isinstance(alone, Fact)
        and alone.value.present
        and (alone.value.versions is None or meaning.version == "perhaps")
    ):
        return alone
    if meaning.version == "perhaps":
        return Unknown(component, f"{package.name} may bring {component} along", package.chain)
    return Unknown(component, f"{package.name} is installed only under a condition", package.chain)


def value_of(image: Built, package: Package, meaning: PackageMeaning) -> Value:
    """What one package says of a component."""
    family = package.name if meaning.family == "same" else meaning.family
    how, _, floor = meaning.version.partition(" ")
    if how in ("present", "perhaps"):
        return Value(True, family)
    if how == "package" or (how == "distribution" and package.pinned):
        if package.versions is not None and not package.versions.is_any:
            return Value(True, family, package.versions)
        return Value(True, family, prefix(floor) if floor and len(floor) <= MAX_VERSION else None)
    if how in ("distribution", "shipped"):
        name = _MAIN_PACKAGE.get(meaning.component, package.name) if how == "shipped" else package.name
        return Value(True, family, shipped(image, name))
    return Value(True, family, prefix(how) if len(how) <= MAX_VERSION else None)


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
    return (*image.base_chain("ubuntu"), *package.chain) if from_release else package.chain


def presence(image: Built, component: str) -> Testimony:
    """Like `testify`, for components whose version nobody asks for: an unresolved version is still presence."""
    found = testify(image, component)
    if isinstance(found, Unknown):
        there = [entry for entry in last_wins(image.installed(component)) if image.reachable(entry[0].place)]
        packages = [package for package, meaning in there if surely(package, meaning)]
        if packages:
            return Fact(component, PRESENT, packages[-1].chain)
    return found
