"""The pytest plugin, as a user runs it: in a process of its own, on root file systems that the tests write."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
_INSTALLED = any(point.value == "amlcheck.pytest_plugin" for point in importlib.metadata.entry_points(group="pytest11"))
Done = subprocess.CompletedProcess[str]


def run(folder: Path, *arguments: str) -> Done:
    """Runs pytest in a folder. From a checkout that is not installed, the plugin is named and probes go by their path."""
    load = [] if _INSTALLED else ["-p", "amlcheck.pytest_plugin"]
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "COV"))},
        "DOCKER_HOST": "unix:///nowhere/docker.sock",
        "AMLCHECK_CACHE": str(folder / "cache"),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT / "checker"), os.environ.get("PYTHONPATH")))),
    }
    command = [sys.executable, "-m", "pytest", *load, "-p", "no:cacheprovider", "-rA", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two root file systems and checks of its own."""
    for name, version in (("good", "22.04"), ("old", "14.04")):
        root = tmp_path / name
        (root / "etc").mkdir(parents=True)
        (root / "etc" / "os-release").write_text(f'ID=ubuntu\nVERSION_ID="{version}"\n')
        (root / "opt" / "conda" / "conda-meta").mkdir(parents=True)
        record = '{"name": "conda", "version": "4.9.2"}'
        (root / "opt" / "conda" / "conda-meta" / "conda-4.9.2-py38_0.json").write_text(record)
    checks = tmp_path / "my_checks"
    checks.mkdir()
    (checks / "test_mine.py").write_text(
        """
from amlcheck.model import Verdict


def test_release(host):
    assert host.file("/etc/os-release").contains("ID=ubuntu")
    assert not host.file("/nowhere").exists


def test_files(image):
    assert [entry.path for entry in image.files.find("*/os-release")] == ["/etc/os-release"]
    assert not image.config.known


def test_verdict(verdicts):
    assert verdicts["ubuntu"].verdict is Verdict.MET
"""
    )
    return tmp_path


def outcomes(done: Done) -> dict[str, str]:
    """The outcome of every test by its name."""
    found = {}
    for line in done.stdout.splitlines():
        outcome, _, rest = line.partition(" ")
        if outcome in ("PASSED", "FAILED", "SKIPPED", "ERROR") and rest:
            found[rest.rpartition("::")[2].split(" - ")[0]] = outcome
    return found


def test_fixtures_are_those_of_the_image(project: Path) -> None:
    done = run(project, "--image", "rootfs:good", "my_checks")
    assert done.returncode == 0, done.stdout + done.stderr
    assert outcomes(done) == {f"test_{name}[rootfs:good]": "PASSED" for name in ("release", "files", "verdict")}


def test_every_test_runs_for_every_image(project: Path) -> None:
    done = run(project, "--image", "rootfs:good", "--image", "rootfs:old", "my_checks")
    assert done.returncode == 1
    found = outcomes(done)
    assert len(found) == 6
    assert [name for name, outcome in found.items() if outcome == "FAILED"] == ["test_verdict[rootfs:old]"]


def test_the_built_in_probes_are_a_suite(project: Path) -> None:
    where = ["--pyargs", "amlcheck.probes"] if _INSTALLED else [str(ROOT / "probes")]
    done = run(project, "--image", "rootfs:old", *where)
    assert done.returncode == 1
    assert "ubuntu is violated: 14.04 is not >=16.04" in done.stdout
    assert "/etc/os-release: " in done.stdout
    assert "Traceback" not in done.stdout
    found = outcomes(done)
    assert found["ubuntu[rootfs:old]"] == "FAILED"
    assert "git is not-applicable" not in done.stdout


def test_one_probe_can_be_named(project: Path) -> None:
    where = ["--pyargs", "amlcheck.probes.ubuntu"] if _INSTALLED else [str(ROOT / "probes" / "ubuntu.py")]
    done = run(project, "--image", "rootfs:good", *where)
    assert done.returncode == 0, done.stdout
    assert outcomes(done) == {"ubuntu[rootfs:good]": "PASSED"}


def test_undecided_fails_unless_it_is_allowed(project: Path) -> None:
    where = str(ROOT / "probes" / "conda.py")
    strict = run(project, "--image", "rootfs:good", where)
    lenient = run(project, "--image", "rootfs:good", "--image-allow-undecided", where)
    verdicts = {outcomes(done).get("conda[rootfs:good]") for done in (strict, lenient)}
    if "PASSED" not in verdicts:  # files alone tell: nothing is undecided then
        assert (strict.returncode, lenient.returncode) == (1, 0)


def test_requirements_are_those_of_the_options(project: Path) -> None:
    done = run(
        project, "--image", "rootfs:good", "--image-require", "ubuntu>=24.04", str(ROOT / "probes" / "ubuntu.py")
    )
    assert done.returncode == 1
    assert "22.04 is not >=24.04" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--image", "docker:nothing"], "write it as docker://REGISTRY/NAME:TAG"),
        (["--image", "rootfs:good", "--image-profile", "nope"], "nope"),
        (["--image", "rootfs:good", "--image-require", "pyton"], "did you mean python?"),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence(project: Path, arguments: list[str], says: str) -> None:
    done = run(project, *arguments, "my_checks")
    assert done.returncode == 4
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_an_image_that_cannot_be_had_fails_its_tests(project: Path) -> None:
    done = run(project, "--image", "docker-archive:missing.tar", "my_checks")
    assert done.returncode == 1
    assert "missing.tar" in done.stdout
    assert "Traceback" not in done.stdout


def test_without_an_image_nothing_changes(project: Path) -> None:
    (project / "test_plain.py").write_text("def test_host(host):\n    assert host.run('true').rc == 0\n")
    done = run(project, "test_plain.py")
    assert done.returncode == 0, done.stdout
    assert outcomes(done) == {"test_host[local]": "PASSED"}


def test_the_suite_needs_an_image(project: Path) -> None:
    if not _INSTALLED:
        pytest.skip("amlcheck.probes can be named only where amlcheck is installed")
    done = run(project, "--pyargs", "amlcheck.probes")
    assert done.returncode == 4
    assert "amlcheck.probes needs an image: add --image IMAGE" in done.stderr
