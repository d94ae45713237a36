"""`amlcheck score`: options together, the deployment, its report and exit code."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from amlcheck.deployment.deploy import CREATING, PULLING, STARTING, deploy
from amlcheck.deployment.expectation import TOLERANCE, parse_expectation
from amlcheck.deployment.options import (
    LIVENESS_SECONDS,
    MEMORY_BYTES,
    REQUEST_SECONDS,
    DeployOptions,
    Routes,
    parse_route,
)
from amlcheck.deployment.payload import parse_header, parse_request
from amlcheck.errors import AmlcheckError
from amlcheck.exits import Exit
from amlcheck.image.image import parse_image
from amlcheck.image.ownership import ending_cleanly
from amlcheck.regex import regex

if TYPE_CHECKING:
    from amlcheck.lint_command import Settings

T = TypeVar("T")
_SIZE = regex(r"(\d+(?:\.\d+)?)([bkmgt]?)b?", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
MIN_MEMORY = 6 << 20
"""Less is refused by engines."""


def run_score(options: argparse.Namespace) -> Exit:
    """Deploys, asks and reports. Raises AmlcheckError for what the user must change."""
    name, deploy_options = _name(options.image), options_of(options)
    with ThreadPoolExecutor(1) as pool, ending_cleanly(), progress(name) as show:
        # Settings are read while the engine makes the container: what is wrong with them is told before anything is pulled
        # or run. What only the report needs is read while the server boots.
        settings = _Later(pool, lambda: _settings(options))

        def told(text: str) -> None:
            if text == PULLING:
                settings.value()
            elif text == CREATING:
                settings.begin()
            elif text == STARTING:
                pool.submit(_read_ahead, options, settings.value())
            show(text)

        deployment = deploy(name, deploy_options, told=told)
    from amlcheck.catalog import catalog
    from amlcheck.concluding import report_of
    from amlcheck.deployment.verdict import subject
    from amlcheck.judge import exit_code
    from amlcheck.report.writing import write_report

    known = settings.value()
    judged = subject(deployment, catalog(), known.lint.profile, known.lint.circumstances)
    report = report_of((judged,), known)
    write_report(report, options, known.config)
    return exit_code(report)


class _Later(Generic[T]):
    """What is made in a thread from when it is begun, or asked for."""

    def __init__(self, pool: Executor, make: Callable[[], T]) -> None:
        self._pool, self._make = pool, make
        self._future: Future[T] | None = None

    def begin(self) -> None:
        if self._future is None:
            self._future = self._pool.submit(self._make)

    def value(self) -> T:
        """Raises what making it raised."""
        self.begin()
        assert self._future is not None
        return self._future.result()


def _settings(options: argparse.Namespace) -> Settings:
    from amlcheck.lint_command import settings_of

    return settings_of(options)


def _read_ahead(options: argparse.Namespace, settings: Settings) -> None:
    """Loads what the report will need."""
    from amlcheck.catalog import catalog

    import_module("amlcheck.deployment.verdict")
    _ = catalog().rules
    if not options.format and "format" not in settings.config.values:
        import_module("amlcheck.report.deployment_text")
        import_module("amlcheck.report.text_report")


def _name(text: str) -> str:
    """The engine's name of an image. Raises AmlcheckError for what no engine can run."""
    reference = parse_image(text)
    if reference.transport not in ("", "docker", "docker-daemon"):
        raise AmlcheckError(
            f"{text}: only an engine can run an image; load it first (`docker load` or `skopeo copy`) and give its name"
        )
    return reference.name


def options_of(options: argparse.Namespace) -> DeployOptions:
    """What the command line asks of a deployment. Raises AmlcheckError."""
    tolerance = options.tolerance if options.tolerance is not None else TOLERANCE
    headers = [parse_header(text) for text in options.header or []]
    made = DeployOptions(
        mode=options.mode,
        script=_path(options.entry_script),
        source=_path(options.source),
        model=_path(options.model),
        conda_file=_path(options.conda_file),
        environment=dict(_variable(text) for text in options.env or []),
        routes=_routes(options),
        requests=tuple(parse_request(text, options.content_type or "", headers) for text in options.request or []),
        expectations=tuple(parse_expectation(text, tolerance) for text in options.expect or []),
        bad_requests=options.bad_requests,
        load_requests=_count(options.requests, "--requests", 0),
        concurrency=_count(options.concurrency, "--concurrency", 1),
        max_latency_ms=options.max_latency,
        timeout=options.timeout if options.timeout is not None else LIVENESS_SECONDS,
        request_timeout=options.request_timeout if options.request_timeout is not None else REQUEST_SECONDS,
        memory_bytes=_memory(options.memory) if options.memory else MEMORY_BYTES,
        cpus=options.cpus,
        network=options.network,
        gpus=getattr(options, "gpus", None) or "",
        host_port=_count(options.port, "--port", 0),
        keep=options.keep,
        pull=getattr(options, "pull", "missing"),
        platform=getattr(options, "platform", "linux/amd64"),
    )
    if made.max_latency_ms and not made.load_requests:
        raise AmlcheckError("--max-latency needs --requests N: one request alone has no percentile")
    made.check()
    return made


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _variable(text: str) -> tuple[str, str]:
    """NAME=VALUE, or NAME from the environment. The value is in no message: it may be a secret."""
    name, equals, value = text.partition("=")
    if not name or (not equals and name not in os.environ):
        raise AmlcheckError(f"--env {name!r}: write it as NAME=VALUE (or NAME, if it is in the environment)")
    return name, value if equals else os.environ[name]


def _routes(options: argparse.Namespace) -> Routes | None:
    """Those of the file, and over them those of the command line; None where neither was given."""
    given = {name: getattr(options, name) for name in ("liveness", "readiness", "scoring")}
    if not options.inference_config and not any(given.values()):
        return None
    from amlcheck.deployment.endpoint_file import read_routes

    routes = read_routes(Path(options.inference_config)) if options.inference_config else None
    parsed = {name: parse_route(text, f"--{name}") for name, text in given.items() if text}
    if routes is None:
        scoring = parsed.get("scoring", Routes().scoring)
        liveness = parsed.get("liveness", Routes().liveness)
        routes = Routes(liveness, parsed.get("readiness", liveness), scoring)
    return Routes(
        parsed.get("liveness", routes.liveness),
        parsed.get("readiness", routes.readiness),
        parsed.get("scoring", routes.scoring),
    )


def _count(value: int, option: str, least: int) -> int:
    if value < least:
        raise AmlcheckError(f"{option} {value}: must be at least {least}")
    return value


def _memory(text: str) -> int:
    match = _SIZE.fullmatch(text.strip())
    size = int(float(match[1]) * _UNITS[match[2].lower()]) if match is not None else 0
    if size < MIN_MEMORY:
        raise AmlcheckError(f"--memory {text!r}: write it as 512m or 8g, at least 6m")
    return size


@contextmanager
def progress(name: str) -> Iterator[Callable[[str], None]]:
    """A line on standard error that shows the stage, for a terminal only."""
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None)
        yield lambda text: bar.update(task, description=f"{name}: {text}")
