"""The program as users run it: a process, real files, exit codes, and nothing but what they asked for."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import amlcheck
from amlcheck.catalog import catalog
from amlcheck.model import COMPONENTS
from amlcheck.report import json_report
from support import CASES, KINDS, ROOT

SOURCE = str(Path(amlcheck.__file__).resolve().parent.parent)
ANSI = re.compile(r"\x1b\[")

MET = """\
FROM ubuntu:22.04
ENV PATH=/opt/conda/bin:$PATH
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-py310_23.3.1-0-Linux-x86_64.sh -O /tmp/conda.sh && \\
    bash /tmp/conda.sh -b -p /opt/conda
RUN pip install azureml-defaults==1.62.0
"""
VIOLATED = MET.replace("ubuntu:22.04", "ubuntu:14.04")
UNDECIDED = MET.replace("ubuntu:22.04", "ubuntu@sha256:" + "0123456789abcdef" * 4)
WARNED = MET.replace("==1.62.0", "")
TEXTS = {"met": MET, "violated": VIOLATED, "undecided": UNDECIDED, "warned": WARNED}


AGELESS = '[rules]\nAML205 = "off"\nAML207 = "off"\n'
"""What is past its end of life depends on the day of the test."""


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


def run(
    *arguments: str,
    cwd: Path,
    env: dict[str, str] | None = None,
    stdin: bytes = b"",
    command: Iterable[str] = ("-m", "amlcheck"),
) -> Result:
    """Runs the program in a process of its own, with an environment that says nothing unless a test does."""
    done = subprocess.run(
        [sys.executable, *command, *arguments],
        cwd=cwd,
        env=environment(env),
        input=stdin,
        capture_output=True,
        check=False,
        timeout=60,
    )
    result = Result(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in result.out + result.err, result.err
    return result


def environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    kept = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "SYSTEMROOT", "COVERAGE_PROCESS_START")
        if name in os.environ
    }
    return {**kept, "PYTHONPATH": SOURCE, "PYTHONWARNINGS": "error", "TERM": "xterm", **(extra or {})}


def refused(result: Result, says: str) -> None:
    """One sentence on standard error, nothing on standard output, exit code 2."""
    assert result.code == 2
    assert result.out == ""
    assert result.err.startswith("amlcheck: ")
    assert result.err.count("\n") == 1
    assert says in result.err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder without configuration, with a Dockerfile of each kind."""
    for name, text in TEXTS.items():
        (tmp_path / f"{name}.Dockerfile").write_text(text)
    return tmp_path


# --- exit codes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(("name", "code"), [("met", 0), ("violated", 1), ("missing", 2), ("undecided", 3)])
def test_exit_code_is_the_same_in_every_format(form: str, name: str, code: int, folder: Path) -> None:
    result = run("lint", f"{name}.Dockerfile", "--format", form, cwd=folder)
    assert (result.code, result.err) == (code, "")


@pytest.mark.parametrize(
    ("names", "options", "code"),
    [
        (["met", "undecided"], [], 3),
        (["undecided", "violated"], [], 1),
        (["violated", "missing", "undecided"], [], 2),
        (["warned"], [], 0),
        (["warned"], ["--fail-on", "warning"], 1),
        (["undecided"], ["--allow-undecided"], 0),
        (["undecided", "violated"], ["--allow-undecided"], 1),
        (["missing"], ["--allow-undecided"], 2),
    ],
)
def test_exit_code(names: list[str], options: list[str], code: int, folder: Path) -> None:
    result = run("lint", *(f"{name}.Dockerfile" for name in names), "--format", "json", *options, cwd=folder)
    assert (result.code, result.err) == (code, "")
    assert result.data["summary"]["exit_code"] == code
    assert [item["subject"] for item in result.data["subjects"]] == [f"{name}.Dockerfile" for name in names]


def test_info_fails_where_it_is_asked_to(folder: Path) -> None:
    (folder / "amlcheck.toml").write_text(AGELESS)
    (folder / "fuse.Dockerfile").write_text(MET + "RUN apt-get update && apt-get install -y fuse=2.9.9-3\n")
    assert run("lint", "fuse.Dockerfile", "--fail-on", "warning", cwd=folder).code == 0
    assert run("lint", "fuse.Dockerfile", "--fail-on", "info", cwd=folder).code == 1


def test_severity_of_a_requirement_decides_too(folder: Path) -> None:
    """A requirement that is only a warning neither fails nor counts as undecided, unless warnings fail."""
    (folder / "amlcheck.toml").write_text(AGELESS)
    (folder / "ours.toml").write_text('extends = "azureml-2021-04"\n[requires.ubuntu]\nseverity = "warning"\n')
    for name, strict in (("violated", 1), ("undecided", 3)):
        asked = ("lint", f"{name}.Dockerfile", "--profile", "ours.toml")
        assert run(*asked, cwd=folder).code == 0
        assert run(*asked, "--fail-on", "warning", cwd=folder).code == (1 if name == "violated" else strict)


