"""`--execute sandbox`: programs of an image that lies in files, run under bubblewrap without an engine.

The image is the root, read-only; all namespaces are new, there is no network, no capability and nothing of the host's files
or environment. Whoever is root here runs it as nobody. What namespaces cannot bound, limits of processes and a look at
their memory do.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import platform
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from amlcheck.image import ownership
from amlcheck.image.config import DEFAULT_PATH, UNKNOWN_CONFIG, ImageConfig
from amlcheck.image.host import files_only_host, session_host
from amlcheck.image.image import CannotRunError, Image
from amlcheck.image.limits import DEFAULT_LIMITS, Limits
from amlcheck.image.session import SHELL, STDERR, STDOUT, ClosedError, Session, first_command, shown
from amlcheck.image.session_scripts import GREETING_FIELDS, Greeting
from amlcheck.image.tree import Tree, Wanted

if TYPE_CHECKING:
    from amlcheck.image.archive import StoredImage

PROGRAM = "bwrap"
_START_SECONDS = 10.0
_STOP_SECONDS = 5.0
_LOOK_SECONDS = 0.2
"""How often the memory of the sandbox is looked at while one waits for it."""
_RECEIVE_BYTES = 1 << 16
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64", "ppc64le": "ppc64le"}


def open_sandbox(shown_as: str, source: StoredImage | Path, wanted: Wanted, limits: Limits = DEFAULT_LIMITS) -> Image:
    """An image of an archive, which is unpacked for it, or a root file system's folder. Raises AmlcheckError.

    Where there can be no sandbox, the image answers from its files alone, and says why.
    """
    with contextlib.ExitStack() as stack:
        tree, config, digest, folder, name = _opened(source, wanted, limits, stack)
        reason, session = "", None
        try:
            _check(config)
            session = _start(folder(), config, limits, stack)
        except CannotRunError as error:
            reason = f"--execute sandbox: {error}"
        host = files_only_host(tree, reason, shown_as) if session is None else session_host(shown_as, session, tree)
        if session is not None:
            stack.callback(session.end, "the image was closed")
        close = ownership.remember(stack.pop_all().close)
        return Image(shown_as, tree, config, host, name, digest, reason, close)


def _opened(
    source: StoredImage | Path, wanted: Wanted, limits: Limits, stack: contextlib.ExitStack
) -> tuple[Tree, ImageConfig, str, Callable[[], Path], str]:
    """The files, the config, the digest, what gives the folder to run in, and what the source is called."""
    if isinstance(source, Path):
        from amlcheck.image.rootfs import RootfsTree

        tree = RootfsTree(source)
        stack.callback(tree.close)
        return tree, UNKNOWN_CONFIG, "", lambda: source, "rootfs, in a sandbox"
    from amlcheck.image.layer_cache import LayerCache
    from amlcheck.image.overlay import tree_of

    stack.callback(source.close)

    def unpacked() -> Path:
        from amlcheck.image.unpack import unpack

        folder = ownership.make_folder(limits.lifetime_seconds)
        stack.callback(ownership.remember(lambda: ownership.remove_folder(folder)))
        # Nobody must be able to reach it; what is in it is for everybody anyway.
        folder.chmod(0o711)
        root = folder / "root"
        root.mkdir()
        unpack(source, root, wanted, LayerCache())
        return root

    return tree_of(source, wanted, LayerCache()), source.config, source.digest, unpacked, "archive, in a sandbox"


def _check(config: ImageConfig) -> None:
    """Raises CannotRunError where there can be no sandbox for such an image."""
    if not sys.platform.startswith("linux"):
        raise CannotRunError("bubblewrap needs Linux")
    if shutil.which(PROGRAM) is None:
        raise CannotRunError(f"bubblewrap ({PROGRAM}) is not installed")
    here = _MACHINES.get(platform.machine(), platform.machine())
    if config.architecture and (config.os, config.architecture) != ("linux", here):
        raise CannotRunError(f"the image is for {config.platform}, and this is linux/{here}")


def _start(root: Path, config: ImageConfig, limits: Limits, stack: contextlib.ExitStack) -> Session:
    """A session whose shell was heard. Raises CannotRunError."""
    channel = BubblewrapChannel(root, config, limits)
    stack.callback(ownership.remember(channel.close))
    session = Session(channel, limits)
    greeting = Greeting.new()
    try:
        result = session.begin(greeting.script, 1 << 16).result(limits.answer_seconds)
    except CannotRunError:
        raise CannotRunError(session.ended) from None
    wrong = greeting.wrong(result.stdout.split(b"\0")[:GREETING_FIELDS], result.stderr)
    if wrong:
        session.end(f"its shell, {SHELL}, {wrong}")
        raise CannotRunError(session.ended)
    return session


class BubblewrapChannel:
    """The standard streams of a sandbox's first process, and the sandbox's life."""

    def __init__(self, root: Path, config: ImageConfig, limits: Limits) -> None:
        self._limits = limits
        self._looked = time.monotonic()
        self.why = ""
        """What is known of why it ended or did not start."""
        self._child = 0
        """The sandbox's first process, as it is called here."""
        self._said = b""
        with contextlib.ExitStack() as stack:
            block, go = _pipe(stack)
            info, tell = _pipe(stack)
            opened = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(os.close, opened)
            command = _launcher(limits) + _command(root, opened, config, limits, block, tell)
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env={"PATH": os.environ.get("PATH", os.defpath)},
                pass_fds=(block, tell, opened),
                start_new_session=True,
            )
            stack.pop_all()
            for descriptor in (block, tell, opened):
                os.close(descriptor)
            self._bound(info, go)
        self._selector = selectors.DefaultSelector()
        for stream, number in ((self._process.stdout, STDOUT), (self._process.stderr, STDERR)):
            assert stream is not None
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, selectors.EVENT_READ, number)
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)

    def _bound(self, info: int, go: int) -> None:
        """Learns which process is the first, and bounds how many it starts before it is let go.

        Only now are they counted apart from the user's others; as root, nobody's are counted, and are bounded already.
        """
        try:
            os.set_blocking(info, False)
            until, told = time.monotonic() + _START_SECONDS, b""
            while b"}" not in told and time.monotonic() < until and self._process.poll() is None:
                with contextlib.suppress(BlockingIOError):
                    told += os.read(info, 4096)
                if b"}" not in told:
                    time.sleep(0.001)
            try:
                self._child = int(json.loads(told)["child-pid"])
                if not _AS_ROOT:
                    _bound_processes(self._child, self._limits.processes)
            except (ValueError, KeyError, OSError) as error:
                # Where it did not come so far, what it printed tells why; it must not go on without its limits.
                self.why = f"the limits of a sandbox cannot be set here: {shown(str(error))}" if self._child else ""
                self._kill()
            else:
                os.write(go, b"1")
        finally:
            os.close(info)
            os.close(go)

    def send(self, data: bytes, until: float) -> None:
        stream = self._process.stdin
        assert stream is not None
        left = memoryview(data)
        while left:
            written = self._write(stream.fileno(), left)
            if not written and time.monotonic() >= until:
                raise TimeoutError
            left = left[written:]

    def _write(self, descriptor: int, data: memoryview) -> int:
        try:
            return os.write(descriptor, data)
        except BlockingIOError:
            time.sleep(0.001)
            return 0
        except (OSError, ValueError):
            raise self._closed() from None

    def receive(self, until: float) -> Sequence[tuple[int, bytes]]:
        while True:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._look()
            if not self._selector.get_map():
                raise self._closed()
            found = []
            for key, _ in self._selector.select(min(left, _LOOK_SECONDS)):
                stream: IO[bytes] = key.fileobj  # type: ignore[assignment]
                data = _read(stream)
                if data == b"":
                    self._selector.unregister(stream)
                elif data is not None:
                    found.append((key.data, data))
                    if key.data == STDERR and len(self._said) < _RECEIVE_BYTES:
                        self._said += data
            if found:
                return found

    def close(self) -> None:
        """Ends the sandbox, all that runs in it with it."""
        process = self._process
        self._kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
        self._selector.close()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _kill(self) -> None:
        """The first process of a PID namespace takes all others with it; bubblewrap ends when it has ended."""
        if self._process.poll() is None:
            with contextlib.suppress(OSError):
                if self._child:
                    os.kill(self._child, signal.SIGKILL)
                else:
                    self._process.kill()

    def _look(self) -> None:
        """Ends the sandbox where its processes together take more memory than they may."""
        now = time.monotonic()
        if now - self._looked < _LOOK_SECONDS or not self._child:
            return
        self._looked = now
        if sum(_memory_below(self._child)) > self._limits.memory_bytes:
            self._kill()
            self.why = f"its programs took more than {self._limits.memory_bytes >> 20} MiB of memory"

    def _closed(self) -> ClosedError:
        if not self.why and not self._child:
            stream = self._process.stderr
            self._said += (_read(stream) or b"") if stream is not None else b""
            self.why = f"bubblewrap cannot make a sandbox here: {shown(self._said, 200) or 'it says nothing'}"
        return ClosedError(self.why)


