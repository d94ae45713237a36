"""`amlcheck lint`: options and configuration together, the run, its report and exit code."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from amlcheck.catalog import catalog
from amlcheck.config import DEFAULT_PROFILE, Config, find_config, read_config
from amlcheck.discover import NO_ENVIRONMENT, find_files, is_environment_name
from amlcheck.errors import AmlcheckError, ConfigError
from amlcheck.exits import Exit
from amlcheck.judge import Circumstances, exit_code
from amlcheck.lint import LintOptions
from amlcheck.model import Report, Severity, SubjectReport
from amlcheck.profiles import Profile, load_profile, severity_of, with_flavour, with_requirements
from amlcheck.records import dataclass, replace
from amlcheck.report import formats
from amlcheck.run import lint_all

if TYPE_CHECKING:
    from amlcheck.image.base_image import BaseImages

PROGRESS_FROM = 50


@dataclass(frozen=True)
class Settings:
    """Options and configuration together: what every command that judges needs."""

    config: Config
    lint: LintOptions
    flavour: str
    """The flavour's name, for the report."""
    fail_on: Severity
    allow_undecided: bool


def settings_of(options: argparse.Namespace) -> Settings:
    """What the options say, and where they say nothing the configuration. Raises AmlcheckError."""
    config = _config(options)
    flavour = options.flavour or config.get("flavour", "")
    return Settings(
        config=config,
        lint=LintOptions(
            profile=_profile(options, config, flavour),
            circumstances=Circumstances(
                datasets=_either(options.datasets, config.get("datasets", False)),
                user_managed=_either(options.user_managed, config.get("user-managed", False)),
            ),
            target=options.target or config.get("target", ""),
            build_args=_build_args(options.build_arg or [], config),
            context=_context(options, config),
            bases=_bases() if _either(options.resolve_base, config.get("resolve-base", False)) else None,
        ),
        flavour=Path(flavour).stem if flavour else "",
        fail_on=_fail_on(options, config),
        allow_undecided=_either(options.allow_undecided, config.get("allow-undecided", False)),
    )


def run_lint(options: argparse.Namespace) -> Exit:
    """Checks and reports. Raises AmlcheckError for what the user must change."""
    settings = settings_of(options)
    names = find_files(options.paths, settings.config.get("exclude", []))
    lint, names = with_environments(settings.lint, names, options.environment, options.paths)
    with _progress(len(names)) as told:
        subjects = [report for report in lint_all(names, lint, told) if not _says_nothing(report, options.paths)]
    if not subjects:
        shown = ", ".join(options.paths) or "."
        raise AmlcheckError(
            f"{shown}: no Dockerfile and no environment file here; name the file to check (amlcheck lint PATH)"
        )
    report = Report(
        profile=settings.lint.profile.name,
        subjects=tuple(subjects),
        flavour=settings.flavour,
        fail_on=settings.fail_on,
        allow_undecided=settings.allow_undecided,
    )
    write_report(report, options, settings.config)
    return exit_code(report)


def with_environments(
    lint: LintOptions, names: list[str], given: str | None, named: Sequence[str]
) -> tuple[LintOptions, list[str]]:
    """The options with which Dockerfile belongs to which environment. Raises AmlcheckError."""
    if given is None and not any(is_environment_name(name) for name in names):
        return lint, names
    from amlcheck.environment.pairing import pair

    pairs = pair(catalog(), names, given)
    known = replace(lint, environments=pairs.environments, dockerfiles=pairs.dockerfiles, named=frozenset(named))
    return known, pairs.names


def _says_nothing(report: SubjectReport, paths: list[str]) -> bool:
    """A file found in a folder that states no environment after all."""
    return report.kind == "environment" and report.error == NO_ENVIRONMENT and report.subject not in paths


def _config(options: argparse.Namespace) -> Config:
    if options.no_config:
        return Config()
    return read_config(Path(options.config)) if options.config else find_config(_here())


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError as error:
        raise AmlcheckError(
            f"the working directory cannot be found: {error.strerror or error}; change to one that is there"
        ) from error


