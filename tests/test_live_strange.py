"""Images that are unlike others, and hostile ones: `amlcheck probe` ends with a clear result, and the host is unharmed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import pytest

from amlcheck.image.ownership import LABEL_RUN

SECONDS = 60
"""What the worst image may take: a shell that hangs is given up after 30 s."""
NOT_RUN = {
    "scratch": "it has no shell",
    "arm64": "exec format error",
    "endless-shell": "its shell",
    "endless-error-shell": "its shell",
    "fork-bomb-shell": "its shell",
    "hanging-shell": "its shell",
    "dying-shell": "ended at once",
    "memory-shell": "more memory than they may",
    "lying-shell": "its shell",
    "lying-exit-shell": "wrong exit codes",
    "forging-shell": "its shell",
}
"""Images in which nothing can be run, and words of the reason."""
FILES = {
    "busybox": ("met", "found in the image"),
    "escapes": ("violated", "14.04"),
    "gigabyte": ("undecided", "1073741824 bytes"),
    "endless-line": ("undecided", "100000000 bytes"),
    "links": ("violated", "not in the image"),
    "fifo": ("undecided", "no file"),
}
"""What is said of the system, where /etc/os-release is not what it should be."""
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def run(*arguments: str, cache: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "amlcheck",
        "probe",
        "--no-config",
        "--pull",
        "never",
        "--color",
        "never",
        *arguments,
    ]
    environment = {**os.environ, "AMLCHECK_CACHE": str(cache), "COLUMNS": "200"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=2 * SECONDS, check=False)


@pytest.fixture(scope="module")
def subjects(built: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """All of them, probed side by side."""
    names = [*NOT_RUN, *FILES]
    images = [built(name) for name in names]
    start = time.monotonic()
    done = run("--format", "json", *images, cache=tmp_path_factory.mktemp("cache"))
    assert time.monotonic() - start < SECONDS
    assert (done.returncode, done.stderr) == (1, "")
    assert not CONTROL.search(done.stdout)
    return dict(zip(names, json.loads(done.stdout)["subjects"], strict=True))


@pytest.mark.parametrize("name", NOT_RUN)
def test_files_answer_where_nothing_can_be_run(subjects: dict[str, dict[str, Any]], name: str) -> None:
    subject = subjects[name]
    (note,) = subject["notes"]
    assert note.startswith("nothing was run in it: ")
    assert NOT_RUN[name] in note
    verdicts = {verdict["requirement"]: verdict for verdict in subject["verdicts"]}
    assert verdicts["ubuntu"]["verdict"] == "met"
    assert verdicts["conda"]["found"] == "absent"


@pytest.mark.parametrize("name", FILES)
def test_what_the_system_is_said_to_be(subjects: dict[str, dict[str, Any]], name: str) -> None:
    (ubuntu,) = (verdict for verdict in subjects[name]["verdicts"] if verdict["requirement"] == "ubuntu")
    verdict, says = FILES[name]
    assert ubuntu["verdict"] == verdict
    assert says in ubuntu["reason"]


def test_another_architecture_is_told(subjects: dict[str, dict[str, Any]]) -> None:
    assert subjects["arm64"]["about"]["platform"] == "linux/arm64"
    (finding,) = (finding for finding in subjects["arm64"]["findings"] if finding["rule"] == "AML306")
    assert "linux/arm64" in finding["message"]


def test_links_lead_nowhere_outside(subjects: dict[str, dict[str, Any]]) -> None:
    """/etc/os-release of this image is /etc/passwd of the host for whoever follows it there."""
    assert "root:x:0:" not in json.dumps(subjects["links"])


@pytest.mark.parametrize("form", ["docker-archive", "oci", "rootfs"])
@pytest.mark.parametrize("name", sorted({*FILES} - {"gigabyte"}))
def test_files_say_the_same(
    exported: Callable[[str, str], str], subjects: dict[str, dict[str, Any]], tmp_path: Path, name: str, form: str
) -> None:
    done = run("--format", "json", exported(name, form), cache=tmp_path)
    (subject,) = json.loads(done.stdout)["subjects"]
    pairs = zip(subject["verdicts"], subjects[name]["verdicts"], strict=True)
    assert all(mine["verdict"] == other["verdict"] for mine, other in pairs)


def test_a_terminal_is_left_alone(built: Callable[[str], str], tmp_path: Path) -> None:
    done = run(built("escapes"), cache=tmp_path)
    assert done.returncode == 1
    assert "14.04" in done.stdout
    assert not CONTROL.search(done.stdout + done.stderr)


def test_nothing_is_left(subjects: dict[str, dict[str, Any]], docker_host: str) -> None:
    client = docker.DockerClient(base_url=docker_host)
    left = client.containers.list(all=True, filters={"label": LABEL_RUN})
    client.close()
    assert left == []
