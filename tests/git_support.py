"""Repositories of real git for tests: a clone with a bare remote, apart from the user's and the machine's configuration."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CHECKER = Path(__file__).resolve().parent.parent / "checker"
BASE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20230101.v1"
GOOD = f"FROM {BASE}\n"
BAD = "FROM ubuntu:14.04\n"
"""Ubuntu is too old: AML101."""
COPIES = f"FROM {BASE}\nCOPY environment.yml /tmp/\nRUN conda env update -n base -f /tmp/environment.yml\n"


def conda_file(python: str) -> str:
    """A conda file that asks for a Python; 3.5 is too old."""
    return f"name: it\nchannels: [defaults]\ndependencies:\n  - python={python}\n"


@dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def ours(self) -> list[str]:
        """The lines that amlcheck wrote as its summary."""
        return [line for line in self.err.splitlines() if line.startswith("amlcheck:")]


class Repository:
    """A working tree, with helpers that read as what a user does."""

    def __init__(self, path: Path, home: Path) -> None:
        self.path = path
        self.env = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("GIT_", "AMLCHECK", "PRE_COMMIT"))
            },
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
            "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@example.com",
            "GIT_COMMITTER_NAME": "A",
            "GIT_COMMITTER_EMAIL": "a@example.com",
            "GIT_TERMINAL_PROMPT": "0",
            "PYTHONPATH": str(CHECKER),
            "COLUMNS": "100",
        }

    def run(
        self,
        words: Sequence[str | Path],
        given: bytes = b"",
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Result:
        done = subprocess.run(
            [str(word) for word in words],
            cwd=cwd or self.path,
            env={**self.env, **(env or {})},
            input=given,
            capture_output=True,
            check=False,
            timeout=120,
        )
        return Result(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))

    def git(self, *words: str | Path, cwd: Path | None = None, **env: str) -> str:
        """What git prints; it must succeed."""
        result = self.run(("git", *words), cwd=cwd, env=env)
        assert result.code == 0, (words, result)
        return result.out.strip()

    def amlcheck(self, *words: str | Path, given: bytes = b"", cwd: Path | None = None, **env: str) -> Result:
        return self.run((sys.executable, "-m", "amlcheck", *words), given, cwd, env)

    def install(self, cwd: Path | None = None) -> Result:
        result = self.amlcheck("hook", "install", cwd=cwd)
        assert result.code == 0, result
        return result

    def write(self, files: dict[str, str | bytes | None]) -> None:
        """Files of the working tree; None removes one."""
        for name, content in files.items():
            path = self.path / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, files: dict[str, str | bytes | None], message: str = "change") -> str:
        """Writes and commits; returns the commit's name."""
        self.write(files)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def push(self, *words: str, **env: str) -> Result:
        return self.run(("git", "push", *(words or ("origin", "HEAD"))), env=env)

    def pushed(self, *words: str, **env: str) -> Result:
        """A push that must go through."""
        result = self.push(*words, **env)
        assert result.code == 0, result
        return result

    def stopped(self, *words: str, **env: str) -> Result:
        """A push that must be stopped."""
        result = self.push(*words, **env)
        assert result.code != 0, result
        assert "push stopped" in result.err or "stopped:" in result.err, result
        return result


def new_repository(folder: Path, *options: str) -> Repository:
    """`folder`/clone with the remote `folder`/remote.git, nothing committed, no hook installed."""
    home = folder / "home"
    home.mkdir(parents=True)
    repository = Repository(folder / "clone", home)
    for words in (
        ("init", "-q", "--bare", "-b", "main", *options, str(folder / "remote.git")),
        ("init", "-q", "-b", "main", *options, str(folder / "clone")),
    ):
        repository.git(*words, cwd=folder)
    repository.git("remote", "add", "origin", str(folder / "remote.git"))
    return repository
