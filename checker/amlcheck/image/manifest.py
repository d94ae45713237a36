"""Manifests and indexes of images, OCI's and Docker's: what they name, and which platform is taken. No I/O.

All of it comes from a registry or an archive that may be hostile: types, sizes and counts are checked here, and what is
quoted from it in a message is printable and short.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from amlcheck.errors import UnreadableError
from amlcheck.records import dataclass
from amlcheck.regex import regex

PREFERRED = "linux/amd64"
"""The only platform that Azure ML runs."""
MAX_MANIFEST = 4 << 20
"""Bytes of a manifest or an index, as registries limit them."""
MAX_CONFIG = 8 << 20
"""Bytes of an image's config."""
MAX_LAYERS = 1000
MAX_ENTRIES = 1000
"""Images that one index may list."""
MAX_DEPTH = 3
"""Indexes inside of indexes that are followed."""
_SHOWN = 20
"""Platforms that a message lists."""
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
MANIFESTS = (OCI_MANIFEST, DOCKER_MANIFEST)
INDEXES = (OCI_INDEX, DOCKER_LIST)
_CONFIGS = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
    "application/octet-stream",
)
"""octet-stream: what docker pushed before 2016."""
_DIGEST = regex(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A blob by its digest, which is checked to be a sha256 one, and its size in bytes."""

    media_type: str
    digest: str
    size: int

    @property
    def hex(self) -> str:
        return self.digest.removeprefix("sha256:")


@dataclass(frozen=True, slots=True)
class Manifest:
    """One image of one platform."""

    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    """From the lowest."""

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """Config and layers, each blob once."""
        return tuple({item.digest: item for item in (self.config, *self.layers)}.values())


@dataclass(frozen=True, slots=True)
class Index:
    """The images of several platforms: descriptors of manifests, each with "os/architecture/variant"."""

    entries: tuple[tuple[Descriptor, str], ...]

    def choose(self, platform: str, name: str) -> Descriptor:
        """The image of a platform; of linux/amd64, or the only one, where none is asked for. Raises UnreadableError."""
        images = [(item, has) for item, has in self.entries if not has.startswith("unknown")]
        wanted = platform or PREFERRED
        fitting = [item for item, has in images if has == wanted or has.startswith(f"{wanted}/")]
        if fitting:
            return fitting[0]
        if not platform and len(images) == 1:
            return images[0][0]
        if not images:
            raise UnreadableError(f"{name}: its index lists no image")
        there = list(dict.fromkeys(_printable(has) or "one without a name" for _, has in images))
        more = f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else ""
        raise UnreadableError(
            f"{name}: has no image for {_printable(wanted)}; there is {', '.join(there[:_SHOWN])}{more}:"
            " name one with --platform"
        )


def digest_of(data: bytes) -> str:
    """The digest under which these bytes are known."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def is_digest(text: str) -> bool:
    """Whether a text is a digest that can be verified here."""
    return _DIGEST.fullmatch(text) is not None


def parse_manifest(body: bytes, content_type: str, name: str) -> Manifest | Index:
    """What a manifest's bytes say; `content_type` is what came with them. Raises UnreadableError naming the image."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"{name}: its manifest is not JSON: is this the address of a registry?") from error
    if not isinstance(data, dict):
        raise UnreadableError(f"{name}: its manifest is no JSON object: is this the address of a registry?")
    told = data.get("mediaType")
    kind = told if isinstance(told, str) and told else content_type.partition(";")[0].strip().lower()
    if data.get("schemaVersion") == 1 or ".distribution.manifest.v1+" in kind:
        raise UnreadableError(
            f"{name}: its manifest is of the old schema 1, which docker no longer reads either; push the image again"
        )
    if "manifests" in data and ("layers" in data or "config" in data):
        raise UnreadableError(f"{name}: its manifest is an image and an index at once, which no program writes")
    if "manifests" in data:
        return _index(data, name)
    if "config" in data and "layers" in data:
        return _manifest(data, kind if kind in MANIFESTS else OCI_MANIFEST, name)
    raise UnreadableError(f"{name}: its manifest is neither of an image nor of an index")


def _manifest(data: dict[str, Any], kind: str, name: str) -> Manifest:
    layers = data["layers"]
    if not isinstance(layers, list) or len(layers) > MAX_LAYERS:
        raise UnreadableError(f"{name}: its manifest has no list of at most {MAX_LAYERS} layers")
    config = descriptor(data["config"], name)
    if config.media_type not in _CONFIGS:
        raise UnreadableError(f"{name}: is no image: its config is {_printable(config.media_type) or 'of no kind'}")
    if config.size > MAX_CONFIG:
        raise UnreadableError(f"{name}: its config has {config.size} bytes; more than {MAX_CONFIG} are not read")
    return Manifest(kind, config, tuple(descriptor(layer, name) for layer in layers))


def _index(data: dict[str, Any], name: str) -> Index:
    entries = data["manifests"]
    if not isinstance(entries, list) or len(entries) > MAX_ENTRIES:
        raise UnreadableError(f"{name}: its index has no list of at most {MAX_ENTRIES} images")
    return Index(tuple((descriptor(entry, name), _platform(entry)) for entry in entries))


def _platform(entry: dict[str, Any]) -> str:
    found = entry.get("platform")
    if not isinstance(found, dict):
        return ""
    parts = (found.get("os"), found.get("architecture"), found.get("variant"))
    return "/".join(part for part in parts if isinstance(part, str) and part)


def descriptor(data: Any, name: str) -> Descriptor:
    """A descriptor of a manifest or an index. Raises UnreadableError."""
    if isinstance(data, dict):
        kind, digest, size = data.get("mediaType", ""), data.get("digest"), data.get("size")
        if isinstance(kind, str) and isinstance(digest, str) and type(size) is int and size >= 0:
            if is_digest(digest):
                return Descriptor(kind, digest, size)
            raise UnreadableError(f"{name}: its manifest has a digest that is no sha256, which cannot be verified")
    raise UnreadableError(f"{name}: its manifest names a blob without digest and size")


def _printable(text: str) -> str:
    """Somebody else's words, as a message may show them."""
    return re.sub(r"[^\x21-\x7e]", "?", text)[:60]
