"""The engine: found wherever the user's settings say, told in one sentence where it is not, and used without a trace."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from amlcheck.errors import AmlcheckError
from amlcheck.image import ownership
from amlcheck.image.engine import Engine, NoEngineError, NotThereError
from amlcheck.image.image import CannotRunError
from amlcheck.image.limits import Limits
from amlcheck.image.tree import Wanted
from small_images import Node, SmallImages, busybox, folder

NOTHING = Wanted()


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A user without any setting of docker's; the folder of its configuration."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("DOCKER_CONFIG", str(home / ".docker"))
    return home / ".docker"


@pytest.fixture(scope="module")
def name(small_images: SmallImages) -> str:
    nodes = {**busybox(), "etc": folder(), "data": folder(), "data/x": Node(b"x")}
    return small_images.make(
        nodes, ["VOLUME /data", 'ENTRYPOINT ["/bin/false"]', 'CMD ["never"]', "ENV SOME=thing", "USER 1000:1000"]
    )


def containers(client: Any) -> list[Any]:
    """Those of this run."""
    found: list[Any] = client.containers.list(all=True, filters={"label": f"{ownership.LABEL_RUN}={ownership.RUN}"})
    return found


# Where it is


def test_a_socket_that_is_not_there(alone: Path, tmp_path: Path) -> None:
    with pytest.raises(NoEngineError, match="there is no such socket"):
        Engine.connect({"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})


def test_nobody_listens(alone: Path, tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        with pytest.raises(NoEngineError, match="nobody listens there"):
            Engine.connect({"DOCKER_HOST": f"unix://{path}"})
    with pytest.raises(NoEngineError, match="nobody listens there"):
        Engine.connect({"DOCKER_HOST": "tcp://127.0.0.1:1"})


def test_something_else_answers(alone: Path, tmp_path: Path) -> None:
    for answer in (
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 500 x\r\n\r\n",
    ):
        path = tmp_path / hashlib.sha256(answer).hexdigest()[:8]
        with _answering(path, answer), pytest.raises(NoEngineError, match="no container engine answers at"):
            Engine.connect({"DOCKER_HOST": f"unix://{path}"})


def _answering(path: Path, answer: bytes) -> Any:
    @contextlib.contextmanager
    def served() -> Iterator[None]:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()
            listener.settimeout(0.1)
            stop = threading.Event()

            def serve() -> None:
                while not stop.is_set():
                    try:
                        connection, _ = listener.accept()
                    except TimeoutError:
                        continue
                    with connection, contextlib.suppress(OSError):
                        connection.recv(10_000)
                        connection.sendall(answer)

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            yield
            stop.set()
            thread.join()

    return served()


@pytest.mark.skipif(os.geteuid() == 0 and not os.path.exists("/usr/bin/setpriv"), reason="needs another user")
def test_a_socket_that_is_closed_to_this_user(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        path.chmod(0)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket.socket, "connect", _denied)
            with pytest.raises(NoEngineError, match="this user may not use the engine's socket"):
                Engine.connect({"DOCKER_HOST": f"unix://{path}"})


def _denied(self: socket.socket, address: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_no_engine_at_all(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("amlcheck.image.engine.DOCKER_SOCKETS", ())
    monkeypatch.setattr("amlcheck.image.engine.PODMAN_SOCKETS", ())
    with pytest.raises(NoEngineError, match="DOCKER_HOST is not set"):
        Engine.connect({})


def test_a_context_that_is_not_there(alone: Path) -> None:
    with pytest.raises(NoEngineError, match="no docker context 'nowhere'"):
        Engine.connect({"DOCKER_CONTEXT": "nowhere"})


def test_tls_settings_that_cannot_be_used(alone: Path, tmp_path: Path) -> None:
    with pytest.raises(NoEngineError):
        Engine.connect(
            {"DOCKER_HOST": "tcp://127.0.0.1:1", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path / "none")}
        )


def test_the_docker_context_is_honoured(docker_host: str, alone: Path) -> None:
    meta = alone / "contexts" / "meta" / hashlib.sha256(b"ours").hexdigest()
    meta.mkdir(parents=True)
    endpoint = {"docker": {"Host": docker_host, "SkipTLSVerify": False}}
    (meta / "meta.json").write_text(json.dumps({"Name": "ours", "Metadata": {}, "Endpoints": endpoint}))
    (alone / "config.json").write_text('{"currentContext": "ours"}')
    for environment in ({}, {"DOCKER_CONTEXT": "ours"}):
        engine = Engine.connect(environment)
        assert engine.address == docker_host
        engine.close()


def test_podmans_socket_is_honoured(
    docker_host: str, alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("amlcheck.image.engine.DOCKER_SOCKETS", ())
    place = tmp_path / "podman"
    place.mkdir()
    (place / "podman.sock").symlink_to(docker_host.removeprefix("unix://"))
    engine = Engine.connect({"XDG_RUNTIME_DIR": str(tmp_path)})
    assert engine.address == f"unix://{place}/podman.sock"
    engine.close()


# What it has


def test_an_image_that_is_not_there(docker_host: str) -> None:
    engine = Engine.connect()
    try:
        assert not engine.has("amlcheck-nothing:1")
        for call in (
            lambda: engine.config("amlcheck-nothing:1"),
            lambda: engine.provide("amlcheck-nothing:1", "never"),
        ):
            with pytest.raises(NotThereError, match="amlcheck-nothing:1"):
                call()
        with pytest.raises(AmlcheckError):
            engine.open("x", "amlcheck-nothing:1", NOTHING)
        with pytest.raises(NotThereError, match=r"cannot be pulled|not let it be pulled|no such image"):
            engine.provide("127.0.0.1:1/nothing:1", "missing")
        with pytest.raises(AmlcheckError):
            engine.config("NOT A NAME")
    finally:
        engine.close()


def test_the_config(docker_host: str, name: str) -> None:
    engine = Engine.connect()
    config, digest = engine.config(name)
    engine.close()
    assert (config.env["SOME"], config.user, config.volumes) == ("thing", "1000:1000", ("/data",))
    assert digest.startswith("sha256:")


# The container


def test_the_container_is_fenced_in(small_images: SmallImages, name: str) -> None:
    before = {volume.name for volume in small_images.client.volumes.list()}
    image = Engine.connect().open(name, name, NOTHING)
    try:
        (container,) = containers(small_images.client)
        host = container.attrs["HostConfig"]
        assert host["NetworkMode"] == "none"
        assert host["CapDrop"] == ["ALL"]
        assert not host["CapAdd"]
        assert host["SecurityOpt"] == ["no-new-privileges"]
        assert host["ReadonlyRootfs"] is True
        assert set(host["Tmpfs"]) == {"/tmp", "/data"}
        assert host["PidsLimit"] == 512
        assert host["Memory"] == host["MemorySwap"] == 2 << 30
        assert host["LogConfig"]["Type"] == "none"
        assert host["AutoRemove"] is True
        assert container.attrs["Config"]["Entrypoint"] == ["/bin/sh"]
        assert container.attrs["Config"]["Healthcheck"] == {"Test": ["NONE"]}
        assert container.attrs["Config"]["Labels"].keys() >= {ownership.LABEL_RUN, ownership.LABEL_OWNER}
        run = image.host.run
        assert run("id -u").stdout == "1000\n"
        assert run("echo $SOME").stdout == "thing\n"
        assert run("echo x > /etc/x").rc != 0
        assert run("echo x > /tmp/x && cat /tmp/x").stdout == "x\n"
        assert run("ls /sys/class/net").stdout == "lo\n"
        assert run("grep CapBnd /proc/self/status").stdout.split() == ["CapBnd:", "0000000000000000"]
        assert run("dd if=/dev/zero of=/tmp/large bs=1M count=400").rc != 0
        assert image.files.read("/data/x") == b"x"
    finally:
        image.close()
        image.close()
    assert containers(small_images.client) == []
    assert {volume.name for volume in small_images.client.volumes.list()} <= before
    with pytest.raises(CannotRunError, match="closed"):
        image.host.run("true")


def test_memory_is_bounded(small_images: SmallImages) -> None:
    name = small_images.make(busybox())
    image = Engine.connect().open(name, name, NOTHING, limits=Limits(memory_bytes=64 << 20))
    try:
        try:
            ended = image.host.run("x=a; while :; do x=$x$x; done", timeout=20).rc != 0
        except CannotRunError:
            ended = True
        assert ended
    finally:
        image.close()


def test_it_ends_by_itself_within_its_lifetime(small_images: SmallImages, docker_host: str) -> None:
    name = small_images.make(busybox())
    image = Engine.connect().open(name, name, NOTHING, limits=Limits(lifetime_seconds=1))
    try:
        began = time.monotonic()
        with pytest.raises(CannotRunError, match="ended"):
            image.host.run("sleep 20")
        assert time.monotonic() - began < 5
    finally:
        image.close()


def test_nothing_runs_where_that_is_not_wanted(small_images: SmallImages, name: str) -> None:
    image = Engine.connect().open("shown", name, NOTHING, execute=False)
    try:
        assert (image.name, image.cannot_run) == ("shown", "--execute never")
        assert image.files.read("/data/x") == b"x"
        assert [container.status for container in containers(small_images.client)] == ["created"]
    finally:
        image.close()
    assert containers(small_images.client) == []


def test_a_user_that_is_not_there(small_images: SmallImages) -> None:
    name = small_images.make(busybox(), ["USER nobody-at-all"])
    image = Engine.connect().open(name, name, NOTHING)
    image.close()
    assert "nobody-at-all" in image.cannot_run


@pytest.mark.parametrize("gpus", ["none", "device=", "-1", "some"])
def test_gpus_that_are_no_gpus(docker_host: str, name: str, gpus: str) -> None:
    with pytest.raises(AmlcheckError, match="--gpus"):
        Engine.connect().open(name, name, NOTHING, gpus=gpus)


def test_gpus_that_are_not_there(small_images: SmallImages, name: str) -> None:
    with pytest.raises(AmlcheckError, match="--gpus all"):
        Engine.connect().open(name, name, NOTHING, gpus="all")
    assert containers(small_images.client) == []


def test_an_interrupt_while_it_opens_leaves_nothing(
    small_images: SmallImages, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from amlcheck.image import running

    for place in ("Session", "SessionTree"):
        with monkeypatch.context() as patch:
            patch.setattr(running, place, _interrupted)
            with pytest.raises(KeyboardInterrupt):
                Engine.connect().open(name, name, NOTHING)
        assert containers(small_images.client) == []


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


# What a killed run leaves

PROBE = """
    import sys, time
    from amlcheck.image import ownership
    from amlcheck.image.engine import Engine
    from amlcheck.image.tree import Wanted

    with ownership.ending_cleanly():
        print(ownership.RUN, flush=True)
        image = Engine.connect().open("x", sys.argv[1], Wanted(contents=("*",)))
        print("open", flush=True)
        image.host.run("sleep 60", timeout=100)
