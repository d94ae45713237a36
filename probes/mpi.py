"""MPI

Tells Open MPI, Intel MPI and MPICH apart and reads their versions from the header mpi.h, pkg-config's files, the path of
Intel's installations, the packages of the system, of conda and of pip, and words inside the library; `mpirun --version` where
these tell nothing. The library's file name tells neither: Intel MPI and MPICH both have libmpi.so.12, and no number in it is
the version.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.image.conda_prefixes import PACKAGES, is_in_package_cache
from amlcheck.image.distributions import CONTENTS as METADATA
from amlcheck.image.dpkg import CONTENTS as SYSTEM
from amlcheck.image.image import Image
from amlcheck.image.libraries import defines, prefix_of_library
from amlcheck.image.packaged import packages_of
from amlcheck.image.programs import Program, ask, find_program
from amlcheck.image.survey import Sighting
from amlcheck.image.tree import Entry, Kind, NotReadableError, Tree, Wanted
from amlcheck.image.words import brief, exact, series, text_of
from amlcheck.model import PRESENT, Evidence, Unknown, Value, in_file
from amlcheck.records import replace
from amlcheck.regex import regex

if TYPE_CHECKING:
    from testinfra.host import Host

OPEN, INTEL, MPICH = "openmpi", "intelmpi", "mpich"
_HEADERS = ("*/mpi.h",)
_SETTINGS = ("*/pkgconfig/ompi.pc", "*/pkgconfig/mpich.pc", "*/pkgconfig/impi.pc")
_LIBRARIES = ("*/libmpi.so", "*/libmpi.so.*", "*/libmpich.so.*")
_WORDS = "Intel[(]R[)] MPI Library|MPICH Version|ompi_mpi_comm_world"
_FAMILY_WORDS = (("Intel(R) MPI Library", INTEL), ("ompi_mpi_comm_world", OPEN), ("MPICH Version", MPICH))
"""Intel MPI is made of MPICH and has its words, too."""
_FAMILY_SETTINGS = {"ompi.pc": OPEN, "mpich.pc": MPICH, "impi.pc": INTEL}
_INTEL_PLACE = regex(
    r"(?P<place>/.*?/(?:compilers_and_libraries_|impi/|oneapi/mpi/|mpi/)(?P<version>20\d\d(?:\.\d+)+)(?:/linux/mpi(?:_\d+)?)?)(?=/)"
)
_SYSTEM = ("/usr", "/usr/local")
_PROGRAMS = ("mpirun", "mpiexec")
WANTED = Wanted(
    contents=(*SYSTEM, PACKAGES, *METADATA, *_HEADERS, *_SETTINGS),
    names=_LIBRARIES,
    searches=tuple((pattern, _WORDS) for pattern in _LIBRARIES),
)
SEARCHED = "mpi.h, libmpi.so* and libmpich.so* anywhere, packages, and mpirun in the folders of PATH"


def testify(host: Host, image: Image) -> Iterator[Sighting | Unknown]:
    """Every MPI; used is the one whose mpirun PATH leads to."""
    seen = list(_told_apart(_of_files(image)))
    started = next(
        (found for found in (find_program(image.files, image.config, name) for name in _PROGRAMS) if found), None
    )
    here, family = _of_program(started) if started is not None else ("", "")
    sightings = [item for item in seen if isinstance(item, Sighting)]
    there = [item for item in sightings if _is_at(item, here, family)]
    for item in seen:
        if isinstance(item, Sighting):
            yield replace(item, used=_is_used(image, item, started, here, family, bool(there)))
        else:
            yield item
    if started is not None and not any(item.value.family and item.value.versions for item in there):
        told = list(_asked(host, started, there[0].installation if there else here))
        yield from told
        if not told and not there:
            words = in_file(started.path, started.evidence_text)
            yield Unknown("mpi", f"{started.path} does not tell which MPI it belongs to", (words,))


def _is_at(item: Sighting, here: str, family: str) -> bool:
    place = item.installation.partition(" (")[0]
    return place == here and (not family or item.value.family in ("", family))


def _is_used(image: Image, item: Sighting, started: Program | None, here: str, family: str, there: bool) -> bool:
    if not image.config.known:
        return True
    if started is not None:
        return _is_at(item, here, family)
    return item.installation.partition(" (")[0] in _SYSTEM


def _told_apart(seen: Iterator[Sighting | Unknown]) -> Iterator[Sighting | Unknown]:
    """Two families in one prefix are two installations; what tells no family belongs to the only one there."""
    items = list(seen)
    families: dict[str, set[str]] = {}
    for item in items:
        if isinstance(item, Sighting) and item.value.family:
            families.setdefault(item.installation, set()).add(item.value.family)
    for item in items:
        if isinstance(item, Sighting) and len(families.get(item.installation, ())) > 1:
            if item.value.family:
                yield replace(item, installation=f"{item.installation} ({item.value.family})")
        else:
            yield item


def _of_files(image: Image) -> Iterator[Sighting | Unknown]:
    tree = image.files
    for package in packages_of(image, "mpi"):
        if isinstance(package, Unknown):
            yield package
        else:
            yield Sighting(package.value, (package.evidence,), package.place)
    known = set()
    for entry in tree.find(*_HEADERS, *_SETTINGS):
        if is_in_package_cache(tree, entry.path):
            continue
        told = _of_settings(tree, entry) if entry.name in _FAMILY_SETTINGS else _of_header(tree, entry.path)
        file = tree.stat(entry.path)
        if told is not None and file is not None:
            place = _place(file.path)
            known.add(place)
            yield Sighting(told[0], (told[1],), place)
    seen = set()
    for entry in tree.find(*_LIBRARIES):
        file = tree.stat(entry.path)
        if file is None or file.kind is not Kind.FILE or is_in_package_cache(tree, entry.path) or file.path in seen:
            continue
        seen.add(file.path)
        yield _of_library(tree, file, searched=_place(file.path) not in known)


def _place(path: str) -> str:
    match = _INTEL_PLACE.match(path)
    return match.group("place") if match is not None else prefix_of_library(path)


def _of_header(tree: Tree, path: str) -> tuple[Value, Evidence] | None:
    told = defines(tree, path, ("OMPI_MAJOR_VERSION", "OMPI_MINOR_VERSION", "OMPI_RELEASE_VERSION"))
    if told is not None:
        value = exact(told[0], OPEN)
        return (value, in_file(path, told[1])) if value is not None else None
    try:
        text = text_of(tree, path)
    except NotReadableError:
        return None
    intel = re.search(r'^[ \t]*#[ \t]*define[ \t]+I_MPI_VERSION[ \t]+"([^"\n]*)"', text, re.MULTILINE)
    if intel is not None:
        return _intel_version(intel.group(1)), in_file(path, brief(intel.group(0)))
    mpich = re.search(r'^[ \t]*#[ \t]*define[ \t]+MPICH_VERSION[ \t]+"([^"\n]*)"', text, re.MULTILINE)
    if mpich is not None:
        return exact(mpich.group(1), MPICH) or Value(True, MPICH), in_file(path, brief(mpich.group(0)))
    return None


def _intel_version(text: str) -> Value:
    """Words such as "2018 Update 3", which is 2018.3, of which the build number is not known; newer ones are plain."""
    match = re.match(r"\s*(20\d\d)(?:\.0)? Update (\d{1,3})", text)
    value = series(f"{match.group(1)}.{match.group(2)}", 2, INTEL) if match is not None else exact(text, INTEL)
    return value or Value(True, INTEL)


def _of_settings(tree: Tree, entry: Entry) -> tuple[Value, Evidence] | None:
    family = _FAMILY_SETTINGS[entry.name]
    try:
        match = re.search(r"^Version:\s*(\S+)", text_of(tree, entry.path), re.MULTILINE)
    except NotReadableError:
        return None
    value = exact(match.group(1), family) if match is not None else None
    return (value, in_file(entry.path, brief(match.group(0)))) if match is not None and value is not None else None


def _of_library(tree: Tree, file: Entry, searched: bool) -> Sighting:
    """The family by Intel's path or by words inside; the name says neither family nor version."""
    place = _place(file.path)
    intel = _INTEL_PLACE.match(file.path)
    if intel is not None:
        value = exact(intel.group("version"), INTEL) or Value(True, INTEL)
        return Sighting(value, (in_file(file.path, intel.group("version")),), place)
    if searched:
        try:
            words = tree.search(file.path, _WORDS)
        except NotReadableError:
            words = []
        family = next((name for text, name in _FAMILY_WORDS if text in words), "")
        if family:
            return Sighting(Value(True, family), (in_file(file.path, family and words[0], "in the library"),), place)
    return Sighting(PRESENT, (in_file(file.path, file.name),), place)


def _of_program(started: Program) -> tuple[str, str]:
    """The prefix and, by its name, the family of what mpirun starts."""
    name = started.file.name
    family = OPEN if re.search(r"openmpi|orte|prte|ompi", name) else MPICH if "mpich" in name else ""
    match = _INTEL_PLACE.match(started.file.path)
    if match is not None:
        return match.group("place"), INTEL
    return posixpath.dirname(posixpath.dirname(started.file.path)), family


def _asked(host: Host, started: Program, place: str) -> Iterator[Sighting]:
    told = ask(host, started.path, "--version")
    if told is None:
        return
    for pattern, family in (
        (r"\((?:Open MPI|PRRTE)\) (\d\S*)", OPEN),
        (r"Intel\(R\) MPI Library.*?Version (20\d\d[^\n]*?)(?: Build|$)", INTEL),
        (r"HYDRA build details:\s*Version:\s*(\d\S*)", MPICH),
    ):
        match = re.search(pattern, told.text, re.MULTILINE)
        if match is not None:
            value = _intel_version(match.group(1)) if family == INTEL else exact(match.group(1), family)
            yield Sighting(value or Value(True, family), (told.evidence(match.group(0)),), place)
            return
