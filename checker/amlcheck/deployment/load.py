"""Sends many requests at once and counts: latency at the percentiles people speak of, and throughput."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Callable, Sequence

from amlcheck.deployment.asking import Address, ask
from amlcheck.deployment.model import Load, Request

MAX_CONCURRENCY = 256


def measure(
    address: Address,
    requests: Sequence[Request],
    statuses: Sequence[int],
    count: int,
    concurrency: int,
    seconds: float,
    over: Callable[[], bool] = lambda: False,
) -> Load:
    """Asks in turn until `count` were asked, or `over` says that there is nobody left to ask.

    `seconds` is the time limit of one; an answer with another status than expected counts as failed.
    """
    numbers = itertools.count()
    guard = threading.Lock()
    took: list[float] = []
    failed = 0

    def work() -> None:
        nonlocal failed
        while True:
            with guard:
                number = next(numbers)
            if number >= count or over():
                return
            which = number % len(requests)
            exchange = ask(address, requests[which], seconds)
            good = exchange.answer is not None and exchange.answer.status == statuses[which]
            with guard:
                if good:
                    took.append(exchange.seconds * 1000)
                else:
                    failed += 1

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(concurrency, count, MAX_CONCURRENCY))]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.monotonic() - begun
    took.sort()
    not_asked = count - len(took) - failed
    return Load(
        requests=count,
        concurrency=len(threads),
        failed=failed + not_asked,
        seconds=elapsed,
        p50=percentile(took, 50),
        p95=percentile(took, 95),
        p99=percentile(took, 99),
        curve=curve(took),
    )


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of ordered values; 0 where there are none."""
    if not ordered:
        return 0.0
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def curve(ordered: Sequence[float]) -> tuple[float, ...]:
    """Ordered values in 101 numbers, however many they are: the least, then each percentile; none where there are none."""
    return tuple(percentile(ordered, percent) for percent in range(101)) if ordered else ()
