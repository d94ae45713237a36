"""A report that was written as JSON and read back says the same, and what is no such JSON is refused in one sentence."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlcheck.catalog import catalog
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
from amlcheck.deployment.verdict import subject as subject_of
from amlcheck.discover import find_files
from amlcheck.errors import AmlcheckError
from amlcheck.fingerprint import fingerprinted
from amlcheck.lint import LintOptions
from amlcheck.lint_command import with_environments
from amlcheck.model import (
    PRESENT,
    Edit,
    Fact,
    Finding,
    Judgement,
    Location,
    Origin,
    Repair,
    Report,
    Severity,
    SubjectReport,
    Verdict,
    Waiver,
    Witness,
    in_config,
    in_exchange,
    in_file,
    in_output,
)
from amlcheck.profiles import load_profile
from amlcheck.records import replace
from amlcheck.report import json_report, text_report
from amlcheck.report.json_reader import parse, read_report
from amlcheck.run import lint_all
from support import ROOT

PLACE = Location("Dockerfile", 2, 5, 2, 9)
FULL = Report(
    profile="azureml-2021-04",
    flavour="openmpi-gpu",
    fail_on=Severity.WARNING,
    allow_undecided=True,
    notes=("baseline.json: 1 entry is stale",),
    subjects=(
        SubjectReport(
            "app:1",
            "image",
            judgements=(
                Judgement(
                    "python",
                    Verdict.VIOLATED,
                    ">=3.6",
                    "present",
                    "why not",
                    (
                        Witness(
                            Origin.LIVE,
                            Fact(
                                "python",
                                PRESENT,
                                (
                                    in_file("/opt/x", "x", "a file"),
                                    in_config("Env.X", "1"),
                                    in_output("python -V", "?"),
                                    in_exchange("GET /", "200"),
                                ),
                                "a note",
                            ),
                        ),
                    ),
                    Severity.WARNING,
                    "a source",
                    "a fix",
                    "AML103",
                    Repair("raise it", (Edit(PLACE, "3.8"), Edit(Location("e.yml", 1, 1, 1, 1), "")), safe=False),
                    Waiver("ignore", "old \x1b[31m client", "2027-01-01", PLACE),
                ),
            ),
            findings=(
                Finding("AML302", Severity.INFO, "said", PLACE, waiver=Waiver("baseline", "in baseline.json")),
                Finding("AML302", Severity.INFO, "said", None, repair=Repair("do", (), safe=True)),
            ),
            sources={"Dockerfile": "FROM x\r\nRUN word\r\n"},
            about={"digest": "sha256:1", "source": "the engine"},
            notes=("nothing was run in it: no engine",),
        ),
        SubjectReport("gone", "dockerfile", error="gone: cannot be read: No such file or directory"),
    ),
)
DEPLOYED = Deployment(
    image="app:1",
    mode="entry-script",
    why_mode="it has a server",
    stages=(StageTime(Stage.CREATED, 0.1, 0.1), StageTime(Stage.LIVE, 1.25, 1.15, "a note")),
    exchanges=(
        Exchange(
            Request(name="sample", path="/score"), Outcome.ANSWERED, Answer(200, {}, b'{"a": "\xc3\xa9"}', 0.25), 0.25
        ),
        Exchange(
            Request(name="bad", method="GET", path="/"),
            Outcome.CLOSED,
            seconds=1.0,
            detail="ended",
            expected="200",
            differences=("a", "b"),
            bad=True,
        ),
    ),
    failure=Failure("init-raised", Stage.READY, "it raised", "do not", "a page", 2.0, (), ("Traceback", "Error")),
    load=Load(100, 4, 1, 3.1415926535, 1.5, 2.5, 3.0000001),
    server="azmlinfsrv/1.5.1",
    ending=Ending(137, out_of_memory=True),
    kept={"url": "http://127.0.0.1:5001"},
    notes=("a note",),
    digest="sha256:2",
)


def again(report: Report) -> Report:
    return parse(json_report.render(report), "result.json")


def data_of(report: Report) -> Any:
    return json.loads(json_report.render(report))


@pytest.fixture(scope="module")
def linted() -> Report:
    """Every third case of every rule, and the projects."""
    options = LintOptions(load_profile(catalog(), "azureml-2021-04"))
    folders = [str(ROOT / name) for name in ("tests/cases", "tests/projects", "examples")]
    lint, names = with_environments(options, find_files(folders), None, folders)
    some = [name for number, name in enumerate(names) if number % 3 == 0 or "tests/cases" not in name]
    return Report("azureml-2021-04", tuple(lint_all(some, lint)))


@pytest.fixture(scope="module")
def deployed() -> Report:
    return Report("azureml-v2", (subject_of(DEPLOYED, catalog(), load_profile(catalog(), "azureml-v2")),), fail_on=None)


def test_what_was_written_is_read(linted: Report, deployed: Report) -> None:
    for report in (linted, deployed, FULL, replace(FULL, interrupted=True, made_by="0.0.1")):
        written = json_report.render(report)
        assert json_report.render(parse(written, "result.json")) == written
        jsonschema.Draft202012Validator(json_report.schema()).validate(json.loads(written))


def test_it_shows_the_same(linted: Report, deployed: Report) -> None:
    """The text of a report that was read is that of the report itself, excerpts included."""
    assert len(linted.subjects) > 100
    clean = replace(linted, subjects=tuple(item for item in linted.subjects if _is_clean(item)))
    assert len(clean.subjects) > len(linted.subjects) - 10
    for report in (clean, deployed, FULL):
        assert text_report.render(again(report)) == text_report.render(report)


def _is_clean(subject: SubjectReport) -> bool:
    """JSON is UTF-8: bytes of a file that are not come back as question marks."""
    return not any("\udc80" <= letter <= "\udcff" for text in subject.sources.values() for letter in text)


def test_fingerprints_survive(linted: Report) -> None:
    for before, after in zip(linted.subjects, again(linted).subjects, strict=True):
        assert [made for _, made in fingerprinted(after)] == [made for _, made in fingerprinted(before)]


def test_a_full_report_comes_back_whole() -> None:
    read = again(FULL)
    image, gone = read.subjects
    given = FULL.subjects[0]
    assert read.fail_on is Severity.WARNING
    assert read.notes == FULL.notes
    assert image.findings[0].waiver == given.findings[0].waiver
    assert image.judgements[0].repair == given.judgements[0].repair
    assert image.judgements[0].waiver == given.judgements[0].waiver
    assert image.judgements[0].witnesses == given.judgements[0].witnesses
    assert image.sources == {"Dockerfile": "\nRUN word"}
    assert gone == FULL.subjects[1]
    assert again(replace(FULL, fail_on=None)).fail_on is None


def test_results_of_before_are_read() -> None:
    """Version 1 began without what was added since."""
    data = data_of(FULL)
    for key in ("fail_on", "allow_undecided", "notes"):
        del data[key]
    for subject in data["subjects"]:
        subject.pop("excerpts", None)
        for item in (*subject["verdicts"], *subject["findings"]):
            for key in ("repair", "waiver", "fingerprint"):
                del item[key]
            for witness in item.get("witnesses", ()):
                del witness["note"]
    read = parse(json.dumps(data), "old.json")
    assert read.fail_on is Severity.ERROR
    assert [len(made) for _, made in fingerprinted(read.subjects[0])] == [32, 32, 32]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "r.json: is no JSON: the file is empty"),
        ("{", "r.json:1: is no JSON"),
        ('{"schema": "amlcheck/1",\n"subjects": [', "r.json:2: is no JSON: Expecting value (it ends too early"),
        ("[]", "r.json: is no result of amlcheck, or of another version: it has no schema"),
        ('{"schema": "amlcheck/2"}', "its schema is 'amlcheck/2', not 'amlcheck/1'"),
        ('{"version": "2.1.0", "runs": []}', "it has no schema"),
        ("[" * 200_000, "nested too deeply"),
        ('{"schema": NaN}', "NaN is no number"),
        ('{"schema": ' + "9" * 5000 + "}", "is no result of amlcheck"),
        ('{"schema": "amlcheck/1"}', "profile is missing, not a string"),
        ('{"schema": "amlcheck/1", "profile": "p", "subjects": {}}', "subjects is {}, not a list"),
        ('{"schema": "amlcheck/1", "profile": "p", "subjects": [7]}', "subjects[0] is no object"),
    ],
)
def test_what_is_no_result_is_told_in_one_sentence(text: str, told: str) -> None:
    with pytest.raises(AmlcheckError) as caught:
        parse(text, "r.json")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("r.json")


def test_a_place_inside_is_named() -> None:
    data = data_of(FULL)
    data["subjects"][0]["verdicts"][0]["witnesses"][0]["evidence"][1]["image"]["in"] = "cloud"
    with pytest.raises(
        AmlcheckError, match=r"subjects\[0\]\.verdicts\[0\]\.witnesses\[0\]\.evidence\[1\]\.image\.in is"
    ):
        parse(json.dumps(data), "r.json")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for name, content, told in (
        ("gone.json", None, "cannot be read: No such file"),
        ("latin.json", b'{"schema": "\xe9"}', "it is not UTF-8"),
    ):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(AmlcheckError, match=told):
            read_report(tmp_path / name)
    with pytest.raises(AmlcheckError, match="is a folder"):
        read_report(tmp_path)
    (tmp_path / "bom.json").write_bytes(b"\xef\xbb\xbf" + json_report.render(FULL).encode())
    assert read_report(tmp_path / "bom.json").profile == FULL.profile


def test_excerpts_do_not_fill_the_memory() -> None:
    data = data_of(FULL)
    subject = data["subjects"][0]
    subject["excerpts"] = {f"file{number}": {"3000000": "x"} for number in range(1000)}
    read = parse(json.dumps(data), "r.json")
    assert sum(len(text) for text in read.subjects[0].sources.values()) < 5_000_000
    subject["excerpts"] = {"file": {"999999999": "x"}}
    assert parse(json.dumps(data), "r.json").subjects[0].sources == {}
    subject["excerpts"] = {"file": {"\N{SUPERSCRIPT TWO}": "x"}}
    with pytest.raises(AmlcheckError, match="lines by their numbers"):
        parse(json.dumps(data), "r.json")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_change_gives_a_report_or_one_sentence(drawn: st.DataObject) -> None:
    data = copy.deepcopy(_WHOLE)
    node: Any = data
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = drawn.draw(st.sampled_from(keys))
        if not isinstance(node[key], (dict, list)) or not node[key] or drawn.draw(st.integers(0, 3)) == 0:
            break
        node = node[key]
    if drawn.draw(st.booleans()):
        del node[key]
    else:
        node[key] = drawn.draw(_JSON)
    error = ""
    try:
        report = parse(json.dumps(data), "r.json")
    except AmlcheckError as raised:
        error = str(raised)
    if error:
        assert error.startswith("r.json: ")
        assert "\n" not in error
        return
    written = json_report.render(report)
    assert json_report.render(parse(written, "r.json")) == written
    text_report.render(report)


_WHOLE = data_of(
    replace(
        FULL,
        subjects=(
            *FULL.subjects,
            subject_of(DEPLOYED, catalog(), load_profile(catalog(), "azureml-v2")),
        ),
    )
)
