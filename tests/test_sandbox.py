"""Programs of an image that lies in files, under bubblewrap: the same session, and nothing of the host."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from amlcheck.image import ownership, sandbox
from amlcheck.image.archive import open_stored
from amlcheck.image.image import CannotRunError, Image
from amlcheck.image.limits import MIB, Limits
from amlcheck.image.sandbox import open_sandbox
from amlcheck.image.session import EndedError
from amlcheck.image.tree import Wanted
from small_images import Node, busybox, folder, link, program, tar_of

LIMITS = Limits(answer_seconds=5, command_seconds=5, flood_bytes=8 * MIB, memory_bytes=256 * MIB, tmp_bytes=8 * MIB)
WANTED = Wanted(contents=("/etc/*",))
SYSTEM = {**busybox(), "etc": folder(), "etc/os-release": Node(b"ID=x\n"), "proc": folder(), "dev": folder()}
SYSTEM |= {"tmp": folder(), "root": folder(), "etc/out": link("/../../../../../../etc/passwd")}


def _why_not() -> str:
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed"
    tried = subprocess.run(["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "bubblewrap cannot make namespaces here"


pytestmark = pytest.mark.skipif(_why_not() != "", reason=_why_not() or "-")


def unpacked(place: Path, nodes: dict[str, Node]) -> Path:
    place.mkdir()
    subprocess.run(["tar", "-x", "-C", str(place)], input=tar_of(nodes), check=True)
    return place


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    """Where nobody can go: pytest's own folders are closed to all but their owner."""
    place = Path(tempfile.mkdtemp(prefix="amlcheck-test-"))
    place.chmod(0o711)
    yield unpacked(place / "root", SYSTEM)
    ownership.remove_folder(place)


@pytest.fixture
def image(root: Path) -> Iterator[Image]:
    found = open_sandbox("x", root, WANTED, LIMITS)
    assert found.cannot_run == ""
    yield found
    found.close()


def test_programs_run_and_see_nothing_of_the_host(image: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    run = image.host.run
    assert run("cat /etc/os-release").stdout == "ID=x\n"
    assert run("cat /etc/out").rc != 0
    assert image.files.read("/etc/os-release") == b"ID=x\n"
    assert run("ls /").stdout.split() == ["bin", "dev", "etc", "proc", "root", "tmp"]
    assert sorted(line.partition("=")[0] for line in run("env").stdout.splitlines() if "=" in line) == sorted(
        ["HOME", "HOSTNAME", "PATH", "PWD", "SHLVL"]
    )
    assert run("echo x > /etc/x").rc != 0
    assert run("echo x > /x").rc != 0
    assert run("echo x > /dev/x").rc != 0
    assert run("echo x > /tmp/x && cat /tmp/x").stdout == "x\n"
    assert run("dd if=/dev/zero of=/tmp/large bs=1M count=20").rc != 0
    assert run("grep CapBnd /proc/self/status").stdout.split() == ["CapBnd:", "0000000000000000"]
    assert run("cat /proc/net/dev | tail -n +3 | cut -d: -f1").stdout.split() == ["lo"]
    assert len(run("ls -d /proc/[0-9]*").stdout.split()) < 12
    assert run("hostname").stdout == "sandbox\n"
    assert run("mount -t tmpfs x /root").rc != 0


def test_limits_hold_and_the_session_goes_on(image: Image) -> None:
    before = len(os.listdir("/proc"))
    for command in ("sleep 60", "yes", "while :; do :; done"):
        with pytest.raises(EndedError):
            image.host.run(command, timeout=0.5)
        assert image.host.run("echo next").stdout == "next\n"
    with pytest.raises(CannotRunError):
        image.host.run("bomb() { bomb | bomb & }; bomb; sleep 9", timeout=0.5)
    image.close()
    time.sleep(0.2)
    assert len(os.listdir("/proc")) < before + 50


def test_memory_of_all_programs_together_is_bounded(image: Image) -> None:
    grow = "for i in 1 2 3 4 5 6; do (x=a; while [ ${#x} -lt 60000000 ]; do x=$x$x; done; sleep 9) & done; sleep 9"
    with pytest.raises(CannotRunError, match="more than 256 MiB of memory"):
        image.host.run(grow, timeout=15)


def test_closing_ends_it(root: Path) -> None:
    image = open_sandbox("x", root, WANTED, LIMITS)
    image.host.run("sleep 54321 & sleep 0.2")
    assert _sleeping("54321")
    image.close()
    image.close()
    assert not _sleeping("54321")
    with pytest.raises(CannotRunError):
        image.host.run("true")


def _sleeping(what: str) -> bool:
    found = []
    for name in os.listdir("/proc"):
        if name.isdecimal():
            try:
                found.append(Path(f"/proc/{name}/cmdline").read_bytes())
            except OSError:
                continue
    return f"sleep\0{what}\0".encode() in found


def test_killed_it_leaves_nothing(root: Path) -> None:
    script = """
        import sys
        from pathlib import Path
        from amlcheck.image.sandbox import open_sandbox
        from amlcheck.image.tree import Wanted
        image = open_sandbox("x", Path(sys.argv[1]), Wanted())
        print(image.cannot_run, flush=True)
        image.host.run("sleep 65432")
    """
    environment = {**os.environ, "PYTHONPATH": str(Path(sandbox.__file__).parents[2])}
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(root)], stdout=subprocess.PIPE, text=True, env=environment
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "\n"
        time.sleep(0.2)
        assert _sleeping("65432")
        process.kill()
    until = time.monotonic() + 3
    while _sleeping("65432") and time.monotonic() < until:
        time.sleep(0.02)
    assert not _sleeping("65432")


