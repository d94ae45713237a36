"""The part of the text report that a test deployment has: its stages with their times, what was asked, what came back."""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.deployment.model import Deployment, Exchange, Failure, Stage
from amlcheck.deployment.verdict import told_exchange
from amlcheck.report.harmless import plain
from amlcheck.report.page import Page, cut

MAX_SHOWN = 160
"""Characters of one answer."""
MAX_DIFFERENCES = 8


def show(page: Page, deployment: Deployment) -> None:
    """Puts a deployment on the page."""
    page.hanging("  mode: ", plain(f"{deployment.mode}: {deployment.why_mode}"), "dim", "", 4)
    for line, style in _stages(deployment):
        page.line((plain(line), style))
    bad = [exchange for exchange in deployment.exchanges if exchange.bad]
    told = False
    for exchange in deployment.exchanges:
        if not exchange.bad:
            _exchange(page, exchange, " again, after the bad requests" if told else "")
        elif not told:
            told = True
            names = ", ".join(f"{item.request.name} {_short_outcome(item)}" for item in bad)
            page.hanging("  bad requests: ", plain(names), "", "", 4)
    if deployment.load is not None:
        load = deployment.load
        failed = f", {load.failed} not answered" if load.failed else ""
        page.paragraph(
            f"  load: {load.requests} requests, {load.concurrency} at once{failed}:"
            f" p50 {load.p50:.1f} ms, p95 {load.p95:.1f} ms, p99 {load.p99:.1f} ms, {load.throughput:.0f} a second"
        )
    if deployment.failure is not None and deployment.failure.log:
        _log(page, deployment.failure)
    for label, value in deployment.kept.items():
        page.unwrapped(f"  {label}: {plain(value)}")
    page.blank()


def _stages(deployment: Deployment) -> Iterator[tuple[str, str]]:
    for reached in deployment.stages:
        note = f"  {reached.note}" if reached.note else ""
        yield f"  ok    {reached.stage.value:<9} {reached.at:8.2f} s  (+{reached.seconds:.2f} s){note}", ""
    failure = deployment.failure
    if failure is not None:
        yield f"  FAIL  {failure.stage.value:<9} {failure.at:8.2f} s  {failure.kind}", "bold red"
    elif deployment.kept:
        yield f"  -     {Stage.STOPPED.value:<9} it is left running", "yellow"


def _exchange(page: Page, exchange: Exchange, when: str) -> None:
    """One request and its answer; `when` says why it is asked, where that is not plain."""
    request = exchange.request
    label = request.name or "request"
    line = f"  {request.method} {request.path}{when}: {label}: {told_exchange(exchange)}"
    text = plain(line if len(line) <= MAX_SHOWN else line[: MAX_SHOWN - 1] + "…")
    took = f" ({exchange.seconds * 1000:.0f} ms)"
    page.line((cut(text, max(20, page.width - len(took))) + took, ""))
    for difference in exchange.differences[:MAX_DIFFERENCES]:
        page.line((f"      {plain(difference)}", "red"))


def _short_outcome(exchange: Exchange) -> str:
    return str(exchange.answer.status) if exchange.answer is not None else exchange.detail or exchange.outcome.value


def _log(page: Page, failure: Failure) -> None:
    page.line(("  from its log:", "dim"))
    for line in failure.log:
        page.line((f"    | {plain(line)}", ""))
