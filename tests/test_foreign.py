"""Files that are no Dockerfile at all: one sentence says what they are, and what to do with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import support
from test_cli import run

SARIF = json.dumps({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "runs": [{}] * 900}, indent=1)
RESULT = json.dumps({"schema": "amlcheck/1", "subjects": []}, indent=2)
CONDA = "# ours\nname: model\nchannels:\n  - conda-forge\ndependencies:\n  - python=3.12\n  - pip:\n      - numpy\n"
PAGE = "<!DOCTYPE html>\n<html>\n<body>\n</body>\n</html>\n"
JUNIT = '<?xml version="1.0"?>\n<testsuites>\n</testsuites>\n'


@pytest.mark.parametrize("command", [["lint"], ["report", "--print"]], ids=["lint", "report"])
@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("out.sarif", SARIF, "out.sarif: is a SARIF log, no Dockerfile and no environment; `amlcheck report`"),
        ("out.sarif.json", SARIF, "out.sarif.json: is a SARIF log"),
        (
            "result",
            RESULT,
            "result: is a result of amlcheck, no Dockerfile and no environment; `amlcheck report result`",
        ),
        ("list", '[\n  {"a": 1}\n]\n', "list: is JSON, no Dockerfile"),
        ("report.html", PAGE, "report.html: is HTML, no Dockerfile"),
        ("junit.xml", "\ufeff" + JUNIT, "junit.xml: is XML, no Dockerfile"),
    ],
)
def test_one_sentence_says_what_it_is(command: list[str], name: str, text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    done = run(*command, name, cwd=tmp_path)
    assert done.code == 2
    assert says in " ".join(done.out.split())
    assert "AML001" not in done.out


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SARIF, "this is no Dockerfile but a SARIF log"),
        (RESULT, "this is no Dockerfile but a result of amlcheck"),
        (CONDA, "this is no Dockerfile but YAML"),
        (PAGE, "this is no Dockerfile but HTML"),
        ("#!/bin/sh\nset -e\napt-get update\n", "this is no Dockerfile: none of its lines is an instruction"),
        ("import os\nfrom sys import argv\nprint(1)\n", "this is no Dockerfile: none of its lines is an instruction"),
    ],
    ids=["sarif", "result", "yaml", "html", "shell", "python"],
)
def test_under_the_name_of_a_dockerfile_docker_refuses_it_once(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(text)
    (found,) = support.findings(support.check(path), "AML001")
    assert found.message == f"Docker refuses this: {says}"
    piped = run("lint", "-", "--format", "json", cwd=tmp_path, stdin=text.encode())
    assert [item["rule"] for item in piped.data["subjects"][0]["findings"]].count("AML001") == 1


@pytest.mark.parametrize(
    "text",
    [
        "{{ header }}\nFROM ubuntu:22.04\n",
        "FROM ubuntu:22.04\nRUN x\nchannels:\ndependencies:\n",
        "name: x\nRUN a\nchannels:\n",
        "RNU a\n",
    ],
    ids=["template", "rest-of-a-heredoc", "with-an-instruction", "one-line"],
)
def test_a_broken_dockerfile_is_one(text: str, tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(text)
    found = support.findings(support.check(path), "AML001")
    assert found
    assert not [item for item in found if "no Dockerfile" in item.message]


def test_a_file_that_is_named_twice_is_checked_once(tmp_path: Path) -> None:
    path = tmp_path / "in" / "Dockerfile"
    path.parent.mkdir()
    path.write_text("FROM ubuntu:22.04\n")
    for spelled in (
        ["in/Dockerfile", "./in/Dockerfile"],
        ["in", "in/./Dockerfile"],
        [str(path), "in//Dockerfile", "."],
    ):
        done = run("lint", *spelled, "--format", "json", cwd=tmp_path)
        assert len(done.data["subjects"]) == 1
    (tmp_path / "far" / "below").mkdir(parents=True)
    (tmp_path / "far" / "Dockerfile").write_text("FROM ubuntu:22.04\n")
    (tmp_path / "link").symlink_to(tmp_path / "far" / "below")
    (tmp_path / "Dockerfile").write_text("FROM ubuntu:22.04\n")
    done = run("lint", "Dockerfile", "link/../Dockerfile", "--format", "json", cwd=tmp_path)
    assert len(done.data["subjects"]) == 2  # behind a link, up is somewhere else
