"""The part of the text report that a test deployment has: its stages with their times, what was asked, what came back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rich.console import Console
from rich.text import Text

from amlcheck.deployment.model import Deployment, Exchange, Failure, Stage
from amlcheck.deployment.verdict import told_exchange

Plain = Callable[[str], str]
MAX_SHOWN = 160
"""Characters of one answer."""
MAX_DIFFERENCES = 8


def show(console: Console, deployment: Deployment, plain: Plain, hanging: Callable[..., None]) -> None:
    """Prints a deployment. `plain` takes control characters out, `hanging` prints a label and a wrapped text."""
    hanging(console, "  mode: ", f"{deployment.mode}: {deployment.why_mode}", "dim", "", 4)
    for line, style in _stages(deployment):
        console.print(Text(line, style=style), no_wrap=True, crop=True)
    bad = [exchange for exchange in deployment.exchanges if exchange.bad]
    for exchange in deployment.exchanges:
        if not exchange.bad:
            _exchange(console, exchange, plain)
    if bad:
        told = ", ".join(f"{item.request.name} {_short_outcome(item)}" for item in bad)
        hanging(console, "  bad requests: ", told, "", "", 4)
    if deployment.load is not None:
        load = deployment.load
        failed = f", {load.failed} not answered" if load.failed else ""
        console.print(
            Text(
                f"  load: {load.requests} requests, {load.concurrency} at once{failed}:"
                f" p50 {load.p50:.1f} ms, p95 {load.p95:.1f} ms, p99 {load.p99:.1f} ms, {load.throughput:.0f} a second"
            )
        )
    if deployment.failure is not None and deployment.failure.log:
        _log(console, deployment.failure, plain)
    for label, value in deployment.kept.items():
        console.print(Text(f"  {label}: {plain(value)}"), soft_wrap=True)
    console.print()


def _stages(deployment: Deployment) -> Iterator[tuple[str, str]]:
    for reached in deployment.stages:
        note = f"  {reached.note}" if reached.note else ""
        yield f"  ok    {reached.stage.value:<9} {reached.at:8.2f} s  (+{reached.seconds:.2f} s){note}", ""
    failure = deployment.failure
    if failure is not None:
        yield f"  FAIL  {failure.stage.value:<9} {failure.at:8.2f} s  {failure.kind}", "bold red"
    elif deployment.kept:
        yield f"  -     {Stage.STOPPED.value:<9} it is left running", "yellow"


def _exchange(console: Console, exchange: Exchange, plain: Plain) -> None:
    request = exchange.request
    label = request.name or "request"
    line = f"  {request.method} {request.path}: {label}: {told_exchange(exchange)}"
    text = plain(line if len(line) <= MAX_SHOWN else line[: MAX_SHOWN - 1] + "…")
    took = f" ({exchange.seconds * 1000:.0f} ms)"
    console.print(Text(text[: max(20, console.width - len(took))] + took), no_wrap=True, crop=True)
    for difference in exchange.differences[:MAX_DIFFERENCES]:
        console.print(Text(f"      {plain(difference)}", style="red"), no_wrap=True, crop=True)


def _short_outcome(exchange: Exchange) -> str:
    return str(exchange.answer.status) if exchange.answer is not None else exchange.detail or exchange.outcome.value


def _log(console: Console, failure: Failure, plain: Plain) -> None:
    console.print(Text("  from its log:", style="dim"))
    for line in failure.log:
        console.print(Text(f"    | {plain(line)}"), no_wrap=True, crop=True)
