"""What a test deployment is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from amlcheck.deployment.expectation import Expectation
from amlcheck.deployment.model import Request
from amlcheck.errors import AmlcheckError
from amlcheck.records import dataclass, field

MODES = ("auto", "entry-script", "packaged", "v2-local", "own-container")
PORT = 5001
"""Where Azure ML's server listens."""
LIVENESS_SECONDS = 310.0
"""The documented probe defaults: an initial delay of 10 s, then 30 failures 10 s apart."""
PROBE_SECONDS = 2.0
"""The documented time limit of one probe."""
REQUEST_SECONDS = 5.0
"""The documented request_timeout_ms of an endpoint, 5000."""
STOP_SECONDS = 10.0
"""What a container gets between SIGTERM and SIGKILL, as `docker stop` has it."""
MEMORY_BYTES = 4 << 30


@dataclass(frozen=True, slots=True)
class Route:
    """Where something is asked."""

    port: int
    path: str

    @property
    def text(self) -> str:
        return f"{self.port}{self.path}"


@dataclass(frozen=True, slots=True)
class Routes:
    """The routes of a server; the defaults are those of Azure ML's."""

    liveness: Route = Route(PORT, "/")
    readiness: Route = Route(PORT, "/")
    scoring: Route = Route(PORT, "/score")

    @property
    def ports(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys((self.scoring.port, self.liveness.port, self.readiness.port)))


@dataclass(frozen=True)
class DeployOptions:
    """Everything but the image. The defaults deploy the built-in entry script and ask the sample request."""

    mode: str = "auto"
    script: Path | None = None
    """The entry script."""
    source: Path | None = None
    """The folder that is deployed with it; else only the script is."""
    model: Path | None = None
    """A folder or file, put where AZUREML_MODEL_DIR leads."""
    conda_file: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    routes: Routes | None = None
    """Given for an own container."""
    requests: tuple[Request, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    """One for all requests, or one a request; none expects 200."""
    bad_requests: bool = True
    load_requests: int = 0
    concurrency: int = 1
    max_latency_ms: float = 0.0
    """At the 95th percentile; 0 asks for none."""
    timeout: float = LIVENESS_SECONDS
    """Seconds for the whole, but for stopping."""
    request_timeout: float = REQUEST_SECONDS
    stop_timeout: float = STOP_SECONDS
    memory_bytes: int = MEMORY_BYTES
    cpus: float = 0.0
    """0 for all."""
    network: bool = False
    """Whether the container may reach other machines."""
    gpus: str = ""
    host_port: int = 0
    """Where on 127.0.0.1 the scoring port is published; 0 for any free one."""
    keep: bool = False
    pull: str = "missing"
    platform: str = "linux/amd64"

    def check(self) -> None:
        """Raises AmlcheckError for what does not go together."""
        if self.mode not in MODES:
            raise AmlcheckError(f"--mode {self.mode!r} is none; it is {', '.join(MODES)}")
        if len(self.expectations) > 1 and len(self.expectations) != len(self.requests):
            raise AmlcheckError(
                f"{len(self.expectations)} --expect for {len(self.requests)} --request: give one for each, or one for all"
            )
        if self.routes is not None and self.mode not in ("auto", "own-container"):
            raise AmlcheckError(
                f"--liveness, --readiness and --scoring are for an own container, not --mode {self.mode}"
            )
        if self.script is not None and self.mode in ("packaged", "own-container"):
            raise AmlcheckError(f"--entry-script is not for --mode {self.mode}: the image serves itself")
        if self.source is not None and self.script is None:
            raise AmlcheckError("--source needs --entry-script: the script in the folder that is deployed")
        for name, path in (("--entry-script", self.script), ("--conda-file", self.conda_file)):
            if path is not None and not path.is_file():
                raise AmlcheckError(f"{name} {path}: there is no such file")
        if self.source is not None and not self.source.is_dir():
            raise AmlcheckError(f"--source {self.source}: there is no such folder")
        if self.model is not None and not self.model.exists():
            raise AmlcheckError(f"--model {self.model}: there is no such folder or file")
        if self.source is not None and self.script is not None and not _below(self.script, self.source):
            raise AmlcheckError(f"--entry-script {self.script}: is not in the folder --source {self.source}")
        for name, value in (("--timeout", self.timeout), ("--request-timeout", self.request_timeout)):
            if not value > 0:
                raise AmlcheckError(f"{name} {value:g}: must be more than 0")


def _below(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def parse_route(text: str, option: str) -> Route:
    """A route as PORT/PATH, or only one of the two. Raises AmlcheckError."""
    number, slash, path = text.partition("/")
    if (number and not (number.isdecimal() and 0 < int(number) < 65536)) or not text:
        raise AmlcheckError(f"{option} {text!r}: write it as PORT/PATH, such as 8080/health")
    if any(ord(letter) <= 32 or ord(letter) == 127 for letter in path):
        raise AmlcheckError(f"{option} {text!r}: blanks in a path are written as %20")
    return Route(int(number) if number else PORT, f"/{path}" if slash else "/")
