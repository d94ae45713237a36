"""Builds test images in an engine, each once: its tag is the hash of all it is made from."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import docker
from docker.errors import APIError, ImageNotFound

from images import downloads
from images.catalogue import DEBIAN, DEFINITIONS
from images.definition import REPOSITORY, REQUIREMENTS, Definition
from private_engine import CACHE, locked

LABEL = "org.amlcheck.test-image"
"""On every image that is built here, with its name."""
STAGE_LABEL = "amlcheck.fixture"
"""On what starts from `base`, also on the stages that a build leaves without a name."""
BUILD_SECONDS = 600


class BuildError(Exception):
    """An image that cannot be built; its text has the last of the build's output."""


class Builder:
    """Builds images, and what they start from, in one engine."""

    def __init__(self, address: str, say: Callable[[str], None] = lambda line: None, prune: bool = False) -> None:
        """`prune` removes what a name stood for before its definition changed: only where nobody else builds."""
        self._prune = prune
        self.client = docker.DockerClient(base_url=address, timeout=BUILD_SECONDS, version="auto")
        self._say = say
        self._keys: dict[str, str] = {}

    def close(self) -> None:
        self.client.close()

    def name(self, name: str) -> str:
        """The full name of an image: its repository, and its key as the tag."""
        return f"{REPOSITORY}/{name}:{self._key(name)}"

    def build(self, name: str) -> str:
        """The full name of an image, which is built unless the engine has it. Raises BuildError, DownloadError."""
        full = self.name(name)
        if self._has(full):
            return full
        definition = DEFINITIONS[name]
        for parent in definition.parents:
            self.build(parent)
        with locked(CACHE / "build.lock"):
            if not self._has(full):
                self._make(definition, full)
        return full

    def _key(self, name: str) -> str:
        if name not in self._keys:
            definition = DEFINITIONS[name]
            self._keys[name] = definition.key({parent: self._key(parent) for parent in definition.parents})
        return self._keys[name]

    def _has(self, full: str) -> bool:
        try:
            self.client.images.get(full)
        except ImageNotFound:
            return False
        return True

    def _make(self, definition: Definition, full: str) -> None:
        start = time.monotonic()
        if definition.name == DEBIAN and os.geteuid() == 0 and shutil.which("mmdebstrap"):
            self._import_debian(definition, full)
        else:
            self._run_build(definition, full)
        if self._prune:
            self._remove_former(definition.name, full)
        size = self.client.images.get(full).attrs["Size"]
        self._say(f"{full}: built in {time.monotonic() - start:.1f} s, {size / 1e6:.0f} MB")

    def _remove_former(self, name: str, full: str) -> None:
        """Removes an image's former builds, and what builds leave: stages with wheels take as much as the images."""
        for image in self.client.images.list(f"{REPOSITORY}/{name}", filters={"label": f"{LABEL}={name}"}):
            for tag in image.tags:
                if tag != full and tag.startswith(f"{REPOSITORY}/{name}:"):
                    with contextlib.suppress(APIError):  # a container uses it
                        self.client.images.remove(tag)
        self.client.images.prune({"dangling": True, "label": STAGE_LABEL})

    def _import_debian(self, definition: Definition, full: str) -> None:
        assert definition.folder is not None
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder) / "debian.tar"
            downloads.debian(definition.folder / "packages.txt", archive)
            repository, _, tag = full.partition(":")
            changes = [f"LABEL {LABEL}={definition.name}"]
            self.client.api.import_image(src=str(archive), repository=repository, tag=tag, changes=changes)
        if not self._has(full):
            raise BuildError(f"{full} was not imported")

    def _run_build(self, definition: Definition, full: str) -> None:
        parents = {parent: self._key(parent) for parent in definition.parents}
        with tempfile.TemporaryFile() as context:
            _write_context(definition, definition.dockerfile(parents), context)
            context.seek(0)
            output = self.client.api.build(
                fileobj=context,
                custom_context=True,
                tag=full,
                rm=True,
                forcerm=True,
                decode=True,
                labels={LABEL: definition.name},
                network_mode=definition.network,
            )
            _follow(full, output)
        if definition.platform:
            self._claim_platform(full, definition.platform)

    def _claim_platform(self, full: str, platform: str) -> None:
        """Changes only what the image's config says: the classic builder makes nothing for another platform from scratch."""
        archive = io.BytesIO(b"".join(self.client.images.get(full).save(named=True)))
        self.client.images.remove(full)
        changed = io.BytesIO()
        with tarfile.open(fileobj=archive) as source, tarfile.open(fileobj=changed, mode="w") as target:

            def content(name: str) -> bytes:
                file = source.extractfile(name)
                assert file is not None
                return file.read()

            (image,) = json.loads(content("manifest.json"))
            config = json.loads(content(image["Config"]))
            config["os"], _, config["architecture"] = platform.partition("/")
            data = json.dumps(config).encode()
            image["Config"] = f"{hashlib.sha256(data).hexdigest()}.json"
            _add(target, image["Config"], data)
            for layer in dict.fromkeys(image["Layers"]):
                _add(target, layer, content(layer))
            _add(target, "manifest.json", json.dumps([image]).encode())
        self.client.images.load(changed.getvalue())


def _follow(full: str, output: Any) -> None:
    said: list[str] = []
    for message in output:
        said.append(message.get("stream", ""))
        if "error" in message:
            tail = "".join(said).splitlines()[-20:]
            raise BuildError("\n".join([f"{full}: {message['error']}", *tail]))


def _write_context(definition: Definition, dockerfile: str, target: IO[bytes]) -> None:
    with tarfile.open(fileobj=target, mode="w") as archive:
        _add(archive, "Dockerfile", dockerfile.encode())
        for path in definition.files():
            assert definition.folder is not None
            name = str(path.relative_to(definition.folder))
            if name != "Dockerfile":
                _add(archive, name, path.read_bytes(), bool(path.stat().st_mode & 0o100))
        for file in definition.generated:
            _add(archive, file.name, file.content(), file.executable)
        if definition.folder is not None and (definition.folder / REQUIREMENTS).is_file():
            for path in sorted(downloads.wheels(definition.folder / REQUIREMENTS, CACHE / "wheels").iterdir()):
                archive.add(path, f"wheels/{path.name}")


def _add(archive: tarfile.TarFile, name: str, content: bytes, executable: bool = False) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mode = 0o755 if executable else 0o644
    archive.addfile(entry, io.BytesIO(content))
