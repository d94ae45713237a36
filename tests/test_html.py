"""The HTML report as text: what is in it, that nothing hostile is more than text, its size, its policy."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from amlcheck import cli
from amlcheck.catalog import catalog
from amlcheck.model import Edit, Finding, Location, Repair, Report, Severity, SubjectReport
from amlcheck.records import replace
from amlcheck.report import formats
from amlcheck.report.html import document, markup, repairs, rule_pages, sources
from amlcheck.report.json_reader import parse
from html_reports import DOCKERFILE, HOSTILE, PATH, hostile_report, large_report, rich_report
from support import ROOT

FILES = ROOT / "checker" / "amlcheck" / "report" / "html"
VOID = {"meta", "link", "input", "br"}


class Read(HTMLParser):
    """A page's elements, their attributes, and the text that a reader sees."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"{tag} has an attribute twice"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.raw:
            self.raw[self.open[-1]].append(data)
        else:
            self.text.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def all(self, attribute: str) -> list[str]:
        return [value or "" for _, attributes in self.elements if (value := attributes.get(attribute)) is not None]


@pytest.fixture(scope="module")
def rich() -> str:
    return formats.render("html", rich_report())


@pytest.fixture(scope="module")
def hostile() -> str:
    return formats.render("html", hostile_report())


def test_the_same_report_gives_the_same_bytes(rich: str) -> None:
    assert formats.render("html", rich_report()) == rich
    assert not re.search(r"\b20\d\d-\d\d-\d\dT", rich)


@pytest.mark.parametrize("page", ["rich", "hostile"])
def test_links_lead_somewhere_and_names_are_unique(page: str, request: pytest.FixtureRequest) -> None:
    read = Read(request.getfixturevalue(page))
    names = read.all("id")
    assert len(names) == len(set(names))
    links = [link for link in read.all("href") if not link.startswith("data:image/svg+xml,")]
    assert {link for link in links if not link.startswith("https://")} <= {f"#{name}" for name in names}
    assert set(read.all("aria-labelledby")) <= set(names)
    assert len(links) > 30


def test_the_policy_names_what_is_in_the_page(rich: str) -> None:
    read = Read(rich)
    (policy,) = (value for value in read.all("content") if "default-src" in value)
    assert policy.startswith("default-src 'none';")
    for unsafe in ("unsafe", "http", "*", "blob"):
        assert unsafe not in policy
    for kind, expected in (("script", 2), ("style", 1)):
        assert len(read.raw[kind]) == expected
        hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in read.raw[kind]]
        (allowed,) = re.findall(rf"{kind}-src ([^;]*)", policy)
        assert sorted(allowed.split()) == sorted(f"'sha256-{value}'" for value in hashes)


def test_nothing_of_ours_asks_for_anything() -> None:
    for name in ("report.js", "theme.js", "report.css"):
        text = (FILES / name).read_text(encoding="utf-8")
        assert text.isascii() or name != "theme.js"
        assert not re.search(r"https?:|//[a-z]+\.|@import|url\(|fetch|XMLHttp|WebSocket|innerHTML|eval|</", text), name


def test_nothing_hostile_is_more_than_text(hostile: str) -> None:
    read = Read(hostile)
    kinds = {kind for kind, _ in read.elements}
    assert not kinds & {"img", "iframe", "object", "embed", "base", "a:href", "foreignobject"}
    assert [kind for kind, _ in read.elements].count("script") == 2
    assert [kind for kind, _ in read.elements].count("meta") == 5
    for kind, attributes in read.elements:
        for name in attributes:
            assert not name.startswith("on"), (kind, name)
            assert name not in ("style", "src", "srcdoc", "action", "formaction", "autofocus", "onfocus", "http-equiv2")
    assert all(link.startswith(("#", "https://", "data:image/svg+xml,")) for link in read.all("href"))
    shown = "".join(read.text)
    for words in HOSTILE:
        assert markup.visible(words[:100]) in shown
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]", hostile)


def test_what_cannot_be_seen_is_written_out() -> None:
    told = markup.visible("a\0b\x1b[31m\u202e\udce9\ud83d\xa0\t\nend")
    assert told == "a⟨U+0000⟩b⟨U+001B⟩[31m⟨U+202E⟩⟨0xE9⟩⟨U+D83D⟩⟨U+00A0⟩\t\nend"


