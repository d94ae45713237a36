"""Which Dockerfiles a run is about: the files given, and those in the folders given, by the usual names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from amlcheck.errors import AmlcheckError

_NAME = re.compile(r"(?:(?:docker|container)file(?:[.\-_].+)?|.+\.(?:docker|container)file)", re.IGNORECASE)
_NOT = re.compile(
    r".*\.(?:dockerignore|md|txt|py|sh|j2|jinja2?|tmpl|template|tpl|in|erb|json|ya?ml|toml|orig|bak)", re.IGNORECASE
)
_SKIPPED = frozenset(
    {".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".mypy_cache", "site-packages"}
)


def is_dockerfile_name(name: str) -> bool:
    """Dockerfile, Dockerfile.gpu, gpu.Dockerfile, Containerfile; not templates or Dockerfile.dockerignore."""
    return _NAME.fullmatch(name) is not None and _NOT.fullmatch(name) is None


def find_dockerfiles(paths: Sequence[str], exclude: Sequence[str] = ()) -> list[str]:
    """The files to check, as they are to be shown, without duplicates. Raises AmlcheckError where there is none."""
    found: dict[str, None] = {}
    for given in paths or (".",):
        if given == "-" or not Path(given).is_dir():
            found[given] = None
            continue
        inside = [path for path in _walk(given) if not _excluded(path, exclude)]
        if not inside and len(paths) <= 1:
            raise AmlcheckError(f"{given}: no Dockerfile in this folder; name the file to check (amlcheck lint PATH)")
        found.update(dict.fromkeys(inside or (given,)))  # an empty folder is told among the others
    return list(found)


def _walk(folder: str) -> Iterator[str]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in sorted(files):
            if is_dockerfile_name(name):
                yield os.path.normpath(os.path.join(root, name))


def _excluded(path: str, patterns: Sequence[str]) -> bool:
    posix = path.replace(os.sep, "/")
    return any(fnmatch(posix, pattern) or fnmatch(posix, f"{pattern.rstrip('/')}/*") for pattern in patterns)
