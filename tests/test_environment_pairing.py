"""Which files of a folder belong together, what a run says of them, and that a plain Dockerfile costs nothing more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import ROOT

DEPLOYMENT = """\
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: model
instance_type: Standard_DS3_v2
code_configuration:
  code: src
  scoring_script: score.py
environment:
  build: {path: context}
  conda_file: conda.yml
"""
CONDA = """\
channels: [conda-forge]
dependencies:
  - python=3.12
  - pip=24.0
  - pip:
      - azureml-inference-server-http==1.5.1
"""
SCRIPT = "def init(): ...\n\n\ndef run(data): ...\n"


def lint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT / "checker")}
    command = [sys.executable, "-m", "amlcheck", "lint", "--no-config", *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=120)


def subjects(folder: Path, *arguments: str) -> dict[str, dict[str, object]]:
    done = lint(folder, "--format", "json", *arguments)
    assert done.stderr == ""
    return {item["subject"]: item for item in json.loads(done.stdout)["subjects"]}


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def deployed(tmp_path: Path) -> Path:
    files = {"deployment.yml": DEPLOYMENT, "conda.yml": CONDA, "src/score.py": SCRIPT}
    write(tmp_path, **files, **{"context/Dockerfile": "FROM python:3.12-slim\n"})
    return tmp_path


def test_what_a_deployment_names_belongs_to_it(deployed: Path) -> None:
    found = subjects(deployed)
    assert set(found) == {"context/Dockerfile", "deployment.yml"}  # the others are judged in the deployment
    assert found["context/Dockerfile"]["notes"] == ["judged together with deployment.yml"]
    notes = str(found["deployment.yml"]["notes"])
    for words in ("Dockerfile context/Dockerfile", "conda file conda.yml", "entry script src/score.py", "line 7 names"):
        assert words in notes


def test_a_conda_file_alone_is_a_subject(tmp_path: Path) -> None:
    write(tmp_path, **{"environment.yaml": CONDA, "data.json": '{"a": 1}', "other.yml": "a: 1\n"})
    assert list(subjects(tmp_path)) == ["environment.yaml"]


def test_two_environments_beside_a_dockerfile_are_not_guessed_at(tmp_path: Path) -> None:
    text = '{"entryScript": "score.py", "environment": {"name": "a"}}'
    write(tmp_path, Dockerfile="FROM ubuntu:22.04\n", **{"a.json": text, "b.json": text, "score.py": SCRIPT})
    found = subjects(tmp_path)
    assert "notes" not in found["Dockerfile"]
    assert set(found) == {"Dockerfile", "a.json", "b.json"}


def test_what_several_deployments_share_is_said_once(tmp_path: Path) -> None:
    loose = CONDA.replace("==1.5.1", "")
    write(tmp_path, **{"conda.yml": loose, "src/score.py": SCRIPT, "context/Dockerfile": "FROM python:3.12-slim\n"})
    write(tmp_path, **{"blue.yml": DEPLOYMENT, "green.yml": DEPLOYMENT.replace("blue", "green")})
    rules = [item["rule"] for found in subjects(tmp_path).values() for item in found["findings"]]  # type: ignore[attr-defined]
    assert rules.count("AML619") == 1


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    write(tmp_path, **{"data.json": "{}", "notes.py": "import azureml\n"})
    done = lint(tmp_path)
    assert done.returncode == 2
    assert "no Dockerfile" in done.stderr
    assert "environment file" in done.stderr


@pytest.mark.parametrize("name", ["other.json", "module.py", "other.yaml"])
def test_a_file_that_is_named_and_states_nothing_is_told(name: str, tmp_path: Path) -> None:
    write(tmp_path, **{name: "[]\n"})
    done = lint(tmp_path, name)
    assert done.returncode == 2
    assert "states no environment" in done.stdout


@pytest.mark.parametrize(("name", "words"), [("none.json", "no such file"), ("Dockerfile", "JSON, YAML, Python")])
def test_environment_option_with_a_wrong_file(name: str, words: str, tmp_path: Path) -> None:
    write(tmp_path, Dockerfile="FROM ubuntu:22.04\n")
    done = lint(tmp_path, "--environment", name, "Dockerfile")
    assert done.returncode == 2
    assert words in done.stderr


def test_a_conda_file_as_the_environment_of_a_dockerfile(tmp_path: Path) -> None:
    write(
        tmp_path,
        Dockerfile="FROM python:3.10-slim\n",
        **{"conda.yml": CONDA.replace("inference-server-http", "defaults")},
    )
    found = subjects(tmp_path, "--environment", "conda.yml", "Dockerfile")
    verdicts = {item["requirement"]: item for item in found["Dockerfile"]["verdicts"]}  # type: ignore[attr-defined]
    assert verdicts["python"]["found"] == "3.12"
    assert verdicts["azureml-defaults"]["verdict"] == "met"


def test_what_is_built_on_top_is_what_runs(tmp_path: Path) -> None:
    """azureml-defaults in the image does not help an environment without it; user-managed, it does."""
    config = {
        "entryScript": "score.py",
        "environment": {
            "name": "a",
            "python": {"condaDependencies": {"channels": ["a"], "dependencies": ["python=3.10", "pip=24.0"]}},
        },
    }
    write(tmp_path, Dockerfile="FROM python:3.10-slim\nRUN pip install azureml-defaults==1.54.0\n")
    write(tmp_path, **{"ic.json": json.dumps(config), "score.py": SCRIPT})
    verdicts = {item["requirement"]: item for item in subjects(tmp_path)["Dockerfile"]["verdicts"]}  # type: ignore[attr-defined]
    assert verdicts["azureml-defaults"]["verdict"] == "violated"
    config["environment"]["python"] = {"userManagedDependencies": True}  # type: ignore[index]
    write(tmp_path, **{"ic.json": json.dumps(config)})
    verdicts = {item["requirement"]: item for item in subjects(tmp_path)["Dockerfile"]["verdicts"]}  # type: ignore[attr-defined]
    assert verdicts["azureml-defaults"]["verdict"] == "met"


def test_what_the_environment_has_is_not_known_leaves_it_undecided(tmp_path: Path) -> None:
    write(tmp_path, Dockerfile="FROM python:2.7-slim\n", **{"score.py": SCRIPT})
    text = '{"entryScript": "score.py", "environment": {"name": "a", "python": {"condaDependenciesFile": "none.yml"}}}'
    write(tmp_path, **{"ic.json": text})
    verdicts = {item["requirement"]: item for item in subjects(tmp_path)["Dockerfile"]["verdicts"]}  # type: ignore[attr-defined]
    assert verdicts["python"]["verdict"] == "undecided"


def test_a_plain_dockerfile_loads_nothing_of_environments(tmp_path: Path) -> None:
    write(tmp_path, Dockerfile="FROM ubuntu:22.04\n")
    program = (
        "import sys; from amlcheck.cli import main; main(['lint', '--no-config', 'Dockerfile', '--output', 'out']);"
        "print([name for name in sys.modules if name in ('docker', 'requests', 'pytest', 'testinfra') or"
        " name.startswith('amlcheck.environment.') and name.rpartition('.')[2] in"
        " ('sdk', 'read', 'v1', 'v2', 'judging', 'pairing', 'entry_script')])"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT / "checker")}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_many_files_in_parallel_say_what_one_by_one_they_say(tmp_path: Path) -> None:
    for number in range(30):
        write(tmp_path, **{f"e{number:02}/conda.yml": CONDA.replace("==1.5.1", "") + f"      - p{number}==1\n"})
    found = subjects(tmp_path)
    assert len(found) == 30
    assert all([item["rule"] for item in report["findings"]] == ["AML619"] for report in found.values())  # type: ignore[attr-defined]


def test_requirements_in_a_folder_are_no_dockerfile(tmp_path: Path) -> None:
    write(tmp_path, **{"a/requirements.txt": "azureml-defaults\n", "a/requirements-dev.txt": "flask\n"})
    write(tmp_path, **{"b/constraints.txt": "flask==1.0\nazureml-core==1.54.0\n"})
    found = subjects(tmp_path)
    assert {name: item["kind"] for name, item in found.items()} == {
        "a/requirements.txt": "environment",
        "b/constraints.txt": "environment",
    }
    assert subjects(tmp_path, "a/requirements-dev.txt")["a/requirements-dev.txt"]["kind"] == "environment"


def test_what_only_looks_like_an_entry_script_is_left_alone(tmp_path: Path) -> None:
    """Found in a folder it may be anything; named, it is what it is called."""
    text = "# azureml Environment\ndef run(data): ...\n"
    write(tmp_path, **{"conda.yml": CONDA, "score.py": text, "broken.json": '{"baseImage": '})
    assert list(subjects(tmp_path)) == ["conda.yml"]
    named = subjects(tmp_path, "score.py")["score.py"]
    assert [item["rule"] for item in named["findings"]] == ["AML625"]  # type: ignore[attr-defined]


ENVIRONMENT = """\
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: model
image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04:20240101.v1
conda_file: conda.yml
"""


@pytest.mark.parametrize(
    ("python", "verdicts", "code"),
    [
        ("python=3.5", {"python": "violated"}, 1),
        ("python=2.7", {"python": "violated"}, 1),
        ("python>=2.7,<3.6", {"python": "violated"}, 1),
        ("python=3.12", {"python": "met"}, 0),
        ("python>=3.5", {}, 0),
        ("numpy=1.26", {}, 0),
    ],
)
@pytest.mark.parametrize("name", ["conda.yml", "environment.yml"])
def test_the_python_that_a_file_decides_is_judged(
    name: str, python: str, verdicts: dict[str, str], code: int, tmp_path: Path
) -> None:
    conda = f"name: model\nchannels: [conda-forge]\ndependencies:\n  - {python}\n  - pip=24.0\n"
    write(tmp_path, **{"environment.yml": ENVIRONMENT, "conda.yml": conda})
    done = lint(tmp_path, "--format", "json", name)
    (subject,) = json.loads(done.stdout)["subjects"]
    assert {item["requirement"]: item["verdict"] for item in subject["verdicts"]} == verdicts
    assert done.returncode == code


def test_the_worst_python_of_a_file_is_told(tmp_path: Path) -> None:
    lines = ["from azureml.core import Environment", "from azureml.core.conda_dependencies import CondaDependencies"]
    for name, version in (("a", "3.12"), ("b", "3.5"), ("c", "3.11")):
        deps = f'CondaDependencies.create(python_version="{version}")'
        lines += [f'{name} = Environment("{name}")', f"{name}.python.conda_dependencies = {deps}"]
    write(tmp_path, **{"env.py": "\n".join(lines) + "\n"})
    done = lint(tmp_path, "--format", "json", "env.py")
    ((verdict,),) = [item["verdicts"] for item in json.loads(done.stdout)["subjects"]]
    assert (verdict["requirement"], verdict["verdict"], verdict["found"]) == ("python", "violated", "3.5")


def test_an_image_with_a_server_of_its_own_is_not_judged_by_its_conda_file(tmp_path: Path) -> None:
    routes = "inference_config:\n  scoring_route: {path: /score, port: 80}\n"
    write(tmp_path, **{"environment.yml": ENVIRONMENT + routes, "conda.yml": "dependencies: [python=3.5]\n"})
    assert subjects(tmp_path, "environment.yml")["environment.yml"]["verdicts"] == []
