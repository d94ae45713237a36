"""The terminal itself: its modes, its size, its keys, and rows of text put on it.

Whatever happens, the terminal is left as it was found: when the block ends, on an exception, on a signal that ends the
process, and while it is suspended. Only for systems with termios.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import selectors
import signal
import sys
import termios
import tty
from collections.abc import Iterator, Sequence
from types import FrameType

from rich.console import Console
from rich.text import Text

from amlcheck.explorer.keys import Keys
from amlcheck.explorer.state import Size

ENTER = "\x1b[?1049h\x1b[?7l\x1b[?25l\x1b[2J\x1b[H"
"""The other screen, lines are not wrapped, no cursor."""
LEAVE = "\x1b[0m\x1b[?25h\x1b[?7h\x1b[?1049l"
ESCAPE_SECONDS = 0.05
"""How long an escape may be the beginning of a key that has more characters."""
RESIZED, RESUMED, GONE = "(resized)", "(resumed)", "(gone)"
"""What `read` gives beside keys."""
_ENDING = ("SIGTERM", "SIGHUP", "SIGQUIT")


class Terminal:
    """A terminal for a full screen program; a context manager."""

    def __init__(self, colour: bool, keyboard: int | None = None) -> None:
        """`keyboard` is the file descriptor that keys come from; standard input where it is None."""
        self._in = keyboard if keyboard is not None else sys.stdin.fileno()
        self._out = sys.stdout.fileno()
        self._colour = colour
        self._process = os.getpid()
        self._modes: list[object] | None = None
        self._drawn: list[str] = []
        self._keys = Keys()
        self._told: list[str] = []
        self._handlers: dict[int, object] = {}
        self._wake_in, self._wake_out = -1, -1

    def __enter__(self) -> Terminal:
        self._wake_in, self._wake_out = os.pipe()
        for end in (self._wake_in, self._wake_out):
            os.set_blocking(end, False)
        self._handlers = {signal.SIGWINCH: signal.signal(signal.SIGWINCH, self._note)}
        self._handlers[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, self._on_stop)
        self._handlers[signal.SIGCONT] = signal.signal(signal.SIGCONT, self._on_continue)
        for name in _ENDING:
            number = getattr(signal, name)
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._handlers[number] = signal.signal(number, self._on_end)
        self._wakeup = signal.set_wakeup_fd(self._wake_out, warn_on_full_buffer=False)
        try:
            self._begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._end()
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        for end in (self._wake_in, self._wake_out):
            os.close(end)

    def size(self) -> Size:
        """As it is now."""
        try:
            found = os.get_terminal_size(self._out)
        except OSError:
            found = os.terminal_size((80, 24))
        return Size(found.columns or 80, found.lines or 24)

    def read(self, wait: bool = True) -> list[str]:
        """Waits for keys; also tells RESIZED, RESUMED, and GONE once there is no keyboard any more.

        Without `wait` nothing is given where no key was pressed.
        """
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._in, selectors.EVENT_READ)
            waiting.register(self._wake_in, selectors.EVENT_READ)
            while True:
                if self._told:
                    found, self._told = self._told, []
                    return found
                ready = waiting.select(ESCAPE_SECONDS if self._keys.waiting else None if wait else 0)
                if not ready and not wait and not self._keys.waiting:
                    return []
                if not ready and self._keys.waiting:
                    keys = self._keys.flush()
                    if keys:
                        return keys
                for event, _ in ready:
                    if event.fd == self._wake_in:
                        with contextlib.suppress(BlockingIOError):
                            os.read(self._wake_in, 1024)
                        continue
                    keys = self._from_keyboard()
                    if keys:
                        return keys

    def draw(self, rows: Sequence[Text], width: int) -> None:
        """Puts rows on the screen; only those are sent that are not there already."""
        lines = list(self._ansi(rows, width))
        changed = [
            f"\x1b[{number};1H\x1b[0m{text}\x1b[0m\x1b[K"
            for number, text in enumerate(lines, 1)
            if number > len(self._drawn) or self._drawn[number - 1] != text
        ]
        below = f"\x1b[{len(lines) + 1};1H\x1b[J" if len(self._drawn) > len(lines) else ""
        self._drawn = lines
        self._write("".join(changed) + below)

    def forget(self) -> None:
        """What is on the screen is not known any more: the next `draw` sends everything."""
        self._drawn = []
        self._write("\x1b[2J")

    def _from_keyboard(self) -> list[str]:
        try:
            content = os.read(self._in, 4096)
        except BlockingIOError:
            return []
        except OSError:
            content = b""
        return self._keys.feed(content) if content else [GONE]

    def _ansi(self, rows: Sequence[Text], width: int) -> Iterator[str]:
        out = io.StringIO()
        console = Console(
            file=out,
            width=width,
            force_terminal=True,
            color_system="standard",
            no_color=not self._colour,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )
        for row in rows:
            out.seek(0)
            out.truncate()
            console.print(row, end="", no_wrap=True, crop=True, overflow="crop", soft_wrap=False)
            yield out.getvalue().rstrip("\n")

    # --- modes and signals -------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._modes = termios.tcgetattr(self._in)
        self._take()

    def _take(self) -> None:
        """Keys come one by one, without echo, Ctrl-C and Ctrl-Z still as signals; and the other screen."""
        while True:
            try:
                tty.setcbreak(self._in, termios.TCSADRAIN)
                break
            except termios.error as error:
                if error.args[0] != errno.EINTR:  # stopped in the background, and continued
                    raise
        self._drawn = []
        self._write(ENTER)

    def _end(self) -> None:
        """As it was. Can be called more than once, and on a terminal that is gone."""
        modes, self._modes = self._modes, None
        if modes is None:
            return
        with contextlib.suppress(OSError, termios.error):
            self._write(LEAVE)
        with contextlib.suppress(OSError, termios.error):
            termios.tcsetattr(self._in, termios.TCSADRAIN, modes)  # type: ignore[arg-type]

    def _write(self, text: str) -> None:
        content = text.encode("utf-8", "replace")
        with selectors.SelectSelector() as waiting:
            waiting.register(self._out, selectors.EVENT_WRITE)
            while content:
                waiting.select()  # it may be one that does not block
                with contextlib.suppress(BlockingIOError):
                    content = content[os.write(self._out, content[:4096]) :]

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._told.append(RESIZED)

    def _on_stop(self, number: int, frame: FrameType | None) -> None:
        """Ctrl-Z, or another's SIGTSTP: the terminal is given back before the process stops, and taken again after."""
        was = self._modes is not None and os.getpid() == self._process
        if was:
            self._end()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTSTP])
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, self._on_stop)
        if was:
            self._begin()
        self._told.append(RESUMED)

    def _on_continue(self, number: int, frame: FrameType | None) -> None:
        """After a SIGSTOP, which nobody is told of: the shell has used the terminal meanwhile."""
        if self._modes is not None and os.getpid() == self._process:
            with contextlib.suppress(OSError, termios.error):
                self._take()
        self._told.append(RESUMED)

    def _on_end(self, number: int, frame: FrameType | None) -> None:
        """The process ends by the signal, as it would have, on a terminal that is as it was."""
        if os.getpid() == self._process:  # what was forked to check files has the handler too
            self._end()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def can_explore(keyboard: int | None = None) -> bool:
    """Whether there is a terminal that a screen can be put on, and a keyboard."""
    if os.environ.get("TERM", "dumb") in ("dumb", "unknown", "") or sys.stdout is None or not sys.stdout.isatty():
        return False
    if keyboard is not None:
        return os.isatty(keyboard)
    return sys.stdin is not None and sys.stdin.isatty()