def _either(given: bool | None, configured: bool) -> bool:
    return configured if given is None else given


def _profile(options: argparse.Namespace, config: Config, flavour: str) -> Profile:
    known = catalog()
    name = options.profile or _named(config, "profile") or DEFAULT_PROFILE
    with _told_of(config if not options.profile and config.get("profile") else None):
        profile = load_profile(known, name)
    if flavour:
        with _told_of(None if options.flavour else config):
            profile = with_flavour(known, profile, options.flavour or _named(config, "flavour"))
    with _told_of(config):
        profile = with_requirements(profile, config.get("require", []), "require")
    profile = with_requirements(profile, options.require or [])
    rules = dict(profile.rules)
    for name, severity in config.get("rules", {}).items():
        rule = known.rule(name)
        if rule is None:
            raise ConfigError(f"{config.path}: [rules]: there is no rule {name!r}; `amlcheck rules` lists them")
        rules[rule.id] = severity_of(severity, f"{config.path}: [rules] {name}")
    return replace(profile, rules=rules)


@contextmanager
def _told_of(config: Config | None) -> Iterator[None]:
    """What is wrong with a value of the configuration is told with the name of its file."""
    try:
        yield
    except AmlcheckError as error:
        if config is None or config.path is None or str(error).startswith(str(config.path)):
            raise
        raise ConfigError(f"{config.path}: {error}") from error


def _named(config: Config, key: str) -> str:
    """A profile's name, or the path of its file relative to the configuration."""
    value = str(config.get(key, ""))
    return str(config.relative(value)) if value.endswith(".toml") else value


def _build_args(given: list[str], config: Config) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in config.get("build-args", {}).items():
        if not isinstance(value, str):
            raise ConfigError(f'{config.path}: build-args: {name} must be a string: write it in quotes, as "3.10"')
        values[name] = value
    for text in given:
        name, equals, value = text.partition("=")
        if not name or (not equals and name not in os.environ):
            raise AmlcheckError(f"--build-arg {text!r}: write it as NAME=VALUE (or NAME, if it is in the environment)")
        values[name] = value if equals else os.environ[name]
    return values


def _bases() -> BaseImages:
    from amlcheck.image.base_image import BaseImages

    return BaseImages()


def _context(options: argparse.Namespace, config: Config) -> Path | None:
    context = Path(options.context) if options.context else None
    if context is None and config.get("context"):
        context = config.relative(config.get("context"))
    if context is not None and not context.is_dir():
        raise AmlcheckError(f"{context}: the build context is not a folder")
    return context


def _fail_on(options: argparse.Namespace, config: Config) -> Severity:
    text = options.fail_on or config.get("fail-on", "error")
    if text not in ("error", "warning", "info"):
        raise ConfigError(f"{config.path}: fail-on: {text!r} is no severity; it is error, warning or info")
    return Severity[text.upper()]


def write_report(report: Report, options: argparse.Namespace, config: Config) -> None:
    """Puts the report where it was asked for, in the format that was asked for. Raises AmlcheckError."""
    from amlcheck.cli import write

    format_name = options.format or config.get("format", "text")
    if format_name in formats.MACHINE:
        write(formats.render(format_name, report), options.output)
        return
    if format_name != "text":
        raise ConfigError(f"{config.path}: format: {format_name!r} is none; it is one of {', '.join(formats.NAMES)}")
    from amlcheck.report import text_report

    to_terminal = options.output in (None, "-") and sys.stdout is not None and sys.stdout.isatty()
    colour = options.color == "always" or (options.color == "auto" and to_terminal and "NO_COLOR" not in os.environ)
    columns = shutil.get_terminal_size((text_report.DEFAULT_WIDTH, 24)).columns
    width = columns if to_terminal or "COLUMNS" in os.environ else 100
    write(text_report.render(report, min(width, 120), colour), options.output)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, for many files and a terminal only."""
    if total < PROGRESS_FROM or not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("checking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.update(task, completed=done)
