"""A process that removes a container when its owner is gone: killed, or longer at it than it may be.

It waits for the end of its standard input, which the kernel closes however the owner ends, and imports nothing until then.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import time

_RELEASED = b"."
_TRIES = 5
_TRY_SECONDS = 1.0
"""An engine may still be creating the container when its owner is killed."""


class Watchdog:
    """The owner's side."""

    def __init__(self, address: str, container: str, lifetime_seconds: float) -> None:
        path = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        code = f"import sys; sys.path.insert(0, {path!r}); from amlcheck.deployment import watchdog; watchdog.main()"
        command = [sys.executable, "-S", "-c", code, address, container, str(int(lifetime_seconds)), *sys.path]
        self._process: subprocess.Popen[bytes] | None = None
        with contextlib.suppress(OSError):
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def release(self) -> None:
        """Lets it end: there is nothing left to remove."""
        if self._process is None or self._process.stdin is None:
            return
        with contextlib.suppress(OSError):
            self._process.stdin.write(_RELEASED)
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._process = None


def main() -> None:
    """The watchdog's own side."""
    address, container, lifetime, *path = sys.argv[1:]
    deadline = time.monotonic() + float(lifetime)
    while (left := deadline - time.monotonic()) > 0:
        if select.select([0], [], [], min(left, 3600))[0]:
            if os.read(0, 1) == _RELEASED:
                return
            break
    sys.path[:] = path
    _remove(address, container)


def _remove(address: str, container: str) -> None:
    from amlcheck.image.engine import Engine

    for _ in range(_TRIES):
        with contextlib.suppress(Exception):
            engine = Engine.connect({**os.environ, "DOCKER_HOST": address})
            with contextlib.closing(engine):
                engine.remove_with_network(container)
        time.sleep(_TRY_SECONDS)
