"""What the repairs of single rules write, to the letter, and where they keep their hands off."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from amlcheck.catalog import catalog
from amlcheck.environment.pairing import pair
from amlcheck.fixing.allowed import Allowed
from amlcheck.fixing.engine import Outcome, fix
from amlcheck.fixing.workspace import Workspace
from amlcheck.profiles import Profile
from amlcheck.records import replace
from amlcheck.run import lint_one
from amlcheck.today import VARIABLE
from support import options_of

CONDA = "name: model\nchannels: [conda-forge]\ndependencies:\n"
SCHEMA = "$schema: https://azuremlschemas.azureedge.net/latest/"
DEPLOYMENT = f"{SCHEMA}managedOnlineDeployment.schema.json\nname: blue\nendpoint_name: model\ninstance_type: a\n"


@dataclass
class Repaired:
    outcome: Outcome
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def rules(self) -> set[str]:
        return {item.rule for made in self.outcome.fixed for item in made.items}


@pytest.fixture(autouse=True)
def _a_day_and_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "2026-11-21")
    monkeypatch.chdir(tmp_path)


def repaired(files: dict[str, str], *rules: str, options: str = "", unsafe: bool = True) -> Repaired:
    """The files after all repairs of some rules; the other rules are off, but for requirements."""
    for name, text in files.items():
        Path(name).write_bytes(text.encode("utf-8", "surrogateescape"))
    given = options_of(options)
    known = catalog()
    severities = {rule.id: None if rule.check and rule.id not in rules else rule.severity for rule in known.rules}
    profile: Profile = replace(given.profile, rules=severities)
    pairs = pair(known, list(files))
    lint = replace(given, profile=profile, environments=pairs.environments, dockerfiles=pairs.dockerfiles)
    reports = [lint_one(known, name, lint) for name in pairs.names]
    workspace = Workspace(known, lint, Allowed.of(["."], pairs.names, None), reports)
    outcome = fix(workspace, [report.subject for report in reports if not report.error], unsafe)
    texts = dict(files)
    texts.update({path: after.decode("utf-8", "surrogateescape") for path, _, after in outcome.files})
    return Repaired(outcome, texts)


def dockerfile(text: str, *rules: str, options: str = "", unsafe: bool = True) -> str:
    return repaired({"Dockerfile": text}, *rules, options=options, unsafe=unsafe).texts["Dockerfile"]


# --- words of a Dockerfile -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("FROM ubuntu:22.04\nRUN a && \\\xa0\n    b\n", "FROM ubuntu:22.04\nRUN a && \\ \n    b\n"),
        ("FROM\xa0ubuntu:22.04\n", "FROM ubuntu:22.04\n"),
        ("FROM\u3000ubuntu:22.04\u3000AS\u3000x\r\n", "FROM ubuntu:22.04\u3000AS\u3000x\r\n"),
        ("FROM ubuntu:22.04\nRUN echo 'a\xa0b'\n", "FROM ubuntu:22.04\nRUN echo 'a\xa0b'\n"),
    ],
    ids=["after a continuation", "after an instruction", "several", "inside of quotes"],
)
def test_blanks(before: str, after: str) -> None:
    assert dockerfile(before, "AML001", unsafe=False) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("FROM ubuntu:22.04\ncoppy a b\n", "FROM ubuntu:22.04\ncopy a b\n"),
        ("FROM ubuntu:22.04\nRUN a \\\n    b\n    c\n", "FROM ubuntu:22.04\nRUN a \\\n    b \\\n    c\n"),
        ("FROM ubuntu:22.04\nRUN a\n    wget\n    curl\n", "FROM ubuntu:22.04\nRUN a \\\n    wget \\\n    curl\n"),
        ("FROM ubuntu:22.04\r\nRUN a\r\n    wget\r\n", "FROM ubuntu:22.04\r\nRUN a \\\r\n    wget\r\n"),
        ("# escape=`\nFROM ubuntu:22.04\nRUN a\n    wget\n", "# escape=`\nFROM ubuntu:22.04\nRUN a `\n    wget\n"),
        ("FROM ubuntu:22.04\nRUN a\nwget\n", "FROM ubuntu:22.04\nRUN a\nwget\n"),
    ],
    ids=["misspelt", "a missing continuation", "two", "CRLF", "another escape", "not indented"],
)
def test_words_that_docker_refuses(before: str, after: str) -> None:
    assert dockerfile(before, "AML001") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("FROM ubuntu # no\n", "FROM ubuntu # no\n"),
        ("FROM ubuntu\n", "FROM ubuntu:24.04\n"),
        ("FROM docker.io/library/ubuntu:latest AS x\n", "FROM docker.io/library/ubuntu:24.04 AS x\n"),
        ("ARG BASE=ubuntu\nFROM ${BASE}\n", "ARG BASE=ubuntu:24.04\nFROM ${BASE}\n"),
        ("ARG TAG=latest\nFROM ubuntu:$TAG\n", "ARG TAG=24.04\nFROM ubuntu:$TAG\n"),
        ("FROM ubuntu:${TAG:-latest}\n", "FROM ubuntu:${TAG:-24.04}\n"),
        ("FROM example.com/team/base\n", "FROM example.com/team/base\n"),
        ("FROM ubuntu AS a\nFROM a\n", "FROM ubuntu:24.04 AS a\nFROM a\n"),
    ],
)
def test_a_tag(before: str, after: str) -> None:
    assert dockerfile(before, "AML301") == after


APT = "FROM ubuntu:20.04\nRUN apt-get update && apt-get install -y {}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (APT.format("fuse wget"), APT.format("fuse libfuse-dev wget")),
        (APT.format("\\\n    wget \\\n    libfuse-dev"), APT.format("\\\n    wget \\\n    libfuse-dev fuse")),
        (APT.format("fuse3"), APT.format("fuse3 libfuse3-dev")),
        (APT.format('"fuse"'), APT.format('"fuse"')),
        (APT.format("fuse;true"), APT.format("fuse libfuse-dev;true")),
        (
            'FROM ubuntu:20.04\nRUN ["apt-get", "install", "-y", "fuse"]\n',
            'FROM ubuntu:20.04\nRUN ["apt-get", "install", "-y", "fuse"]\n',
        ),
    ],
    ids=["in a line", "in lines", "fuse3", "quoted", "before a semicolon", "JSON"],
)
def test_the_other_half_of_fuse(before: str, after: str) -> None:
    assert dockerfile(before, "AML206", unsafe=False) == after


def test_fuse_for_datasets() -> None:
    before = APT.format("wget")
    assert dockerfile(before, options="--datasets", unsafe=False) == APT.format("wget libfuse-dev fuse")
    assert dockerfile(before, "AML302", options="--datasets") == APT.format("wget libfuse-dev=2.9.9* fuse=2.9.9*")
    alone = "FROM ubuntu:20.04\n"
    assert dockerfile(alone, options="--datasets", unsafe=False) == alone
    added = "RUN apt-get update && apt-get install -y libfuse-dev fuse && rm -rf /var/lib/apt/lists/*"
    assert dockerfile(alone, options="--datasets") == f"{alone}{added}\n"
    assert dockerfile(alone.rstrip(), options="--datasets") == f"{alone}{added}"


def test_no_apt_where_there_is_none() -> None:
    text = "FROM alpine:3.20\n"
    assert dockerfile(text, options="--datasets") == text


SERVER = "FROM python:3.12-slim\nRUN pip install azureml-inference-server-http==1.5.1\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{}CMD ["azmlinfsrv"]\n', '{}EXPOSE 5001\nCMD ["azmlinfsrv"]\n'),
        ('{}# starts\n  CMD ["azmlinfsrv"]', '{}# starts\n  EXPOSE 5001\n  CMD ["azmlinfsrv"]'),
        ('{}CMD ["azmlinfsrv", "--port", "8080"]\n', '{}EXPOSE 8080\nCMD ["azmlinfsrv", "--port", "8080"]\n'),
    ],
)
def test_expose(before: str, after: str) -> None:
    assert dockerfile(before.format(SERVER), "AML307", unsafe=False) == after.format(SERVER)


PIP = "FROM python:3.12-slim\nRUN pip install {}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (PIP.format("azureml-defaults==1.0.43"), PIP.format("azureml-defaults==1.62.0")),
        (PIP.format("'azureml-defaults[x]==1.0.43'"), PIP.format("'azureml-defaults[x]==1.62.0'")),
        (PIP.format('"azureml-defaults>=1.0,<1.0.45"'), PIP.format('"azureml-defaults==1.62.0"')),
        (PIP.format("azureml-defaults===1.0.43"), PIP.format("azureml-defaults===1.62.0")),
        (
            "FROM python:3.12-slim\nARG V=1.0.43\nRUN pip install azureml-defaults==$V\n",
            "FROM python:3.12-slim\nARG V=1.62.0\nRUN pip install azureml-defaults==$V\n",
        ),
        (
            "FROM python:3.12-slim\nRUN V=1.0.43 && pip install azureml-defaults==$V\n",
            "FROM python:3.12-slim\nRUN V=1.62.0 && pip install azureml-defaults==$V\n",
        ),
        (
            "FROM python:3.12-slim\nARG A=1.0\nARG B=43\nRUN pip install azureml-defaults==$A.$B\n",
            "FROM python:3.12-slim\nARG A=1.0\nARG B=43\nRUN pip install azureml-defaults==$A.$B\n",
        ),
    ],
)
def test_defaults_raised(before: str, after: str) -> None:
    assert dockerfile(before) == after


def test_a_hash_is_not_made_wrong() -> None:
    files = {
        "Dockerfile": "FROM python:3.12-slim\nCOPY r.txt .\nRUN pip install -r r.txt\n",
        "r.txt": f"azureml-defaults==1.0.43 \\\n    --hash=sha256:{'0' * 64}\n",
    }
    assert repaired(files).texts == files


def test_a_version_from_the_command_line_is_left() -> None:
    text = "FROM python:3.12-slim\nARG V=1.50\nRUN pip install azureml-defaults==$V\n"
    assert dockerfile(text, options="--build-arg V=1.0.43") == text


def test_a_constraint_is_left() -> None:
    files = {
        "Dockerfile": "FROM python:3.12-slim\nCOPY c.txt .\nRUN pip install -c c.txt azureml-defaults==1.0.43\n",
        "c.txt": "azureml-defaults==1.0.43\n",
    }
    assert repaired(files).texts == files


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("conda install -y python=3.5", "conda install -y python=3.11"),
        ("conda install -y python==3.5.2", "conda install -y python==3.11.9"),
        ("conda install -y 'python=3.5.*' pip", "conda install -y 'python=3.11.*' pip"),
        ('conda install -y "python>=3.4,<3.6"', 'conda install -y "python>=3.4,<3.6"'),
    ],
)
def test_python_of_conda(before: str, after: str) -> None:
    base = "FROM continuumio/miniconda3:4.7.12\nRUN {}\n"
    assert dockerfile(base.format(before)) == base.format(after)


INSTALLER = """\
FROM ubuntu:22.04
ENV PATH=/opt/conda/bin:$PATH
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-{}-Linux-x86_64.sh -O /tmp/c.sh && bash /tmp/c.sh -b -p /opt/conda
"""


def test_an_installer() -> None:
    assert dockerfile(INSTALLER.format("4.3.11")) == INSTALLER.format("4.5.4")
    assert dockerfile(INSTALLER.format("py37_4.9.2"), "AML207") == INSTALLER.format("py311_26.5.3-1")
    assert dockerfile(INSTALLER.format("py37_4.9.2"), "AML207", unsafe=False) == INSTALLER.format("py37_4.9.2")


def test_one_path_is_enough() -> None:
    """The dead entry is corrected; a second one that would do the same is not added."""
    before = INSTALLER.format("py310_23.3.1-0").replace("PATH=/opt/conda", "PATH=/opt/miniconda")
    after = INSTALLER.format("py310_23.3.1-0")
    assert dockerfile(before, "AML203", "AML204") == after


def test_leaving_out() -> None:
    before = "FROM python:3.12-slim\nRUN pip install azureml-inference-server-http==1.5.1 flask==1.1.4 numpy==1.26.4\n"
    assert dockerfile(before, "AML308") == before.replace(" flask==1.1.4", "")
    alone = (
        "FROM python:3.12-slim\nRUN pip install azureml-inference-server-http==1.5.1\nRUN pip install flask==1.1.4\n"
    )
    assert dockerfile(alone, "AML308") == alone


# --- environments ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  - python=3.12\n  - pip:\n      - a==1\n", "  - python=3.12\n  - pip=24.0\n  - pip:\n      - a==1\n"),
        ("- python=3.6  # old\n- pip:\n  - a==1", "- python=3.6  # old\n- pip=21.3.1\n- pip:\n  - a==1"),
        ("  - python=3.12\n  - pip: [a==1]\n  - pip=23.0\n", "  - python=3.12\n  - pip=23.0\n  - pip: [a==1]\n"),
        ("  [python=3.12, pip: [a==1]]\n", "  [python=3.12, pip=24.0, pip: [a==1]]\n"),
    ],
    ids=["block", "not indented", "behind its section", "flow"],
)
def test_pip_in_front(before: str, after: str) -> None:
    made = repaired({"conda.yml": CONDA + before}, "AML617", unsafe=False)
    assert made.texts["conda.yml"] == CONDA + after


def test_pip_in_front_with_other_line_ends() -> None:
    before = (CONDA + "  - python=3.12\n  - pip:\n      - a==1").replace("\n", "\r\n")
    made = repaired({"conda.yml": "\ufeff" + before}, "AML617", unsafe=False)
    assert made.texts["conda.yml"] == "\ufeff" + before.replace("  - pip:", "  - pip=24.0\r\n  - pip:")


def serving(dependencies: str) -> dict[str, str]:
    files = {"deployment.yml": f"{DEPLOYMENT}code_configuration: {{code: ., scoring_script: score.py}}\n"}
    files["deployment.yml"] += "environment:\n  image: a.azurecr.io/b:1\n  conda_file: conda.yml\n"
    return {**files, "conda.yml": CONDA + dependencies, "score.py": "def init(): ...\n\n\ndef run(data): ...\n"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "  - python=3.12\n  - pip=24.0\n  - pip:\n    - a==1  # one\n",
            "  - python=3.12\n  - pip=24.0\n  - pip:\n    - a==1  # one\n    - azureml-defaults==1.62.0\n",
        ),
        (
            "  - python=3.12\n  - pip=24.0\n  - pip:\n    - a==1",
            "  - python=3.12\n  - pip=24.0\n  - pip:\n    - a==1\n    - azureml-defaults==1.62.0",
        ),
        (
            "  - python=3.12\n  - numpy=1.26\n",
            "  - python=3.12\n  - numpy=1.26\n  - pip=24.0\n  - pip:\n      - azureml-defaults==1.62.0\n",
        ),
        (
            "  - python=3.12\n  - azureml-defaults=1.50\n  - pip=24.0\n  - pip:\n      - a==1\n",
            "  - python=3.12\n  - pip=24.0\n  - pip:\n      - a==1\n      - azureml-defaults==1.62.0\n",
        ),
        (
            "  - python=3.12\n  - pip=24.0\n  - pip: ['a==1']\n",
            "  - python=3.12\n  - pip=24.0\n  - pip: ['a==1', azureml-defaults==1.62.0]\n",
        ),
    ],
    ids=["in the section", "no end of the last line", "in a section of its own", "from conda", "flow"],
)
def test_defaults_under_pip(before: str, after: str) -> None:
    made = repaired(serving(before), "AML611", "AML617")
    assert made.texts["conda.yml"] == CONDA + after


def test_keys() -> None:
    text = f"{SCHEMA}environment.schema.json\nname: a\nimage: b.azurecr.io/c:1\nconda-file: conda.yml # here\n"
    files = {"environment.yml": text, "conda.yml": CONDA + "  - python=3.12\n"}
    made = repaired(files, "AML602", unsafe=False)
    assert made.texts["environment.yml"] == text.replace("conda-file:", "conda_file:")
    other = {**files, "environment.yml": text.replace("conda-file", "conda_fil")}
    assert repaired(other, "AML602", unsafe=False).texts == other
    assert repaired(other, "AML602").texts["environment.yml"] == text.replace("conda-file:", "conda_file:")


def test_a_file_that_is_nearly_there() -> None:
    text = f"{DEPLOYMENT}code_configuration: {{code: ., scoring_script: scores.py}}\nenvironment: azureml:a:1\n"
    files = {"deployment.yml": text, "score.py": "def init(): ...\n\n\ndef run(data): ...\n"}
    assert repaired(files, "AML603").texts["deployment.yml"] == text.replace("scores.py", "score.py")
    two = {**files, "score1.py": files["score.py"]}
    assert repaired(two, "AML603").texts == two


def test_the_python_of_the_image() -> None:
    files = {
        "environment.yml": f"{SCHEMA}environment.schema.json\nname: a\nbuild: {{path: .}}\nconda_file: conda.yml\n",
        "Dockerfile": "FROM python:3.12-slim\n",
        "conda.yml": CONDA + "  - numpy=1.26\n",
    }
    made = repaired(files, "AML614")
    assert made.texts["conda.yml"] == CONDA + "  - python=3.12\n  - numpy=1.26\n"


def test_no_python_is_guessed() -> None:
    files = {"conda.yml": CONDA + "  - numpy=1.26\n"}
    assert repaired(files, "AML614").texts == files


def test_channels() -> None:
    made = repaired({"conda.yml": "# mine\nname: a\ndependencies:\n- python=3.12\n"}, "AML618")
    assert made.texts["conda.yml"] == "# mine\nname: a\nchannels:\n  - conda-forge\ndependencies:\n- python=3.12\n"
    made = repaired({"conda.yml": "name: a\nchannels: []\ndependencies: [python=3.12]\n"}, "AML618")
    assert made.texts["conda.yml"] == "name: a\nchannels: [conda-forge]\ndependencies: [python=3.12]\n"


def test_a_route_and_its_port() -> None:
    text = f"{SCHEMA}environment.schema.json\nname: own\nbuild: {{path: .}}\ninference_config:\n"
    text += "".join(f"  {name}_route: {{port: 8080, path: {name}}}\n" for name in ("liveness", "readiness", "scoring"))
    files = {"environment.yml": text, "Dockerfile": "FROM python:3.12-slim\nEXPOSE 5001\n"}
    made = repaired(files, "AML622", "AML623", unsafe=False)
    assert made.texts["Dockerfile"] == "FROM python:3.12-slim\nEXPOSE 5001\nEXPOSE 8080\n"
    assert made.texts["environment.yml"].count("path: /") == 3


def test_json_stays_json() -> None:
    text = """\
{
    "entryScript": "score.py",
    "environment": {
        "name": "deploy",
        "docker": {"enabled": false, "baseImage": "mregistry.azureecr.io/model:1"},
        "python": {"condaDependencies": {"dependencies": ["python=3.10.2", {"pip": []}]}}
    }
}
"""
    rules = ("AML604", "AML605", "AML611", "AML613", "AML615", "AML617", "AML618")
    files = {"inferenceconfig.json": text, "score.py": "def init(): ...\n\n\ndef run(data): ...\n"}
    made = repaired(files, *rules)
    assert made.rules >= set(rules)
    assert made.texts["inferenceconfig.json"] == (
        text.replace("azureecr", "azurecr")
        .replace("false", "true")
        .replace('        "docker"', '        "inferencingStackVersion": "latest",\n        "docker"')
        .replace('"dependencies": [', '"channels": ["conda-forge"], "dependencies": [')
        .replace("3.10.2", "3.11.9")
        .replace('{"pip": []}', '"pip=24.0", {"pip": ["azureml-defaults==1.62.0"]}')
    )


def test_a_program_is_left_but_for_its_words() -> None:
    text = """\
