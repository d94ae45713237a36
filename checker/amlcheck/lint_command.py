"""`amlcheck lint`: options and configuration together, the run, its report and exit code."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlcheck import finishing, looking
from amlcheck.catalog import catalog
from amlcheck.concluding import report_of
from amlcheck.config import DEFAULT_PROFILE, Config, find_config, read_config
from amlcheck.discover import NO_ENVIRONMENT, find_files, is_environment_name
from amlcheck.errors import AmlcheckError, ConfigError
from amlcheck.exits import Exit
from amlcheck.judge import Circumstances, exit_code
from amlcheck.lint import LintOptions
from amlcheck.model import Report, Severity, SubjectReport
from amlcheck.policy.per_path import laid_over, others_below, patterns_for
from amlcheck.policy.selecting import with_selection
from amlcheck.profiles import Profile, load_profile, severity_of, with_flavour, with_requirements
from amlcheck.records import dataclass, replace
from amlcheck.remembering import runs
from amlcheck.report.harmless import in_text, one_line
from amlcheck.report.writing import outputs, write_report
from amlcheck.run import LintInterrupted, lint_all
from amlcheck.streams import say
from amlcheck.today import today

if TYPE_CHECKING:
    from amlcheck.image.base_image import BaseImages
    from amlcheck.policy.baseline import Baseline
    from amlcheck.remembering.files import FileMemory

PROGRESS_FROM = 50
SHOW_REPAIRS = frozenset({"sarif", "sarif-full", "html"})
"""Formats whose readers expect what would repair a finding. Each repair is proved by another check, which takes as long
again: for JSON it is looked for where --show-fixes asks for it."""


@dataclass(frozen=True)
class Settings:
    """Options and configuration together: what every command that judges needs."""

    config: Config
    lint: LintOptions
    flavour: str
    """The flavour's name, for the report."""
    fail_on: Severity | None
    """None where nothing is to fail."""
    allow_undecided: bool
    variants: Variants
    """What `[per-path]` says of single files."""
    baseline: Baseline | None = None
    """What is known already."""
    write_baseline: Path | None = None
    """Where to write what is found."""
    selected: bool = False
    """Whether only some of the rules are asked."""

    def at(self, name: str) -> LintOptions:
        """How one file is checked."""
        patterns = patterns_for(self.config, name)
        return self.variants.of(patterns) if patterns else self.lint

    def for_file(self, name: str) -> Settings:
        """The settings of a run that is about one file."""
        return replace(self, lint=self.at(name), flavour=self.flavour_at(name))

    def flavour_at(self, name: str) -> str:
        """The name of the flavour of one file."""
        patterns = patterns_for(self.config, name)
        return self.variants.flavour(patterns) if patterns else self.flavour


class Variants:
    """How files are checked under what the configuration says of single paths."""

    def __init__(self, options: argparse.Namespace, config: Config, bases: BaseImages | None) -> None:
        self._options, self._config, self._bases = options, config, bases
        self._made: dict[tuple[str, ...], LintOptions] = {}

    def flavour(self, patterns: tuple[str, ...]) -> str:
        """The name of the flavour where these patterns match."""
        return _flavour_name(self._options, laid_over(self._config, patterns))

    def of(self, patterns: tuple[str, ...]) -> LintOptions:
        """What holds where these patterns match, in their order. Raises AmlcheckError for what is wrong there."""
        if patterns not in self._made:
            changed = laid_over(self._config, patterns)
            try:
                self._made[patterns] = _lint_options(self._options, changed, self._bases)
            except AmlcheckError as error:
                said = re.sub(rf"^{re.escape(str(self._config.path))}(:\d+)?: ", "", str(error))
                place = self._config.where("per-path", patterns[-1])
                raise ConfigError(f'{place}: [per-path."{patterns[-1]}"]: {said}') from error
        return self._made[patterns]


