"""Versions that ENV and LABEL state: weaker than a package, stronger than nothing."""

from __future__ import annotations

from amlcheck.dockerfile.built import Built, Stated
from amlcheck.model import Chain, Fact, Testimony, Value
from amlcheck.versions import exactly, loose, prefix


def or_stated(image: Built, found: Testimony, variables: tuple[str, ...], labels: tuple[str, ...]) -> Testimony:
    """What packages and base image say; where they leave the version open, what the Dockerfile states of it."""
    if isinstance(found, Fact) and (found.value.versions is not None or not found.value.present):
        narrower = stated(image, variables, labels)
        if narrower is None or not found.value.present or found.value.versions is None:
            return found if narrower is None or not found.value.present else _fact(found.component, narrower)
        value, _ = narrower
        assert value.versions is not None
        inside = value.versions <= found.value.versions and value.versions != found.value.versions
        return _fact(found.component, narrower) if inside else found
    narrower = stated(image, variables, labels)
    return _fact(found.component, narrower) if narrower is not None else found


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
