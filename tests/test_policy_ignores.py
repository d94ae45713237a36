"""Comments that ignore: what they hide, what they do not, and what is told of those that are wrong."""

from __future__ import annotations

import json
import re
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlcheck.catalog import Catalog, Rule, catalog
from amlcheck.cli import main
from amlcheck.environment.judging import lint_environment
from amlcheck.lint import lint_text
from amlcheck.model import Finding, Location, Severity, SubjectReport, Verdict
from amlcheck.policy.comments import comments_of
from amlcheck.policy.ignoring import with_ignores
from amlcheck.records import replace
from support import ROOT, examples, findings, judgement, options_of

OLD = "FROM python:3.5-slim\n"
WHY = 'reason="the old client"'
DAY = date(2026, 11, 21)
POLICY = [rule for rule in catalog().rules if rule.subject == "policy"]


@pytest.fixture(autouse=True)
def _the_same_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMLCHECK_TODAY", DAY.isoformat())


def ignoring(*reports: SubjectReport, options: str = "", known: Catalog | None = None) -> list[SubjectReport]:
    profile = options_of(options).profile
    return with_ignores(reports, lambda: known or catalog(), lambda subject: profile, lambda: DAY)


def checked(text: str, options: str = "") -> SubjectReport:
    """A Dockerfile's report as `amlcheck lint` has it."""
    report = lint_text(catalog(), "Dockerfile", text, None, options_of(options))
    (found,) = ignoring(report, options=options)
    return found


def environment(folder: Path, name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> SubjectReport:
    monkeypatch.chdir(folder)
    (folder / name).write_text(text)
    (found,) = ignoring(lint_environment(catalog(), name, options_of("")))
    assert not found.error
    return found


def policy(report: SubjectReport) -> list[tuple[str, int]]:
    """What is told of comments, and at which line."""
    found = [item for item in report.findings if item.rule.startswith("AML70")]
    return [(item.rule, item.location.line if item.location is not None else 0) for item in found]


def ignored(report: SubjectReport) -> set[str]:
    waived = [item.rule for item in report.judgements if item.waiver is not None]
    return {*waived, *(item.rule for item in report.findings if item.waiver is not None)}


@pytest.mark.parametrize("rule", POLICY, ids=lambda rule: rule.name)
def test_the_examples_of_the_pages(rule: Rule) -> None:
    shown = examples(rule)
    assert {"bad", "good"} <= {example.kind for example in shown}
    for example in shown:
        found = findings(checked(example.text, example.options), rule.id)
        assert bool(found) is (example.kind == "bad"), example.text


def test_the_instruction_that_follows_is_meant() -> None:
    report = checked(f"# amlcheck: ignore=AML103 {WHY} until=2027-01-01\n\n# another\n{OLD}RUN pip install flask\n")
    waiver = judgement(report, "python").waiver
    assert waiver is not None
    assert (waiver.by, waiver.reason, waiver.until) == ("ignore", "the old client", "2027-01-01")
    assert waiver.location is not None
    assert (waiver.location.line, waiver.location.column, waiver.location.end_column) == (1, 1, 67)
    assert judgement(report, "python").verdict is Verdict.VIOLATED
    assert ignored(report) == {"AML103"}
    assert policy(report) == []


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (f"# amlcheck: ignore=python,AML207 {WHY}\n{OLD}", {"AML103", "AML207"}),
        (f"# amlcheck: ignore=aml103 , Python-End-Of-Life {WHY}\n{OLD}", {"AML103", "AML207"}),
        (f"  ##  amlcheck:   ignore = AML103  until=2099-12-31   {WHY}  \n{OLD}", {"AML103"}),
        (f"# amlcheck: ignore=AML103 reason='it''s'\n{OLD}", set()),
        (f"# amlcheck: ignore=AML103 reason='say \"why\"'\n{OLD}", {"AML103"}),
        (f'# amlcheck: ignore=AML103 reason="say \\"why\\""\n{OLD}', {"AML103"}),
        (f"# amlcheck: ignore=AML103 reason=OPS-17\n{OLD}", {"AML103"}),
        (f"# amlcheck: ignore=AML103 {WHY} until=2026-11-21\n{OLD}", {"AML103"}),
        (f"# amlcheck: ignore=AML103 {WHY}\r\n{OLD}", {"AML103"}),
        (f"\ufeff# amlcheck: ignore=AML103 {WHY}\n{OLD}", {"AML103"}),
        (f"# amlcheck: ignore=AML103 {WHY}\n# amlcheck: ignore=AML207 {WHY}\n{OLD}", {"AML103", "AML207"}),
        (f"# syntax=docker/dockerfile:1\n# amlcheck: ignore-file=AML103,AML207 {WHY}\n\n{OLD}", {"AML103", "AML207"}),
        (f"# amlcheck: ignore-file=AML109 {WHY}\n{OLD}", {"AML109"}),
        (f"{OLD}# amlcheck: ignore=AML103 {WHY}\nRUN true\n", set()),
        (f"{OLD}# amlcheck: ignore=AML103 {WHY}\n", set()),
    ],
)
def test_what_is_hidden(text: str, hidden: set[str]) -> None:
    assert ignored(checked(text)) == hidden


