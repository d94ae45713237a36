"""The images of a pytest run, and the built-in probes as tests of them. Registered by the plugin where --image is given."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from amlcheck.catalog import catalog, shipped_folder
from amlcheck.errors import AmlcheckError
from amlcheck.image.image import Image, parse_image
from amlcheck.image.sources import OpenOptions, open_image
from amlcheck.lint_command import Settings, settings_of
from amlcheck.model import Finding, Judgement, Severity, SubjectReport, Verdict
from amlcheck.probe import ProbeOptions, probe_image
from amlcheck.probing import Probe, load_probes
from amlcheck.report.harmless import plain
from amlcheck.report.text_report import told_evidence

PLUGIN = "amlcheck-images"
"""The name under which `Images` is registered."""
_PARAMETER = "_amlcheck_image"


class Images:
    """The images of this run: each opened when a test first asks for it, closed when the run ends."""

    def __init__(self, config: pytest.Config) -> None:
        """Raises pytest.UsageError for what the user must change."""
        self.config = config
        self.allow_undecided: bool = config.getoption("image_allow_undecided")
        self._opened: dict[str, Image] = {}
        self._reports: dict[str, SubjectReport] = {}
        self._folder = shipped_folder("probes", "__init__.py").resolve()
        try:
            self._settings = _settings(config)
            self._references = {text: parse_image(text) for text in config.getoption("image")}
            self._probes = load_probes(catalog())
        except AmlcheckError as error:
            raise pytest.UsageError(f"amlcheck: {error}") from error

    @property
    def names(self) -> list[str]:
        return list(self._references)

    def open(self, name: str) -> Image:
        """An image by its name as given. A failing test is what an image that cannot be had comes to."""
        if name not in self._opened:
            options = OpenOptions(
                pull=self.config.getoption("image_pull"),
                platform=self.config.getoption("image_platform"),
                execute=self.config.getoption("image_execute"),
                gpus=self.config.getoption("image_gpus"),
            )
            try:
                self._opened[name] = open_image(self._references[name], self._probes.wanted, options)
            except AmlcheckError as error:
                pytest.fail(f"amlcheck: {error}", pytrace=False)
        return self._opened[name]

    def report(self, name: str) -> SubjectReport:
        """What the built-in probes say of an image."""
        if name not in self._reports:
            options = ProbeOptions(self._settings.lint.profile, self._settings.lint.circumstances)
            self._reports[name] = probe_image(catalog(), self._probes, self.open(name), options)
        return self._reports[name]

    def fails(self, severity: Severity) -> bool:
        """Whether something of this severity fails a test."""
        return self._settings.fail_on is not None and severity >= self._settings.fail_on

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Every test that asks for an image runs once for each."""
        if _PARAMETER in metafunc.fixturenames:
            metafunc.parametrize(_PARAMETER, self.names, ids=self.names, indirect=True, scope="session")

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> ProbeFile | None:
        """The files of amlcheck.probes are tests of the images."""
        probe = self._probe(file_path)
        return None if probe is None else ProbeFile.from_parent(parent, path=file_path, images=self, probe=probe)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makemodule(self, module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """A probe that is named on the command line is no module of test functions, although `testify` looks like one."""
        return None if self._probe(module_path) is None else Nothing.from_parent(parent, path=module_path)

    def _probe(self, path: Path) -> Probe | None:
        if path.resolve().parent != self._folder:
            return None
        return next((probe for probe in self._probes.built_in if probe.name == path.stem.replace("_", "-")), None)

    def pytest_unconfigure(self) -> None:
        """Whatever was started ends."""
        for image in self._opened.values():
            image.close()


class Nothing(pytest.File):
    """A file without tests."""

    def collect(self) -> Iterable[pytest.Item]:
        return ()


class ProbeFile(pytest.File):
    """A built-in probe, as a test for each image."""

    def __init__(self, *, images: Images, probe: Probe, **given: Any) -> None:
        super().__init__(**given)
        self.images, self.probe = images, probe

    def collect(self) -> Iterator[pytest.Item]:
        for name in self.images.names:
            yield ProbeItem.from_parent(
                self, name=f"{self.probe.name}[{name}]", images=self.images, probe=self.probe, image_name=name
            )


class NotMetError(Exception):
    """What a probe found wrong; the text is all there is to say."""


class ProbeItem(pytest.Item):
    """One probe of one image: fails where its requirement is violated, or a check finds something that fails."""

    def __init__(self, *, images: Images, probe: Probe, image_name: str, **given: Any) -> None:
        super().__init__(**given)
        self.images, self.probe, self.image_name = images, probe, image_name

    def runtest(self) -> None:
        report = self.images.report(self.image_name)
        wrong = [
            f"{finding.rule}: {finding.message}"
            for finding in report.findings
            if finding.rule in self.probe.checks and self.images.fails(finding.severity)
        ]
        own = [judgement for judgement in report.judgements if judgement.component == self.probe.component]
        for judgement in own:
            wrong += self._wrong(judgement)
        if wrong:
            raise NotMetError(plain("\n".join(wrong)))
        for judgement in own:
            if judgement.verdict in (Verdict.UNDECIDED, Verdict.NOT_APPLICABLE):
                pytest.skip(plain(f"{judgement.verdict.value}: {judgement.reason}"))
        self._warn(report.findings)

    def _wrong(self, judgement: Judgement) -> list[str]:
        undecided = judgement.verdict is Verdict.UNDECIDED and not self.images.allow_undecided
        if (judgement.verdict is not Verdict.VIOLATED and not undecided) or not self.images.fails(judgement.severity):
            return []
        lines = [f"{judgement.component} is {judgement.verdict.value}: {judgement.reason}"]
        lines.append(
            f"  found {judgement.found or 'nothing that is known'}, expected {judgement.expected or 'nothing'}"
        )
        lines += [f"  {told_evidence(item)}" for item in judgement.witnesses[-1].testimony.evidence]
        return [*lines, f"  fix: {judgement.fix}"] if judgement.fix else lines

    def _warn(self, findings: Iterable[Finding]) -> None:
        """Findings too small to fail are pytest's warnings."""
        for finding in findings:
            if finding.rule in self.probe.checks:
                self.warn(pytest.PytestWarning(plain(f"{self.image_name}: {finding.rule}: {finding.message}")))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, NotMetError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, self.name


def _settings(config: pytest.Config) -> Settings:
    """As `amlcheck probe` would understand these options, with the configuration of the folder pytest runs in."""
    asked = argparse.Namespace(
        config=None,
        no_config=False,
        profile=config.getoption("image_profile"),
        flavour=config.getoption("image_flavour"),
        require=config.getoption("image_require"),
        datasets=config.getoption("image_datasets"),
        user_managed=config.getoption("image_user_managed"),
        target=None,
        build_arg=None,
        context=None,
        fail_on=None,
        allow_undecided=None,
        resolve_base=None,
    )
    return settings_of(asked)
