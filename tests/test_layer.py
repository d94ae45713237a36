"""Layers: read once, verified, and put together as unpacking would."""

from __future__ import annotations

import io
import os
import tarfile
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
import zstandard
from isal import isal_zlib

from amlcheck.errors import UnreadableError
from amlcheck.image import layer as layers
from amlcheck.image import layer_builder
from amlcheck.image.layer import Layer, read_index
from amlcheck.image.layer_index import DIRECTORY, FILE, HARD_LINK, IMPLIED, LINK, OTHER, LayerIndex
from amlcheck.image.tree import Wanted
from stored_images import M, folder, hard, link, packed, sha256, tar_of


class Counting(io.BytesIO):
    """Counts what is read of it."""

    count = 0

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        found = super().readinto(buffer)
        Counting.count += found
        return found


def made(data: bytes, stored: bytes | None = None, digest: str | None = None, diff_id: str | None = None) -> Layer:
    stored = data if stored is None else stored

    def opened() -> BinaryIO:
        return Counting(stored)

    return Layer(
        "the layer", diff_id or sha256(data), sha256(stored) if digest is None else digest, len(stored), opened
    )


def indexed(*members: M, wanted: Wanted = Wanted()) -> LayerIndex:  # noqa: B008
    return read_index(made(tar_of(*members)), wanted)


def shown(index: LayerIndex) -> dict[str, int]:
    return dict(zip(index.paths, index.kinds, strict=True))


EVERYTHING = Wanted(contents=("*",))


@pytest.mark.parametrize("compression", ["", "gzip", "zstd"])
def test_names_contents_and_matches_in_one_pass(compression: str) -> None:
    big = b"\0" * 3_000_000 + b"NCCL version 2.14.3+cuda11.7\0" + b"\1" * 3_000_000
    data = tar_of(
        folder("etc"), M("etc/os-release", b"ID=ubuntu\n"), M("etc/other", b"secret"), M("lib/libnccl.so.2", big)
    )
    wanted = Wanted(("/etc/os-release",), (), (("*/libnccl*", "NCCL version [0-9.]+[+]cuda[0-9.]+"),))
    stored = packed(data, compression)
    Counting.count = 0
    index = read_index(made(data, stored), wanted)
    assert Counting.count <= len(stored) + 8, "read once"
    assert shown(index) == {
        "/etc": DIRECTORY, "/etc/os-release": FILE, "/etc/other": FILE, "/lib": IMPLIED, "/lib/libnccl.so.2": FILE,
    }  # fmt: skip
    assert list(index.contents.values()) == [b"ID=ubuntu\n"]
    assert list(index.matches.values()) == [["NCCL version 2.14.3+cuda11.7"]]


def test_gzip_in_several_members_and_zstd_in_several_frames() -> None:
    data = tar_of(*(M(f"file{number}", bytes([number]) * 5000) for number in range(50)))
    pieces = [data[start : start + 7000] for start in range(0, len(data), 7000)]
    for stored in (
        b"".join(packed(piece, "gzip") for piece in pieces),
        b"".join(packed(piece, "zstd") for piece in pieces),
        b"\x50\x2a\x4d\x18\x04\0\0\0skip" + packed(data, "zstd") + b"\x51\x2a\x4d\x18\x04\0\0\0skip",
    ):
        index = read_index(made(data, stored), EVERYTHING)
        assert len(index.paths) == 50
        assert set(index.contents.values()) == {bytes([number]) * 5000 for number in range(50)}


def test_what_follows_the_end_is_hashed_too() -> None:
    data = tar_of(M("a")) + b"anything" * 400_000
    assert read_index(made(data), Wanted()).paths == ["/a"]
    with pytest.raises(UnreadableError, match="digest"):
        read_index(made(data + b"!", diff_id=sha256(data)), Wanted())


def test_an_empty_layer() -> None:
    assert read_index(made(bytes(1024)), Wanted()).paths == []
    assert read_index(made(b""), Wanted()).paths == []


