"""What amlcheck depends on: all that it imports is declared, all that is declared is imported, bounded and justified."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import audit
from oldest import oldest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
IN_IMAGES = ROOT / "checker" / "amlcheck" / "deployment" / "in_container"
"""Programs that run inside images, with what those have."""


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported() -> Iterator[tuple[str, Path]]:
    """Top-level modules that the program, its rules and its probes import, anywhere in them."""
    for folder in ("checker/amlcheck", "rules", "probes"):
        for path in (ROOT / folder).rglob("*.py"):
            if not path.is_relative_to(IN_IMAGES):
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                    names: list[str] = []
                    if isinstance(node, ast.Import):
                        names = [alias.name for alias in node.names]
                    elif isinstance(node, ast.ImportFrom) and not node.level:
                        names = [node.module or ""]
                    yield from ((name.partition(".")[0], path) for name in names)


def test_what_is_imported_is_what_is_declared() -> None:
    known = {**packages_distributions(), "tomli": ["tomli"]}
    own = {"amlcheck", "rules", "probes"}
    found = {
        canonical(known.get(name, [f"{name}, which {path} imports"])[0])
        for name, path in imported()
        if name not in sys.stdlib_module_names and name not in own
    }
    assert found == {canonical(Requirement(text).name) for text in DECLARED}


@pytest.mark.parametrize("text", DECLARED)
def test_each_has_both_bounds_and_its_reason(text: str) -> None:
    requirement = Requirement(text)
    operators = {item.operator for item in requirement.specifier}
    assert operators == {">=", "<"}
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    assert f"| {requirement.name} |" in page, "docs/dependencies.md does not say why it is needed"


def test_the_oldest_are_the_lower_bounds() -> None:
    found = list(oldest((ROOT / "pyproject.toml").read_text(encoding="utf-8")))
    assert len(found) == len(DECLARED)
    assert "packaging==23.2" in found
    with pytest.raises(ValueError, match="lower and an upper bound"):
        list(oldest('dependencies = [\n  "x>=1",\n]\n'))


@pytest.mark.parametrize(
    ("listed", "code", "says"),
    [
        ([{"name": "a", "version": "1", "vulns": []}], 0, "no known vulnerability in 1 packages"),
        ([{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1"}]}], 1, "a 1: PYSEC-1"),
        ([{"name": "a", "skip_reason": "gone"}], 0, "NOT CHECKED"),
        ([{"name": "a", "skip_reason": "gone"}, {"name": "b", "version": "1", "vulns": []}], 0, "not checked: a"),
        ("no route", 0, "NOT CHECKED"),
        ([], 0, "NOT CHECKED"),
    ],
)
def test_what_an_audit_comes_to(listed: list[dict[str, object]] | str, code: int, says: str) -> None:
    found, words = audit.verdict(listed)
    assert (found, says in words) == (code, True), words


def test_all_that_is_needed_is_audited() -> None:
    found = audit.needed(audit.declared())
    assert {"docker", "requests", "certifi", "attrs"} <= set(found)
    assert "hypothesis" not in found
    assert set(audit.declared()) == set(DECLARED)
