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
    if span is not None:
        yield safe(f"install {' and '.join(names)} too", inserted(span.source, span.end, f" {' '.join(names)}"))


def installed(case: Case, names: Sequence[str]) -> Iterator[Repair]:
    """More packages in a list of the stage, the last one first, else in a RUN of their own."""
    title = f"install {' and '.join(names)}"
    candidates = [item for item in case.image.packages if item.manager == "apt" and item.certain and not item.removed]
    for package in reversed(candidates):
        span = _word(case, package)
        if span is not None:
            yield safe(title, inserted(span.source, span.end, f" {' '.join(names)}"))
            break
    start = lines.last_from(case.image.dockerfile)
    if start is not None and _has_apt(case.image):
        command = f"RUN apt-get update && apt-get install -y {' '.join(names)} && rm -rf /var/lib/apt/lists/*"
        yield unsafe(title, lines.after(case.image.dockerfile.source, start, command))


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
