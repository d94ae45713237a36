"""Ctrl-C: a run that checks files ends at once, with the report of what it has found so far. A real signal to a real run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from amlcheck.run import PARALLEL_FROM

PATIENCE = 60.0
"""Seconds that are waited for what takes a tenth of one where nothing else runs."""


def _until_read(pipe: Path) -> int:
    """Waits until a run has opened a pipe for reading, and holds it open: the run goes no further."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(OSError):  # nobody reads it yet
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        time.sleep(0.02)
    raise AssertionError("the run never came to the pipe")


@contextmanager
def stopped_in(folder: Path, files: int, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A run over so many Dockerfiles that stands at the last one, a pipe that nobody writes to."""
    names = []
    for number in range(files):
        path = folder / f"{number:04}.Dockerfile"
        path.write_text("FROM ubuntu:20.04\nRUN apt-get update && apt-get install -y git\n", encoding="utf-8")
        names.append(path.name)
    pipe = folder / "pipe.Dockerfile"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "amlcheck", "lint", *names, pipe.name, "--no-config", *arguments]
    run = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, env=os.environ
    )
    held = -1
    try:
        held = _until_read(pipe)
        time.sleep(0.5)  # a signal just before a read that blocks is heard only after it: Python's, not ours
        yield run
    finally:
        if held >= 0:
            os.close(held)
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            run.communicate()


def _left_of(group: int) -> list[int]:
    """The processes of a group that are there."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            except OSError:
                continue
            if int(stat[2]) == group and stat[0] != "Z":
                found.append(int(entry.name))
    return found


def _interrupted(run: subprocess.Popen[bytes]) -> tuple[str, str, float]:
    """What a run writes after Ctrl-C, which a terminal sends to all its processes, and the seconds that it takes."""
    started = time.monotonic()
    os.killpg(run.pid, signal.SIGINT)
    out, err = run.communicate(timeout=PATIENCE)
    return out.decode(), err.decode(), time.monotonic() - started


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
@pytest.mark.parametrize("files", [5, PARALLEL_FROM + 60], ids=["one process", "worker processes"])
def test_ctrl_c_reports_what_was_found_so_far(tmp_path: Path, files: int) -> None:
    with stopped_in(tmp_path, files, "--format", "json", "--fail-on", "never") as run:
        time.sleep(0.5)  # the other worker comes to the end of what it has
        out, err, seconds = _interrupted(run)
    report: dict[str, Any] = json.loads(out)
    done = [subject["subject"] for subject in report["subjects"] if not subject.get("error")]
    errors = [subject["error"] for subject in report["subjects"] if subject.get("error")]
    assert (run.returncode, report["summary"]["exit_code"]) == (130, 130)
    assert 0 < len(done) <= files
    assert done == [f"{number:04}.Dockerfile" for number in range(len(done))]
    assert len(errors) == 1
    assert f"interrupted: {len(done)} of {files + 1} files were checked" in errors[0]
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert _left_of(run.pid) == []
    assert seconds < PATIENCE / 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
@pytest.mark.parametrize("format_name", ["text", "sarif", "junit", "github", "markdown", "html", "checkstyle", "tap"])
def test_every_format_says_that_it_is_not_all(tmp_path: Path, format_name: str) -> None:
    with stopped_in(tmp_path, 2, "--format", format_name) as run:
        out, _, _ = _interrupted(run)
    assert run.returncode == 130
    assert "interrupted: 2 of 3 files were checked" in out.replace("\n", " ").replace("%3A", ":")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_no_baseline_is_written_of_a_part(tmp_path: Path) -> None:
    with stopped_in(tmp_path, 2, "--write-baseline", "baseline.json") as run:
        _interrupted(run)
    assert run.returncode == 130
    assert not (tmp_path / "baseline.json").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_with_nothing_done_there_is_no_report(tmp_path: Path) -> None:
    with stopped_in(tmp_path, 0) as run:
        out, err, _ = _interrupted(run)
    assert (run.returncode, out, err) == (130, "", "amlcheck: interrupted\n")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
@pytest.mark.parametrize("read", [True, False], ids=["its reader goes on", "its reader has stopped"])
def test_a_report_that_is_being_written_comes_to_its_end(tmp_path: Path, read: bool) -> None:
    """Standard output is a pipe that holds less than the report, so that the run stands while it writes."""
    for number in range(40):
        text = "FROM ubuntu:20.04\nRUN apt-get update && apt-get install -y git\n"
        (tmp_path / f"{number:04}.Dockerfile").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "amlcheck", "lint", ".", "--no-config", "--no-cache", "--format", "json"]
    pipe = subprocess.PIPE
    run = subprocess.Popen(command, cwd=tmp_path, stdout=pipe, stderr=pipe, start_new_session=True, env=os.environ)
    assert run.stdout is not None
    first = os.read(run.stdout.fileno(), 1)
    started = time.monotonic()
    os.killpg(run.pid, signal.SIGINT)
    if read:
        rest, err = run.communicate(timeout=PATIENCE)
        assert len(json.loads(first + rest)["subjects"]) == 40
        assert err == b""
    else:
        run.wait(timeout=PATIENCE)
        assert time.monotonic() - started < PATIENCE / 2
        run.communicate()
    assert run.returncode == 130
    assert _left_of(run.pid) == []


_LARGE_ANSWERS = """
import sys
import amlcheck.run
from amlcheck.__main__ import main
from amlcheck.records import replace

checked = amlcheck.run._lint_in_worker

def with_much_to_say(name):
    report, looks, lasting = checked(name)
    return replace(report, sources={**report.sources, "much": "x" * (64 << 20)}), looks, lasting

amlcheck.run._lint_in_worker = with_much_to_say
sys.exit(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere worker processes do not see what the test replaces")
def test_a_worker_that_is_ended_in_the_middle_of_its_answer(tmp_path: Path) -> None:
    """The rest of which nobody will ever send; workers that send 64 MB a file are nearly always at it."""
    for number in range(PARALLEL_FROM + 6):
        (tmp_path / f"{number:04}.Dockerfile").write_text("FROM ubuntu:20.04\n", encoding="utf-8")
    command = [sys.executable, "-c", _LARGE_ANSWERS, "lint", "--no-config", "--no-cache", "--format=tap", "."]
    for moment in (0.4, 0.6, 0.8):
        run = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ)
        try:
            time.sleep(moment)
            run.send_signal(signal.SIGINT)
            _, told = run.communicate(timeout=PATIENCE / 3)
        finally:
            run.kill()
        assert run.returncode == 130, told.decode()
        assert b"interrupted" in told
