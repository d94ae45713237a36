"""Built images as files, in every form that can be probed without an engine; kept in the cache under the image's ID."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from images.builder import BUILD_SECONDS, Builder
from private_engine import CACHE, locked

EXPORTS = CACHE / "exports"
CHUNK = 1 << 20


class ExportError(Exception):
    """An image that cannot be exported; its text has the program's last words."""


def docker_archive(builder: Builder, *names: str) -> Path:
    """What `docker save` writes of one image, or of several, which share their layers in it."""
    full = [builder.build(name) for name in names]
    return _kept(builder, full, ".tar", lambda target: _save(builder, full, target))


def oci_layout(builder: Builder, *names: str) -> Path:
    """An OCI layout with the same layers, uncompressed; each image is tagged there with its name in the catalogue."""
    archive = docker_archive(builder, *names)
    full = [builder.build(name) for name in names]
    tags = dict(zip(full, names, strict=True))
    return _kept(builder, full, ".oci", lambda target: _write_layout(archive, tags, target))


def by_skopeo(builder: Builder, name: str, form: str, compression: str) -> Path:
    """An image in one of skopeo's forms, "oci" or "oci-archive", its layers compressed with "gzip" or "zstd"."""
    archive = docker_archive(builder, name)

    def write(target: Path) -> None:
        command = ["skopeo", "--insecure-policy", "copy", "--quiet", "--dest-compress", "--dest-compress-format"]
        command += [compression, f"docker-archive:{archive}", f"{form}:{target}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ExportError(f"skopeo cannot copy {archive}: {done.stderr.strip()[-500:]}")

    return _kept(builder, [builder.build(name)], f".{compression}.{form}", write)


def root_file_system(builder: Builder, name: str) -> Path:
    """The files of an image in a folder, as `docker export` has them; needs root for owners and devices."""
    full = builder.build(name)
    return _kept(builder, [full], ".rootfs", lambda target: _unpack(builder, full, target))


def root_file_systems(builder: Builder, *names: str) -> Iterator[tuple[str, Path]]:
    """Each image's files in a folder that is there until the next one is asked for.

    An image that starts from another one of them shares its unchanged files by hard links: nobody may write to them.
    """
    archive = docker_archive(builder, *names)
    with tarfile.open(archive) as source, tempfile.TemporaryDirectory(dir=EXPORTS) as scratch:
        layers = {image.tag: image.layers for image in _images(source)}
        kept: dict[tuple[str, ...], Path] = {}
        for name in sorted(names, key=lambda name: len(layers[builder.build(name)])):
            own = layers[builder.build(name)]
            start = max((known for known in kept if own[: len(known)] == known), key=len, default=())
            folder = Path(scratch) / name
            if start:
                subprocess.run(["cp", "--archive", "--link", kept[start], folder], check=True)
            else:
                folder.mkdir()
            for layer in own[len(start) :]:
                _apply(source, layer, folder)
            if any(other != own and other[: len(own)] == own for other in layers.values()):
                kept[own] = folder
            yield name, folder
            if folder not in kept.values():
                shutil.rmtree(folder)


def forget(path: Path) -> None:
    """Removes an export: root file systems share nothing with each other."""
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _kept(builder: Builder, full: Sequence[str], ending: str, write: Callable[[Path], None]) -> Path:
    """The export of these images, written under another name first: what has its name is complete."""
    ids = [builder.client.images.get(image).id.removeprefix("sha256:") for image in full]
    label = full[0].partition("/")[2].partition(":")[0] if len(full) == 1 else f"{len(full)}-images"
    target = EXPORTS / f"{label}-{_short(ids)}{ending}"
    if target.exists():
        return target
    with locked(EXPORTS / ".lock"):
        if not target.exists():
            partial = target.with_name(f".{os.getpid()}-{target.name}")
            try:
                write(partial)
                partial.rename(target)
            finally:
                if partial.exists():
                    forget(partial)
    return target


def _short(ids: Sequence[str]) -> str:
    return ids[0][:12] if len(ids) == 1 else f"{sum(int(each, 16) for each in ids):x}"[-12:]


def _save(builder: Builder, full: Sequence[str], target: Path) -> None:
    api = builder.client.api
    with (
        api.get(f"{api.base_url}/v{api.api_version}/images/get", params={"names": full}, stream=True) as answer,
        target.open("wb") as file,
    ):
        answer.raise_for_status()
        for chunk in answer.iter_content(CHUNK):
            file.write(chunk)


def _unpack(builder: Builder, full: str, target: Path) -> None:
    target.mkdir()
    container = builder.client.containers.create(full, ["true"], network_mode="none")
    try:
        with subprocess.Popen(["tar", "-x", "-C", str(target), "--numeric-owner"], stdin=subprocess.PIPE) as tar:
            assert tar.stdin is not None
            for chunk in container.export(chunk_size=CHUNK):
                tar.stdin.write(chunk)
            tar.stdin.close()
            if tar.wait(BUILD_SECONDS) != 0:
                raise ExportError(f"tar cannot unpack {full}")
    finally:
        container.remove(force=True)


@dataclass(frozen=True)
class _Saved:
    """One image in a docker archive."""

    tag: str
    config: str
    layers: tuple[str, ...]
    """Names of members; engines before 25 write a layer that is there already as a symbolic link."""


def _images(archive: tarfile.TarFile) -> list[_Saved]:
    manifest = json.loads(_content(archive, "manifest.json"))
    return [
        _Saved(image["RepoTags"][0], image["Config"], tuple(_real(archive, layer) for layer in image["Layers"]))
        for image in manifest
    ]


def _real(archive: tarfile.TarFile, name: str) -> str:
    member = archive.getmember(name)
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), member.linkname)) if member.issym() else name


def _content(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None
    return file.read()


def _write_layout(archive: Path, tags: Mapping[str, str], target: Path) -> None:
    blobs = target / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def put(data: bytes, kind: str) -> dict[str, Any]:
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(data)}

    index = []
    with tarfile.open(archive) as source:
        known: dict[str, dict[str, Any]] = {}
        for image in _images(source):
            for layer in image.layers:
                if layer not in known:
                    known[layer] = put(_content(source, layer), "layer.v1.tar")
            manifest = {
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": put(_content(source, image.config), "config.v1+json"),
                "layers": [known[layer] for layer in image.layers],
            }
            entry = put(json.dumps(manifest).encode(), "manifest.v1+json")
            index.append({**entry, "annotations": {"org.opencontainers.image.ref.name": tags[image.tag]}})
    (target / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": index}))
    (target / "oci-layout").write_text(json.dumps({"imageLayoutVersion": "1.0.0"}))


def _apply(archive: tarfile.TarFile, layer: str, folder: Path) -> None:
    """Puts a layer on top of a root file system: what it hides is removed, then GNU tar does the rest."""
    file = archive.extractfile(layer)
    assert file is not None
    with tarfile.open(fileobj=file) as members:
        for member in members:
            parent, name = os.path.split(member.name)
            if name == ".wh..wh..opq":
                for hidden in (folder / parent).iterdir():
                    _remove(hidden)
            elif name.startswith(".wh."):
                _remove(folder / parent / name.removeprefix(".wh."))
    file.seek(0)
    tar = ["tar", "-x", "--directory", str(folder), "--numeric-owner", "--exclude=.wh.*"]
    with subprocess.Popen(tar, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        shutil.copyfileobj(file, process.stdin, CHUNK)
    if process.returncode != 0:
        raise ExportError(f"tar cannot unpack {layer}")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