def test_a_ci_that_reads_the_page_finds_no_command() -> None:
    finding = Finding(
        "AML205", Severity.ERROR, "\n::error::x ##[error]x ##vso[task.complete]\n  ::set-output name=a::b"
    )
    page = formats.render("html", Report("p", (SubjectReport("a", "dockerfile", findings=(finding,)),)))
    assert not re.search(r"^\s*::|##\w*\[", page, re.MULTILINE)
    assert "::error::x ##[error]x ##vso[task.complete]" in "".join(Read(page).text)
    assert formats.render("html", rich_report()) == document.render(rich_report())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("onclick", "x"),
        ("style", "x"),
        ("src", "x"),
        ("href", "javascript:x"),
        ("href", " javascript:x"),
        ("href", "data:text/html,x"),
        ("href", "#a b"),
        ("href", "//example.com"),
        ("x y", "z"),
    ],
)
def test_attributes_that_are_not_for_reports(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="not for reports"):
        markup.tag("a", "x", **{name: value})


def test_what_a_method_of_text_makes_of_markup_is_text_again() -> None:
    made = markup.tag("b", "<x>")
    assert made == "<b>&lt;x&gt;</b>"
    assert markup.tag("p", made) == "<p><b>&lt;x&gt;</b></p>"
    assert markup.tag("p", made + "") == "<p>&lt;b&gt;&amp;lt;x&amp;gt;&lt;/b&gt;</p>"


def test_what_it_says(rich: str) -> None:
    read = Read(rich)
    shown = " ".join("".join(read.text).split())
    for words in (
        "1 of 5 subjects could not be read; 2 of 5 subjects fail",
        "Profile azureml-2021-04 with openmpi-gpu; fails on error; exit code 2",
        "python: 3.5 is not >=3.6",
        "the Dockerfile says 3.5 but the image has 3.8.5",
        "amlcheck lint --unsafe-fixes would raise Python to 3.8; look at it before you keep it:",
        "- ARG PYTHON_VERSION=3.5+ ARG PYTHON_VERSION=3.8",
        "Does not count until 2027-01-01, by a comment in the file: the mirror keeps one version",
        "Does not count, by the baseline: known since 2025",
        "not live",
        "No module named 'sklearn'",
        "$[1]: 2 is not 3",
        "old/Dockerfile: is UTF-16; Docker reads UTF-8, save it as such",
        "The base system is past its end of life",
    ):
        assert words in shown
    for rule in ("AML103", "AML205", "AML501"):
        assert f'id="rule-{rule}"' in rich
    assert 'id="rule-AML101"' not in rich, "of what is met nobody asks why"
    labels = read.all("aria-label")
    assert any(label.startswith("Latency by percentile: half within 3.0 ms, 95 % within") for label in labels)


def test_all_rules_have_a_page_that_can_be_written() -> None:
    known = catalog()
    pages = rule_pages.pages({rule.id for rule in known.rules}, known)
    assert len(pages) == len(known.rules)
    for rule, page in zip(known.rules, pages, strict=True):
        read = Read(page)
        shown = "".join(read.text)
        assert "```" not in shown, rule.id
        assert "## " not in shown, rule.id
        assert len(re.findall(r"`", shown)) % 2 == 0, rule.id
        headings = [kind for kind, _ in read.elements if kind in ("h3", "h4")]
        assert headings[0] == "h3"
        assert headings.count("h4") == rule.page.count("\n## ")


def at(line: int, column: int, end_line: int, end_column: int, path: str = PATH) -> Location:
    return Location(path, line, column, end_line, end_column)


TEXT = "one\ntwo three\nfour\nfive\nsix\nseven\neight\nnine\n"


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([Edit(at(2, 5, 2, 10), "3")], ["  one", "- two three", "+ two 3", "  four"]),
        ([Edit(at(1, 1, 1, 1), "zero\n")], ["+ zero", "  one"]),
        ([Edit(at(2, 1, 3, 1), "")], ["  one", "- two three", "  four"]),
        ([Edit(at(9, 1, 9, 1), "ten\n")], ["  nine", "+ ten", "  "]),
        ([Edit(at(8, 5, 8, 5), " and ten")], ["  eight", "- nine", "+ nine and ten", "  "]),
        (
            [Edit(at(7, 1, 7, 2), "E"), Edit(at(1, 1, 1, 2), "O")],
            ["- one", "+ One", "  two three", "…", "  seven", "- eight", "+ Eight", "  nine"],
        ),
        (
            [Edit(at(2, 1, 2, 4), "2"), Edit(at(2, 5, 3, 5), "3\n4")],
            ["  one", "- two three", "- four", "+ 2 3", "+ 4", "  five"],
        ),
    ],
)
def test_a_repair_as_a_difference(edits: list[Edit], expected: list[str]) -> None:
    subject = SubjectReport(PATH, "dockerfile", sources={PATH: TEXT})
    shown = repairs.difference(Repair("x", tuple(edits), safe=True), subject)
    assert shown is not None
    rows: list[str] = []

    class Rows(HTMLParser):
        depth = 0

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag in ("span", "ins", "del"):
                rows.append("")

        def handle_data(self, data: str) -> None:
            rows[-1] += data

    Rows().feed(shown)
    assert rows == [PATH, *expected]


