"""git, asked through its plumbing: the only module of the hook that starts a process.

Objects are read by their name, never through the working tree or the index. git fetches nothing for it, shows what would
really be pushed (no replacements), and is not touched by the user's aliases, pagers or pathspec settings.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO

from amlcheck.errors import AmlcheckError

_UNSET = ("GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS")
_SET = {"LC_ALL": "C", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"}


_PIECE = 1 << 20


class GitError(AmlcheckError):
    """git is not there, or cannot do what it was asked to: nothing is known of the push."""


class Git:
    """One repository, as git finds it from a folder (and GIT_DIR, where that is set)."""

    def __init__(self, folder: str | None = None) -> None:
        self.folder = os.getcwd() if folder is None else folder
        self._environment = {name: value for name, value in os.environ.items() if name not in _UNSET} | _SET
        self._readers: dict[str, subprocess.Popen[bytes]] = {}

    def out(self, *words: str, given: bytes = b"", accepted: Sequence[int] = (0,)) -> bytes:
        """What git prints. Raises GitError where it ends with another code than those."""
        code, out, error = self._run(words, given)
        if code not in accepted:
            told = error.decode("utf-8", "replace").strip().splitlines()
            raise GitError(f"git {words[0]}: {told[0] if told else f'ended with {code}'}")
        return out

    def line(self, *words: str) -> str:
        """The one line that git prints, as a name of a file or an object; empty where it fails."""
        code, out, _ = self._run(words, b"")
        return os.fsdecode(out.removesuffix(b"\n").removesuffix(b"\r")) if code == 0 else ""

    def does(self, *words: str) -> bool:
        """Whether git ends with 0."""
        return self._run(words, b"")[0] == 0

    def _run(self, words: Sequence[str], given: bytes) -> tuple[int, bytes, bytes]:
        with self._start(words) as process:
            try:
                out, error = process.communicate(given)
            except BaseException:
                process.kill()
                raise
        return process.returncode, out, error

    def _start(self, words: Sequence[str], error: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                ["git", *words],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=error,
            )
        except FileNotFoundError as missing:
            raise GitError("git: not found; install it, or put its folder on PATH") from missing
        except OSError as failed:
            raise GitError(f"git: cannot be started: {failed.strerror or failed}") from failed

    # --- objects -----------------------------------------------------------------------------------------------------

    def size(self, name: str) -> int | None:
        """Bytes of an object; None where this repository does not have it."""
        answer = self._asked("--batch-check", name)
        return int(answer[2]) if len(answer) == 3 else None

    def content(self, name: str) -> bytes | None:
        """An object's content; None where this repository does not have it. It is held in memory: ask for `size` before."""
        answer = self._asked("--batch", name)
        if len(answer) != 3:
            return None
        stream = self._readers["--batch"].stdout
        assert stream is not None
        content = stream.read(int(answer[2]))
        stream.read(1)
        return content

    def copy(self, name: str, file: BinaryIO) -> None:
        """Writes an object's content, however large, into a file. Raises GitError where it is not here."""
        answer = self._asked("--batch", name)
        if len(answer) != 3:
            raise GitError(f"git cat-file: {name} is not in this repository")
        stream = self._readers["--batch"].stdout
        assert stream is not None
        left = int(answer[2])
        while left:
            piece = stream.read(min(left, _PIECE))
            if not piece:
                raise GitError("git cat-file: ended within a file")
            file.write(piece)
            left -= len(piece)
        stream.read(1)

    def _asked(self, how: str, name: str) -> list[bytes]:
        """The words of git's answer: name, type and size, or name and "missing"."""
        reader = self._readers.get(how)
        if reader is None:
            reader = self._readers[how] = self._start(("cat-file", how), subprocess.DEVNULL)
        assert reader.stdin is not None
        assert reader.stdout is not None
        try:
            reader.stdin.write(name.encode("ascii") + b"\n")
            reader.stdin.flush()
            answer = reader.stdout.readline()
        except OSError:
            answer = b""
        if not answer:
            self._end(self._readers.pop(how))  # it dies of what a partial clone left out; another one is started
        return answer.split()

    def close(self) -> None:
        """Ends what was started."""
        readers, self._readers = self._readers, {}
        for reader in readers.values():
            self._end(reader)

    def _end(self, reader: subprocess.Popen[bytes]) -> None:
        for stream in (reader.stdin, reader.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        reader.kill()
        reader.wait()


@contextmanager
def opened(folder: str | None = None) -> Iterator[Git]:
    """The repository around a folder; nothing of git runs on afterwards."""
    git = Git(folder)
    try:
        yield git
    finally:
        git.close()
