"""What the session's shell is told to do with the image's files: scripts for any POSIX shell, and what they print.

Everything printed is fields that end with a NUL byte, which no name can have. An entry is three of them: its kind and mode
and size ("f644 1234"), its path, and what it links to. "H" instead of a kind is a folder that may not be looked into.
"""

from __future__ import annotations

import re
import secrets
import shlex
from collections.abc import Iterable, Sequence

from amlcheck.image.session import SHELL
from amlcheck.image.tree import COMPILED, PSEUDO, Entry, Kind
from amlcheck.records import dataclass
from amlcheck.regex import regex

ENTRY = r"%y%m %s\0%p\0%l\0"
"""For GNU find's -printf."""
ENGINES = (
    "/proc",
    "/sys",
    "/dev",
    "/.dockerenv",
    "/etc/hosts",
    "/etc/hostname",
    "/etc/resolv.conf",
    "/run/.containerenv",
)
"""What an engine puts into every container; it is not the image's."""
PASSED_OVER = tuple(dict.fromkeys((*PSEUDO, *ENGINES)))
_KINDS = {"f": Kind.FILE, "d": Kind.DIRECTORY, "l": Kind.LINK}
_HEAD = regex(r"([a-zA-Z])([0-7]{1,4}) (\d{1,19})\s*")
_BRACKET = regex(r"\[!?\]?[^\]]*\]")


class OddOutputError(Exception):
    """A script printed what it cannot have printed in an honest image; the text says what, as in "its find …"."""


@dataclass(frozen=True)
class Greeting:
    """Questions whose answers are known, to be asked of a shell before it is believed."""

    token: str
    status: int
    other: int
    number: int

    @classmethod
    def new(cls) -> Greeting:
        return cls(secrets.token_hex(8), *(1 + secrets.randbelow(120) for _ in range(3)))

    @property
    def script(self) -> str:
        return (
            f"printf '{self.token}' >&2; (exit {self.status}); printf '%s\\0' $?; {SHELL} -c 'exit {self.other}';"
            f" printf '%s\\0' $?; (exit 0) && printf '%s\\0' $(({self.number} * 7))"
        )

    def wrong(self, fields: Sequence[bytes], stderr: bytes) -> str:
        """What is wrong with the answers, as in "its shell, /bin/sh, …"; empty where they are right."""
        if len(fields) < 3:
            return "does not do what it is told"
        for asked, answer in zip((self.status, self.other), fields, strict=False):
            if answer != str(asked).encode():
                told = answer[:3].decode("ascii", "replace") if answer.isdigit() else "something else"
                return f"gives wrong exit codes: {told} for {asked}"
        if fields[2] != str(self.number * 7).encode():
            return "cannot multiply"
        if not stderr.startswith(self.token.encode()):
            return "mixes up its output streams"
        return ""

    def after(self, stderr: bytes) -> bytes:
        """What the rest of the script printed on standard error."""
        return stderr[len(self.token) :]


GREETING_FIELDS = 3


def mounts() -> str:
    """Prints what is mounted, as one field."""
    return "cat /proc/self/mountinfo; printf '\\0'"


def mount_points(field: bytes) -> list[str]:
    """The paths at which something is mounted over the image, from what `mounts` printed."""
    points = []
    for line in field.decode("utf-8", "surrogateescape").splitlines():
        words = line.split(" ")
        if len(words) > 4 and words[4] != "/":
            points.append(re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), words[4]))
    return points


BESIDE = ("/opt", "/usr/local", "/home", "/root", "/srv", "/var")
"""Folders that have about half of an image: two searches at once take little more than half the time."""


def search(patterns: Iterable[str], roots: str = "/", but: Iterable[str] = ()) -> str:
    """GNU find over the image, or some roots of it: what may fit a pattern, folders that are closed, and find's status.

    One expression for all patterns: find takes a sixth of the time that it takes for as many `-path`.
    """
    expression = "|".join(dict.fromkeys(_extended(pattern) for pattern in patterns)) or "/"
    # A link of such a name is no folder to go into, and is told here.
    others = " -o ".join(f"-path {path}" for path in but)
    pruned = _pruned(PASSED_OVER) + (f" -o \\( {others} \\) -type d -prune" if others else "")
    wanted = f"-regex {shlex.quote(expression)} -printf '{ENTRY}'"
    return (
        f"LC_ALL=C find {roots} -regextype posix-extended -xdev {pruned} -o -type d"
        f" ! \\( -readable -executable \\) -printf 'H\\0%p\\0\\0' -prune {wanted} -o {wanted}"
        "; printf 'E%s\\0\\0\\0' $?"
    )


def search_beside(patterns: Iterable[str]) -> str:
    """`search` in BESIDE, as far as these are there."""
    there = " ".join(BESIDE)
    chosen = f'set --; for f in {there}; do [ -h "$f" ] || [ ! -d "$f" ] || set -- "$@" "$f"; done'
    searched = search(patterns, '"$@"')
    return f"{chosen}; if [ $# -gt 0 ]; then {searched}; else printf 'E0\\0\\0\\0'; fi"


def search_rest(patterns: Iterable[str]) -> str:
    """`search` in all but BESIDE."""
    return search(patterns, but=BESIDE)


