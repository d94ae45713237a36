"""Failing deployments, each real: a real server in a real container, told apart by what it shows and by nothing else."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import pytest

from amlcheck.catalog import Catalog
from amlcheck.deployment import failures
from amlcheck.deployment.deploy import deploy
from amlcheck.deployment.expectation import parse_expectation
from amlcheck.deployment.failures import Failures, Observation, classify, known_failures, observe
from amlcheck.deployment.model import Deployment, Failure, Stage
from amlcheck.deployment.options import DeployOptions, Route, Routes
from amlcheck.deployment.payload import parse_request
from amlcheck.deployment.verdict import subject
from amlcheck.exits import Exit
from amlcheck.image.engine import Engine
from amlcheck.image.ownership import RUN
from amlcheck.judge import exit_code
from amlcheck.model import Report
from amlcheck.profiles import load_profile

DEPLOYMENTS = Path(__file__).resolve().parent / "deployments"
AT_ONCE = 3
OWN = Routes(Route(5001, "/health"), Route(5001, "/ready"), Route(5001, "/score"))


@dataclass(frozen=True)
class Case:
    """A deployment that fails, and what must be said of it."""

    name: str
    kind: str
    stage: Stage
    says: tuple[str, ...]
    """Words of cause and remedy."""
    script: str = ""
    """The folder below tests/deployments that has its score.py."""
    image: str = "compliant"
    server: str = ""
    """What tests/deployments/any_server.py is to be."""
    options: dict[str, Any] = field(default_factory=dict)
    log: tuple[str, ...] = ()
    """Words that are shown of its log."""
    within: float = 12.0
    """Seconds, of a machine that has other work too; no case waits for its timeout unless that is its cause."""


def script(name: str, kind: str, stage: Stage, *says: str, log: tuple[str, ...] = (), **options: Any) -> Case:
    return Case(name, kind, stage, says, script=name, options=options, log=log)


def image(name: str, kind: str, stage: Stage, *says: str, log: tuple[str, ...] = (), **options: Any) -> Case:
    return Case(f"image-{name}-{kind}", kind, stage, says, image=name, options=options, log=log)


def server(name: str, kind: str, stage: Stage, *says: str, log: tuple[str, ...] = (), **options: Any) -> Case:
    given = {"routes": OWN, **options}
    return Case(f"server-{name}", kind, stage, says, image="any-server", server=name, options=given, log=log)


LIVE, READY, SCORED, SURVIVED, STARTED = Stage.LIVE, Stage.READY, Stage.SCORED, Stage.SURVIVED, Stage.STARTED
CASES = [
    # The entry script.
    script("import-raised", "import-raised", LIVE, "ZeroDivisionError", log=("RATIO = 1 / 0", "score.py")),
    script("does-not-parse", "script-does-not-parse", LIVE, "SyntaxError", log=("def run(raw)",)),
    script("module-missing", "module-missing", LIVE, "lightgbm", "install", log=("import lightgbm",)),
    script("sdk-missing", "sdk-missing", LIVE, "azureml.api", "azureml-core"),
    script("shared-library-missing", "shared-library-missing", LIVE, "libgomp-of-nobody.so.1", "apt-get"),
    script("no-run", "no-run", LIVE, "no function run()", "define init() and run"),
    script("no-init", "no-run", LIVE, "no function init()"),
    script("run-takes-nothing", "run-cannot-be-called", LIVE, "def run(data)"),
    script("init-raised", "init-raised", LIVE, "KeyError: 'threshold'", log=('settings["threshold"]',)),
    script("model-file-missing", "model-file-missing", LIVE, "weights.json", "--model"),
    script(
        "model-of-another-version", "model-of-another-version", LIVE, "sklearn", "pin",
        log=("pickle.load(file)",), with_source=True, with_model=True,
    ),
    Case(
        "model-needs-module", "model-needs-module", LIVE, ("package sklearn",), script="model-of-another-version",
        options={"with_model": True},
    ),
    script("segfault", "crashed", LIVE, "Segmentation fault", log=("score.py",)),
    script("ends-in-init", "worker-dies", LIVE, "exited with code 7", "os._exit"),
    script("out-of-memory-init", "out-of-memory", LIVE, "300 MiB", "--memory", memory_bytes=300 << 20),
    script("run-raised", "run-raised", SCORED, "IndexError", log=("rows[2]",)),
    script("not-serialisable", "not-serialisable", SCORED, "Prediction is not JSON serializable", ".tolist()"),
    script("numpy-result", "not-serialisable", SCORED, "ndarray"),
    script("slow-run", "request-timeout", SCORED, "within 1 s", "408", request_timeout=1.0),
    Case(
        "scoring-timeout", "scoring-timeout", SCORED, ("300 ms", "SCORING_TIMEOUT_MS"), script="slow-run",
        options={"environment": {"SCORING_TIMEOUT_MS": "300"}},
    ),
    Case(
        "worker-timeout", "worker-lost", SCORED, ("WORKER_TIMEOUT", "the worker was ended"), script="slow-run",
        options={"environment": {"WORKER_TIMEOUT": "1"}},
    ),
    script("out-of-memory-run", "out-of-memory", SCORED, "300 MiB", memory_bytes=300 << 20),
    script("wrong-answer", "wrong-answer", SCORED, "$[0]: 55 expected, 10.0 found", expect="[55, 55]"),
    Case(
        "too-slow", "too-slow", SCORED, ("0.01 ms are allowed", "WORKER_COUNT"), script="sums-rows",
        options={"load_requests": 20, "max_latency_ms": 0.01},
    ),
    Case(
        "request-refused", "request-refused", SCORED, ("400", "--request", "'data' parameter"), script="schema-decorated",
        options={"request": '{"inputs": []}'},
    ),
    script("dies-of-bad-requests", "died-of-bad-request", SURVIVED, "malformed JSON", "never end its process"),
    script("broken-by-bad-requests", "broken-by-bad-request", SURVIVED, "500 found", "state"),
    script("leaks-a-secret", "init-raised", LIVE, "AccountKey=***", "***@store"),
    # The image.
    image("no-server", "server-missing", LIVE, "no azureml_inference_server_http", "==1.5.1", script_name="sums-rows"),
    image("base", "server-missing", LIVE, "no azureml_inference_server_http", "azureml-defaults>=1.36"),
    image("no-python", "server-missing", STARTED, "azmlinfsrv", "install azureml-inference-server-http"),
    image("old-flask", "broken-combination", LIVE, "cannot import name", "jinja2<3.0"),
    image("old-flask-generation", "broken-combination", LIVE, "cannot import name 'Markup' from 'jinja2'", "1.13.0"),
    image("no-flask", "server-cannot-start", LIVE, "No module named 'flask'"),
    image("misconfigured", "server-misconfigured", LIVE, "SCORING_TIMEOUT_MS"),
    image("packaged-without-script", "entry-script-missing", LIVE, "src/score.py", "AZUREML_ENTRY_SCRIPT"),
    image("packaged-without-name", "entry-script-missing", LIVE, "main.py", "AZUREML_ENTRY_SCRIPT"),
    image("no-such-program", "command-missing", STARTED, "/usr/local/bin/serve", mode="packaged"),
    image("not-executable", "not-executable", STARTED, "chmod +x", mode="packaged"),
    image("arm64", "wrong-platform", LIVE, "linux/amd64", mode="packaged"),
    image("no-runit", "runit-missing", STARTED, "runsvdir", "runit", mode="v2-local"),
    image("no-service", "runit-empty", LIVE, "/var/runit", mode="v2-local"),
    image("base", "port-not-exposed", LIVE, "EXPOSE 5001", mode="v2-local"),
    # Containers of one's own.
    server("ends", "server-ended", LIVE, "exit code 4", log=("cannot open the licence file",)),
    server("done", "server-gone", LIVE, "exit code 0", log=("trained the model",)),
    server("crashes", "crashed", LIVE, "crashed in native code"),
    server("eats-memory", "out-of-memory", LIVE, "64 MiB", memory_bytes=64 << 20),
    server("sleeps", "never-listened", LIVE, "nothing listened on port 5001", timeout=6.0),
    server("silent", "never-answers", LIVE, "accepts connections and nothing ever answers", timeout=6.0),
    server("other-port", "wrong-port", LIVE, "listens on 8080", timeout=6.0, environment={"PORT": "8080"}),
    server("loopback", "listens-on-loopback", LIVE, "0.0.0.0", timeout=6.0),
    server("unhealthy", "unhealthy", LIVE, "/health answers 503", timeout=6.0),
    server("no-liveness-route", "unhealthy", LIVE, "/health answers 404", timeout=60.0),
    server("not-ready", "unhealthy", READY, "/ready answers 404", timeout=60.0),
    server("garbled", "no-http", LIVE, "is no HTTP", timeout=6.0),
    server("raises", "server-raised", LIVE, "No module named 'a_module_that_is_not_there'", log=("any_server.py",)),
    server(
        "slow", "out-of-time", SCORED, "(6 s)", "--timeout", timeout=6.0, request_timeout=60.0,
        requests=tuple(parse_request(str(number)) for number in range(20)),
    ),
    server("refuses", "request-refused", SCORED, "422", "field required"),
    server("fails", "server-error", SCORED, "500", "model exploded", "424"),
    server("redirects", "wrong-answer", SCORED, "200 expected, 307 found"),
    Case(
        "route-missing", "route-missing", SCORED, ("/predict answers 404", "--scoring"), image="any-server", server="good",
        options={"routes": Routes(Route(5001, "/health"), Route(5001, "/ready"), Route(5001, "/predict"))},
    ),
]  # fmt: skip


@dataclass(frozen=True)
class Outcomes:
    """What became of the cases, some of which are deployed at once: most of the time they only wait."""

    deployments: dict[str, Future[Deployment]]
    observations: dict[int, Observation]
    """What was classified, by the identity of the failure that came of it."""


@pytest.fixture(scope="session")
def outcomes(request: pytest.FixtureRequest, built: Callable[[str], str]) -> Iterator[Outcomes]:
    """Deploys all cases that this run asks for, and sees to it that none of them left anything."""
    chosen = [item.callspec.params["case"] for item in request.session.items if "outcomes" in item.fixturenames]  # type: ignore[attr-defined]
    images = {case.image: built(case.image) for case in chosen}
    observations: dict[int, Observation] = {}

    def watched(observation: Observation, *known: Failures) -> Failure:
        failure = classify(observation, *known)
        observations[id(failure)] = observation
        return failure

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(AT_ONCE) as pool:
        patch.setattr(failures, "classify", watched)
        futures = {case.name: pool.submit(deploy, images[case.image], options_of(case)) for case in chosen}
        yield Outcomes(futures, observations)
    assert_nothing_is_left()


def options_of(case: Case) -> DeployOptions:
    given = dict(case.options)
    folder = DEPLOYMENTS / (case.script or given.pop("script_name", "") or "sums-rows")
    if case.script:
        given["script"] = folder / "score.py"
    if given.pop("with_source", False):
        given["source"] = folder
    if given.pop("with_model", False):
        given["model"] = folder / "model"
    if "expect" in given:
        given["expectations"] = (parse_expectation(given.pop("expect")),)
    if "request" in given:
        given["requests"] = (parse_request(given.pop("request")),)
    environment = {"STORE_PASSWORD": "opensesame", **given.pop("environment", {})}
    if case.server:
        environment["SERVER"] = case.server
    return DeployOptions(**{"timeout": 60.0, **given, "environment": environment})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_failure_is_told_as_what_it_is(case: Case, outcomes: Outcomes, known: Catalog, docker_host: str) -> None:
    """Its kind and no other of that rank, in its stage, with its remedy, exit 1, and never only at the timeout."""
    deployment = outcomes.deployments[case.name].result()
    failure = deployment.failure
    assert failure is not None, deployment
    observation = outcomes.observations[id(failure)]
    fitting = {kind.name for kind, _ in known_failures().fitting(observe(observation))}
    assert fitting == {case.kind}, failure
    assert (failure.kind, failure.stage) == (case.kind, case.stage)
    for words in case.says:
        assert words in f"{failure.cause} {failure.remedy}"
    for words in case.log:
        assert words in "\n".join(failure.log)
    assert "{" not in failure.cause.replace('{"', "")
    assert "?" not in (failure.cause + failure.remedy)
    assert failure.at < case.within
    assert exit_of(deployment, known) is Exit.VIOLATED
    assert "opensesame" not in repr(deployment)
    assert "c2VjcmV0" not in repr(deployment)


def exit_of(deployment: Deployment, known: Catalog) -> Exit:
    profile = load_profile(known, "azureml-2021-04")
    return exit_code(Report(profile.name, (subject(deployment, known, profile),)))


def assert_nothing_is_left() -> None:
    client = docker.from_env()
    try:
        ours = [item.name for item in client.containers.list(all=True, filters={"label": f"amlcheck.run={RUN}"})]
        networks = [item.name for item in client.networks.list(filters={"label": f"amlcheck.run={RUN}"})]
        assert (ours, networks) == ([], [])
    finally:
        client.close()


def test_there_are_many() -> None:
    assert len({case.kind for case in CASES}) >= 40


def test_a_container_that_dies_is_reported_at_once(built: Callable[[str], str]) -> None:
    """It dies half a second after it was started; less than a second later that is known, with its exit code and log."""
    options = DeployOptions(routes=OWN, environment={"SERVER": "ends"}, timeout=120.0)
    deployment = deploy(built("any-server"), options)
    assert deployment.failure is not None
    started = next(item.at for item in deployment.stages if item.stage is Stage.STARTED)
    assert deployment.failure.at - started < 0.5 + 1.0
    assert deployment.ending is not None
    assert deployment.ending.exit_code == 4


def test_one_that_is_killed_from_outside(built: Callable[[str], str]) -> None:
    def kill(text: str) -> None:
        if "waiting" in text:
            client = docker.from_env()
            for container in client.containers.list(filters={"label": f"amlcheck.run={RUN}"}):
                container.kill()
            client.close()

    options = DeployOptions(
        script=DEPLOYMENTS / "slow-init" / "score.py", environment={"SLOW_INIT_SECONDS": "60"}, timeout=60.0
    )
    begun = time.monotonic()
    deployment = deploy(built("compliant"), options, told=kill)
    assert deployment.failure is not None
    assert (deployment.failure.kind, deployment.failure.stage) == ("killed", Stage.LIVE)
    assert "137 (SIGKILL)" in deployment.failure.cause
    assert time.monotonic() - begun < 20


def test_failures_are_data_with_sources(known: Catalog) -> None:
    """Every kind has a cause, a remedy and a source, and every test of it is one of the kinds."""
    kinds = known_failures().kinds
    assert {case.kind for case in CASES} <= {kind.name for kind in kinds}
    assert all(kind.source for kind in kinds if kind.name not in ("image-cannot-start", "unknown"))


def test_the_engine_is_asked_once_for_all(built: Callable[[str], str]) -> None:
    """Callers with an engine of their own keep it."""
    engine = Engine.connect()
    try:
        for _ in range(2):
            assert deploy(built("compliant"), engine=engine).failure is None
        assert json.dumps(engine.platform())
    finally:
        engine.close()
