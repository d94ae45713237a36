"""COPY --from: what another stage or image brings along with the folders that are copied from it."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from amlcheck.dockerfile.built import EVERYTHING, Built, Opaque, Package
from amlcheck.dockerfile.files import ImageFiles
from amlcheck.dockerfile.reader import Instruction
from amlcheck.dockerfile.text import HOLE, Text
from amlcheck.knowledge import BaseImage
from amlcheck.model import Chain, Value
from amlcheck.records import replace
from amlcheck.reference import parse_reference

_NOT_THE_SYSTEM = EVERYTHING - {"ubuntu"}
_SYSTEM_FOLDERS = (
    "/usr",
    "/opt",
    "/bin",
    "/lib",
    "/sbin",
    "/etc",
    "/root",
    "/home",
    "/var/lib",
    "/srv",
    "/mnt",
    "/conda",
)
"""Where the software of a known base image stands."""
_PLAIN_FILES = frozenset(
    {"jar", "war", "js", "mjs", "css", "html", "json", "txt", "md", "conf", "cfg", "ini", "toml", "yml", "yaml", "xml"}
    | {
        "properties",
        "crt",
        "pem",
        "key",
        "py",
        "onnx",
        "pkl",
        "pt",
        "h5",
        "csv",
        "png",
        "svg",
        "service",
        "env",
        "lock",
    }
    | {"sql", "proto", "map", "wasm", "template", "tmpl", "gpg", "asc"}
)
"""Endings of single files that bring no component along."""


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
        if source == target == "/" and built.base is not None and _is_scratch(built):
            built.base = other.base
        chain = word.chain("COPY --from")
        content = other_files.read(source)
        if content is not None:
            files.write(target, content)
            files.write(posixpath.join(target, posixpath.basename(source)), content)
        there = set(built.packages)
        for package in other.packages:
            place = _moved(package, source, target)
            if place is None or (place == package.place and package in there):
                continue
            built.packages.append(
                replace(package, place=place, chain=(*package.chain, *chain), instruction=instruction)
            )
        if _is_plain(source, built):
            continue
        seen = set(built.opaque)
        built.opaque.extend(item for item in other.opaque if item not in seen)
        known = other.base.known if other.base is not None else None
        name = other.base.name if other.base is not None else "another image"
        _bring_base(built, known, name, source, target, chain, word, instruction)


def bring_from_image(built: Built, origin: Text, sources: list[Text], target: str, instruction: Instruction) -> None:
    """An image by its name: what is known of it, where the copied folder holds it; else not followed."""
    reference = parse_reference(origin.value) if origin.known else None
    known = built.knowledge.base_image(reference) if reference is not None else None
    for word in sources:
        source = posixpath.normpath("/" + word.value.lstrip("/")) if word.known else "/"
        chain = (*origin.chain("COPY --from"), *word.chain("copied"))
        if not _is_plain(source, built):
            _bring_base(built, known, origin.value.replace(HOLE, "…"), source, target, chain, word, instruction)


def _bring_base(
    built: Built,
    known: BaseImage | None,
    name: str,
    source: str,
    target: str,
    chain: Chain,
    word: Text,
    instruction: Instruction,
) -> None:
    """What a base image may bring: its known prefixes as packages, all else that it may have as unreadable."""
    brought: set[str] = set()
    if known is not None and not source.startswith(_SYSTEM_FOLDERS) and source != "/":
        return
    if known is not None:
        brought = _prefixes(built, known.prefixes, known.provides, source, target, chain, instruction)
    if known is not None and built.base is not None and built.base.known is known and source == target:
        return
    absent = {item for item, value in known.provides.items() if not value.present} if known is not None else set()
    perhaps = _NOT_THE_SYSTEM - brought - absent
    if source == "/":
        perhaps |= {"ubuntu"}
    if perhaps:
        reason = f"{source} is copied from {name}, which is not looked into"
        built.opaque.append(Opaque(reason, word.span, frozenset(perhaps)))


def _is_scratch(built: Built) -> bool:
    return built.base is not None and built.base.reference is not None and built.base.reference.is_scratch


def _is_plain(source: str, built: Built) -> bool:
    """Whether the copied path is a single file that brings no component along."""
    name = posixpath.basename(source)
    return name in built.knowledge.harmless_files or name.lower().rpartition(".")[2] in _PLAIN_FILES


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


def _prefixes(
    built: Built,
    prefixes: Mapping[str, str],
    provides: Mapping[str, Value],
    source: str,
    target: str,
    chain: Chain,
    instruction: Instruction,
) -> set[str]:
    """Conda or Python of a known base image, where its prefix is copied: the components that came."""
    found: set[str] = set()
    for component, prefix in prefixes.items():
        if not (prefix == source or prefix.startswith(source.rstrip("/") + "/")):
            continue
        place = target if prefix == source else posixpath.join(target, posixpath.relpath(prefix, source))
        for name in ("conda", "python") if component == "conda" else (component,):
            value = provides.get(name)
            if value is not None and value.present:
                built.packages.append(Package("installer", name, value.versions, place, chain, instruction=instruction))
                found.add(name)
    return found
