"""The engine that live tests use: the one that answers, or a private dockerd of this checkout's own.

A private engine has its own containerd, socket, data, state, bridge and empty configuration, and no firewall rules: it
shares nothing with an engine that is already there. (Without a bridge of its own, `--bridge none`, dockerd would remove the
other engine's docker0.) Its images are kept in `.cache/` from one run to the next.

Any number of test runs share it. Each holds a shared lock on a file, which the kernel takes away however the run ends;
a supervisor process owns dockerd and stops it as soon as it gets that lock for itself. So nothing keeps running after
success, failure, Ctrl-C or SIGKILL, and no process is ever looked up by its name.

Only the standard library is used, so that these work before anything is installed:
`python3 tests/private_engine.py clean` removes the engine and all that tests keep, `… provide` installs what tests need.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import http.client
import ipaddress
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

CHOICE = "AMLCHECK_TEST_ENGINE"
"""Environment variable: "found" (only an engine that answers), "private" (only our own), "none"; else found, then private."""
CACHE = Path(os.environ.get("AMLCHECK_TEST_CACHE") or Path(__file__).resolve().parent.parent / ".cache")
"""Images, exports and downloads of the tests. Git ignores it; `make clean` removes it."""
DEFAULT_SOCKET = "/var/run/docker.sock"
PROGRAMS = {"dockerd": "docker.io", "containerd": "containerd", "mmdebstrap": "mmdebstrap", "ip": "iproute2"}
"""What a private engine and its images need, and the Debian or Ubuntu package of each."""
MORE_PROGRAMS = {
    "bwrap": "bubblewrap",
    "busybox": "busybox-static",
    "cc": "gcc",
    "docker-registry": "docker-registry",
    "skopeo": "skopeo",
}
"""What single live tests need besides."""
GATE_PROGRAMS = {
    "chromium": "chromium",
    "pdftotext": "poppler-utils",
    "prove": "perl",
    "openssl": "openssl",
    "zsh": "zsh",
    "fish": "fish",
}
"""What tests need that are not live: a browser, TAP's own reader, shells to complete in. Installed by `provide` alone."""
ANSWER_SECONDS = 5.0
START_SECONDS = 60.0
STOP_SECONDS = 40.0
CONTAINER_SECONDS = 3
"""What dockerd gives containers that are still there when it stops."""
LOOK_SECONDS = 0.3
"""How often the supervisor looks whether anybody still uses the engine."""
LOG_LINES = 12
_SIGTERM_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


class NoEngineError(Exception):
    """No engine can be had here; its text is the one line that says why."""


@dataclass(frozen=True)
class Engine:
    """An engine for tests."""

    address: str
    """As DOCKER_HOST has it."""
    private: bool


@contextlib.contextmanager
def engine_for_tests() -> Iterator[Engine]:
    """An engine, for as long as the block lasts. Raises NoEngineError."""
    choice = os.environ.get(CHOICE, "")
    if choice not in ("", "found", "private", "none"):
        raise NoEngineError(f"{CHOICE}={choice} is none of found, private, none")
    if choice == "none":
        raise NoEngineError(f"{CHOICE}=none")
    address = os.environ.get("DOCKER_HOST") or f"unix://{DEFAULT_SOCKET}"
    if choice != "private" and answers(address):
        yield Engine(address, private=False)
        return
    nobody = f"no engine answers at {address}"
    if choice == "found":
        raise NoEngineError(nobody)
    if reason := why_not_private():
        raise NoEngineError(f"{nobody}, and a private one cannot be started: {reason}")
    provide({**PROGRAMS, **MORE_PROGRAMS})
    with PrivateEngine(CACHE / "engine").running() as private:
        yield Engine(private, private=True)


def answers(address: str, seconds: float = ANSWER_SECONDS) -> bool:
    """Whether an engine answers there. One that is not on a Unix socket is asked by the docker SDK."""
    scheme, _, path = address.partition("://")
    if scheme != "unix":
        return _answers_sdk(address, seconds)
    connection = http.client.HTTPConnection("localhost", timeout=seconds)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
            stream.settimeout(seconds)
            stream.connect(path)
            connection.sock = stream
            connection.request("GET", "/_ping")
            return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False


