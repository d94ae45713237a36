"""Python, conda and Ubuntu in another version: in the word, ARG, ENV or file in which the version is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from amlcheck.dockerfile.built import Package
from amlcheck.dockerfile.text import Text
from amlcheck.environment.specs import conda_spec
from amlcheck.fixing import releases
from amlcheck.fixing.case import Case, unsafe
from amlcheck.fixing.words import rewritten
from amlcheck.model import Repair
from amlcheck.regex import regex

_NUMBER = regex(r"(?P<operator>={0,2})\s*(?P<number>\d+(?:\.\d+)*)(?:\.\*)?")
_INSTALLER = regex(
    r"(?P<product>(?:Mini|Ana)conda3|Miniforge3|Mambaforge)-(?P<version>\d[\w.+-]*?|py\d[\w.+-]*?)-(?:\d-)?Linux"
)
_PYTHON_TAG = regex(r"(?P<number>3\.\d+(?:\.\d+)?)(?:-slim)?(?:-bullseye|-bookworm)?")
_UBUNTU_TAG = regex(r"\d\d\.\d\d(?:\.\d+)?|trusty|precise|utopic|vivid|wily|xenial|bionic")


def number_in(part: Text | None) -> Text | None:
    """The version in a part such as "=3.5", "==3.5.2" or "3.5.*", where it is a single one."""
    match = _NUMBER.fullmatch(part.value) if part is not None else None
    return part.slice(*match.span("number")) if part is not None and match is not None else None


def python_in(case: Case, part: Text | None) -> Iterator[Repair]:
    """Another Python in a part of a conda specification."""
    number = number_in(part)
    for series in releases.pythons(case) if number is not None else ():
        assert number is not None
        new = releases.like(case, series, number.value)
        edit = rewritten(case, number, new)
        if edit is not None:
            yield unsafe(f"take Python {new}", edit)


def other_python(case: Case, packages: Iterable[Package]) -> Iterator[Repair]:
    """Another Python, where it is asked for in one word: of conda, of an installer's URL, of the base image's tag."""
    for package in reversed(list(packages)):
        if package.written is None or package.removed:
            continue
        if package.manager == "conda" and package.name == "python":
            spec = conda_spec(package.written)
            yield from python_in(case, spec.version_part if spec is not None else None)
        elif package.manager == "installer":
            yield from other_installer(case, package.written, other_python=True)
    yield from _python_image(case)


def other_installer(case: Case, named: Text, *, other_python: bool) -> Iterator[Repair]:
    """Another release of a conda installer, in its URL or where the URL's version comes from."""
    match = _INSTALLER.search(named.value)
    if match is None:
        return
    part = named.slice(*match.span("version"))
    for found in releases.installers(case, match.group("product").lower(), part.value, other_python=other_python):
        edit = rewritten(case, part, found)
        if edit is not None:
            yield unsafe(f"take {match.group('product')} {found}", edit)


def _python_image(case: Case) -> Iterator[Repair]:
    """Another tag of Docker's own python image."""
    tag = _tag(case, "docker.io/library/python")
    match = _PYTHON_TAG.fullmatch(tag.value) if tag is not None else None
    for series in releases.pythons(case) if match is not None else ():
        assert tag is not None
        assert match is not None
        new = releases.like(case, series, match.group("number"))
        edit = rewritten(case, tag.slice(*match.span("number")), new)
        if edit is not None:
            yield unsafe(f"start from python:{new}{tag.value[match.end('number') :]}", edit)


def _tag(case: Case, repository: str = "") -> Text | None:
    """The tag of the base image, where it is of that repository and has no digest, which would count."""
    base = case.image.base
    if base is None or base.reference is None or base.reference.digest or not base.reference.tag:
        return None
    if repository and case.knowledge.mirrored(base.reference.repository) != repository:
        return None
    word = base.word.strip()
    return word.slice(len(word.value) - len(base.reference.tag), len(word.value))


def known_tag(case: Case) -> Iterator[Repair]:
    """The tag that rules/remedies.toml has for a base image with conda, in place of another."""
    base, tag, conda = case.image.base, _tag(case), case.image.base_value("conda")
    if base is None or base.reference is None or tag is None or conda is None or not conda.present:
        return
    wanted = case.remedies.data["tags"].get(case.knowledge.mirrored(base.reference.repository))
    edit = rewritten(case, tag, wanted) if wanted is not None else None
    if edit is not None:
        yield unsafe(f"start from the tag {wanted}", edit)


def other_conda(case: Case, packages: Iterable[Package]) -> Iterator[Repair]:
    """Another conda: of an installer's URL, of `conda install conda=…`, of the base image's tag."""
    for package in reversed(list(packages)):
        if package.written is None or package.removed or package.name != "conda":
            continue
        if package.manager == "installer":
            yield from other_installer(case, package.written, other_python=False)
        elif package.manager == "conda":
            spec = conda_spec(package.written)
            number = number_in(spec.version_part if spec is not None else None)
            for new in releases.condas(case) if number is not None else ():
                assert number is not None
                edit = rewritten(case, number, new)
                if edit is not None:
                    yield unsafe(f"take conda {new}", edit)
    yield from known_tag(case)


def other_ubuntu(case: Case) -> Iterator[Repair]:
    """Another release of Docker's own ubuntu image."""
    tag = _tag(case, "docker.io/library/ubuntu")
    if tag is None or not _UBUNTU_TAG.fullmatch(tag.value):
        return
    for new in releases.ubuntus(case):
        edit = rewritten(case, tag, new)
        if edit is not None:
            yield unsafe(f"start from ubuntu:{new}", edit)
