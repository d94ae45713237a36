"""One shell in a container or sandbox, asked over its pipes: a command costs about a millisecond, and is bounded.

The first process only waits. Its child, the session's shell, does nothing but read its input and start each command in the
background, so it always answers; and when this process dies, however it dies, the shell reads the end of its input and
ends, the first process with it, and the kernel then ends all that runs in the container.

Output is framed by a word that nobody can guess, new for every command, on both streams. A command is a shell of its own:
`exit`, `set -e`, a syntax error, children left in the background or closed pipes do not reach the session.
"""

from __future__ import annotations

import secrets
import shlex
import threading
import time
from collections.abc import Sequence
from typing import Protocol

from amlcheck.image.image import CannotRunError
from amlcheck.image.limits import DEFAULT_LIMITS, Limits
from amlcheck.records import dataclass

STDOUT, STDERR = 1, 2
SHELL = "/bin/sh"
_RECOVERY_SECONDS = 5.0
_CROWD = 48
"""Processes in the container beyond which it is cleared before another command starts: a fork bomb, or its remains."""
_SHOWN = 120
"""Characters of a command or of hostile text that a message shows."""
_WATCH = "(sleep {seconds} && kill -9 {shell}) {descriptors} >/dev/null 2>&1 &"
_CANNOT_START = frozenset((126, 127))


class ClosedError(Exception):
    """The other end of a channel is gone; its text is the reason, where the channel knows more than that."""


class Channel(Protocol):
    """The three standard streams of the first process."""

    def send(self, data: bytes, until: float) -> None:
        """Writes to its standard input. Raises ClosedError, or TimeoutError at `until` (of time.monotonic)."""

    def receive(self, until: float) -> Sequence[tuple[int, bytes]]:
        """The next pieces of output, each with STDOUT or STDERR. Raises ClosedError, or TimeoutError at `until`."""

    def close(self) -> None:
        """Lets go of it."""


class EndedError(CannotRunError):
    """A command that was ended because it took too long or printed too much; the session may go on."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a command did."""

    status: int
    """As `$?` has it: 128 and the signal's number for one that a signal ended."""
    stdout: bytes
    stderr: bytes
    cut: bool = False
    """Whether output beyond the limit was dropped."""


def first_command(limits: Limits) -> list[str]:
    """What the container's first process runs, with SHELL as the program."""
    watch = _WATCH.format(seconds=limits.lifetime_seconds, shell="$_s", descriptors="3<&- </dev/null")
    return ["-c", f"exec 3<&0\n{SHELL} <&3 3<&- & _s=$!\n{watch}\nwait $_s"]


def shown(text: str | bytes, limit: int = _SHOWN) -> str:
    """Words of an image for a message: one line, no control characters, of bounded length."""
    if isinstance(text, bytes):
        text = text[: 4 * limit].decode("utf-8", "replace")
    cleaned = " ".join("".join(letter if letter.isprintable() else " " for letter in text[: 4 * limit]).split())
    return cleaned if len(cleaned) <= limit else cleaned[: limit - 1] + "…"


class _Stream:
    """What one stream brings, between the two marks of one command."""

    def __init__(self, begin: bytes, end: bytes, limit: int, rest: bytes) -> None:
        self._begin, self._end, self._limit = begin, end, limit
        self._pending = bytearray(rest)
        self._kept = bytearray()
        self.started = self.done = self.cut = False
        self.status = self.before = b""
        self._look()

    def feed(self, data: bytes) -> None:
        self._pending += data
        if not self.done:
            self._look()

    @property
    def kept(self) -> bytes:
        return bytes(self._kept)

    @property
    def rest(self) -> bytes:
        """What came after the end."""
        return bytes(self._pending) if self.done else b""

    def _look(self) -> None:
        if not self.started:
            place = self._pending.find(self._begin)
            if place < 0:
                # Printed before: by what an earlier command left in the background, or instead of an answer.
                self.before = (self.before + bytes(self._pending[:_SHOWN]))[-_SHOWN:]
                del self._pending[: -len(self._begin)]
                return
            self.started = True
            del self._pending[: place + len(self._begin)]
        place = self._pending.find(self._end)
        if place < 0:
            self._keep(len(self._pending) - len(self._end))
            return
        line = self._pending.find(b"\n", place + len(self._end))
        if line < 0:
            self._keep(place)
            return
        self._keep(place)
        line -= place
        self.status = bytes(self._pending[len(self._end) : line]).strip()
        del self._pending[: line + 1]
        self.done = True

    def _keep(self, count: int) -> None:
        if count <= 0:
            return
        room = self._limit - len(self._kept)
        self._kept += self._pending[: min(room, count)]
        self.cut = self.cut or count > room
        del self._pending[:count]


