"""The program in a terminal of its own, as a user has it: keys go in, and what stands on the screen is looked at."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import selectors
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pyte

SECONDS = 30
"""How long anything is waited for."""


class VirtualTerminal:
    """A process in a pseudo-terminal that pyte looks at; a context manager that ends it."""

    def __init__(
        self,
        command: Sequence[str],
        cwd: Path,
        env: Mapping[str, str],
        columns: int = 80,
        rows: int = 24,
        stdin: bytes | None = None,
        shell: bool = False,
    ) -> None:
        """With `shell`, the program is started as a shell does it: a group that can be stopped. `process` is the shell."""
        self._controller, self._terminal = pty.openpty()
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.sent = b""
        """All that the program has written."""
        self._set_size(columns, rows)
        self.modes = termios.tcgetattr(self._terminal)
        self._pid = 0
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SHELL, *command] if shell else command,
            cwd=cwd,
            env=dict(env),
            stdin=self._terminal if stdin is None else subprocess.PIPE,
            stdout=self._terminal,
            stderr=self._terminal,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        self._pid = self._job() if shell else self.process.pid
        if stdin is not None:
            assert self.process.stdin is not None
            self.process.stdin.write(stdin)
            self.process.stdin.close()

    def __enter__(self) -> VirtualTerminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            for number in {self._pid, self.process.pid}:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
        self.process.wait(timeout=SECONDS)
        os.close(self._controller)
        os.close(self._terminal)

    @property
    def lines(self) -> list[str]:
        """What stands on the screen."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def reverse(self) -> list[str]:
        """The stretches of the screen that are shown in reverse, as a cursor is."""
        found = []
        for row in range(self._screen.lines):
            cells = [self._screen.buffer[row][column] for column in range(self._screen.columns)]
            found.append("".join(cell.data for cell in cells if cell.reverse))
        return [text for text in found if text]

    @property
    def colours(self) -> set[str]:
        cells = [self._screen.buffer[row][column] for row in range(self._screen.lines) for column in range(20)]
        return {cell.fg for cell in cells} | {cell.bg for cell in cells}

    def shows(self, *texts: str) -> VirtualTerminal:
        """Waits until all of it stands on the screen."""
        return self.until(lambda: all(text in self.text for text in texts), f"{texts} on the screen")

    def lacks(self, *texts: str) -> VirtualTerminal:
        """Waits until none of it does."""
        return self.until(lambda: not any(text in self.text for text in texts), f"no {texts} on the screen")

    def press(self, *keys: str) -> VirtualTerminal:
        for key in keys:
            os.write(self._controller, key.encode())
        return self

    def resize(self, columns: int, rows: int) -> VirtualTerminal:
        self._screen.resize(rows, columns)
        self._set_size(columns, rows)
        os.killpg(self._pid, signal.SIGWINCH)  # as the kernel does for the group in the foreground
        return self

    def signal(self, number: int) -> VirtualTerminal:
        os.kill(self._pid, number)
        return self

    def stopped(self) -> VirtualTerminal:
        """Waits until the process is stopped, as Ctrl-Z does."""
        state = Path(f"/proc/{self._pid}/stat")
        return self.until(lambda: state.read_text().rpartition(")")[2].split()[0] == "T", "a stopped process")

    def ends(self) -> int:
        """Waits for the end and gives the exit code; negative for a signal."""
        self.until(lambda: self.process.poll() is not None, "the end of the process")
        self._pump(0.05)
        return int(self.process.returncode)

    def restored(self) -> bool:
        """Whether the terminal is as it was: its modes, the user's own screen, the cursor, wrapping."""
        sent = self.sent
        on, off = (b"\x1b[?1049h", b"\x1b[?1049l")
        own_screen = sent.rfind(off) >= sent.rfind(on)
        cursor = sent.rfind(b"\x1b[?25h") >= sent.rfind(b"\x1b[?25l")
        wrapping = sent.rfind(b"\x1b[?7h") >= sent.rfind(b"\x1b[?7l")
        return own_screen and cursor and wrapping and termios.tcgetattr(self._terminal) == self.modes

    def until(self, reached: Callable[[], bool], what: str = "what was expected") -> VirtualTerminal:
        """Waits until something is so."""
        end = time.monotonic() + SECONDS
        while not reached():
            if time.monotonic() > end or (self.process.poll() is not None and not self._pump(0.2) and not reached()):
                raise AssertionError(f"waited for {what}; the screen is:\n{self.text}")
            self._pump(0.05)
        return self

    def _job(self) -> int:
        """The process that the shell has started."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        self.until(lambda: bool(children.read_text().split()), "a process of the shell")
        return int(children.read_text().split()[0])

    def _pump(self, seconds: float) -> bool:
        """Reads what the program writes; whether there was anything."""
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._controller, selectors.EVENT_READ)
            if not waiting.select(seconds):
                return False
        try:
            content = os.read(self._controller, 65536)
        except OSError:
            return False
        self.sent += content
        self._stream.feed(content)
        return bool(content)

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


_SHELL = """
import os, signal, sys
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.tcsetpgrp(1, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
sys.exit(os.waitstatus_to_exitcode(os.waitpid(job, 0)[1]))
"""
"""A shell that starts one job in the foreground and waits for its end."""


def _take_terminal() -> None:
    """In the child: the pseudo-terminal becomes its controlling one, so that Ctrl-C and Ctrl-Z are signals."""
    fcntl.ioctl(1, termios.TIOCSCTTY, 0)


def amlcheck(*arguments: str) -> list[str]:
    """The command line of the program."""
    return [sys.executable, "-m", "amlcheck", *arguments]
