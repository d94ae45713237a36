"""Deployments that serve, in every mode; what is left behind when they are interrupted; and what is kept on request."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import jsonschema
import pytest

from amlcheck.catalog import Catalog
from amlcheck.deployment.deploy import deploy
from amlcheck.deployment.expectation import parse_expectation
from amlcheck.deployment.model import Deployment, Outcome, Stage
from amlcheck.deployment.options import DeployOptions, Route, Routes
from amlcheck.deployment.payload import parse_request
from amlcheck.deployment.verdict import subject
from amlcheck.image.ownership import RUN
from amlcheck.model import Fact, Origin, Report
from amlcheck.profiles import load_profile
from amlcheck.report import json_report, text_report

ROOT = Path(__file__).resolve().parent.parent
DEPLOYMENTS = ROOT / "tests" / "deployments"
OWN = Routes(Route(5001, "/health"), Route(5001, "/ready"), Route(5001, "/v1/predict"))
SUMS = DEPLOYMENTS / "sums-rows" / "score.py"
ALL_STAGES = list(Stage)


def stages(deployment: Deployment) -> list[Stage]:
    return [item.stage for item in deployment.stages]


def report_on(deployment: Deployment, known: Catalog) -> Report:
    profile = load_profile(known, "azureml-2021-04")
    return Report(profile.name, (subject(deployment, known, profile),))


def amlcheck(*words: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "checker"), "COLUMNS": "100"}
    command = [sys.executable, "-m", "amlcheck", *words, "--no-config"]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=120, check=False, **settings
    )


def test_nothing_given_but_an_image(built: Callable[[str], str]) -> None:
    """Two rows in, two results out; every stage with its time; exit 0."""
    done = amlcheck("score", built("compliant"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "200 [55, 55]" in done.stdout
    for stage in Stage:
        assert f"ok    {stage.value}" in done.stdout
    assert "inference-server  1.5.1" in done.stdout


def test_as_json(built: Callable[[str], str]) -> None:
    """It is valid by the schema, and says what the text says."""
    done = amlcheck(
        "score", built("compliant"), "--entry-script", str(SUMS), "--expect", "[55, 55]", "--format", "json"
    )
    assert done.returncode == 0
    data = json.loads(done.stdout)
    jsonschema.validate(data, json_report.schema())
    (found,) = data["subjects"]
    assert found["kind"] == "deployment"
    assert [item["stage"] for item in found["deployment"]["stages"]] == [stage.value for stage in Stage]
    assert found["deployment"]["exchanges"][0]["answer"] == "[55, 55]"
    (verdict,) = found["verdicts"]
    assert (verdict["verdict"], verdict["found"], verdict["witnesses"][0]["origin"]) == ("met", "1.5.1", "scored")


def test_a_failure_as_json_and_text(built: Callable[[str], str], known: Catalog) -> None:
    deployment = deploy(built("compliant"), DeployOptions(script=DEPLOYMENTS / "run-raised" / "score.py"))
    report = report_on(deployment, known)
    data = json_report.as_data(report)
    jsonschema.validate(data, json_report.schema())
    assert data["subjects"][0]["deployment"]["failure"]["kind"] == "run-raised"
    assert data["summary"]["exit_code"] == 1
    text = text_report.render(report, 80)
    assert "error[AML501]" in text
    assert "rows[2]" in text
    assert max(map(len, text.splitlines())) <= 80


def test_the_model_folder_and_the_folder_of_the_script(built: Callable[[str], str], tmp_path: Path) -> None:
    """They are where Azure ML puts them, also for a user that is not root."""
    (tmp_path / "app" / "src").mkdir(parents=True)
    (tmp_path / "app" / "helper.py").write_text("FACTOR = 2\n")
    (tmp_path / "app" / "src" / "score.py").write_text(
        "import json, os\nfrom helper import FACTOR\n\n"
        "def init():\n    global weights\n"
        "    with open(os.path.join(os.environ['AZUREML_MODEL_DIR'], 'weights.json')) as file:\n"
        "        weights = json.load(file)\n\n"
        "def run(raw):\n    folders = [os.environ['AZUREML_MODEL_DIR'], os.environ['AML_APP_ROOT']]\n"
        "    return [*folders, weights * FACTOR, os.getuid()]\n"
    )
    model = tmp_path / "my model"
    model.mkdir()
    (model / "weights.json").write_text("21")
    options = DeployOptions(
        source=tmp_path / "app",
        script=tmp_path / "app" / "src" / "score.py",
        model=model,
        requests=(parse_request("{}"),),
        expectations=(
            parse_expectation('["/var/azureml-app/azureml-models/my-model/1", "/var/azureml-app", 42, 1000]'),
        ),
    )
    deployment = deploy(built("not-root"), options)
    assert deployment.failure is None


def test_a_request_is_made_from_swagger(built: Callable[[str], str]) -> None:
    deployment = deploy(built("compliant"), DeployOptions(script=DEPLOYMENTS / "schema-decorated" / "score.py"))
    assert deployment.failure is None
    first = deployment.exchanges[0]
    assert first.request.name == "the example of /swagger.json"
    assert json.loads(first.request.body) == {"data": [[1, 2, 3], [4, 5, 6]]}


def test_several_requests_each_with_its_expectation(built: Callable[[str], str]) -> None:
    options = DeployOptions(
        script=SUMS,
        requests=(parse_request('{"data": [[1, 2]]}'), parse_request('{"data": [[0.1, 0.2], [4]]}')),
        expectations=(parse_expectation("[3]"), parse_expectation("$[0] = 0.3")),
    )
    assert deploy(built("compliant"), options).failure is None


@pytest.mark.parametrize(
    ("image", "mode", "options"),
    [
        ("packaged", "packaged", {}),
        ("compliant", "v2-local", {"mode": "v2-local"}),
        ("any-server", "own-container", {"routes": OWN, "environment": {"SERVER": "good"}, "stop_timeout": 1}),
    ],
)
def test_every_mode(built: Callable[[str], str], image: str, mode: str, options: dict[str, Any]) -> None:
    """Chosen automatically where that can be, and said."""
    deployment = deploy(built(image), DeployOptions(**options))
    assert deployment.failure is None
    assert (deployment.mode, stages(deployment)) == (mode, ALL_STAGES)
    assert deployment.why_mode
    assert deployment.exchanges[0].answer is not None
    assert deployment.exchanges[0].answer.body == b"[55, 55]"


@pytest.mark.slow
def test_a_slow_init_is_waited_for(built: Callable[[str], str]) -> None:
    """Twenty seconds, in which the port accepts and nothing answers."""
    options = DeployOptions(
        script=DEPLOYMENTS / "slow-init" / "score.py", environment={"SLOW_INIT_SECONDS": "20"}, timeout=90
    )
    deployment = deploy(built("compliant"), options)
    assert deployment.failure is None
    live = next(item for item in deployment.stages if item.stage is Stage.LIVE)
    assert 20 < live.seconds < 30


def test_figures_of_many_requests(built: Callable[[str], str]) -> None:
    options = DeployOptions(load_requests=100, concurrency=4, max_latency_ms=5000, bad_requests=False)
    deployment = deploy(built("compliant"), options)
    assert deployment.failure is None
    load = deployment.load
    assert load is not None
    assert (load.requests, load.failed, load.concurrency) == (100, 0, 4)
    assert 0 < load.p50 <= load.p95 <= load.p99
    assert load.throughput > 10


def test_bad_requests_are_survived(built: Callable[[str], str]) -> None:
    deployment = deploy(built("compliant"), DeployOptions())
    bad = [item for item in deployment.exchanges if item.bad]
    assert len(bad) == 6
    assert all(item.outcome is Outcome.ANSWERED for item in bad)
    assert deployment.exchanges[-1].differences == ()


def test_it_cannot_reach_anything(built: Callable[[str], str], tmp_path: Path) -> None:
    """Neither other machines nor names; and it is published on 127.0.0.1 only."""
    (tmp_path / "score.py").write_text(
        "import socket\n\n"
        "def init():\n    pass\n\n"
        "def run(raw):\n"
        "    found = []\n"
        "    for address in (('192.0.2.1', 80), ('1.1.1.1', 443)):\n"
        "        with socket.socket() as one:\n"
        "            one.settimeout(1)\n"
        "            try:\n"
        "                one.connect(address)\n"
        "                found.append(address)\n"
        "            except OSError:\n"
        "                pass\n"
        "    return found\n"
    )
    hosts: list[str] = []

    def look(text: str) -> None:
        if text == "scoring":
            with contextlib.closing(docker.from_env()) as client:
                for container in client.containers.list(filters={"label": f"amlcheck.run={RUN}"}):
                    hosts.extend(item["HostIp"] for items in container.ports.values() for item in items)

    options = DeployOptions(
        script=tmp_path / "score.py", expectations=(parse_expectation("[]"),), bad_requests=False, request_timeout=10
    )
    deployment = deploy(built("compliant"), options, told=look)
    assert deployment.failure is None
    assert hosts == ["127.0.0.1"]


def test_what_the_deployment_says_of_requirements(built: Callable[[str], str], known: Catalog) -> None:
    """It is the strongest witness."""
    good = report_on(deploy(built("compliant")), known).subjects[0]
    (judgement,) = good.judgements
    assert judgement.witnesses[0].origin is Origin.SCORED
    bad = report_on(deploy(built("old-flask-generation")), known).subjects[0]
    (judgement,) = bad.judgements
    assert judgement.verdict.value == "violated"
    testimony = judgement.witnesses[0].testimony
    assert isinstance(testimony, Fact)
    assert not testimony.value.present


def test_one_that_ignores_sigterm_is_killed(built: Callable[[str], str], known: Catalog) -> None:
    options = DeployOptions(routes=OWN, environment={"SERVER": "ignores-sigterm"}, bad_requests=False, stop_timeout=1)
    deployment = deploy(built("any-server"), options)
    assert deployment.failure is None
    assert deployment.ending is not None
    assert deployment.ending.exit_code == 137
    (finding,) = report_on(deployment, known).subjects[0].findings
    assert finding.rule == "AML502"


def test_a_log_without_end(built: Callable[[str], str]) -> None:
    """It neither fills memory nor keeps anybody from asking."""
    options = DeployOptions(routes=OWN, environment={"SERVER": "floods"}, stop_timeout=1, request_timeout=20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    deployment = deploy(built("any-server"), options)
    assert deployment.failure is None
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_the_model_of_a_container_of_ones_own(built: Callable[[str], str], tmp_path: Path) -> None:
    (tmp_path / "weights.json").write_text("{}")
    options = DeployOptions(routes=OWN, environment={"SERVER": "model"}, model=tmp_path, stop_timeout=1)
    deployment = deploy(built("any-server"), options)
    assert deployment.failure is None
    assert deployment.exchanges[0].answer is not None
    assert json.loads(deployment.exchanges[0].answer.body) == ["weights.json"]


def test_kept_on_request(built: Callable[[str], str]) -> None:
    """It is left running with its address and the commands, which work."""
    done = amlcheck("score", built("compliant"), "--keep", "--format", "json")
    assert done.returncode == 0, done.stderr
    kept = json.loads(done.stdout)["subjects"][0]["deployment"]["kept"]
    try:
        assert kept["url"].startswith("http://127.0.0.1:")
        request = urllib.request.Request(kept["url"], b'{"data": [[1, 2]]}', {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert json.loads(answer.read()) == [3]
        assert kept["curl"].startswith("curl ")
    finally:
        with contextlib.closing(docker.from_env()) as client:
            name = kept["end"].split()[3]
            client.containers.get(name).remove(force=True, v=True)
            client.networks.get(name).remove()


def left(run: str) -> list[str]:
    """Containers and networks of a run."""
    with contextlib.closing(docker.from_env()) as client:
        things = [*client.containers.list(all=True, ignore_removed=True), *client.networks.list()]
        return [thing.name for thing in things if thing.name.startswith(f"amlcheck-{run}-")]


@pytest.fixture
def files(docker_host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files of what the test starts."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


STAGES = ["creating", "starting", "waiting", "scoring", "bad requests", "stopping"]
_INTERRUPTED = """
import os, signal, sys, time
from amlcheck import score_command
from amlcheck.cli import main
from amlcheck.image.ownership import RUN
from contextlib import contextmanager

