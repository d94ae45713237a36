"""Reading TOML: a user's configuration, and the data files in rules/, which are kept compiled as modules are.

tomllib is written in Python and takes 30 ms for the data of one check. So what it makes of a shipped file is kept in the
`__pycache__` beside it, as Python keeps compiled modules: with the size and time of the file, replaced when they change,
left out where the folder cannot be written or Python is told to write no bytecode.
"""

from __future__ import annotations

import marshal
import os
import struct
import sys
import zlib
from collections.abc import Callable, Iterable
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

from amlcheck.errors import ConfigError

_KIND = b"amlcheck data 1\n"
_STAMP = struct.Struct("<Iqq")


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file. Raises ConfigError naming the file, and the line where it is broken."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        loaded: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return loaded
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error


def read_data(path: Path, prepare: Callable[[dict[str, Any]], None] | None = None) -> dict[str, Any]:
    """A shipped data file; dates in it are strings (YYYY-MM-DD). Raises ConfigError as `read_toml`.

    `prepare` adds to the data what can be computed once, before it is kept.
    """

    def make() -> dict[str, Any]:
        data: dict[str, Any] = _plain(read_toml(path))
        if prepare is not None:
            prepare(data)
        return data

    data: dict[str, Any] = compiled(
        f"{path}-prepared" if prepare is not None else str(path), [str(path), __file__], make
    )
    return data


def compiled(name: str, made_of: Iterable[str], make: Callable[[], Any]) -> Any:
    """Plain data that is made of certain files: as it was kept, or made (and kept) where they have changed since.

    It is kept where Python would keep the compiled form of a module of this name.
    """
    try:
        stamp = _KIND + b"".join(_stamp(path) for path in made_of)
    except OSError:
        return make()  # which says what is wrong
    place = cache_from_source(f"{name}.py")
    try:
        with open(place, "rb") as file:
            content = file.read()
        if content.startswith(stamp):
            return marshal.loads(content[len(stamp) :])
    except (OSError, EOFError, ValueError, TypeError):
        pass  # none yet, or a broken one: it is made again
    data = make()
    if not sys.dont_write_bytecode:
        _keep(place, stamp + marshal.dumps(data))
    return data


def _stamp(path: str) -> bytes:
    status = os.stat(path)
    return _STAMP.pack(zlib.crc32(path.encode("utf-8", "surrogateescape")), status.st_mtime_ns, status.st_size)


def _keep(place: str, content: bytes) -> None:
    """Written aside and moved, so that nobody reads half of it."""
    aside = f"{place}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(aside, "wb") as file:
            file.write(content)
        os.replace(aside, place)
    except OSError:
        try:
            os.unlink(aside)
        except OSError:
            return


def _plain(value: Any) -> Any:
    """Values that marshal knows: a date becomes its text."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool)) else str(value)
