"""The script that stands in git's hooks folder: plain sh, which is what git runs hooks with on every system.

It hands its input to the hook that was there before and obeys that one's exit code, then starts the Python that amlcheck
was installed with, else `amlcheck` on PATH. Where neither is left it says so and lets the push go on.
"""

from __future__ import annotations

import hashlib
import re

from amlcheck.regex import regex

BEFORE = "pre-push.before-amlcheck"
"""The name of the hook that was there, beside ours."""
_MARK = "# amlcheck-hook 1 "
_SHELL = regex(rb"#!\s*((?:/[\w.\-/]*/)?(?:env\s+)?(?:sh|bash|dash|ksh)(?:\s+-[a-z]+)?)[ \t]*\r?\n")
_STOPPED, _UNUSABLE, _GONE = 101, 102, 103
"""Exit codes that no crash of Python looks like."""

_START = f"""\
import sys
sys.path[:] = [folder for folder in sys.path if folder not in ("", ".")]
try:
    from amlcheck.hook.pre_push import main
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] == "amlcheck":
        sys.exit({_GONE})
    print("amlcheck: this push is not checked: its installation lacks " + str(error.name), file=sys.stderr)
    sys.exit(0)
code = main(sys.argv[1:])
sys.exit({{1: {_STOPPED}, 2: {_UNUSABLE}}}.get(code, code))"""
"""What is run: never a module of the repository's, whose top is the working folder of a hook."""

_BODY = r"""# Checks what is pushed, see `amlcheck hook --help`; `amlcheck hook uninstall` puts back what was here before.
python=@PYTHON@
start='@START@'
case $0 in
    */*) here=${0%/*} ;;
    *) here=. ;;
esac
before=$here/@BEFORE@
say() { printf 'amlcheck: %s\n' "$1" >&2; }
run_before() { @RUN_BEFORE@; }

lines=$(cat; printf x)
lines=${lines%x}
if [ -x "$before" ]; then
    printf '%s' "$lines" 2>/dev/null | run_before "$@" || exit $?
fi

case ${AMLCHECK_SKIP-} in
    '' | 0 | [Ff][Aa][Ll][Ss][Ee] | [Nn][Oo] | [Oo][Ff][Ff]) ;;
    *)
        say 'skipped (AMLCHECK_SKIP is set): this push is not checked'
        exit 0
        ;;
esac

code=@GONE@
if [ -x "$python" ]; then
    printf '%s' "$lines" 2>/dev/null | "$python" -c "$start" @IMAGE@"$@"
    code=$?
fi
if [ "$code" -eq @GONE@ ] && command -v amlcheck >/dev/null 2>&1; then
    printf '%s' "$lines" 2>/dev/null | amlcheck hook run @IMAGE@pre-push "$@"
    exit $?
fi
case $code in
    0 | 129 | 130 | 143) exit "$code" ;;
    @STOPPED@) exit 1 ;;
    @UNUSABLE@) exit 2 ;;
    @GONE@) say "is not installed any more, this push is not checked: install it, or remove $0" ;;
    *) say "this push is not checked: it ended with code $code" ;;
esac
exit 0
"""


def make_script(python: str, before: bytes | None, images: bool = False) -> bytes:
    """The script. `before` is the hook that is there already, which is kept beside it; `images`: those are built as well."""
    body = _BODY
    for name, text in (
        ("PYTHON", _quoted(python.replace("\\", "/"))),
        ("START", _START),
        ("BEFORE", BEFORE),
        ("RUN_BEFORE", _run_before(before)),
        ("IMAGE", "--image " if images else ""),
        ("GONE", str(_GONE)),
        ("STOPPED", str(_STOPPED)),
        ("UNUSABLE", str(_UNUSABLE)),
    ):
        body = body.replace(f"@{name}@", text)
    content = body.encode("utf-8", "surrogateescape")
    return b"#!/bin/sh\n" + f"{_MARK}{_sum(content)}\n".encode("ascii") + content


def is_ours(content: bytes) -> bool:
    """Whether a hook is one of amlcheck's."""
    return b"\n" in content and content.split(b"\n", 2)[1].startswith(_MARK.encode("ascii"))


def is_unchanged(content: bytes) -> bool:
    """Whether one of ours is as it was installed."""
    lines = content.split(b"\n", 2)
    return len(lines) == 3 and lines[1].decode("ascii", "replace") == f"{_MARK}{_sum(lines[2])}"


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _run_before(before: bytes | None) -> str:
    """How the hook that was there is run.

    Some, such as husky's, find out from their own name what they are to do. A shell script that asks for it is read by a
    shell that has the name it had before.
    """
    shell = _SHELL.match(before) if before is not None else None
    asks = before is not None and re.search(rb"\$0|\$\{0", before) and b"BASH_SOURCE" not in before
    if shell is None or not asks:
        return '"$before" "$@"'
    return f"""{shell[1].decode("ascii")} -c '. "${{0%/*}}/{BEFORE}"' "$here/pre-push" "$@\""""
