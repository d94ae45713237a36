"""What the configuration says of single paths, rules chosen for one run, and severities, for every command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from amlcheck.catalog import catalog
from amlcheck.cli import main
from amlcheck.config import Config
from amlcheck.policy.per_path import patterns_for

TEXT = "FROM python:3.8-slim\nRUN pip install flask\n"


@pytest.fixture(autouse=True)
def _the_same_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMLCHECK_TODAY", "2026-11-21")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three Dockerfiles below the working directory."""
    for name in ("serving", "training", "training/legacy"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lint(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The subjects of a run by their names."""
    main(["lint", *arguments, "--format", "json"])
    data = json.loads(capsys.readouterr().out)
    return {subject["subject"]: subject for subject in data["subjects"]}


def expected(subject: dict[str, Any], requirement: str) -> str | None:
    found: str | None = next(item for item in subject["verdicts"] if item["requirement"] == requirement)["expected"]
    return found


def rules(subject: dict[str, Any]) -> set[str]:
    return {item["rule"] for item in subject["findings"]}


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("training", "training/Dockerfile", True),
        ("training/", "training/legacy/Dockerfile", True),
        ("./training/*", "training/legacy/Dockerfile", True),
        ("training/*", "training/Dockerfile", True),
        ("training", "training2/Dockerfile", False),
        ("training", "serving/training/Dockerfile", False),
        ("**/Dockerfile", "Dockerfile", True),
        ("**/training", "serving/training/Dockerfile", True),
        ("*.gpu", "a/Dockerfile.gpu", True),
        ("*.gpu", "a/Dockerfile.GPU", False),
        ("training/Dockerfile", "training/Dockerfile", True),
        ("../training/*", "training/Dockerfile", False),
        ("[st]raining/*", "training/Dockerfile", True),
    ],
)
def test_patterns(pattern: str, path: str, matches: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config(tmp_path / "amlcheck.toml", {"per-path": {pattern: {}}})
    wanted = (pattern,) if matches else ()
    monkeypatch.chdir(tmp_path)
    assert patterns_for(config, path) == wanted
    assert patterns_for(config, str(tmp_path / path)) == wanted
    (tmp_path / "serving").mkdir()
    monkeypatch.chdir(tmp_path / "serving")
    assert patterns_for(config, f"../{path}") == wanted
    assert patterns_for(config, "-") == ()


def test_other_things_are_asked_there(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("amlcheck.toml").write_text(
        """
        require = ["git"]
        build-args = { A = "1" }
        [rules]
        AML302 = "error"
        [per-path.training]
        profile = "azureml-2020-03"
        require = ["mpi"]
        rules = { unpinned-versions = "info", AML207 = "off" }
        [per-path."training/legacy"]
        rules = { AML302 = "off" }
        user-managed = true
        flavour = "openmpi-cpu"
        """
    )
    found = lint(capsys)
    serving, training, legacy = (found[f"{name}/Dockerfile"] for name in ("serving", "training", "training/legacy"))
    assert expected(serving, "python") == ">=3.6"
    assert expected(training, "python") == expected(legacy, "python") != ">=3.6"
    assert [expected(item, "git") for item in (serving, training, legacy)] == ["present"] * 3
    assert expected(serving, "mpi") is None or expected(serving, "mpi") != "present"
    assert expected(training, "mpi") == expected(legacy, "mpi") == "present"
    assert rules(serving) == {"AML302", "AML207"}
    assert rules(training) == {"AML302"}
    assert training["findings"][0]["severity"] == "info"
    assert rules(legacy) == set()
    assert "notes" not in serving
    assert training["notes"] == ["judged by the profile azureml-2020-03, as [per-path] says of it"]
    assert legacy["notes"] == ["judged by the profile azureml-2020-03 with openmpi-cpu, as [per-path] says of it"]


def test_the_command_line_counts_before_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("amlcheck.toml").write_text('[per-path.training]\nprofile = "azureml-2020-03"\n')
    found = lint(capsys, "--profile", "azureml-2021-04")
    assert {expected(subject, "python") for subject in found.values()} == {">=3.6"}


def test_many_files_are_checked_in_processes_of_their_own(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(40):
        folder = project / ("training" if number % 2 else "serving") / str(number)
        folder.mkdir()
        (folder / "Dockerfile").write_text(TEXT)
    Path("amlcheck.toml").write_text('[per-path."training/*"]\nrules = { AML302 = "off" }\n')
    found = lint(capsys)
    assert len(found) == 43
    for name, subject in found.items():
        assert ("AML302" in rules(subject)) is name.startswith("serving")


def test_paths_in_it_start_at_its_own_folder(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = project / "settings"
    settings.mkdir()
    (settings / "ours.toml").write_text('extends = "azureml-2020-03"\n[requires.python]\naccepts = "3.11"\n')
    (project / "context").mkdir()
    (project / "context" / "list.txt").write_text("numpy\n")
    (project / "training" / "Dockerfile").write_text("FROM python:3.8\nCOPY list.txt .\nRUN pip install -r list.txt\n")
    (settings / "amlcheck.toml").write_text('[per-path."../training"]\nprofile = "ours.toml"\ncontext = "../context"\n')
    found = lint(capsys, "--config", "settings/amlcheck.toml")
    assert expected(found["training/Dockerfile"], "python") == "3.11"
    assert any("numpy" in item["message"] for item in found["training/Dockerfile"]["findings"])
    assert expected(found["serving/Dockerfile"], "python") == ">=3.6"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[per-path."x"]\nprofil = "y"\n', ":2: unknown key 'profil'; did you mean 'profile'?"),
        (
            '[per-path."x"]\n\nfail-on = "info"\n',
            ":3: 'fail-on' is said of the whole run, and cannot be said of single paths",
        ),
        ('[per-path]\nprofile = "x"\n', ":2: per-path: 'profile' must be a table: [per-path.\"profile\"]"),
        ('per-path = "x"\n', ":1: per-path must be a table"),
        ("[per-path.x]\ndatasets = 1\n", ":2: datasets must be true or false"),
        (
            'profile = "azureml-v2"\n[per-path.x]\nprofile = "azureml-v3"\n',
            ":2: [per-path.\"x\"]: no profile 'azureml-v3'",
        ),
        (
            '\n[per-path."a/*"]\nrules = { AML999 = "off" }\n',
            ":2: [per-path.\"a/*\"]: [rules]: there is no rule 'AML999'",
        ),
        ('[per-path.x]\nrules = { AML302 = "loud" }\n', ":1: [per-path.\"x\"]: [rules] AML302: 'loud' is no severity"),
        ('[per-path.x]\nrequire = ["pyhton"]\n', ":1: [per-path.\"x\"]: require 'pyhton': 'pyhton' is no requirement"),
        ('[per-path.x]\ncontext = "gone"\n', "gone: the build context is not a folder"),
        ('\n[rules]\n# x\nAML302 = "loud"\n', ":4: [rules] AML302: 'loud' is no severity"),
        ('[rules]\nAML302 = "off"\nAML999 = "off"\n', ":3: [rules]: there is no rule 'AML999'"),
        ('x = 1\nfail-on = "all"\n', ":1: unknown key 'x'"),
        ('\nfail-on = "all"\n', ":2: fail-on: 'all' is no severity; it is error, warning, info or never"),
        ("[build-args]\nA = 1\n", ":2: build-args: A must be a string"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    text: str, says: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whether or not a file matches."""
    Path("amlcheck.toml").write_text(text)
    assert main(["lint"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert says in err
    assert "amlcheck.toml" in err


def test_lines_are_found_in_pyproject_too(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("pyproject.toml").write_text(
        '[project]\nname = "x"\nprofil = 1\n[tool.amlcheck]\ndatasets = true\n[tool.amlcheck.per-path."a/*"]\nprofil = "x"\n'
    )
    assert main(["lint"]) == 2
    assert "pyproject.toml:7: unknown key 'profil'" in capsys.readouterr().err


def test_a_configuration_further_down_is_told_of(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("training/amlcheck.toml").write_text('profile = "azureml-2020-03"\n')
    assert main(["lint"]) == 1
    assert "training/amlcheck.toml: not read, as it is not at or above" in " ".join(capsys.readouterr().out.split())
    Path("amlcheck.toml").write_text("")
    for arguments, told in (([], True), (["serving"], False), (["training/legacy"], True), (["--no-config"], False)):
        main(["lint", *arguments])
        out = " ".join(capsys.readouterr().out.split())
        assert ("training/amlcheck.toml: not read, as the configuration is" in out) is told


# --- rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "judged", "found"),
    [
        (["--select", "AML103"], {"python"}, set()),
        (["--select", "python,AML302"], {"python"}, {"AML302"}),
        (["--select", "AML2"], set(), {"AML207"}),
        (["--select", "AML2", "--select", "conda"], {"conda"}, {"AML207"}),
        (["--select", "AML2,AML3", "--ignore", "AML207"], set(), {"AML302"}),
        (["--ignore", "AML1"], set(), {"AML207", "AML302"}),
        (
            ["--ignore", "aml3, python-end-of-life"],
            {"ubuntu", "conda", "python", "azureml-defaults", "inference-server"},
            set(),
        ),
        (["--ignore", "AML"], set(), set()),
    ],
)
def test_rules_of_one_run(
    arguments: list[str], judged: set[str], found: set[str], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subject = lint(capsys, "serving", *arguments)["serving/Dockerfile"]
    assert {item["requirement"] for item in subject["verdicts"] if item["verdict"] != "not-applicable"} == judged
    assert rules(subject) == found


def test_what_is_selected_is_asked_although_it_is_off(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("amlcheck.toml").write_text('[rules]\nAML302 = "off"\nAML103 = "off"\n')
    assert rules(lint(capsys, "serving")["serving/Dockerfile"]) == {"AML207"}
    assert rules(lint(capsys, "serving", "--select", "AML302")["serving/Dockerfile"]) == {"AML302"}
    assert rules(lint(capsys, "serving", "--select", "AML3")["serving/Dockerfile"]) == set()
    assert expected(lint(capsys, "serving", "--select", "python")["serving/Dockerfile"], "python") == ">=3.6"


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("--select=AML999", "--select 'AML999': there is no such rule"),
        ("--ignore=pyhton", "--ignore 'pyhton': there is no such rule; did you mean python?"),
        ("--ignore=", "--ignore '': there is no such rule"),
        ("--select=AML9", "--select 'AML9': there is no such rule"),
    ],
)
def test_rules_that_do_not_exist(option: str, says: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", option]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "text", "code"),
    [
        ([], "FROM ubuntu:14.04\n", 1),
        (["--fail-on", "never"], "FROM ubuntu:14.04\n", 0),
        (["--fail-on", "never"], "FROM registry.example.com/x:1\n", 0),
        (["--fail-on", "never"], None, 2),
    ],
)
def test_fail_on_never(
    arguments: list[str], text: str | None, code: int, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        Path("own.Dockerfile").write_text(text)
    assert main(["lint", "own.Dockerfile", *arguments]) == code
    assert ("FAIL" in capsys.readouterr().out) is (text == "FROM ubuntu:14.04\n")
    Path("amlcheck.toml").write_text('fail-on = "never"\n')
    assert main(["lint", "own.Dockerfile"]) == (2 if text is None else 0)


ENVIRONMENT = (
    "name: x\nchannels: [conda-forge]\ndependencies:\n  - python=3.8\n  - pip\n  - pip:\n    - azureml-defaults\n"
)


@pytest.mark.parametrize(("severity", "code"), [("error", 1), ("warning", 0), ("info", 0), ("off", 0)])
@pytest.mark.parametrize("name", ["Dockerfile", "environment.yml"])
def test_severities_hold_for_findings_of_both(
    name: str,
    severity: str,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    rule = "AML302" if name == "Dockerfile" else "AML619"
    text = "FROM python:3.12\nRUN pip install flask\n" if name == "Dockerfile" else ENVIRONMENT
    Path(name).write_text(text)
    Path("amlcheck.toml").write_text(f'[rules]\n{rule} = "{severity}"\n')
    options = ["--allow-undecided", "--ignore", "AML1", "--format", "json"]
    assert main(["lint", name, *options]) == code
    (subject,) = json.loads(capsys.readouterr().out)["subjects"]
    found = {item["severity"] for item in subject["findings"] if item["rule"] == rule}
    assert found == (set() if severity == "off" else {severity})


@pytest.mark.parametrize(("severity", "code"), [("error", 1), ("warning", 0), ("info", 0), ("off", 0)])
def test_severities_hold_for_images(
    severity: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder as an image: its system is too old; a requirement's rule and a finding that only images have."""
    monkeypatch.chdir(tmp_path)
    etc = tmp_path / "root" / "etc"
    etc.mkdir(parents=True)
    (etc / "os-release").write_text('ID=ubuntu\nVERSION_ID="14.04"\n')
    others = [rule.id for rule in catalog().rules if rule.id != "AML101" and rule.subject == "dockerfile"]
    off = "".join(f'{rule} = "off"\n' for rule in others)
    Path("amlcheck.toml").write_text(f'[rules]\n{off}AML101 = "{severity}"\n')
    arguments = ["probe", "rootfs:root", "--execute", "never", "--format", "json"]
    assert main(arguments) == code
    (subject,) = json.loads(capsys.readouterr().out)["subjects"]
    verdicts = {item["rule"]: item for item in subject["verdicts"] if item["verdict"] != "not-applicable"}
    assert set(verdicts) == (set() if severity == "off" else {"AML101"})
    if severity == "error":
        assert main([*arguments, "--write-baseline", "base.json"]) == 0
        assert main([*arguments, "--baseline", "base.json"]) == 0
        data = json.loads(Path("base.json").read_text())
        assert [(item["subject"], item["kind"], item["rule"]) for item in data["entries"]] == [
            ("rootfs:root", "image", "AML101")
        ]
