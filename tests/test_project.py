"""What a folder holds, and the configuration that `amlcheck init` makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from amlcheck.cli import main
from amlcheck.config import read_config
from amlcheck.project import find_project


def put(folder: Path, *names: str, text: str = "x") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_usual_names_are_found(tmp_path: Path) -> None:
    put(
        tmp_path, "Dockerfile", "src/score.py", "environment.yml", "model/model.pkl", "sample-request.json", "README.md"
    )
    project = find_project(tmp_path)
    assert project.dockerfile == tmp_path / "Dockerfile"
    assert project.entry_script == tmp_path / "src" / "score.py"
    assert project.conda_file == tmp_path / "environment.yml"
    assert project.model == tmp_path / "model"
    assert project.request == tmp_path / "sample-request.json"
    assert project.others == {"model": (tmp_path / "model" / "model.pkl",)}


def test_an_empty_folder_has_nothing(tmp_path: Path) -> None:
    project = find_project(tmp_path)
    assert project.dockerfile is None
    assert project.entry_script is None


def test_the_nearest_then_the_most_usual_wins(tmp_path: Path) -> None:
    put(
        tmp_path,
        "a/Dockerfile",
        "gpu.Dockerfile",
        "Dockerfile",
        "conda.yaml",
        "environment.yaml",
        "sub/environment.yml",
    )
    project = find_project(tmp_path)
    assert project.dockerfile == tmp_path / "Dockerfile"
    assert project.conda_file == tmp_path / "environment.yaml"
    assert project.others["dockerfile"] == (tmp_path / "gpu.Dockerfile", tmp_path / "a" / "Dockerfile")


def test_what_is_far_below_or_not_ours_is_not_taken(tmp_path: Path) -> None:
    put(tmp_path, "a/b/c/Dockerfile", "node_modules/x/Dockerfile", ".venv/score.py")
    assert find_project(tmp_path).dockerfile is None
    assert find_project(tmp_path).entry_script is None


@pytest.mark.parametrize(
    "config",
    [
        {
            "entryScript": "main.py",
            "sourceDirectory": "code",
            "environment": {"python": {"condaDependenciesFile": "e.yml"}},
        },
        {"entryScript": "main.py", "sourceDirectory": "code", "condaFile": "e.yml"},
    ],
)
def test_what_an_inference_config_names_wins(tmp_path: Path, config: object) -> None:
    put(tmp_path, "code/main.py", "code/e.yml", "score.py", "environment.yml")
    put(tmp_path, "inferenceconfig.json", text=json.dumps(config))
    project = find_project(tmp_path)
    assert project.entry_script == tmp_path / "code" / "main.py"
    assert project.conda_file == tmp_path / "code" / "e.yml"


@pytest.mark.parametrize(
    "text", ["{", "[]", "[" * 100_000, '{"entryScript": 3, "environment": []}', '{"entryScript": "gone.py"}']
)
def test_an_inference_config_that_says_nothing_is_passed_over(tmp_path: Path, text: str) -> None:
    put(tmp_path, "score.py")
    put(tmp_path, "inferenceconfig.json", text=text)
    assert find_project(tmp_path).entry_script == tmp_path / "score.py"


def test_init_writes_a_configuration_that_is_read_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path, "Dockerfile", 'we"ird/score.py', "conda.yml", "environment.yml")
    assert main(["init", str(tmp_path)]) == 0
    assert "Dockerfile" in capsys.readouterr().out
    config = read_config(tmp_path / "amlcheck.toml")
    assert config.get("dockerfile") == "Dockerfile"
    assert config.get("entry-script") == 'we"ird/score.py'
    assert config.get("conda-file") == "environment.yml"
    assert config.get("model") is None
    text = (tmp_path / "amlcheck.toml").read_text()
    assert "also there: conda.yml" in text
    assert '# model = "model"' in text


def test_init_keeps_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path, "amlcheck.toml", text="# mine\n")
    assert main(["init", str(tmp_path)]) == 2
    assert "is there already; --force replaces it" in capsys.readouterr().err
    assert (tmp_path / "amlcheck.toml").read_text() == "# mine\n"
    assert main(["init", str(tmp_path), "--force"]) == 0
    assert "profile" in (tmp_path / "amlcheck.toml").read_text()


def test_init_needs_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "no")]) == 2
    assert "is no folder" in capsys.readouterr().err
