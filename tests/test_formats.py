"""Every format: valid by its schema, read back by parsers of others, in agreement with the exit code, the same bytes twice."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
import xmlschema
from junitparser import Error, Failure, JUnitXml, Skipped
from tap.parser import Parser

from amlcheck.catalog import catalog
from amlcheck.exits import Exit
from amlcheck.judge import exit_code
from amlcheck.lint import LintOptions, lint_file
from amlcheck.model import Report, Severity, SubjectReport, Verdict
from amlcheck.profiles import load_profile
from amlcheck.report import formats, paths, sarif
from amlcheck.report.harmless import xml
from formats_support import HOSTILE, PATH, TEXT, dockerfile, everything, image, only
from needed import lacking
from support import CASES, ROOT, cases

SCHEMAS = ROOT / "tests" / "schemas"
MACHINE = tuple(formats.MACHINE)


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """In no CI, and in no repository."""
    for name in ("GITHUB_WORKSPACE", "BUILD_SOURCESDIRECTORY", "CI_PROJECT_DIR", "GITHUB_SERVER_URL", "CI_PROJECT_URL"):
        monkeypatch.delenv(name, raising=False)


def reports() -> dict[str, Report]:
    return {
        "quiet": everything(),
        "hostile": everything(HOSTILE),
        "strict": everything(HOSTILE, fail_on=Severity.INFO),
        "lenient": everything(HOSTILE, allow_undecided=True),
        "nothing": Report("azureml-2021-04", (SubjectReport("environment.yml", "environment"),)),
        "unreadable": Report("azureml-2021-04", (SubjectReport("gone", "image", error=HOSTILE),)),
        "real": real(),
    }


def real() -> Report:
    """What lint says of some of the cases."""
    known = catalog()
    options = LintOptions(load_profile(known, "azureml-2021-04"))
    names = [str(case.path.relative_to(ROOT)) for case in cases()[::25]]
    return Report("azureml-2021-04", tuple(lint_file(known, ROOT / name, name, options) for name in names))


REPORTS = reports()


@pytest.fixture(params=sorted(REPORTS))
def report(request: pytest.FixtureRequest) -> Report:
    return REPORTS[request.param]


# --- validity --------------------------------------------------------------------------------------------------------


def sarif_of(report: Report, name: str = "sarif-full") -> dict[str, Any]:
    log: dict[str, Any] = json.loads(formats.render(name, report))
    return log


@pytest.mark.parametrize("name", ["sarif", "sarif-full"])
def test_sarif_is_valid(report: Report, name: str) -> None:
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    schema["definitions"]["region"]["anyOf"] = [
        {"required": [key]} for key in ("startLine", "charOffset", "byteOffset")
    ]
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.Draft202012Validator(schema, format_checker=checker).validate(sarif_of(report, name))


def test_junit_is_valid(report: Report) -> None:
    xmlschema.XMLSchema(str(SCHEMAS / "junit-10.xsd")).validate(formats.render("junit", report))


def test_checkstyle_is_valid(report: Report) -> None:
    xmlschema.XMLSchema(str(SCHEMAS / "checkstyle.xsd")).validate(formats.render("checkstyle", report))


def test_gitlab_is_valid(report: Report) -> None:
    schema = json.loads((SCHEMAS / "gitlab-codequality.json").read_text(encoding="utf-8"))
    issues = json.loads(formats.render("gitlab", report))
    jsonschema.Draft7Validator(schema).validate(issues)
    assert len({issue["fingerprint"] for issue in issues}) == len(issues), "GitLab shows one of each fingerprint only"


@pytest.mark.parametrize("name", MACHINE)
def test_same_bytes_twice(name: str) -> None:
    once = formats.render(name, everything(HOSTILE))
    assert formats.render(name, everything(HOSTILE)) == once
    assert once.encode("utf-8").decode("utf-8") == once
    assert once.endswith("\n")
    assert "\r" not in once


# --- agreement with the exit code ------------------------------------------------------------------------------------


@pytest.mark.parametrize("severity", list(Severity))
@pytest.mark.parametrize("allow", [False, True])
@pytest.mark.parametrize("verdict", list(Verdict))
def test_junit_and_tap_fail_where_the_exit_code_does(verdict: Verdict, severity: Severity, allow: bool) -> None:
    report = only(verdict, severity, allow)
    code = exit_code(report)
    (case,) = junit_cases(report)
    assert any(isinstance(item, Failure | Error) for item in case.result) == (code != Exit.MET)
    assert any(isinstance(item, Error) for item in case.result) == (code == Exit.UNDECIDED)
    assert (not case.result) == (verdict is Verdict.MET), "a case passes only where a requirement is met"
    (test,) = tap_tests(report)
    assert (not test.ok and not test.todo) == (code != Exit.MET)


def test_junit_and_tap_agree_on_everything(report: Report) -> None:
    failing = exit_code(report) is not Exit.MET
    suites = JUnitXml.fromstring(formats.render("junit", report).encode())
    assert (suites.errors + suites.failures > 0) == failing
    assert any(not test.ok and not test.todo for test in tap_tests(report)) == failing
    assert suites.tests == len(tap_tests(report)) > 0


def junit_cases(report: Report) -> list[Any]:
    return [case for suite in JUnitXml.fromstring(formats.render("junit", report).encode()) for case in suite]


def tap_tests(report: Report) -> list[Any]:
    return [line for line in Parser().parse_text(formats.render("tap", report)) if line.category == "test"]


# --- read back -------------------------------------------------------------------------------------------------------


def test_junit_read_back() -> None:
    report = everything()
    suites = list(JUnitXml.fromstring(formats.render("junit", report).encode()))
    assert [suite.name for suite in suites] == [subject.subject for subject in report.subjects]
    first = suites[0]
    outcomes = {case.name: [type(item).__name__ for item in case.result] for case in first}
    assert outcomes["AML101 ubuntu"] == ["Failure"]
    assert outcomes["AML102 conda"] == []
    assert outcomes["AML103 python"] == ["Error"]
    assert outcomes["AML104 libfuse"] == ["Skipped"]
    assert outcomes["AML108 mpi"] == ["Skipped"], "what is waived does not count"
    assert outcomes["AML111 git"] == ["Skipped"], "a violation that is only a warning is no failure, and no pass either"
    assert outcomes["AML001 docker-refuses, line 3"] == ["Failure"]
    assert (first.tests, first.failures, first.errors, first.skipped) == (12, 2, 1, 8)
    assert [(case.name, case.result) for case in suites[1]] == [("readable", [])]
    assert isinstance(next(iter(suites[4])).result[0], Error)
    waived = next(case for case in first if case.name == "AML108 mpi")
    assert isinstance(waived.result[0], Skipped)
    assert "until 2027-01-01" in waived.result[0].message
    failed = next(case for case in first if case.name == "AML101 ubuntu").result[0]
    assert f"at {PATH}:1:7" in failed.text
    assert "1 | ARG V=14.04" in failed.text
    assert "because of sub dir/Docker file:1,é.Dockerfile:2: ubuntu:${V} (base image)" in failed.text


@pytest.mark.parametrize("name", ["junit", "checkstyle"])
def test_xml_holds_what_xml_cannot(name: str) -> None:
    root = ElementTree.fromstring(formats.render(name, everything(HOSTILE)))
    told = [value for item in root.iter() for value in (item.get("message"), item.text) if value and "octocat" in value]
    assert told
    for text in told:
        assert "100% %25 %0A %AZP25 a:b,c;d]e \"q\" 'r' ünï 日本 😀" in text
        assert "<script>alert(1)</script>" in text
        assert "##vso[task.setvariable variable=x;]y" in text, "it reads as it did"
        assert xml(text) == text
    assert all(item.tag != "script" for item in root.iter())


def test_tap_read_back() -> None:
    text = formats.render("tap", everything(HOSTILE))
    lines = list(Parser().parse_text(text))
    count = next(line.expected_tests for line in lines if line.category == "plan")
    assert [line.number for line in lines if line.category == "test"] == list(range(1, count + 1))
    assert {line.category for line in lines} == {"version", "plan", "diagnostic", "test"}
    blocks = [line.yaml_block for line in lines if line.category == "test" and line.yaml_block is not None]
    assert len(blocks) == count - 1, "all but the one that does not apply"
    for data in blocks:
        hostile = "a:b,c;d]e \"q\" 'r' ünï 日本 😀\n::error file=x" in data["message"]
        assert hostile or data["message"] == "there is nothing to say about it"
        assert data["severity"] in ("fail", "comment")


def test_prove_reads_tap(tmp_path: Path) -> None:
    """Perl's, the reference of TAP; it is on most Linux systems, and on all that run these tests in CI."""
    prove = shutil.which("prove")
    if prove is None:
        lacking("no prove (Debian's package perl)")
    for name, report in REPORTS.items():
        file = tmp_path / f"{name}.tap"
        file.write_text(formats.render("tap", report), encoding="utf-8")
        done = subprocess.run([prove, "--exec", "cat", str(file)], capture_output=True, text=True, check=False)
        assert (done.returncode != 0) == (exit_code(report) is not Exit.MET), done.stdout
        assert "Parse errors" not in done.stdout, done.stdout