PARTS = """\
FROM ubuntu:22.04
{above}RUN pip install \\
{inside}    flask \\
{later}    requests
RUN <<EOF
{inside}pip install pandas
EOF
"""
UNPINNED = f"# amlcheck: ignore=AML302 {WHY}\n"


@pytest.mark.parametrize(
    ("above", "inside", "later", "hidden", "unused"),
    [
        ("", "# a comment\n", "", set(), []),
        ("", UNPINNED, "", {"flask,", "pandas"}, []),
        (UNPINNED, "# a comment\n", "", {"flask,"}, []),
        (UNPINNED, "", UNPINNED, {"flask,"}, [("AML704", 5)]),
        ("", "", UNPINNED, set(), [("AML704", 4)]),
    ],
)
def test_inside_an_instruction_the_next_line_is_meant_above_it_all(
    above: str, inside: str, later: str, hidden: set[str], unused: list[tuple[str, int]]
) -> None:
    report = checked(PARTS.format(above=above, inside=inside, later=later))
    told = {item.message.split()[2]: item.waiver is not None for item in findings(report, "AML302")}
    assert set(told) == {"flask,", "pandas"}
    assert {name for name, waived in told.items() if waived} == hidden
    assert policy(report) == unused


@pytest.mark.parametrize("text", ["{comment}ARG V=3.5\n{from_}", "ARG V=3.5\n{comment}{from_}"])
def test_a_requirement_is_meant_at_any_of_its_evidence(text: str) -> None:
    comment = f"# amlcheck: ignore=AML103 {WHY}\n"
    assert ignored(checked(text.format(comment=comment, from_="FROM python:${V}-slim\n"))) == {"AML103"}


def test_undecided_is_hidden_and_met_is_not() -> None:
    report = checked(f"# amlcheck: ignore=AML101 {WHY}\nFROM registry.example.com/own@sha256:{'0' * 64}\n")
    assert judgement(report, "ubuntu").verdict is Verdict.UNDECIDED
    assert ignored(report) == {"AML101"}
    met = checked(f"# amlcheck: ignore=AML101 {WHY}\nFROM ubuntu:22.04\n")
    assert judgement(met, "ubuntu").waiver is None
    assert policy(met) == [("AML704", 1)]


