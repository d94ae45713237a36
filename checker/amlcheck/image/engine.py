"""A container engine: Docker or Podman, wherever the user's settings say. The only importer of `docker`, and lazily."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from amlcheck.errors import AmlcheckError
from amlcheck.image import ownership
from amlcheck.image.config import ImageConfig, parse_config
from amlcheck.image.limits import DEFAULT_LIMITS, Limits
from amlcheck.image.session import SHELL, STDERR, STDOUT, ClosedError, first_command, shown
from amlcheck.streams import refusal

if TYPE_CHECKING:
    from docker import APIClient

    from amlcheck.image.image import Image
    from amlcheck.image.tree import Wanted

MINIMUM_VERSION = "1.24"
"""Of the engine's interface, the oldest that the SDK speaks."""
CALL_SECONDS = 60
"""For one call of the engine: creating a container of a cold image takes long on a slow disk."""
STALLED_SECONDS = 5
"""For each call after one that was not answered in time: what is left is tried to be removed, and not waited for long."""
PULL_SILENCE_SECONDS = 600
"""Without a word from the engine while it pulls; it unpacks a large layer in silence."""
REMOVE_SECONDS = 20.0
_REMOVE_AGAIN_SECONDS = 0.01
DOCKER_SOCKETS = ("/var/run/docker.sock", "~/.docker/run/docker.sock")
PODMAN_SOCKETS = ("$XDG_RUNTIME_DIR/podman/podman.sock", "/run/podman/podman.sock")
TMP_OPTIONS = "rw,exec,nosuid,nodev,mode=1777,size={size}"
"""Programs of the image may be run from there: it brings its own anyway, and some honest ones unpack themselves."""
_RECEIVE_BYTES = 1 << 18
_HEADER = struct.Struct(">BxxxL")
_QUOTA_PERIOD = 100_000
"""Microseconds in which a container gets its share of the processors."""

_swept: set[str] = set()
"""The addresses of the engines that were swept in this run."""
_SWEEPING = threading.Lock()


class NoEngineError(AmlcheckError):
    """No engine answers: why, and what an image may be read from instead."""

    def __init__(self, why: str, instead: str = "") -> None:
        super().__init__(f"{why}, {instead}" if instead else why)
        self.why = why


class NotThereError(AmlcheckError):
    """The engine does not have the image, and cannot get it."""


