"""Where amlcheck remembers what is slow to get again: indexes of layers, images from registries."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from amlcheck.errors import AmlcheckError

VARIABLE = "AMLCHECK_CACHE"


def cache_folder(*below: str) -> Path:
    """A folder of the cache, made where it is missing, for its owner only. Raises AmlcheckError where it cannot be."""
    folder = _root().joinpath(*below)
    try:
        for each in (*reversed(folder.parents), folder):
            if not each.is_dir():
                each.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise AmlcheckError(
            f"{folder}: the cache cannot be made there: {error.strerror or error}; name another folder in {VARIABLE}"
        ) from error
    return folder


def _root() -> Path:
    """$AMLCHECK_CACHE, or amlcheck in the user's folder for caches."""
    if named := os.environ.get(VARIABLE):
        return Path(named).absolute()
    general = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(general):
        return Path(general) / "amlcheck"
    try:
        home = Path.home()
    except RuntimeError as error:  # A user without a home, as in some containers.
        raise AmlcheckError(f"there is no home folder for the cache; name a folder in {VARIABLE}") from error
    if not home.is_dir():  # It is not this program that makes one, as root it could.
        raise AmlcheckError(f"{home}: there is no such home folder for the cache; name a folder in {VARIABLE}")
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "amlcheck"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "amlcheck" / "Cache"
    return home / ".cache" / "amlcheck"
