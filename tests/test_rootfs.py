"""A root file system in a folder: all of it is seen, and nothing else of the host."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from amlcheck.errors import UnreadableError
from amlcheck.image import rootfs
from amlcheck.image.rootfs import RootfsTree
from amlcheck.image.tree import Entry, Kind, NotReadableError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small root, and beside it what must not be seen."""
    (tmp_path / "secret").write_text("the host's")
    root = tmp_path / "root"
    (root / "usr/lib").mkdir(parents=True)
    (root / "etc").mkdir()
    (root / "proc").mkdir()
    (root / "proc/version").write_text("not the image's")
    (root / "lib").symlink_to("usr/lib")
    (root / "usr/lib/os-release").write_text("ID=ubuntu\n")
    (root / "etc/os-release").symlink_to("../usr/lib/os-release")
    (root / "etc/absolute").symlink_to("/usr/lib/os-release")
    return root


def test_files_links_and_names(root: Path) -> None:
    tree = RootfsTree(root)
    assert tree.read("/etc/os-release") == tree.read("etc/absolute") == tree.read("/lib/os-release") == b"ID=ubuntu\n"
    assert tree.lstat("/etc/absolute") == Entry("/etc/absolute", Kind.LINK, 0, 0o777, "/usr/lib/os-release")
    found = tree.stat("/etc/absolute")
    assert found is not None
    assert (found.path, found.kind, found.size) == ("/usr/lib/os-release", Kind.FILE, 10)
    assert tree.names("/etc") == ["absolute", "os-release"]
    assert tree.names("/lib") == ["os-release"]
    assert tree.names("/etc/os-release") == tree.names("/nowhere") == []
    assert [entry.path for entry in tree.find("*/os-release", "/lib*")] == [
        "/etc/os-release",
        "/lib",
        "/usr/lib/os-release",
    ]
    assert [entry.path for entry in tree.find("*proc*")] == []
    assert tree.search("/etc/os-release", "ID=[a-z]+") == ["ID=ubuntu"]
    assert tree.stat("/") is not None
    with pytest.raises(NotReadableError, match="more than 5 are not read"):
        tree.read("/etc/os-release", 5)


def test_no_link_leads_out(root: Path) -> None:
    secret = root.parent / "secret"
    (root / "a").symlink_to(secret)
    (root / "b").symlink_to("../secret")
    (root / "c").symlink_to("..")
    (root / "d").symlink_to("/")
    (root / "loop").symlink_to("loop")
    (root / "usr/up").symlink_to("../../../../../../../../etc/passwd")
    tree = RootfsTree(root)
    for path in ("/a", "/b", "/c/secret", "/../secret", "/c/../secret", "/usr/up", "/loop", "/loop/x", "/d/d/d/secret"):
        assert tree.stat(path) is None, path
        with pytest.raises(NotReadableError, match="not in the image"):
            tree.read(path)
        with pytest.raises(NotReadableError):
            tree.search(path, "host")
    assert tree.read("/c/d/c/etc/os-release") == b"ID=ubuntu\n"


def test_a_folder_that_turns_into_a_link_meanwhile_leads_nowhere(root: Path) -> None:
    """Somebody else changes the folder back and forth while it is read."""
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "file").write_text("the host's")
    (root / "x").mkdir()
    (root / "x/file").write_text("inside")
    (root / "link").symlink_to(outside)
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            os.rename(root / "x", root / "y")
            os.rename(root / "link", root / "x")
            os.rename(root / "x", root / "link")
            os.rename(root / "y", root / "x")

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        tree = RootfsTree(root)
        answers = set()
        for _ in range(3000):
            with contextlib.suppress(NotReadableError):
                answers.add(tree.read("/x/file"))
    finally:
        stop.set()
        thread.join()
    assert answers <= {b"inside"}


def make_socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(here)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("make", [os.mkfifo, make_socket], ids=["pipe", "socket"])
def test_pipes_and_sockets_are_not_opened(root: Path, make: Callable[[Path], None]) -> None:
    make(root / "thing")
    tree = RootfsTree(root)
    entry = tree.lstat("/thing")
    assert entry is not None
    assert entry.kind is Kind.OTHER
    with pytest.raises(NotReadableError, match="no file"):
        tree.read("/thing")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_devices_are_not_opened(root: Path) -> None:
    try:
        os.mknod(root / "zero", 0o20666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("devices cannot be made here")
    with pytest.raises(NotReadableError, match="no file"):
        RootfsTree(root).read("/zero")


@pytest.fixture
def mounted(root: Path) -> Iterator[Path]:
    place = root / "mnt"
    place.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "none", place], capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    (place / "file").write_text("of another file system")
    yield place
    subprocess.run(["umount", place], check=True)


def test_other_file_systems_are_not_entered(root: Path, mounted: Path) -> None:
    tree = RootfsTree(root)
    assert [entry.path for entry in tree.find("/mnt*")] == ["/mnt"]
    assert "another file system" in tree.unread["/mnt"]
    with pytest.raises(NotReadableError, match="another file system"):
        tree.read("/mnt/file")


def test_folders_that_cannot_be_read_are_told(root: Path) -> None:
    (root / "closed/x").mkdir(parents=True)
    (root / "closed/x/file").write_text("x")
    script = f"""
import os, sys
sys.path[:0] = {[str(Path(rootfs.__file__).parents[2])]!r}
from amlcheck.image.rootfs import RootfsTree
from amlcheck.image.tree import NotReadableError
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
tree = RootfsTree({str(root)!r})
assert [entry.path for entry in tree.find("*/os-release")] == ["/etc/os-release", "/usr/lib/os-release"]
assert tree.unread == {{"/closed": "Permission denied"}}, tree.unread
assert tree.names("/closed") == []
try:
    tree.read("/closed/x/file")
except NotReadableError as error:
    print(error)
"""
    for folder in (root, *root.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    (root / "closed").chmod(0)
    try:
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "/closed/x/file" in done.stdout
    finally:
        (root / "closed").chmod(0o700)


def test_what_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "nowhere"):
        with pytest.raises(UnreadableError, match="cannot be opened as a folder"):
            RootfsTree(place)


def test_as_many_names_as_memory_is_meant_for(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rootfs, "MAX_NAMES", 10)
    for number in range(10):
        (root / f"file{number}").touch()
    with pytest.raises(UnreadableError, match="more than 10 names"):
        RootfsTree(root).find("*")


def test_names_that_are_no_text_and_deep_folders(root: Path) -> None:
    (root / os.fsdecode(b"caf\xe9")).write_text("x")
    deep = os.open(root, os.O_RDONLY)
    try:
        for _ in range(300):
            os.mkdir("d" * 50, dir_fd=deep)
            below = os.open("d" * 50, os.O_RDONLY, dir_fd=deep)
            os.close(deep)
            deep = below
        tree = RootfsTree(root)
        assert tree.read("/caf\udce9") == b"x"
        assert len(tree.find("*caf*", "*/dd*")) > 70
        assert tree.stat("/" + "/".join(["d" * 50] * 300)) is None
    finally:
        os.close(deep)
        shutil.rmtree(root)


def test_a_file_that_is_larger_than_it_said(root: Path) -> None:
    assert RootfsTree(root).read("/etc/os-release", 10) == b"ID=ubuntu\n"
    with pytest.raises(NotReadableError, match="is not in the image"):
        RootfsTree(root).read("/etc/os-release\0x")


def test_it_can_be_closed_twice(root: Path) -> None:
    tree = RootfsTree(root)
    tree.close()
    tree.close()
