"""Packages of Debian's and Alpine's managers, from their databases in the image."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from amlcheck.image.remember import remembered
from amlcheck.image.tree import MAX_CONTENT, Kind, Tree
from amlcheck.image.words import text_of
from amlcheck.records import dataclass
from amlcheck.regex import regex

STATUS = "/var/lib/dpkg/status"
STATUS_FOLDER = "/var/lib/dpkg/status.d"
"""Images without dpkg itself (distroless) have one file a package here."""
APK = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")
CONTENTS = (STATUS, f"{STATUS_FOLDER}/*", *APK)
_FIELD = regex(r"^(Package|Status|Version): *(.*)$", re.MULTILINE)
_APK_FIELD = regex(r"^([PV]):(.*)$", re.MULTILINE)
_INSTALLED = regex(r"\S+ ok installed")
"""The first word is only what is wanted: "hold ok installed" after `apt-mark hold`, as NVIDIA's images do with cuDNN."""


@dataclass(frozen=True, slots=True)
class SystemPackage:
    """An installed package: its version as the manager has it, and the file that says so."""

    name: str
    version: str
    path: str
    manager: str
    """"apt" or "apk"."""


@remembered
def system_packages(tree: Tree) -> Mapping[str, SystemPackage]:
    """All that are installed, by name. Raises NotReadableError."""
    found: dict[str, SystemPackage] = {}
    if _is_file(tree, STATUS):
        for package in _of_status(text_of(tree, STATUS, MAX_CONTENT), STATUS, needs_status=True):
            found.setdefault(package.name, package)
    for name in tree.names(STATUS_FOLDER):
        path = f"{STATUS_FOLDER}/{name}"
        if not name.endswith(".md5sums") and _is_file(tree, path):
            for package in _of_status(text_of(tree, path), path, needs_status=False):
                found.setdefault(package.name, package)
    for path in APK:
        if _is_file(tree, path):
            for package in _of_apk(text_of(tree, path, MAX_CONTENT), path):
                found.setdefault(package.name, package)
    return found


def _is_file(tree: Tree, path: str) -> bool:
    entry = tree.stat(path)
    return entry is not None and entry.kind is Kind.FILE


def _of_status(text: str, path: str, needs_status: bool) -> Iterator[SystemPackage]:
    for paragraph in text.replace("\r\n", "\n").split("\n\n"):
        fields = {name: value.strip() for name, value in _FIELD.findall(paragraph)}
        status = fields.get("Status", "" if needs_status else "install ok installed")
        if fields.get("Package") and _INSTALLED.fullmatch(status):
            yield SystemPackage(fields["Package"], fields.get("Version", ""), path, "apt")


def _of_apk(text: str, path: str) -> Iterator[SystemPackage]:
    for paragraph in text.split("\n\n"):
        fields = dict(_APK_FIELD.findall(paragraph))
        if fields.get("P"):
            yield SystemPackage(fields["P"], fields.get("V", ""), path, "apk")
