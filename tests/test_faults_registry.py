"""Debian's docker-registry behind a way that breaks or stalls, or with blobs that are not what they were."""

from __future__ import annotations

import contextlib
import os
import random
import select
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults_support import Place, mounted
from live_registry import LiveRegistry, config_of, layer, serve

SHORT = {
    "image.blob_store.STALL_SECONDS": 2.0,
    "image.registry_client.ANSWER_SECONDS": 2.0,
    "image.registry_client.PAUSE": 0.01,
}
BIG = random.Random(7).randbytes(6 << 20)
"""So large that most of it is still under way when the way breaks."""


class Road:
    """A loopback address that leads to a registry: it breaks or stalls after so many bytes of answers."""

    def __init__(self, there: str) -> None:
        self.breaks_after = self.stalls_after = 1 << 60
        self.times = 1 << 30
        """How often it breaks; after that it is whole."""
        self._there = there.rpartition(":")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._closed = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._closed.set()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        host, _, port = self._there
        carried = 0
        with near, contextlib.suppress(OSError), socket.create_connection((host, int(port))) as far:
            while not self._closed.is_set():
                for end in select.select([near, far], [], [], 0.05)[0]:
                    piece = end.recv(1 << 14)
                    if not piece:
                        return
                    if end is far:
                        carried += len(piece)
                        if carried > self.breaks_after and self.times > 0:
                            self.times -= 1
                            return
                        if carried > self.stalls_after:
                            self._closed.wait()
                            return
                    (far if end is near else near).sendall(piece)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    with serve(tmp_path_factory.mktemp("registry")) as made:
        yield made


@pytest.fixture
def road(registry: LiveRegistry) -> Iterator[Road]:
    with contextlib.closing(Road(registry.address)) as made:
        yield made


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, {"NO_PROXY": "*"})


def pushed(registry: LiveRegistry, name: str, content: bytes = BIG) -> bytes:
    """An image of one large layer; the layer."""
    made = layer({"etc/os-release": b'ID=ubuntu\nVERSION_ID="20.04"\n', "big": content})
    registry.push(name, config_of(), [made])
    return made


def cached(place: Place) -> list[str]:
    """Files of the cache that are no whole, verified blobs or layouts."""
    return [str(path) for path in (place.folder / "cache" / "registry" / "new").glob("*")]


def test_a_connection_that_breaks_goes_on(registry: LiveRegistry, road: Road, place: Place) -> None:
    pushed(registry, "broken")
    road.breaks_after, road.times = 1 << 20, 3
    done = place.run("probe", f"docker://{road.address}/broken:1", "--no-config", settings=SHORT)
    done.ended(1, "conda is not in the image")
    assert road.times == 0
    assert cached(place) == []


def test_a_connection_that_always_breaks(registry: LiveRegistry, road: Road, place: Place) -> None:
    pushed(registry, "always")
    road.breaks_after = 20 << 10
    done = place.run("probe", f"docker://{road.address}/always:1", "--no-config", settings=SHORT)
    done.ended(2, "hung up before its answer was complete; try again")
    assert cached(place) == place.left() == []


@pytest.mark.slow
def test_a_registry_that_stalls(registry: LiveRegistry, road: Road, place: Place) -> None:
    pushed(registry, "stalls")
    road.stalls_after = 1 << 20
    done = place.run("probe", f"docker://{road.address}/stalls:1", "--no-config", settings=SHORT)
    done.ended(2, "did not answer in time; check the address and the network, or try again")
    assert done.seconds < 60
    assert cached(place) == place.left() == []


@pytest.mark.parametrize("how", ["truncated", "another"])
def test_a_blob_that_is_not_what_it_was(registry: LiveRegistry, place: Place, how: str) -> None:
    content = random.Random(how).randbytes(1 << 20)
    made = pushed(registry, how, content)
    digest = registry.push_blob(how, made)["digest"]
    file = registry.blob_file(digest)
    file.write_bytes(made[: len(made) // 2] if how == "truncated" else bytes(len(made)))
    done = place.run("probe", f"docker://{registry.address}/{how}:1", "--no-config", settings=SHORT)
    done.ended(2, "it is damaged or forged" if how == "another" else "than it states: it is damaged there")
    assert cached(place) == place.left() == []
    assert not (place.folder / "cache" / "registry" / "blobs" / "sha256" / digest.removeprefix("sha256:")).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount")
def test_the_disk_fills_while_a_layer_comes(registry: LiveRegistry, road: Road, place: Place) -> None:
    pushed(registry, "full")
    for disk in mounted(place.folder / "cache", "8m"):
        (disk / "fill").write_bytes(bytes(shutil.disk_usage(disk).free - (2 << 20)))
        done = place.run(
            "probe",
            f"docker://{road.address}/full:1",
            "--no-config",
            settings={**SHORT, "image.blob_store.FREE": -(64 << 20)},
        )
        done.ended(2, "the disk is full; make room, or name another folder in AMLCHECK_CACHE")
        assert cached(place) == place.left() == []


def test_two_runs_of_one_image_at_once(registry: LiveRegistry, place: Place) -> None:
    pushed(registry, "twice")
    arguments = ("probe", f"docker://{registry.address}/twice:1", "--no-config")
    begun = time.monotonic()
    for process in [place.start(*arguments) for _ in range(2)]:
        place.end(process, begun).ended(1, "conda is not in the image")
    assert cached(place) == place.left() == []
