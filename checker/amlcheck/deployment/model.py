"""What a test deployment comes to: stages with their times, exchanges, figures, and the failure, if there is one.

All of it is frozen and does no I/O. Times are seconds on a monotonic clock since the deployment began.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING

from amlcheck.records import dataclass, field

if TYPE_CHECKING:
    from amlcheck.model import Chain


class Stage(Enum):
    """How far a deployment comes, in order."""

    CREATED = "created"
    STARTED = "started"
    LIVE = "live"
    """The liveness route answered 200."""
    READY = "ready"
    """The readiness route answered 200."""
    SCORED = "scored"
    """Every request was answered as expected."""
    SURVIVED = "survived"
    """Bad requests did not stop it from answering the good one."""
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class StageTime:
    """A stage that was reached."""

    stage: Stage
    at: float
    """Seconds since the deployment began."""
    seconds: float
    """How long it took since the stage before."""
    note: str = ""
    """What is to be known of it: "exit code 0"."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the server."""

    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    """Besides the content type."""
    name: str = ""
    """For people: a file's name, "the sample request"."""
    method: str = "POST"
    path: str = ""
    """Empty for the scoring route."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Bodies and headers are the server's own words: hostile until shown otherwise."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name; the first of several with one name."""
    body: bytes
    seconds: float
    complete: bool = True
    """False where the body had more than was read."""

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Outcome(Enum):
    """What became of a request."""

    ANSWERED = "answered"
    REFUSED = "refused"
    """Nothing listens; seen through an engine's proxy, a connection that ends at once."""
    UNREACHABLE = "unreachable"
    """No connection could be made: no packet came back, or the network says that there is no way."""
    CLOSED = "closed"
    """The connection ended before the answer did."""
    SILENT = "silent"
    """The connection was accepted and no answer came in time."""
    GARBLED = "garbled"
    """What came back is no HTTP."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what became of it."""

    request: Request
    outcome: Outcome
    answer: Answer | None = None
    seconds: float = 0.0
    detail: str = ""
    """Why there is no answer, for people."""
    expected: str = ""
    """What was expected, for people."""
    differences: tuple[str, ...] = ()
    """Where the answer is not what was expected, one a line; empty where it is."""
    bad: bool = False
    """Whether it is one that the server may refuse."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a container ended."""

    exit_code: int
    out_of_memory: bool = False
    by_us: bool = False


@dataclass(frozen=True, slots=True)
class Load:
    """Figures of many requests."""

    requests: int
    concurrency: int
    failed: int
    seconds: float
    """From the first request to the last answer."""
    p50: float
    """Milliseconds, of answered requests."""
    p95: float
    p99: float
    curve: tuple[float, ...] = ()
    """Milliseconds of answered requests: the least, then the 1st to the 100th percentile. Empty where none was answered."""

    @property
    def throughput(self) -> float:
        """Answers a second."""
        return (self.requests - self.failed) / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a deployment failed, what that means and what to do."""

    kind: str
    """As rules/failures.toml has it: "init-raised"."""
    stage: Stage
    """The stage that was not reached."""
    cause: str
    remedy: str
    source: str = ""
    at: float = 0.0
    """Seconds since the deployment began until it was known."""
    evidence: Chain = ()
    log: tuple[str, ...] = ()
    """The lines of the container's log that tell it, or the traceback of the entry script."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One test deployment, from first to last."""

    image: str
    mode: str
    why_mode: str
    """Why this mode was chosen, for people."""
    stages: tuple[StageTime, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    """Those that were judged: the good requests, then the bad ones."""
    failure: Failure | None = None
    load: Load | None = None
    server: str = ""
    """What the server calls itself: "azmlinfsrv/1.5.1"."""
    ending: Ending | None = None
    kept: Mapping[str, str] = field(default_factory=dict)
    """With --keep: its "url", "curl" and "end" command."""
    notes: tuple[str, ...] = ()
    digest: str = ""

    @property
    def reached(self) -> Stage | None:
        return self.stages[-1].stage if self.stages else None