@contextmanager
def progress(name):
    def told(text):
        if sys.argv[1] in text:
            print(RUN, flush=True)
            if sys.argv[2] == "KILL":
                time.sleep(0.05)
            os.kill(os.getpid(), getattr(signal, "SIG" + sys.argv[2]))
            time.sleep(0.02)
    yield told

score_command.progress = progress
sys.exit(main(["score", sys.argv[3], "--no-config"]))
"""


def interrupted(stage: str, how: str, image: str) -> subprocess.CompletedProcess[str]:
    """A run that gets a signal as it comes to a stage."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "checker")}
    command = [sys.executable, "-c", _INTERRUPTED, stage, how, image]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)


@pytest.mark.parametrize("stage", STAGES)
def test_ctrl_c_leaves_nothing(built: Callable[[str], str], files: Path, stage: str) -> None:
    done = interrupted(stage, "INT", built("compliant"))
    assert (done.returncode, done.stderr) == (130, "amlcheck: interrupted\n")
    assert len(done.stdout.split()) == 1
    assert left(done.stdout.strip()) == []
    assert list(files.iterdir()) == []


def test_sigterm_leaves_nothing(built: Callable[[str], str], files: Path) -> None:
    done = interrupted("waiting", "TERM", built("compliant"))
    assert done.returncode == 128 + signal.SIGTERM
    assert left(done.stdout.strip()) == []
    assert list(files.iterdir()) == []


