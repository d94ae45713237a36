"""The files of an image through its container are those of its layers: the same questions, the same answers."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from amlcheck.image.archive import open_stored
from amlcheck.image.engine import Engine
from amlcheck.image.image import Image
from amlcheck.image.overlay import tree_of
from amlcheck.image.session_scripts import ENGINES
from amlcheck.image.tree import Entry, NotReadableError, Tree, Wanted, is_pseudo, normal
from small_images import Node, SmallImages, busybox, folder, link, program

WANTED = Wanted(
    contents=("/etc/*", "*/read-me", "*/METADATA"),
    names=("*/[a-c]*.so.?", "*/odd*", "/opt/**/*", "*.h"),
    searches=(("*/large", "version [0-9]+[.][0-9]+"),),
)
UNANNOUNCED = ("*/un*ced", "/data/*", "/closed/*", "/home/*/*")

ODD = {
    "etc": folder(),
    "etc/os-release": link("../usr/lib/os-release"),
    "usr": folder(),
    "usr/lib": folder(),
    "usr/lib/os-release": Node(b'NAME="\x1b[31mred"\nID=ubuntu\n'),
    "etc/empty": Node(),
    "etc/absolute": link("/usr/lib/os-release"),
    "etc/dangling": link("/nowhere/at/all"),
    "etc/circle": link("circle"),
    "etc/up": link("../../../../etc/os-release"),
    "etc/root": link("/"),
    "etc/closed-file": Node(b"secret", 0o600, owner=1000),
    "etc/set-user": Node(b"x", 0o4755),
    "etc/fifo": Node(kind=tarfile.FIFOTYPE),
    "opt": folder(0o750),
    "opt/odd\nname": Node(b"1\n2"),
    "opt/odd name 'quoted\" $HOME `id` \\": Node(b"3"),
    "opt/odd-ünï-☃": Node(b"4"),
    "opt/odd-\udcff\udcfe": Node(b"5"),
    "opt/-odd": Node(b"6"),
    "opt/odd*[x]?": Node(b"7"),
    "opt/odd-link\nto": link("odd\nname"),
    "opt/...": folder(),
    "opt/.../.hidden": Node(b"8"),
    "opt/linked": link("/usr"),
    "opt/hard": Node(kind=tarfile.LNKTYPE, target="usr/lib/os-release"),
    "opt/a.so.1": Node(b"\x7fELF"),
    "opt/d.so.1": Node(b"\x7fELF"),
    "opt/large": Node(b"version 1.2 \0\xff version 3.44\nversion 1.2\n" + b"\0" * 300_000 + b"version 5.6"),
    "opt/unannounced": Node(b"9"),
    "closed": folder(0o700, owner=1000),
    "closed/read-me": Node(b"closed", 0o600, owner=1000),
    "closed/unannounced": Node(b"10", owner=1000),
    "closed/deeper": folder(0o700, owner=1001),
    "closed/deeper/x.h": Node(b"11", owner=1001),
    "data": folder(),
    "data/read-me": Node(b"in a volume"),
    "data/unannounced": Node(b"12"),
    "home": folder(),
    "home/user": folder(0o750, owner=1000),
    "home/user/read-me": Node(b"home", owner=1000),
    "tmp": folder(0o1777),
    "tmp/read-me": Node(b"left over"),
}
PATHS = [
    *(
        "/",
        "/etc",
        "/etc/",
        "etc/os-release",
        "/etc/../etc/./os-release",
        "/etc/os-release/x",
        "/nothing",
        "/nothing/x",
    ),
    *("/opt/linked/lib/os-release", "/etc/root/opt/large", "/etc/root/../..", "/closed/deeper/x.h", "/closed/nothing"),
    *("/tmp/read-me", "/tmp", "/tmp/nothing", "/data", "/data/unannounced", "/opt/hard", "/opt/linked/nothing"),
    *(f"/{path}" for path in ODD),
]


@contextmanager
def both(small_images: SmallImages, name: str, tmp_path: Path) -> Iterator[tuple[Image, Tree]]:
    saved = tmp_path / "saved.tar"
    with saved.open("wb") as file:
        for piece in small_images.client.api.get_image(name):
            file.write(piece)
    with open_stored("docker-archive", str(saved)) as stored:
        image = Engine.connect().open(name, name, WANTED)
        try:
            yield image, tree_of(stored, WANTED)
        finally:
            image.close()


def compare(session: Tree, stored: Tree, can_read_all: bool = True) -> None:
    """All but contents of a file whose name is no UTF-8, where only the engine can read it: it does not send it."""
    for patterns in ((*WANTED.contents,), WANTED.names, UNANNOUNCED, ("*",), ("/etc/os-release",), ()):
        assert _seen(session.find(*patterns)) == _seen(stored.find(*patterns)), patterns
    for path in PATHS:
        assert _of_image(session.lstat(path)) == _of_image(stored.lstat(path)), path
        assert _of_image(session.stat(path)) == _of_image(stored.stat(path)), path
        if path not in ("/", "/etc/root", "/etc/root/../.."):
            assert session.names(path) == _not_the_engines(path, stored.names(path)), path
        if can_read_all or "\udcff" not in path:
            for limit in (1, 1 << 20):
                assert _tried(session.read, path, limit) == _tried(stored.read, path, limit), path
    for path in ("/opt/large", "/etc/os-release", "/closed/read-me", "/etc/fifo", "/nothing"):
        for expression in ("version [0-9]+[.][0-9]+", "(NAME|ID)=", "closed?", "nothing at all"):
            assert _tried(session.search, path, expression) == _tried(stored.search, path, expression), (
                path,
                expression,
            )


def _seen(entries: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.path not in ("/", "/etc/mtab", *ENGINES)]


def _not_the_engines(path: str, names: list[str]) -> list[str]:
    return [name for name in names if normal(f"{path}/{name}") not in (*ENGINES, "/etc/mtab")]


def _of_image(entry: Entry | None) -> Entry | None:
    """The root has a mode of its own only where the layer's tar has it."""
    return None if entry is not None and entry.path == "/" else entry