def _pruned(paths: Iterable[str]) -> str:
    words = " -o ".join(f"-path {shlex.quote(_literal(path))}" for path in paths)
    return f"\\( {words} -o -name {COMPILED} \\) -prune"


def folders(paths: Iterable[str]) -> str:
    """GNU find's word on some folders and all in them; nothing for one that is not there."""
    return f"LC_ALL=C find {_words(paths)} -maxdepth 1 -printf '{ENTRY}' 2>/dev/null"


_EACH = """for f; do
if [ -h "$f" ]; then printf 'l777 0\\0%s\\0' "$f"; readlink -n "$f"; printf '\\0'; continue; fi
if [ -d "$f" ]; then { ls -a "$f" && (cd "$f"); } >/dev/null 2>&1 || printf 'H\\0%s\\0\\0' "$f"; printf d
elif [ -f "$f" ]; then printf f; elif [ -e "$f" ]; then printf o; else continue; fi
stat -c '%a %s' "$f" || printf '?'
printf '\\0%s\\0\\0' "$f"
done"""
"""What GNU find's -printf prints, with test, stat and readlink, for the arguments."""
NEEDED = " && ".join(f"command -v {name} >/dev/null" for name in ("find", "stat", "readlink", "ls"))


def plain_search(patterns: Iterable[str]) -> str:
    """Like `search`, for any find."""
    fitting = " -o ".join(f"-path {shlex.quote(_loose(pattern))}" for pattern in dict.fromkeys(patterns)) or "-path /"
    pruned = _pruned(PASSED_OVER)
    # Its shell may say of root that it may read everything, which is not so without capabilities: it is tried.
    closed = 'for f; do { ls -a "$f" && (cd "$f"); } >/dev/null 2>&1 || printf "H\\0%s\\0\\0" "$f"; done'
    return (
        f"{NEEDED} || exit 9; export LC_ALL=C; find / -xdev {pruned} -o -type d ! -perm -005"
        f" -exec {SHELL} -c {shlex.quote(closed)} x {{}} + 2>/dev/null; find / -xdev {pruned} -o"
        f" \\( {fitting} \\) -exec {SHELL} -c {shlex.quote(_EACH)} x {{}} +; printf 'E%s\\0\\0\\0' $?"
    )


def plain_folders(paths: Iterable[str]) -> str:
    """Like `folders`, without find."""
    inside = (shlex.quote(path.rstrip("/")) for path in paths)
    words = " ".join(f"{path or '/'} {path}/* {path}/.[!.]* {path}/..?*" for path in inside)
    return f"export LC_ALL=C; set -- {words}; {_EACH}"


def contents(paths: Iterable[str]) -> str:
    """Prints files, one after the other."""
    return f"cat -- {_words(paths)}"


def matches(path: str, expression: str) -> str:
    """Prints what an expression matches in a file, one match a line."""
    return f"LC_ALL=C grep -aoE -e {shlex.quote(expression)} -- {shlex.quote(path)}"


def entries(fields: Sequence[bytes]) -> tuple[list[Entry], list[str], int | None]:
    """The entries, the closed folders, and the status at the end (None where there is none). Raises OddOutputError."""
    return entries_and_rest(fields)[:3]


def entries_and_rest(fields: Sequence[bytes]) -> tuple[list[Entry], list[str], int | None, Sequence[bytes]]:
    """The same, and the fields after the end."""
    found: list[Entry] = []
    closed: list[str] = []
    for index in range(0, len(fields) - 2, 3):
        head, raw, target = fields[index : index + 3]
        if head[:1] == b"E":
            return found, closed, int(head[1:]) if head[1:].isdigit() else None, fields[index + 3 :]
        path = raw.decode("utf-8", "surrogateescape")
        if path[:1] != "/" or (path != "/" and ("//" in path or path[-1:] == "/")):
            raise OddOutputError("its find prints what is no path")
        if head == b"H":
            closed.append(path)
            continue
        match = _HEAD.fullmatch(head.decode("ascii", "replace"))
        if match is None:
            raise OddOutputError("its find does not print what it is asked for")
        if path == "/etc/mtab" and target == b"/proc/mounts":
            # The engine makes it where the image has none.
            continue
        kind = _KINDS.get(match[1], Kind.OTHER)
        size = int(match[3]) if kind is Kind.FILE else 0
        found.append(Entry(path, kind, size, int(match[2], 8), target.decode("utf-8", "surrogateescape")))
    return found, closed, None, ()


def _words(paths: Iterable[str]) -> str:
    return " ".join(map(shlex.quote, paths))


def _extended(pattern: str) -> str:
    """A POSIX extended expression that matches at least what the pattern fits; in the locale C a letter may be four bytes."""
    loose = _loose(pattern)
    return ".*".join(re.sub(r"[.+^$(){}|\[\]\\]", lambda match: "\\" + match[0], piece) for piece in loose.split("*"))


def _loose(pattern: str) -> str:
    """A pattern with no wildcard but `*` that fits at least as much."""
    return re.sub(r"\*+", "*", _BRACKET.sub("*", pattern).replace("?", "*").replace("[", "*").replace("\\", "*"))


def _literal(path: str) -> str:
    return path.replace("\\", "\\\\")
