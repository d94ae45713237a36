"""`amlcheck lint --fix`, `--unsafe-fixes` and `--diff` as users run them: a process, real files, exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import textwrap
from pathlib import Path

import pytest

from test_cli import MET, Result, run

DAY = {"AMLCHECK_TODAY": "2026-11-21"}
SERVING = """\
FROM python:3.12-slim
RUN pip install azureml-inference-server-http==1.5.1
CMD ["azmlinfsrv", "--entry_script", "score.py"]
"""
EXPOSED = SERVING.replace("CMD", "EXPOSE 5001\nCMD")
OLD = "FROM python:3.12-slim\nRUN pip install azureml-defaults==1.0.43  # old\n"
CONDA = "name: model\nchannels: [conda-forge]\ndependencies:\n  - python=3.12\n  - pip:\n      - numpy==1.26.4\n"


def lint(folder: Path, *arguments: str, stdin: bytes = b"") -> Result:
    return run("lint", *arguments, cwd=folder, env=DAY, stdin=stdin)


def written(folder: Path, text: str, name: str = "Dockerfile") -> Path:
    path = folder / name
    path.write_bytes(text.encode("utf-8"))
    return path


def test_a_safe_repair_is_made(tmp_path: Path) -> None:
    file = written(tmp_path, SERVING)
    done = lint(tmp_path, "--fix", "--require", "python>=3.6")
    assert file.read_text() == EXPOSED
    assert "fixed 1 finding in 1 file:\n  Dockerfile:3:1: AML307: add EXPOSE 5001\n" in done.err
    assert "AML307" not in done.out
    again = lint(tmp_path, "--fix")
    assert file.read_text() == EXPOSED
    assert again.err.startswith("fixed 0 findings\n")


def test_an_unsafe_one_only_where_that_is_asked_for(tmp_path: Path) -> None:
    file = written(tmp_path, OLD)
    done = lint(tmp_path, "--fix")
    assert file.read_text() == OLD
    assert (
        "more can be fixed with --unsafe-fixes:\n  Dockerfile:2:35: AML109: raise azureml-defaults to 1.62.0"
        in done.err
    )
    assert done.code == 1
    done = lint(tmp_path, "--fix", "--unsafe-fixes")
    assert file.read_text() == OLD.replace("1.0.43", "1.62.0")
    assert "AML109, AML110: raise azureml-defaults to 1.62.0" in done.err


def test_the_exit_code_is_of_what_is_left(tmp_path: Path) -> None:
    written(tmp_path, MET.replace("==1.62.0", "==1.0.43"))
    assert lint(tmp_path).code == 1
    assert lint(tmp_path, "--fix", "--unsafe-fixes").code == 0
    assert lint(tmp_path).code == 0


def test_the_diff_writes_nothing_and_can_be_applied(tmp_path: Path) -> None:
    file = written(tmp_path, SERVING.replace("\n", "\r\n"))
    before = file.stat()
    done = lint(tmp_path, "--diff")
    assert done.code == 1
    assert done.err.startswith("would fix 1 finding in 1 file:")
    assert file.stat().st_mtime_ns == before.st_mtime_ns
    lint(tmp_path, "--diff", "--output", "change.patch")
    subprocess.run(["git", "init", "-q", "."], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "--whitespace=nowarn", "change.patch"], cwd=tmp_path, check=True)
    assert file.read_bytes() == EXPOSED.replace("\n", "\r\n").encode()
    done = lint(tmp_path, "--diff")
    assert (done.code, done.out) == (0, "")


def test_with_both_the_diff_wins(tmp_path: Path) -> None:
    file = written(tmp_path, SERVING)
    done = lint(tmp_path, "--fix", "--diff")
    assert (done.code, file.read_text()) == (1, SERVING)
    assert done.out.startswith("--- a/Dockerfile\n+++ b/Dockerfile\n@@")


def test_unsafe_fixes_alone_is_a_mistake(tmp_path: Path) -> None:
    written(tmp_path, SERVING)
    done = lint(tmp_path, "--unsafe-fixes")
    assert (done.code, done.out) == (2, "")
    assert done.err == "amlcheck: --unsafe-fixes goes with --fix, or with --diff to look first\n"


def test_a_file_that_cannot_be_read_is_an_error_and_the_others_are_repaired(tmp_path: Path) -> None:
    file = written(tmp_path, SERVING)
    (tmp_path / "gpu.Dockerfile").write_bytes("FROM a".encode("utf-16"))
    assert lint(tmp_path, "--diff").code == 2
    assert lint(tmp_path, "--fix").code == 2
    assert file.read_text() == EXPOSED


# --- standard input --------------------------------------------------------------------------------------------------


def test_standard_input_comes_out_repaired(tmp_path: Path) -> None:
    done = lint(tmp_path, "--fix", "-", stdin=SERVING.encode())
    assert done.out == EXPOSED
    assert "fixed 1 finding in 1 file:\n  -:3:1: AML307: add EXPOSE 5001" in done.err
    assert "FAIL  ubuntu" in done.err
    assert list(tmp_path.iterdir()) == []


def test_standard_input_comes_out_where_nothing_is_to_be_repaired(tmp_path: Path) -> None:
    done = lint(tmp_path, "--fix", "-", "--output", "report.txt", stdin=EXPOSED.encode())
    assert done.out == EXPOSED
    assert "FAIL  ubuntu" in (tmp_path / "report.txt").read_text()
    assert done.err == "fixed 0 findings\n"


def test_the_diff_of_standard_input(tmp_path: Path) -> None:
    done = lint(tmp_path, "--diff", "-", stdin=SERVING.encode())
    assert done.code == 1
    assert done.out.startswith("--- -\n+++ -\n@@")


# --- formats ---------------------------------------------------------------------------------------------------------


def test_a_machine_format_has_what_is_left_and_nothing_else(tmp_path: Path) -> None:
    written(tmp_path, SERVING)
    done = lint(tmp_path, "--fix", "--format", "json")
    rules = [finding["rule"] for finding in json.loads(done.out)["subjects"][0]["findings"]]
    assert "AML307" not in rules
    assert "fixed 1 finding" in done.err


def test_json_and_sarif_show_repairs_that_prove_right(tmp_path: Path) -> None:
    file = written(tmp_path, SERVING)
    found = lint(tmp_path, "--format", "json").data["subjects"][0]["findings"]
    assert [item["repair"] for item in found] == [None] * len(found)
    found = lint(tmp_path, "--format", "json", "--show-fixes").data["subjects"][0]["findings"]
    (repair,) = [item["repair"] for item in found if item["rule"] == "AML307"]
    assert repair["safe"] is True
    assert [edit["text"] for edit in repair["edits"]] == ["EXPOSE 5001\n"]
    results = lint(tmp_path, "--format", "sarif").data["runs"][0]["results"]
    assert any("fixes" in item for item in results)
    results = lint(tmp_path, "--format", "sarif", "--no-show-fixes").data["runs"][0]["results"]
    assert not any("fixes" in item for item in results)
    assert file.read_text() == SERVING


# --- files -----------------------------------------------------------------------------------------------------------


def test_mode_and_bytes_that_are_no_utf8_stay(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf# caf\xe9\r\n" + SERVING.replace("\n", "\r\n").encode().rstrip() + b" # \xff"
    file = tmp_path / "Dockerfile"
    file.write_bytes(content)
    file.chmod(0o751)
    lint(tmp_path, "--fix")
    assert file.read_bytes() == content.replace(b"CMD", b"EXPOSE 5001\r\nCMD")
    assert file.stat().st_mode & 0o777 == 0o751
    assert [path.name for path in tmp_path.iterdir()] == ["Dockerfile"]


def test_a_named_link_stays_a_link(tmp_path: Path) -> None:
    there = written(tmp_path, SERVING, "shared.txt")
    (tmp_path / "here").mkdir()
    link = tmp_path / "here" / "Dockerfile"
    link.symlink_to(there)
    lint(tmp_path, "--fix", "here/Dockerfile")
    assert link.is_symlink()
    assert there.read_text() == EXPOSED


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    there = written(tmp_path, SERVING, "shared.txt")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "Dockerfile").symlink_to(there)
    done = lint(tmp_path, "--fix", "here")
    assert there.read_text() == SERVING
    assert "here/Dockerfile: is a symbolic link that leads out of what is checked, and is not edited" in done.err


def test_a_file_with_two_names_is_left(tmp_path: Path) -> None:
    file = written(tmp_path, SERVING)
    os.link(file, tmp_path / "copy")
    done = lint(tmp_path, "--fix")
    assert file.read_text() == SERVING
    assert "Dockerfile: has 2 names (hard links), which would no longer be one file" in done.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_write_protected_file_is_left(tmp_path: Path) -> None:
    file = written(tmp_path, SERVING)
    file.chmod(0o444)
    done = lint(tmp_path, "--fix")
    assert file.read_text() == SERVING
    assert "Dockerfile: is write-protected" in done.err


def test_words_are_changed_where_they_stand(tmp_path: Path) -> None:
    """The version of an ARG in the Dockerfile, a package's in the requirements file that is copied."""
    text = """\
        # the old one
        ARG CONDA=4.3.11  # stays
        FROM ubuntu:22.04
        ARG CONDA=4.3.11
        ENV PATH=/opt/conda/bin:$PATH
        RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-${CONDA}-Linux-x86_64.sh -O /tmp/conda.sh && \\
            bash /tmp/conda.sh -b -p /opt/conda
        COPY requirements.txt .
        RUN pip install -r requirements.txt
        """
    before = textwrap.dedent(text).replace("  # stays", "")
    file = written(tmp_path, before)
    listed = written(
        tmp_path, "# what serves\nazureml-defaults == 1.0.43 ; python_version >= '3'\n", "requirements.txt"
    )
    lint(tmp_path, "--fix", "--unsafe-fixes", "Dockerfile")
    assert listed.read_text() == "# what serves\nazureml-defaults == 1.62.0 ; python_version >= '3'\n"
    after = file.read_text().splitlines()
    assert [line for line in after if line not in before.splitlines()] == ["ARG CONDA=py311_26.5.3-1"]
    assert after[1] == "ARG CONDA=4.3.11"


