"""What is installed on top of an image: from a conda file, a mapping inlined elsewhere, or a requirements file."""

from __future__ import annotations

import os
import re

from amlcheck.dockerfile.source import Mapped
from amlcheck.dockerfile.text import HOLE, Text
from amlcheck.environment.document import Mapping, Node, Open, Scalar, Sequence, is_null
from amlcheck.environment.environment import Conda, MissingFile, Wanted
from amlcheck.environment.files import Files, beside
from amlcheck.environment.limits import MAX_CHARACTERS, MAX_NODES, MAX_WORD, TOO_LONG
from amlcheck.environment.requirement_syntax import MAX_REFUSED, is_of_conda, is_template, refusal
from amlcheck.environment.requirements_file import COMMENT, read_requirements
from amlcheck.environment.specs import conda_spec, pip_spec
from amlcheck.errors import UnreadableError
from amlcheck.regex import regex

_OPTION = regex(r"\s*--?[A-Za-z]")
_INCLUDE = regex(r"\s*(-r|-c|--requirement|--constraint)(?:\s+|=|(?<=-[rc]))(\S+)\s*")
MAX_INCLUDED = 20
"""Requirements files that include one another, as far as they are followed."""


def conda_of(node: Mapping, shown: str, files: Files, missing: list[MissingFile], in_file: bool = True) -> Conda:
    """A conda environment's content. `shown` is the file that relative names in it start from."""
    conda = Conda(node.span, file=shown if in_file else "")
    conda.open = node.open
    channels = node.get("channels")
    if isinstance(channels, Sequence):
        conda.channels = [item.text for item in channels.items if isinstance(item, Scalar)]
    elif isinstance(channels, Open):
        conda.channels, conda.open = [], channels.reason
    key = node.entry("dependencies")
    if key is not None:
        conda.dependencies_span = key.key_span
    dependencies = node.get("dependencies")
    if isinstance(dependencies, Open):
        conda.open = dependencies.reason
    for item in dependencies.items if isinstance(dependencies, Sequence) else ():
        if isinstance(item, Scalar) and not is_null(item):
            _add_conda(conda, item.text)
        elif isinstance(item, Mapping):
            section = item.entry("pip")
            if section is None:
                conda.open = conda.open or item.open
                continue
            conda.pip_span = conda.pip_span or section.key_span
            _add_pip_section(conda, section.node, shown, files, missing)
        elif isinstance(item, Open):
            conda.open = item.reason
    return conda


def _add_conda(conda: Conda, word: Text) -> None:
    spec = conda_spec(word) if len(word.value) <= MAX_WORD else None
    if spec is None:
        conda.open = conda.open or "one of its dependencies cannot be read"
        return
    if spec.name == "pip" and conda.pip_listed is None:
        conda.pip_listed = word.span
    conda.wanted.append(Wanted("conda", spec, word))


def _add_pip_section(conda: Conda, node: Node, shown: str, files: Files, missing: list[MissingFile]) -> None:
    if isinstance(node, Open):
        conda.open = node.reason
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Open):
            conda.open = item.reason
        elif isinstance(item, Scalar) and not is_null(item):
            add_pip(conda, item.text, shown, files, missing)


def add_pip(
    conda: Conda, word: Text, shown: str, files: Files, missing: list[MissingFile], read_by: str = "pip"
) -> None:
    """One entry of a pip section: a requirement, a file of them, or an option. `read_by`: "pip", or "" for who knows."""
    if len(word.value) > MAX_WORD:
        conda.open = conda.open or "one of its requirements is too long to be read"
        return
    include = _INCLUDE.fullmatch(word.value)
    if include is not None:
        if include.group(1) in ("-c", "--constraint"):
            return
        name = word.slice(*include.span(2))
        add_requirements(conda, name, shown, files, missing)
        return
    if _OPTION.match(word.value):
        if re.match(r"\s*(?:-e|--editable)\b", word.value):
            conda.open = conda.open or "it installs a project of yours"
        return
    spec = pip_spec(word)
    judged = (spec is None or bool(spec.unknown)) and len(conda.refused) < MAX_REFUSED
    why = refusal(COMMENT.sub("", word.value), not read_by) if judged else None
    if why is not None:
        conda.refused.append((word, why))
    if spec is None:
        conda.open = conda.open or "it installs something that is not named (a path or a URL)"
    elif spec.applies:
        conda.wanted.append(Wanted("pip", spec, word))


def add_requirements(
    conda: Conda, name: Text, shown: str, files: Files, missing: list[MissingFile], depth: int = 0
) -> None:
    """What a requirements file asks for, and those that it includes."""
    span = name.span or conda.span
    if HOLE in name.value or "://" in name.value or depth > MAX_INCLUDED:
        conda.open = conda.open or name.reason or "a requirements file is somewhere else"
        return
    path = beside(shown, name.value)
    if path in conda.included:
        return
    conda.included.add(path)
    if not files.is_file(path):
        conda.open = conda.open or f"{path} is not there"
        missing.append(MissingFile(span, "the requirements file", path))
        return
    try:
        mapped = files.read(path).mapped
    except UnreadableError as error:
        conda.open = conda.open or str(error)
        missing.append(MissingFile(span, "the requirements file", path, str(error)))
        return
    _read_requirements(conda, mapped, path, files, missing, depth)


def _read_requirements(
    conda: Conda, mapped: Mapped, path: str, files: Files, missing: list[MissingFile], depth: int = 0
) -> None:
    if len(mapped.text) > MAX_CHARACTERS:
        conda.open = conda.open or f"{path}: {TOO_LONG}"
        return
    template = is_template(mapped.text)
    read_by = "" if conda.from_requirements and is_of_conda(mapped.text) else "pip"
    refused = len(conda.refused)
    for number, line in enumerate(read_requirements(mapped)):
        if number > MAX_NODES:
            conda.open = conda.open or f"{path} has too many lines"
            return
        if line.kind == "requirement":
            add_pip(conda, line.word, path, files, missing, read_by)
            if template:
                del conda.refused[refused:]
        elif line.kind == "include":
            add_requirements(conda, line.word, path, files, missing, depth + 1)
        elif line.kind == "editable":
            conda.open = conda.open or "it installs a project of yours"


def conda_of_requirements(mapped: Mapped, shown: str, files: Files, missing: list[MissingFile]) -> Conda:
    """A requirements file on its own."""
    conda = Conda(
        mapped.span(0, 0), from_requirements=True, file=shown, included={beside(shown, os.path.basename(shown))}
    )
    _read_requirements(conda, mapped, shown, files, missing)
    return conda
