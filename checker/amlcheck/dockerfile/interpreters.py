"""Which Python a plain `python` is in the image: the first on PATH, of conda, a virtual environment, apt or the base."""

from __future__ import annotations

import posixpath

from amlcheck.dockerfile.built import DEFAULT_PATH, Built, Package, last_wins
from amlcheck.dockerfile.testimony import explained, surely, value_of
from amlcheck.knowledge import PackageMeaning
from amlcheck.model import Chain, Fact, Testimony, Unknown, Value
from amlcheck.records import dataclass, replace
from amlcheck.regex import regex

_ENVIRONMENT = regex(r"conda|forge|/envs?(?:/|$)|venv")
"""A prefix on PATH that something unreadable may have made into an environment of its own."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The Python that runs, and where it stands."""

    testimony: Testimony
    place: str
    """Its prefix; "" where that is not known."""
    on_path: bool


def effective_python(image: Built) -> Interpreter:
    """The interpreter that Azure ML's `python` finds."""
    found = list(last_wins(image.installed("python")))
    by_place: dict[str, list[tuple[Package, PackageMeaning]]] = {}
    for package, meaning in found:
        by_place.setdefault(package.place, []).append((package, meaning))
    replaced = next((item for item in image.opaque if "python" in item.replaces), None)
    if replaced is not None:
        chain = (replaced.span.evidence("cannot be followed"),) if replaced.span else ()
        return Interpreter(Unknown("python", replaced.reason, chain), "", True)
    base = image.base_value("python")
    base_prefixes = _base_prefixes(image)
    for entry in image.path():
        if entry.folder is None:
            if base is not None and not base.present:
                continue
            if base is None:
                return Interpreter(_unknown_path(image, found), "", True)
            return Interpreter(image.absence("python", "Python"), "", True)
        if posixpath.basename(entry.folder) not in ("bin", "condabin"):
            continue
        place = posixpath.dirname(entry.folder)
        if place in by_place:
            return Interpreter(_told(image, by_place[place]), place, True)
        if base is not None and base.present and (place in base_prefixes or (not base_prefixes and _usual_path(image))):
            removed = image.removal("python")
            if removed is not None and removed.place not in ("", place):  # another prefix's: this one keeps its own
                return Interpreter(Fact("python", base, image.base_chain("python")), place, True)
            return Interpreter(image.absence("python", "Python"), place, True)
        hidden = image.hidden("python") if _ENVIRONMENT.search(place) else None
        if hidden is not None:
            chain = (hidden.span.evidence("cannot be followed"),) if hidden.span else ()
            return Interpreter(Unknown("python", hidden.reason, chain), place, True)
    if base is not None and base.present and base_prefixes and not by_place:
        told = image.absence("python", "Python")
        return Interpreter(told, base_prefixes[0], False)
    for place in reversed(list(by_place)):
        if place and any(surely(*entry) for entry in by_place[place]):
            return Interpreter(_told(image, by_place[place]), place, False)
    if found:
        return Interpreter(_told(image, found), "", False)
    return Interpreter(image.absence("python", "Python"), "", True)


def _usual_path(image: Built) -> bool:
    """Whether PATH still has every directory that a Python of the base image could be found in."""
    return set(DEFAULT_PATH.split(":")) <= {entry.folder for entry in image.path()}


def pythons(image: Built) -> list[tuple[str, Testimony]]:
    """Every Python that was installed, by its prefix."""
    by_place: dict[str, list[tuple[Package, PackageMeaning]]] = {}
    for package, meaning in last_wins(image.installed("python")):
        by_place.setdefault(package.place, []).append((package, meaning))
    return [(place, _told(image, entries)) for place, entries in by_place.items()]


def _base_prefixes(image: Built) -> list[str]:
    known = image.base.known if image.base is not None else None
    base = image.base_value("python")
    if known is None or base is None or not base.present:
        return []
    return [known.prefixes[name] for name in ("python", "conda") if name in known.prefixes]


def _told(image: Built, entries: list[tuple[Package, PackageMeaning]]) -> Testimony:
    """What the packages of one prefix say: the last one that is certain."""
    certain = [entry for entry in entries if surely(*entry)]
    if not certain:
        package, meaning = entries[-1]
        if meaning.version == "perhaps":
            return Unknown("python", f"{package.name} may bring Python along", package.chain)
        return Unknown("python", f"{package.name} is installed only under a condition", package.chain)
    last = certain[-1][0]
    if last.unknown:
        return Unknown("python", f"the version of {last.name} is not known: {last.unknown}", last.chain)
    valued = [(package, value_of(image, package, meaning)) for package, meaning in certain]
    exact = [item for item in valued if item[1].versions is not None and item[0].name != "python-is-python3"]
    package, value = (exact or valued)[-1]
    linked = [item for item in valued if item[0].manager == "link"]
    plain = [item for item in exact if item[0].name in ("python3", "python")]
    if linked:
        package, value = linked[-1]
    elif package.manager == "apt" and plain:
        package, value = plain[-1]
    if package.unknown:
        return Unknown("python", f"the version of {package.name} is not known: {package.unknown}", package.chain)
    at = next(number for number, (item, _) in enumerate(entries) if item is package)
    later = [item for item, _ in entries[at + 1 :] if not item.certain]
    if later:
        return Unknown("python", "another Python may be installed over it, under a condition", later[0].chain)
    if value.versions is None and package.manager == "apt":
        return _shipped_by_unknown(image, package)
    if value.versions is None and package.manager == "venv":
        return _made_by(image, package, value)
    return Fact("python", value, explained(image, package, value))


def _made_by(image: Built, package: Package, value: Value) -> Testimony:
    """A virtual environment has the Python that made it: the base image's, else the system's."""
    base = image.base_value("python")
    if base is not None and base.present:
        return Fact("python", base, (*image.base_chain("python"), *package.chain))
    system = [entry for entry in last_wins(image.installed("python")) if entry[0].manager == "apt"]
    if not system:
        return Fact("python", value, package.chain)
    told = _told(image, system)
    return replace(told, evidence=(*told.evidence, *package.chain))


def _shipped_by_unknown(image: Built, package: Package) -> Testimony:
    reason = f"which Python {package.name} brings depends on the distribution's release: {image.base_unknown('ubuntu')}"
    if image.system() is not None:
        reason = f"which Python {package.name} brings on this distribution is not known"
    return Unknown("python", reason, package.chain)


def _unknown_path(image: Built, found: list[tuple[Package, PackageMeaning]]) -> Testimony:
    chain: Chain = found[-1][0].chain if found else image.base_chain("python")
    if image.base is not None and (image.base.known is None or image.base.resolved is not None):
        return Unknown("python", image.base_unknown("python"), chain)
    return Unknown("python", "the base image's PATH and Python are not known", chain)