def test_a_file_outside_of_the_context_is_not_edited(tmp_path: Path) -> None:
    above = written(tmp_path, "azureml-defaults==1.0.43\n", "requirements.txt")
    (tmp_path / "here").mkdir()
    environment = CONDA.replace("  - pip:", "  - pip=24.0\n  - pip:").replace("numpy==1.26.4", "-r ../requirements.txt")
    written(tmp_path / "here", environment, "conda.yml")
    done = lint(tmp_path, "--fix", "--unsafe-fixes", "here/conda.yml")
    assert above.read_text() == "azureml-defaults==1.0.43\n"
    assert "requirements.txt: stands outside of what is checked, and is not edited" in done.err
    lint(tmp_path, "--fix", "--unsafe-fixes", ".")
    assert above.read_text() == "azureml-defaults==1.62.0\n"


def test_a_file_that_two_read_is_changed_once_and_for_both(tmp_path: Path) -> None:
    base = (
        "FROM continuumio/miniconda3:4.7.12\nCOPY environment.yml .\nRUN conda env update -n base -f environment.yml\n"
    )
    for name in ("a.Dockerfile", "b.Dockerfile"):
        written(tmp_path, base, name)
    shared = written(tmp_path, CONDA.replace("python=3.12", "python=3.5 # old"), "environment.yml")
    done = lint(tmp_path, "--fix", "--unsafe-fixes", "a.Dockerfile", "b.Dockerfile")
    assert "  - python=3.11 # old\n" in shared.read_text()
    assert done.err.count("take Python 3.11") == 1
    assert (tmp_path / "a.Dockerfile").read_text() == base


