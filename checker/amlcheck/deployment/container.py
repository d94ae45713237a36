"""A scoring container: made, filled, started, watched by its events, listened to, stopped and removed.

It has a network of its own, from which nothing but the host can be reached and which publishes on 127.0.0.1 only. Like
all that outlives a call it is known to `ownership`; a watchdog process removes it where this process is killed.
"""

from __future__ import annotations

import contextlib
import io
import queue
import re
import socket
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from amlcheck.deployment.asking import Address
from amlcheck.deployment.assembling import Assembly
from amlcheck.deployment.log import MAX_LOG
from amlcheck.deployment.model import Ending
from amlcheck.deployment.options import DeployOptions
from amlcheck.deployment.watchdog import Watchdog
from amlcheck.errors import AmlcheckError
from amlcheck.image import ownership
from amlcheck.image.engine import Engine, NoEngineError, Uninterrupted, device_requests
from amlcheck.image.session import Channel, ClosedError
from amlcheck.regex import regex

LIFETIME_SLACK_SECONDS = 120
"""Beyond --timeout, after which whoever finds the container may remove it."""
KEPT_LABEL = "amlcheck.kept"
PROCESSES = 2048
SHM_BYTES = 64 << 20
LOG_SIZE = "10m"
"""Of the container's log on the engine's disk."""
CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "SETGID", "SETPCAP", "SETUID"]
"""What a start script with nginx, rsyslog and a change of user needs; Docker's default has more."""
QUIET_SECONDS = 0.1
_HEAD = MAX_LOG // 4
_NETWORK_OPTIONS = {"com.docker.network.bridge.enable_ip_masquerade": "false"}
"""Without masquerading no answer finds its way back, so nothing outside can be talked to; publishing still works."""
_MAX_RUNIT = 4 << 20
_WORKER_DIED = regex(rb"Worker \(pid:\d+\) (?:exited with code (?!3\.)-?\d+|was sent SIG(?!TERM)\w+)")
"""As gunicorn says it; code 3 is a worker that failed to boot, after which gunicorn itself ends."""


class NotStartedError(AmlcheckError):
    """The engine cannot start the container; the text is the engine's."""


