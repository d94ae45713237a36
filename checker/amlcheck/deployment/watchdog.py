"""A process that removes a container when its owner is gone, however it ended.

It waits for the end of its standard input, which the kernel closes with the owner: a shell that costs a millisecond to
start, and becomes a Python only where there is something to remove.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time

_RELEASED = "released"
_WAIT = f'read -r word; test "$word" = {_RELEASED} || exec "$0" "$@"'
_TRIES = 5
_TRY_SECONDS = 1.0
"""An engine may still be creating the container when its owner is killed."""


class Watchdog:
    """The owner's side."""

    def __init__(self, address: str, container: str) -> None:
        path = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        code = f"import sys; sys.path.insert(0, {path!r}); from amlcheck.deployment import watchdog; watchdog.main()"
        command = ["/bin/sh", "-c", _WAIT, sys.executable, "-c", code, address, container, *sys.path]
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
            self._process.stdin.write(f"{_RELEASED}\n".encode())
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._process = None


def main() -> None:
    """The watchdog's own side, once its owner is gone."""
    address, container, *path = sys.argv[1:]
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
