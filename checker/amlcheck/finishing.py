"""Ctrl-C once all files are checked: the report is brought to its end first, as far as that takes less than a second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

LONGEST = 0.8
"""Seconds after Ctrl-C that a report may still take: who reads it may have stopped reading."""


class Finish:
    """One run's end."""

    def __init__(self) -> None:
        self.interrupted = False
        """Whether Ctrl-C came meanwhile."""

    def begin(self) -> None:
        """From now on the first Ctrl-C waits; a second one does not, nor one that nobody hears of in another thread."""
        import signal
        import threading

        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._heard)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        import signal

        self.interrupted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, signal.default_int_handler)
            signal.setitimer(signal.ITIMER_REAL, LONGEST)


_current: Finish | None = None


@contextmanager
def finishing() -> Iterator[Finish]:
    """Inside, `begin` may be called; what Ctrl-C does elsewhere is as before afterwards."""
    import signal
    import threading

    global _current
    finish = Finish()
    if threading.current_thread() is not threading.main_thread():
        yield finish
        return
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:  # somebody else's, or ignored: none of our business
        yield finish
        return
    _current = finish
    try:
        yield finish
    finally:
        _current = None
        if finish.interrupted and hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGINT, before)


def begin() -> None:
    """All files are checked: what is left is to say so."""
    if _current is not None:
        _current.begin()