LAYER = tar_of(M("a", b"x" * 100_000))


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (lambda: made(LAYER, digest=sha256(b"other")), "its digest is sha256:.*, and the image says sha256:"),
        (lambda: made(LAYER, diff_id=sha256(b"other")), "its .*digest.* sha256:.*, and the image says sha256:"),
        (lambda: made(LAYER, packed(LAYER, "gzip"), digest=sha256(b"other")), "its digest is"),
        (lambda: made(LAYER, packed(LAYER, "gzip"), diff_id=sha256(b"other")), "its content has the digest"),
        (lambda: made(LAYER, packed(LAYER, "zstd"), diff_id=sha256(b"other")), "its content has the digest"),
        (lambda: made(LAYER, packed(LAYER, "gzip")[:-50]), "damaged"),
        (lambda: made(LAYER, packed(LAYER, "gzip")[:5]), "damaged"),
        (lambda: made(LAYER, packed(LAYER, "gzip")[:50] + b"garbage" * 9), "decompressed"),
        (lambda: made(LAYER, packed(LAYER, "gzip")[:-8] + bytes(8)), "decompressed"),
        (lambda: made(LAYER, packed(LAYER, "zstd")[:-5]), "damaged"),
        (lambda: made(LAYER, packed(LAYER, "zstd") + b"garbage"), "decompressed"),
        (lambda: made(LAYER, b"\x28\xb5\x2f\xfd" + b"garbage" * 9), "decompressed"),
        (lambda: made(LAYER, b"\x1f\x8b" + b"garbage" * 9), "decompressed"),
        (lambda: made(LAYER, b"BZh91AY&SY"), "bzip2, which is not read|bzip2: only gzip and zstd"),
        (lambda: made(LAYER, b"\xfd7zXZ\0\0"), "xz: only gzip and zstd"),
        (lambda: made(b"no archive at all" * 100), "no tar archive"),
    ],
)
def test_broken_layers_say_so_in_one_sentence(broken: Callable[[], Layer], says: str) -> None:
    with pytest.raises(UnreadableError, match=says) as caught:
        read_index(broken(), Wanted())
    assert str(caught.value).startswith("the layer")
    assert "\n" not in str(caught.value)


def test_a_zstd_stream_cannot_ask_for_much_memory() -> None:
    large = zstandard.ZstdCompressor(compression_params=zstandard.ZstdCompressionParameters(window_log=30))
    stored = large.compressobj().compress(b"")  # the header comes with the first flush
    compressor = large.compressobj(size=1 << 31)
    stored = compressor.compress(bytes(1 << 20)) + compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    with pytest.raises(UnreadableError, match="decompressed"):
        read_index(made(b"", stored), Wanted())


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_decompression_bomb_is_refused(monkeypatch: pytest.MonkeyPatch, compression: str) -> None:
    monkeypatch.setattr(layers, "MAX_SMALL", 8 << 20)
    data = tar_of(M("bomb", bytes(64 << 20)))
    stored = isal_zlib.compress(data, 3, 31) if compression == "gzip" else zstandard.compress(data, 19)
    assert len(stored) < 300_000
    with pytest.raises(UnreadableError, match="decompressed"):
        read_index(made(data, stored), Wanted())


def test_as_many_names_as_memory_is_meant_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_builder, "MAX_NAMES", 100)
    with pytest.raises(UnreadableError, match="more than 100 names"):
        indexed(*(M(f"file{number}") for number in range(101)))
    with pytest.raises(UnreadableError, match="more than 100 names"):
        indexed(M("/".join("d" * 102)))
    monkeypatch.setattr(layer_builder, "MAX_NAME_BYTES", 1000)
    with pytest.raises(UnreadableError, match="longer than 1000 bytes"):
        indexed(*(M("x" * 99 + str(number)) for number in range(10)))


def test_the_last_of_a_name_counts() -> None:
    index = indexed(M("a", b"first"), M("a", b"second"), M("b"), folder("b"), folder("c"), M("c"), wanted=EVERYTHING)
    assert shown(index) == {"/a": FILE, "/b": DIRECTORY, "/c": FILE}
    assert list(index.contents.values()) == [b"second"]


def test_what_replaces_a_folder_hides_what_was_in_it() -> None:
    index = indexed(folder("a"), M("a/b/c", b"x"), M("a", b"file"), folder("a", 0o700), M("a/b/d", b"y"), M("ab/c"))
    assert shown(index) == {"/a": DIRECTORY, "/a/b": IMPLIED, "/a/b/d": FILE, "/ab": IMPLIED, "/ab/c": FILE}
    assert shown(indexed(M("a/b"), link("a", "c"))) == {"/a": LINK}


def test_a_folder_below_a_file_replaces_it() -> None:
    assert shown(indexed(M("a", b"x"), M("a/b"))) == {"/a": IMPLIED, "/a/b": FILE}


def test_names_below_a_link_go_where_it_leads_inside_the_layer() -> None:
    index = indexed(
        folder("real"), link("dir", "/real"), M("dir/x", b"1"), link("out", "../../../etc"), M("out/passwd", b"2")
    )
    assert shown(index) == {
        "/real": DIRECTORY, "/dir": LINK, "/real/x": FILE, "/out": LINK, "/etc": IMPLIED, "/etc/passwd": FILE,
    }  # fmt: skip


