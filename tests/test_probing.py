"""Loading and asking probes, the built-in ones and a user's, and those that fail; Dockerfile and image reconciled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from amlcheck.catalog import Catalog
from amlcheck.environment.judging import supplied_by
from amlcheck.errors import ConfigError
from amlcheck.image.image import Image
from amlcheck.judge import Circumstances
from amlcheck.lint import LintOptions, lint_text
from amlcheck.model import COMPONENTS, Finding, Judgement, Origin, Severity, SubjectReport, Verdict
from amlcheck.probe import ProbeOptions, probe_image
from amlcheck.probing import Probes, load_probes
from amlcheck.profiles import load_profile, with_flavour, with_requirements
from tree_of_dict import Content, image_of

UBUNTU = 'NAME="Ubuntu"\nID=ubuntu\nVERSION_ID="{}"\n'
GIT = "Package: git\nStatus: install ok installed\nVersion: 1:2.34.1-1ubuntu1.9\n\n"
FILES: Mapping[str, Content] = {
    "/etc/os-release": UBUNTU.format("22.04"),
    "/var/lib/dpkg/status": GIT,
    "/usr/bin/git": "",
}


@pytest.fixture(scope="module")
def probes(known: Catalog) -> Probes:
    return load_probes(known)


def report(
    known: Catalog,
    probes: Probes,
    image: Image,
    *,
    dockerfile: str = "",
    require: tuple[str, ...] = (),
    flavour: str = "",
    user_managed: bool = False,
) -> SubjectReport:
    profile = with_requirements(load_profile(known, "azureml-2021-04"), require)
    if flavour:
        profile = with_flavour(known, profile, flavour)
    circumstances = Circumstances(user_managed=user_managed)
    static = None
    if dockerfile:
        static = lint_text(known, "Dockerfile", dockerfile, None, LintOptions(profile, circumstances))
    return probe_image(known, probes, image, ProbeOptions(profile, circumstances), static)


def verdict(found: SubjectReport, component: str) -> Judgement:
    return next(item for item in found.judgements if item.component == component)


def findings(found: SubjectReport, rule: str) -> list[Finding]:
    return [item for item in found.findings if item.rule == rule]


def own(folder: Path, text: str, name: str = "own.py") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_every_component_has_a_probe_with_a_page_and_a_place_it_looked(known: Catalog, probes: Probes) -> None:
    assert sorted(probe.component for probe in probes.built_in if probe.component) == sorted(COMPONENTS)
    for probe in probes.built_in:
        assert probe.page.splitlines()[0]
        assert all(known.rule(identifier) is not None for identifier in probe.checks)
        if probe.component:
            assert probe.searched != "the whole image"


def test_every_component_is_told_with_its_witness(known: Catalog, probes: Probes) -> None:
    found = report(known, probes, image_of(FILES))
    assert [item.component for item in found.judgements] == list(COMPONENTS)
    for item in found.judgements:
        assert [witness.origin for witness in item.witnesses] == [Origin.LIVE]
        assert item.rule == known.requirements[item.component].id
    assert verdict(found, "ubuntu").verdict is Verdict.MET
    assert verdict(found, "conda").verdict is Verdict.VIOLATED
    assert found.kind == "image"


PROMISE = "FROM ubuntu:{}\nRUN apt-get update && apt-get install -y git\n"


@pytest.mark.parametrize(
    ("promised", "real", "expected", "disagrees"),
    [
        ("22.04", "22.04", Verdict.MET, False),
        ("22.04", "14.04", Verdict.VIOLATED, True),
        ("14.04", "22.04", Verdict.MET, True),
        ("${UNKNOWN}", "22.04", Verdict.MET, False),
        ("${UNKNOWN}", "14.04", Verdict.VIOLATED, False),
        ("20.04", "22.04", Verdict.MET, True),
    ],
)
def test_dockerfile_and_image_are_reconciled(
    known: Catalog, probes: Probes, promised: str, real: str, expected: Verdict, disagrees: bool
) -> None:
    files = {**FILES, "/etc/os-release": UBUNTU.format(real)}
    found = report(known, probes, image_of(files), dockerfile=PROMISE.format(promised))
    judged = verdict(found, "ubuntu")
    assert judged.verdict is expected
    assert judged.found == real
    assert [witness.origin for witness in judged.witnesses] == [Origin.STATIC, Origin.LIVE]
    told = [item for item in findings(found, "AML401") if item.message.startswith("ubuntu")]
    assert bool(told) is disagrees
    if disagrees:
        assert told[0].message == f"ubuntu: the Dockerfile says {promised}, the image has {real}"
        assert told[0].location is not None
        assert told[0].location.line == 1


def test_a_promise_that_the_image_does_not_show_is_undecided(known: Catalog, probes: Probes) -> None:
    files = {**FILES, "/etc/os-release": b"\xff" * (17 << 20)}
    found = report(known, probes, image_of(files), dockerfile=PROMISE.format("22.04"))
    assert verdict(found, "ubuntu").verdict is Verdict.UNDECIDED


def test_a_violation_in_the_dockerfile_stands_where_the_image_cannot_tell(known: Catalog, probes: Probes) -> None:
    files = {**FILES, "/etc/os-release": b"\xff" * (17 << 20)}
    found = report(known, probes, image_of(files), dockerfile=PROMISE.format("14.04"))
    assert verdict(found, "ubuntu").verdict is Verdict.VIOLATED


def test_a_finding_of_both_is_told_once_at_its_place(known: Catalog, probes: Probes) -> None:
    found = report(known, probes, image_of(FILES), dockerfile=PROMISE.format("22.04"))
    rules = [item.rule for item in found.findings if item.location is None]
    assert len(rules) == len(set(rules))


def test_a_user_s_probe_reports_under_its_own_name(known: Catalog, tmp_path: Path) -> None:
    text = '''"""The certificate is installed"""
from amlcheck.model import Notice, Severity

ID = "ORG001"
SEVERITY = Severity.ERROR
FIX = "install it"


def check(host, image):
    if not image.files.find("*/company.crt"):
        yield Notice("no certificate")
'''
    probes = load_probes(known, [own(tmp_path, text)])
    [finding] = findings(report(known, probes, image_of(FILES)), "ORG001")
    assert (finding.severity, finding.message, finding.fix) == (Severity.ERROR, "no certificate", "install it")
    assert not findings(report(known, probes, image_of({**FILES, "/etc/company.crt": "x"})), "ORG001")


def test_a_user_s_probe_adds_to_what_is_known_of_a_component(known: Catalog, tmp_path: Path) -> None:
    text = '''"""Our git"""
from amlcheck.image.survey import Sighting
from amlcheck.model import in_file, version

COMPONENT = "git"


def testify(host, image):
    yield Sighting(version("2.50.1"), (in_file("/our/git/VERSION", "2.50.1"),), "/our/git")
'''
    probes = load_probes(known, [own(tmp_path, text)])
    assert verdict(report(known, probes, image_of({"/etc/os-release": "ID=x"})), "git").found == "2.50.1"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("raise KeyError('no')", "failed: KeyError: 'no'"),
        ("yield 3", "gave no use"),
        ("return 3", "failed: TypeError"),
        ("raise RuntimeError('long ' * 1000)", "…"),
        ("host.run('true')", "nothing can be run"),
        (
            "from amlcheck.image.tree import UnseenError; raise UnseenError('the search never ended')",
            "the search never ended",
        ),
    ],
)
def test_a_probe_that_fails_leaves_its_component_undecided(
    known: Catalog, tmp_path: Path, body: str, says: str
) -> None:
    text = f'"""Broken"""\nCOMPONENT = "mpi"\n\n\ndef testify(host, image):\n    {body}\n    yield from ()\n'
    if body.startswith("return"):
        text = text.replace("    yield from ()\n", "")
    probes = load_probes(known, [own(tmp_path, text)])
    judged = verdict(report(known, probes, image_of(FILES), require=("mpi",)), "mpi")
    assert judged.verdict is Verdict.UNDECIDED
    assert says in judged.reason
    assert len(judged.reason) < 500
    assert verdict(report(known, probes, image_of(FILES)), "ubuntu").verdict is Verdict.MET


def test_a_check_that_fails_is_a_finding(known: Catalog, tmp_path: Path) -> None:
    text = '"""Broken"""\nID = "ORG001"\n\n\ndef check(host, image):\n    raise KeyError("no")\n'
    probes = load_probes(known, [own(tmp_path, text)])
    [finding] = findings(report(known, probes, image_of(FILES)), "AML000")
    assert "own" in finding.message
    assert "KeyError" in finding.message


def test_a_check_that_needs_a_program_is_told_as_not_checked(known: Catalog, tmp_path: Path) -> None:
    text = '"""Runs"""\nID = "ORG001"\n\n\ndef check(host, image):\n    host.run("true")\n    yield from ()\n'
    probes = load_probes(known, [own(tmp_path, text)])
    [finding] = findings(report(known, probes, image_of(FILES)), "ORG001")
    assert finding.message.startswith("not checked: ")
    assert finding.severity is Severity.INFO


CHECK = "\n\n\ndef check(host, image):\n    yield from ()\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('"""Page"""\nID = "AML999"' + CHECK, "must be one of your own such as ORG001, and is 'AML999'"),
        ('"""Page"""\nID = ""' + CHECK, "must be one of your own"),
        ('"""Page"""' + CHECK, "must be one of your own"),
        ('"""Page"""\n', "a probe needs testify(host, image), or ID and check(host, image)"),
        ('"""Page"""\nCOMPONENT = "mpy"\n\n\ndef testify(host, image):\n    yield\n', "COMPONENT must be one of"),
        ('"""Page"""\nID = "ORG001"\nWANTED = 3' + CHECK, "WANTED must be"),
        ("def broken(:\n", "cannot be loaded: SyntaxError"),
    ],
)
def test_a_probe_that_cannot_be_used_is_refused(known: Catalog, tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as told:
        load_probes(known, [own(tmp_path, text)])
    assert str(told.value).startswith(str(tmp_path / "own.py"))
    assert says in str(told.value)


def test_two_probes_of_one_id_are_refused(known: Catalog, tmp_path: Path) -> None:
    text = '"""Page"""\nID = "ORG001"' + CHECK
    own(tmp_path, text)
    with pytest.raises(ConfigError, match="two probes have the ID ORG001"):
        load_probes(known, [own(tmp_path, text, "other.py")])


def test_a_folder_without_probes_is_refused(known: Catalog, tmp_path: Path) -> None:
    own(tmp_path, "raise RuntimeError", "test_them.py")
    own(tmp_path, "raise RuntimeError", "conftest.py")
    with pytest.raises(ConfigError, match="has no probes"):
        load_probes(known, [tmp_path])
    with pytest.raises(ConfigError, match="is no folder of probes"):
        load_probes(known, [tmp_path / "missing"])


def test_an_environment_on_top_of_the_image_is_a_witness(known: Catalog, probes: Probes, tmp_path: Path) -> None:
    path = tmp_path / "environment.yml"
    path.write_text(
        "name: x\nchannels: [conda-forge]\ndependencies:\n  - python=3.10\n  - pip=24.0\n"
        "  - pip:\n      - azureml-defaults==1.62.0\n"
    )
    options = ProbeOptions(load_profile(known, "azureml-2021-04"))
    found = probe_image(known, probes, image_of(FILES), options, None, supplied_by(known, str(path)))
    judged = verdict(found, "azureml-defaults")
    assert (judged.verdict, judged.found) == (Verdict.MET, "1.62.0")
    assert [witness.origin for witness in judged.witnesses] == [Origin.LIVE, Origin.ENVIRONMENT]
    assert verdict(found, "python").found == "3.10"
    assert str(path) in found.sources
