"""The tar reader, against tarfile as its oracle and against archives that nobody should write."""

from __future__ import annotations

import contextlib
import io
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlcheck.image.tar import MAX_PATH, FileStream, Member, TarError, content, inside, members
from amlcheck.image.tree import Kind
from stored_images import M, folder, hard, link, tar_of

NAMES = st.lists(
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=12),
    min_size=1,
    max_size=6,
).map("/".join)


def read(data: bytes) -> list[tuple[Member, bytes]]:
    """All members with their contents."""
    stream = FileStream(io.BytesIO(data), len(data))
    return [(one, content(one, stream) if one.kind is Kind.FILE else b"") for one in members(stream)]


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    made = []
    for name in draw(st.lists(NAMES, max_size=8)):
        kind = draw(
            st.sampled_from((tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE))
        )
        data = draw(st.binary(max_size=1500)) if kind == tarfile.REGTYPE else b""
        target = draw(NAMES) if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
        made.append(M(name, data, kind, target, draw(st.integers(0, 0o7777))))
    return tar_of(*made, form=draw(st.sampled_from((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT))))


@settings(max_examples=150, deadline=None)
@given(archives())
def test_reads_what_tarfile_reads(data: bytes) -> None:
    mine = read(data)
    with tarfile.open(fileobj=io.BytesIO(data), errors="surrogateescape") as archive:
        theirs = archive.getmembers()
        assert len(mine) == len(theirs)
        for (member, text), info in zip(mine, theirs, strict=True):
            assert member.path == inside(info.name)
            assert member.mode == info.mode & 0o7777
            assert (member.kind is None) == info.islnk()
            assert (member.kind is Kind.LINK) == info.issym()
            assert (member.kind is Kind.DIRECTORY) == info.isdir()
            assert (member.kind is Kind.OTHER) == info.isfifo()
            if info.issym():
                assert member.target == info.linkname
            if info.islnk():
                assert member.target == inside(info.linkname)
            if info.isreg():
                file = archive.extractfile(info)
                assert file is not None
                assert text == file.read()
                assert member.size == info.size


@settings(max_examples=300, deadline=None)
@given(archives(), st.integers(0, 1 << 16), st.integers(0, 255))
def test_a_damaged_byte_is_an_error_or_harmless(data: bytes, place: int, value: int) -> None:
    changed = bytearray(data)
    changed[place % len(data)] = value
    try:
        for member, _ in read(bytes(changed)):
            assert member.path.startswith("/")
            assert "/../" not in member.path + "/"
    except TarError:
        pass


@settings(max_examples=100, deadline=None)
@given(archives(), st.integers(0, 1 << 16))
def test_a_cut_archive_is_an_error_or_shorter(data: bytes, place: int) -> None:
    whole = read(data)
    with contextlib.suppress(TarError):
        assert len(read(data[: place % len(data)])) <= len(whole)


@pytest.mark.parametrize("options", [[], ["--format=gnu"], ["--format=posix"], ["--format=ustar"], ["--format=v7"]])
def test_reads_what_gnu_tar_writes(tmp_path: Path, options: list[str]) -> None:
    source = tmp_path / "source"
    deep = source / ("d" * 60) / ("e" * 30)
    deep.mkdir(parents=True)
    (deep / "file").write_bytes(b"x" * 1000)
    (source / "link").symlink_to("/somewhere/else")
    (source / "twin").hardlink_to(deep / "file")
    (source / "empty").touch(mode=0o600)
    data = subprocess.run(["tar", *options, "-C", str(source), "-cf", "-", "."], check=True, capture_output=True).stdout
    found = {member.path: (member, text) for member, text in read(data)}
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert set(found) == {inside(info.name) for info in archive}
    assert found["/link"][0].target == "/somewhere/else"
    texts = {found[path][1] for path in ("/twin", f"/{'d' * 60}/{'e' * 30}/file")}
    assert texts == {b"x" * 1000, b""}, "one of both is the hard link"


