"""Searching piece by piece finds what searching the whole finds; many patterns match what fnmatch says."""

from __future__ import annotations

import fnmatch
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlcheck.image.index_tree import IndexTree, Listed
from amlcheck.image.patterns import Patterns
from amlcheck.image.searching import Patience, Search, plain_texts
from amlcheck.image.tree import MAX_MATCH, MAX_MATCHES, Entry, Kind

EXPRESSIONS = (
    "NCCL version [0-9.]+[+]cuda[0-9.]+",
    "Open MPI v[0-9.]+|MPICH Version: *[0-9.]+",
    "[0-9]+ NCCL",
    "(a|b)+c",
    "[a-c]+",
    r"ab\.c?",
)


def searched(expression: str, data: bytes, sizes: list[int]) -> list[str]:
    search = Search(expression, Patience())
    place = 0
    for size in sizes:
        search.feed(memoryview(data)[place : place + size])
        place += size
    search.feed(data[place:])
    search.feed(b"", last=True)
    return search.matches


def whole(expression: str, data: bytes) -> list[str]:
    found = (match[0] for line in data.split(b"\n") for match in re.finditer(expression.encode(), line) if match[0])
    return [match.decode("utf-8", "replace") for match in dict.fromkeys(found)][:MAX_MATCHES]


WORDS = (
    b"NCCL version ", b"NCCL", b"2.14.3", b"+cuda11.7", b"Open MPI v", b"MPICH Version:  ", b" ", b"\n", b"\0" * 90,
    b"abc", b"ab.", b"c", b"7", b"x" * 150,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(EXPRESSIONS),
    st.lists(st.sampled_from(WORDS), max_size=60).map(b"".join),
    st.lists(st.integers(0, 900), max_size=6),
)
def test_pieces_are_searched_as_the_whole(expression: str, data: bytes, sizes: list[int]) -> None:
    wanted = whole(expression, data)
    if all(len(match) < MAX_MATCH // 2 for match in wanted):
        assert searched(expression, data, sizes) == wanted


def test_what_lies_across_two_pieces_is_found_wherever_they_part() -> None:
    data = b"\0" * 2000 + b"NCCL version 2.14.3+cuda11.7" + b"\0" * 2000
    for place in range(1990, 2050):
        assert searched(EXPRESSIONS[0], data, [place]) == ["NCCL version 2.14.3+cuda11.7"]
        assert searched(EXPRESSIONS[0], data, [place - 1900, 1900]) == ["NCCL version 2.14.3+cuda11.7"]


def test_matches_are_bounded() -> None:
    data = b"".join(b"number %d, " % number for number in range(5000))
    found = searched("number [0-9]+", data, [10_000] * 5)
    assert found == [f"number {number}" for number in range(MAX_MATCHES)]
    (long,) = searched("abc[0-9]+", b"abc" + b"1" * 5000, [100] * 20)
    assert 100 < len(long) <= MAX_MATCH
    assert all(len(one) <= MAX_MATCH for one in searched("[0-9]+", b"1" * 50_000, [7000] * 5))


@pytest.mark.parametrize(
    ("expression", "data"),
    [
        ("[0-9]+x", b"1234567890" * 1_000_000),
        ("NCCL[0-9N]*C*x", b"NCCL1" * 3_000_000),
        ("[a-z]+[0-9]", b"\n" * 10_000_000),
    ],
)
def test_searching_ends_however_hostile_the_file(expression: str, data: bytes) -> None:
    patience = Patience(0.3)
    search = Search(expression, patience)
    began = time.process_time()
    for place in range(0, len(data), 1 << 20):
        search.feed(memoryview(data)[place : place + (1 << 20)])
    search.feed(b"", last=True)
    assert time.process_time() - began < 2
    assert patience.over
    assert search.finished


def test_nonsense_is_no_expression() -> None:
    with pytest.raises(ValueError, match="no regular expression"):
        Search("(", Patience())


@pytest.mark.parametrize(
    ("expression", "plain"),
    [
        ("NCCL version [0-9.]+[+]cuda[0-9.]+", (b"NCCL version ",)),
        ("Open MPI v[0-9]+|MPICH Version", (b"Open MPI v", b"MPICH Version")),
        ("colou?rs of", (b"rs of",)),
        ("abcd*", (b"abc",)),
        ("abcd+ef", (b"abcd",)),
        ("abcd{0,3}", (b"abc",)),
        ("(optional)?[0-9]x", ()),
        ("(optional)", ()),
        ("[0-9]+|version", ()),
        (r"version 1\.2", (b"version 1.2",)),
        (r"\d+ab", ()),
        ("[]x]yes[^]]no", (b"yes",)),
        ("a.c", ()),
    ],
)
def test_plain_text_of_expressions(expression: str, plain: tuple[bytes, ...]) -> None:
    assert plain_texts(expression) == plain


LETTERS = st.text("ab/*?[]!-.\n", max_size=9)
PARTS = st.text("ab.-![]*\n", min_size=1, max_size=3).filter(lambda part: part not in (".", ".."))
TREE_PATHS = st.lists(PARTS, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))


@settings(max_examples=300, deadline=None)
@given(st.lists(LETTERS, max_size=5), st.lists(TREE_PATHS, max_size=12, unique=True))
def test_patterns_match_as_fnmatch_does(patterns: list[str], paths: list[str]) -> None:
    wanted = sorted(path for path in paths if any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns))
    fits = Patterns(patterns)
    assert sorted(path for path in paths if fits(path)) == wanted
    tree = IndexTree(
        Listed(Entry(path, Kind.FILE) for path in paths), lambda path, limit: b"", lambda path, expression: []
    )
    assert [entry.path for entry in tree.find(*patterns)] == wanted


@settings(max_examples=300, deadline=None)
@given(st.lists(TREE_PATHS, max_size=15, unique=True), TREE_PATHS)
def test_names_of_folders(paths: list[str], folder: str) -> None:
    entries = [Entry(path, Kind.FILE) for path in paths if not any(other.startswith(path + "/") for other in paths)]
    tree = IndexTree(Listed(entries), lambda path, limit: b"", lambda path, expression: [])
    for place in ("/", folder):
        head = place.rstrip("/") + "/"
        wanted = {path[len(head) :].partition("/")[0] for path in paths if path.startswith(head)}
        assert tree.names(place) == sorted(wanted)


def test_a_large_image_is_asked_quickly() -> None:
    paths = [
        f"/opt/env{number % 50}/lib/python3.9/site-packages/package{number // 40}/module{number}.py"
        for number in range(200_000)
    ]
    tree = IndexTree(
        Listed(Entry(path, Kind.FILE) for path in paths), lambda path, limit: b"", lambda path, expression: []
    )
    patterns = [f"*/conda-meta/{name}-*.json" for name in "abcdefghij"] + [f"*/lib{name}*.so*" for name in "abcdefghij"]
    began = time.process_time()
    assert tree.find(*patterns, "*/module77.py") == [Entry(paths[77], Kind.FILE)]
    assert len(tree.names("/opt")) == 50
    assert time.process_time() - began < 2