def test_gitlab_and_checkstyle_read_back() -> None:
    issues = json.loads(formats.render("gitlab", everything()))
    found = Counter((issue["check_name"], issue["severity"]) for issue in issues)
    assert found[("AML101", "critical")] == 3
    assert found[("AML103", "major")] == 3
    assert found[("unreadable", "blocker")] == 1
    assert found[("AML302", "info")] == 1
    assert not [issue for issue in issues if issue["check_name"] in ("AML102", "AML104", "AML108", "AML107")]
    multi = next(issue for issue in issues if issue["check_name"] == "AML302" and issue["severity"] == "minor")
    assert multi["location"] == {"path": PATH, "lines": {"begin": 3, "end": 4}}
    root = ElementTree.fromstring(formats.render("checkstyle", everything()))
    files = {file.get("name"): list(file) for file in root}
    assert files["environment.yml"] == []
    assert [error.get("source") for error in files["gone.Dockerfile"]] == ["amlcheck.unreadable"]
    first = files[PATH][0]
    assert (first.get("line"), first.get("column"), first.get("severity")) == ("1", "7", "error")


# --- SARIF -----------------------------------------------------------------------------------------------------------


def results(report: Report, name: str = "sarif-full") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sarif_of(report, name)["runs"][0]["results"]
    return found


