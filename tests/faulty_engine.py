"""Engines that fail: a private one that is killed and started again, and a way to one that stops in the middle."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from private_engine import START_SECONDS, NoEngineError, PrivateEngine, _child, _stop, answers


class MortalEngine(PrivateEngine):
    """A dockerd of one test module, which can be killed with SIGKILL at any moment and started again."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._dockerd: subprocess.Popen[bytes] | None = None

    @contextlib.contextmanager
    def alive(self) -> Iterator[MortalEngine]:
        """For as long as the block lasts; nothing of it is left then. Raises NoEngineError."""
        self.folder.mkdir(parents=True)
        self.state.mkdir(mode=0o700)
        with contextlib.ExitStack() as stack:
            stack.callback(self.remove)
            self._add_bridge()
            with self.log.open("ab") as log:
                containerd = _child(self._containerd_command(), log)
            stack.callback(_stop, [containerd])
            address = self.state / "containerd.sock"
            end = time.monotonic() + START_SECONDS
            while not address.exists() and time.monotonic() < end:
                time.sleep(0.02)
            stack.callback(self._end)
            self.start_again()
            yield self

    def _end(self) -> None:
        if self._dockerd is not None:
            _stop([self._dockerd])

    def kill(self) -> None:
        """As the kernel does it when memory is short: no goodbye to anybody."""
        assert self._dockerd is not None
        self._dockerd.kill()
        self._dockerd.wait()

    def start_again(self) -> None:
        """Returns when it answers. Raises NoEngineError."""
        (self.state / "pid").unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self._dockerd = _child(self._dockerd_command(), log)
        end = time.monotonic() + START_SECONDS
        while not answers(self.address, 1.0):
            if self._dockerd.poll() is not None or time.monotonic() >= end:
                raise NoEngineError(f"the engine does not start: {self._last_words()}")
            time.sleep(0.05)


class Way:
    """A Unix socket that leads to an engine's, as long as it is told to."""

    def __init__(self, path: Path, engine: str) -> None:
        self.address = f"unix://{path}"
        self.stalled = threading.Event()
        self.seen = bytearray()
        """What was asked through it, of all connections."""
        self.before: Callable[[bytes], None] = lambda piece: None
        """Told each piece that comes from amlcheck before it is passed on; may set `stalled`, or kill the engine."""
        self._engine = engine.removeprefix("unix://")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)
        self._closed = False
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Hangs up on everybody."""
        self._closed = True
        for each in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        while not self._closed:
            with contextlib.suppress(OSError):
                near, _ = self._listener.accept()
                self._sockets.append(near)
                threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        """Both directions of one connection; while the way is stalled nothing is read, and nothing is closed."""
        far = socket.socket(socket.AF_UNIX)
        self._sockets.append(far)
        with contextlib.suppress(OSError, ValueError):  # It is closed in the middle.
            far.connect(self._engine)
            ends = {near: far, far: near}
            while ends:
                ready, _, _ = select.select(list(ends), [], [], 0.05)
                for end in ready:
                    if self.stalled.is_set():
                        break
                    self._pass(end, ends, near)
                if self.stalled.is_set():
                    time.sleep(0.02)
        for each in (near, far):
            each.close()

    def _pass(self, end: socket.socket, ends: dict[socket.socket, socket.socket], near: socket.socket) -> None:
        piece = end.recv(1 << 16)
        if end is near:
            self.seen += piece
            self.before(piece)
            if self.stalled.is_set():
                return
        if piece:
            ends[end].sendall(piece)
        else:
            with contextlib.suppress(OSError):
                ends[end].shutdown(socket.SHUT_WR)
            del ends[end]


@contextlib.contextmanager
def way_to(engine: str, folder: Path) -> Iterator[Way]:
    """A way to an engine, through a socket in a folder."""
    way = Way(folder / "way.sock", engine)
    try:
        yield way
    finally:
        way.close()


def processes_with(word: str) -> list[str]:
    """The command lines of living processes that have a word in their environment: what a test started, and what that did."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal() and int(process.name) != os.getpid():
            with contextlib.suppress(OSError):
                if word.encode() in (process / "environ").read_bytes():
                    found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
    return found