@pytest.mark.parametrize(
    ("comment", "says"),
    [
        ("# amlcheck: ignore=AML103", "it has no reason"),
        ('# amlcheck: ignore=AML103 reason=""', "it has no reason"),
        ('# amlcheck: ignore=AML103 reason="  "', "it has no reason"),
        (f"# amlcheck: ignore={WHY}", "'=\"the old client\"' is not understood"),
        (f"# amlcheck: ignore {WHY}", "ignore names no rule"),
        ("# amlcheck:", "'' is not known here"),
        (f"# amlcheck: ingore=AML103 {WHY}", "'ingore' is not known here; did you mean ignore=?"),
        (f"# amlcheck: disable=AML103 {WHY}", "'disable' is not known here"),
        (f"# amlcheck ignore=AML103 {WHY}", "a colon is missing"),
        (f"# amlcheck: ignore=AML103 {WHY} until=01.01.2027", "until=01.01.2027 is no date"),
        (f"# amlcheck: ignore=AML103 {WHY} until=2027-02-30", "until=2027-02-30 is no date"),
        (f"# amlcheck: ignore=AML103 {WHY} until=20270101", "until=20270101 is no date"),
        (f"# amlcheck: ignore=AML103 {WHY} because=x", "'because' is not known here"),
        (f"# amlcheck: ignore=AML103 {WHY} {WHY}", "'reason' stands here twice"),
        ("# amlcheck: ignore=AML103 reason=“why”", "is not understood"),
        ('# amlcheck: ignore=AML103 reason="why', "is not understood"),
        (f"# amlcheck: ignore=AML103 {WHY} -- and more", "'-- and more' is not understood"),
        (f"# amlcheck: ignore=AML103;AML207 {WHY}", "is not understood"),
        (f"# amlcheck: ignore=AML103{WHY}", "is not understood"),
    ],
)
def test_what_is_malformed_hides_nothing(comment: str, says: str) -> None:
    report = checked(f"{comment}\n{OLD}")
    (finding,) = findings(report, "AML701")
    assert says in finding.message
    assert finding.location is not None
    assert finding.location.line == 1
    assert ignored(report) == set()
    assert policy(report) == [("AML701", 1)]


@pytest.mark.parametrize(
    ("comment", "right"),
    [
        ("# amlcheck: ignore=AML103", 'ignore=AML103 reason="WHY"'),
        ("# amlcheck: ignore AML103, aml207", 'ignore=AML103,AML207 reason="WHY"'),
        (f"# amlcheck: ingore=python {WHY}", f"ignore=python {WHY}"),
        (f"# amlcheck: disable=AML103;AML207 {WHY} until=20270101", f"ignore=AML103,AML207 {WHY} until=2027-01-01"),
        (f"# amlcheck ignore=AML103 {WHY}", f"ignore=AML103 {WHY}"),
        (f"# amlcheck: ignore=AML103 {WHY} until=01.01.2027", f"ignore=AML103 {WHY} until=YYYY-MM-DD"),
        (f"# amlcheck: ignore=AML103 {WHY} until=2027-02-30", f"ignore=AML103 {WHY} until=YYYY-MM-DD"),
        (f"# amlcheck: ignore=AML103 {WHY} -- and more", f"ignore=AML103 {WHY}"),
        ("# amlcheck: ignore=AML103 reason=“the old client”", f"ignore=AML103 {WHY}"),
        ('# amlcheck: ignore=AML103 reason="the old client', f"ignore=AML103 {WHY}"),
        (f"# amlcheck: ignore={WHY}", f"ignore=RULE {WHY}"),
        ("# amlcheck:", 'ignore=RULE reason="WHY"'),
    ],
)
def test_the_fix_says_what_the_comment_should_be(comment: str, right: str) -> None:
    (finding,) = findings(checked(f"{comment}\n{OLD}"), "AML701")
    assert finding.fix == f"write # amlcheck: {right}"
    filled = right.replace("WHY", "x").replace("RULE", "AML103").replace("YYYY-MM-DD", "2099-01-01")
    assert not findings(checked(f"# amlcheck: {filled}\n{OLD}"), "AML701")


def test_the_fix_of_one_in_the_wrong_place_says_where_it_goes() -> None:
    (finding,) = findings(checked(f"# ours\n{OLD}# amlcheck: ignore-file=AML103 {WHY}\nRUN x\n"), "AML701")
    assert finding.fix == f"move it above line 2, or, for what follows it only, write # amlcheck: ignore=AML103 {WHY}"
    (finding,) = findings(checked(f"{OLD}RUN x # amlcheck: ignore=AML103 {WHY}\n"), "AML701")
    assert finding.fix == f"write on a line of its own above the instruction: # amlcheck: ignore=AML103 {WHY}"


