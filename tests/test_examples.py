"""Acceptance: Microsoft's two sample Dockerfiles, and a project that violates five requirements at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlcheck.model import SubjectReport, Verdict
from support import ROOT, check, findings, judgement, locations, words_at

OLD, NEW = ROOT / "examples" / "azureml-2020-03" / "Dockerfile", ROOT / "examples" / "azureml-2021-04" / "Dockerfile"
FIVE = ROOT / "tests" / "projects" / "five-violations" / "Dockerfile"
Place = tuple[str, int, int, str]


def places(report: SubjectReport, component: str) -> list[Place]:
    """Every link of a verdict's chain: file, line, column and the words that stand there."""
    found = locations(judgement(report, component))
    return [(Path(item.path).name, item.line, item.column, words_at(report, item)) for item in found]


@pytest.fixture(scope="module")
def new() -> SubjectReport:
    return check(NEW)


@pytest.mark.parametrize(
    ("component", "found", "expected", "chain"),
    [
        ("ubuntu", "16.04", ">=16.04", [(1, 6, "ubuntu:16.04")]),
        ("conda", "4.7.12", ">=4.5", [(3, 19, "4.7.12"), (28, 22, "conda=${CONDA_VERSION}")]),
        ("python", "3.7", ">=3.6", [(4, 20, "3.7"), (28, 45, "python=${PYTHON_VERSION}")]),
        (
            "azureml-defaults",
            "1.13.0",
            ">=1.0.45",
            [(5, 25, "1.13.0"), (29, 17, "azureml-defaults==${AZUREML_SDK_VERSION}")],
        ),
    ],
)
def test_sample_of_2021(
    new: SubjectReport, component: str, found: str, expected: str, chain: list[tuple[int, int, str]]
) -> None:
    item = judgement(new, component)
    assert (item.verdict, item.found, item.expected) == (Verdict.MET, found, expected)
    assert places(new, component) == [("Dockerfile", *place) for place in chain]


def test_sample_of_2021_without_conda_install_is_known_by_its_installer(tmp_path: Path) -> None:
    """Without the last RUN the URL decides, through the same ARG."""
    path = tmp_path / "Dockerfile"
    path.write_text("".join(NEW.read_text().splitlines(keepends=True)[:26]))
    report = check(path)
    assert judgement(report, "conda").found == "4.7.12"
    first, use = places(report, "conda")
    assert first == ("Dockerfile", 3, 19, "4.7.12")
    assert use[1] == 22
    assert use[3].startswith("https://repo.anaconda.com/miniconda/Miniconda3-${CONDA_VERSION}")


def test_sample_of_2021_asks_for_libfuse_only_with_datasets(new: SubjectReport) -> None:
    assert judgement(new, "libfuse").verdict is Verdict.NOT_APPLICABLE
    assert judgement(check(NEW, "--datasets"), "libfuse").verdict is Verdict.MET


def test_sample_of_2021_installs_fuse_without_libfuse_dev(new: SubjectReport) -> None:
    (finding,) = findings(new, "AML206")
    assert finding.location is not None
    assert (finding.location.line, finding.location.column) == (14, 24)
    assert words_at(new, finding.location) == "fuse"
    assert "libfuse-dev" in finding.message


def test_sample_of_2021_names_a_prefix_where_nothing_is(new: SubjectReport) -> None:
    (finding,) = findings(new, "AML203")
    assert finding.location is not None
    assert (finding.location.line, finding.location.column) == (9, 10)
    assert "/opt/miniconda/bin" in finding.message
    assert "/home/dockeruser/miniconda" in finding.message


def test_sample_of_2021_can_be_built(new: SubjectReport) -> None:
    assert findings(new, "AML001") == []


def test_sample_of_2020_in_its_own_profile() -> None:
    report = check(OLD, "--profile azureml-2020-03")
    for component, found in {"ubuntu": "16.04", "conda": "4.5.12", "python": "3.6"}.items():
        item = judgement(report, component)
        assert (item.verdict, item.found) == (Verdict.MET, found)
    assert places(report, "python") == [
        ("Dockerfile", 4, 20, "3.6"),
        ("Dockerfile", 19, 45, "python=${PYTHON_VERSION}"),
    ]
    assert judgement(report, "azureml-defaults").verdict is Verdict.UNDECIDED


@pytest.mark.parametrize(("version", "verdict"), [("3.5", Verdict.MET), ("3.7", Verdict.VIOLATED)])
def test_sample_of_2020_with_another_python(version: str, verdict: Verdict) -> None:
    report = check(OLD, f"--profile azureml-2020-03 --build-arg PYTHON_VERSION={version}")
    item = judgement(report, "python")
    assert (item.verdict, item.found, item.expected) == (verdict, version, "3.5 | 3.6")
    assert places(report, "python")[0] == ("Dockerfile", 4, 5, "PYTHON_VERSION")
    newer = check(OLD, f"--profile azureml-2021-04 --build-arg PYTHON_VERSION={version}")
    assert judgement(newer, "python").verdict is (Verdict.MET if version == "3.7" else Verdict.VIOLATED)


FIVE_FOUND = {
    "ubuntu": ("14.04", [("Dockerfile", 1, 20, "14.04"), ("Dockerfile", 2, 6, "ubuntu:${UBUNTU_VERSION}")]),
    "conda": (
        "4.3.11",
        [("Dockerfile", 9, 18, "https://repo.anaconda.com/miniconda/Miniconda3-4.3.11-Linux-x86_64.sh")],
    ),
    "python": ("3.5", [("environment.yml", 5, 5, "python=3.5"), ("Dockerfile", 15, 41, "environment.yml")]),
    "libfuse": ("absent", [("Dockerfile", 1, 20, "14.04"), ("Dockerfile", 2, 6, "ubuntu:${UBUNTU_VERSION}")]),
    "azureml-defaults": (
        "1.0.40",
        [("environment.yml", 8, 9, "azureml-defaults==1.0.40"), ("Dockerfile", 15, 41, "environment.yml")],
    ),
}


@pytest.mark.parametrize("component", FIVE_FOUND)
def test_five_violations(component: str) -> None:
    report = check(FIVE, "--datasets")
    found, chain = FIVE_FOUND[component]
    item = judgement(report, component)
    assert (item.verdict, item.found) == (Verdict.VIOLATED, found)
    assert places(report, component) == chain
    assert item.fix
    assert item.source
