"""The wheel: what is in it, and that it works where a user's own folders have the names of ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import amlcheck
from support import ROOT

LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.egg-info", "*.pyc")


@dataclass(frozen=True)
class Installed:
    """A virtual environment with our wheel and, from the tests' own environment, what it depends on."""

    wheel: Path
    root: Path

    def program(self, name: str) -> str:
        return str(self.root / ("Scripts" if os.name == "nt" else "bin") / name)


def call(command: Sequence[str], cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    return subprocess.run(
        command, cwd=cwd, env={**kept, **env}, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Built from a copy of the sources, so that the checkout stays as it is."""
    sources, out = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, sources)
    for name in ("checker", "probes", "rules", "tests"):
        shutil.copytree(ROOT / name, sources / name, ignore=LEFT_OUT)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    built = call([*pip, "wheel", "--no-deps", "--wheel-dir", str(out), "."], sources)
    assert built.returncode == 0, built.stderr
    (wheel,) = out.glob("*.whl")
    root = tmp_path_factory.mktemp("installed")
    venv.create(root, with_pip=False)
    python = str(root / ("Scripts" if os.name == "nt" else "bin") / "python")
    done = call([*pip, "--python", python, "install", "--no-deps", "--no-index", str(wheel)], out)
    assert done.returncode == 0, done.stderr
    asked = call([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], out)
    (Path(asked.stdout.strip()) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Installed(wheel, root)


def test_what_the_wheel_holds(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        held = {name for name in archive.namelist() if not name.endswith("/")}
        metadata = next(name for name in held if name.endswith("/METADATA"))
        assert f"\nVersion: {amlcheck.__version__}\n" in archive.read(metadata).decode()
        points = archive.read(metadata.replace("METADATA", "entry_points.txt")).decode()
    assert "amlcheck = amlcheck.__main__:main" in points
    ours = {name for name in held if ".dist-info/" not in name}
    checkout = {
        f"amlcheck/{path.relative_to(ROOT / 'checker' / 'amlcheck').as_posix()}"
        for path in (ROOT / "checker" / "amlcheck").rglob("*")
        if path.is_file() and path.suffix in (".py", ".json", ".typed", ".css", ".js")
    } | {
        f"amlcheck/{path.relative_to(ROOT).as_posix()}"
        for folder in ("rules", "probes")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix in (".py", ".toml")
    }
    assert ours == checkout
    assert {"amlcheck/py.typed", "amlcheck/report/schema.json", "amlcheck/rules/flavours/openmpi-gpu.toml"} <= ours
    assert any(name.endswith("/LICENSE") for name in held)


def test_the_wheel_s_own_files_are_used(installed: Installed, tmp_path: Path) -> None:
    script = "import amlcheck.catalog as c; print(c.__file__); print(c.rules_folder())"
    done = call([installed.program("python"), "-c", script], tmp_path)
    for line in done.stdout.splitlines():
        assert Path(line).is_relative_to(installed.root)
    assert len(done.stdout.splitlines()) == 2


RAISES = 'raise RuntimeError("a module of the user\'s was imported")\n'


@pytest.fixture(params=["raising", "empty"])
def hostile(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A project whose folders have our names: rules, probes and checker, as packages that fail or hold nothing."""
    content = RAISES if request.param == "raising" else ""
    for name in ("rules", "rules/profiles", "probes", "checker", "checker/amlcheck"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(content)
    for name in ("rules/ubuntu.py", "rules/conda.py", "probes/python.py", "checker/amlcheck/cli.py", "conftest.py"):
        (tmp_path / name).write_text(content)
    (tmp_path / "rules" / "distributions.toml").write_text("release = []\n")
    for name in ("Dockerfile", "old.Dockerfile"):
        (tmp_path / name).write_text((ROOT / "examples" / "azureml-2021-04" / "Dockerfile").read_text())
    return tmp_path


def answers(program: Sequence[str], cwd: Path, **env: str) -> tuple[list[Any], dict[str, Any], int]:
    """The rules and the report that a program gives in a folder."""
    rules = call([*program, "rules", "--format", "json"], cwd, **env)
    assert (rules.returncode, rules.stderr) == (0, "")
    report = call([*program, "lint", "--format", "json", "--datasets"], cwd, **env)
    assert report.stderr == ""
    return json.loads(rules.stdout), json.loads(report.stdout), report.returncode


@pytest.mark.parametrize("program", [("amlcheck",), ("python", "-m", "amlcheck")], ids=" ".join)
def test_hostile_folders(
    program: tuple[str, ...], installed: Installed, hostile: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    peaceful = tmp_path_factory.mktemp("peaceful")
    for name in ("Dockerfile", "old.Dockerfile"):
        shutil.copy(hostile / name, peaceful)
    source = str(Path(amlcheck.__file__).resolve().parent.parent)
    wanted = answers([sys.executable, "-m", "amlcheck"], peaceful, PYTHONPATH=source)
    assert len(wanted[0]) >= 28
    # `python -m` puts the working directory on the path by itself; a folder `amlcheck` in it would shadow any installation.
    assert answers([installed.program(program[0]), *program[1:]], hostile, PYTHONPATH=".") == wanted