def _tried(call: Callable[..., object], *arguments: object) -> object:
    try:
        return call(*arguments)
    except NotReadableError:
        return NotReadableError


@pytest.mark.parametrize("user", ["", "1000:1000", "12345"])
def test_a_busybox_image(small_images: SmallImages, tmp_path: Path, user: str) -> None:
    changes = [f"USER {user}"] if user else []
    name = small_images.make({**busybox(), **ODD}, ["VOLUME /data", *changes])
    with both(small_images, name, tmp_path) as (image, stored):
        assert image.cannot_run == ""
        compare(image.files, stored, can_read_all=not user)


def test_an_image_without_anything_to_run(small_images: SmallImages, tmp_path: Path) -> None:
    with both(small_images, small_images.make(ODD, ["VOLUME /data"]), tmp_path) as (image, stored):
        assert image.cannot_run == "it has no shell (/bin/sh)"
        compare(image.files, stored, can_read_all=False)


@pytest.mark.parametrize("user", ["", "1000"])
def test_a_debian_image(small_images: SmallImages, built: Callable[[str], str], tmp_path: Path, user: str) -> None:
    from small_images import tar_of

    base = small_images.client.containers.create(built("debian"), "true", network_mode="none")
    try:
        more = {path: node for path, node in ODD.items() if path not in ("etc", "usr", "usr/lib", "tmp", "home", "opt")}
        base.put_archive("/", tar_of(more))
        conf = {"User": user, "Volumes": {"/data": {}}}
        made = base.commit("amlcheck-small", f"debian-{user}", conf=conf)
    finally:
        base.remove(force=True)
    small_images.keep(made.id)
    with both(small_images, made.id, tmp_path) as (image, stored):
        assert image.cannot_run == ""
        compare(image.files, stored)


@pytest.mark.parametrize("missing", [("find",), ("stat",), ("grep", "cat"), ("readlink",)])
def test_programs_that_are_missing(small_images: SmallImages, tmp_path: Path, missing: tuple[str, ...]) -> None:
    nodes = {path: node for path, node in busybox().items() if path.removeprefix("bin/") not in missing}
    with both(small_images, small_images.make({**nodes, **ODD}), tmp_path) as (image, stored):
        assert image.host.run("echo hi").stdout == "hi\n"
        compare(image.files, stored, can_read_all=False)


@pytest.mark.slow
def test_a_gigabyte_is_not_read(small_images: SmallImages) -> None:
    name = small_images.make({**busybox(), "etc": folder(), "bin/make": program("#!/bin/sh\n")})
    made = small_images.client.containers.run(
        name, ["truncate", "-s", "1G", "/etc/os-release"], detach=True, network_mode="none"
    )
    try:
        made.wait()
        small_images.keep(made.commit("amlcheck-small", "gigabyte").id)
    finally:
        made.remove(force=True)
    image = Engine.connect().open("x", "amlcheck-small:gigabyte", Wanted(contents=("/etc/os-release",)))
    try:
        with pytest.raises(NotReadableError, match="1073741824 bytes"):
            image.files.read("/etc/os-release")
        assert image.host.file("/etc/os-release").size == 1 << 30
    finally:
        image.close()


def test_pseudo_folders_are_passed_over(small_images: SmallImages) -> None:
    name = small_images.make({**busybox(), "tmp": folder(), "tmp/x.h": Node(b"x")})
    image = Engine.connect().open(name, name, WANTED)
    try:
        assert not [entry.path for entry in image.files.find("*", "*.h") if is_pseudo(entry.path)]
    finally:
        image.close()