def test_sarif_is_what_is_open_and_the_full_one_is_everything() -> None:
    """GitHub makes an alert of every result, whatever its kind and its suppressions say."""
    kinds = Counter((item["kind"], item["level"]) for item in results(everything(), "sarif"))
    assert kinds == {("fail", "error"): 4, ("fail", "warning"): 5, ("fail", "note"): 1, ("open", "none"): 3}
    assert not [item for item in results(everything(), "sarif") if "suppressions" in item]
    full = Counter(item["kind"] for item in results(everything()))
    assert full == {"fail": 12, "open": 4, "pass": 3, "notApplicable": 1}
    accepted = results(everything(allow_undecided=True), "sarif")
    assert {item["kind"] for item in accepted} == {"fail"}, "what is accepted as undecided is no alert"


def test_sarif_suppressions() -> None:
    found = {item["ruleId"]: item for item in results(everything()) if "suppressions" in item}
    (ignored,) = found["AML108"]["suppressions"]
    assert (ignored["kind"], ignored["status"]) == ("inSource", "accepted")
    assert ignored["justification"] == "agreed: says something (until 2027-01-01)"
    assert ignored["location"]["physicalLocation"]["region"]["startLine"] == 3
    (known,) = found["AML107"]["suppressions"]
    assert (known["kind"], known["justification"]) == ("external", "was there before")


def test_every_result_has_a_place_and_its_rule() -> None:
    run = sarif_of(everything(HOSTILE))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    for item in run["results"]:
        (place,) = item["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"]
        assert place["physicalLocation"]["region"]["startLine"] >= 1
        assert rules[item["ruleIndex"]]["id"] == item["ruleId"]
        assert item["partialFingerprints"][sarif.FINGERPRINT]
        assert item["message"]["text"]
        assert "](" not in item["message"]["text"], "nothing becomes a link"


