"""Edits as text and as bytes: nothing outside of them changes, and what overlaps is refused."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlcheck.dockerfile.source import Source
from amlcheck.environment.files import decode as decode_environment
from amlcheck.fixing import patch
from amlcheck.fixing.edits import Placed, applied, moved, newline_at, placed, replaced
from amlcheck.fixing.original import edited
from amlcheck.lint import decode
from amlcheck.model import Edit, Location

LINES = st.text(alphabet="ab \t\r\n\xa0é€\U0001f600", max_size=60)
BYTES = st.lists(
    st.sampled_from([b"a", b"FROM x", b"\n", b"\r\n", b"\xff", b"\xc3", "é€".encode(), b"\xe2\x82", b" "]), max_size=30
).map(b"".join)


@given(LINES, st.data())
def test_a_place_is_found_again(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    line, column = Source("x", text).position(at)
    assert Source("x", text).offset(line, column) == at


def test_a_place_that_is_not_there() -> None:
    assert Source("x", "ab\ncd").offset(3, 1) is None
    assert Source("x", "ab\ncd").offset(1, 9) is None
    assert Source("x", "ab").offset(1, 0) is None


def places(text: str, data: st.DataObject) -> list[Placed]:
    """Up to three stretches of a text that do not touch, and words for each."""
    cuts = sorted(set(data.draw(st.lists(st.integers(0, len(text)), max_size=6))))
    pairs = [(start, end) for start, end in pairwise(cuts)][::2]
    return [(start, end, data.draw(st.text(alphabet="xy\n€", max_size=4))) for start, end in pairs]


@given(BYTES, st.booleans(), st.booleans(), st.data())
def test_bytes_outside_of_the_edits_stay(content: bytes, mark: bool, beside: bool, data: st.DataObject) -> None:
    content = b"\xef\xbb\xbf" * mark + content
    text = decode_environment(content, "x").mapped.source.text if beside else decode(content, "x")
    edits = places(text, data)
    after = edited(content, text, edits)
    assert after is not None
    if not edits:
        assert after == content
    if "\ufffd" not in text:  # else two broken stretches may become one where words between them go
        again = decode_environment(after, "x").mapped.source.text if beside else decode(after, "x")
        assert again == applied(text, edits)
    rest = after
    at = 0
    for start, end, words in edits:  # what stands between two edits is there as it was, in order
        for kept in (text[at:start], words):
            plain = kept.encode("utf-8", "surrogateescape").split("\ufffd".encode())
            for part in plain:
                assert part in rest
                rest = rest[rest.index(part) + len(part) :]
        at = end


@given(BYTES)
def test_bytes_that_are_no_utf8_stay_around_an_edit(content: bytes) -> None:
    whole = b"\xff\xfe\xfa\n" + content + b"\nWORD\n" + content
    text = decode_environment(b"#" + whole, "x").mapped.source.text
    at = text.index("WORD")
    after = edited(b"#" + whole, text, [(at, at + 4, "€")])
    assert after == b"#" + whole.replace(b"WORD", "€".encode(), 1)


def test_another_text_is_not_edited() -> None:
    assert edited(b"FROM a\n", "FROM b\n", [(0, 4, "ARG")]) is None
    assert edited("FROM a\n".encode("utf-16"), "FROM a\n", [(0, 4, "ARG")]) is None


@pytest.mark.parametrize(
    "spans",
    [[(0, 3), (2, 4)], [(0, 3), (0, 3)], [(1, 1), (1, 1)], [(0, 4), (1, 2)]],
    ids=["overlap", "same", "two insertions", "inside"],
)
def test_what_overlaps_is_refused(spans: list[tuple[int, int]]) -> None:
    source = Source("x", "abcdef\n")
    assert placed(source.text, [replaced(source.span(*span), "y") for span in spans]) is None


def test_what_only_touches_is_not() -> None:
    source = Source("x", "abcdef\n")
    edits = placed(source.text, [replaced(source.span(2, 4), "Y"), replaced(source.span(0, 2), "X")])
    assert edits is not None
    assert applied(source.text, edits) == "XYef\n"


def test_an_edit_beyond_the_text_is_refused() -> None:
    assert placed("ab\n", [Edit(Location("x", 9, 1, 9, 2), "y")]) is None


@given(LINES, st.data())
def test_a_place_behind_an_edit_moves_with_it(text: str, data: st.DataObject) -> None:
    edits = places(text, data)
    after = applied(text, edits)
    for at in range(len(text)):
        if not any(start <= at < end for start, end, _ in edits):
            assert after[moved(at, edits)] == text[at]


@pytest.mark.parametrize(
    ("text", "at", "end"),
    [("a\r\nb", 0, "\r\n"), ("a\r\nb", 3, "\r\n"), ("a\nb\r\n", 0, "\n"), ("a", 0, "\n"), ("", 0, "\n")],
)
def test_line_ends_are_those_that_are_there(text: str, at: int, end: str) -> None:
    assert newline_at(text, at) == end


FILES = {
    "Dockerfile": (b"FROM a\r\nRUN b\r\n", b"FROM a:1\r\nRUN b\r\n"),
    "with space": (b"a\nb\xff\nc", b"a\nb\xff\nC"),
    "end": (b"a\nb", b"a\nb\n"),
    "empty": (b"", b"new\n"),
}


def test_the_diff_can_be_applied(tmp_path: Path) -> None:
    for name, (before, _) in FILES.items():
        (tmp_path / name).write_bytes(before)
    diff = patch.unified((name, *contents) for name, contents in FILES.items())
    subprocess.run(["git", "init", "-q", "."], cwd=tmp_path, check=True)
    done = subprocess.run(
        ["git", "apply", "--whitespace=nowarn"], cwd=tmp_path, input=diff, check=False, capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert {name: (tmp_path / name).read_bytes() for name in FILES} == {
        name: after for name, (_, after) in FILES.items()
    }


def test_a_name_cannot_break_the_header() -> None:
    diff = patch.unified([('a"\n+++ evil', b"x\n", b"y\n")])
    assert diff.splitlines()[:2] == [b'--- "a/a\\"\\012+++ evil"', b'+++ "b/a\\"\\012+++ evil"']


def test_a_terminal_obeys_nothing_in_a_diff() -> None:
    shown = patch.for_terminal(patch.unified([("a", b"\x1b[31mred\n", b"\x1b]0;title\x07\xc2\x9b\n")]))
    assert "\x1b" not in shown
    assert "\x9b" not in shown
    assert "\\x1b[31mred" in shown
