"""A machine that fails: disks, closed streams, no home, no /tmp, limits, jumping clocks, many runs at once."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from faults_support import AS_NOBODY, NOBODY, Done, Place, mounted
from needed import lacking
from small_images import Node, SmallImages, busybox, folder, tar_of
from stored_images import docker_archive

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount, and to become another user")
DOCKERFILE = (
    "FROM continuumio/miniconda3:4.7.12\nCOPY environment.yml /tmp/environment.yml\n"
    "RUN conda env update -f /tmp/environment.yml\n"
)
CONDA_FILE = "dependencies:\n- python=3.5\n"
SYSTEM = {"etc": folder(), "etc/os-release": Node(b'ID=ubuntu\nVERSION_ID="20.04"\n')}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.write("Dockerfile", DOCKERFILE)
    made.write("environment.yml", CONDA_FILE)
    return made


def stored(folder: Path, nodes: Mapping[str, Node]) -> None:
    """An image of these files, as docker saves it: work/image.tar."""
    docker_archive(folder / "work" / "image.tar", [tar_of(nodes)])


def shell(place: Place, script: str, **environment: str) -> Done:
    """A line of bash, in which $AML is amlcheck."""
    begun = time.monotonic()
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=place.folder / "work",
        env={**place.environment, "AML": f"{sys.executable} -m amlcheck", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr, time.monotonic() - begun)


# --- standard streams ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("closing", [">&-", "> /dev/full"])
@pytest.mark.parametrize("arguments", ["lint Dockerfile", "--help", "--version", "profiles"])
def test_output_that_is_closed_or_full(place: Place, arguments: str, closing: str) -> None:
    shell(place, f"$AML {arguments} {closing}").ended(2, "standard output: cannot be written")


@pytest.mark.parametrize("closing", ["2>&-", "2> /dev/full"])
def test_errors_that_nobody_can_read(place: Place, closing: str) -> None:
    """The exit code stands, and what is for standard error is not written anywhere else."""
    usage = shell(place, f"$AML lint --no-such-option {closing}")
    assert (usage.code, usage.out) == (2, "")
    lint = shell(place, f"$AML lint Dockerfile --format json {closing}")
    assert lint.code == 1
    assert json.loads(lint.out)
    probe = shell(place, f"$AML score x:1 --no-config {closing}")
    assert (probe.code, probe.out) == (2, "")


def test_all_three_are_closed(place: Place) -> None:
    """Files that are opened must not take their places: a report would be written into a socket, or a Dockerfile."""
    assert shell(place, "$AML lint Dockerfile <&- >&- 2>&-").code == 2
    shell(place, "$AML lint Dockerfile --format json --output report.json <&- >&- 2>&-").ended(1)
    assert json.loads((place.folder / "work" / "report.json").read_text())
    assert (place.folder / "work" / "Dockerfile").read_text() == DOCKERFILE


def test_input_that_is_closed(place: Place) -> None:
    shell(place, "$AML lint - <&-").ended(2, "standard input: cannot be read: it is closed")


@pytest.mark.parametrize("arguments", ["lint many", "lint many --format json", "rules"])
def test_a_reader_that_goes_away(place: Place, arguments: str) -> None:
    for number in range(60):
        place.write(f"many/Dockerfile.{number}", DOCKERFILE)
    done = shell(place, f'$AML {arguments} | head -c 1 > /dev/null; exit "${{PIPESTATUS[0]}}"')
    assert done.code in ((141,) if "many" in arguments else (0, 141))
    assert done.err == ""
    assert place.left() == []


def test_sigpipe_that_is_not_ignored(place: Place) -> None:
    """As a parent may leave it: Python ignores it all the same, so that what is open is closed."""
    script = 'trap - PIPE; $AML lint Dockerfile | true; exit "${PIPESTATUS[0]}"'
    done = shell(place, script)
    assert done.code in (1, 141)
    assert done.err == ""


# --- home, temporary files, working directory ------------------------------------------------------------------------


@ROOT_ONLY
@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ("lint Dockerfile", 1, "python: 3.5 is not >=3.6"),
        ("lint Dockerfile --resolve-base --context .", 1, "python: 3.5 is not >=3.6"),
        ("probe docker-archive:image.tar", 1, "conda is not in the image"),
        ("probe docker://localhost:1/x", 2, "there is no home folder for the cache; name a folder in AMLCHECK_CACHE"),
        ("score x:1", 2, "no container engine answers"),
        ("clean", 0, ""),
    ],
)
def test_no_home(place: Place, arguments: str, code: int, says: str) -> None:
    """Neither HOME nor an entry in passwd, as for `docker run --user`. What is cached is only not cached."""
    stored(place.folder, SYSTEM)
    for path in (place.folder, place.folder / "work", place.folder / "tmp"):
        path.chmod(0o777)
    done = place.run(
        *arguments.split(),
        before=AS_NOBODY,
        unset=("HOME", "AMLCHECK_CACHE", "DOCKER_HOST"),
        PYTHONDONTWRITEBYTECODE="1",
    )
    done.ended(code, says)
    assert place.left() == []


@ROOT_ONLY
@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ("lint Dockerfile", 1, "python: 3.5 is not >=3.6"),
        ("probe docker-archive:image.tar", 1, "conda is not in the image"),
        (
            "probe docker://localhost:1/x",
            2,
            "the cache cannot be made there: Read-only file system; name another folder",
        ),
    ],
)
def test_a_home_that_is_read_only(place: Place, arguments: str, code: int, says: str) -> None:
    stored(place.folder, SYSTEM)
    for home in mounted(place.folder / "home", "64k", "ro"):
        done = place.run(*arguments.split(), unset=("AMLCHECK_CACHE",), HOME=str(home))
    done.ended(code, says)
    assert place.left() == []


PROJECT = Path(__file__).resolve().parent.parent
WITHOUT_TMP = (
    *("unshare", "--mount", "sh", "-c"),
    "for f in /tmp /var/tmp /usr/tmp /dev/shm; do"
    ' case "$PWD" in $f/*) continue;; esac; [ -d $f ] || continue;'
    f' case "{PROJECT}" in'
    # Where this checkout and its Python are below it, they stay to be seen.
    f' $f/*) mkdir kept; mount --bind $f kept; mount -t tmpfs none $f; mkdir -p "{PROJECT}";'
    f' mount --bind "kept/$(realpath --relative-to $f "{PROJECT}")" "{PROJECT}"; mount -o remount,ro $f;;'
    " *) mount -t tmpfs -o ro none $f;; esac; done;"
    ' exec "$0" "$@"',
)


@ROOT_ONLY
@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ("lint .", 1, "python: 3.5 is not >=3.6"),
        ("probe docker-archive:image.tar", 1, "conda is not in the image"),
        ("probe docker-archive:image.tar --execute sandbox", 2, "there is no folder for temporary files"),
        ("check . --no-config", 1, "was not built, probed or run"),
    ],
)
def test_no_temporary_files(arguments: str, code: int, says: str) -> None:
    """No folder that Python knows can be written, the working directory included; /dev/shm neither, which workers need."""
    # Not below /tmp, which is covered.
    base = Path("/run/amlcheck-fault-without-tmp")
    shutil.rmtree(base, ignore_errors=True)
    base.mkdir()
    try:
        place = Place(base)
        for number in range(60):
            place.write(f"Dockerfile.{number}", DOCKERFILE)
        place.write("environment.yml", CONDA_FILE)
        stored(base, SYSTEM)
        script = 'mount --bind -o ro "$PWD" "$PWD"; cd "$PWD"; exec "$0" "$@"'
        before = (*WITHOUT_TMP, "sh", "-c", script)
        done = place.run(*arguments.split(), before=before, TMPDIR=str(base / "nowhere"))
        done.ended(code, says)
        assert place.left() == []
    finally:
        shutil.rmtree(base)


def test_a_working_directory_that_is_gone(place: Place) -> None:
    gone = "mkdir gone; cd gone; rmdir ../gone;"
    shell(place, f"{gone} $AML lint").ended(2, "the working directory cannot be found")
    file = place.folder / "work" / "Dockerfile"
    shell(place, f"{gone} $AML lint --no-config {file}").ended(1, "python: 3.5 is not >=3.6")


# --- disks -----------------------------------------------------------------------------------------------------------


@ROOT_ONLY
def test_no_room_for_the_report(place: Place) -> None:
    """What was there stays; nothing half-written is left."""
    for disk in mounted(place.folder / "disk", "64k"):
        (disk / "report.json").write_text("the last one")
        (disk / "fill").write_bytes(bytes(60 << 10))
        arguments = ("lint", "Dockerfile", "--format", "json", "--output")
        for name in ("report.json", "other.json"):
            done = place.run(*arguments, str(disk / name))
            done.ended(2, f"{name}: cannot be written: No space left on device")
        assert sorted(path.name for path in disk.iterdir()) == ["fill", "report.json"]
        assert (disk / "report.json").read_text() == "the last one"
    place.run(*arguments, "/dev/full").ended(2, "/dev/full: cannot be written: No space left on device")


@ROOT_ONLY
def test_no_room_in_the_cache_of_layers(place: Place) -> None:
    stored(place.folder, SYSTEM)
    for disk in mounted(place.folder / "cache", "16k"):
        fill(disk, 0)
        place.run("probe", "docker-archive:image.tar").ended(1, "conda is not in the image")
        assert [path.name for path in disk.rglob("*") if path.is_file()] == ["fill"]


@ROOT_ONLY
def test_no_room_to_unpack(place: Place) -> None:
    files = {**busybox(), **SYSTEM, "big": Node(bytes(8 << 20))}
    stored(place.folder, files)
    for _ in mounted(place.folder / "tmp", "4m"):
        done = place.run("probe", "docker-archive:image.tar", "--execute", "sandbox")
        done.ended(2, "the image needs", "make room, or name another folder in TMPDIR")
        assert place.left() == []


@ROOT_ONLY
def test_the_disk_fills_while_it_is_unpacked(place: Place) -> None:
    """What is told to be free before it is begun may be gone in the middle."""
    files = {**busybox(), **SYSTEM, "big": Node(os.urandom(8 << 20))}
    stored(place.folder, files)
    for _ in mounted(place.folder / "tmp", "4m"):
        done = place.run(
            "probe", "docker-archive:image.tar", "--execute", "sandbox", settings={"image.unpack.SPARE": -(64 << 20)}
        )
        done.ended(2, "No space left on device")
        assert place.left() == []


def fill(disk: Path, leaving: int) -> None:
    """Fills a disk, but for so many bytes."""
    free = shutil.disk_usage(disk).free - leaving
    (disk / "fill").write_bytes(bytes(max(0, free)))


@ROOT_ONLY
def test_no_room_for_the_build_context(place: Place, small_images: SmallImages, docker_host: str) -> None:
    image = small_images.make({**busybox(), **SYSTEM})
    place.write("Dockerfile", f"FROM {image}\nCOPY big /\n")
    (place.folder / "work" / "big").write_bytes(os.urandom(100 << 10))
    for disk in mounted(place.folder / "tmp", "64k"):
        fill(disk, 20 << 10)
        done = place.run("check", ".", "--no-config", DOCKER_HOST=docker_host)
        done.ended(2, "building the image: No space left on device; make room on the disk")
        assert place.left() == ["fill"]


# --- limits ----------------------------------------------------------------------------------------------------------


def many(place: Place) -> tuple[str, ...]:
    for number in range(60):
        place.write(f"many/{number}/Dockerfile", DOCKERFILE)
        place.write(f"many/{number}/environment.yml", CONDA_FILE)
    return ("lint", "many", "--no-config", "--format", "json")


@ROOT_ONLY
@pytest.mark.parametrize("processes", [1, 2, 3])
def test_no_more_processes(place: Place, processes: int) -> None:
    """Where no workers, or no threads, can be started, the work is done without them."""
    arguments = many(place)
    expected = place.run(*arguments)
    place.folder.chmod(0o755)
    limit = ("prlimit", f"--nproc={processes}")
    # The limit counts all processes of a user: nobody else may be this one.
    alone = tuple(word.replace(str(NOBODY), str(NOBODY + processes)) for word in AS_NOBODY)
    done = place.run(*arguments, before=(*limit, *alone), PYTHONDONTWRITEBYTECODE="1")
    done.ended(1)
    assert subjects(done) == subjects(expected)
    assert place.left() == []


def subjects(done: Done) -> object:
    return json.loads(done.out)["subjects"]


@pytest.mark.parametrize("files", [6, 8, 10, 12, 16, 24])
def test_no_more_open_files(place: Place, files: int) -> None:
    """The same answer, or none: never another one."""
    arguments = many(place)
    expected = place.run(*arguments)
    done = shell(place, f"ulimit -n {files}; $AML {' '.join(arguments)}")
    assert place.left() == []
    assert "Traceback" not in done.err
    assert done.code in (1, 2)
    if done.code == 1:
        assert subjects(done) == subjects(expected)
    else:
        assert "Too many open files" in done.words


# --- the end of a run, and of its workers ----------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_killed_lint_takes_its_workers_with_it(place: Place, number: int) -> None:
    for index in range(400):
        place.write(f"many/Dockerfile.{index}", DOCKERFILE + "RUN true\n" * 300)
    begun = time.monotonic()
    process = place.start("lint", "many", "--no-config")
    time.sleep(0.7)
    process.send_signal(number)
    done = place.end(process, begun)
    assert done.code in (-number, 128 + number)
    assert place.left() == []


# --- clocks ----------------------------------------------------------------------------------------------------------


YEAR = 365 * 86400


@pytest.fixture(scope="module")
def clock_library(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What lets the clock of one program jump."""
    compiler = shutil.which("cc")
    if compiler is None:
        lacking("there is no C compiler (Debian's package gcc)")
    made = tmp_path_factory.mktemp("clock") / "clock.so"
    source = Path(__file__).with_name("jumping_clock.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-nostdlib", "-fno-builtin", "-o", made, source], check=True)
    return str(made)


