"""The page on which the text report is set: widths in cells, words, styles."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from amlcheck.deployment.model import Answer, Deployment, Exchange, Outcome, Request
from amlcheck.model import Evidence, Finding, Location, Report, Severity, SubjectReport
from amlcheck.records import replace
from amlcheck.report.deployment_text import show
from amlcheck.report.harmless import _CONTROL, plain
from amlcheck.report.page import Page, cells, cut, wrap
from amlcheck.report.text_report import render

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
        ("a name-with-hyphens", 12, ["a name-with-", "hyphens"]),
        ("\u4e2d\u6587\u4e2d\u6587", 5, ["\u4e2d\u6587", "\u4e2d\u6587"]),
        ("at /opt/conda/envs/model/bin", 14, ["at /opt/conda/", "envs/model/bin"]),
        ("in: /opt/conda/envs/model/bin", 20, ["in: /opt/conda/envs/", "model/bin"]),
        ("nomarkswhatsoeverinit", 10, ["nomarkswha", "tsoeverini", "t"]),
        ("first\nsecond", 20, ["first second"]),
    ],
)
def test_wrapping(text: str, width: int, rows: list[str]) -> None:
    assert wrap(text, width) == rows


@given(st.text(st.characters(blacklist_categories=("Cc", "Cs", "Cf", "Mn", "Me", "Cn", "Co", "Mc", "Sk")), max_size=20))
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


@pytest.mark.parametrize("width", [80, 100])
def test_long_paths_and_errors_are_readable(width: int) -> None:
    """Nothing is broken within a name where it fits, and what follows a label is indented."""
    path = "rootfs:/srv/images/" + "/".join(["a-folder-of-somebody", "miniconda3", "site-packages"] * 4)
    report = Report(
        "x", (SubjectReport(path, "image", error=f"{path}: is no folder; name the root of the file system"),)
    )
    lines = render(report, width).splitlines()
    assert all(cells(line) <= width for line in lines)
    at = next(number for number, line in enumerate(lines) if line.startswith("  error: rootfs:/srv/images/"))
    rest = lines[at + 1 : lines.index("", at)]
    assert rest
    assert all(line.startswith("    ") and not line.startswith("     ") for line in rest)
    names = {"a-folder-of-somebody", "miniconda3", "site-packages", "site-packages:"}
    broken = [line.strip().split("/")[-1] for line in lines[:at] + rest[:-2] if line.strip()[-1:] != "/"]
    assert set(broken) <= names


def test_a_place_that_is_cited_twice_is_shown_once() -> None:
    """As where an image differs from its Dockerfile."""
    place = Location("Dockerfile", 1, 6, 1, 18)
    related = (Evidence("ubuntu:22.04", place, "base image"), Evidence("ubuntu:22.04", place, "says 22.04"))
    finding = Finding("AML401", Severity.WARNING, "they differ", place, related=related)
    sources = {"Dockerfile": "FROM ubuntu:22.04\n"}
    text = render(Report("x", (SubjectReport("Dockerfile", "dockerfile", findings=(finding,), sources=sources),)))
    assert text.count("1 | FROM ubuntu:22.04") == 1
    assert "^^^^^^^^^^^^ base image, says 22.04\n" in text


def test_a_request_that_is_asked_again_says_why() -> None:
    good = Exchange(Request(name="sample", path="/score"), Outcome.ANSWERED, Answer(200, {}, b"[1]", 0.01), 0.01)
    bad = replace(
        good, request=Request(name="an empty body", path="/score"), answer=Answer(400, {}, b"", 0.01), bad=True
    )
    page = Page(80, False)
    show(page, Deployment("a:1", "packaged", "it has a script", (), (good, bad, good)))
    assert str(page).splitlines()[1:4] == [
        "  POST /score: sample: 200 [1] (10 ms)",
        "  bad requests: an empty body 400",
        "  POST /score again, after the bad requests: sample: 200 [1] (10 ms)",
    ]


@given(st.text(max_size=40))
def test_what_is_printable_is_plain(text: str) -> None:
    """The short way through `plain` and the long one come to the same."""
    assert plain(text) == _CONTROL.sub("\ufffd", text.replace("\t", "    "))


def test_no_control_character_is_printable() -> None:
    assert not [char for char in map(chr, range(0x110000)) if char.isprintable() and _CONTROL.search(char)]