class ScoringContainer:
    """One container, and the network it is in."""

    def __init__(self, engine: Engine, image: str, assembly: Assembly, options: DeployOptions) -> None:
        """Creates the container, and begins to create its network. Raises AmlcheckError."""
        self._engine, self._client = engine, engine.client
        self.name = ownership.new_name()
        self._words: queue.SimpleQueue[object] = queue.SimpleQueue()
        self.isolated = not options.network
        self._assembly, self._options = assembly, options
        self._lifetime = options.timeout + LIFETIME_SLACK_SECONDS
        self._kept = self._closing = False
        self._log = _Log(self._worker_died)
        self._events: _Events | None = None
        self.out_of_memory = False
        self.worker_deaths = 0
        """Workers of gunicorn that ended and were replaced."""
        self.ended = threading.Event()
        self._watchdog: Watchdog | None = None
        self.close = ownership.remember(self._close)
        """Ends and removes both; may be called more than once."""
        labels = {KEPT_LABEL: ownership.RUN} if options.keep else ownership.labels(self._lifetime)
        self._network = Uninterrupted(lambda: self._create_network(labels))
        self._creation = Uninterrupted(lambda: self._create_container(image, labels))
        self._leaving = Uninterrupted(self._leave_network)
        try:
            if not options.keep:
                self._watchdog = Watchdog(engine.address, self.name)
            if self.isolated:
                self._network.begin()  # it takes as long as the container does, which needs it only once it starts
            with engine.calling("creating the scoring container"):
                self._creation.wait()
        except BaseException:
            ownership.give_up(self.close)
            raise

    # --- making it -------------------------------------------------------------------------------------------------

    def _create_container(self, image: str, labels: Mapping[str, str]) -> None:
        client, assembly, options = self._client, self._assembly, self._options
        ports = [f"{port}/tcp" for port in assembly.routes.ports]
        bindings = dict.fromkeys(ports, ("127.0.0.1", None))
        if options.host_port:
            bindings[ports[0]] = ("127.0.0.1", options.host_port)  # type: ignore[assignment]
        host = client.create_host_config(
            network_mode=self.name if not self._options.network else "bridge",
            port_bindings=bindings,
            cap_drop=["ALL"],
            cap_add=CAPABILITIES,
            security_opt=["no-new-privileges"],
            pids_limit=PROCESSES,
            mem_limit=options.memory_bytes,
            memswap_limit=options.memory_bytes,
            shm_size=SHM_BYTES,
            nano_cpus=int(options.cpus * 1e9) or None,
            log_config={"type": "json-file", "config": {"max-size": LOG_SIZE, "max-file": "1"}},
            device_requests=device_requests(options.gpus),
        )
        config = client.create_container_config(
            image,
            list(assembly.command) or None,
            entrypoint=list(assembly.entrypoint) or None,
            environment=dict(assembly.environment),
            working_dir=assembly.working_dir or None,
            ports=[(port, "tcp") for port in assembly.routes.ports],
            healthcheck={"test": ["NONE"]},
            labels=labels,
            host_config=host,
        )
        client.create_container_from_config(config, self.name)

    def _create_network(self, labels: Mapping[str, str]) -> None:
        """Engines that do not know the options make a plain one, from which the outside can be reached."""
        try:
            self._client.create_network(self.name, driver="bridge", options=_NETWORK_OPTIONS, labels=dict(labels))
        except Exception as error:
            if not self._engine.is_refusal(error):
                raise
            self.isolated = False
            self._client.create_network(self.name, driver="bridge", labels=dict(labels))

    def put(self, archive: bytes) -> None:
        """Unpacks a tar archive at its root. Raises AmlcheckError."""
        with self._engine.calling("copying the files into the scoring container"):
            self._client.put_archive(self.name, "/", archive)

    def services(self) -> int:
        """How many services runsvdir would find in /var/runit."""
        try:
            stream, _ = self._client.get_archive(self.name, "/var/runit")
            data = b""
            for piece in stream:
                data += piece
                if len(data) > _MAX_RUNIT:
                    return 1
            with tarfile.open(fileobj=io.BytesIO(data)) as tar:
                return sum(entry.name.count("/") == 1 and not entry.isfile() for entry in tar)
        except Exception:
            return 0

    def start(self) -> None:
        """Listens to it, and starts it. Raises NotStartedError with what the engine says, NoEngineError."""
        self._events = _Events(self)
        with self._engine.calling("attaching to the scoring container"):
            self._log.follow(self._engine.attach(self.name, stdin=False))
        with self._engine.calling("creating the network of the scoring container"):
            self._network.finish()
            if self._network.error is not None:
                raise self._network.error
        try:
            with self._engine.calling("starting the scoring container"):
                self._client.start(self.name)
        except NoEngineError:
            raise
        except AmlcheckError as error:
            raise NotStartedError(_told(str(error))) from None

    def tell(self, word: object) -> None:
        """Puts something among the words that are waited for."""
        self._words.put(word)

    def next_word(self, seconds: float) -> object:
        """The next thing that is heard: "ended", "worker-died" or what somebody told; None where nothing is in time."""
        if self.ended.is_set():
            return "ended"
        with contextlib.suppress(queue.Empty):
            return self._words.get(timeout=seconds)
        return None

    def _worker_died(self) -> None:
        self.worker_deaths += 1
        self._words.put("worker-died")

    # --- while it runs ---------------------------------------------------------------------------------------------

    def addresses(self, port: int) -> list[Address]:
        """Where one of its ports can be asked from here, the best place first.

        Where the engine's bridge is on this host that is the container's own address: whatever answers there is the
        container and nothing else. Else, and where packets do not get through, it is the published port on 127.0.0.1.
        """
        with self._engine.calling("looking for the port of the scoring container"):
            found = self._client.inspect_container(self.name)["NetworkSettings"]
        bindings = (found.get("Ports") or {}).get(f"{port}/tcp") or []
        addresses = [Address("127.0.0.1", int(binding["HostPort"])) for binding in bindings]
        networks = (found.get("Networks") or {}).values() if self._engine.is_local else ()
        direct = [
            Address(network["IPAddress"], port)
            for network in networks
            if network.get("IPAddress") and _is_here(network.get("Gateway") or "")
        ]
        return [*direct, *addresses]

    def published(self, port: int) -> Address | None:
        """Where one of its ports is on 127.0.0.1; None where it is not published."""
        return next((address for address in self.addresses(port) if address.host == "127.0.0.1"), None)

    @property
    def log(self) -> str:
        """What it wrote: the beginning and the end, where it is much."""
        return self._log.text

    def settle(self, seconds: float) -> None:
        """Waits at most so long for its last words: until its output has ended, or has been quiet for a moment."""
        if self.ended.is_set():
            self._log.ended.wait(seconds)
        else:
            self._log.wait_until_quiet(seconds)

    def ending(self) -> Ending | None:
        """How it ended; None while it runs."""
        try:
            with self._engine.calling("asking for the state of the scoring container"):
                state = self._client.inspect_container(self.name)["State"]
        except AmlcheckError:
            return Ending(-1, self.out_of_memory) if self.ended.is_set() else None
        if state.get("Running") or state.get("Status") == "created":
            return None
        return Ending(int(state.get("ExitCode", -1)), bool(state.get("OOMKilled")) or self.out_of_memory)

    def listening(self) -> frozenset[tuple[str, int]] | None:
        """Addresses and ports that it listens on; None where that cannot be seen."""
        for read in (self._proc_inside, self._proc_outside):
            text = read()
            if text:
                return parse_listening(text)
        return None

    def _proc_inside(self) -> str:
        with contextlib.suppress(Exception):
            command = ["cat", "/proc/net/tcp", "/proc/net/tcp6"]
            made = self._client.exec_create(self.name, command, stderr=False)
            return bytes(self._client.exec_start(made["Id"])).decode("ascii", "replace")
        return ""

    def _proc_outside(self) -> str:
        """Through the host's /proc, for an image without `cat` on an engine of this host."""
        with contextlib.suppress(Exception):
            found = self._client.inspect_container(self.name)
            process = Path("/proc") / str(int(found["State"]["Pid"]))
            if found["Id"] in (process / "cgroup").read_text(encoding="ascii", errors="replace"):
                return "".join((process / "net" / name).read_text(encoding="ascii") for name in ("tcp", "tcp6"))
        return ""

    # --- ending it -------------------------------------------------------------------------------------------------

    def stop(self, seconds: float) -> Ending | None:
        """Asks it to end as Azure ML does, with SIGTERM, and kills it after so many seconds.

        Its network goes meanwhile, which takes an engine as long as most servers need to end: nobody asks it any more, and
        it never led anywhere but here.
        """
        self._closing = True
        if not self._options.network:
            self._leaving.begin()
        with self._engine.calling("stopping the scoring container"):
            self._client.stop(self.name, timeout=int(seconds))
        return self.ending()

    def _leave_network(self) -> None:
        with contextlib.suppress(Exception):  # what is left of it goes with the container
            self._client.disconnect_container_from_network(self.name, self.name, force=True)
            self._client.remove_network(self.name)

    def keep(self) -> None:
        """Leaves it running: from now on it is the user's."""
        self._kept = True

    def _close(self) -> None:
        self._closing = True
        self._creation.finish()
        self._network.finish()
        self._leaving.finish()
        if self._events is not None:
            self._events.close()
        self._log.close()
        if not self._kept:
            Uninterrupted(lambda: self._engine.remove_with_network(self.name)).wait()
        if self._watchdog is not None:
            self._watchdog.release()

    def _heard(self, event: Mapping[str, Any]) -> None:
        """An event of the engine's."""
        action = str(event.get("Action") or event.get("status") or "")
        if action == "oom":
            self.out_of_memory = True
        elif action in ("die", "died", "destroy", "remove") and not self.ended.is_set():
            self.ended.set()
            self._words.put("ended")


