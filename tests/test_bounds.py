"""What a file of unusual size or shape costs. Limits are some ten times what is seen, so that only a change of order fails."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from amlcheck.dockerfile.source import Mapped, Source
from conftest import Lint


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fails where the body takes longer in processor time: other work on the machine does not count."""
    start = time.process_time()
    yield
    taken = time.process_time() - start
    assert taken < seconds, f"took {taken:.1f} s, more than {seconds} s"


# --- continuation lines --------------------------------------------------------------------------------------------------


def test_a_part_of_joined_lines_has_only_its_own_joints() -> None:
    source = Source("f", "ab\\\ncd\\\nef")
    joined = Mapped(source, "abcdef", ((0, 0), (2, 4), (4, 8)))
    part = joined.slice(1, 4)
    assert (part.text, part.joints) == ("bcd", ((0, 1), (1, 4)))
    assert joined.slice(2).joints == ((0, 4), (2, 8))
    assert joined.slice(6).joints == ((0, 10),)
    assert joined.runs(1, 6) == [(1, 2), (2, 4), (4, 6)]
    assert joined.runs(2, 4) == [(2, 4)]
    assert joined.runs(3, 3) == []


def test_60000_continuation_lines(lint: Lint) -> None:
    words = " a \\\n" * 60_000
    with within(30):
        lint(f"FROM ubuntu:20.04\nRUN apt-get install {words} b\n")
