"""The config of the base images that Dockerfiles name, from the local engine or the registry: `lint --resolve-base`.

Each image is asked for once a run, all of them within RESOLVE_SECONDS. What cannot be had leaves its reason.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from amlcheck.errors import AmlcheckError
from amlcheck.image.config import ImageConfig

if TYPE_CHECKING:
    from amlcheck.image.engine import Engine

RESOLVE_SECONDS = 60.0
"""Seconds for the base images of a whole run."""
PARALLEL = 8
"""Base images that are asked for at the same time."""
_NO_TIME = f"no time was left: all base images together have {RESOLVE_SECONDS:.0f} s"

Wanted = tuple[str, str]
"""A reference in full (`Reference.text`), and a platform; an empty one is linux/amd64."""


class BaseImages:
    """What was found of the base images of a run. Goes to other processes with what it knows."""

    def __init__(self, known: Mapping[Wanted, ImageConfig] | None = None) -> None:
        """`known`: configs that need not be asked for."""
        self._known: dict[Wanted, ImageConfig | str | AmlcheckError] = dict(known or {})
        self._ends: float | None = None

    def config(self, name: str, platform: str = "") -> ImageConfig | str:
        """The config of an image, or why it cannot be had.

        Raises CredentialsError where a user name and password are needed or refused: that is for the user to change.
        """
        wanted = (name, platform)
        if wanted not in self._known:
            self.prepare([wanted])
        found = self._known[wanted]
        if isinstance(found, AmlcheckError):
            raise type(found)(str(found))
        return found

    def prepare(self, wanted: Iterable[Wanted]) -> None:
        """Asks for several images at the same time."""
        missing = [each for each in dict.fromkeys(wanted) if each not in self._known]
        if not missing:
            return
        if self._ends is None:
            self._ends = time.monotonic() + RESOLVE_SECONDS
        left = _from_engine(missing, self._known) if time.monotonic() < self._ends else missing
        with ThreadPoolExecutor(min(PARALLEL, len(left) or 1), thread_name_prefix="base") as pool:
            for each, found in zip(left, pool.map(lambda item: _from_registry(item, self._left()), left), strict=True):
                self._known[each] = found

    def _left(self) -> float:
        return self._ends - time.monotonic() if self._ends is not None else RESOLVE_SECONDS


def _from_engine(wanted: list[Wanted], known: dict[Wanted, ImageConfig | str | AmlcheckError]) -> list[Wanted]:
    """Puts down what the local engine has, and returns the rest. That there is no engine is nothing to tell."""
    from amlcheck.image.engine import Engine

    try:
        engine = Engine.connect()
    except AmlcheckError:
        return wanted
    try:
        return [each for each in wanted if not _has(engine, each, known)]
    finally:
        engine.close()


def _has(engine: Engine, wanted: Wanted, known: dict[Wanted, ImageConfig | str | AmlcheckError]) -> bool:
    name, platform = wanted
    try:
        config, _ = engine.config(name)
    except AmlcheckError:
        return False
    if platform and config.platform != platform and not config.platform.startswith(f"{platform}/"):
        return False
    known[wanted] = config
    return True


def _from_registry(wanted: Wanted, seconds: float) -> ImageConfig | str | AmlcheckError:
    from amlcheck.image.credentials import CredentialsError
    from amlcheck.image.registry import fetch_config

    if seconds <= 0:
        return _NO_TIME
    name, platform = wanted
    try:
        return fetch_config(name, platform, named_by_user=False, seconds=seconds)
    except CredentialsError as error:
        return error
    except AmlcheckError as error:
        return str(error)
