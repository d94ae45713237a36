"""What is pushed: git's pre-push protocol, and for each commit what the remote has that it is to be compared with."""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.errors import AmlcheckError
from amlcheck.hook.git import Git
from amlcheck.records import dataclass


@dataclass(frozen=True)
class Line:
    """One line of the protocol: a ref that is created, moved or deleted."""

    local_ref: str
    """What was pushed, in the user's words: a branch, HEAD, or an expression (which may contain blanks)."""
    local: str
    """The object; all zeros where the ref is deleted."""
    remote_ref: str
    remote: str
    """What the remote's ref points at now; all zeros where there is none."""

    @property
    def deletes(self) -> bool:
        return is_zero(self.local)

    @property
    def creates(self) -> bool:
        return is_zero(self.remote)


@dataclass(frozen=True)
class Pushed:
    """A commit that is pushed and not as the remote has it."""

    commit: str
    ref: str
    """Where it goes, for people."""
    bases: tuple[str, ...]
    """The commits of the remote it is compared with: what is as in any one of them is not new. None at all: everything is."""


def is_zero(name: str) -> bool:
    """Whether this is git's name for no object, of whatever length (SHA-1 or SHA-256)."""
    return not name.strip("0")


def read_lines(text: bytes) -> list[Line]:
    """What git hands to the hook. Raises AmlcheckError where it is something else."""
    lines = []
    for line in text.decode("utf-8", "surrogateescape").split("\n"):
        if not line:
            continue
        words = line.rsplit(" ", 3)
        if len(words) != 4 or not all(_is_name(word) for word in (words[1], words[3])):
            raise AmlcheckError(
                "standard input: is not what git hands to a pre-push hook (LOCAL-REF LOCAL-NAME REMOTE-REF REMOTE-NAME)"
            )
        lines.append(Line(*words))
    return lines


def _is_name(word: str) -> bool:
    return len(word) >= 40 and not word.strip("0123456789abcdef")


def compared(git: Git, lines: list[Line], remote: str) -> Iterator[Pushed]:
    """Each commit that is pushed with what it is compared with; once where several refs point at it. Raises GitError."""
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for line in lines:
        found = None if line.deletes else _compared(git, line, remote)
        if found is not None and (found.commit, found.bases) not in seen:
            seen.add((found.commit, found.bases))
            yield found


def _compared(git: Git, line: Line, remote: str) -> Pushed | None:
    """None where nothing is new to the remote.

    Compared is with the commits at which what is new starts: the remote's own tip in the plain case, where the branch
    left another one for a new branch, and also what was merged from it. What the remote's ref holds now counts as well
    (a force push replaces it), but nothing that is older than another one of these.
    """
    tip = () if line.creates else (line.remote,)
    new, bases = _unknown(git, line.local, (*tip, f"--remotes={remote}"))
    known = bool(bases) or (bool(tip) and git.does("cat-file", "-e", f"{line.remote}^{{commit}}"))
    if not new:
        return _moved_back(git, line, remote) if known and tip else None
    if not known and not git.out("for-each-ref", "--count=1", f"refs/remotes/{remote}/"):
        # Nothing at all is known of this remote: what came from any other one is not this push's doing.
        new, bases = _unknown(git, line.local, ("--remotes",))
        if not new:
            return None
    elif known and tip and line.remote not in bases and git.does("cat-file", "-e", f"{line.remote}^{{commit}}"):
        bases = [*bases, line.remote]
    if len(bases) > 1:
        bases = git.out("merge-base", "--independent", *bases).decode("ascii").split()
    return Pushed(new[0], line.remote_ref, tuple(sorted(bases)))


def _unknown(git: Git, local: str, known: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The commits that are behind an object and not behind what is known, the newest first, and where those start.

    An object that is no commit (a tag of a file) has none, and what is missing here is left out.
    """
    words = ("rev-list", "--boundary", "--ignore-missing", local, "--not", *known)
    found = git.out(*words).decode("ascii").split()
    return [name for name in found if name[0] != "-"], [name[1:] for name in found if name[0] == "-"]


def _moved_back(git: Git, line: Line, remote: str) -> Pushed | None:
    """A ref that is forced to a commit the remote has already: compared with what it replaces."""
    commit = git.line("rev-parse", "--verify", "--quiet", f"{line.local}^{{commit}}")
    if not commit or git.does("merge-base", "--is-ancestor", line.remote, commit):
        return None
    if git.out("for-each-ref", "--count=1", f"--points-at={commit}", f"refs/remotes/{remote}/"):
        return None  # it is what another branch of the remote holds
    return Pushed(commit, line.remote_ref, (git.line("rev-parse", "--verify", "--quiet", f"{line.remote}^{{commit}}"),))
