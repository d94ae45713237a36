"""Which files a run is about: those given, and in the folders given Dockerfiles by the usual names and environment files."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch

from amlcheck import looking
from amlcheck.boundary import is_within, project_of
from amlcheck.errors import AmlcheckError
from amlcheck.regex import regex

_NAME = regex(r"(?:(?:docker|container)file(?:[.\-_].+)?|.+\.(?:docker|container)file)", re.IGNORECASE)
_NOT = regex(
    r".*\.(?:dockerignore|md|txt|py|sh|j2|jinja2?|tmpl|template|tpl|in|erb|json|ya?ml|toml|orig|bak)", re.IGNORECASE
)
NO_ENVIRONMENT = "states no environment of Azure ML that is known"
_SKIPPED = frozenset(
    {".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".mypy_cache", "site-packages"}
)


def is_dockerfile_name(name: str) -> bool:
    """Dockerfile, Dockerfile.gpu, gpu.Dockerfile, Containerfile; not templates or Dockerfile.dockerignore."""
    return _NAME.fullmatch(name) is not None and _NOT.fullmatch(name) is None


_ENVIRONMENT = regex(
    r".+\.(?:json|ya?ml|py)|(?:.*[-_.])?(?:requirements?|constraints?)(?:[-_.].*)?\.(?:txt|in)", re.IGNORECASE
)
_SNIFF = regex(
    rb"entryScript|baseImage|condaDependencies|computeType|OnlineDeployment|environment\.schema\.json|conda_file"
    rb"|endpoint_name|inference_config|^dependencies\s*:|azureml|azure\.ai\.ml|^(?:async )?def (?:init|run)\s*\(",
    re.MULTILINE,
)
SNIFFED = 1 << 20
"""Bytes of a file; a larger one is taken for no environment file unless it is named."""


def is_environment_name(name: str) -> bool:
    """Whether a file, by its name, is one that stands beside a Dockerfile: JSON, YAML, Python, requirements."""
    last = os.path.basename(name)
    return _ENVIRONMENT.fullmatch(last) is not None and not is_dockerfile_name(last)


def _states_environment(path: str) -> bool:
    """Whether a file found in a folder has words of an environment; most JSON, YAML and Python files have none."""
    name = os.path.basename(path)
    if not is_environment_name(name):
        return False
    if looking.into(path):
        return False
    try:
        if os.path.getsize(path) > SNIFFED or not os.path.isfile(path):
            return False
        with open(path, "rb") as file:
            return states_environment(name, file.read(SNIFFED))
    except OSError:
        return False


def states_environment(name: str, content: bytes) -> bool:
    """Whether the content of a file of such a name has words of an environment."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        content = content.replace(b"\0", b"")
    if not name.lower().endswith((".json", ".yml", ".yaml", ".py")):
        return b"azureml" in content or b"inference-schema" in content  # of requirements files most are others'
    found = set(_SNIFF.findall(content))
    if name.lower().endswith(".py"):
        return len([word for word in found if word.endswith(b"(")]) >= 2 or (
            re.search(rb"Environment|CondaDependencies|InferenceConfig", content) is not None and bool(found)
        )
    return bool(found)


def find_files(paths: Sequence[str], exclude: Sequence[str] = (), refused: dict[str, str] | None = None) -> list[str]:
    """The files to check, as they are first to be shown; one that is named twice, as ./x and x, is one.

    Raises AmlcheckError where there is none.
    """
    found: dict[str, str] = {}
    for given in paths or (".",):
        if given == "-" or not looking.at(given) or not os.path.isdir(given):
            found.setdefault(same(given), given)
            continue
        inside = [path for path in _walk(given) if not excluded(path, exclude) and _may_be_read(path, given, refused)]
        if not inside and len(paths) <= 1:
            raise AmlcheckError(
                f"{given}: no Dockerfile in this folder, and no environment file; name the file to check (amlcheck lint PATH)"
            )
        for path in inside or (given,):  # an empty folder is told among the others
            found.setdefault(same(path), path)
    return list(found.values())


def same(path: str) -> str:
    """What is the same for two spellings of a path. Where it goes up again behind a folder, that may be a link: it is kept."""
    goes_up = f"{os.sep}{os.pardir}{os.sep}" in path.lstrip(f"{os.pardir}{os.sep}")
    try:
        return path if path == "-" or goes_up else os.path.abspath(path)
    except OSError:  # the working directory is gone, which is told when the file is read
        return path


def _walk(folder: str) -> Iterator[str]:
    for root, folders, files in os.walk(folder):
        looking.inside(root)
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in sorted(files):
            path = os.path.normpath(os.path.join(root, name))
            if (is_dockerfile_name(name) and not _is_special(path)) or _states_environment(path):
                yield path


def _is_special(path: str) -> bool:
    """Whether it is a pipe, a socket or a device: who reads one that was found may wait for ever."""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False  # which is told as it is read


def _may_be_read(path: str, folder: str, refused: dict[str, str] | None) -> bool:
    """Whether a file that was found is the project's. A Dockerfile that is none of it is put among the `refused`.

    Raises AmlcheckError where nobody takes those.
    """
    if not os.path.islink(path) or is_within(path, project_of(folder)):
        return True
    if is_dockerfile_name(os.path.basename(path)):
        why = (
            f"{path}: is a link that leads out of {project_of(folder)}; name it to check it (amlcheck lint {path}), or"
            " leave it out with `exclude`"
        )
        if refused is None:
            raise AmlcheckError(why)
        refused[path] = why
        return True
    return False


def is_left_out(path: str) -> bool:
    """Whether a path stands in a folder that is not searched, such as node_modules."""
    return not _SKIPPED.isdisjoint(path.split("/")[:-1])


def excluded(path: str, patterns: Sequence[str]) -> bool:
    """Whether one of the patterns of `exclude` fits a path."""
    posix = path.replace(os.sep, "/")
    return any(fnmatch(posix, pattern) or fnmatch(posix, f"{pattern.rstrip('/')}/*") for pattern in patterns)
