"""Engines that are killed, stall, or refuse: every run ends in time, with its exit code and sentence, and leaves nothing."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from amlcheck.image import ownership
from faults_support import AS_NOBODY, Place
from faulty_engine import MortalEngine, Way, way_to
from needed import lacking
from private_engine import why_not_private
from small_images import Node, SmallImages, busybox, folder, program

SYSTEM = Node(b'ID=ubuntu\nVERSION_ID="20.04"\n')
SHORT = {"image.engine.CALL_SECONDS": 2.0, "image.engine.STALLED_SECONDS": 1.0, "image.engine.REMOVE_SECONDS": 2.0}
ROUTES = ("--liveness", "8080/index.html", "--scoring", "8080/cgi-bin/score", "--mode", "own-container")


def a_system() -> dict[str, Node]:
    """A small image that can be looked into, and that answers scoring requests when it is run."""
    return {
        **busybox(),
        "etc": folder(),
        "etc/os-release": SYSTEM,
        "www": folder(),
        "www/index.html": Node(b"live\n"),
        "www/cgi-bin": folder(),
        "www/cgi-bin/score": program("#!/bin/sh\nprintf 'Content-Type: application/json\\r\\n\\r\\n[1]'\n"),
    }


CHANGES = ['CMD ["/bin/httpd", "-f", "-p", "8080", "-h", "/www"]', "EXPOSE 8080"]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture(scope="module")
def image(small_images: SmallImages) -> str:
    return small_images.make(a_system(), CHANGES)


@pytest.fixture
def way(docker_host: str, place: Place) -> Iterator[Way]:
    with way_to(docker_host, place.folder) as made:
        place.environment["DOCKER_HOST"] = made.address
        yield made


def left_in(client: Any, labels: str = ownership.LABEL_RUN) -> list[str]:
    """Containers, networks and images of amlcheck's runs."""
    api, filters = client.api, {"label": labels}
    names = [found["Names"][0] for found in api.containers(all=True, filters=filters)]
    names += [found["Name"] for found in api.networks(filters=filters)]
    return names + [tag for found in api.images(name=ownership.BUILT) for tag in found["RepoTags"] or ()]


# --- a way that stalls -----------------------------------------------------------------------------------------------


def stalls_at(way: Way, moment: str) -> None:
    """The way stalls as soon as a request is made whose first line has these words; "session" is a command to the shell."""

    def before(piece: bytes) -> None:
        line = piece.partition(b"\r\n")[0]
        http = re.match(rb"[A-Z]+ /", piece) is not None
        if (moment == "session" and not http and b"printf" in piece) or (http and re.search(moment.encode(), line)):
            way.stalled.set()

    way.before = before


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("moment", "says"),
    [
        pytest.param("/version", "no container engine answers at", marks=SLOW),
        pytest.param("/containers/create", "does not answer: creating a container", marks=SLOW),
        ("/attach", "does not answer: attaching to a container"),
        pytest.param("/start", "does not answer", marks=SLOW),
        pytest.param("DELETE /", "does not answer: removing a container", marks=SLOW),
        pytest.param("session", "does not answer", marks=SLOW),
    ],
)
def test_a_socket_that_stalls_while_probing(
    place: Place, way: Way, image: str, small_images: SmallImages, moment: str, says: str
) -> None:
    stalls_at(way, moment)
    done = place.run("probe", f"docker-daemon:{image}", "--no-config", settings=SHORT)
    assert way.stalled.is_set()
    done.ended(2, says)
    assert done.seconds < 30
    assert place.left() == []
    swept(place, way, small_images)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("moment", "says"),
    [
        ("/networks/create", "creating the scoring container"),
        ("/start", "starting the scoring container"),
        ("/stop", "stopping the scoring container"),
    ],
)
def test_a_socket_that_stalls_while_scoring(
    place: Place, way: Way, image: str, small_images: SmallImages, moment: str, says: str
) -> None:
    stalls_at(way, moment)
    done = place.run("score", image, *ROUTES, "--no-config", settings=SHORT)
    assert way.stalled.is_set()
    done.ended(2, says)
    assert done.seconds < 40
    swept(place, way, small_images)
    assert place.left(60) == []


@pytest.mark.parametrize(
    "number", [signal.SIGINT, *(pytest.param(n, marks=SLOW) for n in (signal.SIGTERM, signal.SIGHUP))]
)
def test_a_signal_while_the_socket_stalls(
    place: Place, way: Way, image: str, small_images: SmallImages, number: int
) -> None:
    """Without the shortened waits: the engine has a minute for a call, and the user has not."""
    stalls_at(way, "/attach")
    begun = time.monotonic()
    process = place.start(
        "probe", f"docker-daemon:{image}", "--no-config", settings={"image.ownership.ENDING_SECONDS": 2.0}
    )
    assert way.stalled.wait(30)
    told = time.monotonic()
    process.send_signal(number)
    done = place.end(process, begun)
    done.ended(128 + number, "interrupted", "`amlcheck clean` removes what is left")
    assert time.monotonic() - told < 8
    assert place.left() == []
    swept(place, way, small_images)


