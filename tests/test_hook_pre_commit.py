"""The hook under the real pre-commit: the same commits are read, whatever it hands over and the working tree holds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from git_support import BAD, COPIES, GOOD, Repository, conda_file, new_repository

ROOT = Path(__file__).resolve().parent.parent
if not os.environ.get("CI"):
    pytest.importorskip("pre_commit")  # under CI its absence is a failure
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


def installed(tmp_path: Path, *arguments: str) -> Repository:
    """A repository whose pre-push hook is pre-commit's, with ours as it is published but for the installation."""
    repo = new_repository(tmp_path)
    repo.env["PRE_COMMIT_HOME"] = str(tmp_path / "cache")
    hook = next(dict(each) for each in HOOKS if each["id"] == "amlcheck")
    program, _, rest = hook["entry"].partition(" ")
    assert program == "amlcheck"
    hook |= {"entry": f"{sys.executable} -m amlcheck {rest}", "language": "system", "args": list(arguments)}
    config = {"repos": [{"repo": "local", "hooks": [hook]}]}
    repo.commit({".pre-commit-config.yaml": yaml.safe_dump(config), "Dockerfile": GOOD, "serving/Dockerfile": COPIES})
    repo.commit({"serving/environment.yml": conda_file("3.8")})
    result = pre_commit(repo, "install", "--hook-type", "pre-push")
    assert result == 0
    return repo


def pre_commit(repo: Repository, *words: str) -> int:
    return repo.run((sys.executable, "-m", "pre_commit", *words)).code


def test_what_is_published_is_valid() -> None:
    words = (sys.executable, "-m", "pre_commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml")
    assert subprocess.run(words, check=False).returncode == 0
    assert [each["id"] for each in HOOKS] == ["amlcheck", "amlcheck-image"]
    assert all(each["stages"] == ["pre-push", "manual"] for each in HOOKS)


def test_the_first_push_new_branches_and_what_is_copied(tmp_path: Path) -> None:
    repo = installed(tmp_path)
    repo.commit({"old/Dockerfile": BAD})
    result = repo.push("origin", "main")
    assert result.code != 0
    assert "old/Dockerfile" in result.out
    repo.pushed("--no-verify", "-u", "origin", "main")
    repo.commit({"README.md": "x"})
    assert "Passed" in repo.pushed().out
    repo.git("checkout", "-q", "-b", "feature")
    repo.commit({"serving/environment.yml": conda_file("3.5")})
    repo.write({"serving/environment.yml": conda_file("3.8")})
    result = repo.push("origin", "feature")
    assert result.code != 0
    assert "--> serving/environment.yml:4:5" in result.out
    assert "fix: ask for Python >=3.6" in result.out
    assert "old/Dockerfile" not in result.out
    repo.git("checkout", "-q", ".")
    repo.commit({"serving/environment.yml": conda_file("3.9")})
    repo.write({"Dockerfile": BAD})
    repo.pushed("origin", "feature")
    repo.git("checkout", "-q", ".")
    repo.commit({"serving/environment.yml": None})
    assert "Passed" in repo.pushed("origin", "feature").out


def test_skipping_options_and_the_manual_stage(tmp_path: Path) -> None:
    repo = installed(tmp_path, "--require", "python>=3.12")
    result = repo.push("origin", "main")
    assert result.code != 0
    assert ">=3.12" in result.out
    repo.pushed("origin", "main", AMLCHECK_SKIP="1")
    words = (sys.executable, "-m", "pre_commit", "run", "--hook-stage", "manual", "amlcheck")
    result = repo.run(words)
    assert (result.code, ">=3.12" in result.out) == (1, True)
    repo.commit({"serving/Dockerfile": None, "Dockerfile": None, "serving/environment.yml": None, "README.md": "x"})
    assert repo.run(words).code == 0
    result = repo.run((*words, "--from-ref", "HEAD~2", "--to-ref", "HEAD~1"))
    assert result.code == 0, result


@pytest.mark.slow
def test_installed_by_pre_commit_from_a_repository(tmp_path: Path) -> None:
    """As users do: the hook's repository is cloned, and pip installs it into an environment of its own."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    published = tmp_path / "published"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in listed.stdout.decode().split("\0"):
        if name and not name.startswith("tests/") and (ROOT / name).is_file():
            target = published / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)
    repo = new_repository(tmp_path)
    repo.git("init", "-q", "-b", "main", str(published), cwd=tmp_path)
    source = Repository(published, tmp_path / "home")
    revision = source.commit({})
    del repo.env["PYTHONPATH"]
    repo.env["PRE_COMMIT_HOME"] = str(tmp_path / "cache")
    repo.env["HOME"] = os.environ.get("HOME", "/")  # of pip's configuration
    config = {"repos": [{"repo": str(published), "rev": revision, "hooks": [{"id": "amlcheck"}]}]}
    repo.commit({".pre-commit-config.yaml": yaml.safe_dump(config), "Dockerfile": BAD})
    assert pre_commit(repo, "install", "--hook-type", "pre-push") == 0
    result = repo.push("origin", "main")
    assert result.code != 0, result.out
    assert "error[AML101] ubuntu: 14.04 is not >=16.04" in result.out
    repo.commit({"Dockerfile": GOOD})
    assert "Passed" in repo.pushed("origin", "main").out