def settings_of(options: argparse.Namespace) -> Settings:
    """What the options say, and where they say nothing the configuration. Raises AmlcheckError."""
    config = _config(options)
    if "format" in options:  # what is wrong with it is told before the work, not after it
        outputs(options, config)
    bases = _bases() if _either(options.resolve_base, config.get("resolve-base", False)) else None
    lint = _lint_options(options, config, bases)
    variants = Variants(options, config, bases)
    for pattern in config.get("per-path", {}):
        variants.of((pattern,))  # what is wrong is told, whether or not a file matches
    today()  # the same
    given = vars(options)
    return Settings(
        config=config,
        lint=lint,
        flavour=_flavour_name(options, config),
        fail_on=_fail_on(options, config),
        allow_undecided=_either(options.allow_undecided, config.get("allow-undecided", False)),
        variants=variants,
        baseline=_baseline(given, config),
        write_baseline=_write_baseline(given),
        selected=bool(given.get("select") or given.get("ignore")),
    )


def _flavour_name(options: argparse.Namespace, config: Config) -> str:
    return Path(options.flavour or config.get("flavour", "")).stem


def _lint_options(options: argparse.Namespace, config: Config, bases: BaseImages | None) -> LintOptions:
    return LintOptions(
        profile=_profile(options, config),
        circumstances=Circumstances(
            datasets=_either(options.datasets, config.get("datasets", False)),
            user_managed=_either(options.user_managed, config.get("user-managed", False)),
        ),
        target=options.target or config.get("target", ""),
        build_args=_build_args(options.build_arg or [], config),
        context=_context(options, config),
        bases=bases,
    )


def _baseline(given: Mapping[str, Any], config: Config) -> Baseline | None:
    """The baseline to compare with. Raises AmlcheckError."""
    if given.get("no_baseline") or given.get("write_baseline"):
        return None
    path = given.get("baseline") or config.get("baseline")
    if not path:
        return None
    from amlcheck.policy.baseline import read_baseline

    return read_baseline(Path(path) if given.get("baseline") else config.relative(path))


def _write_baseline(given: Mapping[str, Any]) -> Path | None:
    """Where the baseline is to be written. Raises AmlcheckError where it cannot be."""
    if not given.get("write_baseline"):
        return None
    if given.get("select") or given.get("ignore"):
        raise AmlcheckError(
            "--write-baseline: not with --select or --ignore: what the other rules find would be missing in it;"
            " turn rules off in the configuration ([rules])"
        )
    from amlcheck.policy.baseline import check_writable

    path = Path(given["write_baseline"])
    check_writable(path)
    return path


def run_lint(options: argparse.Namespace) -> Exit:
    """Checks and reports, and repairs where that is asked for. Raises AmlcheckError for what the user must change."""
    if options.fix or options.diff:
        from amlcheck.fix_command import run_fix

        return run_fix(options)
    if options.unsafe_fixes:
        raise AmlcheckError("--unsafe-fixes goes with --fix, or with --diff to look first")
    made = runs.current
    with finishing.finishing() as finish, looking.heard_by(made.looks) if made is not None else nullcontext():
        expected = any(output.format in SHOW_REPAIRS for output in outputs(options, _config(options)))
        asked = vars(options).get("show_fixes")
        shown = expected if asked is None else asked
        report, settings = lint_report(options, repairs=shown)
        write_report(report, options, settings.config)
    return Exit.INTERRUPTED if finish.interrupted else exit_code(report)


@dataclass(frozen=True)
class Run:
    """What a run is about: how it checks, and which files."""

    options: argparse.Namespace
    settings: Settings
    lint: LintOptions
    names: list[str]


def lint_report(options: argparse.Namespace, repairs: bool = False) -> tuple[Report, Settings]:
    """What `amlcheck lint` finds; nothing is written. Raises AmlcheckError for what the user must change.

    `repairs`: with what would repair it, which takes about as long again for each violation and finding.
    """
    run = planned(options)
    if repairs:
        from amlcheck.fix_command import with_repairs_shown

        return with_repairs_shown(run), run.settings
    return checked(run, run.lint), run.settings


def planned(options: argparse.Namespace) -> Run:
    """The settings and the files of a run. Raises AmlcheckError for what the user must change."""
    settings = settings_of(options)
    refused: dict[str, str] = {}
    names = find_files(options.paths, settings.config.get("exclude", []), refused)
    lint = replace(settings.lint, refused=refused)
    lint, names = with_environments(lint, names, options.environment, options.paths)
    return Run(options, settings, replace(lint, own=own_options(settings, lint, names)), names)