# --- which files -----------------------------------------------------------------------------------------------------


def test_standard_input(folder: Path) -> None:
    result = run("lint", "-", "--format", "json", cwd=folder, stdin=VIOLATED.encode())
    assert result.code == 1
    (subject,) = result.data["subjects"]
    assert subject["subject"] == "-"
    ubuntu = subject["verdicts"][0]
    assert (ubuntu["verdict"], ubuntu["found"]) == ("violated", "14.04")
    assert ubuntu["witnesses"][0]["evidence"][0]["path"] == "-"


def test_standard_input_reads_the_context_that_is_named(folder: Path) -> None:
    (folder / "context").mkdir()
    (folder / "context" / "requirements.txt").write_text("azureml-defaults==1.0.40\n")
    text = b"FROM python:3.6-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
    with_context = run("lint", "-", "--context", "context", "--format", "json", cwd=folder, stdin=text).data
    without = run("lint", "-", "--format", "json", cwd=folder, stdin=text).data
    found = [verdict_of(data, "azureml-defaults") for data in (with_context, without)]
    assert [item["found"] for item in found] == ["1.0.40", None]
    assert "--context" in found[1]["reason"]


def test_standard_input_that_is_no_text(folder: Path) -> None:
    result = run("lint", "-", cwd=folder, stdin=b"\0\1\2")
    assert result.code == 2
    assert "standard input: is a binary file, not a Dockerfile" in " ".join(result.out.split())


FOUND = [
    "Containerfile",
    "Dockerfile",
    "Dockerfile-dev",
    "Dockerfile.gpu",
    "a/b/dockerfile",
    "gpu.Dockerfile",
    "x.containerfile",
]
NOT_FOUND = [
    "Dockerfile.dockerignore",
    "Dockerfile.md",
    "Dockerfile.j2",
    "Dockerfile.template",
    "Dockerfile.orig",
    "dockerfiles",
    "docker-compose.yml",
    "README",
    ".git/Dockerfile",
    "node_modules/pkg/Dockerfile",
    ".venv/lib/Dockerfile",
    "a/__pycache__/Dockerfile",
]


def test_files_of_a_folder(tmp_path: Path) -> None:
    for name in [*FOUND, *NOT_FOUND]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(MET)
    here = run("lint", "--format", "json", cwd=tmp_path)
    assert here.code == 0
    assert sorted(item["subject"] for item in here.data["subjects"]) == sorted(FOUND)
    below = run("lint", "a", "Dockerfile", "./Dockerfile.gpu", "a/b/dockerfile", "--format", "json", cwd=tmp_path)
    assert [item["subject"] for item in below.data["subjects"]] == ["a/b/dockerfile", "Dockerfile", "./Dockerfile.gpu"]
    named = run("lint", "Dockerfile.j2", ".git/Dockerfile", "--format", "json", cwd=tmp_path)
    assert [item["subject"] for item in named.data["subjects"]] == ["Dockerfile.j2", ".git/Dockerfile"]


def test_folder_without_a_dockerfile(tmp_path: Path) -> None:
    refused(run("lint", cwd=tmp_path), "no Dockerfile in this folder, and no environment file; name the file to check")
    (tmp_path / "sub").mkdir()
    refused(run("lint", "sub", cwd=tmp_path), "sub: no Dockerfile in this folder")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing", None, "missing: cannot be read: No such file or directory"),
        ("binary", b"\x7fELF\0\0\0", "binary: is a binary file, not a Dockerfile"),
        ("wide", "FROM ubuntu\n".encode("utf-16"), "wide: is UTF-16; Docker reads UTF-8, save it as such"),
        ("empty-folder", b"", "empty-folder: no Dockerfile in this folder"),
        ("huge", b"#" * (10 * 1024 * 1024 + 1), "huge: has more than 10 MB; that is no Dockerfile"),
    ],
)
def test_one_of_several_cannot_be_read(name: str, content: bytes | None, says: str, folder: Path) -> None:
    if name == "empty-folder":
        (folder / name).mkdir()
    elif content is not None:
        (folder / name).write_bytes(content)
    names = ["violated.Dockerfile", name, "met.Dockerfile"]
    text = run("lint", *names, cwd=folder)
    assert text.code == 2
    assert says in " ".join(text.out.split())
    assert "error[AML101] ubuntu" in text.out
    assert "1 not readable" in text.out
    form = run("lint", *names, "--format", "json", cwd=folder)
    assert form.code == 2
    assert [item["subject"] for item in form.data["subjects"]] == names
    errors = [item.get("error") for item in form.data["subjects"]]
    assert errors[0] is None
    assert errors[2] is None
    assert says in errors[1]
    assert form.data["subjects"][1]["verdicts"] == []
    assert form.data["summary"]["errors"] == 1
    assert verdict_of(form.data, "ubuntu")["verdict"] == "violated"