def test_rules_carry_their_whole_pages() -> None:
    rules = {rule["id"]: rule for rule in sarif_of(everything())["runs"][0]["tool"]["driver"]["rules"]}
    rule, page = rules["AML103"], (ROOT / "docs" / "rules" / "AML103.md").read_text(encoding="utf-8")
    assert rule["help"]["markdown"] in page
    assert "## Bad" in rule["help"]["text"]
    assert rule["helpUri"].startswith("https://")
    assert rule["defaultConfiguration"] == {"enabled": True, "level": "error"}
    assert rule["name"] == "Python"
    assert len(rule["fullDescription"]["text"]) <= 1024
    assert rules["XYZ999"]["help"]["text"], "also a rule that the catalogue does not have"


def test_all_rules_can_be_described() -> None:
    from amlcheck.report import sarif_rules

    for rule in catalog().rules:
        described = sarif_rules._descriptor(rule.id)
        assert len(described["shortDescription"]["text"]) <= 1024
        assert len(described["fullDescription"]["text"]) <= 1024
        assert described["helpUri"].startswith("https://")
        assert described["name"].isalnum()


def text_at(region: dict[str, Any], lines: list[str]) -> str:
    """The words of a region, by SARIF's definition: lines and columns count from 1, the end is exclusive."""
    chosen = lines[region["startLine"] - 1 : region["endLine"]]
    chosen[-1] = chosen[-1][: region["endColumn"] - 1]
    chosen[0] = chosen[0][region["startColumn"] - 1 :]
    return "\n".join(chosen)


def test_regions_are_exact_in_code_points() -> None:
    run = sarif_of(everything())["runs"][0]
    assert run["columnKind"] == "unicodeCodePoints"
    item = next(item for item in run["results"] if item["ruleId"] == "AML001")
    region = item["locations"][0]["physicalLocation"]["region"]
    assert text_at(region, TEXT.split("\n")) == "日本😀"[:3] == region["snippet"]["text"]


def test_regions_of_real_files_name_their_words() -> None:
    found = 0
    for item in results(real()):
        physical = item["locations"][0]["physicalLocation"]
        region = physical["region"]
        if "snippet" in region:
            lines = (ROOT / physical["artifactLocation"]["uri"]).read_text(encoding="utf-8").split("\n")
            assert text_at(region, lines) == region["snippet"]["text"]
            found += 1
    assert found > 50


def test_uris_are_relative_and_encoded() -> None:
    run = sarif_of(everything())["runs"][0]
    artifact = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": "sub%20dir/Docker%20file%3A1%2C%C3%A9.Dockerfile", "uriBaseId": "%SRCROOT%"}
    assert "uri" not in run["originalUriBaseIds"]["%SRCROOT%"], "where the checkout stands is nobody's business"
    images = [item for item in run["results"] if item["properties"]["kind"] == "image"]
    assert images[0]["locations"][0]["physicalLocation"]["artifactLocation"] == {
        "uri": "registry.example.com/team/image%3A1"
    }


def test_what_is_about_images_has_logical_places() -> None:
    item = next(item for item in results(everything()) if item["properties"]["kind"] == "image")
    names = [(place["kind"], place["fullyQualifiedName"]) for place in item["locations"][0]["logicalLocations"]]
    image_name = "registry.example.com/team/image:1"
    assert names == [("image", image_name), ("file", f"{image_name}!/etc/os-release")]
    assert item["properties"]["evidence"][1] == "Env.PATH of its config: says something"
    scored = next(item for item in results(everything()) if item["properties"]["kind"] == "deployment")
    assert scored["locations"][0]["logicalLocations"][0]["kind"] == "deployment"