@pytest.fixture
def clock(place: Place, clock_library: str) -> Path:
    """The seconds by which the clock of all that is started in the place is wrong."""
    file = place.folder / "clock"
    file.write_text("0")
    place.environment |= {"LD_PRELOAD": clock_library, "JUMPING_CLOCK": str(file)}
    return file


def test_the_clock_that_jumps(place: Place, clock: Path) -> None:
    """What the tests below build on."""
    clock.write_text(str(YEAR))
    code = "import time; print(time.time(), time.monotonic()); time.sleep(0.01)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=place.environment, capture_output=True, text=True, check=True
    )
    wall, steady = map(float, done.stdout.split())
    assert abs(wall - time.time() - YEAR) < 60
    assert abs(steady - time.monotonic()) < 60


@pytest.mark.slow
@pytest.mark.parametrize("jump", [YEAR, -YEAR])
def test_the_clock_jumps_while_probing(
    place: Place, small_images: SmallImages, docker_host: str, clock: Path, jump: int
) -> None:
    """Waits and lifetimes are of the monotonic clock; a run that lives is no dead one, whatever its deadline says."""
    image = small_images.with_shell('[ ! -e /etc/os-release ] || sleep 3; exec /bin/busybox sh "$@"')
    place.environment["DOCKER_HOST"] = docker_host
    begun = time.monotonic()
    process = place.start("probe", f"docker-daemon:{image}", "--no-config")
    time.sleep(2)
    clock.write_text(str(jump))
    # Another run, after the jump, that sweeps: it must not take the living one's container for a dead run's.
    assert place.run("clean").code == 0
    done = place.end(process, begun)
    done.ended(1, "conda is not in the image")
    assert place.left() == []


