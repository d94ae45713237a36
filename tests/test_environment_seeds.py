"""The seeds' own inference config and SDK snippets, exactly as printed, and the sample Dockerfile below them.

The documents: "Deploy a model using a custom Docker base image", 2020-03 to 2021-04 (tests/seeds/).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from amlcheck.model import Fact, Finding, Origin, SubjectReport, Verdict
from environment_cases import check
from support import ROOT, findings, judgement, words_at

SEEDS = ROOT / "tests" / "seeds"
JSON = (SEEDS / "inferenceconfig.json").read_text(encoding="utf-8")
PUBLIC = (SEEDS / "public_image.py").read_text(encoding="utf-8")
PRIVATE = (SEEDS / "private_image.py").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "examples" / "azureml-2021-04" / "Dockerfile").read_text(encoding="utf-8")


def where(report: SubjectReport, rule: str) -> tuple[int, int, str]:
    """Line, column and words of the one finding of a rule."""
    (found,) = findings(report, rule)
    assert found.location is not None
    return found.location.line, found.location.column, words_at(report, found.location)


def test_the_printed_inference_config(tmp_path: Path) -> None:
    report = check({"inferenceconfig.json": JSON, "score.py": "def init(): ...\ndef run(data): ...\n"}, tmp_path)
    assert where(report, "AML604") == (8, 24, "false")
    assert where(report, "AML615") == (23, 29, "3.6.2")
    assert where(report, "AML619") == (26, 30, "azureml-defaults")
    assert where(report, "AML617") == (25, 26, "pip")
    assert {item.rule for item in report.findings} == {"AML604", "AML615", "AML617", "AML619"}


def test_the_printed_inference_config_of_2020_03(tmp_path: Path) -> None:
    """It names the same image without a tag."""
    text = (SEEDS / "inferenceconfig-2020-03.json").read_text(encoding="utf-8")
    report = check({"inferenceconfig.json": text, "score.py": "def init(): ...\ndef run(data): ...\n"}, tmp_path)
    assert where(report, "AML608")[:2] == (7, 27)
    assert {item.rule for item in report.findings} == {"AML604", "AML608", "AML615", "AML617", "AML619"}


def test_the_printed_snippet_of_2020_03(tmp_path: Path) -> None:
    report = check({"env.py": (SEEDS / "public_image_2020_03.py").read_text(encoding="utf-8")}, tmp_path)
    assert where(report, "AML608")[:2] == (6, 28)
    assert [item.rule for item in report.findings] == ["AML608"]


def test_the_printed_snippet_of_a_public_image_has_no_fault(tmp_path: Path) -> None:
    report = check({"env.py": PUBLIC}, tmp_path)
    assert report.findings == ()
    assert report.about == {"states": "Python script"}


def test_the_printed_snippet_of_a_private_image(tmp_path: Path) -> None:
    report = check({"env.py": PRIVATE}, tmp_path)
    assert where(report, "AML607") == (4, 46, "password")
    assert where(report, "AML619") == (12, 28, "azureml-defaults")
    assert {item.rule for item in report.findings} == {"AML607", "AML619"}


def test_both_snippets_in_one_file(tmp_path: Path) -> None:
    report = check({"env.py": PUBLIC + PRIVATE}, tmp_path)
    lines = PUBLIC.count("\n")
    assert where(report, "AML607") == (lines + 4, 46, "password")
    assert where(report, "AML619") == (lines + 12, 28, "azureml-defaults")
    assert where(report, "AML606")[2] == "address"  # a login, and an image that needs none


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("env.py", PRIVATE.replace("myregistry.azurecr.io", "myregistry.azureecr.io"), (2, 45)),
        (
            "inferenceconfig.json",
            JSON.replace("mcr.microsoft.com/azureml", "myregistry.azureecr.io/azureml"),
            (7, 27),
        ),
    ],
    ids=["snippet", "inference config"],
)
def test_the_mistyped_host_of_the_documents(name: str, text: str, place: tuple[int, int], tmp_path: Path) -> None:
    """The prose has `myregistry.azureecr.io` for the registry's address."""
    report = check({name: text, "score.py": "def init(): ...\ndef run(data): ...\n"}, tmp_path)
    line, column, words = where(report, "AML605")
    assert ((line, column), words.partition("/")[0]) == (place, "myregistry.azureecr.io")
    assert "myregistry.azurecr.io" in findings(report, "AML605")[0].message