def test_a_shared_file_is_left_where_another_reader_would_suffer(tmp_path: Path) -> None:
    first = (
        "FROM continuumio/miniconda3:4.7.12\nCOPY r.txt .\nRUN conda install -y python=3.11 && pip install -r r.txt\n"
    )
    second = first.replace("python=3.11", "python=3.6")
    written(tmp_path, first, "a.Dockerfile")
    written(tmp_path, second, "b.Dockerfile")
    shared = written(tmp_path, "azureml-defaults==1.40.0\n", "r.txt")
    lint(tmp_path, "--fix", "--unsafe-fixes", "a.Dockerfile")
    assert shared.read_text() != "azureml-defaults==1.40.0\n"
    shared.write_text("azureml-defaults==1.40.0\n")
    done = lint(tmp_path, "--fix", "--unsafe-fixes", "a.Dockerfile", "b.Dockerfile")
    assert shared.read_text() == "azureml-defaults==1.40.0\n"
    assert "raise azureml-defaults to 1.62.0: b.Dockerfile: AML309 would then be found" in done.err


def test_what_is_ignored_is_not_repaired(tmp_path: Path) -> None:
    ignored = OLD.replace("RUN", '# amlcheck: ignore=AML109,AML110 reason="the old client needs it"\nRUN')
    file = written(tmp_path, ignored)
    lint(tmp_path, "--fix", "--unsafe-fixes")
    assert "azureml-defaults==1.0.43" in file.read_text()


