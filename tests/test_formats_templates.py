"""The ready-made action and templates: valid by the schemas of their CIs, and their scripts do what they say.

The scripts are taken out of the files and run by bash in a scratch folder, with the environment that the CI would set. What
they install is this checkout, once, without its dependencies, which these tests have already.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from support import ROOT
from test_cli import VIOLATED, WARNED

ACTION = ROOT / "action.yml"
CI = ROOT / "examples" / "ci"
EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")


def read(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return data


# --- syntax ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "path", "options"),
    [
        ("github-actions", ACTION, []),
        ("github-workflows", CI / "github-workflow.yml", []),
        ("azure-pipelines", CI / "azure-pipelines.yml", ["--data-transform", "azure-pipelines"]),
        ("gitlab-ci", CI / "gitlab-ci.yml", ["--data-transform", "gitlab-ci"]),
    ],
)
def test_valid_by_the_schema_of_its_ci(schema: str, path: Path, options: list[str]) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *options, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def scripts() -> dict[str, str]:
    """Every script by where it stands."""
    found = {f"action {step['name']}": step["run"] for step in read(ACTION)["runs"]["steps"] if "run" in step}
    for number, step in enumerate(read(CI / "azure-pipelines.yml")["steps"]):
        if "bash" in step:
            found[f"azure {number}"] = step["bash"]
    for number, script in enumerate(read(CI / "gitlab-ci.yml")["amlcheck"]["script"]):
        found[f"gitlab {number}"] = script
    return found


@pytest.mark.parametrize("where", scripts())
def test_no_script_has_an_expression_in_it(where: str) -> None:
    """An input in a script is code; in the environment it is a text."""
    script = scripts()[where]
    assert "${{" not in script
    assert "$(" not in script.replace("$(command -v", ""), "Azure Pipelines would put a variable there"
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0


def test_every_input_is_used_and_every_expression_is_known() -> None:
    action = read(ACTION)
    told = ACTION.read_text(encoding="utf-8")
    used = set(re.findall(r"inputs\.([\w-]+)", told))
    assert used == set(action["inputs"])
    for step in action["runs"]["steps"]:
        for value in step.get("env", {}).values():
            assert re.fullmatch(r"\$\{\{ inputs\.[\w-]+ \}\}", value)
    template = read(CI / "azure-pipelines.yml")
    names = {item["name"] for item in template["parameters"]}
    assert set(re.findall(r"parameters\.(\w+)", (CI / "azure-pipelines.yml").read_text(encoding="utf-8"))) == names


# --- what they run ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout as a CI would have it: a copy, so that building leaves nothing here."""
    folder = tmp_path_factory.mktemp("action") / "amlcheck"
    kept = ("checker", "rules", "probes", "pyproject.toml", "README.md", "LICENSE", "action.yml")
    for name in kept:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            folder.mkdir(exist_ok=True)
            shutil.copy(path, folder / name)
    return folder


@dataclass
class Step:
    code: int
    out: str
    err: str
    outputs: dict[str, str]
    summary: str


class Runner:
    """A CI as far as scripts see it. Its Python has the tests' packages, so that only amlcheck itself is installed."""

    def __init__(self, folder: Path, source: Path) -> None:
        self.workspace, self.temporary, self.source = folder / "workspace", folder / "temp", source
        self.workspace.mkdir()
        self.temporary.mkdir()
        (self.workspace / "Dockerfile").write_text(VIOLATED)
        kept = {
            name: value for name, value in os.environ.items() if name in ("PATH", "HOME") or name.startswith("PIP_")
        }
        self.env = {**kept, "PYTHONPATH": sysconfig.get_path("purelib"), "PIP_NO_DEPS": "1"}

    def run(self, script: str, env: dict[str, str], options: str = "-eo pipefail") -> Step:
        output, summary = self.temporary / "output", self.temporary / "summary"
        output.write_text("")
        summary.write_text("")
        given = {**self.env, "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary), **env}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", *options.split(), "-c", script],
            cwd=self.workspace,
            env=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        outputs = dict(line.partition("=")[::2] for line in output.read_text().splitlines())
        return Step(done.returncode, done.stdout, done.stderr, outputs, summary.read_text())

    def installed(self, home: Path) -> None:
        """What the step of installation leaves: a program, in a folder of its own."""
        program = home / "bin" / "amlcheck"
        program.parent.mkdir(parents=True)
        program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT / "checker"}" exec "{sys.executable}" -m amlcheck "$@"\n')
        program.chmod(0o755)


@pytest.fixture
def runner(tmp_path: Path, source: Path) -> Runner:
    return Runner(tmp_path, source)