def test_text_that_is_no_utf_8_is_read_all_the_same(folder: Path) -> None:
    (folder / "latin.Dockerfile").write_bytes(b"# caf\xe9\n" + VIOLATED.encode())
    for form in ("text", "json"):
        assert run("lint", "latin.Dockerfile", "--format", form, cwd=folder).code == 1


def test_many_files_in_their_order(tmp_path: Path) -> None:
    """From 24 files on several processes share the work; nobody must notice."""
    names = [f"{number:02}.Dockerfile" for number in range(30)]
    for number, name in enumerate(names):
        (tmp_path / name).write_text(VIOLATED if number % 3 == 0 else MET)
    result = run("lint", *reversed(names), "gone.Dockerfile", "--format", "json", cwd=tmp_path)
    assert result.code == 2
    assert [item["subject"] for item in result.data["subjects"]] == [*reversed(names), "gone.Dockerfile"]
    found = [item["verdicts"][0]["verdict"] for item in result.data["subjects"][:-1]]
    assert found == ["violated" if number % 3 == 0 else "met" for number in reversed(range(30))]


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["lint", "--profile", "azureml-2021-40"], "no profile 'azureml-2021-40'; did you mean azureml-2021-04?"),
        (["lint", "--profile", "nowhere.toml"], "nowhere.toml: cannot be read"),
        (["lint", "--flavour", "openmpi-gpus"], "no flavour 'openmpi-gpus'; did you mean openmpi-gpu?"),
        (["lint", "--require", "pyton>=3.9"], "'pyton' is no requirement; did you mean python?"),
        (["lint", "--require", "python>=x"], "write it as 'python>=3.9'"),
        (["lint", "--build-arg", "=3"], "write it as NAME=VALUE"),
        (["lint", "--build-arg", "NOT_IN_THE_ENVIRONMENT"], "write it as NAME=VALUE"),
        (["lint", "--context", "nowhere"], "nowhere: the build context is not a folder"),
        (["lint", "--config", "nowhere.toml"], "nowhere.toml: cannot be read"),
        (["lint", "--output", "nowhere/report.txt"], "nowhere/report.txt: cannot be written"),
        (
            ["lint", "--frmat", "json"],
            "there is no option --frmat; did you mean --format? (see `amlcheck lint --help`)",
        ),
        (
            ["explain", "--formt=json"],
            "there is no option --formt; did you mean --format? (see `amlcheck explain --help`)",
        ),
        (["--versoin"], "there is no option --versoin; did you mean --version? (see `amlcheck --help`)"),
        (["hook", "instal"], "there is no command 'instal'; did you mean install? (see `amlcheck hook --help`)"),
        (["lint", "--xyzzy"], "there is no option --xyzzy (see `amlcheck lint --help`)"),
        (["lint", "--color", "allways"], "argument --color: 'allways' is none; did you mean always?"),
        (["lint", "--color", "red"], "argument --color: 'red' is none; it is one of auto, always, never"),
        (["lnit"], "there is no command 'lnit'; did you mean lint? (see `amlcheck --help`)"),
        (["frobnicate"], "there is no command 'frobnicate'; these are: lint, probe, score, check, "),
        (["lint", "--format", "xml"], "--format"),
        (["lint", "--fail-on", "fatal"], "--fail-on"),
        (["lint", "--config", "a.toml", "--no-config"], "not allowed with"),
        (["lnt"], "lnt"),
        ([], "COMMAND"),
        (["explain", "AML1003"], "there is no rule 'AML1003'; did you mean AML103?"),
        (["explain", "pyhton"], "there is no rule 'pyhton'; did you mean python?"),
        (["explain", "zzzzzz"], "`amlcheck rules` lists them"),
        (["explain"], "RULE"),
        (["profiles", "azureml-2021-40"], "did you mean azureml-2021-04?"),
    ],
    ids=" ".join,
)
def test_refused(arguments: list[str], says: str, folder: Path) -> None:
    refused(run(*arguments, cwd=folder), says)


def test_target_that_a_file_does_not_have(folder: Path) -> None:
    """Another file of the run may have it: the sentence stands in the file's own report."""
    (folder / "stages.Dockerfile").write_text("FROM ubuntu:14.04 AS serving\nFROM ubuntu:22.04\n")
    result = run("lint", "met.Dockerfile", "stages.Dockerfile", "--target", "servng", "--format", "json", cwd=folder)
    assert result.code == 2
    first, second = (item["error"] for item in result.data["subjects"])
    assert "has no stage 'servng' for --target; its stages have no names" in first
    assert "did you mean serving?" in second
    right = run("lint", "stages.Dockerfile", "--target", "serving", "--format", "json", cwd=folder)
    assert verdict_of(right.data, "ubuntu")["found"] == "14.04"


