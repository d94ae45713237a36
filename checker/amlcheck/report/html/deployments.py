"""A test deployment: its stages on a line of time, what was asked and answered, the failure, and the latencies."""

from __future__ import annotations

import math

from amlcheck.deployment.model import Deployment, Exchange, Failure, Stage
from amlcheck.deployment.verdict import told_exchange
from amlcheck.model import SubjectReport
from amlcheck.report.html.evidence import chain
from amlcheck.report.html.latencies import plot
from amlcheck.report.html.markup import Markup, join, short, tag, with_code
from amlcheck.report.html.sources import Sources

MAX_ANSWER = 2000
MAX_TOLD = 80
"""Characters of an answer in the line that opens it."""
MAX_LOG = 200
"""Lines of a log."""
MAX_DIFFERENCES = 20
MAX_EXCHANGES = 200
_UNITS = 1000
"""What the whole width of the line of time is."""


def show(deployment: Deployment, subject: SubjectReport, sources: Sources) -> Markup:
    """All of a deployment, under a heading of its own."""
    failure = deployment.failure
    facts = [("mode", f"{deployment.mode}: {deployment.why_mode}"), ("server", deployment.server)]
    if deployment.ending is not None:
        memory = ", out of memory" if deployment.ending.out_of_memory else ""
        facts.append(("exit code", f"{deployment.ending.exit_code}{memory}"))
    facts += deployment.kept.items()
    return tag(
        "div",
        tag("h4", "Test deployment"),
        tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in facts if value), class_="facts"),
        _timeline(deployment),
        _failure(failure, subject, sources) if failure is not None else None,
        _exchanges(deployment),
        plot(deployment.load) if deployment.load is not None else None,
        class_="deployment",
    )


def _timeline(deployment: Deployment) -> Markup | None:
    """One row a stage: when it was reached, how long it took, and both as a bar."""
    failure = deployment.failure
    times = [item.at for item in deployment.stages] + ([failure.at] if failure is not None else [])
    if not times:
        return None
    whole = max(*times, 0.001)
    rows = []
    for item in deployment.stages:
        begin = max(0.0, item.at - item.seconds)
        rows.append(_stage("✓", item.stage, item.at, item.seconds, item.note, _bar(begin, item.at, whole), "met"))
    if failure is not None:
        begin = deployment.stages[-1].at if deployment.stages else 0.0
        bar = _bar(begin, failure.at, whole)
        rows.append(_stage("✕", failure.stage, failure.at, failure.at - begin, failure.kind, bar, "violated"))
    heads = ("stage", "reached after", "took", "", "")
    head = tag("tr", *(tag("th", name, scope="col") if name else tag("td") for name in heads))
    caption = tag("caption", "Stages, in seconds since the deployment began")
    return tag("table", caption, tag("thead", head), tag("tbody", *rows), class_="timeline")


def _stage(sign: str, stage: Stage, at: float, seconds: float, note: str, bar: Markup | None, kind: str) -> Markup:
    reached = "" if kind == "met" else "not "
    return tag(
        "tr",
        tag("th", tag("span", sign, class_="sign", aria_hidden="true"), f" {reached}{stage.value}", scope="row"),
        tag("td", f"{at:.2f} s"),
        tag("td", f"{max(seconds, 0.0):.2f} s"),
        tag("td", bar, class_="bar"),
        tag("td", note, class_="quiet"),
        class_=kind,
    )


def _bar(begin: float, end: float, whole: float) -> Markup | None:
    """None for times that no clock shows, which only a file of results that was tampered with can have."""
    if not (math.isfinite(begin) and math.isfinite(end) and math.isfinite(whole)):
        return None
    left = round(begin / whole * _UNITS)
    width = max(round(end / whole * _UNITS) - left, 4)
    shape = tag("rect", x=min(left, _UNITS - width), y=0, width=width, height=10, rx=2)
    return tag("svg", shape, viewBox=f"0 0 {_UNITS} 10", preserveAspectRatio="none", aria_hidden="true")


def _failure(failure: Failure, subject: SubjectReport, sources: Sources) -> Markup:
    log = failure.log[-MAX_LOG:]
    left_out = len(failure.log) - len(log)
    return tag(
        "div",
        tag("p", tag("strong", f"Not {failure.stage.value} ({failure.kind}): "), with_code(failure.cause)),
        tag("p", tag("strong", "Remedy: "), with_code(failure.remedy)) if failure.remedy else None,
        chain(failure.evidence, subject, sources),
        tag("p", "From its log:") if log else None,
        tag("pre", f"… {left_out} lines\n" if left_out else None, "\n".join(log), class_="log") if log else None,
        class_="failure",
    )


def _exchanges(deployment: Deployment) -> Markup | None:
    shown = deployment.exchanges[:MAX_EXCHANGES]
    if not shown:
        return None
    more = len(deployment.exchanges) - len(shown)
    rest = tag("p", f"and {more} more requests", class_="quiet") if more else None
    return join([tag("h5", "Requests"), *(_exchange(item) for item in shown), rest])


def _exchange(exchange: Exchange) -> Markup:
    request = exchange.request
    differs = bool(exchange.differences) or (exchange.answer is None and not exchange.bad)
    told = told_exchange(exchange)
    head = [
        tag("span", "✕" if differs else "✓", class_="sign", aria_hidden="true"),
        tag("span", "not as expected: " if differs else "as expected: ", class_="sr"),
        tag("code", f"{request.method} {request.path}".strip()),
        " ",
        tag("span", request.name or "request"),
        tag("span", " (bad request)", class_="quiet") if exchange.bad else None,
        " ",
        tag("span", told if len(told) <= MAX_TOLD else told[:MAX_TOLD] + "…", class_="answer"),
        tag("span", f" {exchange.seconds * 1000:.0f} ms", class_="quiet"),
    ]
    differences = [tag("li", item) for item in exchange.differences[:MAX_DIFFERENCES]]
    answer = short(exchange.answer.text, MAX_ANSWER) if exchange.answer is not None else ""
    body = [
        tag("p", "Expected: ", tag("code", short(exchange.expected, MAX_ANSWER))) if exchange.expected else None,
        tag("p", "Differences:") if differences else None,
        tag("ul", *differences) if differences else None,
        tag("pre", answer) if answer else None,
    ]
    kind = "violated" if differs else "met"
    if not any(body):
        return tag("p", *head, class_=f"exchange {kind}")
    return tag("details", tag("summary", *head), *body, class_=f"exchange {kind}")
