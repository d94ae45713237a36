"""`amlcheck check` as a user runs it: from a Dockerfile to a score, on a real engine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "serving"
Done = subprocess.CompletedProcess[str]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "amlcheck", "check", "--no-config", "--color", "never", *arguments]


@pytest.fixture
def environment(tmp_path: Path, docker_host: str) -> Mapping[str, str]:
    (tmp_path / "tmp").mkdir()
    return {**os.environ, "DOCKER_HOST": docker_host, "TMPDIR": str(tmp_path / "tmp"), "COLUMNS": "200"}


def check(environment: Mapping[str, str], *arguments: str) -> Done:
    return subprocess.run(
        command(*arguments), env=dict(environment), capture_output=True, text=True, check=False, timeout=300
    )


def subject(done: Done) -> dict[str, Any]:
    assert done.returncode in (0, 1, 3), done.stderr
    [found] = json.loads(done.stdout)["subjects"]
    assert isinstance(found, dict)
    return found


def verdicts(found: Mapping[str, Any]) -> dict[str, str]:
    return {item["requirement"]: item["verdict"] for item in found["verdicts"]}


@pytest.fixture
def left(docker_host: str, tmp_path: Path) -> Callable[[], list[str]]:
    """What is in the engine, and among temporary files, that was not there before."""
    import docker

    client = docker.DockerClient(base_url=docker_host)

    def now() -> set[str]:
        found = {f"container {item['Id']} {item['Names']}" for item in client.api.containers(all=True)}
        found |= {f"image {name}" for item in client.api.images() for name in item["RepoTags"] or [item["Id"]]}
        found |= {f"network {item['Name']}" for item in client.api.networks()}
        return found | {str(path) for path in (tmp_path / "tmp").rglob("*")}

    (tmp_path / "tmp").mkdir(exist_ok=True)
    before = now()

    def look() -> list[str]:
        new: set[str] = set()
        for _ in range(50):
            # Other tests may be at work in the same engine: only what bears our name counts.
            new = {
                item
                for item in now() - before
                if "amlcheck-built" in item or str(tmp_path) in item or "/amlcheck-" in item
            }
            if not new:
                break
            time.sleep(0.1)
        return sorted(new)

    return look


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "serving"
    shutil.copytree(EXAMPLE, folder)
    return folder


def test_the_example_goes_from_its_dockerfile_to_a_score(
    environment: Mapping[str, str], built: Callable[[str], str], left: Callable[[], list[str]]
) -> None:
    base = f"BASE_IMAGE={built('compliant')}"
    done = check(
        environment,
        *(
            str(EXAMPLE),
            "--build-arg",
            base,
            "--datasets",
            "--user-managed",
            "--expect",
            "[55, 55]",
            "--format",
            "json",
        ),
    )
    found = subject(done)
    assert done.returncode == 0, done.stdout
    assert set(verdicts(found).values()) <= {"met", "not-applicable"}
    stages = [stage["stage"] for stage in found["deployment"]["stages"]]
    assert stages == ["created", "started", "live", "ready", "scored", "survived", "stopped"]
    served = next(item for item in found["verdicts"] if item["requirement"] == "inference-server")
    assert [witness["origin"] for witness in served["witnesses"]] == ["static", "live", "scored"]
    assert left() == []


def test_text_shows_the_stages_and_the_answer(environment: Mapping[str, str], built: Callable[[str], str]) -> None:
    done = check(environment, str(EXAMPLE), "--build-arg", f"BASE_IMAGE={built('compliant')}", "--user-managed")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "200 [55, 55]" in done.stdout
    assert "stopped" in done.stdout


def test_a_dockerfile_and_an_image_that_disagree(
    environment: Mapping[str, str], built: Callable[[str], str], project: Path
) -> None:
    (project / "Dockerfile").write_text("FROM ubuntu:14.04\nEXPOSE 5001\n")
    found = subject(check(environment, str(project), "--image", built("compliant"), "--format", "json"))
    told = [item for item in found["findings"] if item["rule"] == "AML401" and item["message"].startswith("ubuntu")]
    assert [item["message"] for item in told] == ["ubuntu: the Dockerfile says 14.04, the image has 22.04"]
    assert told[0]["location"]["line"] == 1
    assert verdicts(found)["ubuntu"] == "met"


def test_a_wrong_answer_fails_and_leaves_nothing(
    environment: Mapping[str, str], built: Callable[[str], str], project: Path, left: Callable[[], list[str]]
) -> None:
    (project / "model" / "offset.json").write_text('{"offset": 1}')
    done = check(
        environment,
        *(str(project), "--build-arg", f"BASE_IMAGE={built('compliant')}", "--expect", "[55, 55]", "--format", "json"),
    )
    assert done.returncode == 1
    assert any(item["rule"] == "AML501" for item in subject(done)["findings"])
    assert left() == []


def test_a_build_that_fails_is_told_with_its_step(
    environment: Mapping[str, str], built: Callable[[str], str], project: Path, left: Callable[[], list[str]]
) -> None:
    text = f"FROM {built('busybox')}\nRUN echo before-it-fails && exit 7\n"
    (project / "Dockerfile").write_text(text)
    done = check(environment, str(project), "--format", "json")
    found = subject(done)
    assert done.returncode == 1
    [finding] = [item for item in found["findings"] if item["rule"] == "AML503"]
    assert finding["message"].startswith("step 2/2: RUN echo before-it-fails && exit 7: ")
    assert any("before-it-fails" in item["text"] for item in finding["related"])
    assert "met" not in verdicts(found).values()
    assert left() == []


def test_without_an_engine_nothing_is_called_met(environment: Mapping[str, str], project: Path) -> None:
    (project / "Dockerfile").write_text("FROM ubuntu:22.04\n")
    done = check({**environment, "DOCKER_HOST": "unix:///nowhere/docker.sock"}, str(project), "--format", "json")
    found = subject(done)
    assert verdicts(found)["ubuntu"] == "undecided"
    assert "met" not in verdicts(found).values()
    assert "not built, probed or run" in found["notes"][0]
    assert done.returncode in (1, 3)


def test_a_tag_keeps_what_was_built(
    environment: Mapping[str, str], built: Callable[[str], str], docker_host: str
) -> None:
    import docker

    client = docker.DockerClient(base_url=docker_host)
    name = "amlcheck-test-kept:1"
    try:
        check(environment, str(EXAMPLE), "--build-arg", f"BASE_IMAGE={built('compliant')}", "--tag", name)
        assert client.images.get(name)
    finally:
        client.images.remove(name)


@pytest.mark.parametrize("seconds", [0.3, 0.8, 1.5, 2.5, 3.5])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing(
    environment: Mapping[str, str],
    built: Callable[[str], str],
    project: Path,
    left: Callable[[], list[str]],
    seconds: float,
    number: signal.Signals,
) -> None:
    arguments = (str(project), "--build-arg", f"BASE_IMAGE={built('compliant')}")
    with subprocess.Popen(
        command(*arguments), env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as running:
        time.sleep(seconds)
        running.send_signal(number)
        _, errors = running.communicate(timeout=60)
    assert "Traceback" not in errors
    assert left() == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["./missing"], "./missing: is neither here, nor the name of an image"),
        (["no-such-image:1", "--pull", "never"], "has no such image"),
        (["EMPTY"], "no Dockerfile in this folder"),
        (["EXAMPLE", "--no-build"], "--no-build needs an image"),
        (["EXAMPLE", "--context", "missing"], "the build context is not a folder"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    environment: Mapping[str, str], tmp_path: Path, arguments: list[str], says: str
) -> None:
    (tmp_path / "empty").mkdir()
    places = {"EMPTY": str(tmp_path / "empty"), "EXAMPLE": str(EXAMPLE)}
    done = check(environment, *(places.get(item, item) for item in arguments))
    assert done.returncode == 2
    assert says in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
