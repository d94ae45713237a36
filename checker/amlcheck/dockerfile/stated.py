"""Versions that ENV and LABEL state: weaker than a package, stronger than nothing."""

from __future__ import annotations

from amlcheck.dockerfile.built import Built, Stated
from amlcheck.model import Chain, Fact, Testimony, Value
from amlcheck.versions import exactly, loose, prefix


def or_stated(image: Built, found: Testimony, variables: tuple[str, ...], labels: tuple[str, ...]) -> Testimony:
    """What packages and base image say, narrowed by what the Dockerfile states inside of it; where the base image is not
    known, what the Dockerfile states.
    """
    narrower = stated(image, variables, labels)
    if narrower is None:
        return found
    if isinstance(found, Fact):
        versions = found.value.versions
        value, _ = narrower
        inside = versions is not None and value.versions is not None and value.versions <= versions
        return _fact(found.component, narrower) if inside else found
    known = image.base is not None and image.base.known is not None
    return found if known else _fact(found.component, narrower)


def _fact(component: str, narrower: tuple[Value, Chain]) -> Fact:
    value, chain = narrower
    return Fact(component, value, chain)


def stated(image: Built, variables: tuple[str, ...], labels: tuple[str, ...]) -> tuple[Value, Chain] | None:
    """The last version that one of these variables or labels states, the first name before the others."""
    for names, entries in ((variables, image.stated_env), (labels, image.labels)):
        for name in names:
            for entry in reversed(entries):
                value = _value(entry) if entry.name == name else None
                if value is not None:
                    note = "ENV" if names is variables else "LABEL"
                    return value, entry.value.chain(f"{note} {name}")
    return None


def _value(entry: Stated) -> Value | None:
    stem = loose(entry.value.value) if entry.value.known else None
    if stem is None:
        return None
    return Value(True, "", exactly(stem) if stem.count(".") >= 2 else prefix(stem))