class _Events:
    """The engine's events of one container, from before it starts, in a thread; taken up again where they break off."""

    def __init__(self, container: ScoringContainer) -> None:
        self._container, self._closed = container, False
        self._since = int(time.time()) - 2
        self._stream: Any = None
        with container._engine.calling("listening to the engine's events"):
            self._open()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _open(self) -> None:
        filters = {"container": self._container.name, "type": "container"}
        self._stream = self._container._client.events(since=self._since, filters=filters, decode=True)

    def _run(self) -> None:
        while not self._closed:
            with contextlib.suppress(Exception):
                for event in self._stream:
                    self._container._heard(event)
            if self._closed:
                return
            # The SDK ends a stream that is silent for long, and an engine may restart.
            if self._container.ending() is not None:
                self._container._heard({"Action": "die"})
                return
            time.sleep(0.05)
            with contextlib.suppress(Exception):
                self._open()

    def close(self) -> None:
        self._closed = True
        with contextlib.suppress(Exception):
            self._stream.close()


class _Log:
    """What a container writes, read in a thread: its beginning and its end are kept."""

    def __init__(self, worker_died: Callable[[], None]) -> None:
        self._worker_died = worker_died
        self._channel: Channel | None = None
        self._head, self._tail = bytearray(), bytearray()
        self._dropped = self._received = 0
        self._guard = threading.Lock()
        self.ended = threading.Event()

    def wait_until_quiet(self, seconds: float) -> None:
        """What was written before an answer was sent arrives a moment after the answer."""
        until = time.monotonic() + seconds
        seen = -1
        while seen != self._received and time.monotonic() < until and not self.ended.is_set():
            seen = self._received
            time.sleep(QUIET_SECONDS)

    def follow(self, channel: Channel) -> None:
        self._channel = channel
        threading.Thread(target=self._run, args=(channel,), daemon=True).start()

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()

    @property
    def text(self) -> str:
        with self._guard:
            head, tail, dropped = bytes(self._head), bytes(self._tail), self._dropped
        middle = f"\n… {dropped} bytes are left out …\n".encode() if dropped else b""
        return (head + middle + tail).decode("utf-8", "replace")

    def _run(self, channel: Channel) -> None:
        try:
            while True:
                for _, data in channel.receive(time.monotonic() + 3600):
                    self._keep(data)
        except (ClosedError, TimeoutError, OSError, ValueError):
            self.ended.set()

    def _keep(self, data: bytes) -> None:
        for _ in _WORKER_DIED.finditer(data):
            self._worker_died()
        self._received += len(data)
        with self._guard:
            room = _HEAD - len(self._head)
            self._head += data[:room] if room > 0 else b""
            self._tail += data[room:] if room > 0 else data
            more = len(self._tail) - (MAX_LOG - _HEAD)
            if more > 0:
                del self._tail[:more]
                self._dropped += more