class Session:
    """Runs commands one after the other. Threads wait for each other."""

    def __init__(self, channel: Channel, limits: Limits = DEFAULT_LIMITS) -> None:
        self._channel, self.limits = channel, limits
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._rest = {STDOUT: b"", STDERR: b""}
        self._ended = ""

    @property
    def ended(self) -> str:
        """Why nothing can be run any more; empty while something can."""
        return self._ended

    def run(self, command: str, timeout: float | None = None, limit: int | None = None) -> Result:
        """Runs a command in a shell of its own, with nothing on its input.

        `timeout` is in seconds, `limit` in bytes of each stream. Raises EndedError or CannotRunError.
        """
        return self._run(f"{SHELL} -c {_quoted(command)}", command, timeout, limit)

    def script(self, script: str, timeout: float, limit: int) -> Result:
        """Like `run`, but in a part of the session's own shell: for scripts that are known to be harmless."""
        return self._run(f"( {script}\n)", "", timeout, limit)

    def begin(self, script: str, limit: int) -> Pending:
        """Sends the first script, perhaps before the shell has started; `Pending.result` waits for its end."""
        return Pending(self, f"( {script}\n)", limit)

    def end(self, reason: str) -> None:
        """Nothing is run any more."""
        self._ended = self._ended or reason
        self._channel.close()

    def _run(self, words: str, command: str, timeout: float | None, limit: int | None) -> Result:
        seconds = self.limits.command_seconds if timeout is None else timeout
        with self._lock:
            if self._ended:
                raise CannotRunError(self._ended)
            try:
                return self._collect(self._send(words, limit), seconds, command)
            except ClosedError as error:
                self.end(str(error) or f"its shell, {SHELL}, ended")
                raise CannotRunError(self._ended) from None

    def _send(self, words: str, limit: int | None) -> dict[int, _Stream]:
        nonce = secrets.token_hex(16)
        # Where an earlier command left so many processes that nothing more could be started, they are ended first.
        crowd = f"set -- /proc/[0-9]*; [ $# -lt {_CROWD} ] || {self._kill_all}"
        text = (
            f"{crowd}; wait ${{_j:-0}} 2>/dev/null; {{ printf '<%s\\n' {nonce}; printf '<%s\\n' {nonce} >&2;"
            f" {words} </dev/null\n"
            f"printf '\\n>%s %s\\n' {nonce} $?; printf '\\n>%s\\n' {nonce} >&2; }} & _j=$!\n"
        )
        begin, end = f"<{nonce}\n".encode(), f"\n>{nonce}".encode()
        kept = self.limits.output_bytes if limit is None else limit
        streams = {number: _Stream(begin, end, kept, self._rest[number]) for number in (STDOUT, STDERR)}
        until = time.monotonic() + self.limits.answer_seconds
        try:
            self._channel.send(text.encode("utf-8", "surrogateescape"), until)
        except TimeoutError:
            self.end(f"its shell, {SHELL}, does not read what it is sent")
            raise CannotRunError(self._ended) from None
        except ClosedError as error:
            self.end(str(error) or f"its shell, {SHELL}, ended")
            raise CannotRunError(self._ended) from None
        return streams

    @property
    def _kill_all(self) -> str:
        """Ends everything but the first process and the session's shell, and starts the watch anew."""
        left = max(1, int(self.limits.lifetime_seconds - (time.monotonic() - self._began)))
        watch = _WATCH.format(seconds=left, shell="$$", descriptors="</dev/null")
        return f"{{ kill -9 -1 2>/dev/null; wait ${{_j:-0}} 2>/dev/null; {watch} _j=0; }}"

    def _collect(self, streams: dict[int, _Stream], seconds: float, command: str) -> Result:
        began, printed = time.monotonic(), 0
        while not all(stream.done for stream in streams.values()):
            started = sum(stream.started for stream in streams.values())
            patience = seconds if started == len(streams) else min(seconds, self.limits.answer_seconds)
            try:
                pieces = self._channel.receive(began + patience)
            except TimeoutError:
                if started < len(streams):
                    what = "mixes up its output streams" if started else f"does not answer within {patience:g} s"
                    self.end(f"its shell, {SHELL}, {what}")
                    raise CannotRunError(self._ended) from None
                self._recover(f"did not end within {seconds:g} s", command)
            for number, data in pieces:
                streams[number].feed(data)
                printed += len(data)
            if printed > self.limits.flood_bytes:
                if not any(stream.started for stream in streams.values()):
                    self.end(f"its shell, {SHELL}, prints without end")
                    raise CannotRunError(self._ended)
                self._recover(f"printed more than {self.limits.flood_bytes >> 20} MiB", command)
        self._rest = {number: stream.rest for number, stream in streams.items()}
        out, err = streams[STDOUT], streams[STDERR]
        if not out.status.isdigit() or len(out.status) > 3:
            self.end(f"its shell, {SHELL}, gives no exit codes")
            raise CannotRunError(self._ended)
        return Result(int(out.status), out.kept, err.kept, out.cut or err.cut)

    def _recover(self, what: str, command: str) -> None:
        """Ends what runs, so that the session can go on. Always raises."""
        told = f"`{shown(command)}` {what}" if command else f"looking at its files {what}"
        nonce = secrets.token_hex(16)
        text = f"{self._kill_all}; printf '%s\\n' {nonce}; printf '%s\\n' {nonce} >&2\n"
        streams = {number: _Stream(b"", nonce.encode(), 0, b"") for number in (STDOUT, STDERR)}
        until = time.monotonic() + _RECOVERY_SECONDS
        try:
            self._channel.send(text.encode(), until)
            while not all(stream.done for stream in streams.values()):
                for number, data in self._channel.receive(until):
                    streams[number].feed(data)
        except (ClosedError, TimeoutError):
            self.end(f"{told}, and its shell could not be recovered")
            raise CannotRunError(self._ended) from None
        self._rest = {number: stream.rest for number, stream in streams.items()}
        raise EndedError(f"{told} and was ended")


class Pending:
    """A script whose answer nobody has waited for yet."""

    def __init__(self, session: Session, words: str, limit: int) -> None:
        self._session = session
        self._streams = session._send(words, limit)

    def result(self, seconds: float) -> Result:
        """Waits for it. Raises EndedError or CannotRunError."""
        session = self._session
        with session._lock:
            try:
                return session._collect(self._streams, seconds, "")
            except ClosedError as error:
                said = shown(self._streams[STDERR].before)
                session.end(str(error) or f"its shell, {SHELL}, ended at once" + (f": {said}" if said else ""))
                raise CannotRunError(session.ended) from None


def _quoted(command: str) -> str:
    if "\0" in command:
        raise CannotRunError("a command cannot have a NUL byte in it")
    return shlex.quote(command)
