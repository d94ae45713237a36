"""Images made of a few files, for tests of the engine: imported as a tar, in milliseconds, and removed afterwards."""

from __future__ import annotations

import io
import secrets
import shutil
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Node:
    """One member of the image's tar."""

    content: bytes = b""
    mode: int = 0o644
    kind: bytes = tarfile.REGTYPE
    target: str = ""
    owner: int = 0


def folder(mode: int = 0o755, owner: int = 0) -> Node:
    return Node(mode=mode, kind=tarfile.DIRTYPE, owner=owner)


def link(target: str) -> Node:
    return Node(kind=tarfile.SYMTYPE, target=target, mode=0o777)


def program(text: str) -> Node:
    return Node(text.encode(), 0o755)


def tar_of(nodes: Mapping[str, Node]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT, errors="surrogateescape") as archive:
        for path, node in nodes.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode, member.type = len(node.content), node.mode, node.kind
            member.linkname, member.uid, member.gid = node.target, node.owner, node.owner
            archive.addfile(member, io.BytesIO(node.content))
    return made.getvalue()


def busybox() -> dict[str, Node]:
    """A whole system in one static program."""
    found = shutil.which("busybox")
    assert found is not None, "busybox-static is not installed"
    nodes = {"bin": folder(), "bin/busybox": Node(Path(found).read_bytes(), 0o755)}
    listed = subprocess.run([found, "--list"], capture_output=True, text=True, check=True).stdout.split()
    nodes.update({f"bin/{name}": link("busybox") for name in listed if name != "busybox"})
    return nodes


class SmallImages:
    """Makes images in an engine and removes them at the end."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self._made: list[str] = []

    def make(self, nodes: Mapping[str, Node], changes: Sequence[str] = ()) -> str:
        """The name of a new image. `changes` are Dockerfile instructions, as `docker import --change` takes them."""
        name = f"amlcheck-small:{secrets.token_hex(6)}"
        repository, _, tag = name.partition(":")
        self.client.api.import_image_from_data(
            tar_of(nodes), repository=repository, tag=tag, changes=list(changes) or None
        )
        self._made.append(name)
        return name

    def keep(self, name: str) -> None:
        """Takes over an image that was made otherwise."""
        self._made.append(name)

    def with_shell(self, script: str, **more: Node) -> str:
        """An image whose /bin/sh is a script that busybox runs."""
        nodes = busybox()
        nodes["bin/sh"] = program(f"#!/bin/busybox sh\n{script}\n")
        nodes["etc"] = folder()
        nodes["etc/os-release"] = Node(b"ID=ubuntu\n")
        return self.make({**nodes, **more})

    def remove(self) -> None:
        for name in self._made:
            self.client.images.remove(name, force=True)
