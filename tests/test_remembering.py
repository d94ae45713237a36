"""What is remembered of runs and files: used where nothing changed, and never where anything did."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

import pytest

from amlcheck.remembering import looks as states
from amlcheck.remembering.files import FileMemory
from amlcheck.remembering.looks import Looks, state_of, unchanged
from amlcheck.remembering.store import Store

CHECKER = Path(__file__).resolve().parent.parent / "checker"
DOCKERFILE = """FROM ubuntu:20.04
COPY requirements.txt /tmp/
RUN apt-get update && apt-get install -y python3 python3-pip && pip install -r /tmp/requirements.txt
"""
MODULE = """
import sys
from amlcheck.__main__ import main

code = main()
print("amlcheck.lint" in sys.modules, file=sys.stderr)
sys.exit(code)
"""


class Ran:
    """What a run wrote, its exit code, and whether it checked anything."""

    def __init__(self, done: subprocess.CompletedProcess[bytes]) -> None:
        *said, checked = done.stderr.decode().splitlines() or [""]
        self.said = said
        self.checked = checked == "True"
        self.out = done.stdout
        self.code = done.returncode


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / "image"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "requirements.txt").write_text("azureml-defaults==1.0.40\n")
    return folder


@pytest.fixture
def lint(project: Path, tmp_path: Path) -> Callable[..., Ran]:
    def run(*arguments: str, cache: Path | None = None, stdin: str = "", **environment: str) -> Ran:
        variables = {key: value for key, value in os.environ.items() if not key.startswith("AMLCHECK_")}
        variables |= {
            "PYTHONPATH": str(CHECKER),
            "AMLCHECK_CACHE": str(cache or tmp_path / "cache"),
            "AMLCHECK_TODAY": "2026-11-21",
            **environment,
        }
        command = [sys.executable, "-c", MODULE, "lint", *arguments]
        return Ran(
            subprocess.run(command, cwd=project, env=variables, input=stdin.encode(), capture_output=True, timeout=60)
        )

    return run


@pytest.mark.parametrize("arguments", [(), ("Dockerfile",), ("--format", "json"), ("--format", "junit=out.xml")])
def test_the_second_run_is_made_from_memory(
    lint: Callable[..., Ran], project: Path, arguments: tuple[str, ...]
) -> None:
    first = lint(*arguments)
    written = (project / "out.xml").read_bytes() if "junit=out.xml" in arguments else b""
    (project / "out.xml").unlink(missing_ok=True)
    second = lint(*arguments)
    assert first.checked
    assert not second.checked
    assert (second.out, second.code) == (first.out, first.code)
    assert first.code == 1
    if written:
        assert (project / "out.xml").read_bytes() == written


def put(name: str, text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).write_text(text)

    return change


def linked(folder: Path) -> None:
    (folder / "requirements.txt").unlink()
    (folder / "requirements.txt").symlink_to("/etc/hostname")


CHANGES: dict[str, Callable[[Path], None]] = {
    "the Dockerfile": put("Dockerfile", DOCKERFILE.replace("20.04", "14.04")),
    "a file that it copies": put("requirements.txt", "azureml-defaults==1.50.0\n"),
    "a file that it copies is gone": lambda folder: (folder / "requirements.txt").unlink(),
    "a file that it copies is a link out": linked,
    "a .dockerignore": put(".dockerignore", "requirements.txt\n"),
    "one for this Dockerfile": put("Dockerfile.dockerignore", "requirements.txt\n"),
    "another Dockerfile": put("Dockerfile.gpu", "FROM ubuntu:14.04\n"),
    "a configuration": put("amlcheck.toml", 'require = ["git"]\n'),
    "a configuration above": put("../amlcheck.toml", '[rules]\nAML109 = "off"\n'),
    "one in pyproject.toml": put("../pyproject.toml", "[tool.amlcheck]\nuser-managed = true\n"),
    "an environment beside it": put(
        "env.yml",
        "name: e\nchannels: [conda-forge]\ndependencies:\n- python=3.8\n- pip:\n  - azureml-defaults==1.50.0\n",
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_changes_is_seen(lint: Callable[..., Ran], project: Path, change: Callable[[Path], None]) -> None:
    before = lint()
    change(project)
    after, fresh = lint(), lint("--no-cache")
    assert after.checked
    assert (after.out, after.code) == (fresh.out, fresh.code)
    assert lint().out == fresh.out
    if change is not CHANGES["one in pyproject.toml"]:
        assert after.out != before.out or after.code != before.code


def test_what_goes_back_is_known_again(lint: Callable[..., Ran], project: Path) -> None:
    first = lint()
    put("Dockerfile", "FROM ubuntu:14.04\n")(project)
    lint()
    put("Dockerfile", DOCKERFILE)(project)
    again = lint()
    assert (again.out, again.code) == (first.out, first.code)


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (("--require", "git"), {}),
        (("--build-arg", "A=b"), {}),
        ((), {"AMLCHECK_TODAY": "2019-01-01"}),
        ((), {"COLUMNS": "60"}),
        (("--color", "always"), {}),
    ],
)
def test_options_day_and_environment_belong_to_it(
    lint: Callable[..., Ran], arguments: tuple[str, ...], environment: dict[str, str]
) -> None:
    lint()
    other = lint(*arguments, **environment)
    assert other.checked
    fresh = lint("--no-cache", *arguments, **environment)
    assert (other.out, other.code) == (fresh.out, fresh.code)


def test_a_baseline_belongs_to_it(lint: Callable[..., Ran], project: Path) -> None:
    assert lint("--write-baseline", "known.json").code == 0
    assert lint("--baseline", "known.json").code == 0
    kept = (project / "known.json").read_text()
    (project / "known.json").write_text("{}")
    assert lint("--baseline", "known.json").code == 2
    (project / "known.json").write_text(kept)
    assert lint("--baseline", "known.json").code == 0


def test_standard_input_is_read_every_time(lint: Callable[..., Ran]) -> None:
    assert lint("-", stdin=DOCKERFILE).out != lint("-", stdin="FROM ubuntu:22.04\n").out


def test_errors_are_told_every_time(lint: Callable[..., Ran], project: Path) -> None:
    told = [lint("not-yet-there") for _ in range(2)]
    assert [(ran.code, ran.said, ran.out) for ran in told] == [(2, told[0].said, told[0].out)] * 2
    put("not-yet-there", DOCKERFILE)(project)
    assert lint("not-yet-there").code == 1
    for _ in range(2):
        wrong = lint("--profile", "nothing")
        assert (wrong.code, wrong.checked, len(wrong.said)) == (2, True, 1)


def test_without_a_cache_nothing_is_written(lint: Callable[..., Ran], tmp_path: Path) -> None:
    lint("--no-cache")
    assert not list((tmp_path / "cache").rglob("*"))


def damage_all(folder: Path, damage: Callable[[bytes], bytes]) -> None:
    found = [path for path in folder.rglob("*") if path.is_file()]
    assert len(found) >= 2
    for path in found:
        path.write_bytes(damage(path.read_bytes()))


class Hostile:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("touch hostile",)


def hostile(content: bytes) -> bytes:
    import marshal

    changed = marshal.dumps(([], pickle.dumps(Hostile())))
    return blake2b(changed, digest_size=16).digest() + changed


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-7],
        lambda content: content[::-1],
        lambda content: b"x" * 99,
        hostile,
    ],
    ids=["empty", "cut", "turned", "other", "hostile"],
)
def test_what_is_damaged_is_not_used(
    lint: Callable[..., Ran], project: Path, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    first = lint()
    damage_all(tmp_path / "cache", damage)
    second = lint()
    assert second.checked
    assert (second.out, second.code) == (first.out, first.code)
    assert not (project / "hostile").exists()


def test_a_folder_that_others_may_write_to_is_not_used(lint: Callable[..., Ran], tmp_path: Path) -> None:
    shared = tmp_path / "cache" / "lint"
    shared.mkdir(parents=True)
    shared.chmod(0o777)
    first, second = lint(), lint()
    assert first.checked
    assert second.checked
    assert not list(shared.iterdir())


def test_where_no_folder_can_be_had_it_is_checked(lint: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for _ in range(2):
        ran = lint(cache=tmp_path / "file" / "below")
        assert ran.checked
        assert ran.code == 1
        assert not ran.said


def test_only_what_changed_is_checked_again(lint: Callable[..., Ran], project: Path, tmp_path: Path) -> None:
    for number in range(30):  # enough for worker processes
        (project / f"Dockerfile.{number}").write_text(DOCKERFILE + f"ENV NUMBER={number}\n")
    first = lint("--format", "json")
    before = set((tmp_path / "cache" / "lint").iterdir())
    (project / "Dockerfile.7").write_text("FROM ubuntu:14.04\n")
    written = {path: path.stat().st_mtime_ns for path in before}
    second = lint("--format", "json")
    assert second.out == lint("--format", "json", "--no-cache").out != first.out
    after = (tmp_path / "cache" / "lint").iterdir()
    changed = [path for path in after if written.get(path) != path.stat().st_mtime_ns]
    assert len(changed) == 2  # the run, and the one file


def test_a_pipe_is_read_once_and_never_remembered(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    looks = Looks()
    looks.into(str(pipe))
    assert not looks.lasting


def test_states(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert unchanged([(kind, str(file), state_of(kind, str(file)) or "") for kind in ("at", "into", "inside")])
    seen = [(kind, path, state_of(kind, path) or "") for kind in ("at", "into") for path in (str(file), str(tmp_path))]
    seen.append(("inside", str(tmp_path), state_of("inside", str(tmp_path)) or ""))
    assert unchanged(seen)
    file.write_text("one")
    assert [unchanged([look]) for look in seen] == [False, True, False, True, False]


def test_large_files_are_told_by_size_and_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "LARGE", 4)
    file = tmp_path / "file"
    file.write_text("12345")
    os.utime(file, ns=(1, 1))
    before = state_of("into", str(file))
    os.utime(file, ns=(2, 2))
    assert state_of("into", str(file)) != before


def test_old_entries_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMLCHECK_CACHE", str(tmp_path))
    store = Store()
    store.put("a" * 40, 1)
    os.utime(tmp_path / "lint" / ("a" * 40), (0, 0))
    store.put("b" * 40, 2)
    store.prune()
    assert [store.get("a" * 40), store.get("b" * 40)] == [None, 2]


def test_a_memory_can_be_sent_to_a_worker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from amlcheck.catalog import catalog
    from amlcheck.lint import LintOptions
    from amlcheck.profiles import load_profile

    monkeypatch.setenv("AMLCHECK_CACHE", str(tmp_path))
    memory = FileMemory(LintOptions(load_profile(catalog(), "azureml-2021-04")), "2026-11-21")
    assert pickle.loads(pickle.dumps(memory)).recalled("Dockerfile") is None


def test_a_home_that_is_not_there_is_not_made(lint: Callable[..., Ran], tmp_path: Path) -> None:
    home = tmp_path / "nowhere"
    for _ in range(2):
        ran = lint(HOME=str(home), AMLCHECK_CACHE="", XDG_CACHE_HOME="")
        assert (ran.code, ran.said, ran.checked) == (1, [], True)
    assert not home.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_report_from_memory_that_cannot_be_written_is_an_error(project: Path, tmp_path: Path) -> None:
    """As one that is made: nobody has seen it, and what it said is no verdict."""
    variables = {**os.environ, "PYTHONPATH": str(CHECKER), "AMLCHECK_CACHE": str(tmp_path / "cache")}
    lint = f'"{sys.executable}" -m amlcheck lint --format json'
    for where, code in (("", 1), ("> /dev/full", 2), (">&-", 2)):
        done = subprocess.run(
            ["bash", "-c", f"{lint} {where}"], cwd=project, env=variables, capture_output=True, timeout=60
        )
        assert done.returncode == code, (where, done.stderr)
        assert done.stderr.count(b"\n") == (code == 2), (where, done.stderr)


def test_a_reader_that_goes_away_is_told_from_memory_too(project: Path, tmp_path: Path) -> None:
    variables = {**os.environ, "PYTHONPATH": str(CHECKER), "AMLCHECK_CACHE": str(tmp_path / "cache")}
    lint = f'"{sys.executable}" -m amlcheck lint --format json'
    for where, code in (("| true", 141), ("> /dev/null", 1), ("| true", 141)):  # made, remembered, from memory
        command = ["bash", "-c", f"{lint} {where}; exit ${{PIPESTATUS[0]}}"]
        done = subprocess.run(command, cwd=project, env=variables, capture_output=True, timeout=60)
        assert (done.returncode, done.stderr) == (code, b"")