def test_what_the_baseline_knows_is_not_repaired(tmp_path: Path) -> None:
    file = written(tmp_path, SERVING)
    assert lint(tmp_path, "--write-baseline", "baseline.json").code == 0
    lint(tmp_path, "--fix", "--baseline", "baseline.json")
    assert file.read_text() == SERVING


def test_a_message_has_nothing_that_a_terminal_obeys(tmp_path: Path) -> None:
    name = "\x1b[31m.Dockerfile"
    written(tmp_path, SERVING, name)
    done = lint(tmp_path, "--fix")
    assert "\x1b" not in done.err
    assert (tmp_path / name).read_text() == EXPOSED


def test_a_plain_check_loads_nothing_of_it(tmp_path: Path) -> None:
    written(tmp_path, SERVING)
    code = "import sys\nfrom amlcheck.cli import main\nmain(['lint'])\nprint([m for m in sys.modules if 'amlcheck.fix' in m])"
    done = run("-c", code, cwd=tmp_path, env=DAY, command=())
    assert done.out.splitlines()[-1] == "[]"


# --- what comes first, and what is told ------------------------------------------------------------------------------


def test_the_base_comes_first_and_the_pin_fits_it(tmp_path: Path) -> None:
    file = written(tmp_path, "FROM python:3.7\nRUN pip install azureml-defaults\nEXPOSE 5001\n")
    done = lint(tmp_path, "--fix", "--unsafe-fixes")
    assert file.read_text() == "FROM python:3.11\nRUN pip install azureml-defaults==1.62.0\nEXPOSE 5001\n"
    assert "AML302: pin azureml-defaults to 1.62.0\n" in done.err


def test_no_pin_for_the_old_base_keeps_the_base_from_being_repaired(tmp_path: Path) -> None:
    file = written(tmp_path, "FROM continuumio/miniconda3:4.4.10\nRUN pip install azureml-defaults\nEXPOSE 5001\n")
    done = lint(tmp_path, "--fix", "--unsafe-fixes")
    assert "FROM continuumio/miniconda3:24.5.0-0\nRUN pip install azureml-defaults==1.62.0\n" in file.read_text()
    assert "not fixed" not in done.err


