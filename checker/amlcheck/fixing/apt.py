"""Packages of apt: one more in a list that is installed anyway, or a RUN of its own behind the last FROM."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from amlcheck.dockerfile.built import Built, Package
from amlcheck.dockerfile.source import Span
from amlcheck.fixing import lines
from amlcheck.fixing.case import Case, safe, unsafe
from amlcheck.fixing.edits import inserted
from amlcheck.fixing.words import origin, stands_alone
from amlcheck.model import Repair


def beside(case: Case, package: Package, names: Sequence[str]) -> Iterator[Repair]:
    """More packages right behind one that is installed, in the same list."""
    span = _word(case, package)
    for words in _ways(case, names) if span is not None else ():
        assert span is not None
        yield safe(f"install {' and '.join(words)} too", inserted(span.source, span.end, f" {' '.join(words)}"))


def installed(case: Case, names: Sequence[str]) -> Iterator[Repair]:
    """More packages in a list of the stage, the last one first, else in a RUN of their own."""
    candidates = [item for item in case.image.packages if item.manager == "apt" and item.certain and not item.removed]
    for package in reversed(candidates):
        span = _word(case, package)
        if span is not None:
            for words in _ways(case, names):
                yield safe(f"install {' and '.join(words)}", inserted(span.source, span.end, f" {' '.join(words)}"))
            break
    start = lines.last_from(case.image.dockerfile)
    for words in _ways(case, names) if start is not None and _has_apt(case.image) else ():
        assert start is not None
        command = f"RUN apt-get update && apt-get install -y {' '.join(words)} && rm -rf /var/lib/apt/lists/*"
        yield unsafe(f"install {' and '.join(words)}", lines.after(case.image.dockerfile.source, start, command))


def _ways(case: Case, names: Sequence[str]) -> Iterator[list[str]]:
    """The packages as they are, and pinned to what the distribution's release has, where that is known."""
    yield list(names)
    release = case.image.release()
    known = case.remedies.data["apt"]
    if release is None or case.image.repositories_added:
        return
    versions = [release.packages.get(known["same"].get(name, name), "") for name in names]
    if all(versions):
        yield [
            f"{name}={known['epochs'].get(name, '')}{version}*" for name, version in zip(names, versions, strict=True)
        ]


def _word(case: Case, package: Package) -> Span | None:
    """A package's word in the Dockerfile, where another may stand behind it."""
    if package.written is None or package.manager != "apt":
        return None
    span = origin(case, package.written)
    if span is None or span.source.path != case.image.dockerfile.source.path or not stands_alone(span):
        return None
    return span if not package.written.value.endswith(".deb") else None


def _has_apt(image: Built) -> bool:
    """Whether the image is of a system with apt, and starts as a user who may use it."""
    system = image.system()
    base = image.base.known if image.base is not None else None
    user = base.user if base is not None else ""
    return system is not None and system.present and system.family in ("", "debian") and user in ("", "root", "0")
