"""What a name that `amlcheck report` is given stands for: a result, files to check, or an image.

What is here is a file or folder. What is not, is an image: of a registry where it is written as one of a registry, with a
tag, a digest, a host or a transport; a bare name only where the engine has it, as a mistyped file must not be asked for
on the network.
"""

from __future__ import annotations

from pathlib import Path

from amlcheck.errors import AmlcheckError
from amlcheck.regex import regex

STDIN = "-"
RESULT, FILES, IMAGE = "result", "files", "image"
_LOOKED_AT = 4096
"""Bytes at the beginning of a JSON file that tell whether it is a result."""
_SUFFIXES = frozenset(
    (".json", ".sarif", ".html", ".htm", ".xml", ".yml", ".yaml", ".toml", ".txt", ".md", ".py", ".log", ".dockerfile")
)
_HOST = regex(r"(?:localhost|[^/]+\.[^/]+|[^/]+:\d+)/.+")


def kind_of(name: str, pull: str = "missing") -> str:
    """What a name stands for. `pull`: when images are pulled. Raises AmlcheckError where it stands for nothing."""
    path = Path(name)
    if name == STDIN:
        return RESULT
    if path.is_dir():
        return FILES
    if path.exists():
        return RESULT if path.suffix.lower() == ".json" and _is_result(path) else FILES
    if ":" in name or "@" in name:
        return IMAGE
    if path.suffix.lower() in _SUFFIXES or name.startswith((".", "/", "~")) or name != name.lower():
        raise AmlcheckError(
            f"{name}: there is no such file or folder; name a result, a folder, a Dockerfile or an image"
        )
    if pull == "always" or _HOST.fullmatch(name) or _engine_has(name):
        return IMAGE
    raise AmlcheckError(
        f"{name}: there is no such file or folder here, and no such image in a local engine; an image of a registry is"
        f" asked for with its tag ({name}:latest)"
    )


def _engine_has(name: str) -> bool:
    """Whether there is a local engine, and it has an image. Raises AmlcheckError where it cannot say."""
    from amlcheck.image.engine import Engine, NoEngineError

    try:
        engine = Engine.connect()
    except NoEngineError:
        return False
    try:
        return engine.has(name)
    finally:
        engine.close()


def _is_result(path: Path) -> bool:
    """Whether a JSON file says that it is a result; others state an environment of Azure ML."""
    try:
        with path.open("rb") as file:
            return b'"amlcheck/' in file.read(_LOOKED_AT)
    except OSError:
        return False