@pytest.mark.slow
@pytest.mark.parametrize("jump", [YEAR, -YEAR])
def test_the_clock_jumps_while_scoring(
    place: Place, small_images: SmallImages, docker_host: str, clock: Path, jump: int
) -> None:
    """A server that needs some seconds to start: neither given up at once nor waited for without end."""
    serve = "mkdir -p /tmp/www && echo live > /tmp/www/index.html && exec httpd -f -p 8080 -h /tmp/www"
    image = small_images.make(
        {**busybox(), **SYSTEM, "tmp": folder(0o777)}, [f'CMD ["/bin/sh", "-c", "sleep 4; {serve}"]', "EXPOSE 8080"]
    )
    place.environment["DOCKER_HOST"] = docker_host
    routes = ("--mode", "own-container", "--liveness", "8080/index.html", "--scoring", "8080/index.html")
    begun = time.monotonic()
    process = place.start("score", image, *routes, "--no-config", "--timeout", "60")
    time.sleep(3)
    clock.write_text(str(jump))
    done = place.end(process, begun)
    # It serves files only, so no scoring request is answered; but it was waited for until it was live.
    done.ended(1, "ok live")
    assert done.seconds < 50
    assert place.left() == []


def test_a_cache_from_another_time(place: Place, clock: Path) -> None:
    """Entries that were written while the clock was wrong are used, and do no harm."""
    stored(place.folder, SYSTEM)
    expected = place.run("probe", "docker-archive:image.tar")
    for jump in (10 * YEAR, -10 * YEAR):
        clock.write_text(str(jump))
        assert place.run("probe", "docker-archive:image.tar").code == 1
        clock.write_text("0")
        done = place.run("probe", "docker-archive:image.tar")
        assert (done.code, done.out) == (expected.code, expected.out)