class Engine:
    """One engine, and the images it has."""

    def __init__(self, client: APIClient, address: str) -> None:
        self._client, self.address = client, address

    @classmethod
    def connect(cls, environment: Mapping[str, str] | None = None) -> Engine:
        """The engine that DOCKER_HOST, the docker context or a socket in its usual place leads to. Raises NoEngineError."""
        settings = _settings(os.environ if environment is None else environment)
        address = str(settings.get("base_url") or "")
        return cls(_client(settings, address), address)

    def close(self) -> None:
        """Lets go of the connection."""
        self._client.close()

    def has(self, name: str) -> bool:
        """Whether the image is there without pulling."""
        return self._inspect(name) is not None

    def provide(
        self, name: str, pull: str = "missing", platform: str = "", pulling: Callable[[], None] = lambda: None
    ) -> None:
        """Sees to it that the image is there: `pull` is missing, always or never; `pulling` is called before it is pulled.

        Raises NotThereError.
        """
        self._provided(name, pull, platform, pulling)

    def provided_config(
        self, name: str, pull: str = "missing", platform: str = "", pulling: Callable[[], None] = lambda: None
    ) -> tuple[ImageConfig, str]:
        """As `provide`, and then `config`."""
        found = self._provided(name, pull, platform, pulling)
        if found is None:
            return self.config(name)
        return parse_config(found, name), str(found.get("Id") or "")

    def _provided(self, name: str, pull: str, platform: str, pulling: Callable[[], None]) -> Mapping[str, Any] | None:
        """What is known of the image where it was there; None where it was pulled."""
        found = self._inspect(name) if pull != "always" else None
        if found is not None:
            return found
        if pull == "never":
            raise NotThereError(
                f"{shown(name)}: the engine at {self.address} has no such image, and --pull never was given"
            )
        pulling()
        self.pull(name, platform)
        return None

    def pull(self, name: str, platform: str = "") -> None:
        """Gets an image from its registry, with the credentials that docker has. Raises NotThereError."""
        from docker.errors import APIError, DockerException
        from docker.utils import parse_repository_tag

        repository, tag = parse_repository_tag(name)
        with self._calling(f"pulling {shown(name)}"):
            try:
                for line in self._client.pull(
                    repository, tag=tag or "latest", stream=True, decode=True, platform=platform or None
                ):
                    if isinstance(line, Mapping) and line.get("error"):
                        raise NotThereError(_pull_failed(name, str(line["error"])))
            except APIError as error:
                raise NotThereError(_pull_failed(name, str(error.explanation or error))) from None
            except DockerException as error:
                # A credential helper that fails, say.
                raise NotThereError(_pull_failed(name, str(error))) from None

    def config(self, name: str) -> tuple[ImageConfig, str]:
        """The image's config and its ID, without starting anything. Raises NotThereError."""
        found = self._inspect(name)
        if found is None:
            raise NotThereError(f"{shown(name)}: the engine at {self.address} has no such image: pull or build it")
        return parse_config(found, name), str(found.get("Id") or "")

    def open(
        self,
        shown_as: str,
        name: str,
        wanted: Wanted,
        *,
        execute: bool = True,
        gpus: str = "",
        limits: Limits = DEFAULT_LIMITS,
    ) -> Image:
        """Opens an image that is there, in its one container; closing it closes the engine too. Raises AmlcheckError.

        Without `execute` its files are read and nothing is started.
        """
        from amlcheck.image.running import open_image

        return open_image(self, shown_as, name, wanted, limits, execute=execute, gpus=gpus)

    def platform(self) -> str:
        """What the engine itself runs on, as "linux/amd64"."""
        with self._calling("asking for its version"):
            found = self._client.version()
        return f"{found.get('Os', '')}/{found.get('Arch', '')}"

    def _inspect(self, name: str) -> Mapping[str, Any] | None:
        from docker.errors import NotFound

        with self._calling(f"looking for {shown(name)}"):
            try:
                found: Mapping[str, Any] = self._client.inspect_image(name)
            except NotFound:
                return None
        return found

    @contextlib.contextmanager
    def _calling(self, doing: str) -> Iterator[None]:
        """Whatever goes wrong with a call is one sentence of the user's."""
        from docker.errors import APIError, DockerException
        from requests.exceptions import RequestException, Timeout

        try:
            yield
        except Timeout:
            self._client.timeout = min(self._client.timeout, STALLED_SECONDS)
            raise NoEngineError(f"the engine at {self.address} does not answer: {doing} took too long") from None
        except APIError as error:
            told = shown(str(error.explanation or error), 300)
            raise AmlcheckError(f"the engine at {self.address} refuses: {doing}: {told}") from None
        except (RequestException, DockerException, ConnectionError) as error:
            raise NoEngineError(f"the engine at {self.address} went away: {doing}: {_cause(error)}") from None
        except OSError as error:
            # Of this machine: no room for the build context, a file of it that cannot be read, no descriptor left.
            known = next((one for one in _causes(error) if isinstance(one, OSError) and one.errno), error)
            raise AmlcheckError(f"{doing}: {refusal(known)}") from None

    calling = _calling

    @property
    def client(self) -> APIClient:
        """The SDK's client, for the scoring container (`amlcheck.deployment.container`); calls stand in `calling`."""
        return self._client

    @property
    def is_local(self) -> bool:
        """Whether the engine runs on this host, so that its containers' addresses can be reached from here."""
        return self.address.startswith(("unix://", "http+unix://"))

    def is_refusal(self, error: BaseException) -> bool:
        """Whether the engine answered, and did not do what it was asked."""
        from docker.errors import APIError

        return isinstance(error, APIError)

    def attach(self, container: str, stdin: bool) -> DockerChannel:
        """The standard streams of a container; to be had before it starts, so that nothing is missed."""
        with self._calling("attaching to a container"):
            params = {"stdin": int(stdin), "stdout": 1, "stderr": 1, "stream": 1}
            return DockerChannel(self._client.attach_socket(container, params=params), lambda: "")

    def remove_with_network(self, name: str) -> None:
        """Removes a container and the network of the same name, and waits until both are gone. Raises AmlcheckError.

        Both at once, as each takes a tenth of a second: a container that has ended is in its network no more.
        """
        network = Uninterrupted(lambda: self._remove_network(name))
        network.begin()
        try:
            self.remove(name)
        finally:
            network.finish()
        if network.error is not None:
            self._remove_network(name)

    def _remove_network(self, network: str) -> None:
        until = time.monotonic() + REMOVE_SECONDS
        with self._calling("removing a network"):
            while not self._network_removed(network, time.monotonic() >= until):
                time.sleep(_REMOVE_AGAIN_SECONDS)

    def _network_removed(self, network: str, last: bool) -> bool:
        from docker.errors import APIError, NotFound

        try:
            self._client.remove_network(network)
        except NotFound:
            return True
        except APIError:
            # A container that is just being removed is still in it.
            if last:
                raise
            return False
        return True

    def create(self, image: str, volumes: Sequence[str], limits: Limits, gpus: str = "") -> Container:
        """A container of an image, not started yet, known to `ownership` until it is removed. Raises AmlcheckError."""
        return Container(self, image, volumes, limits, gpus)

    def sweep(self) -> list[str]:
        """Removes what dead runs left: containers with their volumes, networks, images; returns what each is and its name."""
        removed = []
        with self._calling("looking for containers of dead runs"):
            found = self._client.containers(all=True, filters={"label": ownership.LABEL_RUN})
        for container in found:
            if ownership.is_left_over(container.get("Labels") or {}):
                self.remove(str(container["Id"]))
                names = container.get("Names") or [container["Id"][:12]]
                removed.append(f"container {str(names[0]).lstrip('/')}")
        with self._calling("looking for networks of dead runs"):
            networks = self._client.networks(filters={"label": ownership.LABEL_RUN})
        for network in networks:
            if ownership.is_left_over(network.get("Labels") or {}):
                self._remove_network(str(network["Id"]))
                removed.append(f"network {network.get('Name') or network['Id'][:12]}")
        return removed + self._sweep_images()

    def _sweep_images(self) -> list[str]:
        """Removes the images that dead runs built."""
        removed = []
        with self._calling("looking for images of dead runs"):
            found = self._client.images(name=ownership.BUILT)
        for name in (name for image in found for name in image.get("RepoTags") or ()):
            if ownership.is_left_over_image(name):
                with self._calling("removing an image of a dead run"):
                    self._client.remove_image(name)
                removed.append(f"image {name}")
        return removed

    def sweep_once(self) -> None:
        """Sweeps, unless this engine was swept in this run already, by whichever of its clients."""
        with _SWEEPING:
            swept = self.address in _swept
            _swept.add(self.address)
        if not swept:
            self.sweep()

    def remove(self, container: str) -> None:
        """Ends and removes a container, with its anonymous volumes, and waits until it is gone. Raises AmlcheckError."""
        until = time.monotonic() + REMOVE_SECONDS
        with self._calling("removing a container"):
            while not self._removed(container, time.monotonic() >= until):
                time.sleep(_REMOVE_AGAIN_SECONDS)

    def _removed(self, container: str, last: bool) -> bool:
        from docker.errors import APIError, NotFound

        try:
            self._client.remove_container(container, v=True, force=True)
        except NotFound:
            return True
        except APIError:
            # The engine is at it already, or still starting it.
            if last:
                raise
            return False
        return True


