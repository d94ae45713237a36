"""Built images as files, in every form that can be probed without an engine; kept in the cache under the image's ID."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from images.builder import BUILD_SECONDS, Builder
from private_engine import CACHE, locked

EXPORTS = CACHE / "exports"
CHUNK = 1 << 20
PARTIAL = ".partial-"
"""What is being written, under the lock; what is there when the lock is free was left by a run that was killed."""
HIDDEN, OPAQUE = ".wh.", ".wh..wh..opq"
"""How a layer says that a file below, or all of a folder below, is not there."""


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


@dataclass(frozen=True)
class RootFileSystems:
    """Files of images in folders that are there for one command: overlays of unpacked layers, in a mount namespace."""

    folders: Mapping[str, Path]
    prefix: Sequence[str]
    """What the command is to be started with. Needs root."""


def root_file_systems(builder: Builder, names: Sequence[str], among: Sequence[str]) -> RootFileSystems:
    """The files of some images, of those in the archive of `among`: each layer is unpacked once."""
    archive = docker_archive(builder, *among)
    with tarfile.open(archive) as source:
        images = {image.tag: image for image in _images(source)}
        folders, mounts = {}, []
        for name in names:
            folder = folders[name] = EXPORTS / "mounts" / name
            folder.mkdir(parents=True, exist_ok=True)
            layers = [_layer_folder(source, layer).name for layer in images[builder.build(name)].layers]
            mounts.append(f"mount -t overlay overlay -o ro,lowerdir={':'.join(reversed(layers))} {folder}")
    script = f'(cd {EXPORTS / "layers"} && {" && ".join(mounts)}) && exec "$@"'
    return RootFileSystems(folders, ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"])


def _layer_folder(archive: tarfile.TarFile, layer: str) -> Path:
    """A layer as overlayfs has them: its files, and devices and attributes where something below is hidden."""
    target = EXPORTS / "layers" / posixpath.dirname(layer)[:12]
    if target.is_dir():
        return target
    with locked(EXPORTS / ".lock"):
        if not target.is_dir():
            partial = target.with_name(f"{PARTIAL}{target.name}")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            _unpack_layer(archive, layer, partial)
            partial.rename(target)
    return target


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
            for former in (*EXPORTS.glob(f"{label}-{12 * '?'}{ending}"), *EXPORTS.glob(f"{PARTIAL}*")):
                forget(former)
            partial = target.with_name(f"{PARTIAL}{target.name}")
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


def _unpack_layer(archive: tarfile.TarFile, layer: str, folder: Path) -> None:
    file = archive.extractfile(layer)
    assert file is not None
    tar = ["tar", "-x", "--directory", str(folder), "--numeric-owner", "--exclude=.wh.*"]
    with subprocess.Popen(tar, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        shutil.copyfileobj(file, process.stdin, CHUNK)
    if process.returncode != 0:
        raise ExportError(f"tar cannot unpack {layer}")
    file.seek(0)
    with tarfile.open(fileobj=file) as members:
        for member in members:
            parent, name = os.path.split(member.name)
            if name == OPAQUE:
                os.setxattr(folder / parent, "trusted.overlay.opaque", b"y")
            elif name.startswith(HIDDEN):
                os.mknod(folder / parent / name.removeprefix(HIDDEN), stat.S_IFCHR, os.makedev(0, 0))