def _pipe(stack: contextlib.ExitStack) -> tuple[int, int]:
    ends = os.pipe()
    for end in ends:
        stack.callback(os.close, end)
    return ends


def _read(stream: IO[bytes]) -> bytes | None:
    try:
        return os.read(stream.fileno(), _RECEIVE_BYTES)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _command(root: Path, opened: int, config: ImageConfig, limits: Limits, block: int, tell: int) -> list[str]:
    known = _options()
    bind = ["--ro-bind-fd", str(opened)] if "--ro-bind-fd" in known else ["--ro-bind", str(root)]
    size = ["--size", str(limits.tmp_bytes)] if "--size" in known else []
    open_to_all = ["--perms", "1777"] if "--perms" in known else []
    command = [
        shutil.which(PROGRAM) or PROGRAM,
        "--unshare-all",
        "--die-with-parent",
        "--new-session",
        "--as-pid-1",
        "--clearenv",
    ]
    command += ["--uid", "0", "--gid", "0", "--hostname", "sandbox", "--cap-drop", "ALL"]
    command += [*bind, "/", "--proc", "/proc", "--dev", "/dev", *open_to_all, *size, "--tmpfs", "/dev/shm"]
    command += [*open_to_all, *size, "--tmpfs", "/tmp"]
    command += ["--remount-ro", "/dev", "--remount-ro", "/"]
    if "--disable-userns" in known:
        command += ["--unshare-user", "--disable-userns"]
    environment = {"PATH": DEFAULT_PATH, "HOME": "/root", "HOSTNAME": "sandbox", **config.env}
    for name, value in environment.items():
        command += ["--setenv", name, value]
    command += ["--chdir", "/", "--block-fd", str(block), "--info-fd", str(tell), "--", SHELL, *first_command(limits)]
    return command