def test_build_argument_of_the_environment(folder: Path) -> None:
    (folder / "arg.Dockerfile").write_text("ARG RELEASE\nFROM ubuntu:${RELEASE}\n")
    for given in (["RELEASE=14.04"], ["RELEASE"]):
        result = run(
            "lint", "arg.Dockerfile", "--build-arg", *given, "--format", "json", cwd=folder, env={"RELEASE": "14.04"}
        )
        assert verdict_of(result.data, "ubuntu")["found"] == "14.04"


# --- configuration ---------------------------------------------------------------------------------------------------


def test_configuration_is_found_upwards(tmp_path: Path) -> None:
    below = tmp_path / "team" / "model"
    below.mkdir(parents=True)
    (below / "Dockerfile").write_text(MET)
    (tmp_path / "pyproject.toml").write_text('[tool.amlcheck]\nrequire = ["conda>=99"]\n')
    assert run("lint", cwd=below).code == 1
    (tmp_path / "team" / "pyproject.toml").write_text('[project]\nname = "no table of ours"\n')
    assert run("lint", cwd=below).code == 1
    (tmp_path / "team" / "amlcheck.toml").write_text('require = ["conda>=4.5"]\n')
    assert run("lint", cwd=below).code == 0
    (tmp_path / "team" / "amlcheck.toml").unlink()
    assert run("lint", "--no-config", cwd=below).code == 0


def test_own_file_comes_before_the_project_s(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.amlcheck]\nrequire = ["conda>=99"]\n')
    (folder / "amlcheck.toml").write_text("datasets = false\n")
    assert run("lint", "met.Dockerfile", cwd=folder).code == 0


def test_configuration_says_all_that_options_can(folder: Path) -> None:
    (folder / "settings").mkdir()
    (folder / "settings" / "context").mkdir()
    (folder / "settings" / "context" / "list.txt").write_text("azureml-defaults==1.0.40\n")
    (folder / "settings" / "ours.toml").write_text('extends = "azureml-2020-09"\n[requires.python]\naccepts = "3.11"\n')
    (folder / "settings" / "amlcheck.toml").write_text(
        'profile = "ours.toml"\nflavour = "openmpi-cpu"\nrequire = ["git>=99"]\ndatasets = true\nuser-managed = true\n'
        'target = "serving"\ncontext = "context"\nbuild-args = { RELEASE = "14.04" }\nfail-on = "warning"\n'
        'allow-undecided = true\nformat = "json"\nexclude = ["*/old/*"]\n[rules]\nAML205 = "off"\nfuse-packages = "error"\n'
    )
    (folder / "new").mkdir()
    (folder / "new" / "old").mkdir()
    text = "ARG RELEASE=22.04\nFROM ubuntu:${RELEASE} AS serving\nCOPY list.txt .\nRUN pip install -r list.txt\nFROM scratch\n"
    for place in ("new", "new/old"):
        (folder / place / "Dockerfile").write_text(text)
    result = run("lint", "new", "--config", "settings/amlcheck.toml", cwd=folder)
    data = result.data
    assert (data["profile"], data["flavour"]) == ("ours", "openmpi-cpu")
    assert [item["subject"] for item in data["subjects"]] == ["new/Dockerfile"]
    shown = {
        item["requirement"]: (item["verdict"], item["expected"], item["found"])
        for item in data["subjects"][0]["verdicts"]
    }
    assert shown["ubuntu"] == ("violated", ">=16.04", "14.04")
    assert shown["python"][1] == "3.11"
    assert shown["conda"][1] == "4.5.11"
    assert shown["git"][1] == ">=99"
    assert shown["libfuse"][0] != "not-applicable"
    assert shown["azureml-defaults"] == ("violated", ">=1.0.45", "1.0.40")
    assert "AML205" not in {item["rule"] for item in data["subjects"][0]["findings"]}


