"""The private engine of live tests: it ends with whoever uses it, however that ends, and starts again after anything."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import private_engine
from needed import lacking
from private_engine import NoEngineError, PrivateEngine, answers, engine_for_tests, why_not_private

ENDS_WITHIN_SECONDS = 20.0
USER = """
import sys, time
from pathlib import Path
from private_engine import PrivateEngine
with PrivateEngine(Path(sys.argv[1])).running() as address:
    print(address, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def engine(tmp_path: Path, docker_host: str) -> Iterator[PrivateEngine]:
    """One that no other test uses; live, so that CI notices where it cannot be had."""
    if reason := why_not_private():
        lacking(f"a private engine cannot be started: {reason}")
    made = PrivateEngine(tmp_path / "engine")
    yield made
    made.remove()
    assert not made.folder.exists()
    assert not made.state.exists()


@contextlib.contextmanager
def user(engine: PrivateEngine) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the engine until its standard input ends."""
    environment = {**os.environ, "PYTHONPATH": str(Path(private_engine.__file__).parent)}
    command = [sys.executable, "-c", USER, str(engine.folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == engine.address
        yield process
        process.communicate()


def processes(engine: PrivateEngine) -> list[str]:
    """Everything that runs for this engine."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes().decode().split("\0")
            if any(str(engine.state) in word or word == str(engine.folder) for word in words) and USER not in words:
                found.append(" ".join(words[:3]))
    return found


def ended(engine: PrivateEngine) -> bool:
    end = time.monotonic() + ENDS_WITHIN_SECONDS
    while processes(engine) and time.monotonic() < end:
        time.sleep(0.05)
    return not processes(engine)


def test_it_is_gone_when_the_block_ends(engine: PrivateEngine) -> None:
    with engine.running() as address:
        assert answers(address)
        assert processes(engine)
    assert not answers(engine.address)
    assert ended(engine)


def test_it_ends_with_a_failure(engine: PrivateEngine) -> None:
    with pytest.raises(ZeroDivisionError), engine.running():
        raise ZeroDivisionError
    assert ended(engine)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_it_ends_with_its_user(engine: PrivateEngine, number: signal.Signals) -> None:
    with user(engine) as process:
        process.send_signal(number)
    assert ended(engine)
    with engine.running() as address:
        assert answers(address)


def test_users_share_it(engine: PrivateEngine) -> None:
    with user(engine) as first, user(engine):
        before = (engine.state / "pids").read_text()
        first.kill()
        first.wait()
        time.sleep(4 * private_engine.LOOK_SECONDS)
        assert answers(engine.address)
        assert (engine.state / "pids").read_text() == before
    assert ended(engine)


def test_it_starts_again_after_everything_was_killed(engine: PrivateEngine) -> None:
    with user(engine) as process:
        for pid in map(int, (engine.state / "pids").read_text().split()):
            os.kill(pid, signal.SIGKILL)
        process.kill()
    assert ended(engine)
    assert engine.socket.exists()
    with engine.running() as address:
        assert answers(address)


def test_another_process_with_the_id_of_a_dead_engine_is_left_alone(engine: PrivateEngine) -> None:
    with engine.running():
        pass
    with subprocess.Popen(["sleep", "60"]) as other:
        for name in ("pids", "pid"):
            (engine.state / name).write_text(str(other.pid))
        with engine.running() as address:
            assert answers(address)
        assert other.poll() is None
        other.kill()


def test_it_is_not_removed_while_it_is_used(engine: PrivateEngine) -> None:
    with engine.running() as address:
        with pytest.raises(NoEngineError, match="still uses"):
            engine.remove()
        assert answers(address)


def test_one_that_cannot_start_says_why(engine: PrivateEngine) -> None:
    engine.folder.mkdir()
    (engine.folder / "data").write_text("a file where dockerd needs a folder")
    with pytest.raises(NoEngineError, match="data"), engine.running():
        pass
    assert ended(engine)


def test_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(private_engine.CHOICE, "none")
    with pytest.raises(NoEngineError), engine_for_tests():
        pass


def test_only_one_that_answers_is_wanted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(private_engine.CHOICE, "found")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    with pytest.raises(NoEngineError, match=r"no engine answers at unix://.*nobody\.sock"), engine_for_tests():
        pass
