"""Shared fixtures: the catalogue, and one-line access to the whole static check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from amlcheck.catalog import Catalog, catalog
from amlcheck.dockerfile.context import Context
from amlcheck.judge import Circumstances
from amlcheck.lint import LintOptions, lint_text
from amlcheck.model import SubjectReport
from amlcheck.profiles import load_profile, with_flavour, with_requirements

ROOT = Path(__file__).resolve().parent.parent
Lint = Callable[..., SubjectReport]


@pytest.fixture(scope="session")
def known() -> Catalog:
    """The catalogue of the installation under test."""
    return catalog()


@pytest.fixture(scope="session")
def lint(known: Catalog) -> Lint:
    """Checks a Dockerfile's text: `lint(text, datasets=True, flavour="openmpi-gpu", context=folder, …)`."""

    def run(
        text: str,
        *,
        profile: str = "azureml-2021-04",
        flavour: str = "",
        require: tuple[str, ...] = (),
        datasets: bool = False,
        user_managed: bool = False,
        target: str = "",
        build_args: Mapping[str, str] | None = None,
        context: Path | None = None,
    ) -> SubjectReport:
        asked = load_profile(known, profile)
        if flavour:
            asked = with_flavour(known, asked, flavour)
        options = LintOptions(
            with_requirements(asked, require), Circumstances(datasets, user_managed), target, build_args or {}, context
        )
        return lint_text(known, "Dockerfile", text, Context(context) if context is not None else None, options)

    return run