"""


@pytest.fixture
def started(docker_host: str, name: str) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        root = str(Path(ownership.__file__).parents[2])
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(PROBE), name],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": root},
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def _of_run(client: Any, run: str, seconds: float = 0.3) -> list[Any]:
    """Its containers; an engine's list may have one for some milliseconds after it has told that it is removed."""
    until = time.monotonic() + seconds
    while True:
        found: list[Any] = client.api.containers(all=True, filters={"label": f"{ownership.LABEL_RUN}={run}"})
        if not found or time.monotonic() > until:
            return found
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("delay", [None, 0.05, 0.2])
def test_a_signal_leaves_nothing_at_once(
    small_images: SmallImages, started: Callable[[], subprocess.Popen[str]], number: int, delay: float | None
) -> None:
    process = started()
    assert process.stdout is not None
    run = process.stdout.readline().strip()
    if delay is None:
        assert process.stdout.readline() == "open\n"
    else:
        time.sleep(delay)
    process.send_signal(number)
    process.wait(20)
    assert _of_run(small_images.client, run) == []
    assert process.returncode != 0


def test_killed_at_twenty_moments_and_nothing_is_left_after_the_next_run(
    small_images: SmallImages, started: Callable[[], subprocess.Popen[str]]
) -> None:
    runs = []
    for moment in range(20):
        process = started()
        assert process.stdout is not None
        runs.append(process.stdout.readline().strip())
        # From before the connection to after the first command has begun.
        time.sleep(moment * 0.03)
        process.kill()
        process.wait()
    engine = Engine.connect()
    engine.sweep()
    engine.close()
    assert [container for run in runs for container in _of_run(small_images.client, run)] == []