@pytest.mark.parametrize(
    ("configured", "options", "code"),
    [
        ('profile = "azureml-2020-03"', [], 1),
        ('profile = "azureml-2020-03"', ["--profile", "azureml-2021-04"], 0),
        ('flavour = "openmpi-cpu"', [], 1),
        ("datasets = true", [], 1),
        ("datasets = true", ["--no-datasets"], 0),
        ('fail-on = "warning"', ["--fail-on", "error"], 0),
        ('build-args = { RELEASE = "14.04" }', [], 1),
        ('build-args = { RELEASE = "14.04" }', ["--build-arg", "RELEASE=22.04"], 0),
        ('require = ["python>=3.13"]', [], 1),
        ('require = ["python>=3.13"]', ["--require", "python>=3.9"], 0),
        ('[rules]\nAML302 = "error"', [], 1),
        ('target = "old"', [], 1),
        ('target = "old"', ["--target", "new"], 0),
    ],
)
def test_options_override_the_configuration(configured: str, options: list[str], code: int, tmp_path: Path) -> None:
    (tmp_path / "amlcheck.toml").write_text(configured + "\n")
    stages = WARNED.replace(
        "FROM ubuntu:22.04", "ARG RELEASE=22.04\nFROM ubuntu:14.04 AS old\nFROM ubuntu:${RELEASE} AS new"
    )
    (tmp_path / "Dockerfile").write_text(stages)
    assert run("lint", *options, cwd=tmp_path).code == code


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("amlcheck.toml", '# ours\nprofil = "x"\n', "amlcheck.toml:2: unknown key 'profil'; did you mean 'profile'?"),
        (
            "amlcheck.toml",
            "datasets = true\n\nzebra = 1\n",
            "amlcheck.toml:3: unknown key 'zebra'; known are profile, ",
        ),
        ("amlcheck.toml", "[rule]\nAML301 = 'off'\n", "amlcheck.toml:1: unknown key 'rule'; did you mean 'rules'?"),
        ("amlcheck.toml", 'datasets = "yes"\n', "amlcheck.toml:1: datasets must be true or false"),
        ("amlcheck.toml", "require = [1]\n", "amlcheck.toml:1: require must be a list of strings"),
        ("amlcheck.toml", 'build-args = "A=1"\n', "amlcheck.toml:1: build-args must be a table"),
        ("amlcheck.toml", "profile = \n", "amlcheck.toml: not valid TOML: "),
        ("amlcheck.toml", 'fail-on = "off"\n', "fail-on: 'off' is no severity"),
        ("amlcheck.toml", 'format = "xml"\n', "format: 'xml' is none; it is one of text, "),
        ("amlcheck.toml", '[rules]\nAML999 = "off"\n', "[rules]: there is no rule 'AML999'"),
        ("amlcheck.toml", '[rules]\nAML301 = "loud"\n', "[rules] AML301: 'loud' is no severity"),
        (
            "pyproject.toml",
            '[project]\nname = "x"\n[tool.amlcheck]\nflavor = "x"\n',
            "pyproject.toml:4: unknown key 'flavor'; did you mean 'flavour'?",
        ),
        (
            "pyproject.toml",
            "[tool.amlcheck.buildargs]\nA = '1'\n",
            "unknown key 'buildargs'; did you mean 'build-args'?",
        ),
    ],
)
def test_configuration_that_is_wrong(name: str, text: str, says: str, folder: Path) -> None:
    (folder / name).write_text(text)
    refused(run("lint", "met.Dockerfile", cwd=folder), says)


def test_configuration_that_is_wrong_does_no_harm_where_it_is_not_wanted(folder: Path) -> None:
    (folder / "amlcheck.toml").write_text("profil = 1\n")
    assert run("lint", "met.Dockerfile", "--no-config", cwd=folder).code == 0


# --- what comes out --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "json"])
def test_report_in_a_file(form: str, folder: Path) -> None:
    shown = run("lint", "violated.Dockerfile", "--format", form, cwd=folder, env={"COLUMNS": "100"})
    written = run("lint", "violated.Dockerfile", "--format", form, "--output", "report", cwd=folder)
    assert (written.code, written.out, written.err) == (1, "", "")
    assert (folder / "report").read_text() == shown.out
    assert run("lint", "violated.Dockerfile", "--format", form, "--output", "-", cwd=folder).out == shown.out


@pytest.fixture(scope="module")
def all_cases() -> Result:
    """The text report of all cases of the rules, 80 columns wide."""
    return run("lint", "tests/cases", "tests/projects", "examples", cwd=ROOT, env={"COLUMNS": "80"})


def test_width(all_cases: Result) -> None:
    assert all_cases.code == 1
    assert all_cases.err == ""
    wide = [line for line in all_cases.out.split("\n") if len(line) > 80]
    assert wide == []
    assert len(all_cases.out.split("\n")) > 1000


def test_no_colour_where_there_is_no_terminal(all_cases: Result) -> None:
    assert not ANSI.search(all_cases.out)
    assert [char for char in set(all_cases.out) - {"\n"} if unicodedata.category(char) in ("Cc", "Cs")] == []


def test_excerpt_is_underlined_at_its_place(folder: Path) -> None:
    (folder / "Dockerfile").write_text("ARG RELEASE=14.04\nFROM ubuntu:${RELEASE}\n")
    out = run("lint", "Dockerfile", cwd=folder, env={"COLUMNS": "80"}).out
    lines = out.split("\n")
    at = lines.index("   --> Dockerfile:1:13")
    assert lines[at + 1] == "  1 | ARG RELEASE=14.04"
    assert lines[at + 2].startswith("    |             ^^^^^ ")
    assert lines[at + 3] == "  2 | FROM ubuntu:${RELEASE}"
    assert lines[at + 4].startswith("    |      ^^^^^^^^^^^^^^^^^ ")


