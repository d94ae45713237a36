"""The same check under pre-commit (pre-commit.com), which reads git's lines itself and tells the commits in variables.

Without them (`pre-commit run --hook-stage manual`) there are no commits: the working tree is checked, as by `amlcheck lint`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from amlcheck.hook.git import opened
from amlcheck.hook.pre_push import GOES_ON, IMAGE, STOPPED, guarded, pre_push
from amlcheck.hook.pushed import Pushed

_NO_NAME = "0" * 40


def run(words: Sequence[str]) -> int:
    """The exit code for pre-commit. `words` are options of `amlcheck lint`, and --image. Raises AmlcheckError."""
    images = IMAGE in words
    options = [word for word in words if word != IMAGE]
    lines = _lines()
    if lines is not None:
        return pre_push(os.environ.get("PRE_COMMIT_REMOTE_NAME") or "origin", lines, options, images)
    return guarded(lambda: _all_of_head(options)) if images else _working_tree(options)


def _all_of_head(options: Sequence[str]) -> int:
    """Images are built of a commit, so it is the one that is checked out."""
    from amlcheck.hook.checking import check
    from amlcheck.hook.telling import tell

    with opened() as git:
        commit = git.out("rev-parse", "--verify", "--quiet", "HEAD^{commit}").decode("ascii").strip()
        return STOPPED if tell([check(git, Pushed(commit, "HEAD", ()), options, images=True)]) else GOES_ON


def _lines() -> bytes | None:
    """What git handed to pre-commit, as far as that tells it; None where there was no push."""
    variable = os.environ.get
    before = variable("PRE_COMMIT_FROM_REF") or variable("PRE_COMMIT_ORIGIN") or ""
    after = variable("PRE_COMMIT_TO_REF") or variable("PRE_COMMIT_SOURCE") or variable("PRE_COMMIT_LOCAL_BRANCH") or ""
    if not after:
        return None
    ref = variable("PRE_COMMIT_REMOTE_BRANCH") or after
    with opened() as git:
        pushed = git.out("rev-parse", "--verify", "--quiet", f"{after}^{{commit}}").strip()
        known = git.out("rev-parse", "--verify", "--quiet", f"{before}^{{commit}}").strip() if before else b""
    return b" ".join((os.fsencode(after), pushed, os.fsencode(ref), known or _NO_NAME.encode("ascii"))) + b"\n"


def _working_tree(options: Sequence[str]) -> int:
    from amlcheck.arguments import parser
    from amlcheck.discover import find_files
    from amlcheck.errors import AmlcheckError
    from amlcheck.exits import Exit
    from amlcheck.lint_command import run_lint

    try:
        find_files(["."])
    except AmlcheckError:
        return GOES_ON  # nothing is there to be checked
    code = run_lint(parser().parse_args(["lint", *options]))
    return GOES_ON if code is Exit.UNDECIDED else int(code)
