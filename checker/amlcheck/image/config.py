"""The config of an image: what `docker inspect` shows under Config, from an engine, a registry or an archive."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from amlcheck.errors import UnreadableError
from amlcheck.records import dataclass, field

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""What an engine sets where the image says nothing."""


@dataclass(frozen=True)
class ImageConfig:
    """What the image tells an engine."""

    env: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    ports: tuple[str, ...] = ()
    """As EXPOSE has them: "5001/tcp"."""
    volumes: tuple[str, ...] = ()
    """Folders that every container has of its own."""
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    working_dir: str = ""
    os: str = ""
    architecture: str = ""
    variant: str = ""
    known: bool = True
    """False for a bare root file system: it has no config, and nothing can be concluded from its emptiness."""

    @property
    def path(self) -> list[str]:
        """The folders of PATH in their order."""
        return [folder for folder in self.env.get("PATH", DEFAULT_PATH).split(":") if folder]

    @property
    def platform(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


UNKNOWN_CONFIG = ImageConfig(known=False)


def parse_config(data: bytes | Mapping[str, Any], name: str) -> ImageConfig:
    """The config from an image's config blob (OCI or Docker), or from what an engine's inspect returns.

    Raises UnreadableError naming the image.
    """
    if isinstance(data, bytes):
        try:
            found = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise UnreadableError(
                f"{name}: its config is not JSON: the image is damaged; build or pull it again"
            ) from error
    else:
        found = data
    if not isinstance(found, Mapping):
        raise UnreadableError(f"{name}: its config is no JSON object: the image is damaged; build or pull it again")
    inner = _table(found, "config") or _table(found, "Config")
    return ImageConfig(
        env=_env(_strings(inner.get("Env"))),
        labels={str(key): str(value) for key, value in _table(inner, "Labels").items()},
        user=_text(inner.get("User")),
        ports=tuple(sorted(str(port) for port in _table(inner, "ExposedPorts"))),
        volumes=tuple(sorted(str(folder) for folder in _table(inner, "Volumes"))),
        entrypoint=_strings(inner.get("Entrypoint")),
        cmd=_strings(inner.get("Cmd")),
        working_dir=_text(inner.get("WorkingDir")),
        os=_text(found.get("os", found.get("Os"))),
        architecture=_text(found.get("architecture", found.get("Architecture"))),
        variant=_text(found.get("variant", found.get("Variant"))),
    )


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = data.get(key)
    return found if isinstance(found, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _strings(value: Any) -> tuple[str, ...]:
    """A list of strings; Docker's old configs have a bare string for one."""
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _env(items: tuple[str, ...]) -> dict[str, str]:
    return {name: value for name, _, value in (item.partition("=") for item in items) if name}
