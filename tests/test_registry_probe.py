"""`amlcheck probe` of images in a real registry on loopback, with a password and without, and no engine."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import amlcheck
from live_registry import SECRET, USER, LiveRegistry, config_of, layer, serve

SOURCE = str(Path(amlcheck.__file__).resolve().parent.parent)
FILES = [
    layer({"etc/os-release": b'NAME="Ubuntu"\nID=ubuntu\nVERSION_ID="20.04"\n', "gone": b"1"}),
    layer({"etc/os-release": b'NAME="Ubuntu"\nID=ubuntu\nVERSION_ID="22.04"\n', ".wh.gone": b""}),
]
PACKED = base64.b64encode(f"{USER}:{SECRET}".encode()).decode()


@contextlib.contextmanager
def _registry(folder: Path, locked: bool) -> Iterator[LiveRegistry]:
    with serve(folder, locked=locked) as live:
        for docker in (False, True):
            live.push("team/base", config_of({"CUDA_VERSION": "11.8.0"}), FILES, tag=f"{docker}".lower(), docker=docker)
        yield live


@pytest.fixture(scope="module", params=[False, True], ids=["open", "with a password"])
def registry(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    with _registry(tmp_path_factory.mktemp("registry"), request.param) as live:
        yield live


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    with _registry(tmp_path_factory.mktemp("private"), True) as live:
        yield live


def probe(folder: Path, name: str, **env: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "amlcheck", "probe", name, "--format", "json"],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": SOURCE,
            "AMLCHECK_CACHE": str(folder / "cache"),
            "DOCKER_HOST": "tcp://127.0.0.1:9",
            **env,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    files = [path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file()]
    for output in (done.stdout, done.stderr, *files):
        assert SECRET not in output
        assert PACKED not in output
    return done


def found(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    (subject,) = json.loads(done.stdout)["subjects"]
    return {item["requirement"]: item["found"] for item in subject["verdicts"]}


@pytest.mark.parametrize("transport", ["docker://", ""])
@pytest.mark.parametrize("tag", ["true", "false"], ids=["Docker schema 2", "OCI"])
def test_an_image_of_a_registry(registry: LiveRegistry, tmp_path: Path, transport: str, tag: str) -> None:
    name = f"{transport}{registry.address}/team/base:{tag}"
    given = {"AMLCHECK_REGISTRY_USERNAME": USER, "AMLCHECK_REGISTRY_PASSWORD": SECRET} if registry.auth else {}
    done = probe(tmp_path, name, **given)
    assert done.returncode in (1, 3), done.stdout + done.stderr
    assert found(done)["ubuntu"] == "22.04"
    assert found(done)["cuda"].startswith("11.8")


@pytest.mark.parametrize("password", ["", f"no-{SECRET[:5]}"])
def test_wrong_or_missing_credentials(private: LiveRegistry, tmp_path: Path, password: str) -> None:
    given = {"AMLCHECK_REGISTRY_USERNAME": USER, "AMLCHECK_REGISTRY_PASSWORD": password} if password else {}
    done = probe(tmp_path, f"docker://{private.address}/team/base:true", **given)
    assert done.returncode == 2
    (subject,) = json.loads(done.stdout)["subjects"]
    assert subject["error"].startswith(f"{private.address}: ")
    assert ("are refused" if password else "a user name and password are needed") in subject["error"]
    assert f"`docker login {private.address}`" in subject["error"]
