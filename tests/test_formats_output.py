"""Several formats at once: where each goes, what is refused and how, and files that are whole or as they were."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from amlcheck.report.destination import write_file
from test_cli import MET, UNDECIDED, VIOLATED, environment, refused, run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("Dockerfile", VIOLATED), ("met", MET), ("undecided", UNDECIDED)):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_several_at_once(folder: Path) -> None:
    asked = ("--format", "sarif=out.sarif", "--format", "text", "--format", "junit=sub/junit.xml")
    (folder / "sub").mkdir()
    result = run("lint", "Dockerfile", *asked, cwd=folder)
    assert (result.code, result.err) == (1, "")
    assert result.out.startswith("Dockerfile\n")
    assert json.loads((folder / "out.sarif").read_text())["version"] == "2.1.0"
    assert (folder / "sub" / "junit.xml").read_text().startswith("<?xml")
    assert result.out == run("lint", "Dockerfile", cwd=folder).out


@pytest.mark.parametrize(("name", "code"), [("met", 0), ("Dockerfile", 1), ("missing", 2), ("undecided", 3)])
def test_the_exit_code_is_the_same_in_every_format(name: str, code: int, folder: Path) -> None:
    from amlcheck.report.formats import NAMES

    files = [option for form in NAMES for option in ("--format", f"{form}=out.{form}")]
    result = run("lint", name, *files, cwd=folder)
    assert (result.code, result.out, result.err) == (code, "", "")
    assert all((folder / f"out.{form}").stat().st_size > 0 for form in NAMES)
    assert json.loads((folder / "out.sarif").read_text())["runs"][0]["invocations"][0]["exitCode"] == code


def test_files_say_what_standard_output_would(folder: Path) -> None:
    run("lint", "Dockerfile", "--format", "gitlab=a.json", "--format", "text=a.txt", cwd=folder)
    assert (folder / "a.json").read_text() == run("lint", "Dockerfile", "--format", "gitlab", cwd=folder).out
    assert (folder / "a.txt").read_text() == run("lint", "Dockerfile", "--format", "text", cwd=folder).out


def test_output_is_for_the_one_without_a_file(folder: Path) -> None:
    result = run("lint", "Dockerfile", "--format", "json", "--format", "tap=b.tap", "--output", "a.json", cwd=folder)
    assert (result.code, result.out) == (1, "")
    assert json.loads((folder / "a.json").read_text())["schema"] == "amlcheck/1"
    assert (folder / "b.tap").read_text().startswith("TAP version 13\n")
    assert run("lint", "Dockerfile", "--format", "tap=-", cwd=folder).out.startswith("TAP version 13\n")
    assert run("lint", "Dockerfile", "--format", "tap", "--output", "-", cwd=folder).out.startswith("TAP version 13\n")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["--format", "sarfi"], "--format: 'sarfi' is none; did you mean 'sarif'?"),
        (["--format", "xyz"], "it is one of text, "),
        (["--format", "sarif="], "write sarif=FILE, or sarif for standard output"),
        (
            ["--format", "json", "--format", "tap"],
            "json and tap would all go to standard output: write all but one to files",
        ),
        (["--format", "json=a", "--output", "b"], "--output b: every format has a file of its own already"),
        (["--format", "json=a", "--format", "tap=./a"], "json and tap would both be written to ./a"),
        (["--format", "json=a", "--format", "tap", "--output", "a"], "json and tap would both be written to a"),
        (["--format", "json=no/such/folder/a"], "no/such/folder/a: cannot be written: No such file or directory"),
        (["--format", "json=."], ".: cannot be written: Is a directory"),
    ],
)
def test_what_is_refused(asked: list[str], says: str, folder: Path) -> None:
    refused(run("lint", "Dockerfile", *asked, cwd=folder), says)
    assert sorted(path.name for path in folder.iterdir()) == ["Dockerfile", "met", "undecided"]


def test_wrong_formats_are_told_before_the_work(folder: Path) -> None:
    for command in (["probe", "oci:no-such"], ["check", "no-such"]):
        result = run(*command, "--format", "xyz", cwd=folder)
        refused(result, "--format: 'xyz' is none")


def test_the_others_are_written_where_one_cannot_be(folder: Path) -> None:
    result = run("lint", "Dockerfile", "--format", "json=no/a", "--format", "text", "--format", "tap=b", cwd=folder)
    assert result.code == 2
    assert result.out.startswith("Dockerfile\n")
    assert (folder / "b").exists()
    assert result.err == "amlcheck: no/a: cannot be written: No such file or directory\n"


# --- configuration ---------------------------------------------------------------------------------------------------


def test_formats_in_the_configuration(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "amlcheck.toml").write_text('format = ["text", "sarif=out.sarif"]\n')
    result = run("lint", "../Dockerfile", cwd=folder / "sub")
    assert (result.code, result.err) == (1, "")
    assert result.out.startswith("../Dockerfile\n")
    assert (folder / "out.sarif").exists(), "relative to the configuration"
    (folder / "out.sarif").unlink()
    assert run("lint", "../Dockerfile", "--format", "tap", cwd=folder / "sub").out.startswith("TAP")
    assert not (folder / "out.sarif").exists(), "options come instead of the configuration"
    (folder / "amlcheck.toml").write_text('format = "tap=a.tap"\n')
    run("lint", "Dockerfile", cwd=folder)
    assert (folder / "a.tap").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("format = 1\n", "amlcheck.toml:1: format must be a string or a list of strings"),
        ("format = [1]\n", "amlcheck.toml:1: format must be a string or a list of strings"),
        ('format = ["json", "tap"]\n', "format: json and tap would all go to standard output"),
        ('format = "xyz"\n', "format: 'xyz' is none"),
    ],
)
def test_wrong_formats_in_the_configuration(text: str, says: str, folder: Path) -> None:
    (folder / "amlcheck.toml").write_text(text)
    result = run("lint", "Dockerfile", cwd=folder)
    refused(result, says)
    assert "amlcheck.toml" in result.err


# --- files -----------------------------------------------------------------------------------------------------------


def test_a_file_keeps_its_permissions_and_a_link_leads_where_it_led(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to("file")
    write_file(str(link), "new")
    assert link.is_symlink()
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("new", 0o640)
    write_file(str(tmp_path / "made"), "x")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == 0o666 & ~mask
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link", "made"]


def test_a_link_to_nothing_makes_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("made")
    write_file(str(tmp_path / "link"), "x")
    assert (tmp_path / "made").read_text() == "x"


def test_a_file_is_never_half_written(tmp_path: Path) -> None:
    """A reader sees the old report or the new one, whenever it looks."""
    file = tmp_path / "report"
    texts = ["a" * 500_000, "b" * 500_000]
    write_file(str(file), texts[0])
    seen, ended = set(), threading.Event()

    def read() -> None:
        while not ended.is_set():
            seen.add(file.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(20):
        write_file(str(file), texts[number % 2])
    ended.set()
    reader.join()
    assert seen <= set(texts)


def test_a_disk_that_is_full_leaves_what_was_there(tmp_path: Path) -> None:
    """The process may write no file of more than a few bytes; the old report stays, and nothing is left beside it."""
    (tmp_path / "Dockerfile").write_text(VIOLATED)
    (tmp_path / "report").write_text("old")
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100));"
        "from amlcheck.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "lint", "Dockerfile", "--format", "sarif=report"],
        cwd=tmp_path,
        env=environment({"XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "amlcheck: report: cannot be written: File too large\n" in done.stderr
    assert (tmp_path / "report").read_text() == "old"
    assert not [path.name for path in tmp_path.iterdir() if path.name.endswith(".tmp")]


def test_devices_and_pipes_are_written_in_place(folder: Path) -> None:
    assert run("lint", "Dockerfile", "--format", "tap=/dev/stdout", cwd=folder).out.startswith("TAP version 13\n")
    both = run("lint", "Dockerfile", "--format", "tap=/dev/stdout", "--format", "json", cwd=folder)
    refused(both, "tap and json would all go to standard output")
    assert "TAP version 13\n" in run("lint", "Dockerfile", "--format", "tap=/dev/stderr", cwd=folder).err
    assert run("lint", "Dockerfile", "--format", "tap=/dev/null", "--format", "json=/dev/null", cwd=folder).code == 1
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    told: list[str] = []
    reader = threading.Thread(target=lambda: told.append(pipe.read_text()))
    reader.start()
    run("lint", "Dockerfile", "--format", "tap=pipe", cwd=folder)
    reader.join(10)
    assert told[0].startswith("TAP version 13\n")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_in_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    file = tmp_path / "report"
    file.write_text("old")
    tmp_path.chmod(0o500)
    try:
        write_file(str(file), "new")
    finally:
        tmp_path.chmod(0o700)
    assert file.read_text() == "new"