@functools.cache
def _options() -> frozenset[str]:
    """The options that the installed bubblewrap knows."""
    try:
        told = subprocess.run(
            [PROGRAM, "--help"], capture_output=True, text=True, timeout=_START_SECONDS, check=False, env={}
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return frozenset()
    return frozenset(line.split()[0] for line in told.splitlines() if line.strip().startswith("--"))


_LAUNCHER = """
import os, resource, sys
for bound in sys.argv[1].split():
    kind, value = bound.split("=")
    number, value = getattr(resource, kind), int(value)
    hard = resource.getrlimit(number)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(number, (value, value))
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Bounds itself, lets go of root, and becomes another program."""


def _launcher(limits: Limits) -> list[str]:
    """The start of a command line: what bounds a process bounds all that it starts."""
    bounds = {
        "RLIMIT_DATA": limits.memory_bytes,
        "RLIMIT_FSIZE": limits.file_bytes,
        "RLIMIT_NOFILE": limits.open_files,
        "RLIMIT_CPU": limits.lifetime_seconds,
        "RLIMIT_CORE": 0,
    }
    if _AS_ROOT:
        bounds["RLIMIT_NPROC"] = limits.processes
    told = " ".join(f"{kind}={bound}" for kind, bound in bounds.items())
    return [sys.executable, "-I", "-S", "-c", _LAUNCHER, told]


def _bound_processes(process: int, bound: int) -> None:
    import resource

    _, hard = resource.prlimit(process, resource.RLIMIT_NPROC)
    lowest = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
    resource.prlimit(process, resource.RLIMIT_NPROC, (lowest, lowest))


def _memory_below(process: int) -> Iterator[int]:
    """Bytes in memory of each process of the PID namespace that a process is the first of."""
    try:
        namespace = os.stat(f"/proc/{process}/ns/pid").st_ino
    except OSError:
        return
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with contextlib.suppress(OSError, ValueError, IndexError):
                if os.stat(f"/proc/{name}/ns/pid").st_ino == namespace:
                    yield int(Path(f"/proc/{name}/statm").read_bytes().split()[1]) * _PAGE
