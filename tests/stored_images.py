"""Images made for tests, byte by byte: layers by tarfile, then the archives and layouts that hold them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard

CONFIG = {"architecture": "amd64", "os": "linux", "config": {"Env": ["PATH=/usr/bin:/bin"], "User": "someone"}}


@dataclass(frozen=True)
class M:
    """A member of a layer; a file where nothing else is said."""

    name: str
    data: bytes = b""
    type: bytes = tarfile.REGTYPE
    link: str = ""
    mode: int = 0o644
    pax: dict[str, str] = field(default_factory=dict)


def folder(name: str, mode: int = 0o755) -> M:
    return M(name, type=tarfile.DIRTYPE, mode=mode)


def link(name: str, target: str) -> M:
    return M(name, type=tarfile.SYMTYPE, link=target, mode=0o777)


def hard(name: str, target: str) -> M:
    return M(name, type=tarfile.LNKTYPE, link=target)


def tar_of(*members: M, form: int = tarfile.PAX_FORMAT) -> bytes:
    """The bytes of a layer."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for member in members:
            info = tarfile.TarInfo(member.name)
            info.type, info.linkname, info.mode, info.size = member.type, member.link, member.mode, len(member.data)
            info.pax_headers = member.pax
            archive.addfile(info, io.BytesIO(member.data))
    return out.getvalue()


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def config_of(layers: Sequence[bytes], **changed: Any) -> bytes:
    """A config for layers that are not compressed."""
    return json.dumps(
        {**CONFIG, "rootfs": {"type": "layers", "diff_ids": [sha256(layer) for layer in layers]}, **changed}
    ).encode()


def write_tar(path: Path, members: Mapping[str, bytes | M]) -> Path:
    """A tar archive of files by name, for archives of images."""
    path.write_bytes(tar_of(*(M(name, data) if isinstance(data, bytes) else data for name, data in members.items())))
    return path


def docker_archive(
    path: Path, layers: Sequence[bytes], *, config: bytes | None = None, tags: Sequence[str] = ("test:1",)
) -> Path:
    """As `docker save` wrote it up to Docker 24."""
    config = config_of(layers) if config is None else config
    names = [f"{hashlib.sha256(layer + bytes([place])).hexdigest()}/layer.tar" for place, layer in enumerate(layers)]
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = [{"Config": config_name, "RepoTags": list(tags), "Layers": names}]
    files: dict[str, bytes | M] = dict(zip(names, layers, strict=True))
    return write_tar(path, {config_name: config, **files, "manifest.json": json.dumps(manifest).encode()})


def packed(layer: bytes, compression: str) -> bytes:
    """A layer as a registry has it."""
    if compression == "gzip":
        return gzip.compress(layer, 1, mtime=0)
    return zstandard.compress(layer) if compression == "zstd" else layer


class Layout:
    """The files of an OCI layout."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}
        self.listed: list[dict[str, Any]] = []

    def blob(self, data: bytes, **more: Any) -> dict[str, Any]:
        """Its descriptor."""
        self.files["blobs/" + sha256(data).replace(":", "/")] = data
        return {"digest": sha256(data), "size": len(data), **more}

    def image(self, layers: Sequence[bytes], compression: str = "gzip", config: bytes | None = None) -> dict[str, Any]:
        """A manifest's descriptor."""
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": self.blob(
                config_of(layers) if config is None else config, mediaType="application/vnd.oci.image.config.v1+json"
            ),
            "layers": [
                self.blob(packed(layer, compression), mediaType="application/vnd.oci.image.layer.v1.tar")
                for layer in layers
            ],
        }
        return self.blob(json.dumps(manifest).encode(), mediaType=manifest["mediaType"])

    def index(self, *described: dict[str, Any]) -> dict[str, Any]:
        """An index's descriptor."""
        kind = "application/vnd.oci.image.index.v1+json"
        document = {"schemaVersion": 2, "mediaType": kind, "manifests": list(described)}
        return self.blob(json.dumps(document).encode(), mediaType=kind)

    def write(self, folder: Path) -> Path:
        self._finish()
        for name, data in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return folder

    def write_archive(self, path: Path) -> Path:
        self._finish()
        return write_tar(path, {**self.files})

    def _finish(self) -> None:
        self.files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": self.listed}).encode()


def named(descriptor: dict[str, Any], name: str) -> dict[str, Any]:
    return {**descriptor, "annotations": {"org.opencontainers.image.ref.name": name}}


def for_platform(descriptor: dict[str, Any], os: str, architecture: str, variant: str = "") -> dict[str, Any]:
    platform = {"os": os, "architecture": architecture, **({"variant": variant} if variant else {})}
    return {**descriptor, "platform": platform}
