"""COPY --from: what another stage or image brings along with the folders that are copied from it."""

from __future__ import annotations

import posixpath
from dataclasses import replace

from amlcheck.dockerfile.built import EVERYTHING, Built, Opaque, Package
from amlcheck.dockerfile.files import ImageFiles
from amlcheck.dockerfile.reader import Instruction
from amlcheck.dockerfile.text import HOLE, Text
from amlcheck.model import Chain, Value
from amlcheck.reference import parse_reference

_SOFTWARE_FOLDERS = (
    "/usr",
    "/opt",
    "/root",
    "/home",
    "/lib",
    "/bin",
    "/conda",
    "/miniconda",
    "/anaconda",
    "/venv",
    "/env",
)
_NOT_THE_SYSTEM = EVERYTHING - {"ubuntu"}


def bring_from_stage(
    built: Built,
    files: ImageFiles,
    other: Built,
    other_files: ImageFiles,
    sources: list[Text],
    target: str,
    instruction: Instruction,
) -> None:
    """Packages that stand below a copied folder come along, at their new place; known files too."""
    for word in sources:
        source = posixpath.normpath("/" + word.value.lstrip("/")) if word.known else None
        if source is None:
            built.opaque.append(Opaque(f"what is copied is not known: {word.reason}", word.span, _NOT_THE_SYSTEM))
            continue
        chain = word.chain("COPY --from")
        content = other_files.read(source)
        if content is not None:
            files.write(target, content)
            files.write(posixpath.join(target, posixpath.basename(source)), content)
        for package in other.packages:
            place = _moved(package, source, target)
            if place is not None:
                built.packages.append(
                    replace(package, place=place, chain=(*package.chain, *chain), instruction=instruction)
                )
        known = other.base.known if other.base is not None else None
        if known is not None:
            _base_prefixes(built, known.prefixes, known.provides, source, target, chain, instruction)
        if _holds_software(source):
            built.opaque.extend(other.opaque)
            if known is None and source in ("/", "/usr", "/usr/local", "/opt"):
                name = other.base.name if other.base is not None else "another image"
                reason = f"{source} is copied from {name}, which is not known"
                built.opaque.append(Opaque(reason, word.span, _NOT_THE_SYSTEM))


def bring_from_image(built: Built, origin: Text, sources: list[Text], target: str, instruction: Instruction) -> None:
    """An image by its name: what is known of it, where the copied folder holds it; else not followed."""
    reference = parse_reference(origin.value) if origin.known else None
    known = built.knowledge.base_image(reference) if reference is not None else None
    for word in sources:
        source = posixpath.normpath("/" + word.value.lstrip("/")) if word.known else "/"
        chain = (*origin.chain("COPY --from"), *word.chain("copied"))
        brought = False
        if known is not None:
            brought = _base_prefixes(built, known.prefixes, known.provides, source, target, chain, instruction)
        name = posixpath.basename(source)
        if brought or name in built.knowledge.harmless_files or not _holds_software(source):
            continue
        shown = origin.value.replace(HOLE, "…")
        built.opaque.append(
            Opaque(f"{source} is copied from {shown}, which is not looked into", word.span, _NOT_THE_SYSTEM)
        )


def _moved(package: Package, source: str, target: str) -> str | None:
    """Where a package stands after the copy; None where it stays behind."""
    if not package.place:
        return None
    if source == "/" or package.place == source:
        return package.place if source == "/" else target
    if package.place.startswith(source + "/"):
        return posixpath.join(target, package.place[len(source) + 1 :])
    inside = f"{package.place}/lib/python"
    if package.manager == "pip" and source.startswith(inside) and source.endswith("-packages"):
        return target.partition("/lib/python")[0]
    return None


def _base_prefixes(
    built: Built,
    prefixes: object,
    provides: object,
    source: str,
    target: str,
    chain: Chain,
    instruction: Instruction,
) -> bool:
    """Conda or Python of a known base image, where its prefix is copied."""
    if not isinstance(prefixes, dict) or not isinstance(provides, dict):
        return False
    found = False
    for component, prefix in prefixes.items():
        if not (prefix == source or prefix.startswith(source.rstrip("/") + "/")):
            continue
        place = target if prefix == source else posixpath.join(target, posixpath.relpath(prefix, source))
        for name in ("conda", "python") if component == "conda" else (component,):
            value = provides.get(name)
            if isinstance(value, Value) and value.present:
                built.packages.append(Package("installer", name, value.versions, place, chain, instruction=instruction))
                found = True
    return found


def _holds_software(source: str) -> bool:
    return source == "/" or source.startswith(_SOFTWARE_FOLDERS)