@pytest.mark.parametrize(
    ("shell", "reason"),
    [
        (program("#!/bin/busybox sh\nexit 3\n"), "ended at once"),
        (program("#!/bin/busybox sh\nexec /bin/busybox yes\n"), "prints without end"),
        (program('#!/bin/busybox sh\n/bin/busybox sh "$@"; exit 0\n'), "wrong exit codes"),
        (Node(b"\x7fELF nonsense", 0o755), "ended"),
        (link("/nowhere"), "bubblewrap"),
    ],
)
def test_a_shell_that_is_no_good_is_told_and_the_files_answer(root: Path, shell: Node, reason: str) -> None:
    other = unpacked(root.parent / f"other-{time.monotonic_ns()}", {**SYSTEM, "bin/sh": shell})
    image = open_sandbox("x", other, WANTED, LIMITS)
    try:
        assert image.cannot_run.startswith("--execute sandbox: ")
        assert reason in image.cannot_run or "ended" in image.cannot_run
        assert image.files.read("/etc/os-release") == b"ID=x\n"
        with pytest.raises(CannotRunError):
            image.host.run("true")
    finally:
        image.close()


def test_without_bubblewrap_the_files_answer(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    image = open_sandbox("x", root, WANTED, LIMITS)
    assert image.cannot_run == "--execute sandbox: bubblewrap (bwrap) is not installed"
    assert image.files.read("/etc/os-release") == b"ID=x\n"
    image.close()


def test_an_archive_is_unpacked_for_it_and_the_folder_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib
    import io
    import json
    import tarfile

    layer = tar_of(SYSTEM)
    digest = hashlib.sha256(layer).hexdigest()
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Env": ["SOME=thing", "PATH=/bin"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        }
    ).encode()
    name = hashlib.sha256(config).hexdigest()
    manifest = json.dumps([{"Config": f"{name}.json", "RepoTags": ["x:1"], "Layers": [f"{name}/layer.tar"]}]).encode()
    path = tmp_path / "saved.tar"
    with tarfile.open(path, "w") as archive:
        for member, data in ((f"{name}.json", config), (f"{name}/layer.tar", layer), ("manifest.json", manifest)):
            info = tarfile.TarInfo(member)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    monkeypatch.setenv("AMLCHECK_CACHE", str(tmp_path / "cache"))
    temporary = Path("/tmp") / f"amlcheck-test-{os.getpid()}"
    temporary.mkdir(mode=0o711)
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    try:
        image = open_sandbox("x", open_stored("docker-archive", str(path)), WANTED, LIMITS)
        assert image.cannot_run == ""
        assert image.host.run("echo $SOME; pwd").stdout == "thing\n/\n"
        assert [entry.name.startswith(f"amlcheck-{ownership.RUN}-") for entry in temporary.iterdir()] == [True]
        image.close()
        assert list(temporary.iterdir()) == []
    finally:
        shutil.rmtree(temporary)