@pytest.mark.parametrize(
    "line",
    [
        "# amlcheck is run by CI",
        "# amlchecker: ignore=AML103",
        "# see amlcheck: ignore=AML103",
        "#! amlcheck",
        "# amlcheck ignores this",
        'RUN echo "amlcheck: ignore"',
    ],
)
def test_what_only_speaks_of_it_is_let_alone(line: str) -> None:
    report = checked(f"FROM ubuntu:22.04\n{line}\n")
    assert policy(report) == []


def test_a_comment_behind_an_instruction_is_told() -> None:
    report = checked(f"{OLD}RUN pip install flask # amlcheck: ignore=AML302 {WHY}\n")
    (finding,) = findings(report, "AML701")
    assert "a line of its own" in finding.message
    assert finding.location is not None
    assert (finding.location.line, finding.location.column) == (2, 23)
    assert ignored(report) == set()


def test_what_has_ended_hides_nothing() -> None:
    report = checked(f"# amlcheck: ignore=AML103 {WHY} until=2026-11-20\n{OLD}")
    (finding,) = findings(report, "AML703")
    assert finding.message == "AML103 was to be ignored until 2026-11-20, and is not any more"
    assert ignored(report) == set()
    gone = checked(f"# amlcheck: ignore=AML103 {WHY} until=2026-11-20\nFROM python:3.8-slim\n")
    (finding,) = findings(gone, "AML703")
    assert "nothing of AML103 is here any more" in finding.message
    assert finding.fix == "remove the comment"


def test_what_has_ended_does_not_stand_in_the_way() -> None:
    text = f"# amlcheck: ignore-file=AML103 {WHY}\n# amlcheck: ignore=AML103 {WHY} until=2020-01-01\n{OLD}"
    report = checked(text)
    assert ignored(report) == {"AML103"}
    assert policy(report) == [("AML703", 2)]


def test_a_name_that_is_none_takes_none_with_it() -> None:
    report = checked(f"# amlcheck: ignore=AML103,AML1O3,pyhton,AML704 {WHY}\n{OLD}")
    assert ignored(report) == {"AML103"}
    messages = [item.message for item in findings(report, "AML702")]
    assert [message.split("'")[1] for message in messages[:2]] == ["AML1O3", "pyhton"]
    assert "AML704 is about comments" in messages[2]
    assert [item.fix for item in findings(report, "AML702")][1] == "did you mean python?"


def test_what_is_unused_is_told_with_where_it_is() -> None:
    elsewhere = checked(f"FROM ubuntu:22.04\n# amlcheck: ignore=AML302 {WHY}\nRUN true\nRUN pip install flask\n")
    (finding,) = findings(elsewhere, "AML704")
    assert finding.fix == "it is at line 4: put the comment above that, or remove it"
    text = f"FROM ubuntu:22.04\n# amlcheck: ignore=AML302 {WHY}\nRUN pip install flask==1\n"
    report = lint_text(catalog(), "Dockerfile", text, None, options_of(""))
    without = replace(report, findings=(Finding("AML302", Severity.WARNING, "somewhere"),))
    (finding,) = findings(ignoring(without)[0], "AML704")
    assert finding.fix == "it has no line of its own: write ignore-file=AML302 at the head of the file"
    one_of_two = checked(f"# amlcheck: ignore=python,AML205 {WHY}\n{OLD}")
    (finding,) = findings(one_of_two, "AML704")
    assert finding.fix == "take AML205 out of the comment"
    last = checked(f"{OLD}# amlcheck: ignore=AML103 {WHY}\n")
    (finding,) = findings(last, "AML704")
    assert "nothing follows this comment" in finding.message


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("libfuse", ""),
        ("AML401", ""),
        ("AML305", ""),
        ("AML614", ""),
        ("AML109", "--profile azureml-2020-03"),
    ],
)
def test_what_is_not_asked_is_not_called_unused(name: str, options: str, known: Catalog) -> None:
    """AML104 applies to datasets, AML401 to images, AML305 to v2, AML614 to environments."""
    report = checked(f"# amlcheck: ignore-file={name} {WHY}\nFROM ubuntu:22.04\n", options)
    rule = known.rule(name)
    assert rule is not None
    asked = any(item.rule == rule.id and item.verdict is not Verdict.NOT_APPLICABLE for item in report.judgements)
    assert policy(report) == ([] if not asked or ignored(report) else [("AML704", 1)])