@pytest.fixture
def deployed(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "inferenceconfig.json").write_text(JSON)
    (tmp_path / "score.py").write_text("def init(): ...\ndef run(data): ...\n")
    return tmp_path


def lint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT / "checker")}
    command = [sys.executable, "-m", "amlcheck", "lint", "--no-config", *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=120)


def subjects(folder: Path, *arguments: str) -> dict[str, dict[str, object]]:
    import json

    done = lint(folder, "--format", "json", *arguments)
    assert done.stderr == ""
    return {item["subject"]: item for item in json.loads(done.stdout)["subjects"]}


@pytest.mark.parametrize(
    "arguments",
    [(), ("--environment", "inferenceconfig.json", "Dockerfile"), (".", "--environment", "inferenceconfig.json")],
)
def test_image_and_environment_are_one_deployment(arguments: tuple[str, ...], deployed: Path) -> None:
    found = subjects(deployed, *arguments)
    dockerfile, environment = found["Dockerfile"], found["inferenceconfig.json"]
    verdicts = {item["requirement"]: item for item in dockerfile["verdicts"]}  # type: ignore[attr-defined]
    defaults = verdicts["azureml-defaults"]
    assert defaults["verdict"] == "met"
    witness = defaults["witnesses"][-1]
    assert witness["origin"] == "environment"
    assert (witness["evidence"][0]["path"], witness["evidence"][0]["line"]) == ("inferenceconfig.json", 26)
    assert verdicts["python"]["found"] == "3.6.2"
    (conflict,) = [item for item in environment["findings"] if item["rule"] == "AML616"]  # type: ignore[attr-defined]
    assert "3.6.2" in conflict["message"]
    assert "3.7" in conflict["message"]
    assert conflict["location"]["line"] == 23
    assert ("Dockerfile", 4, "3.7") in [(item["path"], item["line"], item["text"]) for item in conflict["related"]]
    assert any("inferenceconfig.json" in note for note in dockerfile["notes"])  # type: ignore[attr-defined]
    assert any("Dockerfile" in note for note in environment["notes"])  # type: ignore[attr-defined]


def test_the_text_shows_both_places(deployed: Path) -> None:
    shown = lint(deployed).stdout
    assert "--> inferenceconfig.json:23:" in shown
    assert "--> Dockerfile:4:20" in shown
    assert "judged together with inferenceconfig.json" in shown


def test_the_dockerfile_alone_has_no_such_witness(deployed: Path) -> None:
    (dockerfile,) = subjects(deployed, "Dockerfile").values()
    origins = [item["origin"] for verdict in dockerfile["verdicts"] for item in verdict["witnesses"]]  # type: ignore[attr-defined]
    assert set(origins) == {"static"}


def test_the_environment_alone_is_judged_on_the_image_it_names(tmp_path: Path) -> None:
    report = check({"inferenceconfig.json": JSON, "score.py": "def init(): ...\ndef run(data): ...\n"}, tmp_path)
    python = judgement(report, "python")
    assert (python.verdict, python.found) == (Verdict.MET, "3.6.2")
    assert python.witnesses[-1].origin is Origin.ENVIRONMENT
    assert isinstance(python.witnesses[-1].testimony, Fact)


def test_findings_are_values(tmp_path: Path) -> None:
    report = check({"env.py": PRIVATE}, tmp_path)
    assert all(
        isinstance(item, Finding) and "password" not in item.message.split("'")[1::2] for item in report.findings
    )


def test_all_printed_snippets_as_one_program(tmp_path: Path) -> None:
    """Environment, private registry, InferenceConfig and LocalWebservice, one after the other, as the page has them."""
    rest = [(SEEDS / name).read_text(encoding="utf-8") for name in ("inference_config.py", "local_service.py")]
    report = check({"deploy.py": "".join([PUBLIC, PRIVATE, *rest])}, tmp_path)
    assert report.about == {"states": "Python script, deployment config"}
    assert {item.rule for item in report.findings} == {"AML606", "AML607", "AML619"}
    assert {item.component for item in report.judgements} >= {"python", "azureml-defaults"}
