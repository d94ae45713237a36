"""`lint --resolve-base`: base images named by digest or unknown by name are decided from their configs.

The registry is a real one on loopback, the program a process of its own, and no engine answers.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import amlcheck
from amlcheck.catalog import Catalog
from amlcheck.dockerfile.resolved import resolve
from amlcheck.image.base_image import BaseImages
from amlcheck.image.config import ImageConfig, parse_config
from amlcheck.lint import LintOptions, lint_text
from amlcheck.model import SubjectReport, Verdict
from amlcheck.profiles import load_profile, with_requirements
from fake_registry import Handler, fake_registry
from live_registry import SECRET, USER, LiveRegistry, config_of, layer, serve
from support import findings, judgement, locations, words_at

SOURCE = str(Path(amlcheck.__file__).resolve().parent.parent)
NO_ENGINE = "tcp://127.0.0.1:9"
USUAL = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CUDA = {
    "PATH": f"/usr/local/nvidia/bin:/usr/local/cuda/bin:{USUAL}",
    "CUDA_VERSION": "11.8.0",
    "NV_CUDA_CUDART_VERSION": "11.8.89-1",
    "NV_CUDNN_VERSION": "8.9.6.50-1",
    "NCCL_VERSION": "2.15.5-1",
}
UBUNTU = {"org.opencontainers.image.ref.name": "ubuntu", "org.opencontainers.image.version": "22.04"}
REQUIRE = ("cuda=11.8", "cudnn>=8.9,<9", "nccl>=2.15")


class Run:
    """The program in a folder, with an environment that says nothing unless a test does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env: dict[str, str] = {}

    def __call__(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        kept = {name: os.environ[name] for name in ("PATH", "COVERAGE_PROCESS_START") if name in os.environ}
        settings = {
            **kept,
            "HOME": str(self.folder),
            "PYTHONPATH": SOURCE,
            "PYTHONWARNINGS": "error",
            "DOCKER_HOST": NO_ENGINE,
            "AMLCHECK_CACHE": str(self.folder / "cache"),
            **self.env,
        }
        done = subprocess.run(
            [sys.executable, "-m", "amlcheck", "lint", *arguments],
            cwd=self.folder,
            env=settings,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        return done

    def judged(self, *arguments: str) -> dict[str, Any]:
        """The JSON of the only file, by component."""
        done = self(*arguments, "--format", "json")
        (subject,) = json.loads(done.stdout)["subjects"]
        assert not subject.get("error"), subject
        return {item["requirement"]: item for item in subject["verdicts"]}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    with serve(tmp_path_factory.mktemp("registry")) as live:
        yield live


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    with serve(tmp_path_factory.mktemp("private"), locked=True) as live:
        live.push("team/base", config_of(CUDA, Labels=UBUNTU))
        yield live


def dockerfile(run: Run, text: str, name: str = "Dockerfile") -> str:
    (run.folder / name).write_text(text, encoding="utf-8")
    return name


def required() -> list[str]:
    return [word for item in REQUIRE for word in ("--require", item)]


# --- through the program ---------------------------------------------------------------------------------------------


def test_a_base_by_digest_is_decided(registry: LiveRegistry, run: Run) -> None:
    pushed = registry.push("nvidia/cuda", config_of(CUDA, Labels=UBUNTU), [layer({"a": b"never read"})])
    name = f"{registry.address}/nvidia/cuda@{pushed.digest}"
    file = dockerfile(run, f"FROM {name}\n")
    before = run.judged(file, *required())
    assert {before[item]["verdict"] for item in ("ubuntu", "cuda", "cudnn", "nccl")} == {"undecided"}
    after = run.judged(file, *required(), "--resolve-base")
    assert {after[item]["verdict"] for item in ("ubuntu", "cuda", "cudnn", "nccl")} == {"met"}
    assert after["conda"]["verdict"] == "undecided"
    assert "its config does not tell" in after["conda"]["reason"]
    told = {item: after[item]["witnesses"][0]["evidence"] for item in after}
    assert [piece["text"] for piece in told["cuda"]] == [name, "CUDA_VERSION=11.8.0"]
    assert told["cuda"][0]["line"] == 1
    assert told["cuda"][1]["note"] == "config of the base image, Env.CUDA_VERSION"
    assert told["cudnn"][1]["note"] == "config of the base image, Env.NV_CUDNN_VERSION"
    assert told["nccl"][1]["note"] == "config of the base image, Env.NCCL_VERSION"
    assert told["ubuntu"][1]["note"] == "config of the base image, Labels.org.opencontainers.image.version"


def test_a_violation_names_where_it_stands(registry: LiveRegistry, run: Run) -> None:
    registry.push("old/cuda", config_of({**CUDA, "CUDA_VERSION": "9.0.176"}))
    file = dockerfile(run, f"FROM {registry.address}/old/cuda:1\n")
    done = run(file, *required(), "--resolve-base")
    assert done.returncode == 1
    assert "config of the base image, Env.CUDA_VERSION: CUDA_VERSION=9.0.176" in done.stdout


def test_the_configuration_can_ask_for_it(registry: LiveRegistry, run: Run) -> None:
    registry.push("configured", config_of(CUDA))
    file = dockerfile(run, f"FROM {registry.address}/configured:1\n")
    (run.folder / "amlcheck.toml").write_text("resolve-base = true\n", encoding="utf-8")
    assert run.judged(file, *required())["cuda"]["verdict"] == "met"
    assert run.judged(file, *required(), "--no-resolve-base")["cuda"]["verdict"] == "undecided"


def test_what_the_dockerfile_does_goes_on_from_there(registry: LiveRegistry, run: Run) -> None:
    registry.push("python", config_of({"PATH": USUAL, "PYTHON_VERSION": "3.10.13"}))
    file = dockerfile(run, f"FROM {registry.address}/python:1 AS one\nFROM one\nENV PATH=/app/bin:$PATH\n")
    assert run.judged(file, "--resolve-base")["python"]["found"] == "3.10.13"


def test_standard_input(registry: LiveRegistry, run: Run) -> None:
    registry.push("stdin", config_of(CUDA))
    done = run("-", *required(), "--resolve-base", "--format", "json", stdin=f"FROM {registry.address}/stdin:1\n")
    (subject,) = json.loads(done.stdout)["subjects"]
    assert {item["verdict"] for item in subject["verdicts"] if item["requirement"] == "cuda"} == {"met"}


def test_the_platform_of_from(registry: LiveRegistry, run: Run) -> None:
    images = [
        (registry.push("multi", config_of({"CUDA_VERSION": cuda}, platform)), platform)
        for platform, cuda in (("linux/amd64", "11.8.0"), ("linux/arm64", "12.4.1"))
    ]
    registry.push_index("multi", images)
    name = f"{registry.address}/multi:1"
    assert run.judged(dockerfile(run, f"FROM {name}\n"), "--resolve-base")["cuda"]["found"] == "11.8.0"
    arm = dockerfile(run, f"FROM --platform=linux/arm64 {name}\n")
    assert run.judged(arm, "--resolve-base")["cuda"]["found"] == "12.4.1"
    power = dockerfile(run, f"FROM --platform=linux/ppc64le {name}\n")
    assert "there is linux/amd64, linux/arm64" in run.judged(power, "--resolve-base", *required())["cuda"]["reason"]


def test_a_base_for_another_platform_is_told(registry: LiveRegistry, run: Run) -> None:
    registry.push("arm", config_of({}, "linux/arm64"))
    done = run(dockerfile(run, f"FROM {registry.address}/arm:1\n"), "--resolve-base")
    assert done.returncode == 1
    assert "is an image for linux/arm64, as its config says" in done.stdout


@pytest.mark.parametrize("name", ["127.0.0.1:9/team/base:1", "127.0.0.1:9/team/base@sha256:" + "0" * 64])
def test_a_base_that_cannot_be_reached_leaves_the_reason(run: Run, name: str) -> None:
    judged = run.judged(dockerfile(run, f"FROM {name}\n"), "--resolve-base", *required())
    assert "could not be resolved: 127.0.0.1:9: cannot be reached" in judged["cuda"]["reason"]
    done = run("Dockerfile", "--resolve-base")
    assert done.returncode == 3
    assert done.stderr == ""


def test_a_base_that_is_known_by_name_stays_known(run: Run) -> None:
    """The registry of this name is out of reach here; what is known of the image is not lost."""
    run.env["HTTPS_PROXY"] = "http://127.0.0.1:9"
    judged = run.judged(dockerfile(run, "FROM ubuntu:22.04\n"), "--resolve-base")
    assert judged["ubuntu"]["verdict"] == "met"


@pytest.mark.parametrize(
    "env", [{}, {"AMLCHECK_REGISTRY_USERNAME": USER, "AMLCHECK_REGISTRY_PASSWORD": f"no-{SECRET}"}]
)
def test_missing_or_wrong_credentials(private: LiveRegistry, run: Run, env: dict[str, str]) -> None:
    if env:
        env = {**env, "AMLCHECK_REGISTRY": private.address}
    run.env.update(env)
    file = dockerfile(run, f"FROM {private.address}/team/base:1\n")
    for form in ("text", "json"):
        done = run(file, "--resolve-base", "--format", form)
        assert done.returncode == 2
        assert f"Dockerfile:1: {private.address}: " in done.stdout + done.stderr
        assert ("are refused" if env else "are needed") in done.stdout + done.stderr
        assert f"docker login {private.address}" in " ".join((done.stdout + done.stderr).split())
        assert SECRET not in done.stdout + done.stderr
    assert run(file).returncode == 3


def test_credentials_of_the_environment_are_for_the_registry_that_they_name(private: LiveRegistry, run: Run) -> None:
    run.env.update({"AMLCHECK_REGISTRY_USERNAME": USER, "AMLCHECK_REGISTRY_PASSWORD": SECRET})
    file = dockerfile(run, f"FROM {private.address}/team/base:1\n")
    done = run(file, "--resolve-base")
    assert done.returncode == 2
    assert f"AMLCHECK_REGISTRY={private.address}" in " ".join((done.stdout + done.stderr).split())
    run.env["AMLCHECK_REGISTRY"] = private.address
    assert run.judged(file, "--resolve-base", *required())["cuda"]["verdict"] == "met"


def test_a_stage_that_is_not_built_needs_no_credentials(private: LiveRegistry, run: Run) -> None:
    file = dockerfile(run, f"FROM {private.address}/team/base:1 AS other\nFROM scratch\n")
    assert run(file, "--resolve-base").returncode != 2


@pytest.mark.parametrize("count", [3, 40])
def test_a_base_is_asked_for_once_a_run(run: Run, count: int) -> None:
    """Counted by a fake registry: in one process, and with the process pool."""
    with fake_registry() as fake:
        names = [
            dockerfile(run, f"FROM {fake.address}/base:{number % 2}\nRUN true {number}\n", f"{number}.Dockerfile")
            for number in range(count)
        ]
        assert run(*names, "--resolve-base").returncode == 3
        asked = [path for path, _ in fake.seen if "manifests" in path]
    assert sorted(asked) == ["/v2/base/manifests/0", "/v2/base/manifests/1"]


def silent(handler: Handler) -> None:
    handler.server.ended.wait(20)


def test_all_bases_together_have_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with fake_registry() as fake:
        fake.routes["/v2/"] = silent
        monkeypatch.setattr("amlcheck.image.base_image.RESOLVE_SECONDS", 0.5)
        monkeypatch.setenv("DOCKER_HOST", NO_ENGINE)
        bases = BaseImages()
        start = time.monotonic()
        found = [bases.config(f"{fake.address}/base:{number}") for number in range(20)]
        assert time.monotonic() - start < 3
    assert all(isinstance(item, str) for item in found)


# --- what a config says ----------------------------------------------------------------------------------------------

Resolving = Callable[..., SubjectReport]


@pytest.fixture
def lint_with(known: Catalog) -> Resolving:
    """Checks a text whose base image has this config."""

    def check(text: str, name: str, config: ImageConfig, *require: str) -> SubjectReport:
        profile = with_requirements(load_profile(known, "azureml-2021-04"), require)
        bases = BaseImages({(name, ""): config})
        return lint_text(known, "Dockerfile", text, None, LintOptions(profile, bases=bases))

    return check


def test_a_name_is_made_more_exact(lint_with: Resolving) -> None:
    name = "docker.io/nvidia/cuda:11.8.0-cudnn8-runtime-ubuntu22.04"
    config = ImageConfig(CUDA, UBUNTU, os="linux", architecture="amd64")
    report = lint_with(f"FROM {name}\n", name, config, "cudnn>=8.9")
    assert judgement(report, "cudnn").verdict is Verdict.MET
    assert judgement(report, "cudnn").found == "8.9.6.50"
    assert words_at(report, locations(judgement(report, "cudnn"))[0]) == name


@pytest.mark.parametrize(
    ("component", "env", "labels", "reason"),
    [
        (
            "cuda",
            {"CUDA_VERSION": "12.4.1"},
            {},
            r"its name says cuda 11\.8, and Env.CUDA_VERSION of its config says 12\.4\.1",
        ),
        (
            "ubuntu",
            {},
            {**UBUNTU, "org.opencontainers.image.version": "20.04"},
            "its name says ubuntu 22.04.* says 20.04",
        ),
        ("python", {"PYTHON_VERSION": "3.9.1", "PATH": USUAL}, {}, "its name says python absent.* says 3.9.1"),
    ],
)
def test_a_config_that_contradicts_the_name_makes_it_unknown(
    lint_with: Resolving, component: str, env: dict[str, str], labels: dict[str, str], reason: str
) -> None:
    name = "docker.io/nvidia/cuda:11.8.0-base-ubuntu22.04"
    report = lint_with(f"FROM {name}\n", name, ImageConfig(env, labels), f"{component}>=1")
    found = judgement(report, component)
    assert found.verdict is Verdict.UNDECIDED
    assert re.search(reason, found.reason), found.reason


def test_an_unset_variable_of_the_base_is_empty(lint_with: Resolving) -> None:
    name = "registry.example.com/base:1"
    config = ImageConfig({"PATH": "/opt/conda/bin:" + USUAL})
    text = f"FROM {name}\nENV CUDA_VERSION=11.8.0$NOT_SET\n"
    assert judgement(lint_with(text, name, config, "cuda=11.8"), "cuda").found == "11.8.0"


def test_ports_of_the_base(lint_with: Resolving) -> None:
    name = "registry.example.com/base:1"
    text = f'FROM {name}\nRUN pip install azureml-inference-server-http\nCMD ["azmlinfsrv"]\n'
    assert findings(lint_with(text, name, ImageConfig()), "AML307")
    assert not findings(lint_with(text, name, ImageConfig(ports=("5001/tcp",))), "AML307")


@pytest.mark.parametrize(
    ("env", "labels", "expected"),
    [
        ({"CUDA_VERSION": "11.8.0"}, {}, {"cuda": "11.8.0"}),
        ({"CUDA_VERSION": "9.0"}, {}, {"cuda": "9.0"}),
        ({"NV_CUDA_CUDART_VERSION": "11.8.89-1"}, {}, {"cuda": "11.8"}),
        ({"NV_CUDA_LIB_VERSION": "12.2.0-1", "NV_CUDA_CUDART_VERSION": "11.8.89-1"}, {}, {"cuda": "12.2"}),
        ({}, {"com.nvidia.cudnn.version": "8.2.0.53"}, {"cudnn": "8.2.0.53"}),
        ({"NV_LIBNCCL_PACKAGE": "libnccl2=2.15.5-1+cuda11.8"}, {}, {"nccl": "2.15.5"}),
        ({"PYTHON_VERSION": "3.11.4", "PATH": f"/usr/local/bin:{USUAL}"}, {}, {"python": "3.11.4"}),
        ({"PYTHON_VERSION": "3.11.4", "PATH": f"/opt/conda/bin:{USUAL}"}, {}, {}),
        ({"PYTHON_VERSION": "3.11.4", "PATH": "/opt/bin"}, {}, {}),
        ({}, UBUNTU, {"ubuntu": "22.04"}),
        ({}, {**UBUNTU, "org.opencontainers.image.version": "1.4.2"}, {}),
        ({}, {**UBUNTU, "org.opencontainers.image.version": "99.13"}, {}),
        ({}, {**UBUNTU, "org.opencontainers.image.ref.name": "team-app"}, {}),
        ({"CUDA_VERSION": "", "NCCL_VERSION": "\x1b[2J", "NV_CUDNN_VERSION": "none"}, {}, {}),
    ],
)
def test_words_of_a_config(
    known: Catalog, env: dict[str, str], labels: dict[str, str], expected: dict[str, str]
) -> None:
    found = resolve(ImageConfig(env, labels), None, known.knowledge)
    assert {name: value.text for name, value in found.values.items()} == expected
    assert not found.contradictions


def test_a_windows_base(known: Catalog) -> None:
    config = parse_config({"os": "windows", "architecture": "amd64", "config": {}}, "x")
    assert resolve(config, None, known.knowledge).values["ubuntu"].family == "windows"


# --- the local engine ------------------------------------------------------------------------------------------------


def test_the_engines_image_goes_first(docker_host: str, run: Run) -> None:
    import docker

    client = docker.APIClient(base_url=docker_host, version="auto")
    name = f"amlcheck-tests/resolve-base:{os.getpid()}"
    try:
        repository, _, tag = name.partition(":")
        empty = layer({"a": b"1"})
        client.import_image_from_data(empty, repository=repository, tag=tag, changes=["ENV CUDA_VERSION=11.8.0"])
        run.env["DOCKER_HOST"] = docker_host
        run.env["HTTPS_PROXY"] = "http://127.0.0.1:9"
        try:
            for reference in (name, f"docker.io/{name}"):
                judged = run.judged(dockerfile(run, f"FROM {reference}\n"), "--resolve-base", *required())
                assert judged["cuda"]["found"] == "11.8.0"
        finally:
            client.remove_image(name)
        judged = run.judged("Dockerfile", "--resolve-base", *required())
        assert "could not be resolved: registry-1.docker.io" in judged["cuda"]["reason"]
    finally:
        client.close()