def test_what_is_announced_is_what_is_written(tmp_path: Path) -> None:
    base = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04"
    file = written(tmp_path, f"FROM {base}:latest\nRUN pip install azureml-defaults\nEXPOSE 5001\n")
    done = lint(tmp_path, "--fix", "--unsafe-fixes")
    announced = re.findall(r"azureml-defaults to (\S+)", done.err)
    assert re.findall(r"azureml-defaults==(\S+)", file.read_text()) == announced


def test_what_goes_away_with_a_repair_is_told_with_it(tmp_path: Path) -> None:
    written(tmp_path, "FROM python:3.5\nRUN pip install azureml-defaults\nEXPOSE 5001\n")
    done = lint(tmp_path, "--fix", "--unsafe-fixes")
    assert "AML207, AML103: start from python:3.11\n" in done.err


# --- diffs that can be applied ---------------------------------------------------------------------------------------

NAMES = [
    "plain",
    "with blank",
    "two  blanks ",
    'quo"te',
    "apo'strophe",
    "back\\slash",
    "caf\u00e9",
    "tab\there",
    "-dash",
    "a b",
]


@pytest.mark.parametrize("program", [["git", "apply"], ["patch", "-p1"]], ids=["git", "patch"])
@pytest.mark.parametrize("spelled", ["plainly", "with-dots", "absolutely"])
def test_a_diff_is_applied_where_it_was_made(program: list[str], spelled: str, tmp_path: Path) -> None:
    files = []
    for name in NAMES:
        (tmp_path / "in here" / name).mkdir(parents=True)
        files.append(written(tmp_path / "in here" / name, SERVING))
    given = {"plainly": "in here", "with-dots": "./in here/../in here", "absolutely": str(tmp_path / "in here")}
    diff = lint(tmp_path, "--diff", given[spelled])
    subprocess.run(program, cwd=tmp_path, input=diff.out.encode(), check=True, capture_output=True)
    assert [file.read_text() for file in files] == [EXPOSED] * len(files)


def test_a_diff_is_applied_within_a_repository(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "."], cwd=tmp_path, check=True)
    (tmp_path / "docker").mkdir()
    file = written(tmp_path / "docker", SERVING)
    diff = lint(tmp_path / "docker", "--diff")
    subprocess.run(["git", "apply"], cwd=tmp_path / "docker", input=diff.out.encode(), check=True)
    assert file.read_text() == EXPOSED


def test_what_lies_outside_is_told(tmp_path: Path) -> None:
    file = written(tmp_path, SERVING)
    (tmp_path / "below").mkdir()
    done = lint(tmp_path / "below", "--diff", "../Dockerfile")
    assert done.out.startswith("--- a/../Dockerfile\n+++ b/../Dockerfile\n@@")
    assert done.err.endswith(
        "../Dockerfile: outside of the working directory, where git apply and patch change nothing;"
        f" make the diff in {tmp_path}\n"
    )
    written(tmp_path / "below", SERVING)  # of the same name, and not to be changed instead
    for program in (["git", "apply"], ["patch", "-p1"]):
        refused = subprocess.run(
            program, cwd=tmp_path / "below", input=done.out.encode(), check=False, capture_output=True
        )
        assert refused.returncode != 0
    assert (tmp_path / "below" / "Dockerfile").read_text() == SERVING == file.read_text()


def test_the_file_that_a_link_leads_to_is_named(tmp_path: Path) -> None:
    file = written(tmp_path, SERVING, "shared.txt")
    (tmp_path / "Dockerfile").symlink_to(file)
    diff = lint(tmp_path, "--diff", "Dockerfile")
    subprocess.run(["patch", "-p1"], cwd=tmp_path, input=diff.out.encode(), check=True, capture_output=True)
    assert file.read_text() == EXPOSED
