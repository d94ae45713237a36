"""`amlcheck explain`, and the pages that it shows: every rule says what, why, good, bad, fix and source."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from amlcheck.catalog import Rule, catalog
from amlcheck.errors import AmlcheckError
from amlcheck.pages import link
from amlcheck.show import explain
from probing_support import found
from support import ROOT, examples
from test_cli import run
from tree_of_dict import image_of

HEADINGS = ("What it asks", "Why", "How it is read", "Bad", "Good", "Undecided", "Fix", "Sources")
OPTIONAL = {"How it is read", "Undecided"}


@pytest.mark.parametrize("rule", catalog().rules, ids=lambda rule: rule.name)
def test_page_has_what_why_good_bad_fix_and_source(rule: Rule) -> None:
    (page,) = json.loads(explain([rule.id], "json"))
    sections = page["sections"]
    assert set(HEADINGS) - OPTIONAL <= set(sections) <= set(HEADINGS)
    assert list(sections) == [title for title in HEADINGS if title in sections]
    for title, text in sections.items():
        assert len(text) > 10, title
    for title in ("Bad", "Good"):
        assert re.search(r"^```\w+", sections[title], re.MULTILINE), f"{title} has no example"
    assert sections["Bad"] != sections["Good"]
    assert "- " in sections["Sources"]


@pytest.mark.parametrize("rule", catalog().rules, ids=lambda rule: rule.name)
def test_page_that_findings_link_to_is_there(rule: Rule) -> None:
    assert (ROOT / link(rule.id)).read_text(encoding="utf-8").splitlines()[2].startswith(f"# {rule.id}: ")


@pytest.mark.parametrize("rule", ["AML405", "AML406"])
def test_examples_of_what_only_an_image_shows(rule: str) -> None:
    """Bad ones are found by the probe in the config that they give their image, good ones are not."""
    page = catalog().rule(rule)
    assert page is not None
    for example in examples(page):
        users = re.findall(r"^USER (\S+)", example.text, re.MULTILINE)
        points = re.findall(r"^ENTRYPOINT (.+)", example.text, re.MULTILINE)
        image = image_of(
            {}, user=users[-1] if users else "", entrypoint=tuple(json.loads(points[-1])) if points else ()
        )
        assert len(found(rule, image)) == (1 if example.kind == "bad" else 0)


def test_several_rules_by_id_and_name(tmp_path: Path) -> None:
    out = run("explain", "AML103", "libfuse", "aml110", cwd=tmp_path).out
    assert re.findall(r"^(AML\d+) [\w-]+: ", out, re.MULTILINE) == ["AML103", "AML104", "AML110"]


def test_json(tmp_path: Path) -> None:
    (page,) = json.loads(run("explain", "python", "--format", "json", cwd=tmp_path).out)
    assert page["id"] == "AML103"
    assert page["page"] == "docs/rules/AML103.md"
    assert page["kind"] == "requirement"
    assert "FROM python:3.8-slim" in page["sections"]["Good"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("AML1003", "AML103"),
        ("103", "AML103"),
        ("aml-103", "AML103"),
        ("AM103", "AML103"),
        ("ALM103", "AML103"),
        ("AML1O3", "AML103"),
        ("AML150", "AML105"),
        ("pyhton", "python"),
        ("Base-Image", "base-image-tag"),
        ("fuse", "libfuse or fuse-packages"),
        ("unpinned", "unpinned-versions or unpinned-environment"),
    ],
)
def test_near_misses(name: str, meant: str) -> None:
    with pytest.raises(AmlcheckError, match=re.escape(f"there is no rule {name!r}; did you mean {meant}?")):
        explain(["python", name])


@pytest.mark.parametrize("name", ["AMLX", "AML", "AML999", "AML9", "AML888", "XYZ103", "E501", "DL3008", "1"])
def test_what_is_near_no_rule_suggests_none(name: str, tmp_path: Path) -> None:
    with pytest.raises(AmlcheckError, match=re.escape(f"there is no rule {name!r}; `amlcheck rules` lists them")):
        explain([name])
    if not catalog().rule(name) and name not in ("AML", "AML9"):
        refused = run("lint", "--select", name, cwd=tmp_path)
        assert refused.err == f"amlcheck: --select {name!r}: there is no such rule; `amlcheck rules` lists them\n"


def test_nothing_is_shown_where_one_of_several_is_unknown(tmp_path: Path) -> None:
    result = run("explain", "python", "zzzzzz", cwd=tmp_path)
    assert (result.code, result.out) == (2, "")


def test_text_report_tells_how_to_read_on_once(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM ubuntu:14.04\nRUN apt-get install -y python3\n")
    lines = run("lint", "--no-config", cwd=tmp_path).out.splitlines()
    hints = [line for line in lines if "amlcheck explain" in line]
    assert len(hints) == 1
    assert lines[-2] == hints[0]
    command = shlex.split(hints[0].rpartition(": ")[2])
    assert run(*command[1:], cwd=tmp_path).code == 0
