"""What a file of unusual size or shape costs grows with its length, not with its square: calls are counted, not time.

tests/fuzz/scaling.py measures time and memory of the same shapes, at larger sizes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from amlcheck.catalog import CRASHED, Catalog
from amlcheck.dockerfile import context
from amlcheck.dockerfile.build import FAILED
from amlcheck.dockerfile.built import Package
from amlcheck.dockerfile.context import Context
from amlcheck.dockerfile.effort import USED_UP, Effort
from amlcheck.dockerfile.instructions import InstructionReader
from amlcheck.dockerfile.packages import Packages
from amlcheck.errors import UnreadableError
from amlcheck.lint import LintOptions, read_text
from amlcheck.model import SubjectReport, Verdict
from conftest import Lint
from fuzz.scaling import linted, usual_options
from fuzz.shapes import SHAPES, Files
from support import judgement

SIZE = 24
LARGER = {
    "ARG that nothing sets": 300,
    "ARG of nested defaults": 200,
    "ARG that cannot be expanded": 200,
    "a venv each": 300,
}
"""Where each step looked through a list, at little cost: that showed in files of hundreds of lines only."""
BOUNDED = frozenset(
    {
        "ARG that doubles",
        "children of many ONBUILD",
        ".dockerignore",
        ".dockerignore of stars",
        "conda file of one alias",
        "requirements with many clauses",
        "requirements with a long version",
        "braces that multiply",
        "nested sudo",
        "nested env",
        "nested for",
        "nested while",
        "scripts that double",
        "script that runs itself",
        "functions that double",
        "requirements that include twice",
    }
)
"""What grows faster, but only so far: see below, tests/test_bounds.py and tests/test_control_flow.py."""
GROWTH = 2.7
"""The calls from 2 N to 4 N over those from N to 2 N: 2 for what is linear, 4 for what grows with the square."""


@pytest.fixture(scope="module")
def options(known: Catalog) -> LintOptions:
    return usual_options(known)


def counted(known: Catalog, options: LintOptions, files: Files, folder: Path) -> tuple[int, SubjectReport]:
    """How many functions are called for a report, those of the standard library and of extensions included."""
    calls = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        report = linted(known, options, files, folder)
    finally:
        sys.setprofile(before)
    return calls, report


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SHAPES if name not in BOUNDED])
def test_cost_grows_with_length(known: Catalog, options: LintOptions, tmp_path: Path, name: str) -> None:
    counts = []
    linted(known, options, SHAPES[name](3), tmp_path)  # what is remembered from then on, costs nothing below
    for factor in (1, 2, 4):
        folder = tmp_path / str(factor)
        folder.mkdir()
        calls, report = counted(known, options, SHAPES[name](LARGER.get(name, SIZE) * factor), folder)
        told = " ".join([report.error, *(item.reason for item in report.judgements)])
        assert FAILED not in told
        assert "Error" not in told
        assert CRASHED not in [item.rule for item in report.findings]
        counts.append(calls)
    first, second, third = counts
    assert third - second < GROWTH * max(second - first, first // 4, 2000), f"{name}: {counts}"


# --- what is bounded -----------------------------------------------------------------------------------------------------


def undecided(report: SubjectReport, reason: str) -> list[str]:
    """The components that are undecided for a reason."""
    return [item.component for item in report.judgements if item.verdict is Verdict.UNDECIDED and reason in item.reason]


def test_a_file_that_asks_for_more_than_is_followed_is_undecided_and_says_so(
    lint: Lint, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "FROM ubuntu:20.04\n" + "RUN apt-get update && apt-get install -y git=1:2.25.1-1ubuntu3\n" * 30
    assert judgement(lint(text, require=("git==2.25.1",)), "git").verdict is Verdict.MET
    monkeypatch.setattr(Effort.__init__, "__defaults__", (40,))
    report = lint(text, require=("git==2.25.1",))
    assert undecided(report, USED_UP)
    assert judgement(report, "git").verdict is Verdict.UNDECIDED


def test_triggers_in_many_children_are_paid_for(lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Effort.__init__, "__defaults__", (5_000,))
    assert undecided(lint(SHAPES["children of many ONBUILD"](300)["Dockerfile"]), USED_UP)
    assert not undecided(lint(SHAPES["apt-get, a RUN each"](300)["Dockerfile"]), USED_UP)


def test_what_stages_start_with_is_paid_for(lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Effort.__init__, "__defaults__", (5_000,))
    assert undecided(lint(SHAPES["stages with ENV on top of each other"](1000)["Dockerfile"]), USED_UP)


def test_a_word_of_many_prefixes_is_paid_for(lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Effort.__init__, "__defaults__", (5_000,))
    assert undecided(lint("FROM ubuntu:20.04\nRUN " + "sudo " * 1000 + "apt-get install -y git\n"), USED_UP)


def test_a_file_of_the_largest_size_that_does_what_it_says_is_followed(lint: Lint) -> None:
    size = 4_000
    report = lint(
        "FROM ubuntu:20.04\n" + "".join(f"ENV A{i}=b\n" for i in range(size)) + "RUN apt-get install -y git\n"
    )
    assert not undecided(report, USED_UP)


@pytest.mark.parametrize("clauses", [10, 100_000])
def test_many_clauses_are_not_read(lint: Lint, clauses: int) -> None:
    lint("FROM python:3.8\nRUN pip install 'azureml-defaults" + ",".join(f"!=1.{i}" for i in range(clauses)) + "'\n")


@pytest.mark.parametrize(
    "line",
    [
        "RUN pip install flask====1.0 azureml-defaults===x",
        f"RUN pip install azureml-defaults=={'9' * 5000}",
        f"RUN apt-get install -y git={'9' * 5000}",
        f"RUN conda install -y python={'9' * 5000}",
        f"RUN apt-get install -y python{'9' * 5000}.{'9' * 5000}",
        f"RUN wget https://repo.anaconda.com/miniconda/Miniconda3-py38_{'9' * 5000}.1-Linux-x86_64.sh && bash Mini*",
        f"RUN ln -s /usr/bin/python{'3' * 5000}.{'8' * 5000} /usr/bin/python",
        "ONBUILD " * 2000 + "RUN a",
        "RUN apt-get remove -y " + "*a" * 200 + "b",
        "RUN cat " + " ".join(f"<<E{i}" for i in range(3000)),
    ],
    ids=lambda line: line[:40],
)
def test_strange_words_end_in_a_report(lint: Lint, line: str) -> None:
    report = lint(f"FROM python:3.8\nRUN apt-get install -y {'a' * 300}\n{line}\n")
    assert not undecided(report, FAILED)
    assert CRASHED not in [item.rule for item in report.findings]


def test_requirements_that_include_themselves_many_times(lint: Lint, tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("-r r.txt\n" * 300 + "-r s.txt\n" * 300, encoding="utf-8")
    (tmp_path / "s.txt").write_text("-r r.txt\n" * 300, encoding="utf-8")
    report = lint("FROM python:3.8\nCOPY r.txt s.txt /app/\nRUN pip install -r /app/r.txt\n", context=tmp_path)
    assert undecided(report, "it includes itself")


def test_dockerignore_past_its_bound_leaves_everything_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".dockerignore").write_text("**/*a*b*c*d\n" * 50, encoding="utf-8")
    (tmp_path / "r.txt").write_text("flask\n", encoding="utf-8")
    assert Context(tmp_path).read("r.txt") is not None
    monkeypatch.setattr(context, "MAX_COMPARED", 40)
    assert Context(tmp_path).read("r.txt") is None


def test_an_instruction_that_this_program_fails_on_is_undecided(lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(reader: InstructionReader) -> None:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(InstructionReader, "_user", fail)
    report = lint("FROM ubuntu:20.04\nUSER a\nRUN apt-get install -y git\n")
    assert undecided(report, f"{FAILED} in line 2: ZeroDivisionError: on purpose")


def test_no_more_of_a_file_is_read_than_a_dockerfile_may_have(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="has more than 10 MB"):
        read_text(Path("/dev/zero"))


def test_packages_are_found_by_name_manager_and_place(known: Catalog) -> None:
    packages = Packages()
    for number, (manager, name, place) in enumerate([("pip", "a", "/x"), ("apt", "a", "/usr"), ("pip", "b", "/x")]):
        packages.append(Package(manager, name, None, place, (), certain=number != 1))
        assert len(list(packages.of_manager("pip"))) == (1 if number < 2 else 2)
    assert [item.manager for item in packages.of_name("a")] == ["pip", "apt"]
    assert [item.name for item in packages.of_place("/x")] == ["a", "b"]
    assert sorted(packages.places) == ["/usr", "/x"]
    assert packages.numbers("c") == []
