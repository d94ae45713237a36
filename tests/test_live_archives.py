"""What Docker itself makes of layers: an engine loads an archive, saves it, and exports the files; ours must be the same."""

from __future__ import annotations

import contextlib
import io
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import docker
import pytest

from amlcheck.image.archive import open_stored
from amlcheck.image.overlay import tree_of
from amlcheck.image.tree import Kind, Wanted, normal
from stored_images import M, docker_archive, folder, hard, link, tar_of

ENGINES = (
    "/dev",
    "/proc",
    "/sys",
    "/etc/hosts",
    "/etc/hostname",
    "/etc/resolv.conf",
    "/etc/mtab",
    "/.dockerenv",
    "/etc",
)
"""What an engine puts into every container."""
NEVER_SAVED = "through links"
"""Docker loads it, and cannot save it again: its record of the layer says where a file was, not where it went."""
TAG = "amlcheck-test/layers:1"
IMAGES = {
    "whiteouts": [
        [folder("d"), M("d/a", b"1"), M("d/b", b"2"), folder("d/sub"), M("d/sub/x", b"3"), M("d-e", b"4"), M("f", b"5")],
        [folder("d"), M("d/.wh.a"), M("d/c", b"6"), M(".wh.f")],
        [folder("d"), M("d/.wh.sub"), M("d/a", b"7")],
    ],
    "opaque": [
        [folder("d"), M("d/a", b"1"), folder("d/sub"), M("d/sub/x", b"2"), folder("e"), M("e/x", b"3")],
        [folder("d"), M("d/.wh..wh..opq"), M("d/new", b"4"), folder("d/sub"), M("d/sub/y", b"5")],
    ],
    "kinds": [
        [folder("a"), M("a/x", b"1"), M("b", b"2"), folder("c"), M("c/x", b"3"), link("l", "c"), M("m", b"4")],
        [M("a", b"now a file"), folder("b", 0o700), M("b/x", b"5"), link("c", "b"), folder("l"), M("l/y", b"6"),
         link("m", "gone")],
    ],
    "hard links": [
        [M("a", b"content"), hard("b", "a"), folder("d"), hard("d/c", "b"), link("s", "a"), hard("t", "s")],
        [M("a", b"other"), M("d/.wh.c")],
    ],
    "names": [
        [M("caf\udce9", b"1"), M("日本", b"2"), M("n" * 200, b"3"), folder("d" * 120), M("d" * 120 + "/" + "e" * 120, b"4"),
         M("line\nbreak", b"5"), M("./dot", b"6"), folder("x/"), M("x/./y", b"7"), M("sp ace", b"8"), link("deep", "l" * 150)],
        [M("caf\udce9", b"new"), M(".wh.日本")],
    ],
    "through links": [
        [folder("real"), link("dir", "real"), M("dir/x", b"1"), folder("usr"), folder("usr/bin"), link("bin", "/usr/bin"),
         M("bin/p", b"2")],
    ],
}  # fmt: skip


@pytest.fixture
def client(docker_host: str) -> Iterator[docker.DockerClient]:
    with contextlib.closing(docker.DockerClient(base_url=docker_host, timeout=60)) as client:
        yield client


def seen_by_engine(client: docker.DockerClient, name: str) -> dict[str, object]:
    """The files of a container that never starts."""
    container = client.containers.create(name, ["/never"])
    try:
        data = b"".join(container.export())
    finally:
        container.remove(force=True)
    found: dict[str, object] = {}
    with tarfile.open(fileobj=io.BytesIO(data), errors="surrogateescape") as archive:
        for info in archive:
            path, mode = normal(info.name), info.mode & 0o7777
            if info.issym():
                found[path] = "link", info.linkname
            elif info.islnk():
                found[path] = found[normal(info.linkname)]
            else:
                file = archive.extractfile(info)
                found[path] = (file.read(), mode) if file else ("folder", mode)
    return {path: told for path, told in found.items() if path != "/" and not path.startswith(ENGINES)}


def seen_by_us(path: Path) -> dict[str, object]:
    with open_stored("docker-archive", str(path)) as stored:
        tree = tree_of(stored, Wanted())
        found: dict[str, object] = {}
        for entry in tree.find("*"):
            if entry.kind is Kind.LINK:
                found[entry.path] = ("link", entry.target)
            elif entry.kind is Kind.DIRECTORY:
                found[entry.path] = ("folder", entry.mode)
            else:
                found[entry.path] = (tree.read(entry.path), entry.mode)
    return {path: told for path, told in found.items() if path != "/" and not path.startswith(ENGINES)}


@pytest.mark.parametrize("layers", IMAGES.values(), ids=IMAGES)
def test_files_are_those_of_a_container(
    client: docker.DockerClient, tmp_path: Path, request: pytest.FixtureRequest, layers: Sequence[Sequence[M]]
) -> None:
    path = docker_archive(tmp_path / "image.tar", [tar_of(*members) for members in layers], tags=[TAG])
    (image,) = client.images.load(path.read_bytes())
    try:
        wanted = seen_by_engine(client, TAG)
        assert wanted
        if request.node.callspec.id != NEVER_SAVED:
            with (tmp_path / "saved.tar").open("wb") as file:
                file.writelines(image.save(named=TAG))
    finally:
        client.images.remove(TAG, force=True)
    assert seen_by_us(path) == wanted
    if request.node.callspec.id == NEVER_SAVED:
        return
    assert seen_by_us(tmp_path / "saved.tar") == wanted
    with open_stored("docker-archive", f"{tmp_path / 'saved.tar'}:{TAG}") as stored:
        assert stored.digest == image.id
