"""Every rule on environments: the examples of its page, its cases, its page's shape, and what a crash of it yields."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from amlcheck import today
from amlcheck.catalog import CRASHED, Catalog, Rule, catalog
from amlcheck.errors import ConfigError
from amlcheck.model import SubjectReport
from environment_cases import EnvironmentCase, cases, check, examples
from support import CASES, KINDS, ROOT, findings, words_at

RULES = [rule for rule in catalog().rules if rule.subject == "environment"]
ALL = cases()
EXAMPLES = [example for rule in RULES for example in examples(rule)]
REQUIRED = ("What it asks", "Why", "Fix", "Sources")


@pytest.fixture(autouse=True)
def _the_same_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """The day on which the cases were written."""
    monkeypatch.setenv(today.VARIABLE, "2026-11-21")


def holds(case: EnvironmentCase, report: SubjectReport) -> None:
    """What the kind promises of the rule, that no rule failed, and that every place that is named has words."""
    rule = catalog().rule(case.rule)
    assert rule is not None
    assert not report.error
    assert not findings(report, CRASHED)
    found = findings(report, rule.id)
    assert bool(found) is (case.kind == "bad"), [item.message for item in found]
    for item in report.findings:
        assert item.location is not None, item
        places = [item.location, *(piece.location for piece in item.related if piece.location is not None)]
        for place in places:
            in_words = item.rule not in ("AML601", "AML624")  # a parser may stop at a line's end
            if in_words and (place.line, place.column) != (place.end_line, place.end_column):
                assert words_at(report, place).strip(), (item, place)


@pytest.mark.parametrize("case", [*EXAMPLES, *ALL], ids=lambda case: case.title)
def test_case(case: EnvironmentCase, tmp_path: Path) -> None:
    report = check(case.files, tmp_path, case.options)
    holds(case, report)
    rule = catalog().rule(case.rule)
    assert rule is not None
    found = findings(report, rule.id)
    expect = case.expect
    if "count" in expect:
        assert len(found) == int(expect["count"])
    if not found:
        return
    place = found[0].location
    assert place is not None
    if "line" in expect:
        assert (place.line, place.column) == (int(expect["line"]), int(expect["column"]))
    if "text" in expect:
        assert words_at(report, place) == expect["text"]
    if "path" in expect:
        assert place.path == expect["path"]
    if "message" in expect:
        assert expect["message"] in found[0].message
    if "related" in expect:
        where = [f"{piece.location.path}:{piece.location.line}" for piece in found[0].related if piece.location]
        assert expect["related"] in where


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_enough_cases(rule: Rule) -> None:
    own = [case for case in (*ALL, *EXAMPLES) if case.rule == rule.name]
    counted = {kind: sum(case.kind == kind for case in own) for kind in KINDS}
    wanted = {"bad": 3, "good": 3, "undecided": 2}
    assert not {kind: counted[kind] for kind in KINDS if counted[kind] < wanted[kind]}
    assert any("line" in case.expect and "column" in case.expect for case in own), "no case says where"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_page_is_complete(rule: Rule) -> None:
    titles = [line[3:].strip() for line in rule.page.splitlines() if line.startswith("## ")]
    assert [title for title in REQUIRED if title not in titles] == []
    assert rule.fix
    assert {"bad", "good", "undecided"} <= {example.kind for example in examples(rule)}
    assert all(len(line) <= 128 for line in rule.page.splitlines())


def test_every_file_of_cases_has_a_rule() -> None:
    names = {rule.name for rule in RULES}
    assert {path.parent.name for path in CASES.glob("*/cases.txt")} <= names


def test_a_rule_that_crashes_is_heard(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", folder, ignore=shutil.ignore_patterns("__pycache__"))
    text = '"""A rule that fails"""\n\nID = "AML618"\nSUBJECT = "environment"\n\n\ndef check(environment):\n'
    text += '    raise KeyError("x")\n'
    (folder / "no_channels.py").write_text(text)
    report = check({"conda.yml": "name: a\ndependencies:\n- python=3.12\n"}, tmp_path, known=Catalog(folder))
    (crash,) = findings(report, CRASHED)
    assert "AML618" in crash.message
    assert findings(report, "AML618") == []


@pytest.mark.parametrize(
    "body",
    ['SUBJECT = "environments"\ndef check(x): yield\n', 'SUBJECT = "environment"\nLIVE = True\n'],
    ids=["unknown subject", "no check"],
)
def test_a_rule_with_a_wrong_subject_is_refused(body: str, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "wrong.py").write_text(f'"""A page"""\nID = "AML999"\n{body}')
    with pytest.raises(ConfigError, match="SUBJECT"):
        _ = Catalog(folder).rules