def test_rules_on_comments_can_be_turned_off_and_made_errors() -> None:
    report = lint_text(catalog(), "Dockerfile", f"# amlcheck: ignore=AML103\n{OLD}", None, options_of(""))
    profile = options_of("").profile
    for severity in (None, *(item.severity for item in report.judgements[:1])):
        changed = profile.__class__(**{**vars(profile), "rules": {"AML701": severity}})
        (found,) = with_ignores([report], catalog, lambda subject, changed=changed: changed, lambda: DAY)  # type: ignore[misc]
        assert [item.severity for item in findings(found, "AML701")] == ([] if severity is None else [severity])


CONDA = """\
# amlcheck: ignore-file=no-channels reason="they are set for all of us"
name: x
dependencies:
  - python=3.5  # amlcheck: ignore=AML615 reason="the old client"
  # amlcheck: ignore=AML617 reason="it is there"

  # another
  - pip:
    - azureml-defaults
    - flask # amlcheck: ignore=AML619 reason="it is the line above that is meant"
    - x#amlcheck: ignore=AML619
"""


def test_yaml_has_comments_behind_and_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = environment(tmp_path, "environment.yml", CONDA, monkeypatch)
    assert ignored(report) == {"AML618", "AML615", "AML617"}
    (finding,) = findings(report, "AML704")
    assert finding.fix == "it is at line 9: put the comment above that, or remove it"
    assert policy(report) == [("AML704", 10)]


def test_a_late_head_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    comment = CONDA.splitlines()[0]
    for text, right in ((f"%YAML 1.2\n---\n{CONDA}", True), (f"name: y\n{comment}\ndependencies: [pip]\n", False)):
        report = environment(tmp_path, "environment.yml", text, monkeypatch)
        assert bool(findings(report, "AML701")) is not right
        assert ("AML618" in ignored(report)) is right


def test_a_file_that_several_deployments_share_is_told_of_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ignore is used if it is used by any of them; what is wrong with it stands in the report on its own file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "requirements.txt").write_text(
        f"# amlcheck: ignore=AML302\n# amlcheck: ignore=AML302 {WHY}\nflask\n# amlcheck: ignore=AML302 {WHY}\nnumpy\n"
    )
    for name in ("a.Dockerfile", "b.Dockerfile"):
        (tmp_path / name).write_text(
            "FROM python:3.8-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
        )
    assert (
        main(["lint", "a.Dockerfile", "b.Dockerfile", "--format", "json", "--output", "out.json", "--fail-on", "never"])
        == 0
    )
    data = json.loads((tmp_path / "out.json").read_text())
    told = [
        (subject["subject"], item["rule"])
        for subject in data["subjects"]
        for item in subject["findings"]
        if item["rule"].startswith("AML70")
    ]
    assert told == [("a.Dockerfile", "AML701"), ("a.Dockerfile", "AML704")]
    for subject in data["subjects"]:
        (finding,) = (item for item in subject["findings"] if item["rule"] == "AML302")
        assert finding["waiver"]["location"]["path"] == "requirements.txt"


def test_json_has_no_comments() -> None:
    assert comments_of("environment.json", f'{{"name": "# amlcheck: ignore=AML103 {WHY}"}}').ignores == ()
    assert comments_of("environment.json", "# amlcheck: ignore=AML103\n").faults == ()


