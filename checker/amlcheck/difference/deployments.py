"""What changed between two test deployments: how far each came, what was answered, what it took.

Times vary from run to run; a change below a tenth, or below a twentieth of a second, is none.
"""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.deployment.model import Deployment, Exchange, Load
from amlcheck.difference.model import Changed, Course

PART = 0.1
"""A change of a time or a rate below this part of it is none."""
SECONDS = 0.05
MILLISECONDS = 1.0


def compare(old: Deployment | None, new: Deployment | None) -> Iterator[Changed]:
    """What changed; of a deployment that only one side has, whether it worked."""
    if old is None and new is None:
        return
    yield from _failure(old, new)
    if old is None or new is None:
        return
    yield from _other("mode", old.mode, new.mode)
    yield from _other("server", old.server or "not told", new.server or "not told")
    yield from _stages(old, new)
    yield from _exchanges(old, new)
    yield from _ending(old, new)
    if old.load is not None and new.load is not None:
        yield from _loads(old.load, new.load)


def _other(what: str, old: str, new: str, course: Course = Course.OTHER) -> Iterator[Changed]:
    if old != new:
        yield Changed(what, old, new, course)


def _failure(old: Deployment | None, new: Deployment | None) -> Iterator[Changed]:
    told = [_outcome(deployment) for deployment in (old, new)]
    failed = [deployment is not None and deployment.failure is not None for deployment in (old, new)]
    course = Course.OTHER if failed[0] == failed[1] else Course.WORSE if failed[1] else Course.BETTER
    yield from _other("deployment", told[0], told[1], course)


def _outcome(deployment: Deployment | None) -> str:
    if deployment is None:
        return "none"
    failure = deployment.failure
    return "works" if failure is None else f"not {failure.stage.value} ({failure.kind}): {failure.cause}"


def _stages(old: Deployment, new: Deployment) -> Iterator[Changed]:
    """The time of each stage that both reached; how far one came is told by its failure."""
    before = {item.stage: item.seconds for item in old.stages}
    for item in new.stages:
        if item.stage in before and _differs(before[item.stage], item.seconds, SECONDS):
            yield Changed(f"{item.stage.value} after", f"{before[item.stage]:.2f} s", f"{item.seconds:.2f} s")


def _differs(old: float, new: float, least: float) -> bool:
    return abs(new - old) >= max(least, PART * min(old, new))


def _exchanges(old: Deployment, new: Deployment) -> Iterator[Changed]:
    before: dict[tuple[str, str, str], Exchange] = {}
    for item in old.exchanges:
        before.setdefault(_key(item), item)
    for item in new.exchanges:
        was = before.get(_key(item))
        if was is None:
            continue
        wrong = [bool(exchange.differences) for exchange in (was, item)]
        course = Course.OTHER if wrong[0] == wrong[1] else Course.WORSE if wrong[1] else Course.BETTER
        name = " ".join(part for part in _key(item) if part)
        yield from _other(f"answer to {name}", _answer(was), _answer(item), course)


def _key(exchange: Exchange) -> tuple[str, str, str]:
    return exchange.request.method, exchange.request.path, exchange.request.name


def _answer(exchange: Exchange) -> str:
    told = str(exchange.answer.status) if exchange.answer is not None else exchange.outcome.value
    return f"{told}, not as expected: {exchange.differences[0]}" if exchange.differences else told


def _ending(old: Deployment, new: Deployment) -> Iterator[Changed]:
    told = []
    for ending in (old.ending, new.ending):
        memory = ", out of memory" if ending is not None and ending.out_of_memory else ""
        told.append(f"exit code {ending.exit_code}{memory}" if ending is not None else "left running")
    yield from _other("ending", told[0], told[1])


def _loads(old: Load, new: Load) -> Iterator[Changed]:
    if (old.requests, old.concurrency) != (new.requests, new.concurrency):
        yield Changed(
            "load",
            f"{old.requests} requests, {old.concurrency} at once",
            f"{new.requests} requests, {new.concurrency} at once",
        )
    for name, was, now in (("p50", old.p50, new.p50), ("p95", old.p95, new.p95), ("p99", old.p99, new.p99)):
        if _differs(was, now, MILLISECONDS):
            yield Changed(name, f"{was:.1f} ms", f"{now:.1f} ms")
    if _differs(old.throughput, new.throughput, 1.0):
        yield Changed("answers a second", f"{old.throughput:.0f}", f"{new.throughput:.0f}")
    yield from _other("not answered", str(old.failed), str(new.failed))
