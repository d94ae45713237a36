"""Every rule: the examples of its page, its cases, its page's shape, and what a crash of it yields."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from amlcheck import today
from amlcheck.catalog import CRASHED, Catalog, Rule, catalog
from amlcheck.lint import lint_text
from amlcheck.model import SubjectReport, Verdict
from support import (
    CASES,
    KINDS,
    ROOT,
    Case,
    Example,
    cases,
    check,
    examples,
    findings,
    judgement,
    locations,
    options_of,
    words_at,
)

VERDICTS = {"bad": Verdict.VIOLATED, "good": Verdict.MET, "undecided": Verdict.UNDECIDED}
REQUIRED = ("What it asks", "Why", "Fix", "Sources")
WITHOUT_EXAMPLES = frozenset({"AML305"})
"""Its example would have more than 100 KB: `test_size` makes its files."""
RULES = [rule for rule in catalog().rules if rule.subject == "dockerfile"]
"""Those on environments: test_environment_rules.py."""
EXAMPLES = [(rule, example) for rule in RULES if not rule.live for example in examples(rule)]
"""Those of live rules show what is built; only the image says what is wrong with it."""
ALL = cases()


@pytest.fixture(autouse=True)
def _the_same_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """The day on which the cases were written: what is supported then is supported in the tests for ever."""
    monkeypatch.setenv(today.VARIABLE, "2026-11-21")


def holds(rule: Rule, kind: str, report: SubjectReport) -> None:
    """What the kind promises of the rule; and that no rule failed on the way, and that Docker takes the file."""
    crashed = [item.reason for item in report.judgements if " failed: " in item.reason]
    assert not crashed
    assert not findings(report, CRASHED)
    if rule.id != "AML001":
        assert not findings(report, "AML001")
    if rule.component:
        item = judgement(report, rule.component)
        assert item.verdict is VERDICTS[kind], f"{item.verdict.value}, found {item.found}: {item.reason}"
    elif kind == "bad":
        assert findings(report, rule.id)
    else:
        assert [item.message for item in findings(report, rule.id)] == []


@pytest.mark.parametrize(
    ("rule", "example"),
    EXAMPLES,
    ids=[f"{rule.name}-{example.kind}-{number}" for number, (rule, example) in enumerate(EXAMPLES)],
)
def test_example_of_the_page(rule: Rule, example: Example, tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(example.text, encoding="utf-8")
    holds(rule, example.kind, check(path, example.options))


@pytest.mark.parametrize("case", ALL, ids=[case.name for case in ALL])
def test_case(case: Case) -> None:
    rule = catalog().rule(case.rule)
    assert rule is not None, f"there is no rule {case.rule}"
    report = check(case.path, case.options)
    holds(rule, case.kind, report)
    if rule.component:
        _expected_verdict(case, rule, report)
    else:
        _expected_findings(case, rule, report)


def _expected_verdict(case: Case, rule: Rule, report: SubjectReport) -> None:
    item = judgement(report, rule.component)
    places = locations(item)
    expect = case.expect
    if "found" in expect:
        assert (item.found or "none") == expect["found"]
    if "path" in expect:
        assert places[0].path.rpartition("/")[2] == expect["path"]
    if "line" in expect:
        assert (places[0].line, places[0].column) == (int(expect["line"]), int(expect["column"]))
    if "text" in expect:
        assert words_at(report, places[0]) == expect["text"]
    if "chain" in expect:
        assert ",".join(str(place.line) for place in places) == expect["chain"]
    if "reason" in expect:
        assert expect["reason"] in item.reason
    assert not {"message", "count"} & set(expect)


def _expected_findings(case: Case, rule: Rule, report: SubjectReport) -> None:
    found = findings(report, rule.id)
    expect = case.expect
    if "count" in expect:
        assert len(found) == int(expect["count"])
    if "message" in expect:
        assert expect["message"] in found[0].message
    first = found[0].location if found else None
    if "line" in expect:
        assert first is not None
        assert (first.line, first.column) == (int(expect["line"]), int(expect["column"]))
    if "text" in expect:
        assert first is not None
        assert words_at(report, first) == expect["text"]
    assert not {"found", "reason", "chain", "path"} & set(expect)


@pytest.mark.parametrize("case", [case for case in ALL if case.expect.keys() & {"line", "found"}], ids=lambda c: c.name)
def test_every_location_is_real(case: Case) -> None:
    """Each place that a report names has words, inside the file that it names."""
    report = check(case.path, case.options)
    for item in report.judgements:
        for place in locations(item):
            assert words_at(report, place).strip()
    for finding in report.findings:
        if finding.location is not None and finding.rule != "AML001":
            assert words_at(report, finding.location).strip()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_enough_cases(rule: Rule) -> None:
    if rule.id in WITHOUT_EXAMPLES or rule.live:
        return
    counted = {kind: sum(case.kind == kind for case in ALL if case.rule == rule.name) for kind in KINDS}
    wanted = {"bad": 3, "good": 3, "undecided": 3 if rule.component else 2}
    if rule.id == "AML001":
        wanted["undecided"] = 0
    missing = {kind: count for kind, count in wanted.items() if counted[kind] < count}
    assert not missing, f"{rule.name} has {counted}"


def test_every_case_has_a_rule_and_a_kind() -> None:
    names = {rule.name for rule in catalog().rules}
    assert {path.name for path in CASES.iterdir() if path.is_dir()} <= names
    assert {case.kind for case in ALL} <= set(KINDS)
    used = {case.path for case in ALL}
    loose = [path for path in CASES.rglob("*ockerfile") if path not in used]
    assert loose == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_page_is_complete(rule: Rule) -> None:
    titles = [line[3:].strip() for line in rule.page.splitlines() if line.startswith("## ")]
    assert [title for title in REQUIRED if title not in titles] == []
    assert rule.summary == rule.page.splitlines()[0]
    assert rule.fix
    kinds = {example.kind for example in examples(rule)}
    if rule.id not in WITHOUT_EXAMPLES and not rule.live:
        assert {"bad", "good"} <= kinds
    if rule.component:
        assert "undecided" in kinds
    for line in rule.page.splitlines():
        assert len(line) <= 128


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FROM ubuntu:22.04\n" + "#" * (100 * 1024 - 18 - 1) + "\n", 0),
        ("FROM ubuntu:22.04\n" + "#" * (100 * 1024 - 18) + "\n", 1),
        ("FROM ubuntu:22.04\nRUN <<EOF\n" + "echo 0123456789\n" * 7000 + "EOF\n", 1),
        ("FROM ubuntu:22.04\n# " + "ü" * 60_000 + "\n", 1),
        ("FROM ubuntu:22.04\n# " + "u" * 60_000 + "\n", 0),
    ],
    ids=["exactly 100 KB", "a byte more", "a long script", "bytes, not characters", "as many characters"],
)
def test_size(text: str, found: int, known: Catalog) -> None:
    report = lint_text(known, "Dockerfile", text, None, options_of("--profile azureml-v2"))
    assert len(findings(report, "AML305")) == found
    assert findings(lint_text(known, "Dockerfile", text, None, options_of("")), "AML305") == []


@pytest.mark.parametrize(
    ("rule", "text", "last"),
    [
        ("AML205", "FROM ubuntu:16.04\n", date(2021, 4, 30)),
        ("AML205", "FROM ubuntu:24.04\n", None),
        ("AML207", "FROM python:3.7-slim\n", date(2023, 6, 27)),
    ],
)
def test_the_last_day_is_supported(
    rule: str, text: str, last: date | None, known: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the day of its end of life a release is still alive; on the next it is not."""
    if last is None:
        release = known.knowledge.codename("noble")
        assert release is not None
        assert release.end_of_life is not None
        last = release.end_of_life
    options = options_of("")
    for days, found in ((0, 0), (1, 1)):
        monkeypatch.setenv(today.VARIABLE, (last + timedelta(days=days)).isoformat())
        report = lint_text(known, "Dockerfile", text, None, options)
        assert len(findings(report, rule)) == found


