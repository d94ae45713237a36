"""The page on which the text report is set: widths in cells, words, styles."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from amlcheck.report.harmless import _CONTROL, plain
from amlcheck.report.page import Page, cells, cut, wrap

WORDS = st.text(st.sampled_from("ab -/.:\u00e9\u4e2d\u0301\u200b\U0001f600"), max_size=60)


@given(WORDS, st.integers(4, 30), st.integers(0, 2))
def test_wrapped_rows_fit_and_lose_no_word(text: str, width: int, indent: int) -> None:
    rows = wrap(text, width, " " * indent)
    assert rows
    assert all(cells(row) <= width for row in rows)
    assert re.sub(r"\s", "", "".join(rows)) == re.sub(r"\s", "", text)
    assert all(row.startswith(" " * indent) for row in rows[1:])


@pytest.mark.parametrize(
    ("text", "width", "rows"),
    [
        ("", 10, [""]),
        ("  two words", 20, ["  two words"]),
        ("one two three", 7, ["one two", "three"]),
        ("one  two", 20, ["one  two"]),
        ("a name-with-hyphens", 12, ["a", "name-with-hy", "phens"]),
        ("\u4e2d\u6587\u4e2d\u6587", 5, ["\u4e2d\u6587", "\u4e2d\u6587"]),
        ("first\nsecond", 20, ["first second"]),
    ],
)
def test_wrapping(text: str, width: int, rows: list[str]) -> None:
    assert wrap(text, width) == rows


@given(st.text(st.characters(blacklist_categories=("Cc", "Cs", "Cf", "Mn", "Me", "Cn", "Co", "Mc")), max_size=20))
def test_cells_as_rich_counts_them(text: str) -> None:
    # Characters of ambiguous width, and emoji, differ from one Unicode version to the next: each may be off by one.
    assert abs(cells(text) - cell_len(text)) <= sum(not char.isascii() for char in text)


@pytest.mark.parametrize(
    ("text", "taken"), [("abc", 3), ("\u4e2d", 2), ("e\u0301", 1), ("\u200b", 0), ("\uff21", 2), ("\u00e9", 1)]
)
def test_cells(text: str, taken: int) -> None:
    assert cells(text) == taken == cell_len(text)


def test_cut_never_splits_a_wide_character() -> None:
    assert cut("a\u4e2db", 2) == "a"
    assert cut("a\u4e2db", 3) == "a\u4e2d"
    assert cut("abc", 0) == ""


def test_a_line_is_cut_at_the_width_and_styled_only_with_colour() -> None:
    plain, coloured = Page(5, colour=False), Page(5, colour=True)
    for page in (plain, coloured):
        page.line(("abc", "bold red"), ("defg", ""))
    assert str(plain) == "abcde\n"
    assert str(coloured) == "\x1b[1;31mabc\x1b[0mde\n"


def test_a_table_is_as_wide_as_it_needs_and_wraps_where_it_must() -> None:
    rows = [[("ok", "green"), ("python", ""), ("3.7", ""), ("line 4 and what is to be known of it", "dim")]]
    wide = Page(80, colour=False)
    wide.table(("", "what", "found", "why"), rows, fixed=2)
    assert str(wide) == "    what    found  why\nok  python  3.7    line 4 and what is to be known of it\n"
    narrow = Page(30, colour=False)
    narrow.table(("", "what", "found", "why"), rows, fixed=2)
    lines = str(narrow).splitlines()
    assert all(len(line) <= 30 for line in lines)
    assert [line[19:] for line in lines] == ["why", "line 4 and", "what is to", "be known of", "it"]


def test_hanging_text_is_indented() -> None:
    page = Page(20, colour=False)
    page.hanging("  fix: ", "pin the version of it", "green", "", 4)
    assert str(page) == "  fix: pin the\n    version of it\n"


@given(st.text(max_size=40))
def test_what_is_printable_is_plain(text: str) -> None:
    """The short way through `plain` and the long one come to the same."""
    assert plain(text) == _CONTROL.sub("\ufffd", text.replace("\t", "    "))


def test_no_control_character_is_printable() -> None:
    assert not [char for char in map(chr, range(0x110000)) if char.isprintable() and _CONTROL.search(char)]
