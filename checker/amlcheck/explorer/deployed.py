"""The page of a test deployment: its stages and times, what was asked, what came back, and why it failed."""

from __future__ import annotations

from rich.text import Text

from amlcheck.deployment.model import Deployment, Exchange, Failure, Load, Stage
from amlcheck.deployment.verdict import told_exchange
from amlcheck.explorer.items import line
from amlcheck.explorer.wrapping import title, wrapped
from amlcheck.report.text_report import told_evidence

MAX_DIFFERENCES = 20
MAX_LOG = 200
"""Lines of the container's log."""


def deployed(deployment: Deployment, width: int) -> list[Text]:
    """All of it, in lines."""
    made = [Text(), Text(f"  {line(deployment.image)}")]
    made.append(Text(f"  {line(deployment.mode)}: {line(deployment.why_mode)}", "dim"))
    if deployment.server:
        made.append(Text(f"  server {line(deployment.server)}", "dim"))
    made += [Text(f"  note: {line(note)}", "yellow") for note in deployment.notes]
    made += title("Stages")
    made += _stages(deployment, width)
    if deployment.failure is not None:
        made += _failure(deployment.failure)
    for name, bad in (("Requests", False), ("Bad requests", True)):
        exchanges = [exchange for exchange in deployment.exchanges if exchange.bad is bad]
        if exchanges:
            made += title(name)
            made += [text for exchange in exchanges for text in _exchange(exchange)]
    if deployment.load is not None:
        made += _load(deployment.load)
    if deployment.kept:
        made += title("It is left running")
        made += [Text(f"  {line(label)}: {line(value)}") for label, value in deployment.kept.items()]
    if deployment.failure is not None and deployment.failure.log:
        made += title("From its log")
        made += [Text(f"  | {line(text)}") for text in deployment.failure.log[-MAX_LOG:]]
    return [part for text in made for part in wrapped(text, width, 4)]


def _stages(deployment: Deployment, width: int) -> list[Text]:
    """A line a stage: when it was reached, how long it took, and a bar for that time among the whole."""
    ends = [stage.at for stage in deployment.stages]
    if deployment.failure is not None:
        ends.append(deployment.failure.at)
    whole, room = max(ends, default=0.0), max(0, min(30, width - 44))
    made = []
    for reached in deployment.stages:
        note = f"  {line(reached.note)}" if reached.note else ""
        row = Text("  ok    ", "green").append(
            f"{reached.stage.value:<9}{reached.at:8.2f} s  +{reached.seconds:7.2f} s ", ""
        )
        made.append(
            row.append(_bar(reached.at - reached.seconds, reached.seconds, whole, room), "cyan").append(note, "dim")
        )
    failure = deployment.failure
    if failure is not None:
        before = deployment.stages[-1].at if deployment.stages else 0.0
        row = Text("  FAIL  ", "bold red").append(
            f"{failure.stage.value:<9}{failure.at:8.2f} s  +{max(failure.at - before, 0):7.2f} s ", ""
        )
        made.append(row.append(_bar(before, max(failure.at - before, 0), whole, room), "red"))
    elif deployment.kept:
        made.append(Text(f"  -     {Stage.STOPPED.value:<9} it is left running", "yellow"))
    return made


def _bar(start: float, seconds: float, whole: float, room: int) -> str:
    if whole <= 0 or room < 4:
        return ""
    before = round(room * min(max(start / whole, 0), 1))
    return " " * min(before, room - 1) + "#" * max(1, min(round(room * seconds / whole), room - before))


def _failure(failure: Failure) -> list[Text]:
    made = title("Why it failed")
    made.append(Text(f"  {line(failure.kind)}: ", "bold red").append(line(failure.cause), "bold"))
    made.append(Text(f"  fix: {line(failure.remedy)}", "green"))
    if failure.source:
        made.append(Text(f"  source: {line(failure.source)}", "dim"))
    made += [
        Text(f"  {line(told_evidence(item)) if item.location is None else line(item.text)}")
        for item in failure.evidence
    ]
    return made


def _exchange(exchange: Exchange) -> list[Text]:
    request = exchange.request
    style = "red" if exchange.differences or (exchange.answer is None and not exchange.bad) else ""
    row = Text(f"  {line(request.method)} {line(request.path)} {line(request.name or 'request')}: ", style)
    row.append(line(told_exchange(exchange)[:2000])).append(f" ({exchange.seconds * 1000:.0f} ms)", "dim")
    made = [row]
    if exchange.expected and exchange.differences:
        made.append(Text(f"      expected {line(exchange.expected)}"))
    made += [Text(f"      {line(difference)}", "red") for difference in exchange.differences[:MAX_DIFFERENCES]]
    return made


def _load(load: Load) -> list[Text]:
    failed = f", {load.failed} not answered" if load.failed else ""
    return [
        *title("Load"),
        Text(
            f"  {load.requests} requests, {load.concurrency} at once{failed}, in {load.seconds:.1f} s:"
            f" {load.throughput:.0f} a second"
        ),
        Text(f"  p50 {load.p50:.1f} ms, p95 {load.p95:.1f} ms, p99 {load.p99:.1f} ms"),
    ]