def swept(place: Place, way: Way, images: SmallImages) -> None:
    """What had to be left goes as soon as the engine is asked again: here by `amlcheck clean`."""
    way.close()
    address = os.environ["DOCKER_HOST"]
    assert place.run("clean", DOCKER_HOST=address).code == 0
    made = {name.decode() for name in re.findall(rb"amlcheck-[0-9a-f]{12}-\d+", bytes(way.seen))}
    found = [name.lstrip("/") for name in left_in(images.client)]
    assert made.isdisjoint(found)


# --- a socket that refuses -------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become nobody")
@pytest.mark.parametrize("command", ["probe docker-daemon:x:1", "score x:1"])
def test_a_socket_that_is_closed_to_this_user(place: Place, command: str) -> None:
    path = place.folder / "s"
    place.folder.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        path.chmod(0o600)
        done = place.run(*command.split(), "--no-config", before=AS_NOBODY, DOCKER_HOST=f"unix://{path}")
    done.ended(2, "this user may not use the engine's socket: add it to the group that owns")


@pytest.mark.parametrize("command", ["probe docker-daemon:x:1", "score x:1", "check x:1"])
def test_a_socket_that_nobody_listens_at(place: Place, command: str) -> None:
    path = place.folder / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        done = place.run(*command.split(), "--no-config", DOCKER_HOST=f"unix://{path}")
    done.ended(2, "nobody listens there; start it, or set DOCKER_HOST")


# --- an engine that is killed ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mortal(docker_host: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MortalEngine]:
    """An engine of this module's own; asked for after another one, so that it is skipped where there can be none."""
    if reason := why_not_private():
        lacking(f"a private engine cannot be started: {reason}")
    with MortalEngine(tmp_path_factory.mktemp("mortal") / "engine").alive() as engine:
        yield engine


@pytest.fixture(scope="module")
def there(mortal: MortalEngine) -> Iterator[SmallImages]:
    """Images of that engine; they go with it."""
    import docker

    with contextlib.closing(docker.DockerClient(base_url=mortal.address, version="auto")) as client:
        yield SmallImages(client)


@pytest.fixture(scope="module")
def its_image(there: SmallImages) -> str:
    return there.make(a_system(), CHANGES)


def kills_at(way: Way, mortal: MortalEngine, moment: str) -> list[str]:
    """The engine is killed as a request comes; what is returned holds the moment when it was."""
    happened: list[str] = []

    def before(piece: bytes) -> None:
        line = piece.partition(b"\r\n")[0]
        http = re.match(rb"[A-Z]+ /", piece) is not None
        wanted = (moment == "session" and not http and b"printf" in piece) or (
            http and re.search(moment.encode(), line) is not None
        )
        if wanted and not happened:
            happened.append(moment)
            mortal.kill()

    way.before = before
    return happened


def outlived(
    place: Place, mortal: MortalEngine, there: SmallImages, arguments: list[str], moment: str, code: int
) -> None:
    """A run in which the engine is killed ends well; started again, the engine has nothing left after the next run."""
    with way_to(mortal.address, place.folder) as way:
        happened = kills_at(way, mortal, moment)
        try:
            done = place.run(*arguments, "--no-config", DOCKER_HOST=way.address)
        finally:
            if happened:
                mortal.start_again()
    assert happened, done.words
    done.ended(code, "went away")
    assert done.seconds < 60
    place.left(30)
    again = place.run("clean", DOCKER_HOST=mortal.address)
    assert again.code == 0, again.words
    assert left_in(there.client) == []
    assert place.left() == []


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["/containers/create", "/attach", "/start", "session", "DELETE /"])
def test_the_engine_is_killed_while_probing(
    place: Place, mortal: MortalEngine, there: SmallImages, its_image: str, moment: str
) -> None:
    outlived(place, mortal, there, ["probe", f"docker-daemon:{its_image}"], moment, 2)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["/networks/create", "/archive", "/start", "/stop"])
def test_the_engine_is_killed_while_scoring(
    place: Place, mortal: MortalEngine, there: SmallImages, its_image: str, moment: str
) -> None:
    outlived(place, mortal, there, ["score", its_image, *ROUTES], moment, 2)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["/build", "/attach"])
def test_the_engine_is_killed_while_checking(
    place: Place, mortal: MortalEngine, there: SmallImages, its_image: str, moment: str
) -> None:
    place.write("Dockerfile", f"FROM {its_image}\nRUN true\n")
    outlived(place, mortal, there, ["check", ".", *ROUTES], moment, 2)


@pytest.mark.slow
def test_killed_with_the_engine(place: Place, mortal: MortalEngine, there: SmallImages, its_image: str) -> None:
    """Both at once, as when a machine's memory is short: the next run removes what is left."""
    slow = there.with_shell('[ ! -e /etc/os-release ] || sleep 60; exec /bin/busybox sh "$@"')
    process = place.start("probe", f"docker-daemon:{slow}", "--no-config", DOCKER_HOST=mortal.address)
    until = time.monotonic() + 30
    while not left_in(there.client) and time.monotonic() < until:
        time.sleep(0.05)
    process.kill()
    mortal.kill()
    process.communicate()
    mortal.start_again()
    place.run("probe", f"docker-daemon:{its_image}", "--no-config", DOCKER_HOST=mortal.address).ended(1)
    assert left_in(there.client) == []
    assert place.left() == []
