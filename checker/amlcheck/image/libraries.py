"""Libraries of which several may stand in one image, and which of them programs load; what the image's config says of one."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from amlcheck.image.conda_prefixes import prefixes
from amlcheck.image.image import Image
from amlcheck.image.interpreters import all_interpreters, counting
from amlcheck.image.survey import Sighting
from amlcheck.image.tree import NotReadableError, Tree
from amlcheck.image.words import brief, exact, series, text_of
from amlcheck.model import in_config


def environment_is_used(image: Image, place: str) -> bool:
    """Whether what stands in a prefix is loaded: one of a Python or of conda only where it is the one that counts."""
    environments = {item.place for item in all_interpreters(image.files)} | set(prefixes(image.files))
    if place not in environments or place in ("/usr", "/usr/local", "/"):
        return True
    counted = counting(image)
    return not counted.candidates or any(place in (item.place, item.base) for item in counted.candidates)


def prefix_of_library(path: str) -> str:
    """The prefix of a library or header by its path: "/usr/local/cuda-11.8", "/opt/conda", "/usr"."""
    match = re.match(r"(?P<prefix>.*?)/(?:targets|lib(?:64|32|x32)?|include)/", path)
    return (match.group("prefix") or "/usr") if match is not None else posixpath.dirname(path)


def of_config(
    image: Image,
    variables: Sequence[str],
    labels: Sequence[str],
    place: str,
    parts: int,
    found: Sequence[str],
) -> Iterator[Sighting]:
    """What variables and labels state of the installation in a place; of the only one found, where it is another.

    `parts` is how many numbers of the version count; 0 for all.
    """
    stated = [(f"Env.{name}", image.config.env[name]) for name in variables if image.config.env.get(name)]
    stated += [(f"Labels.{name}", image.config.labels[name]) for name in labels if image.config.labels.get(name)]
    distinct = list(dict.fromkeys(found))
    if distinct and place not in distinct:
        if len(distinct) > 1:  # of which of them the config speaks cannot be told
            return
        place = distinct[0]
    for key, text in stated:
        value = series(text, parts) if parts else exact(text)
        if value is not None:
            note = "" if distinct else f"as {key} says; no file of it was found"
            yield Sighting(value, (in_config(key, brief(text)),), place, note=note)


def defines(tree: Tree, path: str, names: Sequence[str]) -> tuple[str, str] | None:
    """A version made of the numbers that a header defines, and the words; None where one is missing."""
    try:
        text = text_of(tree, path)
    except NotReadableError:
        return None
    lines = [re.search(rf"^[ \t]*#[ \t]*define[ \t]+{name}[ \t]+(\d{{1,6}})\b", text, re.MULTILINE) for name in names]
    numbers = [line.group(1) for line in lines if line is not None]
    if len(numbers) != len(names):
        return None
    return ".".join(numbers), brief("; ".join(line.group(0).strip() for line in lines if line is not None))