HOSTILE = (
    "# \x1b[31mred\x1b[0m \x07\x9b31m \u202egnp\u2066 \x85\n"
    "FROM ubuntu:14.04 AS \x1b]0;title\x07x\n"
    "RUN pip install azureml-defaults==1.0.40 # \x1b[2J\u202e\n"
    "ENV A_TOKEN=\x1b[31mabcdefgh B=\x7f\x00C\n"
)


def test_control_characters_of_a_file_never_reach_the_terminal(tmp_path: Path) -> None:
    name = "a\x1b[31m.Dockerfile"
    (tmp_path / name).write_text(HOSTILE.replace("\x00", ""))
    (tmp_path / "requirements.txt").write_text("")
    for arguments in (["lint", name], ["lint", "."], ["lint", "nothing\x1b[31m"]):
        out = run(*arguments, cwd=tmp_path).out
        assert [char for char in out if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs")] == []
    for arguments in (["explain", "x\x1b[31m"], ["lint", "--profile", "\x1b[31m"], ["lint", "--require", "\x1b[31m"]):
        assert "\x1b" not in run(*arguments, cwd=tmp_path).err


def terminal(arguments: list[str], cwd: Path, env: dict[str, str]) -> str:
    """What the program writes where standard output is a terminal."""
    controller, device = pty.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "amlcheck", *arguments],
            cwd=cwd,
            env=environment(env),
            stdin=subprocess.DEVNULL,
            stdout=device,
            stderr=subprocess.PIPE,
        ) as process:
            os.close(device)
            parts = []
            while True:
                try:
                    part = os.read(controller, 65536)
                except OSError:
                    break
                if not part:
                    break
                parts.append(part)
            process.wait(timeout=60)
            assert process.stderr is not None
            assert process.stderr.read() == b""
    finally:
        os.close(controller)
    return b"".join(parts).decode()