def test_links_in_a_circle_end() -> None:
    index = indexed(link("a", "b"), link("b", "a"), M("a/x"))
    assert index.paths[-1].endswith("/x")


def test_endless_links_cost_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_builder, "MAX_STEPS", 50_000)
    chain = [link(f"c{number}", "d/../" * 500 + f"c{number + 1}") for number in range(39)]
    with pytest.raises(UnreadableError, match="links lead on and on"):
        indexed(
            folder("d"), *chain, folder("c39"), *(m for n in range(100) for m in (link(f"l{n}", "c0"), M(f"l{n}/x")))
        )


def test_hard_links_share_what_they_link_to() -> None:
    index = indexed(
        M("a", b"content", mode=0o755), hard("b", "/a"), hard("c", "../../b"), link("s", "a"), hard("t", "s"),
        hard("missing", "lower/file"), folder("d"), hard("e", "d"), M("a", b"replaced"), wanted=EVERYTHING,
    )  # fmt: skip
    found = shown(index)
    assert found["/b"] == found["/c"] == FILE
    assert found["/t"] == LINK
    assert found["/e"] == OTHER
    assert found["/missing"] == HARD_LINK
    place = {path: number for number, path in enumerate(index.paths)}
    assert index.starts[place["/b"]] == index.starts[place["/c"]] != index.starts[place["/a"]]
    assert index.contents[index.starts[place["/c"]]] == b"content"
    assert index.modes[place["/c"]] == 0o755
    assert index.targets[place["/t"]] == "a"
    assert index.targets[place["/missing"]] == "/lower/file"


def test_whiteouts_are_no_names() -> None:
    index = indexed(
        M("a/.wh.gone"), M("b/.wh..wh..opq"), M(".wh..wh..opq"), M(".wh.top"), M("c/.wh."), M("c/.wh..."), M("c/.wh.."),
        folder("d/.wh.folder"),
    )  # fmt: skip
    assert index.whiteouts == ["/a/gone", "/top", "/d/folder"]
    assert index.opaque == ["/b", "/"]
    assert set(shown(index).values()) <= {IMPLIED}


def test_what_aufs_kept_for_itself() -> None:
    index = indexed(
        folder(".wh..wh.plnk"), M(".wh..wh.plnk/12.34", b"data"), hard("a", ".wh..wh.plnk/12.34"), M(".wh..wh.aufs")
    )
    assert shown(index) == {"/a": FILE}


def test_devices_and_pipes_are_only_names() -> None:
    index = indexed(
        M("null", type=tarfile.CHRTYPE),
        M("sda", type=tarfile.BLKTYPE),
        M("pipe", type=tarfile.FIFOTYPE),
        wanted=EVERYTHING,
    )
    assert set(shown(index).values()) == {OTHER}
    assert index.contents == {}


def test_a_file_cannot_be_the_root() -> None:
    with pytest.raises(UnreadableError, match="root"):
        indexed(M("..", b"x"))
    assert shown(indexed(folder("./", 0o700))) == {"/": DIRECTORY}


def test_contents_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_builder, "MAX_CONTENT", 1000)
    monkeypatch.setattr(layer_builder, "MAX_KEPT", 2500)
    index = indexed(
        M("a", b"a" * 1001), *(M(f"f{number}", bytes([number]) * 1000) for number in range(5)), wanted=EVERYTHING
    )
    assert [len(data) for data in index.contents.values()] == [1000, 1000]


def test_memory_stays_small_whatever_files_have() -> None:
    data = tar_of(M("big", bytes(60 << 20)))
    stored = isal_zlib.compress(data, 1, 31)
    tracemalloc.start()
    read_index(made(data, stored), Wanted(searches=(("*", "not there at all"), ("*", "[ab]+c"))))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 24 << 20


def test_files_that_are_gone_meanwhile_or_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "gone"
    layer = Layer("the layer", sha256(b""), "", 0, lambda: path.open("rb"))
    with pytest.raises(UnreadableError, match="No such file"):
        read_index(layer, Wanted())


@pytest.mark.parametrize("compression", ["", "gzip"])
def test_other_work_is_done_while_a_layer_is_hashed(compression: str) -> None:
    data = tar_of(*(M(f"f{number}", os.urandom(1 << 20)) for number in range(64)))
    layer = made(data, packed(data, compression))
    done: list[int] = []

    def work() -> Iterator[None]:
        for step in range(5):
            done.append(step)
            yield

    index = read_index(layer, Wanted(), meanwhile=work())
    assert len(index) == 64
    assert done == list(range(5))
    with pytest.raises(UnreadableError, match="enough"):
        read_index(layer, Wanted(), meanwhile=refusing())


def refusing() -> Iterator[None]:
    yield
    raise UnreadableError("that is enough")