class Container:
    """One container of this run."""

    def __init__(self, engine: Engine, image: str, volumes: Sequence[str], limits: Limits, gpus: str) -> None:
        self._engine, self._client = engine, engine._client
        self.name = ownership.new_name()
        """Chosen here, so that the container can be removed even where the engine's answer never came."""
        self._creation = Uninterrupted(lambda: self._create(image, volumes, limits, gpus))
        self.close = ownership.remember(self._remove)
        """Ends and removes it; may be called more than once."""
        try:
            with engine._calling(f"creating a container of {shown(image)}"):
                self._creation.wait()
        except BaseException:
            ownership.give_up(self.close)
            raise

    def attach(self) -> DockerChannel:
        """Its standard streams; to be had before it starts, so that nothing is missed."""
        with self._engine._calling("attaching to a container"):
            raw = self._client.attach_socket(self.name, params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
        return DockerChannel(raw, self._why_ended)

    def _why_ended(self) -> str:
        """What the engine knows of why it ended; empty where that is nothing."""
        from docker.errors import APIError, DockerException
        from requests.exceptions import RequestException

        try:
            state = self._client.inspect_container(self.name).get("State") or {}
        except APIError:
            # It is removed as soon as it has ended.
            return ""
        except (DockerException, RequestException, OSError):
            return f"the engine at {self._engine.address} went away"
        return "its programs took more memory than they may" if state.get("OOMKilled") else ""

    def start(self) -> None:
        """Starts it. Raises AmlcheckError with what the engine says."""
        with self._engine._calling("starting a container"):
            self._client.start(self.name)

    def archive(self, path: str) -> Iterator[bytes]:
        """A path of the image with all below it as a tar stream. Raises AmlcheckError, NotThereError where it is not."""
        from docker.errors import NotFound

        if not path.isprintable() and "\ufffd" in path.encode("utf-8", "surrogateescape").decode("utf-8", "replace"):
            raise AmlcheckError("the engine does not send files whose names are no UTF-8")
        with self._engine._calling(f"reading {shown(path)}"):
            try:
                stream, _ = self._client.get_archive(self.name, path)
            except NotFound:
                raise NotThereError(f"{shown(path)} is not in the image") from None
            yield from stream

    def export(self) -> Iterator[bytes]:
        """The whole file system as a tar stream. Raises AmlcheckError."""
        with self._engine._calling("exporting the image"):
            yield from self._client.export(self.name, chunk_size=_RECEIVE_BYTES)

    def _create(self, image: str, volumes: Sequence[str], limits: Limits, gpus: str) -> None:
        client = self._client
        host = client.create_host_config(
            auto_remove=True,
            network_mode="none",
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            read_only=True,
            tmpfs={path: TMP_OPTIONS.format(size=limits.tmp_bytes) for path in ("/tmp", *volumes)},
            shm_size=limits.tmp_bytes,
            pids_limit=limits.processes,
            mem_limit=limits.memory_bytes,
            memswap_limit=limits.memory_bytes,
            cpu_period=_QUOTA_PERIOD,
            cpu_quota=int(limits.cpus * _QUOTA_PERIOD),
            ulimits=_ulimits(limits),
            # Whatever it prints comes here, and nowhere to the disk of the engine's host.
            log_config={"type": "none"},
            device_requests=device_requests(gpus),
        )
        config = client.create_container_config(
            image,
            first_command(limits),
            entrypoint=[SHELL],
            stdin_open=True,
            healthcheck={"test": ["NONE"]},
            labels=ownership.labels(limits.lifetime_seconds),
            host_config=host,
        )
        # The engine closes the shell's input when this process is gone, and the shell ends.
        config["StdinOnce"] = True
        client.create_container_from_config(config, self.name)

    def _remove(self) -> None:
        self._creation.finish()
        if self._creation.error is None:
            Uninterrupted(lambda: self._engine.remove(self.name)).wait()


class Uninterrupted:
    """A call in a thread of its own: Ctrl-C interrupts whoever waits for it and never the call itself."""

    def __init__(self, call: Callable[[], None]) -> None:
        """`begin` or `wait` begins it."""
        self.error: BaseException | None = None
        self._call = call
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._begun = False

    def wait(self) -> None:
        """Begins it and waits until it is done; raises what it raised."""
        self.begin()
        self.finish()
        if self.error is not None:
            raise self.error

    def begin(self) -> None:
        """Begins it, where that was not done."""
        if not self._begun:
            # Said before it is so: an interrupt may come in between.
            self._begun = True
            self._thread.start()

    def finish(self) -> None:
        """Waits until it is done, if it was begun."""
        if self._begun:
            with contextlib.suppress(RuntimeError):
                self._thread.join()

    def _run(self) -> None:
        try:
            self._call()
        except BaseException as error:
            self.error = error


class DockerChannel:
    """The attached socket of a container, in the engine's frames."""

    def __init__(self, raw: Any, why: Callable[[], str]) -> None:
        """`raw` is what the SDK's attach_socket gives, `why` tells of the container's end."""
        self._why = why
        self._raw = raw
        """What the SDK gives; it keeps the connection open."""
        self._socket: Any = getattr(raw, "_sock", raw)
        self._pending = bytearray()
        self._stream, self._left = 0, 0

    def send(self, data: bytes, until: float) -> None:
        self._wait_at_most(until)
        try:
            self._socket.sendall(data)
        except TimeoutError:
            raise TimeoutError from None
        except OSError:
            raise ClosedError(self._why()) from None

    def receive(self, until: float) -> Sequence[tuple[int, bytes]]:
        self._wait_at_most(until)
        try:
            data = self._socket.recv(_RECEIVE_BYTES)
        except TimeoutError:
            raise TimeoutError from None
        except (OSError, ValueError):
            raise ClosedError(self._why()) from None
        if not data:
            raise ClosedError(self._why())
        return self._frames(data)

    def close(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            self._socket.shutdown(socket.SHUT_RDWR)
        response: Any = getattr(self._raw, "_response", None)
        for one in (response, self._raw, self._socket):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                one.close()

    def _wait_at_most(self, until: float) -> None:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        try:
            self._socket.settimeout(left)
        except (OSError, ValueError):
            raise ClosedError(self._why()) from None

    def _frames(self, data: bytes) -> list[tuple[int, bytes]]:
        found = []
        pending = self._pending
        pending += data
        while pending:
            if not self._left:
                if len(pending) < _HEADER.size:
                    break
                self._stream, self._left = _HEADER.unpack_from(pending)
                del pending[: _HEADER.size]
                continue
            piece = bytes(pending[: self._left])
            del pending[: len(piece)]
            self._left -= len(piece)
            found.append((STDOUT if self._stream == STDOUT else STDERR, piece))
        return found


def _ulimits(limits: Limits) -> list[Any]:
    from docker.types import Ulimit

    bounds = {"core": 0, "nofile": limits.open_files, "fsize": limits.file_bytes}
    return [Ulimit(name=name, soft=bound, hard=bound) for name, bound in bounds.items()]


def device_requests(gpus: str) -> list[Any] | None:
    """`--gpus` as docker has it: "all", a number, or "device=0,1". Raises AmlcheckError."""
    from docker.types import DeviceRequest

    if not gpus:
        return None
    capabilities = [["gpu"]]
    if gpus == "all" or gpus.isdecimal():
        return [DeviceRequest(count=-1 if gpus == "all" else int(gpus), capabilities=capabilities)]
    key, _, devices = gpus.strip('"').partition("=")
    if key != "device" or not devices:
        raise AmlcheckError(f"--gpus {gpus!r}: it is all, a number, or device=ID,ID")
    return [DeviceRequest(device_ids=devices.split(","), capabilities=capabilities)]


def _settings(environment: Mapping[str, str]) -> dict[str, Any]:
    """What the SDK's client is made with. Raises NoEngineError."""
    from docker.errors import DockerException, TLSParameterError
    from docker.utils import kwargs_from_env

    try:
        if environment.get("DOCKER_HOST"):
            return dict(kwargs_from_env(environment=dict(environment)))
        context = _context(environment)
        if context:
            return context
    except TLSParameterError as error:
        raise NoEngineError(f"the engine's TLS settings cannot be used: {shown(str(error), 300)}") from None
    except (DockerException, OSError, ValueError) as error:
        raise NoEngineError(f"docker's context cannot be used: {shown(str(error), 300)}") from None
    if os.name == "nt":
        return {"base_url": "npipe:////./pipe/docker_engine"}
    sockets = [_expand(path, environment) for path in (*DOCKER_SOCKETS, *PODMAN_SOCKETS)]
    for path in sockets:
        if path and os.path.exists(path):
            return {"base_url": f"unix://{path}"}
    raise NoEngineError(
        "no container engine answers: there is no socket of Docker or Podman in its usual place and DOCKER_HOST is not"
        " set; start one",
        "or give a docker-archive:, oci: or rootfs: instead",
    )


def _context(environment: Mapping[str, str]) -> dict[str, Any]:
    """The settings of docker's current context; empty where that is the default one."""
    from docker.context import ContextAPI
    from docker.context.config import get_current_context_name

    name = environment.get("DOCKER_CONTEXT") or get_current_context_name()
    if not name or name == "default":
        return {}
    context = ContextAPI.get_context(name)
    if context is None or not context.Host:
        raise NoEngineError(f"there is no docker context {shown(name)!r}: `docker context ls` lists them")
    found: dict[str, Any] = {"base_url": context.Host}
    if context.TLSConfig is not None:
        found["tls"] = context.TLSConfig
    return found


def _expand(path: str, environment: Mapping[str, str]) -> str:
    if path.startswith("$"):
        name, _, rest = path[1:].partition("/")
        return f"{environment[name]}/{rest}" if environment.get(name) else ""
    found = os.path.expanduser(path)
    return "" if found.startswith("~") else found  # A user without a home, as in some containers.


def _client(settings: dict[str, Any], address: str) -> APIClient:
    import docker
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    class Client(docker.APIClient):  # type: ignore[misc]
        """The SDK's, in which no call waits for ever: it gives some of them no time limit."""

        def request(self, method: Any, url: Any, **given: Any) -> Any:
            if given.get("timeout") is None:
                given["timeout"] = PULL_SILENCE_SECONDS if "/images/create" in str(url) else self.timeout
            return super().request(method, url, **given)

    try:
        # Asked by a client of its own: the SDK leaves its connection open where it finds that nobody answers.
        _reach(address)
        asking = Client(version=MINIMUM_VERSION, timeout=CALL_SECONDS, **settings)
        try:
            version = str(asking.version(api_version=False)["ApiVersion"])
        finally:
            asking.close()
        return Client(version=version, timeout=CALL_SECONDS, **settings)
    except (DockerException, RequestException, OSError, ValueError, KeyError, TypeError) as error:
        raise NoEngineError(_no_answer(address, error)) from None


def _reach(address: str) -> None:
    """Raises OSError where nobody listens at a Unix socket."""
    if address.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as stream:
            stream.settimeout(CALL_SECONDS)
            stream.connect(address.removeprefix("unix://"))


def _no_answer(address: str, error: BaseException) -> str:
    causes = list(_causes(error))
    path = address.partition("://")[2] if address.startswith("unix://") else ""
    if any(isinstance(cause, PermissionError) for cause in causes):
        return f"{address}: this user may not use the engine's socket: add it to the group that owns {path or address}"
    if any(isinstance(cause, FileNotFoundError) for cause in causes):
        return f"no container engine answers at {address}: there is no such socket; start it, or set DOCKER_HOST"
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return f"no container engine answers at {address}: nobody listens there; start it, or set DOCKER_HOST"
    return f"no container engine answers at {address}: {_cause(error)}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and all that it came from: libraries wrap them as arguments, reasons, causes and contexts."""
    ahead, seen = [error], set()
    while ahead:
        one = ahead.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = (*one.args, getattr(one, "reason", None), one.__cause__, one.__context__)
        ahead += [found for found in inner if isinstance(found, BaseException)]


def _cause(error: BaseException) -> str:
    """The innermost reason, in a few words."""
    for one in reversed(list(_causes(error))):
        if isinstance(one, OSError) and one.strerror:
            return one.strerror
    return shown(str(error), 200) or type(error).__name__


def _pull_failed(name: str, told: str) -> str:
    words = told.lower()
    denied = ("denied", "unauthorized", "authentication required", "no basic auth", "login", "403", "401")
    if any(word in words for word in denied):
        registry = name.partition("/")[0] if "." in name.partition("/")[0] or ":" in name.partition("/")[0] else ""
        return (
            f"{shown(name)}: the registry does not let it be pulled: it does not exist, or a user name and password are"
            f" needed (`docker login {registry}`".rstrip()
            + ")"
        )
    if "manifest unknown" in words or "not found" in words or "does not exist" in words:
        return f"{shown(name)}: its registry has no such image or tag"
    return f"{shown(name)}: cannot be pulled: {shown(told, 300)}"


__all__ = ["DEFAULT_LIMITS", "Container", "DockerChannel", "Engine", "NoEngineError", "NotThereError"]
