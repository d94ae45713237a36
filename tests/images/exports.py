"""Built images as files, in every form that can be probed without an engine; kept in the cache under the image's ID."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from images.builder import BUILD_SECONDS, Builder
from private_engine import CACHE, locked

EXPORTS = CACHE / "exports"
CHUNK = 1 << 20
COMPRESSIONS = ("none", "gzip", "zstd")


class ExportError(Exception):
    """An image that cannot be exported; its text has the program's last words."""


def docker_archive(builder: Builder, *names: str) -> Path:
    """What `docker save` writes of one image, or of several, which share their layers in it."""
    full = [builder.build(name) for name in names]
    return _kept(builder, full, ".tar", lambda target: _save(builder, full, target))


def oci_layout(builder: Builder, *names: str, compression: str = "none") -> Path:
    """An OCI layout by skopeo; each image is tagged there with its name in the catalogue."""
    archive = docker_archive(builder, *names)
    full = [builder.build(name) for name in names]

    def write(target: Path) -> None:
        for name, image in zip(names, full, strict=True):
            _skopeo(f"docker-archive:{archive}:{image}", f"oci:{target}:{name}", compression)

    return _kept(builder, full, f".{compression}.oci", write)


def oci_archive(builder: Builder, name: str, compression: str = "gzip") -> Path:
    """An OCI layout in one tar file, by skopeo."""
    archive = docker_archive(builder, name)

    def write(target: Path) -> None:
        _skopeo(f"docker-archive:{archive}", f"oci-archive:{target}", compression)

    return _kept(builder, [builder.build(name)], f".{compression}.oci.tar", write)


def root_file_system(builder: Builder, name: str) -> Path:
    """The files of an image in a folder, as `docker export` has them; needs root for owners and devices."""
    full = builder.build(name)
    return _kept(builder, [full], ".rootfs", lambda target: _unpack(builder, full, target))


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


def _skopeo(source: str, target: str, compression: str) -> None:
    if compression == "none":
        how = ["--dest-oci-accept-uncompressed-layers"]
    else:
        how = ["--dest-compress", "--dest-compress-format", compression]
    command = ["skopeo", "--insecure-policy", "copy", "--quiet", *how, source, target]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ExportError(f"skopeo cannot copy {source}: {done.stderr.strip()[-500:]}")