def action_step(runner: Runner, name: str, **inputs: str) -> Step:
    """One step of the action, with its inputs as GitHub puts them into its environment."""
    action = read(ACTION)
    step = next(step for step in action["runs"]["steps"] if step["name"] == name)
    values = {key: item.get("default", "") for key, item in action["inputs"].items()}
    values.update({key.replace("_", "-"): value for key, value in inputs.items()})
    env = {
        key: EXPRESSION.sub(lambda found: values[found[1].strip().removeprefix("inputs.")], text)
        for key, text in step["env"].items()
    }
    env |= {
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(runner.workspace),
        "GITHUB_ACTION_PATH": str(runner.source),
        "RUNNER_TEMP": str(runner.temporary),
    }
    return runner.run(step["run"], env)


def check_step(runner: Runner, **inputs: str) -> Step:
    if not (runner.temporary / "amlcheck").exists():
        runner.installed(runner.temporary / "amlcheck")
    return action_step(runner, "Check", **inputs)


def test_the_action_annotates_and_sums_up(runner: Runner) -> None:
    step = check_step(runner)
    assert (step.code, step.err) == (1, "")
    assert step.out.startswith("::error file=Dockerfile,line=1,endLine=1,")
    assert "**violated** | ubuntu" in step.summary
    assert step.outputs == {"exit-code": "1"}


def test_the_action_takes_lines(runner: Runner) -> None:
    (runner.workspace / "a b.Dockerfile").write_text(WARNED)
    (runner.workspace / "$(touch pwned).Dockerfile").write_text(WARNED)
    step = check_step(
        runner,
        paths="a b.Dockerfile\n\n$(touch pwned).Dockerfile\r\n",
        formats="text\njunit=out dir.xml\n",
        arguments="--fail-on\nwarning\n",
        sarif_file="out.sarif",
    )
    assert (step.code, step.err) == (1, "")
    assert step.out.startswith("a b.Dockerfile\n")
    assert "$(touch pwned).Dockerfile" in step.out
    assert step.outputs == {"exit-code": "1", "sarif-file": str(runner.workspace / "out.sarif")}
    assert json.loads((runner.workspace / "out.sarif").read_text())["version"] == "2.1.0"
    assert (runner.workspace / "out dir.xml").exists()
    assert not (runner.workspace / "pwned").exists()


@pytest.mark.parametrize("name", list(read(ACTION)["inputs"]))
def test_no_input_of_the_action_is_run(name: str, runner: Runner) -> None:
    hostile = "$(touch pwned); `touch pwned`\" ' && touch pwned #"
    check_step(runner, **{name: hostile})
    assert not list(runner.workspace.parent.rglob("pwned"))
    if name == "python":
        assert action_step(runner, "Install amlcheck", python=hostile).code == 2
        assert not list(runner.workspace.parent.rglob("pwned"))