def _answers_sdk(address: str, seconds: float) -> bool:
    import docker
    from docker.errors import DockerException
    from requests import RequestException

    try:
        client = docker.DockerClient.from_env(timeout=int(seconds), environment={**os.environ, "DOCKER_HOST": address})
        with contextlib.closing(client):
            return bool(client.ping())
    except (DockerException, RequestException):
        return False


def why_not_private() -> str:
    """Why a private engine cannot be started here; empty where it can."""
    if not sys.platform.startswith("linux"):
        return f"this is {sys.platform}, not Linux"
    if not _is_debian():
        return "this is neither Debian nor Ubuntu"
    if os.geteuid() != 0:
        return "that needs root"
    return ""


def _is_debian() -> bool:
    try:
        lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    words = [word for line in lines if line.startswith(("ID=", "ID_LIKE=")) for word in line.partition("=")[2].split()]
    return any(word.strip("\"'") in ("debian", "ubuntu") for word in words)


def provide(programs: dict[str, str]) -> None:
    """Installs the packages of those programs that are missing. Raises NoEngineError."""
    missing = sorted({package for program, package in programs.items() if shutil.which(program) is None})
    if not missing:
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    install = [*apt, "install", "--yes", "--no-install-recommends", *missing]
    with locked(CACHE / "apt.lock"):
        for command in (install, [*apt, "update"], install):
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            if done.returncode == 0 and command is install:
                return
    last = (done.stderr.strip().splitlines() or ["no message"])[-1]
    raise NoEngineError(f"apt-get cannot install {' '.join(missing)}: {last}")


