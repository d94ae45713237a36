"""Says what a failure is: what was observed, matched against rules/failures.toml."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from amlcheck.catalog import rules_folder
from amlcheck.data_files import read_data, read_toml
from amlcheck.deployment.log import Chain, chains, lines_of, shown_crash, shown_lines, shown_traceback
from amlcheck.deployment.model import Ending, Exchange, Failure, Outcome, Stage
from amlcheck.errors import ConfigError
from amlcheck.model import Evidence, in_exchange
from amlcheck.records import dataclass, field
from amlcheck.regex import regex
from amlcheck.versions import from_specifiers, prefix

_LONG = ("exception", "traceback", "log", "answer", "start", "server_missing")
"""Observations in which an expression is searched; all others must fit it as a whole."""
OBSERVED = (
    *_LONG,
    *("stage", "mode", "ended", "exit", "signal", "oom", "phase", "outcome", "status", "failed", "different"),
    *("listening", "late", "slow", "unexposed", "looping"),
)
_MAX_VALUE = 300
"""Characters of an observation in a sentence."""
_PYTHON = regex(r"^amlcheck: Python (?P<version>\d+\.\d+[\w.]*) (?P<rest>.*)$", re.MULTILINE)
"""What the diagnosing start script prints (in_container/start.py)."""
_NO_SERVER = regex(
    r"\bexec: (?:gunicorn|azmlinfsrv): not found|\b(?:gunicorn|azmlinfsrv): (?:command )?not found"
    r"|A required package azureml-inference-server-http is missing|No module named '?azureml_inference_server_http\b"
    r"|^amlcheck: Python \S+ has no server.*$",
    re.MULTILINE,
)
_NO_SERVER_START = regex(r"\"(?P<program>azmlinfsrv|gunicorn|python3?)\": executable file not found")


@dataclass(frozen=True)
class Observation:
    """All that is known when a stage is not reached."""

    stage: Stage
    mode: str
    at: float = 0.0
    start_error: str = ""
    ending: Ending | None = None
    log: str = ""
    """What the container wrote, without secrets."""
    last: Exchange | None = None
    """The last exchange: with the liveness or readiness route, or the request that was not answered as expected."""
    port: int = 5001
    path: str = "/"
    seconds: float = 0.0
    """How long was waited."""
    request_seconds: float = 0.0
    listening: frozenset[tuple[str, int]] | None = None
    """Addresses and ports that the container listens on; None where that is not known."""
    late: bool = False
    slow: bool = False
    values: Mapping[str, str] = field(default_factory=dict)
    """More for the sentences: memory, exposed, bad_request, latency, max_latency …"""
    looping: bool = False
    """Workers die one after the other while the container runs on."""
    memory_killed: bool = False
    """The kernel ended one of its processes for lack of memory."""


@dataclass(frozen=True)
class Kind:
    """One entry of the data file."""

    name: str
    rank: int
    cause: str
    remedy: str
    source: str
    when: Mapping[str, tuple[re.Pattern[str], ...]]
    unless: Mapping[str, tuple[re.Pattern[str], ...]]

    def match(self, seen: Mapping[str, str]) -> dict[str, str] | None:
        """The named groups where everything fits; None where it does not."""
        groups: dict[str, str] = {}
        for key, patterns in self.when.items():
            match = _first(key, patterns, seen.get(key, ""))
            if match is None:
                return None
            groups.update({name: value for name, value in match.groupdict().items() if value})
        if any(_first(key, patterns, seen.get(key, "")) for key, patterns in self.unless.items()):
            return None
        return groups


@dataclass(frozen=True)
class Failures:
    """The data file."""

    kinds: tuple[Kind, ...]
    apt: Mapping[str, str]
    servers: tuple[tuple[str, str], ...]
    """Specifiers of Python, and the newest server for them."""

    def fitting(self, seen: Mapping[str, str]) -> list[tuple[Kind, dict[str, str]]]:
        """The kinds of the lowest rank that fits. More than one name among them is a mistake of the data."""
        found = [(kind, groups) for kind in self.kinds if (groups := kind.match(seen)) is not None]
        lowest = min(kind.rank for kind, _ in found)
        return [(kind, groups) for kind, groups in found if kind.rank == lowest]

    def server_for(self, python: str) -> str:
        """The version to install for a Python, as "==1.5.1"; empty where it is not known."""
        for specifiers, version in self.servers:
            if python and prefix(python) <= from_specifiers(specifiers):
                return version
        return ""


@lru_cache(maxsize=1)
def known_failures() -> Failures:
    """The data file of this installation. Raises ConfigError."""
    path = rules_folder() / "failures.toml"
    return _failures(path, read_data(path))


def read_failures(path: Path) -> Failures:
    """A data file. Raises ConfigError for what it does not know."""
    return _failures(path, read_toml(path))


def _failures(path: Path, data: Mapping[str, Any]) -> Failures:
    kinds = tuple(_kind(entry, path) for entry in data["failure"])
    apt = {name: package for name, package in data.get("apt", {}).items() if name != "source"}
    return Failures(kinds, apt, tuple((entry["python"], entry["version"]) for entry in data.get("server", [])))


def _kind(entry: Mapping[str, Any], path: Path) -> Kind:
    name = entry.get("kind", "?")
    unknown = set(entry) - {"kind", "rank", "cause", "remedy", "source", "when", "unless"}
    unknown |= (set(entry.get("when", {})) | set(entry.get("unless", {}))) - set(OBSERVED)
    if unknown or "cause" not in entry or "remedy" not in entry:
        raise ConfigError(
            f"{path}: failure {name}: not understood: {', '.join(sorted(unknown)) or 'no cause or remedy'}"
        )
    return Kind(
        name,
        entry.get("rank", 0),
        entry["cause"],
        entry["remedy"],
        entry.get("source", ""),
        {key: _patterns(value) for key, value in entry.get("when", {}).items()},
        {key: _patterns(value) for key, value in entry.get("unless", {}).items()},
    )


def _patterns(value: str | Sequence[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(item, re.MULTILINE) for item in ([value] if isinstance(value, str) else value))


def _first(key: str, patterns: Sequence[re.Pattern[str]], text: str) -> re.Match[str] | None:
    for pattern in patterns:
        match = pattern.search(text) if key in _LONG else pattern.fullmatch(text)
        if match is not None:
            return match
    return None


def classify(observation: Observation, known: Failures | None = None) -> Failure:
    """What a failure is, why it happened and what to do."""
    known = known if known is not None else known_failures()
    lines = lines_of(observation.log)
    chain = _telling(chains(lines))
    seen = _observed(observation, lines, chain)
    kind, groups = known.fitting(seen)[0]
    values = _Values({**_sentences(observation, seen, chain, known), **groups})
    library = groups.get("library", "")
    values["apt"] = f": {known.apt[library]}" if library in known.apt else ""
    return Failure(
        kind=kind.name,
        stage=observation.stage,
        cause=_filled(kind.cause, values),
        remedy=_filled(kind.remedy, values),
        source=kind.source,
        at=observation.at,
        evidence=tuple(_evidence(observation, seen)),
        log=_shown(observation, lines, chain, seen),
    )


def observe(observation: Observation) -> dict[str, str]:
    """The observations by the names that the data file has for them."""
    lines = lines_of(observation.log)
    return _observed(observation, lines, _telling(chains(lines)))


def _observed(observation: Observation, lines: Sequence[str], chain: Chain | None) -> dict[str, str]:
    ending, last = observation.ending, observation.last
    answer = last.answer if last is not None else None
    text = "\n".join(lines)
    exceptions = chain.of_user if chain is not None else ()
    no_server = _NO_SERVER.search(text) or _NO_SERVER_START.search(observation.start_error)
    return {
        "stage": observation.stage.value,
        "mode": observation.mode,
        "start": observation.start_error,
        "ended": _yes(ending is not None),
        "exit": str(ending.exit_code) if ending is not None else "",
        "signal": _signal(ending.exit_code) if ending is not None else "",
        "oom": _yes(observation.memory_killed or (ending is not None and ending.out_of_memory)),
        "phase": _phase(chain, observation.stage, text),
        "exception": "\n".join(item.text for item in exceptions),
        "traceback": "\n".join(line for item in exceptions for line in item.lines),
        "log": text,
        "outcome": last.outcome.value if last is not None else "",
        "status": str(answer.status) if answer is not None else "",
        "failed": answer.headers.get("x-ms-run-function-failed", "") if answer is not None else "",
        "answer": answer.text if answer is not None else "",
        "different": _yes(last is not None and bool(last.differences)),
        "listening": _listening(observation),
        "late": _yes(observation.late),
        "slow": _yes(observation.slow),
        "looping": _yes(observation.looping),
        "unexposed": "yes" if observation.values.get("exposed") else "",
        "server_missing": no_server[0] if no_server is not None and observation.stage is not Stage.SCORED else "",
    }


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _signal(code: int) -> str:
    if not 128 < code < 160:
        return ""
    try:
        return signal.Signals(code - 128).name
    except ValueError:
        return ""


def _telling(found: Sequence[Chain]) -> Chain | None:
    """The chain that tells the failure: the last one in which the server wrapped the user's, else the last one.

    The server logs harmless ones of its own before that.
    """
    wrapped = [chain for chain in found if chain.wrapper]
    if wrapped:
        return wrapped[-1]
    said = [
        chain
        for chain in found
        if chain.exceptions[-1].kind and "Error while fetching model IDs" not in chain.announced
    ]
    return said[-1] if said else None


def _phase(chain: Chain | None, stage: Stage, text: str) -> str:
    """Whose code raised."""
    if chain is None or not any(item.kind for item in chain.exceptions):
        return ""
    if chain.wrapper == "UserScriptImportException":
        return "import"
    if chain.wrapper == "UserScriptError":
        return "script"
    if chain.wrapper:
        return "run" if stage in (Stage.SCORED, Stage.SURVIVED) else "init"
    if stage in (Stage.SCORED, Stage.SURVIVED):
        return "respond"
    if "User's init function failed" in chain.announced or "User's init function failed" in text:
        return "init"
    return "server"


def _listening(observation: Observation) -> str:
    """Where the container listens, seen from its own port."""
    found = observation.listening
    if found is None:
        return ""
    on_port = [address for address, port in found if port == observation.port]
    if any(not _is_loopback(address) for address in on_port):
        return "yes"
    if on_port:
        return "loopback"
    return "elsewhere" if any(not _is_loopback(address) for address, _ in found) else "nothing"


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


class _Values(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def _filled(text: str, values: _Values) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: _short(values[match[1]]), text)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MAX_VALUE else text[: _MAX_VALUE - 1] + "…"


def _sentences(
    observation: Observation, seen: Mapping[str, str], chain: Chain | None, known: Failures
) -> dict[str, str]:
    """What sentences may use besides the observations themselves."""
    exceptions = chain.of_user if chain is not None else ()
    last = exceptions[-1] if exceptions else None
    exchange = observation.last
    python = _PYTHON.search(observation.log)
    ports = sorted({port for address, port in observation.listening or () if not _is_loopback(address)})
    answer_lines = [line for line in seen["answer"].splitlines() if line.strip()]
    return {
        **seen,
        **observation.values,
        "first_exception": last.first_line if last is not None else "",
        "first_message": last.message.split("\n", 1)[0] if last is not None else "",
        "port": str(observation.port),
        "path": observation.path,
        "ports": ", ".join(str(port) for port in ports),
        "seconds": f"{observation.seconds:.0f}" if observation.seconds >= 10 else f"{observation.seconds:.1f}",
        "request_seconds": f"{observation.request_seconds:g}",
        "detail": exchange.detail if exchange is not None else "",
        "difference": exchange.differences[0] if exchange is not None and exchange.differences else _outcome(exchange),
        "answer_line": answer_lines[0] if answer_lines else "with an empty body",
        "worker": next(
            (
                line
                for line in reversed(observation.log.splitlines())
                if "Worker (pid:" in line or "WORKER TIMEOUT" in line
            ),
            "see its log",
        ),
        "server_version": known.server_for(python["version"]) if python is not None else "",
    }


def _outcome(exchange: Exchange | None) -> str:
    if exchange is None:
        return ""
    if exchange.answer is not None:
        return f"it answers {exchange.answer.status}"
    return exchange.detail or exchange.outcome.value


def _evidence(observation: Observation, seen: Mapping[str, str]) -> Iterator[Evidence]:
    if observation.start_error:
        yield Evidence(_short(observation.start_error), note="the engine says")
    if observation.ending is not None:
        ending = observation.ending
        more = f" ({seen['signal']})" if seen["signal"] else ""
        memory = ", out of memory" if seen["oom"] == "yes" else ""
        yield Evidence(f"{ending.exit_code}{more}{memory}", note="exit code")
    exchange = observation.last
    if exchange is not None and (observation.ending is None or exchange.answer is not None):
        request = exchange.request
        yield in_exchange(f"{request.method} {request.path or observation.path}", _told(exchange), note=request.name)


def _told(exchange: Exchange) -> str:
    if exchange.answer is None:
        return exchange.detail or exchange.outcome.value
    failed = exchange.answer.headers.get("x-ms-run-function-failed")
    header = f", x-ms-run-function-failed: {failed}" if failed else ""
    return f"{exchange.answer.status}{header}: {_short(exchange.answer.text)}"


def _shown(
    observation: Observation, lines: Sequence[str], chain: Chain | None, seen: Mapping[str, str]
) -> tuple[str, ...]:
    """What is shown of the log: the user's traceback where it is the cause, else the lines that say something."""
    answered_well = observation.last is not None and observation.last.outcome is Outcome.ANSWERED
    if observation.slow:
        return ()
    if answered_well and observation.stage is Stage.SCORED and seen["status"][:1] in ("1", "2", "3", "4"):
        return ()
    if seen["phase"] == "script":
        return ()
    if chain is not None and seen["phase"]:
        return shown_traceback(chain)
    return shown_crash(lines) or shown_lines(lines)