def test_an_image_is_meant_by_its_dockerfile() -> None:
    """What only the image shows has no line: `ignore-file=` in the Dockerfile that it is compared with hides it."""
    text = f"# amlcheck: ignore-file=AML501,conda {WHY}\nFROM ubuntu:22.04\n"
    static = lint_text(catalog(), "serving/Dockerfile", text, None, options_of(""))
    live = (Finding("AML501", Severity.ERROR, "not ready"),)
    image = replace(static, subject="app:1", kind="image", findings=live)
    assert ignored(ignoring(image)[0]) == {"AML501", "AML102"}
    assert ignored(ignoring(replace(image, sources={}))[0]) == set()


def test_exit_codes_and_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names = 'AML101,AML102,AML103,AML109,AML110 reason="a \x1b[31mred\x1b[0m one"'
    (tmp_path / "Dockerfile").write_text(f"# amlcheck: ignore-file={names} until=2027-01-01\n{OLD}")
    assert main(["lint"]) == 0
    out = capsys.readouterr().out
    assert "0 violated, 0 undecided" in out
    assert "5 ignored" in out
    assert "ignored until 2027-01-01: a" in out
    assert "\x1b" not in out
    monkeypatch.setenv("AMLCHECK_TODAY", "2027-01-02")
    assert main(["lint"]) == 1
    assert "AML703" in capsys.readouterr().out
    monkeypatch.setenv("AMLCHECK_TODAY", "tomorrow")
    assert main(["lint"]) == 2
    assert "AMLCHECK_TODAY='tomorrow': is no date; write it as YYYY-MM-DD" in capsys.readouterr().err


_WORDS = st.sampled_from("# amlcheck:ignore-file=AML103,\"'\\reason= until2027-01\n\r\t\u201c\x00é")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=_WORDS, max_size=80))
def test_no_comment_breaks_it(text: str) -> None:
    for name in ("Dockerfile", "environment.yml", "run.sh"):
        found = comments_of(name, f"# amlcheck: ignore{text}\nFROM x\n")
        places = [item.location for item in found.ignores] + [item.location for item in found.faults]
        assert places
        assert all(place.line >= 1 and place.end_column > place.column for place in places)


def test_what_no_person_writes_ends_soon() -> None:
    """Files at the limit of size, with as many comments and names as fit: seconds, not minutes."""
    many = "# amlcheck: ignore=AML302 reason=x\n"
    names = ",".join(f"AML30{number % 10}x{number}" for number in range(90))
    texts = {
        "Dockerfile": f"FROM ubuntu:22.04\n{many * 30_000}RUN pip install flask\n",
        "environment.yml": "# amlcheck: ignore-file=AML618 reason=x\n" * 30_000,
        "requirements.txt": f"# amlcheck: ignore={names} reason=x\n" * 2000,
        "run.sh": "#" * 1_000_000 + "amlcheck" + " " * 1_000_000 + ":",
        "run.py": "x # amlcheck" * 100_000,
    }
    started = time.monotonic()
    for name, text in texts.items():
        subject = SubjectReport(name, "dockerfile", sources={name: text}, findings=(finding_at(name),) * 1000)
        (found,) = ignoring(subject)
        assert len(found.findings) < 200_000
    assert time.monotonic() - started < 20


def finding_at(name: str) -> Finding:
    return Finding("AML302", Severity.WARNING, "said", Location(name, 30_002, 1, 30_002, 2))


def test_more_comments_than_a_person_writes_are_told() -> None:
    found = comments_of("Dockerfile", "# amlcheck: ignore=AML302 reason=x\n" * 2000 + "FROM x\n")
    assert len(found.ignores) == 1000
    (fault,) = found.faults
    assert fault.location.line == 1001
    assert "at most 1000" in fault.message
    names = ",".join(["AML302"] * 101)
    (fault,) = comments_of("Dockerfile", f"# amlcheck: ignore={names} reason=x\nFROM x\n").faults
    assert "more than 100 rules" in fault.message


def test_the_example_of_the_documentation() -> None:
    text = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```dockerfile\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    report = checked(example)
    assert ignored(report) == {"AML101", "AML103", "AML207", "AML302"}
    assert policy(report) == []