@pytest.mark.parametrize("stage", ["creating", "waiting"])
def test_sigkill_leaves_nothing_for_long(built: Callable[[str], str], files: Path, stage: str) -> None:
    """The watchdog removes container and network as soon as their owner is gone."""
    done = interrupted(stage, "KILL", built("compliant"))
    assert done.returncode == -signal.SIGKILL
    run = done.stdout.strip()
    assert run
    until = time.monotonic() + 15
    while left(run) and time.monotonic() < until:
        time.sleep(0.2)
    assert left(run) == []
    assert list(files.iterdir()) == []


@pytest.mark.parametrize("pull", ["missing", "always"])
def test_wrong_settings_are_told_before_anything_is_pulled_or_run(
    built: Callable[[str], str], files: Path, pull: str
) -> None:
    image = built("any-server")
    with contextlib.closing(docker.from_env()) as client:
        since = client.info()["SystemTime"]
        done = amlcheck("score", image, "--profile", "nowhere.toml", "--pull", pull)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "amlcheck: nowhere.toml: cannot be read: No such file or directory\n"
        heard = client.events(since=since, until=client.info()["SystemTime"], decode=True)
        names = [event["Actor"]["Attributes"].get("name", "") for event in heard if event["Action"] == "start"]
    assert [name for name in names if name.startswith("amlcheck-")] == []
    assert list(files.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("score", "no-such-image:1", "--pull", "never"), "no such image"),
        (("score", "oci:somewhere"), "only an engine can run an image"),
        (("score", "x:1", "--entry-script", "nowhere.py"), "there is no such file"),
        (("score", "x:1", "--expect", "{"), "neither a status"),
    ],
)
def test_what_the_user_must_change(docker_host: str, words: tuple[str, ...], says: str) -> None:
    done = amlcheck(*words)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
