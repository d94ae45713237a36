"""azureml-defaults and the inference server that it brings, by release (rules/azureml_defaults.toml)."""

from __future__ import annotations

from amlcheck.dockerfile.built import NO_DEPENDENCIES, Built, Package
from amlcheck.dockerfile.interpreters import effective_python
from amlcheck.environment.specs import named_requirement
from amlcheck.knowledge import DefaultsRange
from amlcheck.model import ABSENT, PRESENT, Fact, Testimony, Unknown, Value
from amlcheck.versions import NOTHING, from_specifiers

DEFAULTS = "azureml-defaults"
SERVER = "azureml-inference-server-http"


def installed_defaults(image: Built) -> Testimony:
    """azureml-defaults in the environment of `python`, or the only one there is."""
    found = _chosen(image, DEFAULTS)
    if found is None:
        return image.absence(DEFAULTS)
    aside = _aside(image, found)
    if aside:
        return Unknown(DEFAULTS, aside, found.chain)
    if not found.certain:
        return Unknown(DEFAULTS, f"{DEFAULTS} is installed only under a condition", found.chain)
    if found.unknown:
        return Unknown(DEFAULTS, f"its version is not known: {found.unknown}", found.chain)
    if found.pinned:
        return Fact(DEFAULTS, Value(True, "", found.versions), found.chain)
    newest = _newest(image)
    if newest is None:
        return Unknown(
            DEFAULTS, "it is not pinned, and which release pip takes depends on a Python that is not known", found.chain
        )
    return Fact(
        DEFAULTS,
        Value(True, "", from_specifiers(f">={newest}")),
        found.chain,
        f"not pinned: pip takes the newest release for this Python, {newest} or newer",
    )


def installable(image: Built, package: Package) -> str:
    """Why pip cannot install a pinned azureml-defaults into this image; empty where it can, or where that is not known."""
    if package.versions is None or not package.certain:
        return ""
    ranges = [item for item in image.knowledge.defaults if not item.versions.isdisjoint(package.versions)]
    if not ranges:
        return ""
    if all(item.gone for item in ranges):
        return "PyPI no longer has the azureml-dataprep packages that it needs"
    python = effective_python(image)
    told = python.testimony
    if not isinstance(told, Fact) or told.value.versions is None or package.place != python.place:
        return ""
    possible = NOTHING
    for item in ranges:
        possible |= item.python
    if told.value.versions.isdisjoint(possible):
        return f"it needs Python {ranges[-1].python.text}, and the image has {told.value.text}"
    return ""


def held_back(image: Built) -> frozenset[str]:
    """What must be pinned beside the azureml-defaults that is installed, or its server cannot be imported."""
    found = _chosen(image, DEFAULTS)
    if found is None or found.versions is None:
        return frozenset()
    ranges = [item for item in image.knowledge.defaults if not item.versions.isdisjoint(found.versions)]
    parts = (part for item in ranges for alternative in item.breaks_unless for part in alternative.split(" and "))
    return frozenset(named_requirement(part)[0] for part in parts)


def inference_server(image: Built) -> Testimony:
    """The server that Azure ML can start: the package itself, or what azureml-defaults brings."""
    server = _chosen(image, SERVER)
    if server is not None and _aside(image, server):
        return Unknown("inference-server", _aside(image, server), server.chain)
    if server is not None and server.certain and NO_DEPENDENCIES not in server.extras:
        return Fact("inference-server", Value(True, SERVER, server.versions if server.pinned else None), server.chain)
    defaults = _chosen(image, DEFAULTS)
    if defaults is None:
        return image.absence("inference-server", "an inference server")
    testimony = installed_defaults(image)
    if NO_DEPENDENCIES in defaults.extras:
        return Unknown(
            "inference-server", "azureml-defaults is installed without what it needs (--no-deps)", defaults.chain
        )
    if isinstance(testimony, Unknown):
        return Unknown("inference-server", testimony.reason, testimony.evidence)
    versions = testimony.value.versions
    if versions is None:
        return Unknown("inference-server", "the release of azureml-defaults is not known", testimony.evidence)
    if not defaults.pinned:
        ranges = _taken(image)
        newest = " or ".join(item.newest for item in reversed(ranges))
        return _by_ranges(image, ranges, newest if len(ranges) < 2 else f"({newest}, by the Python)", testimony)
    ranges = [item for item in image.knowledge.defaults if not item.versions.isdisjoint(versions)]
    return _by_ranges(image, ranges, versions.text, testimony)


