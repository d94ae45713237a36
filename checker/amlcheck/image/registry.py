"""Images in registries: the config of one without its layers, or the whole of it as an OCI layout in the cache."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from amlcheck.errors import UnreadableError
from amlcheck.image.blob_store import BlobStore
from amlcheck.image.config import ImageConfig, parse_config
from amlcheck.image.manifest import (
    INDEXES,
    MANIFESTS,
    MAX_CONFIG,
    MAX_DEPTH,
    MAX_MANIFEST,
    Descriptor,
    Manifest,
    digest_of,
    is_digest,
    parse_manifest,
)
from amlcheck.records import dataclass
from amlcheck.reference import Reference, parse_reference

if TYPE_CHECKING:
    from amlcheck.image.registry_client import RegistryClient

CONFIG_SECONDS = 120.0
"""Seconds for an image's config, all requests together."""
_ACCEPT = ", ".join((*INDEXES, *MANIFESTS))

Told = Callable[[int, int], None]
"""Hears how many bytes of how many are there."""


@dataclass(frozen=True, slots=True)
class RemoteImage:
    """An image of a registry, of one platform, without its layers."""

    name: str
    """As people know it: registry, path, tag and digest."""
    digest: str
    """Of the platform's own manifest."""
    body: bytes
    """The manifest as it came."""
    manifest: Manifest
    config: ImageConfig
    config_body: bytes

    @property
    def descriptor(self) -> Descriptor:
        """Of the manifest itself."""
        return Descriptor(self.manifest.media_type, self.digest, len(self.body))


def fetch_config(
    reference: str | Reference, platform: str = "", named_by_user: bool = True, seconds: float = CONFIG_SECONDS
) -> ImageConfig:
    """The config of an image, from its registry, without reading a layer.

    `platform` is "os/architecture[/variant]"; empty takes linux/amd64, or the only one there is. `named_by_user` is False
    where a file names the image: see `credentials.find_credentials`. Raises AmlcheckError: CredentialsError where a user
    name and password are needed or refused, UnreadableError for what is no image.
    """
    where = _parsed(reference)
    with _client(where, named_by_user, time.monotonic() + seconds) as client:
        return _remote(client, where, platform).config


def fetch_image(
    reference: str | Reference,
    cache_dir: Path | None = None,
    platform: str = "",
    told: Told = lambda done, total: None,
    named_by_user: bool = True,
) -> Path:
    """The folder of an OCI layout that holds one image, whole and verified, in the cache (`cache_dir`: another one).

    Blobs that the cache has are not read again. The folder stays as long as this process lives. Raises AmlcheckError as
    `fetch_config` does, and where the disk is full.
    """
    where = _parsed(reference)
    store = BlobStore(cache_dir)
    if where.digest:
        known = store.layout(where.digest)
        if known is not None:
            return known
    with _client(where, named_by_user, None) as client:
        client.deadline = time.monotonic() + CONFIG_SECONDS
        image = _remote(client, where, platform)
        client.deadline = None
        known = store.layout(image.digest)
        if known is not None:
            return known
        return store.fetch(client, image, told)


def _parsed(reference: str | Reference) -> Reference:
    """Raises UnreadableError for what is no reference, or names nothing that can be asked for."""
    where = parse_reference(reference) if isinstance(reference, str) else reference
    if where is None or not (where.tag.isascii() and where.path.isascii()):
        raise UnreadableError(f"{reference!r} is no image; write it as [REGISTRY/]NAME[:TAG][@DIGEST], in lower case")
    if where.is_scratch:
        raise UnreadableError("scratch: is the empty image; no registry has it")
    if where.digest and not is_digest(where.digest):
        raise UnreadableError(
            f"{where.text}: its digest cannot be verified; use one of the form sha256: and 64 hex digits"
        )
    return where


def _client(where: Reference, named_by_user: bool, deadline: float | None) -> RegistryClient:
    # Imported here: requests takes a while, and much that imports this module only wants its types.
    from amlcheck.image.registry_client import RegistryClient

    return RegistryClient(where.registry, where.path, named_by_user, deadline)


def _remote(client: RegistryClient, where: Reference, platform: str) -> RemoteImage:
    """Follows indexes to the platform's manifest, and reads its config."""
    name = where.text
    wanted = where.digest or where.tag or "latest"
    for _ in range(MAX_DEPTH + 1):
        body, response = client.read("manifests", wanted, MAX_MANIFEST, _ACCEPT)
        digest = digest_of(body)
        stated = wanted if is_digest(wanted) else response.headers.get("Docker-Content-Digest", "")
        if is_digest(stated) and stated != digest:
            raise UnreadableError(
                f"{name}: the registry's manifest is not the one of its digest: it is damaged or forged"
            )
        found = parse_manifest(body, response.headers.get("Content-Type", ""), name)
        if isinstance(found, Manifest):
            data = _config_body(client, found.config, name)
            return RemoteImage(name, digest, body, found, parse_config(data, name), data)
        wanted = found.choose(platform, name).digest
    raise UnreadableError(f"{name}: its index lists other indexes, more than {MAX_DEPTH} deep")


def _config_body(client: RegistryClient, config: Descriptor, name: str) -> bytes:
    body, _ = client.read("blobs", config.digest, min(config.size, MAX_CONFIG))
    if len(body) != config.size or digest_of(body) != config.digest:
        raise UnreadableError(f"{name}: the registry's config is not the one of its digest: it is damaged or forged")
    return body
