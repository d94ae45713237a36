"""`amlcheck check`: lint, build, probe, score, reconcile; one report and one exit code for all of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from amlcheck.catalog import Catalog, catalog
from amlcheck.concluding import report_of
from amlcheck.deployment import verdict
from amlcheck.deployment.deploy import deploy
from amlcheck.deployment.model import Deployment
from amlcheck.deployment.options import DeployOptions
from amlcheck.deployment.payload import parse_request
from amlcheck.environment.judging import Supplied
from amlcheck.errors import AmlcheckError
from amlcheck.exits import Exit
from amlcheck.image.building import BuildFailedError, BuildOptions, BuiltImage, build
from amlcheck.image.engine import Engine, NoEngineError
from amlcheck.image.image import Image, parse_image
from amlcheck.image.ownership import ending_cleanly, give_up
from amlcheck.image.sources import OpenOptions, open_image
from amlcheck.judge import exit_code
from amlcheck.lint import lint_file
from amlcheck.lint_command import Settings, settings_of
from amlcheck.model import (
    COMPONENTS,
    Evidence,
    Finding,
    Origin,
    SubjectReport,
    Unknown,
    Witness,
)
from amlcheck.probe import ProbeOptions, probe_image, rejudged
from amlcheck.probe_command import supplied_of
from amlcheck.probing import Probes, load_probes
from amlcheck.project import Project, find_project
from amlcheck.records import dataclass, replace
from amlcheck.report.writing import write_report
from amlcheck.score_command import options_of

BUILD_FAILED = "AML503"
Told = Callable[[str], None]


@dataclass(frozen=True)
class _What:
    """What is checked: a Dockerfile, an image, or both."""

    name: str
    """As the report calls it."""
    dockerfile: Path | None
    image: str
    """Empty where it has to be built."""
    project: Project | None


def run_check(options: argparse.Namespace) -> Exit:
    """Runs the whole chain and reports. Raises AmlcheckError for what the user must change."""
    settings = settings_of(options)
    known = catalog()
    what = _what(options, settings)
    if what.dockerfile is not None:
        settings = settings.for_file(str(what.dockerfile))
    _configured(options, settings)
    deploying = _deploying(options, what.project)
    supplied = supplied_of(known, options.environment)
    probes = load_probes(known, [Path(folder) for folder in options.probes or []])
    with ending_cleanly(), progress() as told:
        subject = _Chain(known, probes, settings, options, what, deploying, supplied, told).run()
    report = report_of((subject,), settings)
    write_report(report, options, settings.config)
    return exit_code(report)


def _what(options: argparse.Namespace, settings: Settings) -> _What:
    """What the argument, or the configuration, or else this folder is. Raises AmlcheckError."""
    given = options.what
    path = Path(given) if given else _from_here(settings.config.relative("."))
    dockerfile = options.dockerfile or settings.config.get("dockerfile")
    if not options.dockerfile and dockerfile:
        dockerfile = str(_from_here(settings.config.relative(dockerfile)))
    if given and not path.exists():
        if given.startswith((".", "/")) or given.lower().endswith("dockerfile"):
            raise AmlcheckError(f"{given}: is neither here, nor the name of an image")
        return _What(given, Path(dockerfile) if dockerfile else None, parse_image(given).name, None)
    if path.is_file():
        return _What(str(path), path, "", find_project(path.parent))
    project = find_project(path)
    chosen = Path(dockerfile) if dockerfile else project.dockerfile
    if options.image:
        return _What(options.image, chosen, options.image, project)
    if chosen is None:
        raise AmlcheckError(f"{path}: no Dockerfile in this folder; name one, or an image (amlcheck check IMAGE)")
    return _What(str(chosen), chosen, "", project)


def _from_here(path: Path) -> Path:
    """A path of the configuration as the user would write it: from the working directory, where it is below that."""
    try:
        return path.relative_to(Path.cwd())
    except (OSError, ValueError):
        return path


def _configured(options: argparse.Namespace, settings: Settings) -> None:
    """What the command line leaves open of the deployment, from the configuration, whose paths start at its own folder."""
    config = settings.config
    for key in ("entry-script", "model", "conda-file"):
        name = key.replace("-", "_")
        if getattr(options, name) is None and config.get(key):
            setattr(options, name, str(config.relative(config.get(key))))
    for key in ("request", "expect"):
        if getattr(options, key) is None and config.get(key):
            setattr(options, key, [_file_or_text(config.relative(item), item) for item in config.get(key)])


def _file_or_text(path: Path, text: str) -> str:
    """The path of a file that is there; anything else is JSON or a status."""
    try:
        return str(path) if path.is_file() else text
    except OSError:
        return text


def _deploying(options: argparse.Namespace, project: Project | None) -> DeployOptions:
    """What the command line asks of the deployment, and where it says nothing what the project has. Raises AmlcheckError."""
    given = options_of(options)
    if project is None:
        return given
    script = given.script
    if script is not None:
        return given
    if given.mode in ("auto", "entry-script", "v2-local") and given.routes is None:
        script = project.entry_script
    own = script is not None
    made = replace(
        given,
        script=script,
        source=given.source or (script.parent if own and script is not None else None),
        model=given.model or (project.model if own else None),
        conda_file=given.conda_file or (project.conda_file if own else None),
        requests=given.requests or ((parse_request(str(project.request)),) if own and project.request else ()),
    )
    made.check()
    return made


@dataclass
class _Chain:
    known: Catalog
    probes: Probes
    settings: Settings
    options: argparse.Namespace
    what: _What
    deploying: DeployOptions
    supplied: Supplied | None
    told: Told

    def run(self) -> SubjectReport:
        static = self._lint()
        if static is not None and static.error:
            return static
        try:
            engine = Engine.connect()
        except NoEngineError as error:
            return self._without(
                static, f"the image was not {'built, ' if not self.what.image else ''}probed or run: {error.why}"
            )
        try:
            return self._with(engine, static)
        finally:
            engine.close()

    def _lint(self) -> SubjectReport | None:
        if self.what.dockerfile is None:
            return None
        self.told("reading the Dockerfile")
        return lint_file(self.known, self.what.dockerfile, str(self.what.dockerfile), self.settings.lint)

    def _with(self, engine: Engine, static: SubjectReport | None) -> SubjectReport:
        try:
            built = self._built(engine)
        except BuildFailedError as error:
            report = self._without(
                static, f"the image was not probed or run: it does not build ({error.step or 'at once'})"
            )
            return replace(report, findings=(*report.findings, *self._build_failed(error)))
        try:
            report = self._scored(engine, built.name, self._probed(built.name, static))
        except Exception:
            give_up(built.close)
            raise
        # An interrupt leaves it to `ending_cleanly`, which ends containers first: an image that is in use stays.
        built.close()
        return report

    def _built(self, engine: Engine) -> BuiltImage:
        """The image, built where it has to be."""
        if self.what.image:
            return BuiltImage(self.what.image, lambda: None)
        if self.options.no_build:
            raise AmlcheckError("--no-build needs an image: add --image NAME, or name it instead of the Dockerfile")
        assert self.what.dockerfile is not None
        lint = self.settings.lint
        return build(
            engine,
            BuildOptions(
                dockerfile=self.what.dockerfile,
                context=lint.context or self.what.dockerfile.parent,
                target=lint.target,
                arguments=lint.build_args,
                network=self.options.build_network or "",
                tag=self.options.tag or "",
            ),
            self.told,
        )

    def _build_failed(self, error: BuildFailedError) -> list[Finding]:
        rule = self.known.rule(BUILD_FAILED)
        assert rule is not None
        severity = self.settings.lint.profile.rules.get(BUILD_FAILED, rule.severity)
        if severity is None:
            return []
        log = tuple(Evidence(line, note="build") for line in error.log[-8:])
        where = f"step {error.step}: " if error.step else ""
        return [Finding(BUILD_FAILED, severity, f"{where}{error}", fix=rule.fix, related=log)]

    def _probed(self, name: str, static: SubjectReport | None) -> SubjectReport:
        self.told("asking the image")
        wanted = self.probes.wanted
        opening = OpenOptions(
            pull=self.options.pull, platform=self.options.platform, gpus=self.options.gpus or "", told=self.told
        )
        image: Image = open_image(
            parse_image(f"docker-daemon:{name}" if not self.what.image else name), wanted, opening
        )
        try:
            profile, circumstances = self.settings.lint.profile, self.settings.lint.circumstances
            report = probe_image(
                self.known, self.probes, image, ProbeOptions(profile, circumstances), static, self.supplied
            )
        finally:
            image.close()
        return replace(report, subject=self.what.name)

    def _scored(self, engine: Engine, name: str, report: SubjectReport) -> SubjectReport:
        def told(text: str) -> None:
            self.told(f"test deployment: {text}")

        deployment: Deployment = deploy(name, self.deploying, engine, told)
        profile = self.settings.lint.profile
        judged = rejudged(self.known, report, verdict.witnesses(deployment), self._probe_options())
        found = tuple(verdict.findings(deployment, self.known, profile))
        return replace(
            judged,
            findings=(*judged.findings, *found),
            notes=(*judged.notes, *deployment.notes),
            deployment=replace(deployment, image=self.what.name),
        )

    def _probe_options(self) -> ProbeOptions:
        return ProbeOptions(self.settings.lint.profile, self.settings.lint.circumstances)

    def _without(self, static: SubjectReport | None, reason: str) -> SubjectReport:
        """What the Dockerfile alone says: it may convict, but it cannot acquit."""
        empty = SubjectReport(self.what.name, "image", notes=(reason,))
        if static is None:
            return replace(empty, notes=(), error=reason)
        unseen = {name: Witness(Origin.LIVE, Unknown(name, "the image was not looked at")) for name in COMPONENTS}
        report = replace(static, subject=self.what.name, notes=(*static.notes, reason))
        return rejudged(self.known, report, unseen, self._probe_options())


@contextmanager
def progress() -> Iterator[Told]:
    """A line on standard error that shows the stage, for a terminal only."""
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda text: bar.update(task, description=text)