def checked(run: Run, lint: LintOptions) -> Report:
    """The report on all files of a run, checked with these options. Raises AmlcheckError where there is none."""
    options, settings, names = run.options, run.settings, run.names
    found, interrupted = _found(names, lint, options.paths, _memory(run, lint))
    subjects = [report for report in found if not _says_nothing(report, options.paths)]
    if not subjects:
        shown = ", ".join(options.paths) or "."
        raise AmlcheckError(
            f"{shown}: no Dockerfile and no environment file here; name the file to check (amlcheck lint PATH)"
        )
    report = replace(
        report_of(subjects, replace(settings, selected=settings.selected or interrupted)), interrupted=interrupted
    )
    not_read = (
        [
            f"{name}: not read, as the configuration is {settings.config.path} ([per-path] says what holds where)"
            if settings.config.path is not None
            else f"{name}: not read, as it is not at or above the working directory (--config {name} names it)"
            for name in others_below(settings.config, names)
        ]
        if not options.config and not options.no_config
        else []
    )
    return replace(report, notes=(*report.notes, *not_read))


def _memory(run: Run, lint: LintOptions) -> FileMemory | None:
    """What is remembered of files, where they are checked as they are on the disk."""
    if lint.changed or lint.bases is not None or getattr(run.options, "cache", True) is False:
        return None
    from amlcheck.remembering.files import FileMemory

    return FileMemory(lint, today().isoformat())


def _found(
    names: list[str], lint: LintOptions, paths: list[str], memory: FileMemory | None
) -> tuple[Sequence[SubjectReport], bool]:
    """The reports on all files; after Ctrl-C those on some, with one more that says so, and True."""
    try:
        with _progress(len(names)) as told:
            reports = lint_all(names, lint, told, memory)
            finishing.begin()
            return reports, False
    except LintInterrupted as interrupted:
        if not interrupted.reports:
            raise
        shown = f"{paths[0]} and {len(paths) - 1} more" if len(paths) > 3 else ", ".join(paths) or "."
        missing = (
            f"{shown}: interrupted: {len(interrupted.reports)} of {len(names)} files were checked; this is not all"
        )
        say(in_text(f"amlcheck: {one_line(missing)}"))
        return [*interrupted.reports, SubjectReport(shown, "dockerfile", error=missing)], True


def own_options(settings: Settings, lint: LintOptions, names: list[str]) -> dict[str, LintOptions]:
    """How the files are checked of which the configuration says something else."""
    if not settings.config.get("per-path"):
        return {}
    found = {name: settings.at(name) for name in names}
    return {
        name: replace(own, environments=lint.environments, dockerfiles=lint.dockerfiles, named=lint.named)
        for name, own in found.items()
        if own is not settings.lint
    }


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


def _profile(options: argparse.Namespace, config: Config) -> Profile:
    known = catalog()
    flavour = options.flavour or config.get("flavour", "")
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
            place = config.where("rules", name)
            raise ConfigError(f"{place}: [rules]: there is no rule {name!r}; `amlcheck rules` lists them")
        try:
            rules[rule.id] = severity_of(severity, f"[rules] {name}")
        except ConfigError as error:
            raise ConfigError(f"{config.where('rules', name)}: {error}") from error
    given = vars(options)
    return with_selection(replace(profile, rules=rules), known, given.get("select") or (), given.get("ignore") or ())


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
            place = config.where("build-args", name)
            raise ConfigError(f'{place}: build-args: {name} must be a string: write it in quotes, as "3.10"')
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
    if context is not None and not (looking.at(context) and context.is_dir()):
        raise AmlcheckError(f"{context}: the build context is not a folder")
    return context


def _fail_on(options: argparse.Namespace, config: Config) -> Severity | None:
    text = options.fail_on or config.get("fail-on", "error")
    if text == "never":
        return None
    if text not in ("error", "warning", "info"):
        raise ConfigError(
            f"{config.where('fail-on')}: fail-on: {text!r} is no severity; it is error, warning, info or never"
        )
    return Severity[text.upper()]


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
