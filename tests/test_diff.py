"""What changed between two results: found, told honestly, and harmless whatever stands in them."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlcheck.cli import main
from amlcheck.deployment.model import (
    Answer,
    Deployment,
    Ending,
    Exchange,
    Failure,
    Load,
    Outcome,
    Request,
    Stage,
    StageTime,
)
from amlcheck.difference import data, markdown, text
from amlcheck.difference.compare import compare
from amlcheck.difference.model import Course, Difference
from amlcheck.difference.pairing import paired
from amlcheck.model import Finding, Judgement, Location, Report, Severity, SubjectReport, Verdict, Waiver
from amlcheck.records import replace
from amlcheck.report import json_report
from amlcheck.report.json_reader import parse

MET, VIOLATED, UNDECIDED, NONE = Verdict.MET, Verdict.VIOLATED, Verdict.UNDECIDED, Verdict.NOT_APPLICABLE
IGNORED = Waiver("ignore", "the old client", "2027-01-01")
KNOWN = Waiver("baseline", "in base.json")


def python(verdict: Verdict, found: str | None = "3.7", **others: Any) -> Judgement:
    made = Judgement("python", verdict, ">=3.6", found, "because", rule="AML103")
    return replace(made, **others)


def finding(message: str = "said", severity: Severity = Severity.ERROR, line: int = 1, rule: str = "AML304") -> Finding:
    return Finding(rule, severity, message, Location("Dockerfile", line, 1, line, 5))


def report(*items: Judgement | Finding, name: str = "Dockerfile", source: str = "", **others: Any) -> Report:
    """A run on one file."""
    subject = SubjectReport(
        name,
        others.pop("kind", "dockerfile"),
        tuple(item for item in items if isinstance(item, Judgement)),
        tuple(item for item in items if isinstance(item, Finding)),
        sources={name: source},
        about=others.pop("about", {}),
        notes=others.pop("notes", ()),
        error=others.pop("error", ""),
        deployment=others.pop("deployment", None),
    )
    return Report("azureml-2021-04", (subject,), **others)


def courses(difference: Difference) -> tuple[int, int, int]:
    return difference.count(Course.WORSE), difference.count(Course.BETTER), difference.count(Course.OTHER)


def told(difference: Difference) -> str:
    return text.render(difference, 120)


@pytest.mark.parametrize(
    ("old", "new", "counted", "says"),
    [
        (python(MET), python(MET), (0, 0, 0), "nothing changed in 1 subject"),
        (python(MET, "3.7"), python(MET, "3.8"), (0, 0, 1), "python: 3.7 -> 3.8\n"),
        (python(MET), python(VIOLATED, "3.5"), (1, 0, 0), "worse   python: 3.7 -> 3.5, met -> violated: because"),
        (python(VIOLATED, "3.5"), python(MET), (0, 1, 0), "better  python: 3.5 -> 3.7, violated -> met\n"),
        (python(MET), python(UNDECIDED, None), (1, 0, 0), "3.7 -> not known, met -> undecided: because"),
        (python(UNDECIDED), python(VIOLATED), (1, 0, 0), "undecided -> violated"),
        (python(VIOLATED), python(UNDECIDED), (0, 1, 0), "violated -> undecided"),
        (python(NONE), python(VIOLATED), (1, 0, 0), "not applicable -> violated"),
        (python(VIOLATED), python(NONE), (0, 0, 1), "violated -> not applicable: because"),
        (python(NONE), python(NONE, severity=Severity.INFO), (0, 0, 0), "nothing changed"),
        (
            python(VIOLATED),
            python(VIOLATED, waiver=IGNORED),
            (0, 0, 1),
            "now ignored until 2027-01-01 (the old client)",
        ),
        (python(VIOLATED, waiver=KNOWN), python(VIOLATED), (1, 0, 0), "no longer in the baseline"),
        (python(MET), python(VIOLATED, waiver=KNOWN), (0, 0, 1), "met -> violated, now in the baseline: because"),
        (python(VIOLATED), python(VIOLATED, severity=Severity.WARNING), (0, 0, 1), "error -> warning"),
        (python(VIOLATED, severity=Severity.WARNING), python(VIOLATED), (1, 0, 0), "warning -> error"),
        (python(MET), python(VIOLATED, severity=Severity.WARNING), (0, 0, 1), "error -> warning"),
        (python(MET), python(MET, expected=">=3.8"), (0, 0, 1), "expected >=3.6 -> >=3.8"),
        (python(MET), None, (0, 0, 1), "3.7, met before, not judged now"),
        (None, python(VIOLATED, "3.5"), (1, 0, 0), "3.5, violated: because"),
    ],
)
def test_requirements(old: Judgement | None, new: Judgement | None, counted: tuple[int, int, int], says: str) -> None:
    difference = compare(report(*[old] if old else []), report(*[new] if new else []))
    assert courses(difference) == counted
    assert says in told(difference)


@pytest.mark.parametrize(
    ("old", "new", "counted", "says"),
    [
        ([finding()], [finding()], (0, 0, 0), "nothing changed"),
        ([finding(line=1)], [finding(line=2)], (0, 0, 0), "nothing changed"),
        ([], [finding()], (1, 0, 0), "worse   new: error[AML304] said (Dockerfile:1)"),
        ([finding()], [], (0, 1, 0), "better  gone: error[AML304] said (Dockerfile:1)"),
        ([], [finding(severity=Severity.WARNING)], (0, 0, 1), "new: warning[AML304] said"),
        ([finding("a")], [finding("b")], (1, 1, 0), "gone: error[AML304] a"),
        ([finding()], [finding(), finding()], (1, 0, 0), "new: error[AML304] said"),
        ([finding(), finding()], [finding()], (0, 1, 0), "gone: error[AML304] said"),
        ([finding(severity=Severity.WARNING)], [finding()], (1, 0, 0), "warning -> error: error[AML304] said"),
        (
            [finding()],
            [replace(finding(), waiver=IGNORED)],
            (0, 0, 1),
            "now ignored until 2027-01-01 (the old client): ",
        ),
        ([replace(finding(), waiver=IGNORED)], [finding()], (1, 0, 0), "no longer ignored until 2027-01-01"),
        ([], [replace(finding(), waiver=KNOWN)], (0, 0, 1), "new, in the baseline: error[AML304] said"),
        ([finding(rule="AML302")], [finding(rule="AML304")], (1, 1, 0), "new: error[AML304]"),
    ],
)
def test_findings(old: list[Finding], new: list[Finding], counted: tuple[int, int, int], says: str) -> None:
    difference = compare(report(*old), report(*new))
    assert courses(difference) == counted
    assert says in told(difference)


def test_lines_that_moved_and_words_that_stayed_are_no_change() -> None:
    """By fingerprint where the line moved, by words where the line was edited."""
    source = "FROM x\nENV A=1\n"
    moved = report(finding(line=4), source=f"# a\n# b\n{source}")
    edited = report(finding("said", line=2), source="FROM x\nENV A=1 B=2\n")
    before = report(finding(line=2), source=source)
    for after in (moved, edited):
        assert compare(before, after).changed == ()
        assert compare(parse(json_report.render(before), "a"), parse(json_report.render(after), "b")).changed == ()


def test_what_fails_is_what_the_newer_run_says() -> None:
    old, new = report(python(MET)), report(python(UNDECIDED), finding(severity=Severity.WARNING))
    assert courses(compare(old, new)) == (1, 0, 1)
    assert courses(compare(old, replace(new, allow_undecided=True))) == (0, 0, 2)
    assert courses(compare(old, replace(new, fail_on=Severity.INFO))) == (2, 0, 0)
    assert courses(compare(old, replace(new, fail_on=None))) == (0, 0, 2)


def test_the_runs_themselves() -> None:
    old = replace(report(python(MET)), made_by="0.0.9")
    new = replace(report(python(MET)), profile="azureml-v2", flavour="openmpi-gpu", fail_on=None)
    changes = {change.what: (change.old, change.new) for change in compare(old, new).run}
    assert changes["profile"] == ("azureml-2021-04", "azureml-v2")
    assert changes["flavour"] == ("none", "openmpi-gpu")
    assert changes["amlcheck"][0] == "0.0.9"
    assert changes["fail-on"] == ("error", "never")
    assert "profile: azureml-2021-04 -> azureml-v2" in told(compare(old, new))


def test_what_can_be_read_and_what_limits_it() -> None:
    fine, broken = report(python(VIOLATED)), report(error="Dockerfile: cannot be read: Permission denied")
    worse = compare(fine, broken)
    assert courses(worse) == (1, 0, 0)
    assert "worse   cannot be read: Dockerfile: cannot be read: Permission denied" in told(worse)
    assert courses(compare(broken, fine)) == (0, 1, 0)
    assert "can be read again" in told(compare(broken, fine))
    limited = compare(fine, report(python(VIOLATED), notes=("nothing was run in it: no engine",)))
    assert courses(limited) == (0, 0, 0)
    assert "note: nothing was run in it: no engine" in told(limited)
    digest = compare(
        report(about={"digest": "sha256:1"}), report(about={"digest": "sha256:2", "platform": "linux/arm64"})
    )
    assert "digest: sha256:1 -> sha256:2" in told(digest)
    assert "platform: not known -> linux/arm64" in told(digest)


# --- which subjects are the same -------------------------------------------------------------------------------------


def subjects(*names: str, kind: str = "dockerfile", said: str = "") -> list[SubjectReport]:
    findings = (finding(said),) if said else ()
    return [SubjectReport(name, kind, findings=findings) for name in names]


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        (subjects("a", "b"), subjects("b", "a", "c"), {("a", "a", ""), ("b", "b", "")}),
        (subjects("./a/Dockerfile", "b"), subjects("a/Dockerfile", "c", "d"), {("./a/Dockerfile", "a/Dockerfile", "")}),
        (
            subjects("r.example.com/app:1", "other:1", kind="image"),
            subjects("r.example.com/app:2", "another:1", kind="image"),
            {("r.example.com/app:1", "r.example.com/app:2", "the same image under another tag")},
        ),
        (
            subjects("app:1", "app:2", kind="image"),
            subjects("app:3", "app:4", kind="image"),
            set(),
        ),
        (
            subjects("/builds/1/a/Dockerfile", "/builds/1/b/Dockerfile"),
            subjects("/builds/2/a/Dockerfile", "/builds/2/b/Dockerfile", "/builds/2/c/Dockerfile"),
            {
                ("/builds/1/a/Dockerfile", "/builds/2/a/Dockerfile", "the same end of the path"),
                ("/builds/1/b/Dockerfile", "/builds/2/b/Dockerfile", "the same end of the path"),
            },
        ),
        (subjects("x/Dockerfile", "y/Dockerfile"), subjects("z/Dockerfile", "q/Dockerfile"), set()),
        (
            subjects("old.Dockerfile"),
            subjects("new.Containerfile"),
            {("old.Dockerfile", "new.Containerfile", "each result has one dockerfile")},
        ),
        (subjects("a", "b"), subjects("a", "c"), {("a", "a", "")}),
        (subjects("a", "same"), subjects("b", "same"), {("same", "same", "")}),
        (subjects("a"), subjects("a", kind="environment"), set()),
        (
            [*subjects("a", said="one"), *subjects("b", said="two")],
            [*subjects("c", said="one"), *subjects("d", said="three")],
            {("a", "c", "the same is said of both")},
        ),
        (
            [*subjects("a", said="one"), *subjects("b", said="one")],
            [*subjects("c", said="one"), *subjects("d", said="one")],
            set(),
        ),
    ],
)
def test_pairs(old: list[SubjectReport], new: list[SubjectReport], pairs: set[tuple[str, str, str]]) -> None:
    found, gone, added = paired(old, new)
    assert {(pair.old.subject, pair.new.subject, pair.why) for pair in found} == pairs
    assert len(found) + len(gone) == len(old)
    assert len(found) + len(added) == len(new)


def test_the_same_name_twice_is_paired_in_order() -> None:
    old = subjects("a", "a", kind="image")
    found, gone, added = paired(old, subjects("a", kind="image"))
    assert [pair.old is old[0] for pair in found] == [True]
    assert gone == [old[1]]
    assert added == []


def test_added_and_removed() -> None:
    fine, wrong = (
        SubjectReport("fine", "dockerfile"),
        SubjectReport("wrong", "dockerfile", (python(VIOLATED),), (finding(),)),
    )
    here, there = Report("p", (fine, wrong)), Report("p", (fine,))
    added = compare(there, here)
    assert courses(added) == (2, 0, 0)
    assert "added: wrong\n  worse   python: 3.7, violated: because\n  worse   new: error[AML304] said" in told(added)
    removed = compare(here, there)
    assert courses(removed) == (0, 0, 2)
    assert "removed: wrong\n          1 requirement not met and 1 finding went with it\n" in told(removed)
    assert "Added: <code>wrong</code>" in markdown.render(added)
    assert [item["state"] for item in data.as_data(removed)["subjects"]] == ["removed"]
    unreadable = Report("p", (fine, SubjectReport("gone", "dockerfile", error="gone: cannot be read")))
    assert courses(compare(there, unreadable)) == (1, 0, 0)


# --- deployments -----------------------------------------------------------------------------------------------------

GOOD = Exchange(Request(name="sample", path="/score"), Outcome.ANSWERED, Answer(200, {}, b"3", 0.1), 0.1)
WORKS = Deployment(
    "app:1",
    "entry-script",
    "it has a server",
    stages=(StageTime(Stage.LIVE, 1.0, 1.0), StageTime(Stage.READY, 1.5, 0.5)),
    exchanges=(GOOD,),
    load=Load(100, 4, 0, 2.0, 10.0, 20.0, 30.0),
    server="azmlinfsrv/1.5.1",
    ending=Ending(0),
)
FAILS = replace(WORKS, failure=Failure("init-raised", Stage.READY, "init() raised", "correct it"))


@pytest.mark.parametrize(
    ("old", "new", "counted", "says"),
    [
        (WORKS, WORKS, (0, 0, 0), "nothing changed"),
        (WORKS, FAILS, (1, 0, 0), "worse   deployment: works -> not ready (init-raised): init() raised"),
        (FAILS, WORKS, (0, 1, 0), "better  deployment: not ready (init-raised): init() raised -> works"),
        (None, FAILS, (1, 0, 0), "deployment: none -> not ready"),
        (None, WORKS, (0, 0, 1), "deployment: none -> works"),
        (WORKS, None, (0, 0, 1), "deployment: works -> none"),
        (WORKS, replace(WORKS, server="azmlinfsrv/2.0"), (0, 0, 1), "server: azmlinfsrv/1.5.1 -> azmlinfsrv/2.0"),
        (WORKS, replace(WORKS, mode="packaged"), (0, 0, 1), "mode: entry-script -> packaged"),
        (
            WORKS,
            replace(WORKS, ending=Ending(137, out_of_memory=True)),
            (0, 0, 1),
            "-> exit code 137, out of memory",
        ),
        (WORKS, replace(WORKS, ending=None), (0, 0, 1), "ending: exit code 0 -> left running"),
        (
            WORKS,
            replace(WORKS, stages=(StageTime(Stage.LIVE, 3.0, 3.0), StageTime(Stage.READY, 3.5, 0.52))),
            (0, 0, 1),
            "live after: 1.00 s -> 3.00 s",
        ),
        (
            WORKS,
            replace(WORKS, exchanges=(replace(GOOD, differences=("$: 3 is not 4",)),)),
            (1, 0, 0),
            "not as expected: $: 3",
        ),
        (
            WORKS,
            replace(WORKS, exchanges=(replace(GOOD, answer=None, outcome=Outcome.CLOSED, differences=("no answer",)),)),
            (1, 0, 0),
            "answer to POST /score sample: 200 -> closed",
        ),
        (WORKS, replace(WORKS, load=Load(100, 4, 0, 2.0, 10.4, 29.0, 30.0)), (0, 0, 1), "p95: 20.0 ms -> 29.0 ms"),
        (WORKS, replace(WORKS, load=Load(200, 4, 0, 2.0, 10.0, 20.0, 30.0)), (0, 0, 2), "answers a second: 50 -> 100"),
    ],
)
def test_deployments(old: Deployment | None, new: Deployment | None, counted: tuple[int, int, int], says: str) -> None:
    before, after = (report(name="app:1", kind="deployment", deployment=item) for item in (old, new))
    difference = compare(before, after)
    assert courses(difference) == counted
    assert says in told(difference)
    through_json = compare(*(parse(json_report.render(item), "x") for item in (before, after)))
    assert told(through_json) == told(difference)
    if counted[0]:
        assert courses(compare(before, replace(after, fail_on=None)))[0] == 0


# --- the program -----------------------------------------------------------------------------------------------------


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Results of real runs on a Dockerfile that goes from bad to good."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AMLCHECK_TODAY", "2026-11-21")
    for name, minor in (("bad", 5), ("good", 8)):
        Path("Dockerfile").write_text(f"FROM python:3.{minor}-slim\nRUN pip install flask\n")
        main(["lint", "--format", "json", "--output", f"{name}.json"])
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["bad.json", "good.json"], 0, "better  python: 3.5 -> 3.8, violated -> met"),
        (["good.json", "bad.json"], 1, "worse   python: 3.8 -> 3.5, met -> violated"),
        (["good.json", "bad.json", "--fail-on", "never"], 0, "worse   python"),
        (["bad.json", "good.json", "--fail-on", "change"], 1, "better"),
        (["good.json", "good.json", "--fail-on", "change"], 0, "nothing changed in 1 subject"),
    ],
)
def test_exit_codes(
    arguments: list[str], code: int, says: str, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", *arguments]) == code
    assert says in capsys.readouterr().out


def test_formats_and_places(results: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["diff", "good.json", "bad.json", "--format", "json", "--output", "out.json"]) == 1
    found = json.loads(Path("out.json").read_text())
    assert found["schema"] == "amlcheck-diff/1"
    (subject,) = found["subjects"]
    assert (subject["old"], subject["new"], subject["state"], subject["why"]) == (
        "Dockerfile",
        "Dockerfile",
        "changed",
        None,
    )
    (change,) = subject["requirements"]
    assert (change["requirement"], change["course"]) == ("python", "worse")
    assert (change["old"]["found"], change["new"]["found"]) == ("3.8", "3.5")
    assert found["summary"]["worse"] == 1
    main(["diff", "good.json", "bad.json", "--format", "markdown"])
    out = capsys.readouterr().out
    assert "| **worse** | python | 3.8 → 3.5, met → violated: 3.5 is not >=3.6 |" in out
    main(["diff", "good.json", "bad.json", "--color", "always"])
    assert "\x1b[31mworse\x1b[0m" in capsys.readouterr().out
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path("good.json").read_bytes())))
    assert main(["diff", "-", "bad.json"]) == 1
    assert max(map(len, capsys.readouterr().out.splitlines())) <= text.WIDTH


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["gone.json", "good.json"], "gone.json: cannot be read: No such file or directory"),
        (["good.json", "Dockerfile"], "Dockerfile:1: is no JSON"),
        (["good.json", "cut.json"], "cut.json:"),
        (["-", "-"], "standard input can be read once"),
        (["good.json"], "the following arguments are required: NEW.json"),
        (["good.json", "bad.json", "--output", "gone/x"], "gone/x: cannot be written"),
    ],
)
def test_what_cannot_be_read(
    arguments: list[str], says: str, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("cut.json").write_text(Path("good.json").read_text()[:-100])
    try:
        code = main(["diff", *arguments])
    except SystemExit as error:
        code = int(str(error.code))
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


HOSTILE = (
    "\x1b]0;owned\x07\u202e<script>alert(1)</script> | `x` [y](javascript:z)\n::error::x\n"
    "##vso[task.setvariable]y @everyone #1"
)


def test_hostile_text_does_nothing() -> None:
    wrong = replace(python(VIOLATED, HOSTILE), reason=HOSTILE, expected=HOSTILE)
    said = Finding("AML304", Severity.ERROR, HOSTILE, Location(HOSTILE, 1, 1, 1, 2))
    old = report(python(MET), name=HOSTILE, kind="image", about={"digest": "1"})
    new = report(wrong, said, name=f"{HOSTILE}2", kind="image", about={"digest": HOSTILE}, notes=(HOSTILE,))
    difference = compare(old, new)
    shown = text.render(difference)
    assert not any(letter in shown for letter in "\x1b\x07\u202e")
    assert not any(line.lstrip().startswith("::") or "##vso[" in line for line in shown.splitlines())
    written = markdown.render(difference)
    assert "<script" not in written
    assert "](javascript" not in written
    assert not any(letter in written for letter in "\x1b\x07\u202e")
    assert all(line.count(" | ") in (0, 2) for line in written.splitlines() if line.startswith("|"))
    made = data.render(difference)
    assert "##vso[" not in made
    assert json.loads(made)["subjects"][0]["requirements"][0]["new"]["reason"] == HOSTILE


def test_long_texts_are_cut() -> None:
    difference = compare(report(), report(finding("x" * 100_000)))
    assert len(text.render(difference)) < 1000
    assert len(markdown.render(difference)) < 1000


_VERDICTS = st.sampled_from(list(Verdict))
_ITEMS = st.lists(
    st.builds(
        finding,
        st.sampled_from(["a", "b"]),
        st.sampled_from(list(Severity)),
        st.integers(1, 3),
        st.sampled_from(["AML302", "AML304"]),
    ),
    max_size=4,
)
_SUBJECTS = st.builds(
    lambda name, kind, verdict, found, items, waiver: SubjectReport(
        name, kind, (python(verdict, found, waiver=waiver),), tuple(items)
    ),
    st.sampled_from(["a/Dockerfile", "b/Dockerfile", "x/a/Dockerfile", "app:1", "app:2"]),
    st.sampled_from(["dockerfile", "image"]),
    _VERDICTS,
    st.sampled_from(["3.5", "3.7", None]),
    _ITEMS,
    st.sampled_from([None, KNOWN]),
)
_REPORTS = st.builds(lambda subjects: Report("p", tuple(subjects)), st.lists(_SUBJECTS, max_size=4))
_RENDERERS: list[Callable[[Difference], str]] = [text.render, markdown.render, data.render]


@settings(max_examples=150, deadline=None)
@given(_REPORTS, _REPORTS)
def test_it_holds_for_any_two(old: Report, new: Report) -> None:
    difference = compare(old, new)
    assert sum(item.new is not None for item in difference.subjects) == len(new.subjects)
    assert sum(item.old is not None for item in difference.subjects) == len(old.subjects)
    assert [render(difference) for render in _RENDERERS] == [render(compare(old, new)) for render in _RENDERERS]
    assert compare(old, old).changed == ()
    assert compare(new, new).run == ()
    back = compare(new, old)
    assert difference.count(Course.BETTER) <= back.count(Course.WORSE)
