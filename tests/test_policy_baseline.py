"""The baseline: old violations stay green, a new one turns red and is the only one shown."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from amlcheck.catalog import catalog
from amlcheck.cli import main
from amlcheck.errors import AmlcheckError
from amlcheck.lint import lint_text
from amlcheck.model import Finding, Severity, SubjectReport
from amlcheck.policy.baseline import baseline_of, read_baseline, with_baseline, write_baseline
from support import options_of
from test_cli import run

OLD = "FROM python:3.{minor}-slim\nRUN pip install flask\n"
BASE = "amlcheck-baseline.json"


@pytest.fixture(autouse=True)
def _the_same_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMLCHECK_TODAY", "2026-11-21")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository in its own folder, which is the working directory."""
    root = tmp_path / "project"
    for name in ("a", "b/c"):
        (root / name).mkdir(parents=True)
        (root / name / "Dockerfile").write_text(OLD.format(minor=5))
    monkeypatch.chdir(root)
    return root


def lint(*arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code and JSON report of a run in this process."""
    output = Path(os.environ.get("TMPDIR", "/tmp")) / f"amlcheck-test-{os.getpid()}.json"
    try:
        code = main(["lint", *arguments, "--format", "json", "--output", str(output)])
        return code, json.loads(output.read_text())
    finally:
        output.unlink(missing_ok=True)


def counting(data: dict[str, Any]) -> list[tuple[str, str]]:
    """What is not waived, of all that could be: subject and rule."""
    return [
        (subject["subject"], item["rule"])
        for subject in data["subjects"]
        for item in (*subject["verdicts"], *subject["findings"])
        if item.get("verdict", "violated") in ("violated", "undecided") and item["waiver"] is None
    ]


def entries(name: str = BASE) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(Path(name).read_text())["entries"]
    return found


def test_a_repository_with_old_violations(tmp_path: Path) -> None:
    """Acceptance 5 of issue 6, in a git repository and as a program of its own."""
    root = tmp_path / "repository"
    for number in range(10):
        folder = root / f"service-{number}"
        folder.mkdir(parents=True)
        (folder / "Dockerfile").write_text(OLD.format(minor=5 if number % 2 else 4))
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", "-C", str(root)]
    subprocess.run([*git, "init", "-q"], check=True)
    before = run("lint", "--format", "json", cwd=root)
    assert before.code == 1
    assert before.data["summary"]["violated"] >= 30
    written = run("lint", "--write-baseline", BASE, cwd=root)
    assert written.code == 0
    (root / "amlcheck.toml").write_text(f'baseline = "{BASE}"\n')
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-qm", "Adopt the baseline"], check=True)

    green = run("lint", cwd=root)
    assert (green.code, green.err) == (0, "")
    assert len(green.out.strip().splitlines()) == 1, green.out
    assert "0 violated, 0 undecided" in green.out
    assert "in the baseline" in green.out

    dockerfile = root / "service-3" / "Dockerfile"
    dockerfile.write_text("# comment\n\n" + dockerfile.read_text() + "ENV PASSWORD=hunter2hunter2\n")
    red = run("lint", cwd=root)
    assert red.code == 1
    assert red.out.count("error[") == 1
    assert "error[AML304]" in red.out
    assert "service-3/Dockerfile:5:" in red.out
    assert [line for line in red.out.splitlines() if "service-" in line and "service-3" not in line] == []
    assert not any(word in red.out for word in ("warning[", "undecided[", "FAIL"))

    clone = tmp_path / "elsewhere" / "clone"
    subprocess.run(["git", "clone", "-q", str(root), str(clone)], check=True)
    assert run("lint", cwd=clone).code == 0
    assert run("lint", "..", cwd=clone / "service-1").code == 0
    assert run("lint", str(clone / "service-2"), "--config", str(clone / "amlcheck.toml"), cwd=tmp_path).code == 0
    assert run("lint", "--no-baseline", cwd=clone).code == 1


def test_it_holds_what_was_found_and_nothing_else(project: Path) -> None:
    (project / "b/c/Dockerfile").write_text('# amlcheck: ignore=AML103 reason="why"\n' + OLD.format(minor=5))
    code, data = lint("--write-baseline", BASE)
    assert code == 0
    assert counting(data) == []
    found = entries()
    assert {(item["subject"], item["kind"]) for item in found} == {
        ("a/Dockerfile", "dockerfile"),
        ("b/c/Dockerfile", "dockerfile"),
    }
    rules = {item["rule"] for item in found if item["subject"] == "a/Dockerfile"}
    assert rules == {"AML101", "AML102", "AML103", "AML109", "AML110", "AML207", "AML302"}
    assert {item["rule"] for item in found if item["subject"] == "b/c/Dockerfile"} == rules - {"AML103"}
    assert next(item["message"] for item in found if item["rule"] == "AML103") == "python: 3.5 is not >=3.6"
    assert next(item["message"] for item in found if item["rule"] == "AML109").startswith(
        "azureml-defaults: undecided: "
    )


def test_the_same_findings_make_the_same_file(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lint("--write-baseline", BASE)
    first = Path(BASE).read_bytes()
    assert b"\r" not in first
    assert first.endswith(b"}\n")
    lines = first.decode().splitlines()
    assert len(lines) == len(entries()) + 5
    for arguments in (["."], ["b", "a"], ["./b/../b/c/Dockerfile", "a/Dockerfile"], [str(project)]):
        Path(BASE).unlink()
        lint(*arguments, "--write-baseline", BASE)
        assert Path(BASE).read_bytes() == first
    lint("--write-baseline", BASE)
    assert Path(BASE).read_bytes() == first
    monkeypatch.chdir(tmp_path)
    lint("project", "--write-baseline", f"project/{BASE}")
    assert (project / BASE).read_bytes() == first
    moved = tmp_path / "moved"
    shutil.copytree(project, moved)
    monkeypatch.chdir(moved / "a")
    lint("..", "--write-baseline", f"../{BASE}")
    assert (moved / BASE).read_bytes() == first
    link = tmp_path / "link"
    link.symlink_to(moved)
    lint(str(link), "--write-baseline", f"{link}/{BASE}")
    assert (moved / BASE).read_bytes() == first


@pytest.mark.parametrize(
    ("change", "new"),
    [
        (lambda text: "\n# a comment\n\n" + text, []),
        (lambda text: text.replace("RUN pip install", "RUN   pip\tinstall"), []),
        (lambda text: text.replace("\n", "\r\n"), []),
        (lambda text: text + "RUN pip install numpy\n", ["AML302"]),
        (lambda text: text + "RUN pip install flask\n", []),
        (lambda text: text.replace("flask", "flask requests"), ["AML302"]),
        (lambda text: text.replace("3.5", "3.4"), ["AML103", "AML207"]),
        (lambda text: text.replace("3.5", "3.8"), ["AML207"]),
    ],
)
def test_what_is_the_same(change: Any, new: list[str], project: Path) -> None:
    lint("--write-baseline", BASE)
    path = project / "a/Dockerfile"
    path.write_bytes(change(path.read_text()).encode())
    code, data = lint("--baseline", BASE)
    assert counting(data) == [("a/Dockerfile", rule) for rule in new]
    assert code == (1 if "AML103" in new else 0)


def test_as_many_of_the_same_are_known(project: Path) -> None:
    """Two findings that nothing tells apart: the third is new."""

    def report(count: int) -> SubjectReport:
        same = tuple(Finding("AML406", Severity.WARNING, "the same") for _ in range(count))
        return SubjectReport("app:1", "image", findings=same)

    write_baseline(baseline_of([report(2)], Path(BASE)))
    (found,), stale = with_baseline([report(3)], read_baseline(Path(BASE)))
    assert [item.waiver is not None for item in found.findings] == [True, True, False]
    assert stale == []
    assert len(with_baseline([report(1)], read_baseline(Path(BASE)))[1]) == 1


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("the latency is 212.4 ms at the 95th percentile", "the latency is 208.9 ms at the 95th percentile", True),
        ("nothing listened on port 5001 for 41 s", "nothing listened on port 5001 for 43 s", True),
        ("nothing listened on port 5001", "nothing listened on port 8080", False),
        ("<object at 0x7f31c0ffee10> is no list", "<object at 0x7f99aa010203> is no list", True),
        ("[2026-11-21 12:00:01 +0000] [17] worker", "[2026-11-22 08:30:59 +0000] [23] worker", True),
        ("container 4f2a9c0d1e3b ended", "container 99aabbccdde1 ended", True),
        ("the module effaced is missing", "the module defaced is missing", False),
        ("needs numpy 1.19", "needs numpy 1.20", False),
        ("http://127.0.0.1:40213/score", "http://127.0.0.1:39017/score", True),
    ],
)
def test_a_finding_without_a_place_is_told_by_its_words_and_not_by_its_times(
    old: str, new: str, same: bool, project: Path
) -> None:
    before, after = (
        SubjectReport("app:1", "deployment", findings=(Finding("AML501", Severity.ERROR, message),))
        for message in (old, new)
    )
    write_baseline(baseline_of([before], Path(BASE)))
    (found,), _ = with_baseline([after], read_baseline(Path(BASE)))
    assert (found.findings[0].waiver is not None) is same


def test_stale_entries_are_told_in_one_note(project: Path) -> None:
    lint("--write-baseline", BASE)
    total = len(entries())
    (project / "a/Dockerfile").write_text(OLD.format(minor=8).replace("flask", "flask==2.0.3"))
    code, data = lint("--baseline", BASE)
    assert code == 0
    assert data["notes"] == [
        f"{BASE}: 3 of {total} entries are stale, as what is named there is gone (AML103 in a/Dockerfile, AML207 in"
        f" a/Dockerfile, AML302 in a/Dockerfile); --write-baseline {BASE} takes such out"
    ]
    assert lint("b", "--baseline", BASE)[1]["notes"] == []
    assert lint("--select", "AML101", "--baseline", BASE)[1]["notes"] == []
    shutil.rmtree(project / "a")
    (note,) = lint("b", "--baseline", BASE)[1]["notes"]
    assert f"7 of {total} entries are stale" in note
    lint("b", "--write-baseline", BASE)
    assert {item["subject"] for item in entries()} == {"b/c/Dockerfile"}


def test_writing_again_keeps_what_was_not_looked_at(project: Path) -> None:
    lint("--write-baseline", BASE)
    before = entries()
    image = {
        "subject": "registry.example.com/app:1",
        "kind": "image",
        "rule": "AML103",
        "message": "python: 3.5 is not >=3.6",
        "fingerprint": "0" * 32,
    }
    Path(BASE).write_text(json.dumps({"schema": "amlcheck-baseline/1", "entries": [*before, image]}))
    (project / "a/Dockerfile").write_text("FROM ubuntu:22.04\n")
    lint("a", "--write-baseline", BASE)
    after = entries()
    assert image in after
    assert [item for item in after if item["subject"].startswith("b")] == [
        item for item in before if item["subject"].startswith("b")
    ]
    assert {item["rule"] for item in after if item["subject"].startswith("a")} == {
        "AML102",
        "AML103",
        "AML109",
        "AML110",
    } & {item["rule"] for item in after if item["subject"].startswith("a")}


def test_a_file_that_cannot_be_read_is_never_known(project: Path) -> None:
    (project / "d.Dockerfile").write_bytes(b"\0\0")
    code, data = lint("--write-baseline", BASE)
    assert code == 2
    assert data["notes"] == [f"{BASE}: not written, as d.Dockerfile could not be read"]
    assert not Path(BASE).exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "old.json: there is no such baseline; write one with --write-baseline "),
        (b"", "old.json:1: is no baseline: "),
        (b'{"schema": "amlcheck-baseline/1", "entries": [\n<<<<<<< HEAD\n', "old.json:2: is no baseline: "),
        (b"\xff", "it is not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "is no baseline: it has no schema"),
        (b'{"schema": "amlcheck/1", "subjects": []}', "is no baseline: it is a report"),
        (b'{"schema": ["x"]}', "its schema is ['x']"),
        (b'{"schema": "amlcheck-baseline/2", "entries": []}', "its schema is 'amlcheck-baseline/2'"),
        (b'{"schema": "amlcheck-baseline/1"}', "entries is no list"),
        (b'{"schema": "amlcheck-baseline/1", "entries": [{}]}', "entry 1 is not one: it needs subject, kind, rule"),
        (b'{"schema": "amlcheck-baseline/1", "entries": [7]}', "entry 1 is not one"),
    ],
)
def test_what_is_no_baseline(
    content: bytes | None, says: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        Path("old.json").write_bytes(content)
    Path("amlcheck.toml").write_text('baseline = "old.json"\n')
    for arguments in (
        ["lint", "--baseline", "old.json", "--no-config"],
        ["lint"],
        ["lint", "--write-baseline", "old.json"],
    ):
        if content is None and "--write-baseline" in arguments:
            continue
        assert main(arguments) == 2
        out, err = capsys.readouterr()
        assert says in err
        assert err.count("\n") == 1
        assert out == ""
    if content is not None:
        assert Path("old.json").read_bytes() == content
    assert main(["lint", "--no-baseline", "--fail-on", "never"]) == 0


def test_nothing_else_is_overwritten(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (project / "a/Dockerfile").read_text()
    for name, says in (
        ("a/Dockerfile", "a/Dockerfile:1: is no baseline: Expecting value; nothing else is overwritten"),
        ("a", "is a folder"),
        ("gone/base.json", "there is no folder gone"),
    ):
        assert main(["lint", "--write-baseline", name]) == 2
        assert says in capsys.readouterr().err
    assert (project / "a/Dockerfile").read_text() == before


@pytest.mark.parametrize("option", ["--select", "--ignore"])
def test_not_with_some_of_the_rules(option: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--write-baseline", BASE, option, "AML302"]) == 2
    assert "not with --select or --ignore" in capsys.readouterr().err
    assert not Path(BASE).exists()


def test_a_link_stays_one_and_rights_stay(project: Path) -> None:
    lint("--write-baseline", "real.json")
    Path(BASE).symlink_to("real.json")
    lint("--write-baseline", BASE)
    assert Path(BASE).is_symlink()
    assert sorted(path.name for path in project.iterdir()) == ["a", BASE, "b", "real.json"]


def test_what_a_file_says_cannot_harm_a_reviewer(project: Path) -> None:
    (project / "a/Dockerfile").write_text(
        "FROM python:3.5-slim\nRUN pip install 'x\x1b]0;y\x07\u202eevil'\nENV PASSWORD=\x1b[31mhunter2\n"
    )
    lint("--write-baseline", BASE)
    text = Path(BASE).read_text()
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    assert lint("--baseline", BASE)[0] == 0


def test_archives_are_paths_and_images_are_names(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (finding,) = (Finding("AML402", Severity.ERROR, "m"),)
    reports = [
        SubjectReport(name, "image", findings=(finding,))
        for name in ("docker-archive:a/image.tar", "registry.example.com/app:1", "ubuntu", "oci:./layout")
    ]
    write_baseline(baseline_of(reports, Path(BASE)))
    assert {item["subject"] for item in entries()} == {
        "docker-archive:a/image.tar",
        "registry.example.com/app:1",
        "ubuntu",
        "oci:layout",
    }
    monkeypatch.chdir(project / "a")
    there = [SubjectReport("docker-archive:image.tar", "image", findings=(finding,))]
    (found,), stale = with_baseline(there, read_baseline(Path("..") / BASE))
    assert found.findings[0].waiver is not None
    assert stale == []


def test_a_check_is_not_taken_for_a_lint(project: Path) -> None:
    """A Dockerfile as `check` reports on it is an image: what only lint found of it is not stale then."""
    static = lint_text(catalog(), "a/Dockerfile", OLD.format(minor=5), None, options_of(""))
    write_baseline(baseline_of([static], Path(BASE)))
    checked = SubjectReport("a/Dockerfile", "image", findings=static.findings, sources=static.sources)
    (found,), stale = with_baseline([checked], read_baseline(Path(BASE)))
    assert stale == []
    assert all(item.waiver is not None for item in found.findings)
    assert found.findings


def test_it_is_written_whole_or_not_at_all(project: Path) -> None:
    lint("--write-baseline", BASE)
    before = Path(BASE).read_bytes()
    with pytest.raises(AmlcheckError, match="cannot be written"):
        write_baseline(baseline_of([], project / "a" / "Dockerfile" / BASE))
    assert Path(BASE).read_bytes() == before