def _by_ranges(image: Built, ranges: list[DefaultsRange], release: str, testimony: Fact) -> Testimony:
    servers = {item.server for item in ranges}
    if not ranges:
        return Unknown("inference-server", f"what azureml-defaults {release} brings is not known", testimony.evidence)
    if servers == {"none"}:
        note = f"azureml-defaults {release} brings no web server: it cannot serve"
        return Fact("inference-server", ABSENT, testimony.evidence, note, True, _serving(image))
    if "none" in servers:
        reason = f"azureml-defaults {release} may or may not bring a server: {', '.join(sorted(servers))}"
        return Unknown("inference-server", reason, testimony.evidence)
    served = Fact("inference-server", Value(True, min(servers)) if len(servers) == 1 else PRESENT, testimony.evidence)
    breaking = [item for item in ranges if item.breaks_unless]
    if all(any(_pinned_beside(image, alternative) for alternative in item.breaks_unless) for item in breaking):
        return served
    return _broken(image, breaking, len(breaking) == len(ranges), release, served)


def _broken(image: Built, breaking: list[DefaultsRange], every: bool, release: str, served: Fact) -> Testimony:
    """Installed today, its Flask cannot be imported, on the Pythons for which newer dependencies exist."""
    remedy = breaking[0].breaks_unless[0]
    pins = "pins" if every else "may pin"
    what = f"azureml-defaults {release} {pins} an old Flask, which cannot be imported unless {remedy} are pinned too"
    affected = breaking[0].breaks_python
    python = effective_python(image).testimony
    if affected is not None:
        if not isinstance(python, Fact) or python.value.versions is None:
            return Unknown("inference-server", f"{what}, if Python is {affected.text}", served.evidence)
        if python.value.versions.isdisjoint(affected):
            return served
        every = every and python.value.versions <= affected
    if not every:
        return Unknown("inference-server", what, served.evidence)
    instead = _serving(image)
    fix = f"{instead}, or pin {remedy} beside it" if instead else f"pin {remedy} beside it"
    return Fact("inference-server", ABSENT, served.evidence, what, True, fix)


def _serving(image: Built) -> str:
    """The release to take instead: the newest that can be installed and serves on every possible Python; else empty."""
    python = effective_python(image).testimony
    here = python.value.versions if isinstance(python, Fact) else None
    if here is None:
        return ""
    for item in reversed(image.knowledge.defaults):
        breaks = bool(item.breaks_unless) and (item.breaks_python is None or not here.isdisjoint(item.breaks_python))
        if here <= item.python and item.server != "none" and not breaks and not item.gone:
            return f"take azureml-defaults=={item.newest}, which serves on Python {here.text}"
    return ""


def _pinned_beside(image: Built, alternative: str) -> bool:
    """Whether the requirements of one alternative ("jinja2<3.1 and markupsafe<2.1") are all installed that way."""
    for part in alternative.split(" and "):
        name, wanted = named_requirement(part)
        beside = image.named(name, manager="pip") + image.named(name, manager="conda")
        if not any(package.versions is not None and package.versions <= wanted for package in beside):
            return False
    return True


def _chosen(image: Built, name: str) -> Package | None:
    """The package in the environment of `python`; else the last one."""
    packages = image.named(name, manager="pip")
    here = effective_python(image).place
    fitting = [package for package in packages if package.place == here and here]
    return (fitting or packages)[-1] if packages else None


def _aside(image: Built, package: Package) -> str:
    """Why a package does not count: it is in another environment than the one that `python` runs in."""
    here = effective_python(image).place
    if (
        not here
        or not package.place
        or package.place == here
        or package.place in ("/usr", "/usr/local", "/root/.local")
    ):
        return ""
    return f"{package.name} is installed in {package.place}, and `python` runs in {here}"


def _newest(image: Built) -> str | None:
    """The newest release that any of the possible Pythons can install: the oldest of these answers."""
    taken = _taken(image)
    return taken[0].newest if taken else None


def _taken(image: Built) -> list[DefaultsRange]:
    """The ranges of which pip takes the newest release, for one or another of the possible Pythons; the oldest first.

    Empty where a possible Python is not known, or has none.
    """
    testimony = effective_python(image).testimony
    left = testimony.value.versions if isinstance(testimony, Fact) else None
    found: list[DefaultsRange] = []
    for item in reversed(image.knowledge.defaults) if left is not None else ():
        assert left is not None
        if not item.python.isdisjoint(left):
            found.insert(0, item)
            left &= ~item.python
    return found if left is not None and left.is_empty else []