@pytest.mark.parametrize("version", ["0.0", "0.1", "1.0", "gnu"])
def test_sparse_files_are_read_with_their_holes(tmp_path: Path, version: str) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        for place in range(30):
            file.seek(place * 20_000)
            file.write(b"piece %d" % place)
        file.truncate(700_000)
    options = ["--format=gnu"] if version == "gnu" else ["--format=posix", f"--sparse-version={version}"]
    command = ["tar", *options, "--sparse", "--hole-detection=raw", "-C", str(tmp_path), "-cf", "-", "sparse"]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    assert len(data) < 400_000, "it is stored without its holes"
    ((member, text),) = read(data)
    assert member.path == "/sparse"
    assert member.size == 700_000
    assert text == path.read_bytes()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("../../etc/passwd", "/etc/passwd"),
        ("/etc/passwd", "/etc/passwd"),
        ("a/../../b", "/b"),
        ("a/./b//c/", "/a/b/c"),
        ("..", "/"),
        ("", "/"),
        (".", "/"),
        ("./", "/"),
        (".hidden/.x", "/.hidden/.x"),
        ("a/...", "/a/..."),
        ("a/..b", "/a/..b"),
        ("a/b/..", "/a"),
    ],
)
def test_names_stay_inside(name: str, path: str) -> None:
    assert inside(name) == path


def damaged(change: dict[int, bytes], member: M | None = None) -> bytes:
    """An archive whose first header was changed and has a checksum that fits."""
    block = bytearray(tar_of(member or M("a", b"xyz")))
    for place, value in change.items():
        block[place : place + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block[:512])
    return bytes(block)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"this is no tar archive" * 100, "no tar archive"),
        (tar_of(M("a", b"x" * 2000))[:1200], "ends within a file"),
        (tar_of(M("a"))[:300], "ends within a header"),
        (damaged({124: b"\xff" * 12}), "negative"),
        (damaged({124: b"\x80" + b"\x7f" * 11}), "claims"),
        (damaged({124: b"0000000000-"}), "where a number belongs"),
        (damaged({124: b"00000000_01"}), "where a number belongs"),
        (damaged({156: b"x", 124: b"17777777777"}), "extended header"),
        (damaged({156: b"x"}, M("a", b"99 path=x\n")), "extended header in it is damaged"),
        (damaged({156: b"x"}, M("a", b"12 path=a\0b\n")), "NUL"),
        (damaged({156: b"x"}, M("a", b"9999999 p=x\n")), "extended header in it is damaged"),
        (damaged({156: b"x"}, M("a", b"10 path=ab\n")), "extended header in it is damaged"),
        (damaged({156: b"x"}, M("a", b"11 size=-1\n"))[:1024] + tar_of(M("b")), "where a number belongs"),
        (damaged({156: b"L"}, M("a", b"longer\n")), "ends within a header"),
        (damaged({156: b"S", 386: b"%011o\0%011o\0" % (0, 9), 483: b"%011o\0" % 3}), "do not make up"),
        (damaged({156: b"S", 386: (b"%011o\0" * 4) % (5, 3, 0, 0), 483: b"%011o\0" % 9}), "overlap"),
        (tar_of(M("a"))[:512] + bytes(512) + tar_of(M("b")), "zeros"),
        (tar_of(M("a/" * 3000 + "b")), "no system takes"),
        (tar_of(link("a", "b/" * 3000)), "no system takes"),
        (tar_of(M("a/" * 100_000 + "b")), "no system takes"),
    ],
)  # fmt: skip
def test_nonsense_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(TarError, match=says):
        read(data)


def test_the_longest_name_is_read() -> None:
    name = "a/" * (MAX_PATH // 2 - 1) + "b"
    assert read(tar_of(M(name, b"x")))[0][0].path == "/" + name


def test_a_nul_ends_a_name_in_a_plain_header() -> None:
    assert read(damaged({0: b"ab\0cd"}))[0][0].path == "/ab"


def test_global_headers_change_nothing() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", pax_headers={"path": "everywhere", "comment": "x"}) as archive:
        archive.addfile(tarfile.TarInfo("a"))
    assert [member.path for member, _ in read(out.getvalue())] == ["/a"]


def test_a_folder_by_its_slash_as_old_archives_have_it() -> None:
    (found,) = read(damaged({0: b"old/"}, M("a")))
    assert found[0].kind is Kind.DIRECTORY


def test_hard_links_and_devices_have_no_content() -> None:
    data = tar_of(M("a", b"x"), hard("b", "./a"), M("dev", type=tarfile.CHRTYPE), folder("d"), M("last", b"y"))
    assert [(one.path, one.kind, text) for one, text in read(data)] == [
        ("/a", Kind.FILE, b"x"),
        ("/b", None, b""),
        ("/dev", Kind.OTHER, b""),
        ("/d", Kind.DIRECTORY, b""),
        ("/last", Kind.FILE, b"y"),
    ]


def test_signed_checksums_of_old_archives() -> None:
    block = bytearray(tar_of(M("a")))
    block[0:3] = b"\xe4\xe5\xe6"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % (sum(block[:512]) - 3 * 256)
    assert read(bytes(block))[0][0].path == "/\udce4\udce5\udce6"
