"""Shared fixtures: the catalogue, one-line access to the whole static check, and the engine and images of live tests."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from amlcheck.catalog import Catalog, catalog
from amlcheck.dockerfile.context import Context
from amlcheck.judge import Circumstances
from amlcheck.lint import LintOptions, lint_text
from amlcheck.model import SubjectReport
from amlcheck.profiles import load_profile, with_flavour, with_requirements
from private_engine import Engine, NoEngineError, engine_for_tests

# A gate gives the same answer twice; at the desk, every run tries something new.
settings.register_profile("gate", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("gate")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As in the background of a shell: whatever is started here would not hear Ctrl-C either.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)

if TYPE_CHECKING:
    from chromium import Chromium
    from images.builder import Builder
    from small_images import SmallImages

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


_ENGINE = "engine_of_tests"
"""The fixture that makes a test live."""
_notes = pytest.StashKey[list[str]]()
"""What the end of the run says of the live tests: why they were skipped, what was built."""


@pytest.fixture(scope="session")
def engine_of_tests(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine, which is also DOCKER_HOST for the rest of the run."""
    with contextlib.ExitStack() as stack:
        try:
            engine = stack.enter_context(engine_for_tests())
        except NoEngineError as error:
            if os.environ.get("CI"):
                pytest.fail(f"no engine for live tests: {error}", pytrace=False)
            request.config.stash.setdefault(_notes, []).append(f"live tests were skipped: {error}")
            pytest.skip(str(error))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("DOCKER_HOST", engine.address)
        yield engine


@pytest.fixture(scope="session")
def docker_host(engine_of_tests: Engine) -> str:
    """The address of an engine, as DOCKER_HOST has it.

    Tests that use it are live: they are skipped where no engine can be had, with one line that says why, and fail there
    under CI.
    """
    return engine_of_tests.address


@pytest.fixture(scope="session")
def builder(engine_of_tests: Engine, request: pytest.FixtureRequest) -> Iterator[Builder]:
    """Builds test images; for what `built` and `exported` do not do."""
    from images.builder import Builder

    say = request.config.stash.setdefault(_notes, []).append
    with contextlib.closing(Builder(engine_of_tests.address, say, prune=engine_of_tests.private)) as made:
        yield made


@pytest.fixture(scope="session")
def built(builder: Builder) -> Callable[[str], str]:
    """`built("compliant")` is the name of that test image in the engine, built unless it is there."""
    return builder.build


@pytest.fixture(scope="session")
def exported(builder: Builder) -> Callable[[str, str], str]:
    """`exported("compliant", "oci")` is that test image as a file, as amlcheck is told it: "oci:…/compliant-….oci:compliant".

    The forms are docker-archive, oci, oci-archive and rootfs.
    """
    from images import exports

    def export(name: str, form: str) -> str:
        if form == "docker-archive":
            return f"{form}:{exports.docker_archive(builder, name)}"
        if form == "oci":
            return f"{form}:{exports.oci_layout(builder, name)}:{name}"
        if form == "oci-archive":
            return f"{form}:{exports.by_skopeo(builder, name, form, 'gzip')}"
        assert form == "rootfs", form
        return f"{form}:{exports.root_file_system(builder, name)}"

    return export


@pytest.fixture(scope="session")
def small_images(docker_host: str) -> Iterator[SmallImages]:
    """Makes images of a few files."""
    import docker

    from small_images import SmallImages

    with contextlib.closing(docker.DockerClient(base_url=docker_host, version="auto")) as client:
        images = SmallImages(client)
        yield images
        images.remove()


@pytest.fixture(scope="session")
def chromium(request: pytest.FixtureRequest) -> Iterator[Chromium]:
    """A browser for the whole run. Without one its tests are skipped, with one line, and fail under CI."""
    from chromium import Chromium, chromium_program

    program = chromium_program()
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium for the tests of the HTML report", pytrace=False)
        reason = "no Chromium (Debian's package chromium): the HTML report was not opened in a browser"
        request.config.stash.setdefault(_notes, []).append(f"tests were skipped: {reason}")
        pytest.skip(reason)
    with contextlib.closing(Chromium(program)) as browser:
        yield browser


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _ENGINE in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.live)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under CI a live test that is skipped, for whatever reason, has failed."""
    report = yield
    if report.skipped and os.environ.get("CI") and item.get_closest_marker("live") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped under CI: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for line in config.stash.get(_notes, []):
        terminalreporter.write_line(line)