@contextlib.contextmanager
def locked(path: Path, seconds: float = 900.0) -> Iterator[None]:
    """Holds a file's lock, for which runs of this checkout wait. Raises NoEngineError when that takes too long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        if not _lock(file.fileno(), fcntl.LOCK_EX, seconds):
            raise NoEngineError(f"another run has held {path} for {seconds:.0f} s")
        yield


def _lock(descriptor: int, kind: int, seconds: float = 0.0) -> bool:
    end = time.monotonic() + seconds
    while not _lock_now(descriptor, kind):
        if time.monotonic() >= end:
            return False
        time.sleep(0.05)
    return True


def _lock_now(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class PrivateEngine:
    """A dockerd in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        """Where its images and its log are."""
        key = hashlib.sha256(str(self.folder).encode()).hexdigest()[:10]
        self.state = Path("/run") / f"amlcheck-test-{key}"
        """Sockets, locks and process ids: a short path, since a socket's may have 107 bytes."""
        self.socket = self.state / "docker.sock"
        self.address = f"unix://{self.socket}"
        self.log = self.folder / "engine.log"
        self.bridge = f"amlt{key}"
        """At most 15 characters, as Linux has it."""
        self.subnet = f"{ipaddress.IPv4Address('198.18.0.0') + int(key, 16) % 8192 * 16 + 1}/28"
        """One of the 8192 in the block that RFC 2544 keeps for benchmarks: no real network has it."""

    @contextlib.contextmanager
    def running(self) -> Iterator[str]:
        """Its address, for as long as the block lasts; the last user's leaving stops it. Raises NoEngineError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.state.mkdir(mode=0o700, exist_ok=True)
        with (self.state / "users.lock").open("w") as users:
            with locked(self.state / "start.lock", START_SECONDS + STOP_SECONDS):
                fcntl.flock(users, fcntl.LOCK_SH)
                self._start()
            try:
                yield self.address
            finally:
                fcntl.flock(users, fcntl.LOCK_UN)
                self._wait_until_stopped(users.fileno())

    def _start(self) -> None:
        """Starts the supervisor unless the engine runs; the caller holds the start lock."""
        if answers(self.address):
            return
        if not self._nobody_serves(STOP_SECONDS):
            raise NoEngineError(f"the private engine hangs; see {self.log}")
        self.stop_leftovers()
        command = [sys.executable, str(Path(__file__).resolve()), "start", str(self.folder)]
        with self.log.open("wb") as log:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
        if done.returncode != 0:
            raise NoEngineError(f"the private engine does not start: {self._last_words()}")

    def start(self) -> int:
        """Starts the supervisor, which is no child of the run that needs it first, and waits until the engine answers."""
        command = [sys.executable, str(Path(__file__).resolve()), "serve", str(self.folder)]
        supervisor = subprocess.Popen(command, start_new_session=True)
        end = time.monotonic() + START_SECONDS
        while not answers(self.address, 1.0):
            if supervisor.poll() is not None or time.monotonic() >= end:
                supervisor.terminate()
                return 1
            time.sleep(0.05)
        return 0

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-LOG_LINES:]
        failed = [line for line in lines if "fatal" in line or "failed to start" in line]
        return f"{(failed or lines or ['no message'])[-1]} (more in {self.log})"

    def _nobody_serves(self, seconds: float) -> bool:
        with (self.state / "serving.lock").open("w") as file:
            return _lock(file.fileno(), fcntl.LOCK_EX, seconds)

    def _wait_until_stopped(self, users: int) -> None:
        """Until the supervisor is gone, or somebody else is seen to use the engine."""
        end = time.monotonic() + STOP_SECONDS
        others_until = time.monotonic() + 4 * LOOK_SECONDS
        while not self._nobody_serves(0):
            if time.monotonic() >= end:
                return
            if _lock(users, fcntl.LOCK_EX):
                fcntl.flock(users, fcntl.LOCK_UN)
                others_until = time.monotonic() + 4 * LOOK_SECONDS
            elif time.monotonic() >= others_until and not self._stopping():
                return
            time.sleep(LOOK_SECONDS / 3)

    def _stopping(self) -> bool:
        """Whether the supervisor holds the start lock: it does while it stops the engine."""
        with (self.state / "start.lock").open("w") as file:
            return not _lock(file.fileno(), fcntl.LOCK_EX)

    def serve(self) -> int:
        """The supervisor's life: starts the engine, waits until nobody uses it, stops it."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: sys.exit(0))
        with contextlib.ExitStack() as stack:
            serving, start, users = (
                stack.enter_context((self.state / f"{name}.lock").open("w")) for name in ("serving", "start", "users")
            )
            if not _lock(serving.fileno(), fcntl.LOCK_EX):
                return 1
            children: list[subprocess.Popen[bytes]] = []
            self._add_bridge()
            stack.callback(self._remove_bridge)
            stack.callback(_stop, children)
            children.append(_child(self._containerd_command()))
            address = self.state / "containerd.sock"
            end = time.monotonic() + START_SECONDS
            while not address.exists() and time.monotonic() < end and children[0].poll() is None:
                time.sleep(0.02)
            children.insert(0, _child(self._dockerd_command()))
            (self.state / "pids").write_text(" ".join(str(child.pid) for child in children))
            while all(child.poll() is None for child in children):
                time.sleep(LOOK_SECONDS)
                if _lock(start.fileno(), fcntl.LOCK_EX):
                    if _lock(users.fileno(), fcntl.LOCK_EX):
                        return 0
                    fcntl.flock(start, fcntl.LOCK_UN)
        return 1

    def _containerd_command(self) -> list[str]:
        config = self.state / "containerd.toml"
        config.write_text('version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n')
        return [
            *("containerd", "--config", str(config), "--address", str(self.state / "containerd.sock")),
            *("--root", str(self.folder / "containerd"), "--state", str(self.state / "containerd")),
        ]

    def _dockerd_command(self) -> list[str]:
        config = self.state / "daemon.json"
        config.write_text("{}\n")
        return [
            *("dockerd", "--config-file", str(config), "--host", self.address, "--pidfile", str(self.state / "pid")),
            *("--containerd", str(self.state / "containerd.sock")),
            *("--data-root", str(self.folder / "data"), "--exec-root", str(self.state / "exec")),
            *(
                "--bridge",
                self.bridge,
                "--iptables=false",
                "--ip6tables=false",
                "--ip-forward=false",
                "--ip-masq=false",
            ),
            *("--exec-opt", "native.cgroupdriver=cgroupfs", "--group", "root"),
            *("--shutdown-timeout", str(CONTAINER_SECONDS)),
        ]

    def _add_bridge(self) -> None:
        self._remove_bridge()
        for words in (
            ("link", "add", "name", self.bridge, "type", "bridge"),
            ("address", "add", self.subnet, "dev", self.bridge),
            ("link", "set", self.bridge, "up"),
        ):
            subprocess.run(("ip", *words), check=True)

    def _remove_bridge(self) -> None:
        subprocess.run(("ip", "link", "delete", self.bridge), check=False, capture_output=True)

    def stop_leftovers(self) -> None:
        """Ends what a killed supervisor left, known by its ids and its command line, and what it left on disk."""
        with contextlib.suppress(OSError, ValueError):
            for pid in map(int, (self.state / "pids").read_text().split()):
                self._stop_own(pid)
        for name in ("pids", "pid", "docker.sock", "containerd.sock"):
            (self.state / name).unlink(missing_ok=True)
        self._remove_bridge()

    def _stop_own(self, pid: int) -> None:
        """Ends a process that was started for this folder; its id may be another's by now."""
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if str(self.state / "containerd.sock").encode() not in words:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            os.kill(pid, number)
            end = time.monotonic() + STOP_SECONDS / 4
            while time.monotonic() < end:
                if not Path(f"/proc/{pid}").exists() or Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                    return
                time.sleep(0.05)

    def remove(self) -> None:
        """Removes it with all its images. Raises NoEngineError while it is used."""
        if self.state.exists():
            with (self.state / "users.lock").open("w") as users:
                if not _lock(users.fileno(), fcntl.LOCK_EX, 1.0) or not self._nobody_serves(STOP_SECONDS):
                    raise NoEngineError("a test run still uses the private engine")
                self.stop_leftovers()
        for folder in (self.folder, self.state):
            for point in _mounts_below(folder):
                subprocess.run(["umount", "--lazy", point], check=False, capture_output=True)
            shutil.rmtree(folder, ignore_errors=True)