CRASHING = '''"""A rule that fails

## What it asks

Nothing.
"""

ID = "{identifier}"


def {function}(image):
    raise RuntimeError("it has a fault")
'''


@pytest.fixture
def broken(tmp_path: Path) -> Catalog:
    """The real rules, one requirement and one finding of which crash."""
    folder = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "conda.py").write_text(CRASHING.format(identifier="AML102", function="testify"))
    (folder / "platform.py").write_text(CRASHING.format(identifier="AML306", function="check"))
    return Catalog(folder)


def test_a_rule_that_crashes_is_heard(broken: Catalog, tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text("FROM --platform=linux/arm64 continuumio/miniconda3:4.9.2\n")
    report = check(path, known=broken)
    conda = judgement(report, "conda")
    assert conda.verdict is Verdict.UNDECIDED
    assert conda.reason == "the rule AML102 failed: RuntimeError: it has a fault"
    assert judgement(report, "python").verdict is Verdict.MET
    (crash,) = findings(report, CRASHED)
    assert "AML306" in crash.message
    assert "it has a fault" in crash.message
    assert findings(report, "AML306") == []


def test_a_generator_that_crashes_late_keeps_nothing_secret(broken: Catalog, tmp_path: Path) -> None:
    late = CRASHING.format(identifier="AML306", function="check").replace(
        "    raise", "    from amlcheck.model import Notice\n    yield Notice('first')\n    raise"
    )
    (broken.folder / "platform.py").write_text(late)
    path = tmp_path / "Dockerfile"
    path.write_text("FROM ubuntu:22.04\n")
    report = check(path, known=Catalog(broken.folder))
    assert [item.rule for item in report.findings if item.rule in (CRASHED, "AML306")] == [CRASHED]


def test_the_fix_of_a_python_is_where_it_is_stated(tmp_path: Path) -> None:
    (tmp_path / "environment.yml").write_text("dependencies:\n  - python=3.5\n")
    path = tmp_path / "Dockerfile"
    base = "FROM continuumio/miniconda3:24.5.0-0\n"
    said = {
        f"{base}COPY environment.yml /tmp/\nRUN conda env update -n base -f /tmp/environment.yml\n": (
            "ask for Python >=3.6 in environment.yml, line 2"
        ),
        "FROM python:3.5\n": "start from an image with Python >=3.6, or install it where PATH finds it first",
        f"{base}RUN conda install python=3.5\n": (
            "install Python >=3.6 where PATH finds it first (`conda install -y python=VERSION`)"
        ),
    }
    for text, fix in said.items():
        path.write_text(text)
        assert judgement(check(path), "python").fix == fix


@pytest.mark.parametrize(
    ("python", "fix"),
    [
        ("3.8", "take azureml-defaults==1.60.0, which serves on Python 3.8, or pin "),
        ("3.11", "take azureml-defaults==1.62.0, which serves on Python 3.11, or pin "),
    ],
)
def test_the_fix_of_a_broken_server_names_a_release_for_the_python(python: str, fix: str, tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(f"FROM python:{python}\nRUN pip install azureml-defaults==1.0.85\n")
    assert judgement(check(path), "inference-server").fix.startswith(fix)
    release = fix.partition("==")[2].partition(",")[0]
    path.write_text(f"FROM python:{python}\nRUN pip install azureml-defaults=={release}\n")
    assert judgement(check(path), "inference-server").verdict is Verdict.MET
