"""The latencies of a load test as a curve: how many milliseconds so many percent of the answers took, and less."""

from __future__ import annotations

import math
from collections.abc import Iterator

from amlcheck.deployment.model import Load
from amlcheck.report.html.markup import Markup, tag

WIDTH, HEIGHT = 460, 230
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 14, 34
_LAST = 2.5
"""Where the slowest answer stands: the axis is one of nines (0 %, 90 %, 99 %), for it is the end that matters."""
_TICKS = ((0, "0 %"), (50, "50 %"), (75, "75 %"), (90, "90 %"), (95, "95 %"), (99, "99 %"), (100, "all"))
_MARKED = (50, 95, 99)


def plot(load: Load) -> Markup:
    """Figures as a table, and the curve where the result has it."""
    failed = f", {load.failed} not answered" if load.failed else ""
    figures = (
        ("p50", f"{load.p50:.1f} ms"),
        ("p95", f"{load.p95:.1f} ms"),
        ("p99", f"{load.p99:.1f} ms"),
        ("throughput", f"{load.throughput:.0f} a second"),
    )
    head = tag("tr", *(tag("th", name, scope="col") for name, _ in figures))
    row = tag("tr", *(tag("td", value) for _, value in figures))
    caption = tag("caption", f"Load: {load.requests} requests, {load.concurrency} at once{failed}")
    return tag(
        "figure",
        tag("table", caption, tag("thead", head), tag("tbody", row), class_="figures"),
        _curve(load) if len(load.curve) > 1 and all(map(math.isfinite, load.curve)) else None,
        class_="load",
    )


def _curve(load: Load) -> Markup:
    curve = load.curve
    step = _step(max(*curve, 0.001))
    top = step * math.ceil(max(*curve, step) / step)
    percents = [index * 100 / (len(curve) - 1) for index in range(len(curve))]
    points = [(_x(percent), _y(value, top)) for percent, value in zip(percents, curve, strict=True)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    floor = HEIGHT - BOTTOM
    said = f"Latency by percentile: half within {load.p50:.1f} ms, 95 % within {load.p95:.1f} ms"
    return tag(
        "svg",
        *_grid(step, top),
        tag("polygon", points=f"{points[0][0]:.1f},{floor} {line} {points[-1][0]:.1f},{floor}", class_="area"),
        tag("polyline", points=line, class_="curve"),
        *(tag("circle", cx=f"{_x(at):.1f}", cy=f"{_y(curve_at(curve, at), top):.1f}", r=4) for at in _MARKED),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=f"{said}, 99 % within {load.p99:.1f} ms, all within {curve[-1]:.1f} ms",
    )


def curve_at(curve: tuple[float, ...], percent: int) -> float:
    """The value at a percentile of a curve of any number of points."""
    return curve[round(percent / 100 * (len(curve) - 1))]


def _grid(step: float, top: float) -> Iterator[Markup]:
    for index in range(round(top / step) + 1):
        y = _y(index * step, top)
        yield tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=f"{y:.1f}", y2=f"{y:.1f}", class_="grid")
        yield tag("text", f"{index * step:g}", x=LEFT - 6, y=f"{y + 4:.1f}", text_anchor="end")
    for percent, label in _TICKS:
        x = _x(percent)
        yield tag("line", x1=f"{x:.1f}", x2=f"{x:.1f}", y1=TOP, y2=HEIGHT - BOTTOM, class_="grid")
        yield tag("text", label, x=f"{x:.1f}", y=HEIGHT - BOTTOM + 15, text_anchor="middle")
    yield tag("text", "ms", x=4, y=TOP + 4)
    yield tag("text", "of the answers, within", x=LEFT, y=HEIGHT - 4)


def _x(percent: float) -> float:
    nines = -math.log10(1 - percent / 100) if percent < 100 else _LAST
    return LEFT + (WIDTH - LEFT - RIGHT) * min(nines, _LAST) / _LAST


def _y(value: float, top: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top)


def _step(most: float) -> float:
    """A round distance of lines, of which some five fit."""
    power: float = 10 ** math.floor(math.log10(most))
    return next(power * part for part in (0.2, 0.5, 1.0, 2.0) if most / (power * part) <= 6)