def _is_here(address: str) -> bool:
    """Whether an address is one of this host's: that of a bridge whose containers can be reached from here."""
    if not address or sys.platform != "linux":
        return False
    with contextlib.suppress(OSError), socket.socket() as probe:
        probe.bind((address, 0))
        return True
    return False


def parse_listening(text: str) -> frozenset[tuple[str, int]]:
    """The listening sockets of /proc/net/tcp and tcp6."""
    found = set()
    for line in text.splitlines():
        words = line.split()
        if len(words) > 3 and words[3] == "0A" and ":" in words[1]:
            address, _, port = words[1].partition(":")
            with contextlib.suppress(ValueError):
                found.add((_address(address), int(port, 16)))
    # Docker's own resolver listens in the container too, on 127.0.0.11.
    return frozenset(item for item in found if item[0] != "127.0.0.11")


def _address(text: str) -> str:
    """An address as /proc has it: words of the processor's byte order, in hexadecimal."""
    data = b"".join(bytes.fromhex(text[index : index + 8])[::-1] for index in range(0, len(text), 8))
    if len(data) == 4:
        return ".".join(str(byte) for byte in data)
    if data == bytes(15) + b"\x01":
        return "::1"
    if data.startswith(bytes(10) + b"\xff\xff"):
        return ".".join(str(byte) for byte in data[12:])
    return "::" if data == bytes(16) else data.hex()


def _told(text: str) -> str:
    """What the engine says, without what amlcheck put before it and the engine's own chain of names."""
    text = text.partition("starting the scoring container: ")[2] or text
    return re.sub(r"^(?:failed to create (?:shim task|task[^:]*): )?(?:OCI runtime create failed: )?", "", text.strip())