def _child(command: Sequence[str], log: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    """Starts a program that gets SIGTERM when this process ends, however it ends. It writes where this one does, or a log."""
    libc = ctypes.CDLL(None, use_errno=True)
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        preexec_fn=lambda: libc.prctl(_SIGTERM_WITH_PARENT, signal.SIGTERM),
        start_new_session=True,
    )


def _stop(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ends them in order: dockerd ends its containers first, then containerd has nothing left to do."""
    for child in children:
        child.terminate()
        try:
            child.wait(STOP_SECONDS / 3)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _mounts_below(folder: Path) -> list[str]:
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()]
    return sorted((point for point in points if point.startswith(f"{folder}/")), reverse=True)


def main(arguments: Sequence[str]) -> int:
    if len(arguments) == 2 and arguments[0] in ("start", "serve"):
        engine = PrivateEngine(Path(arguments[1]))
        return engine.start() if arguments[0] == "start" else engine.serve()
    try:
        if list(arguments) == ["clean"]:
            if why_not_private() == "":
                PrivateEngine(CACHE / "engine").remove()
            shutil.rmtree(CACHE, ignore_errors=True)
            return 0
        if list(arguments) == ["provide"]:
            if why_not_private() == "":
                provide({**PROGRAMS, **MORE_PROGRAMS, **GATE_PROGRAMS})
            return 0
    except NoEngineError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    print("usage: private_engine.py clean|provide", file=sys.stderr)  # noqa: T201
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