@pytest.mark.parametrize(
    ("options", "env", "coloured"),
    [
        ([], {}, True),
        ([], {"NO_COLOR": "1"}, False),
        (["--color", "never"], {}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--format", "json"], {}, False),
    ],
)
def test_colour_on_a_terminal(options: list[str], env: dict[str, str], coloured: bool, folder: Path) -> None:
    out = terminal(["lint", "violated.Dockerfile", *options], folder, {"COLUMNS": "80", **env})
    assert "14.04" in out
    assert bool(ANSI.search(out)) is coloured


@pytest.mark.parametrize(
    ("options", "coloured"), [([], False), (["--color", "always"], True), (["--color", "never"], False)]
)
def test_colour_in_a_pipe(options: list[str], coloured: bool, folder: Path) -> None:
    assert bool(ANSI.search(run("lint", "violated.Dockerfile", *options, cwd=folder).out)) is coloured


@pytest.mark.parametrize(
    "arguments",
    ["lint tests/cases/conda tests/cases/python", "lint tests/cases/mpi --format json", "rules", "explain python"],
)
def test_reader_that_goes_away(arguments: str) -> None:
    """`amlcheck … | head -1`: no traceback, and not the exit code of a run in which all is well."""
    script = f'"$0" -m amlcheck {arguments} | head -c 1; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["bash", "-c", script, sys.executable],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == b""
    code = int(done.stdout.decode()[1:])
    if arguments.startswith("lint"):
        assert code == 141
    else:
        assert code in (0, 141)


@pytest.mark.parametrize("arguments", ["lint met.Dockerfile", "lint met.Dockerfile --format json", "rules"])
@pytest.mark.parametrize("redirection", [">&-", "> /dev/full"])
def test_output_that_cannot_be_written(arguments: str, redirection: str, folder: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f'"$0" -m amlcheck {arguments} {redirection}', sys.executable],
        cwd=folder,
        env=environment(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    refused(Result(done.returncode, done.stdout.decode(), done.stderr.decode()), "standard output: cannot be written")


# --- JSON ------------------------------------------------------------------------------------------------------------


def verdict_of(data: dict[str, Any], requirement: str) -> dict[str, Any]:
    found: dict[str, Any] = next(item for item in data["subjects"][0]["verdicts"] if item["requirement"] == requirement)
    return found


@pytest.mark.parametrize(
    "options", [["--profile", "azureml-v2"], ["--flavour", "openmpi-gpu", "--datasets", "--user-managed"]]
)
def test_json_of_all_cases(options: list[str]) -> None:
    result = run("lint", "tests/cases", "tests/projects", "examples", "nowhere", "--format", "json", *options, cwd=ROOT)
    data = result.data
    jsonschema.Draft202012Validator.check_schema(json_report.schema())
    jsonschema.Draft202012Validator(json_report.schema()).validate(data)
    assert len(data["subjects"]) > 300
    counted = [item["verdict"] for subject in data["subjects"] for item in subject["verdicts"]]
    for verdict in ("met", "violated", "undecided", "not-applicable"):
        assert data["summary"][verdict] == counted.count(verdict)
    assert len(set(counted)) >= 3
    assert data["summary"]["subjects"] == len(data["subjects"])
    assert data["summary"]["errors"] == 1
    assert (data["summary"]["exit_code"], result.code) == (2, 2)
    for subject in data["subjects"][:-1]:
        if subject["kind"] == "environment" and not subject["verdicts"]:
            continue
        told = [item["requirement"] for item in subject["verdicts"]]
        assert told == list(COMPONENTS) or (subject["kind"], told) == ("environment", ["python"])
        for item in subject["verdicts"]:
            assert item["reason"]
            # A fix is for what is known to be wrong or missing; where nothing is known, the reason says what to do.
            wanted = item["verdict"] == "violated" or (item["verdict"] == "undecided" and item["found"] is not None)
            assert bool(item["fix"]) == wanted
            *_, witness = item["witnesses"]
            assert witness["origin"] == "static" or (len(item["witnesses"]), witness["origin"]) == (2, "environment")
            assert witness["value"] == item["found"]


def test_json_keeps_its_promise(folder: Path) -> None:
    """The shape that was promised for version 1; keys may be added, none may go or change its meaning."""
    (folder / "Dockerfile").write_text("ARG PYTHON=3.5\nFROM python:${PYTHON}-slim-buster\nRUN pip install flask\n")
    data = run("lint", "./Dockerfile", "--format", "json", cwd=folder).data
    assert data["schema"] == "amlcheck/1"
    assert data["tool"] == {"name": "amlcheck", "version": amlcheck.__version__}
    assert data["profile"] == "azureml-2021-04"
    (subject,) = data["subjects"]
    assert (subject["subject"], subject["kind"]) == ("./Dockerfile", "dockerfile")
    python = verdict_of(data, "python")
    assert {key: python[key] for key in ("requirement", "verdict", "expected", "found", "reason")} == {
        "requirement": "python",
        "verdict": "violated",
        "expected": ">=3.6",
        "found": "3.5",
        "reason": "3.5 is not >=3.6",
    }
    (witness,) = python["witnesses"]
    assert (witness["origin"], witness["value"]) == ("static", "3.5")
    first, second = (item for item in witness["evidence"] if item["path"] is not None)
    assert first == {
        "path": "./Dockerfile",
        "line": 1,
        "column": 12,
        "end_line": 1,
        "end_column": 15,
        "text": "3.5",
        "note": "ARG PYTHON",
    }
    assert (second["line"], second["column"], second["end_column"]) == (2, 6, 34)
    assert second["text"] == "python:${PYTHON}-slim-buster"
    finding = next(item for item in subject["findings"] if item["rule"] == "AML302")
    assert finding["severity"] == "warning"
    assert finding["location"] == {"path": "./Dockerfile", "line": 3, "column": 17, "end_line": 3, "end_column": 22}
    assert finding["message"]
    assert finding["fix"]


@pytest.mark.parametrize(
    ("text", "options", "requirement", "found"),
    [
        ("FROM ubuntu:16.04\n", [], "ubuntu", "16.04"),
        ("FROM debian:12\n", [], "ubuntu", "debian 12"),
        ("FROM ubuntu:18.04\nRUN apt-get install -y openmpi-bin\n", [], "mpi", "openmpi 2.1.1"),
        ("FROM mcr.microsoft.com/azureml/openmpi3.1.2-ubuntu18.04:20210714.v1\n", [], "mpi", "openmpi 3.1.2"),
        ("FROM ubuntu:22.04\n", [], "cuda", "absent"),
        ("FROM python:3.8-buster\n", [], "git", "present"),
        ("FROM continuumio/miniconda3:4.9.2\nRUN conda install 'python>=3.8'\n", [], "python", ">=3.8"),
        ("FROM registry.example.com/x:1\n", [], "python", None),
        ("FROM ubuntu:22.04\n", ["--flavour", "openmpi-cpu"], "cuda", "absent"),
        ("FROM ubuntu:22.04\n", ["--profile", "azureml-v2"], "ubuntu", "22.04"),
    ],
)
def test_found_is_what_is_known_whatever_the_verdict(
    text: str, options: list[str], requirement: str, found: str | None, tmp_path: Path
) -> None:
    result = run("lint", "-", "--format", "json", *options, cwd=tmp_path, stdin=text.encode())
    assert verdict_of(result.data, requirement)["found"] == found


# --- the other commands ----------------------------------------------------------------------------------------------


def test_rules(tmp_path: Path) -> None:
    text = run("rules", cwd=tmp_path)
    listed = json.loads(run("rules", "--format", "json", cwd=tmp_path).out)
    assert [item["id"] for item in listed] == [rule.id for rule in catalog().rules]
    assert len(text.out.splitlines()) == len(listed)
    for line, item, rule in zip(text.out.splitlines(), listed, catalog().rules, strict=True):
        assert line.startswith(f"{item['id']}  {item['name']} ")
        assert line.endswith(item["summary"])
        assert set(item) == {"id", "name", "kind", "severity", "on", "summary", "fix"}
        assert item["kind"] == ("requirement" if rule.component else "finding")
    assert [item["id"] for item in listed if not item["on"]] == ["AML305"]
    assert {item["name"] for item in listed} >= {path.name for path in CASES.iterdir()}


@pytest.mark.parametrize("name", ["python", "AML103", "aml103", "Python"])
def test_explain(name: str, tmp_path: Path) -> None:
    out = run("explain", name, cwd=tmp_path).out
    assert out.startswith("AML103 python: Python, in a version that Azure ML supports\n")
    for heading in ("WHAT IT ASKS", "WHY", "HOW IT IS READ", "BAD", "GOOD", "UNDECIDED", "FIX", "SOURCES"):
        assert f"\n{heading}\n" in out
    assert "    FROM python:3.8-slim\n" in out
    assert "```" not in out


def test_explain_tells_an_example_s_options(tmp_path: Path) -> None:
    assert "    # with --flavour openmpi-gpu\n" in run("explain", "cuda", cwd=tmp_path).out


def test_profiles(tmp_path: Path) -> None:
    out = run("profiles", cwd=tmp_path).out
    for name in (*catalog().profile_names(), *catalog().flavour_names()):
        assert f"\n  {name} " in out
    assert "cuda 9.0 | 10.0 | 10.1" in out


def test_a_flavour_in_full(tmp_path: Path) -> None:
    out = run("profiles", "openmpi-gpu", cwd=tmp_path).out
    asked = dict(re.findall(r"^  (\w[\w-]*) {2,}(\S.*)$", out, re.MULTILINE))
    assert asked["mpi"] == "openmpi 3.1.2"
    assert asked["cuda"] == "9.0 | 10.0 | 10.1"
    assert "Open MPI GPU: nccl 2.4" in out


def test_a_profile_in_full(tmp_path: Path) -> None:
    out = run("profiles", "azureml-2021-04", cwd=tmp_path).out
    assert "source: Microsoft Docs" in out
    assert re.search(r"^  libfuse +present \(where datasets are mounted\)$", out, re.MULTILINE)
    (tmp_path / "ours.toml").write_text(
        'extends = "azureml-v2"\n[requires.git]\naccepts = ">=2"\n[rules]\nAML205 = "off"\n'
    )
    own = run("profiles", "ours.toml", cwd=tmp_path).out
    assert re.search(r"^  git +>=2$", own, re.MULTILINE)
    assert "  AML205: off\n" in own


def test_help_and_version(tmp_path: Path) -> None:
    assert run("--version", cwd=tmp_path).out == f"amlcheck {amlcheck.__version__}\n"
    for command in ([], ["lint"], ["rules"], ["explain"], ["profiles"]):
        shown = run(*command, "--help", cwd=tmp_path)
        assert shown.code == 0
        assert shown.out.startswith("usage: amlcheck")
    assert "exit codes: 0 all met, 1 something violated" in run("lint", "--help", cwd=tmp_path).out


# --- what a run does not need ----------------------------------------------------------------------------------------

_LOADED = """
import sys
from amlcheck.cli import main
code = main(sys.argv[1:])
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["lint", "violated.Dockerfile", "--format", "json"], {"rich", "pygments"}),
        (["lint", "violated.Dockerfile"], set()),
        (["rules"], {"rich", "yaml", "tree_sitter"}),
        (["explain", "python"], {"rich", "yaml", "tree_sitter"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_nothing_is_imported_that_is_not_needed(arguments: list[str], unwanted: set[str], folder: Path) -> None:
    loaded = set(run(*arguments, cwd=folder, command=("-c", _LOADED)).err.split())
    assert "amlcheck" in loaded
    assert (
        loaded & {"docker", "pytest", "_pytest", "testinfra", "requests", "setuptools", "jsonschema", *unwanted}
        == set()
    )


def test_kinds_of_cases() -> None:
    """The cases that `lint tests/cases` finds are the ones that test_rules runs: their names are usual names."""
    found = [path for path in CASES.rglob("*") if path.is_file() and path.name.endswith("ockerfile")]
    assert len(found) > 300
    assert {path.name.partition("-")[0] for path in found if path.name != "Dockerfile"} == set(KINDS)


def test_without_an_engine_the_advice_is_for_what_was_asked(folder: Path) -> None:
    """`score` needs an engine wherever the image is; a configured Dockerfile is called as the user would call it."""
    (folder / "amlcheck.toml").write_text('dockerfile = "met.Dockerfile"\n')
    nowhere = {"DOCKER_HOST": f"unix://{folder}/none.sock"}
    scored = run("score", "x:1", cwd=folder, env=nowhere)
    assert (scored.code, "rootfs:" in scored.err) == (2, False)
    checked = run("check", "--format", "json", cwd=folder, env=nowhere)
    assert checked.data["subjects"][0]["subject"] == "met.Dockerfile"