def test_the_action_writes_sarif_for_the_upload(runner: Runner) -> None:
    (runner.workspace / "sub").mkdir()
    (runner.workspace / "Dockerfile").rename(runner.workspace / "sub" / "Dockerfile")
    step = check_step(runner, upload_sarif="true", working_directory="sub")
    path = Path(step.outputs["sarif-file"])
    assert path == runner.temporary / "amlcheck.sarif"
    results = json.loads(path.read_text())["runs"][0]["results"]
    places = {item["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for item in results}
    assert places == {"sub/Dockerfile"}, "relative to the repository, wherever it runs"
    upload = read(ACTION)["runs"]["steps"][2]
    assert upload["with"]["sarif_file"] == "${{ steps.check.outputs.sarif-file }}"
    assert "inputs.upload-sarif == 'true'" in upload["if"]
    assert read(ACTION)["inputs"]["upload-sarif"]["default"] == "false"


def test_the_exit_code_of_the_action(runner: Runner) -> None:
    assert check_step(runner, paths="missing").outputs == {"exit-code": "2"}
    assert check_step(runner, sarif_file="a\nexit-code=0").code == 2
    (runner.workspace / "Dockerfile").write_text(WARNED)
    step = check_step(runner)
    assert (step.code, step.outputs) == (0, {"exit-code": "0"})
    assert step.out.startswith("::warning file=Dockerfile,")


@pytest.mark.slow
def test_the_action_installs_itself(runner: Runner) -> None:
    """And takes nothing from the checked repository for Python's."""
    for name in ("venv.py", "pip.py", "ensurepip.py", "amlcheck.py", "sitecustomize.py"):
        (runner.workspace / name).write_text("raise SystemExit('taken from the repository')\n")
    step = action_step(runner, "Install amlcheck", python=sys.executable)
    assert step.code == 0, step.err
    assert (runner.temporary / "amlcheck" / "bin" / "amlcheck").exists()
    assert action_step(runner, "Install amlcheck", python=sys.executable).code == 0, "a second time in one job"
    checked = action_step(runner, "Check")
    assert (checked.code, checked.err) == (1, "")
    assert checked.out.startswith("::error file=Dockerfile,line=1,")


def test_the_action_says_when_python_is_too_old(runner: Runner) -> None:
    old = runner.temporary / "python2"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    for given in (str(old), "/no/such/python"):
        step = action_step(runner, "Install amlcheck", python=given)
        assert step.code == 2
        assert step.out.startswith("::error title=amlcheck::Python 3.10 or newer is needed")


def test_the_azure_template(runner: Runner) -> None:
    template = read(CI / "azure-pipelines.yml")
    install, check, tests, sarif = template["steps"]
    runner.installed(runner.temporary / "amlcheck")
    values = {item["name"]: item.get("default", "") for item in template["parameters"]}
    values["arguments"] = "--fail-on\nwarning\n"
    values["paths"] = "$(touch pwned)\nDockerfile\n"
    (runner.workspace / "$(touch pwned)").write_text(WARNED)
    env = {
        key: EXPRESSION.sub(lambda found: values[found[1].strip().removeprefix("parameters.")], text)
        for key, text in check["env"].items()
    }
    agent = {
        "TF_BUILD": "True",
        "AGENT_TEMPDIRECTORY": str(runner.temporary),
        "BUILD_SOURCESDIRECTORY": str(runner.workspace),
    }
    step = runner.run(check["bash"], {**env, **agent}, "")
    assert (step.code, step.err) == (1, "")
    assert step.out.startswith("##vso[task.logissue type=error;sourcepath=Dockerfile;linenumber=1;")
    assert "##vso[task.uploadsummary]" in step.out.splitlines()[-1]
    assert not (runner.workspace / "pwned").exists()
    (junit,) = ElementTree.parse(runner.temporary / "amlcheck.xml").getroot().findall("testsuite[@name='Dockerfile']")
    assert junit.get("failures") != "0"
    assert (runner.temporary / "amlcheck.sarif").exists()
    for task in (tests, next(iter(sarif.values()))[0]):
        assert task["condition"] == "succeededOrFailed()", "also where something is violated"
    assert tests["inputs"]["testResultsFiles"] == "$(Agent.TempDirectory)/amlcheck.xml"
    assert install["env"] == {"AMLCHECK_PACKAGE": "${{ parameters.package }}"}


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_the_gitlab_job(shell: str, runner: Runner, tmp_path: Path) -> None:
    job = read(CI / "gitlab-ci.yml")["amlcheck"]
    home = tmp_path / "home"
    runner.installed(home)
    *_, check = job["script"]
    assert "/tmp/amlcheck/bin/amlcheck" in check
    variables = {
        **job["variables"],
        "AMLCHECK_ARGUMENTS": "--fail-on\nwarning\n",
        "AMLCHECK_PATHS": "a *\nDockerfile\n$(touch pwned)",
    }
    for name in ("a *", "a b", "$(touch pwned)"):
        (runner.workspace / name).write_text(WARNED)
    done = subprocess.run(
        [shell, "-e", "-c", check.replace("/tmp/amlcheck", str(home))],
        cwd=runner.workspace,
        env={**runner.env, **variables, "GITLAB_CI": "true", "CI_PROJECT_DIR": str(runner.workspace)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert not (runner.workspace / "pwned").exists()
    reports = job["artifacts"]["reports"]
    issues = json.loads((runner.workspace / reports["codequality"]).read_text())
    assert {issue["location"]["path"] for issue in issues} == {"a *", "Dockerfile", "$(touch pwned)"}
    assert ElementTree.parse(runner.workspace / reports["junit"]).getroot().tag == "testsuites"
    assert job["artifacts"]["when"] == "always"


def test_the_gitlab_job_wants_to_know_what_to_install(runner: Runner) -> None:
    """A name on a package index that is not ours is not to be guessed."""
    job = read(CI / "gitlab-ci.yml")["amlcheck"]
    step = runner.run(job["script"][0], job["variables"])
    assert step.code == 2
    assert "AMLCHECK_PACKAGE" in step.err
    assert runner.run(job["script"][0], {"AMLCHECK_PACKAGE": "x"}).code == 0


@pytest.mark.slow
@pytest.mark.parametrize("where", ["azure", "gitlab"])
def test_the_templates_install(where: str, runner: Runner, tmp_path: Path) -> None:
    if where == "azure":
        script = read(CI / "azure-pipelines.yml")["steps"][0]["bash"]
        home = runner.temporary / "amlcheck"
    else:
        home = tmp_path / "home"
        script = "\n".join(read(CI / "gitlab-ci.yml")["amlcheck"]["script"][1:3]).replace("/tmp/amlcheck", str(home))
    for name in ("venv.py", "pip.py", "ensurepip.py"):
        (runner.workspace / name).write_text("raise SystemExit('taken from the repository')\n")
    step = runner.run(script, {"AMLCHECK_PACKAGE": str(runner.source), "AGENT_TEMPDIRECTORY": str(runner.temporary)})
    assert step.code == 0, step.err
    version = subprocess.run(
        [str(home / "bin" / "amlcheck"), "--version"], env=runner.env, capture_output=True, text=True, check=False
    )
    assert version.stdout.startswith("amlcheck "), version.stderr