def test_a_killed_run_s_container_ends_by_itself(
    small_images: SmallImages, started: Callable[[], subprocess.Popen[str]]
) -> None:
    process = started()
    assert process.stdout is not None
    run = process.stdout.readline().strip()
    assert process.stdout.readline() == "open\n"
    time.sleep(0.2)
    process.kill()
    assert _of_run(small_images.client, run, seconds=5) == []


def test_sweeping_takes_what_dead_runs_left_and_only_that(
    small_images: SmallImages, name: str, started: Callable[[], subprocess.Popen[str]]
) -> None:
    client = small_images.client
    living = started()
    assert living.stdout is not None
    run = living.stdout.readline().strip()
    assert living.stdout.readline() == "open\n"
    here, past, future = ownership.me(), str(int(time.time()) - 10), str(int(time.time()) + 1000)
    dead = ownership.Owner(here.boot, here.namespace, 2**22 - 3, 1).text
    reused = ownership.Owner(here.boot, here.namespace, here.pid, here.started + 1).text
    elsewhere = ownership.Owner("feedfeedfeed", 1, 5, 5).text
    goes = [(dead, future), (reused, future), (elsewhere, past)]
    stays = [(here.text, past), (elsewhere, future), ("nonsense", past), (dead, "soon"), ("", past)]
    made = {}
    try:
        for owner, deadline in goes + stays:
            labels = {ownership.LABEL_RUN: "x", ownership.LABEL_OWNER: owner, ownership.LABEL_DEADLINE: deadline}
            made[owner, deadline] = client.containers.create(name, "true", labels=labels, network_mode="none")
        foreign = client.containers.create(
            name, "true", labels={"owner": dead}, network_mode="none", name="amlcheck-foreign"
        )
        made["foreign", ""] = foreign
        engine = Engine.connect()
        engine.sweep()
        engine.close()
        left = {found["Id"] for found in client.api.containers(all=True)}
        assert {key for key, container in made.items() if container.id in left} == {*stays, ("foreign", "")}
        assert len(_of_run(client, run)) == 1
    finally:
        left = {found["Id"] for found in client.api.containers(all=True)}
        for container in made.values():
            if container.id in left:
                container.remove(force=True, v=True)


def test_folders_of_dead_runs_go_and_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    mine = ownership.make_folder(60)
    here, future = ownership.me(), int(time.time()) + 1000
    dead = ownership.Owner(here.boot, here.namespace, 2**22 - 3, 1).text
    left = tmp_path / f"amlcheck-0123456789ab-{dead}-{future}-abc"
    for path in (left / "closed" / "deeper", tmp_path / "amlcheck-mine", tmp_path / "target"):
        path.mkdir(parents=True)
    (tmp_path / "target" / "file").write_text("x")
    (left / "closed" / "deeper" / "link").symlink_to(tmp_path / "target")
    (left / "closed").chmod(0)
    (tmp_path / f"amlcheck-0123456789ab-{dead}-{future}-link").symlink_to(tmp_path / "target")
    assert ownership.sweep_folders() == [left.name]
    assert not left.exists()
    assert (tmp_path / "target" / "file").exists()
    assert mine.exists()
    assert (tmp_path / "amlcheck-mine").exists()
    ownership.remove_folder(mine)
    assert not mine.exists()
