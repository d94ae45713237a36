"""Who started what: whatever outlives a call carries the name of its run, so that a later run can tell what a dead one left.

Containers have labels, temporary folders have names; both tell the run, its process and a deadline. A thing is left over
when its process is certainly dead, or when that cannot be known from here and its deadline has passed. Nothing else is.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import os
import secrets
import shutil
import signal
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from amlcheck.errors import AmlcheckError
from amlcheck.records import dataclass
from amlcheck.regex import regex
from amlcheck.streams import refusal, say

LABEL_RUN = "amlcheck.run"
LABEL_OWNER = "amlcheck.owner"
LABEL_DEADLINE = "amlcheck.deadline"
DEADLINE_SLACK_SECONDS = 120
"""Added to the lifetime: clocks differ, and an engine takes its time."""
_FOLDER = regex(r"amlcheck-(?P<run>[0-9a-f]{12})-(?P<owner>[0-9a-f]+\.\d+\.\d+\.\d+)-(?P<deadline>\d{1,12})-[^/]{1,32}")
BUILT = "amlcheck-built"
_IMAGE = regex(rf"{BUILT}:(?P<run>[0-9a-f]{{12}})-\d+-(?P<owner>[0-9a-f]+\.\d+\.\d+\.\d+)-(?P<deadline>\d{{1,12}})")
_OWNER = regex(r"([0-9a-f]+)\.(\d+)\.(\d+)\.(\d+)")

RUN = secrets.token_hex(6)
"""The name of this run."""
_numbers = itertools.count(1)


def new_name() -> str:
    """A name for something that this run is about to start, so that it can be removed even where no answer ever came."""
    return f"amlcheck-{RUN}-{next(_numbers)}"


@dataclass(frozen=True, slots=True)
class Owner:
    """A process, named so that no other one is taken for it: neither after a restart nor in another container."""

    boot: str
    """The start of the kernel's boot ID; "0" where there is none."""
    namespace: int
    """The inode of its PID namespace; 0 where there is none."""
    pid: int
    started: int
    """Clock ticks after boot."""

    @property
    def text(self) -> str:
        return f"{self.boot}.{self.namespace}.{self.pid}.{self.started}"

    @property
    def alive(self) -> bool | None:
        """Whether the process still runs; None where that cannot be seen from here: on another host, in another namespace."""
        here = me()
        if self.boot == "0" or (self.boot, self.namespace) != (here.boot, here.namespace):
            return None
        return _started(self.pid) == self.started


def parse_owner(text: str) -> Owner | None:
    """An owner from its text; None for anything else."""
    match = _OWNER.fullmatch(text)
    return Owner(match[1], int(match[2]), int(match[3]), int(match[4])) if match is not None else None


def me() -> Owner:
    """The process that asks."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").replace("-", "")[:12]
        namespace = os.stat("/proc/self/ns/pid").st_ino
    except (OSError, ValueError):
        return Owner("0", 0, os.getpid(), 0)
    return Owner(boot or "0", namespace, os.getpid(), _started(os.getpid()) or 0)


def _started(pid: int) -> int | None:
    """When a process started, in clock ticks after boot; None where there is none, or only its remains."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return int(fields[19]) if fields[0] not in (b"Z", b"X") else None
    except (OSError, ValueError, IndexError):
        return None


def labels(lifetime_seconds: float) -> dict[str, str]:
    """The labels of something that this run starts now."""
    return {LABEL_RUN: RUN, LABEL_OWNER: me().text, LABEL_DEADLINE: str(_deadline(lifetime_seconds))}


def is_left_over(found: Mapping[str, str]) -> bool:
    """Whether a thing with these labels was left by a run that is dead. Labels of any other form are not ours."""
    owner, deadline = parse_owner(found.get(LABEL_OWNER, "")), found.get(LABEL_DEADLINE, "")
    if owner is None or not deadline.isdecimal() or not found.get(LABEL_RUN):
        return False
    if owner.alive is not None:
        return not owner.alive
    return int(deadline) < time.time()


def image_name(lifetime_seconds: float) -> str:
    """The name of an image that this run builds: labels would change what is in it, so the name tells its owner."""
    return f"{BUILT}:{RUN}-{next(_numbers)}-{me().text}-{_deadline(lifetime_seconds)}"


def is_left_over_image(name: str) -> bool:
    """Whether an image of this name was built by a run that is dead."""
    match = _IMAGE.fullmatch(name)
    if match is None:
        return False
    return is_left_over({LABEL_RUN: match["run"], LABEL_OWNER: match["owner"], LABEL_DEADLINE: match["deadline"]})


def _deadline(lifetime_seconds: float) -> int:
    return int(time.time() + lifetime_seconds + DEADLINE_SLACK_SECONDS)


