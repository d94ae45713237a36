"""Unpacking for the sandbox: everything inside the folder, nothing that could do harm, and nothing left when it fails."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from amlcheck.errors import UnreadableError
from amlcheck.image import unpack as unpack_module
from amlcheck.image.layer import Layer
from amlcheck.image.overlay import tree_of
from amlcheck.image.rootfs import RootfsTree
from amlcheck.image.tree import Wanted
from amlcheck.image.unpack import unpack
from stored_images import M, folder, hard, link, packed, sha256, tar_of


@dataclass
class Image:
    layers: Sequence[Layer]


def image(*layers: Sequence[M] | bytes, compression: str = "", broken: bool = False) -> Image:
    found = []
    for members in layers:
        data = members if isinstance(members, bytes) else tar_of(*members)
        stored = packed(data, compression)
        diff_id = sha256(b"other") if broken else sha256(data)
        found.append(Layer("a layer", diff_id, "", len(stored), partial(io.BytesIO, stored)))
    return Image(found)


LAYERS = (
    [folder("usr"), folder("usr/bin", 0o555), M("usr/bin/sudo", b"program", mode=0o4755), M("etc/gone", b"x"),
     M("etc/a", b"old"), link("bin", "usr/bin"), folder("tmp", 0o1777), folder("closed", 0), M("closed/x", b"1", mode=0)],
    [M("etc/.wh.gone"), M("etc/a", b"new"), hard("etc/b", "etc/a"), hard("sudo2", "usr/bin/sudo"), M("empty"), M("caf\udce9"),
     M("null", type=tarfile.CHRTYPE), M("pipe", type=tarfile.FIFOTYPE)],
)  # fmt: skip


@pytest.mark.parametrize("compression", ["", "gzip"])
def test_the_files_of_an_image(tmp_path: Path, compression: str) -> None:
    stored = image(*LAYERS, compression=compression)
    root = tmp_path / "root"
    unpack(stored, root)
    mine, unpacked = tree_of(stored, Wanted(("*",))), RootfsTree(root)
    wanted = [entry for entry in mine.find("*") if entry.kind.value != "other"]
    assert [entry.path for entry in unpacked.find("*") if entry.path != "/"] == [entry.path for entry in wanted]
    for entry in wanted:
        found = unpacked.lstat(entry.path)
        assert found is not None
        assert (found.kind, found.target) == (entry.kind, entry.target)
        if entry.kind.value == "file":
            assert unpacked.read(entry.path) == mine.read(entry.path)
    assert (root / "etc/a").stat().st_ino == (root / "etc/b").stat().st_ino
    assert (root / "sudo2").read_bytes() == b"program"
    for path in root.rglob("*"):
        found_mode = path.lstat().st_mode
        assert not found_mode & (stat.S_ISUID | stat.S_ISGID), path
        assert path.lstat().st_uid == os.geteuid()
    assert stat.S_IMODE((root / "usr/bin/sudo").stat().st_mode) == 0o755


HOSTILE = (
    [link("dir", "OUTSIDE"), M("dir/x", b"written")],
    [link("dir", "../.."), M("dir/outside/x", b"written")],
    [M("../outside/x", b"written")],
    [M("OUTSIDE/x", b"written")],
    [M("a/../../outside/x", b"written")],
    [link("x", "OUTSIDE/x"), M("x", b"written")],
    [link("x", "OUTSIDE/x"), hard("y", "x"), M("y", b"written")],
    [hard("y", "OUTSIDE/victim"), M("y", b"written")],
    [hard("y", "../outside/victim")],
    [folder("d"), link("d/e", "OUTSIDE"), folder("d/e/f"), M("d/e/f/x", b"written")],
    [link("a", "b"), link("b", "OUTSIDE"), M("a/x", b"written"), M("a/victim", b"written")],
    [M("d/.wh..wh..opq"), M("d/.wh...", b"x"), M(".wh...", b"x")],
)


@pytest.mark.parametrize("split", [False, True], ids=["one", "two"])
@pytest.mark.parametrize("members", HOSTILE)
def test_nothing_is_written_outside(tmp_path: Path, members: list[M], split: bool) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "victim").write_text("untouched")
    real = [
        M(one.name.replace("OUTSIDE", str(outside)), one.data, one.type, one.link.replace("OUTSIDE", str(outside)))
        for one in members
    ]
    layers = [[one] for one in real] if split else [real]
    unpack(image(*layers), tmp_path / "root")
    assert [path.name for path in outside.iterdir()] == ["victim"]
    assert (outside / "victim").read_text() == "untouched"
    assert (outside / "victim").stat().st_nlink == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outside", "root"]


def test_nothing_is_left_when_it_fails(tmp_path: Path) -> None:
    good = [M("a/b", b"x"), link("c", "/etc")]
    for stored in (
        image(good, broken=True),
        image(good, b"no archive" * 100),
        image([M("n" * 300)]),
        image([M("a", b"x" * 5000)], tar_of(M("b", b"x" * 50_000))[:20_000]),
    ):
        with pytest.raises(UnreadableError):
            unpack(stored, tmp_path / "root")
        assert not (tmp_path / "root").exists()
        (tmp_path / "root").mkdir()
        with pytest.raises(UnreadableError):
            unpack(stored, tmp_path / "root")
        assert list((tmp_path / "root").iterdir()) == []
        (tmp_path / "root").rmdir()


def test_a_layer_that_changes_after_it_was_verified(tmp_path: Path) -> None:
    data = tar_of(M("a", b"good"))
    answers = [data, tar_of(M("a", b"evil"))]
    layer = Layer("a layer", sha256(data), "", len(data), lambda: io.BytesIO(answers.pop(0)))
    with pytest.raises(UnreadableError, match="digest"):
        unpack(Image([layer]), tmp_path / "root")
    assert not (tmp_path / "root").exists()


def test_what_does_not_fit_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack_module, "MAX_UNPACKED", 1000)
    with pytest.raises(UnreadableError, match="are not unpacked"):
        unpack(image([M("a", b"x" * 600), M("b", b"x" * 600)]), tmp_path / "root")
    unpack(image([M("a", b"x" * 600), hard("b", "a")]), tmp_path / "other")
    monkeypatch.setattr(unpack_module, "SPARE", 1 << 60)
    with pytest.raises(UnreadableError, match="make room"):
        unpack(image([M("a")]), tmp_path / "root")
    assert not (tmp_path / "root").exists()


def test_a_folder_that_has_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(UnreadableError, match="not empty"):
        unpack(image([M("a")]), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    with pytest.raises(UnreadableError, match="cannot be made"):
        unpack(image([M("a")]), tmp_path / "mine" / "x")


def test_sparse_files_keep_their_holes(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.seek(50_000_000)
        file.write(b"end")
        file.truncate(100_000_000)
    command = ["tar", "--format=posix", "--sparse", "-C", str(tmp_path), "-cf", "-", "sparse"]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    unpack(image(data), tmp_path / "root")
    found = tmp_path / "root/sparse"
    assert found.read_bytes() == path.read_bytes()
    assert found.stat().st_blocks * 512 < 1_000_000


@pytest.mark.skipif(os.geteuid() != 0, reason="tests run as a user already")
def test_as_a_user(tmp_path: Path) -> None:
    """Folders without permissions, and files of others, are no obstacle."""
    (tmp_path / "layer.tar").write_bytes(tar_of(*LAYERS[0]))
    (tmp_path / "layer.tar").chmod(0o644)
    for place in (tmp_path, *tmp_path.parents[:2]):
        place.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    script = f"""
import os, sys, shutil
sys.path[:0] = {[str(Path(unpack_module.__file__).parents[2])]!r}
os.environ["AMLCHECK_CACHE"] = {str(home / "cache")!r}
from pathlib import Path
from amlcheck.image.layer import Layer
from amlcheck.image.unpack import unpack
os.setgid(65534)
os.setuid(65534)
class Image:
    layers = [Layer("x", {sha256(tar_of(*LAYERS[0]))!r}, "", 10, lambda: open({str(tmp_path / "layer.tar")!r}, "rb"))]
root = Path({str(home / "root")!r})
unpack(Image, root)
assert (root / "closed/x").read_bytes() == b"1"
shutil.rmtree(root)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
