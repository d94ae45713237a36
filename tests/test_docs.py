"""The documentation says what the program does: generated pages, the help text, configuration and its examples."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from amlcheck.catalog import Catalog
from amlcheck.config import _TYPES, read_config
from amlcheck.profiles import load_profile, with_requirements
from support import ROOT

PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
_BLOCK = re.compile(r"^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def docs(*arguments: str, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(root / "checker")}
    command = [sys.executable, "-m", "amlcheck.docs", *arguments]
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False, timeout=60)


def test_generated_pages_are_up_to_date() -> None:
    done = docs("--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """What the documentation is made of, to be spoilt."""
    for name in ("checker", "rules", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "README.md", tmp_path)
    return tmp_path


def test_pages_that_are_out_of_date_are_told_and_made_again(copied: Path) -> None:
    pages = copied / "docs" / "rules"
    (pages / "AML103.md").write_text("old\n")
    (pages / "AML104.md").unlink()
    (pages / "AML999.md").write_text("a rule that is gone\n")
    stale = docs("--check", root=copied)
    assert stale.returncode == 1
    assert sorted(re.findall(r"(AML\d+\.md): out of date", stale.stderr)) == ["AML103.md", "AML104.md", "AML999.md"]
    assert docs(root=copied).returncode == 0
    assert not (pages / "AML999.md").exists()
    assert (pages / "AML103.md").read_text() == (ROOT / "docs" / "rules" / "AML103.md").read_text()
    assert docs("--check", root=copied).returncode == 0


def test_a_rule_that_changes_makes_its_page_stale(copied: Path) -> None:
    path = copied / "rules" / "ubuntu.py"
    path.write_text(path.read_text().replace("Start from ubuntu:20.04", "Start from ubuntu:22.04"))
    assert "AML101.md: out of date" in docs("--check", root=copied).stderr


@pytest.mark.parametrize(("mark", "options"), [("help", ["lint", "--help"]), ("commands", ["--help"])])
def test_readme_has_the_present_help_text(mark: str, options: list[str]) -> None:
    """Compared with the program's own output, not with what docs.py makes of it."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = rf"<!-- {mark}:begin -->\n```text\n\$ amlcheck {' '.join(options)}\n(.*?)```\n<!-- {mark}:end -->"
    (text,) = re.findall(block, readme, re.DOTALL)
    env = {**os.environ, "COLUMNS": "100", "PYTHONPATH": str(ROOT / "checker")}
    command = [sys.executable, "-m", "amlcheck", *options]
    shown = subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=60).stdout
    assert text.rstrip() == shown.rstrip()


@pytest.mark.parametrize(
    "mark", ["<!-- help:begin -->", "<!-- help:end -->", "<!-- commands:begin -->", "<!-- commands:end -->"]
)
def test_readme_without_its_marks_is_refused(mark: str, copied: Path) -> None:
    readme = copied / "README.md"
    readme.write_text(readme.read_text().replace(mark, ""))
    done = docs("--check", root=copied)
    assert done.returncode != 0
    assert "README.md" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_text_that_is_old_is_told(copied: Path) -> None:
    readme = copied / "README.md"
    readme.write_text(readme.read_text().replace("how the file is built:", "how it is built:", 1))
    assert "README.md: out of date" in docs("--check", root=copied).stderr


def blocks(page: str, kind: str) -> list[str]:
    found = _BLOCK.finditer((ROOT / page).read_text(encoding="utf-8"))
    return [match["text"] for match in found if match["kind"] == kind]


def test_configuration_that_is_documented_is_read(tmp_path: Path) -> None:
    """The example has every key that there is, and each has the type that is asked for."""
    first, *_ = blocks("docs/configuration.md", "toml")
    path = tmp_path / "amlcheck.toml"
    path.write_text(first)
    assert set(read_config(path).values) == set(_TYPES)


def test_profile_that_is_documented_loads(tmp_path: Path, known: Catalog) -> None:
    own = next(text for text in blocks("docs/configuration.md", "toml") if "extends" in text)
    path = tmp_path / "platform.toml"
    path.write_text(own)
    profile = load_profile(known, str(path))
    assert profile.requires["python"].expected in own
    assert profile.requires["python"].source


def test_requirements_that_are_documented_are_understood() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    specs = [text.replace("\\|", "|") for text in re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)]
    assert len(specs) >= 4
    profile = load_profile(Catalog(ROOT / "rules"), "azureml-v2")
    for spec in specs:
        assert with_requirements(profile, [spec]).requires[re.split(r"[^a-z-]", spec)[0]].asked_by == "--require"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_rule_ids_that_are_named_exist(known: Catalog) -> None:
    ids = {rule.id for rule in known.rules} | {"AML000"}
    for page in PAGES:
        named = set(re.findall(r"\bAML\d{3}\b", page.read_text(encoding="utf-8")))
        assert named <= ids, page