# --- many at once ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_fifty_runs_at_once(place: Place) -> None:
    """They share a cache and a folder, and say all the same."""
    stored(place.folder, {**SYSTEM, **{f"f{n}": Node(b"x") for n in range(8)}})
    lint, probe = ("lint", ".", "--format", "json"), ("probe", "docker-archive:image.tar", "--format", "json")
    expected = {
        arguments: place.run(*arguments, AMLCHECK_CACHE=str(place.folder / "other")) for arguments in (lint, probe)
    }
    begun = time.monotonic()
    running = [(arguments, place.start(*arguments)) for _ in range(25) for arguments in (lint, probe)]
    for arguments, process in running:
        done = place.end(process, begun, 300)
        assert (done.code, done.out, done.err) == (expected[arguments].code, expected[arguments].out, "")
    assert place.left() == []


@pytest.mark.slow
def test_probes_of_one_image_at_once(place: Place, small_images: SmallImages, docker_host: str) -> None:
    """Each sweeps what dead runs left while the others live."""
    image = f"docker-daemon:{small_images.make({**busybox(), **SYSTEM})}"
    arguments = ("probe", image, "--format", "json", "--no-config")
    expected = place.run(*arguments, DOCKER_HOST=docker_host)
    assert expected.code == 1, expected.words
    begun = time.monotonic()
    running = [place.start(*arguments, DOCKER_HOST=docker_host) for _ in range(12)]
    for process in running:
        done = place.end(process, begun, 300)
        assert (done.code, done.out, done.err) == (1, expected.out, "")
    assert place.left() == []


@pytest.fixture(autouse=True)
def _nothing_mounted(tmp_path: Path) -> Iterator[None]:
    yield
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()
