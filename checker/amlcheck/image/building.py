"""Builds a Dockerfile with the engine, for one check: the image and all that was made on the way go again.

The engine's own builder is used through its API; nothing of the Dockerfile runs on this host.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from amlcheck.errors import AmlcheckError
from amlcheck.image import ownership
from amlcheck.image.engine import Engine
from amlcheck.records import dataclass, field
from amlcheck.regex import regex

TAIL_LINES = 30
"""Lines of the build's output that are kept, to be told where it fails."""
MAX_LINE = 500
LATE_SECONDS = 1.5
"""After an interrupted build, in which the builder may still finish the step that it was at, and give the image its name."""
BUILD_SECONDS = 3600.0
"""Of silence, after which the engine is taken to be gone: one step may take long without a word."""
_STEP = regex(r"Step (\d+/\d+) : (.*)")
_NOISE = regex(r" ---> |Removing intermediate container |Step \d+/\d+ : ")
_LAYER = regex(r" ---> ([0-9a-f]{12,64})")
_BUILDKIT = ("unknown flag", "requires buildkit", "the --mount option", "the --chmod option", "the --link option")


@dataclass(frozen=True)
class BuildOptions:
    """What is built, and how."""

    dockerfile: Path
    context: Path
    target: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    network: str = ""
    """As `docker build --network`; empty for the engine's default."""
    tag: str = ""
    """A name that the image keeps; empty where it goes when the check ends."""


class BuildFailedError(AmlcheckError):
    """The Dockerfile does not build. `step` and `log` tell where and what was printed last."""

    def __init__(self, message: str, step: str, log: tuple[str, ...]) -> None:
        super().__init__(message)
        self.step, self.log = step, log


@dataclass(frozen=True)
class BuiltImage:
    """An image that was built, by its name, until `close` removes it."""

    name: str
    close: Callable[[], None]


def build(engine: Engine, options: BuildOptions, told: Callable[[str], None] = lambda text: None) -> BuiltImage:
    """Builds, with a word to `told` for every step. Raises BuildFailedError, or AmlcheckError where it cannot be tried."""
    if not options.context.is_dir():
        raise AmlcheckError(f"{options.context}: the build context is not a folder")
    name = options.tag or ownership.image_name(BUILD_SECONDS)
    made = _Made(engine, "" if options.tag else name)
    close = ownership.remember(made.remove)
    try:
        _build(engine, options, name, made, told)
    except BaseException:
        ownership.give_up(close)
        raise
    if options.tag:
        made.keep()
    return BuiltImage(name, close)


class _Made:
    """The images of one build: those that were there before stay."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine, self._name = engine, name
        self._before: set[str] = set()
        self._before = set(self._parents())
        self._layers: list[str] = []
        self.finished = False
        """Whether the builder said its last word: until then it may still make what it was about to."""

    def saw(self, layer: str) -> None:
        """An intermediate image that the builder names."""
        if _short(layer) not in self._before:
            self._layers.append(_short(layer))

    def keep(self) -> None:
        """The image is what was asked for."""
        self._layers.clear()
        self._name = ""

    def remove(self) -> None:
        """The name, then what has none, from the last to the first."""
        until = time.monotonic() + (0 if self.finished else LATE_SECONDS)
        while True:
            parents = self._parents()
            mine = set(self._layers)
            self._layers += [image for image, parent in parents.items() if parent in mine and image not in mine]
            for image in ([self._name] if self._name else []) + self._layers[::-1]:
                self._remove(image)
            if time.monotonic() >= until:
                break
            time.sleep(0.05)
        self._layers.clear()

    def _remove(self, image: str) -> None:
        with self._engine.calling("removing what was built"):
            try:
                self._engine.client.remove_image(image)
            except Exception as error:
                if not self._engine.is_refusal(error):
                    raise
                # It is not there, it went with another one, or something of the user's is built on it.

    def _parents(self) -> dict[str, str]:
        """Every image of the engine, and the one that it was made from."""
        with self._engine.calling("listing images"):
            found = self._engine.client.images(all=True)
        known = {_short(item["Id"]): _short(item.get("ParentId") or "") for item in found}
        return {image: parent for image, parent in known.items() if image not in self._before}


def _short(identifier: str) -> str:
    return identifier.removeprefix("sha256:")[:12]


def _build(engine: Engine, options: BuildOptions, name: str, made: _Made, told: Callable[[str], None]) -> None:
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    step = ""
    settings: dict[str, Any] = {"network_mode": options.network} if options.network else {}
    told("sending the build context")
    with engine.calling("building the image"):
        try:
            stream = engine.client.build(
                path=str(options.context),
                dockerfile=str(options.dockerfile.resolve()),
                tag=name,
                rm=True,
                forcerm=True,
                decode=True,
                buildargs={key: str(value) for key, value in options.arguments.items()},
                target=options.target or None,
                timeout=BUILD_SECONDS,
                **settings,
            )
            for line in stream:
                error = line.get("error")
                for text in str(line.get("stream", "")).splitlines():
                    match = _STEP.match(text)
                    if match is not None:
                        step = f"{match[1]}: {match[2]}"
                        told(f"building {step}")
                    layer = _LAYER.fullmatch(text)
                    if layer is not None:
                        made.saw(layer[1])
                    elif text.strip() and _NOISE.match(text) is None:
                        tail.append(text[:MAX_LINE])
                if error:
                    made.finished = True
                    raise _failed(str(error), step, tail)
            made.finished = True
        except Exception as error:
            if engine.is_refusal(error):
                raise _failed(str(getattr(error, "explanation", "") or error), step, tail) from None
            raise


def _failed(error: str, step: str, tail: deque[str]) -> BuildFailedError:
    message = " ".join(error.split())[:MAX_LINE]
    if any(word in message.lower() for word in _BUILDKIT):
        message += (
            " (it needs BuildKit, which the engine's API does not offer: build it with `docker build`, then"
            " `amlcheck check IMAGE --dockerfile FILE`)"
        )
    return BuildFailedError(message, step, tuple(tail))
