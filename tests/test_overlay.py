"""Layers on top of each other, against a naive model, and against tar where that does the same."""

from __future__ import annotations

import io
import posixpath
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlcheck.errors import UnreadableError
from amlcheck.image import layer_builder, merged, overlay
from amlcheck.image.index_tree import IndexTree
from amlcheck.image.layer import Layer
from amlcheck.image.layer_cache import LayerCache
from amlcheck.image.overlay import tree_of
from amlcheck.image.tree import Kind, NotReadableError, Wanted
from stored_images import M, folder, hard, link, packed, sha256, tar_of


@dataclass
class Image:
    """Layers in memory."""

    layers: Sequence[Layer]


def image(*layers: Sequence[M], compression: str = "") -> Image:
    found = []
    for members in layers:
        data = tar_of(*members)
        stored = packed(data, compression)
        found.append(Layer("a layer", sha256(data), sha256(stored), len(stored), partial(io.BytesIO, stored)))
    return Image(found)


def tree(*layers: Sequence[M], wanted: Wanted = Wanted(("*",)), compression: str = "") -> IndexTree:  # noqa: B008
    return tree_of(image(*layers, compression=compression), wanted)


def paths(found: IndexTree) -> list[str]:
    return [entry.path for entry in found.find("*")]


# A naive model: a nested dictionary of folders, changed as the words of the specification say.

NAMES = ("a", "b", "c", "a-b")
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join)


@st.composite
def layer(draw: st.DrawFn) -> list[M]:
    """A layer as builders make them: each name once, folders before what is in them, nothing below a file."""
    kinds: dict[str, M] = {}
    for path in draw(st.lists(PATHS, max_size=8, unique=True)):
        parts = path.split("/")
        above = ["/".join(parts[:depth]) for depth in range(1, len(parts))]
        if any(one in kinds and kinds[one].type != tarfile.DIRTYPE for one in above):
            continue
        if any(other.startswith(path + "/") for other in kinds):
            continue
        what = draw(st.sampled_from(("file", "folder", "link", "whiteout", "opaque")))
        if draw(st.booleans()):
            for one in above:
                kinds.setdefault(one, folder(one))
        if what == "file":
            kinds[path] = M(path, draw(st.binary(max_size=3)))
        elif what == "link":
            kinds[path] = link(path, draw(PATHS))
        elif what == "folder":
            kinds[path] = folder(path)
        elif what == "whiteout":
            kinds[path + "?"] = M(posixpath.join(posixpath.dirname(path), ".wh." + parts[-1]))
        else:
            kinds[path] = folder(path)
            kinds[path + "/?"] = M(path + "/.wh..wh..opq")
    return list(kinds.values())


Node = dict[str, object]


def apply(root: Node, members: Sequence[M]) -> None:
    """Whiteouts first, which only concern lower layers; then what the layer has."""
    for member in members:
        above, _, name = member.name.rpartition("/")
        if name.startswith(".wh."):
            where: object = root
            for part in above.split("/") if above else ():
                where = where.get(part) if isinstance(where, dict) else None
            if isinstance(where, dict):
                if name == ".wh..wh..opq":
                    where.clear()
                else:
                    where.pop(name[4:], None)
    for member in members:
        *above_parts, name = member.name.split("/")
        here = root
        for part in above_parts:
            below = here.get(part)
            if not isinstance(below, dict):
                below = here[part] = {}
            here = below
        if name.startswith(".wh."):
            continue
        if member.type == tarfile.DIRTYPE:
            if not isinstance(here.get(name), dict):
                here[name] = {}
        else:
            here[name] = ("link", member.link) if member.type == tarfile.SYMTYPE else member.data


def flat(node: Node, above: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in node.items():
        found[f"{above}/{name}"] = "folder" if isinstance(value, dict) else value
        if isinstance(value, dict):
            found.update(flat(value, f"{above}/{name}"))
    return found


def model(layers: Sequence[Sequence[M]]) -> dict[str, object]:
    root: Node = {}
    for members in layers:
        apply(root, members)
    return flat(root)


def seen(found: IndexTree) -> dict[str, object]:
    result: dict[str, object] = {}
    for entry in found.find("*"):
        if entry.kind is Kind.LINK:
            result[entry.path] = ("link", entry.target)
        else:
            result[entry.path] = "folder" if entry.kind is Kind.DIRECTORY else found.read(entry.path)
    return result


@settings(max_examples=400, deadline=None)
@given(st.lists(layer(), max_size=4))
def test_layers_as_the_model_has_them(layers: list[list[M]]) -> None:
    assert seen(tree(*layers)) == model(layers)


@settings(max_examples=200, deadline=None)
@given(st.lists(layer(), min_size=1, max_size=4), st.data())
def test_remembered_layers_are_as_those_that_were_read(
    tmp_path_factory: pytest.TempPathFactory, layers: list[list[M]], data: st.DataObject
) -> None:
    """Of an image some layers are remembered, as they are stored, and the others read."""
    cache = LayerCache(tmp_path_factory.mktemp("cache"))
    patterns = data.draw(st.lists(st.sampled_from(("*", "*/a", "/a/*", "*-*", "/a/b")), unique=True))
    wanted = Wanted(("*",), tuple(patterns))
    before = data.draw(st.lists(st.sampled_from(layers), max_size=len(layers)))
    tree_of(image(*before), wanted, cache)
    found, anew = tree_of(image(*layers), wanted, cache), tree(*layers, wanted=wanted)
    assert seen(found) == seen(anew)
    for pattern in ("*", *patterns, "*/b", "/c*"):
        assert found.find(pattern) == anew.find(pattern)
    for path in ("/", "/a", "/a/b", "/a-b", "/c/a"):
        assert found.names(path) == anew.names(path) == tree(*layers, wanted=Wanted()).names(path)
        assert found.lstat(path) == anew.lstat(path)


@settings(max_examples=200, deadline=None)
@given(st.lists(layer(), max_size=4))
def test_names_and_entries_as_the_model_has_them(layers: list[list[M]]) -> None:
    found, there = tree(*layers, wanted=Wanted()), model(layers)
    for place in ("", *(path for path, what in there.items() if what == "folder")):
        wanted = {path.rpartition("/")[2] for path in there if path.rpartition("/")[0] == place}
        assert found.names(place or "/") == sorted(wanted)
    for path in [*there, "/a", "/b/c", "/a/a/a", "/a-b/c"]:
        entry = found.lstat(path)
        if path in there:
            assert entry is not None
            assert entry.path == path


@settings(max_examples=25, deadline=None)
@given(st.lists(layer(), min_size=1, max_size=3))
def test_layers_as_gnu_tar_unpacks_them(tmp_path_factory: pytest.TempPathFactory, layers: list[list[M]]) -> None:
    """Without whiteouts, unpacking one archive after another is the same, where no name changes its kind."""
    plain = [[member for member in members if ".wh." not in member.name] for members in layers]
    kinds: dict[str, bytes] = {}
    for member in (member for members in plain for member in members):
        parts = member.name.split("/")
        for depth in range(1, len(parts)):
            if kinds.setdefault("/".join(parts[:depth]), tarfile.DIRTYPE) != tarfile.DIRTYPE:
                return
        if kinds.setdefault(member.name, member.type) != member.type:
            return
    place = tmp_path_factory.mktemp("unpacked")
    for members in plain:
        subprocess.run(["tar", "-xf", "-", "-C", place], input=tar_of(*members), check=True)
    theirs: dict[str, object] = {}
    for path in place.rglob("*"):
        name = "/" + path.relative_to(place).as_posix()
        if path.is_symlink():
            theirs[name] = ("link", str(path.readlink()))
        else:
            theirs[name] = "folder" if path.is_dir() else path.read_bytes()
    assert seen(tree(*plain)) == theirs


@settings(max_examples=200, deadline=None)
@given(
    st.lists(layer(), max_size=4),
    st.lists(st.sampled_from(("*", "*/a", "/a/*", "*b", "/a", "*-*", "/a/b*/c", "*/[ab]/?")), min_size=1, unique=True),
    st.sampled_from((0, 1, 3, layer_builder.MAX_FITTING)),
)
def test_what_was_announced_is_found_as_what_was_not(layers: list[list[M]], patterns: list[str], noted: int) -> None:
    """Names that fit are noted layer by layer; up to a bound, which may be reached in one layer and not in another."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layer_builder, "MAX_FITTING", noted)
        announced = tree(*layers, wanted=Wanted((), tuple(patterns)))
        for pattern in patterns:
            assert announced.find(pattern) == tree(*layers, wanted=Wanted()).find(pattern)


# By hand


def test_whiteouts_hide_what_lower_layers_have_and_nothing_of_their_own() -> None:
    found = tree(
        [M("etc/a", b"1"), M("etc/b", b"2"), M("opt/x/y/z", b"3"), M("opt/x-y", b"4")],
        [M("etc/.wh.a"), M("etc/a", b"new"), M("etc/.wh.b"), M("opt/.wh.x"), M("etc/.wh.never-there")],
    )
    assert paths(found) == ["/etc", "/etc/a", "/opt", "/opt/x-y"]
    assert found.read("/etc/a") == b"new"


@pytest.mark.parametrize("last", [False, True], ids=["first", "last"])
def test_an_opaque_folder_has_only_its_own(last: bool) -> None:
    own = [M("d/new", b"x"), M("d/sub/new", b"y")]
    opaque = M("d/.wh..wh..opq")
    found = tree([M("d/old"), M("d/sub/old"), M("e/old")], [*own, opaque] if last else [opaque, *own])
    assert paths(found) == ["/d", "/d/new", "/d/sub", "/d/sub/new", "/e", "/e/old"]


def test_an_opaque_root_has_nothing_from_below() -> None:
    assert paths(tree([M("a/b"), M("c")], [M(".wh..wh..opq"), M("a/d")])) == ["/a", "/a/d"]


def test_the_root_itself_is_always_there() -> None:
    found = tree([folder("./", 0o700), M("c")], [M(".wh..wh..opq"), M("a")])
    assert paths(found) == ["/", "/a"]
    entry = found.lstat("/")
    assert entry is not None
    assert entry.mode == 0o700


def test_what_is_hidden_can_come_back() -> None:
    found = tree([M("d/a", b"1"), M("d/b")], [M(".wh.d")], [M("d/a", b"3")])
    assert paths(found) == ["/d", "/d/a"]
    assert found.read("/d/a") == b"3"


def test_folders_files_and_links_replace_each_other() -> None:
    found = tree(
        [M("a/x"), M("b", b"file"), M("c/x"), link("l", "c"), folder("kept", 0o700), M("kept/x")],
        [M("a", b"now a file"), folder("b"), M("b/x"), link("c", "b"), M("l/x"), folder("kept", 0o755)],
    )
    assert seen(found) == {
        "/a": b"now a file", "/b": "folder", "/b/x": b"", "/c": ("link", "b"), "/l": "folder", "/l/x": b"",
        "/kept": "folder", "/kept/x": b"",
    }  # fmt: skip
    entry = found.lstat("/kept")
    assert entry is not None
    assert entry.mode == 0o755


def test_a_folder_that_is_only_implied_keeps_its_mode() -> None:
    entry = tree([folder("d", 0o700)], [M("d/x")]).lstat("/d")
    assert entry is not None
    assert entry.mode == 0o700


def test_hard_links_to_lower_layers() -> None:
    found = tree(
        [M("usr/bin/real", b"program", mode=0o755), link("bin", "usr/bin"), link("l", "usr"), M("gone", b"old")],
        [hard("a", "usr/bin/real"), hard("b", "bin/real"), hard("c", "l"), hard("d", "nowhere"), hard("e", "usr"),
         hard("f", "gone"), M(".wh.gone"), M("usr/bin/real", b"newer")],
    )  # fmt: skip
    assert found.read("/a") == found.read("/b") == b"program"
    assert found.read("/f") == b"old"
    kinds = {path: entry.kind for path in "abcdef" if (entry := found.lstat("/" + path)) is not None}
    assert kinds == {
        "a": Kind.FILE, "b": Kind.FILE, "c": Kind.LINK, "d": Kind.OTHER, "e": Kind.OTHER, "f": Kind.FILE,
    }  # fmt: skip
    with pytest.raises(NotReadableError, match="no file"):
        found.read("/d")


def test_links_lead_nowhere_outside() -> None:
    found = tree([M("etc/passwd", b"image"), link("a", "/../../etc/passwd"), link("b", "/"), link("c", "../../..")])
    assert found.read("/a") == found.read("/b/etc/passwd") == found.read("/c/c/b/etc/passwd") == b"image"
    assert found.read("/../../etc/passwd") == b"image"


def test_a_layer_without_names_between_others() -> None:
    found = tree([M("a", b"1")], [], [], [M("b", b"2")], [])
    assert found.read("/a") == b"1"
    assert found.read("/b") == b"2"


@pytest.mark.parametrize("compression", ["", "gzip", "zstd"])
def test_what_was_not_announced_is_read_again(compression: str) -> None:
    big = b"\1" * 3_000_000 + b"version 1.2.3\n" + bytes(2_000_000)
    layers = (
        [M("a" * 150, b"first"), M("big", big), hard("twin", "big"), M("empty")],
        [M("b", b"second"), M("c", b"x" * 600)],
    )
    found = tree(*layers, wanted=Wanted(), compression=compression)
    assert found.read("/" + "a" * 150) == b"first"
    assert found.read("/b") == b"second"
    assert found.read("/c") == b"x" * 600
    assert found.read("/empty") == b""
    assert found.read("/big") == found.read("/twin") == big
    assert found.search("/big", "version [0-9.]+") == found.search("/twin", "version [0-9.]+") == ["version 1.2.3"]
    assert found.search("/empty", "x+") == []
    with pytest.raises(NotReadableError, match="more than 10 are not read"):
        found.read("/c", 10)
    with pytest.raises(NotReadableError, match="not in the image"):
        found.read("/d")


def test_what_was_announced_is_not_read_again() -> None:
    stored = image([M("a", b"text with a version 1.5"), M("b", b"b")], compression="gzip")
    found = tree_of(stored, Wanted(("/a",), (), (("/a", "version [0-9.]+"),)))
    opened: list[str] = []

    def empty() -> io.BytesIO:
        opened.append("once more")
        return io.BytesIO()

    object.__setattr__(stored.layers[0], "open", empty)
    assert found.read("/a") == b"text with a version 1.5"
    assert found.search("/a", "version [0-9.]+") == ["version 1.5"]
    assert found.search("/a", "text") == ["text"]
    assert not opened
    with pytest.raises(NotReadableError):
        found.read("/b")
    assert opened


def test_names_that_were_announced_are_not_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found = tree([M("opt/bin/python3")], [M("srv/bin/python3"), M("opt/.wh.bin")], wanted=Wanted((), ("*/bin/*",)))
    monkeypatch.setattr(merged, "joined", None)
    assert [entry.path for entry in found.find("*/bin/*")] == ["/srv/bin/python3"]
    with pytest.raises(TypeError):
        found.find("*/bin/other")


def test_a_layer_that_comes_twice_is_read_once() -> None:
    stored = image([M("a", b"1")], [M("a", b"1")], [M("b")])
    first, second, _ = stored.layers
    object.__setattr__(second, "open", lambda: pytest.fail("it is known"))
    assert first.diff_id == second.diff_id
    assert paths(tree_of(stored, Wanted())) == ["/a", "/b"]


def test_layers_that_change_are_told() -> None:
    stored = image([M("a", b"1"), M("b", b"2")])
    found = tree_of(stored, Wanted())
    object.__setattr__(stored.layers[0], "open", lambda: io.BytesIO(bytes(4096)))
    with pytest.raises(NotReadableError, match="changed"):
        found.read("/b")
    object.__setattr__(stored.layers[0], "open", lambda: io.BytesIO(tar_of(M("c", b"12345"))))
    with pytest.raises(NotReadableError, match="damaged"):
        found.read("/b")


def test_names_of_all_layers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlay, "MAX_IMAGE_NAMES", 10)
    with pytest.raises(UnreadableError, match="more than 10 names"):
        tree([M(f"a{number}") for number in range(6)], [M(f"b{number}") for number in range(6)])


def test_contents_of_all_layers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlay, "MAX_IMAGE_KEPT", 1000)
    found = tree(*([M(f"f{number}", bytes([number]) * 400)] for number in range(4)))
    assert [found.read(f"/f{number}") for number in range(4)] == [bytes([number]) * 400 for number in range(4)]


def test_names_that_are_no_text() -> None:
    found = tree([M("caf\udce9", b"latin"), M("日本", b"jp"), M("line\nbreak", b"n")])
    assert found.read("/caf\udce9") == b"latin"
    assert [entry.path for entry in found.find("/*caf*", "*\n*", "/日*")] == ["/caf\udce9", "/line\nbreak", "/日本"]


def test_many_whiteouts_and_deep_folders_take_no_time() -> None:
    deep = "d/" * 2000
    lower = [M(f"{deep}{number}") for number in range(20)] + [M(f"x/{number}/y") for number in range(3000)]
    upper = [M(f"x/.wh.{number}") for number in range(3000)] + [M(f"{deep}.wh.{number}") for number in range(20)]
    assert len(paths(tree(lower, upper))) == 2001
    assert layer_builder.MAX_NAMES > 300_000


def test_how_often_threads_take_turns_is_as_before() -> None:
    """Also where several images are read at once, each beginning before another one ends."""
    before, both = sys.getswitchinterval(), threading.Barrier(2, timeout=20)

    def read(late: bool) -> None:
        stored = image([M("a", b"1")])
        opened = stored.layers[0].open

        def waiting() -> BinaryIO:
            both.wait()
            time.sleep(0.2 if late else 0)
            assert sys.getswitchinterval() == pytest.approx(overlay.TURN)
            return opened()

        object.__setattr__(stored.layers[0], "open", waiting)
        tree_of(stored, Wanted())

    with ThreadPoolExecutor() as pool:
        list(pool.map(read, (False, True)))
    assert sys.getswitchinterval() == before


def test_one_broken_layer_stops_the_others() -> None:
    class Endless(io.RawIOBase):
        """A large layer, slowly."""

        count = 0

        def readable(self) -> bool:
            return True

        def seek(self, offset: int, whence: int = 0) -> int:
            return 0

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            time.sleep(0.01)
            Endless.count += 1
            size = min(len(buffer), len(first))
            buffer[:size] = first[:size]
            return size

    first = tar_of(M("a", bytes(1 << 20)))[: 1 << 20]
    slow = Layer("slow", sha256(b"slow"), "", 1 << 40, Endless)  # type: ignore[arg-type]
    broken = Layer("broken", sha256(b"broken"), "", 1, lambda: io.BytesIO(b"no archive" * 100))
    began = time.monotonic()
    with pytest.raises(UnreadableError, match="broken is damaged"):
        tree_of(Image([slow, broken]), Wanted())
    assert time.monotonic() - began < 10
    count = Endless.count
    time.sleep(0.1)
    assert Endless.count == count, "nothing is read any more"
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("amlcheck")]