from azureml.core import Environment

env = Environment(name="deploy")
env.docker.enabled = False
env.docker.base_image = "model:1"
env.docker.base_image_registry.address = "myregistry.azureecr.io"  # ours
"""
    made = repaired({"environment.py": text}, "AML604", "AML605", "AML613")
    expected = text.replace("azureecr", "azurecr").replace("False", "True")
    assert made.texts["environment.py"] == expected


# --- one after the other ---------------------------------------------------------------------------------------------


def test_a_rule_whose_repair_fails_is_no_end_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = catalog().rule("AML301")
    assert rule is not None

    def broken(case: object) -> object:
        raise KeyError("x")

    object.__setattr__(rule, "repair", broken)
    try:
        assert dockerfile("FROM ubuntu\nRUN a \\\xa0\n  b\n", "AML001", "AML301") == "FROM ubuntu\nRUN a \\ \n  b\n"
    finally:
        monkeypatch.undo()
        catalog.cache_clear()


def test_many_at_once() -> None:
    """A file with more faults than rounds: they are repaired together."""
    lines = "".join(f"RUN a{number} \\\xa0\n    b\n" for number in range(300))
    after = dockerfile(f"FROM ubuntu:22.04\n{lines}", "AML001", unsafe=False)
    assert "\xa0" not in after
    assert after.count("\\ \n") == 300