def test_chains_are_code_flows_in_the_order_of_cause() -> None:
    item = results(everything())[0]
    steps = item["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["message"]["text"] for step in steps] == ["ARG V", "base image"]
    assert [step["location"]["physicalLocation"]["region"]["startLine"] for step in steps] == [1, 2]
    assert [place["message"]["text"] for place in item["relatedLocations"]] == ["base image"]


def test_fixes_are_edits() -> None:
    (fix,) = results(everything())[0]["fixes"]
    assert fix["description"]["text"] == "pin the tag to 20.04"
    (change,) = fix["artifactChanges"]
    first, second = change["replacements"]
    lines = TEXT.split("\n")
    assert (text_at(first["deletedRegion"], lines), first["insertedContent"]["text"]) == ("14.04", "20.04")
    assert (text_at(second["deletedRegion"], lines), second["insertedContent"]["text"]) == ("", "-x ")


def test_fingerprints_survive_moved_lines(tmp_path: Path) -> None:
    known = catalog()
    options = LintOptions(load_profile(known, "azureml-2021-04"))
    path = next((CASES / "unpinned-versions").glob("bad-*.Dockerfile"))
    before = lint_file(known, path, "Dockerfile", options)
    moved = tmp_path / "Dockerfile"
    moved.write_text("# one\n# two\n\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    after = lint_file(known, moved, "Dockerfile", options)
    assert before.findings[0].location != after.findings[0].location
    prints = [
        [item["partialFingerprints"][sarif.FINGERPRINT] for item in results(Report("p", (subject,)))]
        for subject in (before, after)
    ]
    assert prints[0] == prints[1]
    assert len(set(prints[0])) == len(prints[0])


def test_unreadable_is_a_notification_and_the_exit_code_is_told() -> None:
    (invocation,) = sarif_of(everything())["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 2
    told = [item for item in invocation["toolExecutionNotifications"] if item["level"] == "error"]
    assert told[0]["message"]["text"] == "gone.Dockerfile: says something"
    assert told[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "gone.Dockerfile"
    (violated,) = sarif_of(only(Verdict.VIOLATED))["runs"][0]["invocations"]
    assert (violated["executionSuccessful"], violated["exitCode"]) == (True, 1)


# --- paths -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    return tmp_path


@pytest.mark.parametrize("name", ["GITHUB_WORKSPACE", "BUILD_SOURCESDIRECTORY", "CI_PROJECT_DIR"])
def test_paths_are_relative_to_the_checkout(name: str, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, str(checkout))
    assert paths.naming()("Dockerfile") == "sub/Dockerfile"
    assert paths.naming()("../Dockerfile") == "Dockerfile"
    assert paths.naming()(str(checkout / "Dockerfile")) == "Dockerfile"
    assert paths.naming()("/elsewhere/Dockerfile") == "/elsewhere/Dockerfile"
    assert paths.uri(paths.naming()("/else where/Dockerfile")) == "file:///else%20where/Dockerfile"


def test_paths_are_relative_to_the_repository(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (checkout / ".git").mkdir()
    assert paths.naming()("Dockerfile") == "sub/Dockerfile"
    monkeypatch.setenv("GITHUB_WORKSPACE", "/elsewhere")
    assert paths.naming()("Dockerfile") == "sub/Dockerfile", "a checkout that we are not in says nothing"


def test_paths_through_a_link(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = checkout.parent / f"{checkout.name}-link"
    link.symlink_to(checkout)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(link))
    assert paths.naming()("Dockerfile") == "sub/Dockerfile"


# --- many ------------------------------------------------------------------------------------------------------------


def many(count: int) -> Report:
    subjects = tuple(dockerfile(f"number {number}", f"{number}/Dockerfile") for number in range(count))
    return Report("azureml-2021-04", (*subjects, image()))


@pytest.mark.parametrize("name", MACHINE)
def test_many_subjects(name: str) -> None:
    assert formats.render(name, many(60))


def emitted(text: str, start: str) -> Iterator[str]:
    return (line for line in text.splitlines() if line.startswith(start))


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("github", "::{}".format),
        ("azure-pipelines", "##vso[task.logissue type={}".format),
    ],
)
def test_no_more_annotations_than_a_step_may_have(name: str, start: Callable[[str], str]) -> None:
    """The gravest are shown, the tenth counts the others, and these stand in the log."""
    text = formats.render(name, many(30))
    for level in ("error", "warning"):
        shown = list(emitted(text, start(level)))
        assert len(shown) == 10
        assert " more " in shown[-1]
        left = len(list(emitted(text, f"  {level}: ")))
        assert f"{left} more" in shown[-1]
    few = formats.render(name, many(1))
    assert " more " not in few


def test_python_only_what_it_needs() -> None:
    """No machine format loads what draws on terminals or speaks to engines."""
    code = (
        "import sys; from formats_support import everything; from amlcheck.report import formats\n"
        "for name in formats.MACHINE:\n    if name != 'html': formats.render(name, everything())\n"
        "print([name for name in ('rich', 'docker', 'requests', 'pytest', 'testinfra') if name in sys.modules])"
    )
    path = f"{ROOT / 'checker'}:{ROOT / 'tests'}"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": path}, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr
