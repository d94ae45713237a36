"""The cache of layers: what is remembered is right, damage is no harm, and it stays small and private."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amlcheck.errors import UnreadableError
from amlcheck.image import layer_cache, overlay
from amlcheck.image.archive import StoredImage, open_stored
from amlcheck.image.layer import Layer, read_index
from amlcheck.image.layer_cache import LayerCache
from amlcheck.image.overlay import tree_of
from amlcheck.image.tree import Wanted
from amlcheck.records import replace
from stored_images import M, docker_archive, folder, hard, link, sha256, tar_of

WANTED = Wanted(("*/os-release",), ("*x*",), (("*.so", "version [0-9.]+"),))


def made(*members: M, broken: bool = False) -> Layer:
    data = tar_of(*members)
    return Layer("a layer", sha256(b"x") if broken else sha256(data), "", len(data), lambda: io.BytesIO(data))


LAYER = made(
    folder("etc"), M("etc/os-release", b"ID=ubuntu\n\0\xff"), link("l", "etc/\udce9"), hard("h", "lower"),
    M("a.so", b"version 1.2"), M("etc/.wh.gone"), M("d/.wh..wh..opq"), M("line\nbreak"), M("caf\udce9"), M("日本"),
)  # fmt: skip


def entries(folder: Path) -> list[Path]:
    return sorted((folder).glob("*.layer"))


def test_what_is_remembered_is_what_was_read(tmp_path: Path) -> None:
    index = read_index(LAYER, WANTED)
    cache = LayerCache(tmp_path / "cache")
    assert cache.get(LAYER, WANTED) is None
    cache.put(LAYER, WANTED, index)
    found = LayerCache(tmp_path / "cache").get(LAYER, WANTED)
    assert found is not None
    assert found == index


def test_an_empty_layer_is_remembered(tmp_path: Path) -> None:
    layer = made()
    cache = LayerCache(tmp_path)
    cache.put(layer, WANTED, read_index(layer, WANTED))
    found = cache.get(layer, WANTED)
    assert found is not None
    assert found.paths == []


def test_other_wishes_are_other_entries(tmp_path: Path) -> None:
    cache = LayerCache(tmp_path)
    cache.put(LAYER, WANTED, read_index(LAYER, WANTED))
    assert cache.get(LAYER, Wanted(("*",))) is None
    assert cache.get(LAYER, Wanted((*WANTED.contents, "*/other"), (), WANTED.searches)) is None
    assert cache.get(LAYER, Wanted(WANTED.contents, (), ())) is None
    assert cache.get(LAYER, Wanted(WANTED.contents, ("names", "do not matter"), WANTED.searches)) is not None


def test_layers_that_images_share_are_read_once(tmp_path: Path) -> None:
    shared, own, other = tar_of(M("etc/os-release", b"1")), tar_of(M("own")), tar_of(M("other"))
    cache = LayerCache(tmp_path / "cache")
    tree_of(open_(tmp_path / "first.tar", shared, own), WANTED, cache)
    second = open_(tmp_path / "second.tar", shared, other)
    object.__setattr__(second.layers[0], "open", lambda: pytest.fail("it is remembered"))
    tree = tree_of(second, WANTED, cache)
    assert tree.read("/etc/os-release") == b"1"
    assert tree.lstat("/other") is not None


@pytest.mark.parametrize("new", [False, True], ids=["all remembered", "one new"])
def test_an_entry_that_is_damaged_is_read_again(tmp_path: Path, new: bool) -> None:
    layers = [tar_of(M("etc/os-release", b"1"), M("a")), tar_of(M("b")), tar_of(M("etc/.wh.gone"), M("c"))]
    cache = LayerCache(tmp_path / "cache")
    tree_of(open_(tmp_path / "first.tar", *layers), WANTED, cache)
    stored = open_(tmp_path / "second.tar", *layers, *([tar_of(M("new"))] if new else []))
    damaged = next(path for path in entries(tmp_path / "cache") if path.name.startswith(stored.layers[1].diff_id[7:]))
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    for one in (stored.layers[0], stored.layers[2]):
        object.__setattr__(one, "open", lambda: pytest.fail("it is remembered"))
    tree = tree_of(stored, WANTED, cache)
    assert [tree.lstat(path) is not None for path in ("/a", "/b", "/c", "/new")] == [True, True, True, new]
    assert cache.get(stored.layers[1], WANTED) is not None


def test_what_is_remembered_of_an_image_is_bounded_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layers = [tar_of(*(M(f"{number}/{name}") for name in range(6))) for number in range(3)]
    cache = LayerCache(tmp_path / "cache")
    tree_of(open_(tmp_path / "first.tar", *layers[:2]), WANTED, cache)
    monkeypatch.setattr(overlay, "MAX_IMAGE_NAMES", 10)
    with pytest.raises(UnreadableError, match="more than 10 names"):
        tree_of(open_(tmp_path / "second.tar", *layers), WANTED, cache)


def open_(path: Path, *layers: bytes) -> StoredImage:
    return open_stored("docker-archive", str(docker_archive(path, layers)))


def test_a_layer_that_is_not_verified_is_not_remembered(tmp_path: Path) -> None:
    stored = open_(tmp_path / "image.tar", tar_of(M("a")))
    cache = LayerCache(tmp_path / "cache")
    with pytest.raises(UnreadableError, match="digest"):
        tree_of(replace(stored, layers=(made(M("a"), broken=True),)), WANTED, cache)
    assert entries(tmp_path / "cache") == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_is_no_harm(tmp_path: Path, data: st.DataObject) -> None:
    cache = LayerCache(tmp_path)
    index = read_index(LAYER, WANTED)
    cache.put(LAYER, WANTED, index)
    (path,) = entries(tmp_path)
    good = path.read_bytes()
    where = data.draw(st.integers(0, len(good) - 1))
    if data.draw(st.booleans()):
        path.write_bytes(good[:where])
    else:
        value = data.draw(st.integers(0, 255).filter(lambda value: value != good[where]))
        path.write_bytes(good[:where] + bytes([value]) + good[where + 1 :])
    assert cache.get(LAYER, WANTED) is None
    cache.put(LAYER, WANTED, index)
    assert cache.get(LAYER, WANTED) is not None


def test_it_stays_small_and_forgets_what_was_not_used(tmp_path: Path) -> None:
    size = 60_000
    layers = [made(M("etc/os-release", os.urandom(size // 2)), M(f"file{number}")) for number in range(4)]
    cache = LayerCache(tmp_path, limit=int(size * 1.8))
    for layer in layers[:3]:
        cache.put(layer, WANTED, read_index(layer, WANTED))
        time.sleep(0.02)
    assert cache.get(layers[0], WANTED) is not None
    time.sleep(0.02)
    cache.put(layers[3], WANTED, read_index(layers[3], WANTED))
    assert [cache.get(layer, WANTED) is not None for layer in layers] == [True, False, True, True]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= size * 1.8


def test_what_was_never_finished_is_removed(tmp_path: Path) -> None:
    cache = LayerCache(tmp_path)
    for name, age in (("tmpold", 7200), ("tmpnew", 10)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    cache.put(LAYER, WANTED, read_index(LAYER, WANTED))
    assert not (tmp_path / "tmpold").exists()
    assert (tmp_path / "tmpnew").exists()


def test_it_is_private(tmp_path: Path) -> None:
    place = tmp_path / "a" / "b"
    cache = LayerCache(place)
    cache.put(LAYER, WANTED, read_index(LAYER, WANTED))
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    (path,) = entries(place)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    place.chmod(0o777)
    LayerCache(place)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


@pytest.mark.parametrize("what", ["file", "link", "below a file", "others'"])
def test_without_a_folder_everything_works(tmp_path: Path, what: str) -> None:
    place = tmp_path / "cache"
    if what == "link":
        (tmp_path / "elsewhere").mkdir()
        place.symlink_to("elsewhere")
    elif what == "others'":
        if os.geteuid() != 0:
            pytest.skip("only root gives folders away")
        place.mkdir()
        os.chown(place, 65534, 65534)
    else:
        place.touch()
        place = place / "below" if what == "below a file" else place
    cache = LayerCache(place)
    cache.put(LAYER, WANTED, read_index(LAYER, WANTED))
    assert cache.get(LAYER, WANTED) is None


def test_a_disk_that_is_full_is_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = LayerCache(tmp_path)

    def full(source: str, target: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    cache.put(LAYER, WANTED, read_index(LAYER, WANTED))
    assert list(tmp_path.iterdir()) == []


def test_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMLCHECK_CACHE", str(tmp_path / "here"))
    LayerCache().put(LAYER, WANTED, read_index(LAYER, WANTED))
    assert len(entries(tmp_path / "here" / "layers")) == 1


def test_several_processes_at_once(tmp_path: Path) -> None:
    script = f"""
import sys
sys.path[:0] = {[str(Path(layer_cache.__file__).parents[2]), str(Path(__file__).parent)]!r}
from pathlib import Path
from amlcheck.image.layer import read_index
from amlcheck.image.layer_cache import LayerCache
from test_layer_cache import LAYER, WANTED
index = read_index(LAYER, WANTED)
for _ in range(100):
    cache = LayerCache(Path({str(tmp_path)!r}), limit=20_000)
    cache.put(LAYER, WANTED, index)
    found = cache.get(LAYER, WANTED)
    assert found is not None and found.paths == index.paths
"""
    running = [subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in running:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    assert len(list(tmp_path.iterdir())) == 1