@pytest.mark.parametrize(
    "edit", [at(99, 1, 99, 2), at(2, 50, 2, 51), at(2, 5, 1, 1), at(0, 0, 0, 0), at(1, 1, 1, 2, "elsewhere")]
)
def test_a_repair_that_does_not_fit_has_no_difference(edit: Location) -> None:
    subject = SubjectReport(PATH, "dockerfile", sources={PATH: TEXT})
    assert repairs.difference(Repair("x", (Edit(edit, "y"),), safe=True), subject) is None


def test_a_long_file_is_cut_around_what_is_said_of_it() -> None:
    lines = [f"RUN echo {number}" for number in range(1, 20_001)]
    lines[9_999] += " " + "x" * 100_000
    finding = Finding("AML205", Severity.WARNING, "here", at(10_000, 5, 10_000, 9))
    subject = SubjectReport(PATH, "dockerfile", findings=(finding,), sources={PATH: "\n".join(lines)})
    page = formats.render("html", Report("p", (subject,)))
    assert len(page) < 120_000
    shown = "".join(Read(page).text)
    assert "RUN echo 9995" in shown
    assert "RUN echo 9000" not in shown
    assert f"({2 * sources.AROUND + 1} of 20000 lines)" in shown
    assert f'value="{10_000 - sources.AROUND}"' in page
    assert 'href="#f1-10000"' in page
    assert 'id="f1-10000"' in page


def test_ten_thousand_findings_are_bounded() -> None:
    findings = tuple(Finding("AML302", Severity.INFO, f"finding {number}", at(1, 1, 1, 4)) for number in range(10_000))
    grave = Finding("AML205", Severity.ERROR, "the gravest", at(1, 1, 1, 4))
    subject = SubjectReport(PATH, "dockerfile", findings=(*findings, grave), sources={PATH: DOCKERFILE})
    page = formats.render("html", Report("p", (subject,)))
    assert len(page) < 1_000_000
    shown = "".join(Read(page).text)
    assert "the gravest" in shown
    assert f"and {10_001 - document.MAX_FINDINGS} findings more" in shown


def test_many_subjects_stay_small() -> None:
    few, many = (len(formats.render("html", large_report(count))) for count in (100, 200))
    assert (many - few) / 100 < 16_000


def test_the_same_file_is_listed_once() -> None:
    subject = SubjectReport(PATH, "dockerfile", sources={PATH: DOCKERFILE})
    finding = Finding("AML205", Severity.WARNING, "x", at(2, 6, 2, 10))
    other = SubjectReport("image:1", "image", findings=(finding,), sources={PATH: DOCKERFILE})
    changed = replace(other, subject="image:2", sources={PATH: DOCKERFILE + "\n"})
    page = formats.render("html", Report("p", (subject, other, changed)))
    assert page.count('class="file"') == 2


def test_from_a_result_that_was_written_before() -> None:
    again = parse(formats.render("json", rich_report()), "result.json")
    page = formats.render("html", again)
    shown = "".join(Read(page).text)
    assert "python: 3.5 is not >=3.6" in shown
    assert "ARG PYTHON_VERSION=3.5" in shown
    assert "(the lines that the result has)" in shown
    assert "RUN conda install -y python=${PYTHON_VERSION}" in shown
    assert "COPY environment.yml /tmp/" not in shown, "that line is not in the result"


def test_an_empty_report_is_a_page() -> None:
    page = formats.render("html", Report("p", ()))
    assert "Nothing fails" in "".join(Read(page).text)


def test_the_command_writes_it(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_bytes(b"FROM ubuntu:14.04\nRUN echo '<script>alert(1)</script>' \xe9\n")
    out = tmp_path / "report.html"
    code = cli.main(["lint", str(dockerfile), "--format", "html", "--output", str(out)])
    assert code == 1
    page = out.read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>\n<html")
    assert "⟨0xE9⟩" in page
    assert "<script>alert" not in page
    assert cli.main(["lint", str(dockerfile), "--format", "html"]) == 1
    assert capsysbinary.readouterr().out.decode() == page


def test_report_makes_a_page_of_a_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result, out = tmp_path / "result.json", tmp_path / "report.html"
    result.write_text(formats.render("json", rich_report()), encoding="utf-8")
    assert json.loads(result.read_text(encoding="utf-8"))["summary"]["exit_code"] == 2
    assert cli.main(["report", str(result), "--format", "html", "--output", str(out)]) == 2
    assert "2 of 5 subjects fail" in out.read_text(encoding="utf-8")