def make_folder(lifetime_seconds: float) -> Path:
    """A new temporary folder whose name tells its owner; the caller removes it with `remove_folder`.

    Raises AmlcheckError where there can be none.
    """
    name = f"amlcheck-{RUN}-{me().text}-{_deadline(lifetime_seconds)}-"
    try:
        return Path(tempfile.mkdtemp(prefix=name))
    except OSError as error:
        raise AmlcheckError(f"there is no folder for temporary files ({refusal(error)}); name one in TMPDIR") from error


def remove_folder(folder: Path) -> None:
    """Removes a folder with all in it, whatever its permissions; what cannot be removed stays for the next run."""
    shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        return
    # An unpacked image has folders that nobody may write to, or read.
    for path, folders, _ in os.walk(folder, topdown=True):
        for name in (".", *folders):
            inner = os.path.join(path, name)
            if not os.path.islink(inner):
                with contextlib.suppress(OSError):
                    os.chmod(inner, stat.S_IRWXU)
    shutil.rmtree(folder, ignore_errors=True)


def sweep_folders() -> list[str]:
    """Removes the temporary folders that dead runs of this user left; returns their names."""
    removed = []
    try:
        place = Path(tempfile.gettempdir())
        with os.scandir(place) as entries:
            found = [entry.name for entry in entries if entry.name.startswith("amlcheck-")]
    except OSError:
        return []
    for name in found:
        match = _FOLDER.fullmatch(name)
        if match is None or not _is_own_folder(place / name):
            continue
        told = {LABEL_RUN: match["run"], LABEL_OWNER: match["owner"], LABEL_DEADLINE: match["deadline"]}
        if is_left_over(told):
            remove_folder(place / name)
            removed.append(name)
    return removed


def _is_own_folder(path: Path) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and (not hasattr(os, "geteuid") or found.st_uid == os.geteuid())


_open: dict[object, Callable[[], None]] = {}
_guard = threading.RLock()
_process = 0
_ending = False


ENDING_SECONDS = 15.0
"""After a signal, for all that has to be removed: an engine that does not answer must not keep the process."""


class EndingError(AmlcheckError):
    """The process is about to end: nothing new is started."""


def remember(close: Callable[[], None]) -> Callable[[], None]:
    """Has `close` called when the process ends, unless what is returned was called before, which calls it once.

    Raises EndingError where the process is about to end.
    """
    global _process
    key = object()
    with _guard:
        if _ending:
            raise EndingError("interrupted")
        if _process != os.getpid():
            # A fork has no part in what its parent opened.
            _open.clear()
            if not _process:
                atexit.register(close_everything)
            _process = os.getpid()
        _open[key] = close

    def done() -> None:
        with _guard:
            found = _open.get(key)
        if found is not None:
            found()
            with _guard:
                _open.pop(key, None)

    return done


def give_up(close: Callable[[], None]) -> None:
    """Closes something because of an error, which is what counts: that closing fails too is not told instead of it."""
    with contextlib.suppress(AmlcheckError):
        close()


def close_everything() -> None:
    """Ends all that this process has open. Goes on to the next one whatever happens to one of them."""
    if _process != os.getpid():
        return
    while True:
        with _guard:
            if not _open:
                return
            key, close = next(reversed(_open.items()))
        # Forgotten only afterwards: a second Ctrl-C in here must not leave anything.
        with contextlib.suppress(Exception):
            close()
        with _guard:
            _open.pop(key, None)


@contextlib.contextmanager
def ending_cleanly() -> Iterator[None]:
    """For a command: SIGTERM and SIGHUP end it as Ctrl-C does, and nothing is left however it ends.

    Signals that somebody handles or ignores are left alone, and all of them outside the main thread. After a signal it
    ends within ENDING_SECONDS, even where an engine that does not answer is waited for.
    """
    global _ending
    before: dict[int, Any] = {}
    over = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        """As a shell reports a program that a signal ended."""
        with contextlib.suppress(RuntimeError):
            threading.Thread(target=_end_late, args=(over, 128 + number), daemon=True).start()
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    if threading.current_thread() is threading.main_thread():
        for name, default in (
            ("SIGINT", signal.default_int_handler),
            ("SIGTERM", signal.SIG_DFL),
            ("SIGHUP", signal.SIG_DFL),
        ):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is default:
                before[number] = signal.signal(number, end)
    _ending = False
    try:
        yield
    except BaseException:
        # Other threads see that what they use is closed; they must not open it anew.
        _ending = True
        raise
    finally:
        try:
            close_everything()
        finally:
            over.set()
            for number, handler in before.items():
                signal.signal(number, handler)


def _end_late(over: threading.Event, code: int) -> None:
    """Ends the process where its orderly end takes too long; what is left the next run removes."""
    if over.wait(ENDING_SECONDS):
        return
    say(
        f"amlcheck: interrupted, and what was begun cannot be ended within {ENDING_SECONDS:.0f} s;"
        " `amlcheck clean` removes what is left"
    )
    os._exit(code)
