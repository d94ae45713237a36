"""Reads the log of a scoring container: tracebacks, whose they are, and the lines that are worth showing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from amlcheck.records import dataclass
from amlcheck.regex import regex

MAX_LOG = 256 << 10
"""Bytes of a log that are read, from its end."""
MAX_LINES = 14
"""Lines that are shown where there is no traceback."""
MAX_QUIET_LINES = 4
"""Of a log in which nothing is wrong."""
MAX_TRACEBACK = 24
"""Lines of a traceback that are shown; the middle is left out."""
MAX_LINE = 400
"""Characters of a line."""
_BEGIN = "Traceback (most recent call last):"
_LINKS = (
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
)
_EXCEPTION = regex(r"(?P<type>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?")
_FRAME = regex(r'\s+File "(?P<path>[^"]+)", line (?P<line>\d+)')
_SERVER = regex(r"[/\\](?:azureml_inference_server_http|gunicorn|flask|werkzeug)[/\\]|<frozen |azureml-server[/\\]")
"""Files of the server's, not of the user's."""
_WRAPPERS = ("UserScriptException", "UserScriptImportException", "UserScriptError", "UserScriptTimeout")
"""Exceptions in which the server wraps the user's."""
_STAMPED = regex(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\S*\s+(?:(?P<level>[A-Z])\b|\|\s*(?P<word>[A-Z]+))")
_GUNICORN = regex(r"\[[^\]]+\] \[\d+\] \[(?P<word>[A-Z]+)\]")
_NOISE = regex(
    r"^(?:Azure ML Inferencing HTTP server|Server (?:Settings|Routes)|-{3,}$|"
    r"(?:Entry Script Name|Model Directory|Config File|Worker Count|Worker Timeout \(seconds\)|Server Port|Health Port|"
    r"Application Insights \w+|Inferencing HTTP server version|CORS for the specified origins|Liveness Probe|Score|"
    r"Create dedicated endpoint for health): |Initializing logger$|Extra keys = )"
    r"|azmlinfsrv - Found extra keys in the config file|azmlinfsrv\.trace - Model directory is not set"
)


@dataclass(frozen=True)
class Raised:
    """One exception of a chain."""

    kind: str
    """Its type, without the module."""
    message: str
    """All lines of it."""
    lines: tuple[str, ...]
    """The traceback as it stands in the log, from "Traceback" to the message."""

    @property
    def text(self) -> str:
        return f"{self.kind}: {self.message}" if self.message else self.kind

    @property
    def first_line(self) -> str:
        return self.text.split("\n", 1)[0]

    @property
    def wraps(self) -> bool:
        return self.kind in _WRAPPERS


@dataclass(frozen=True)
class Chain:
    """Exceptions that caused one another, the first cause first, and what the log said right before."""

    exceptions: tuple[Raised, ...]
    announced: str
    """The words on the line of the first "Traceback", and the line before it."""

    @property
    def of_user(self) -> tuple[Raised, ...]:
        """Without those in which the server wraps the user's."""
        return tuple(item for item in self.exceptions if not item.wraps) or self.exceptions

    @property
    def wrapper(self) -> str:
        """The type in which the server wrapped it; empty where it did not."""
        return next((item.kind for item in reversed(self.exceptions) if item.wraps), "")


def lines_of(text: str) -> list[str]:
    """The lines of a log, each of bounded length; carriage returns overwrite as on a terminal."""
    lines = []
    for line in text.split("\n"):
        last = line.rstrip("\r").rsplit("\r", 1)[-1]
        lines.append(last if len(last) <= MAX_LINE else last[: MAX_LINE - 1] + "…")
    return lines


def chains(lines: Sequence[str]) -> list[Chain]:
    """Every chain of tracebacks in a log, in order."""
    found: list[Chain] = []
    exceptions: list[Raised] = []
    announced = ""
    index = 0
    while index < len(lines):
        if _BEGIN not in lines[index]:
            index += 1
            continue
        if not exceptions:
            before = lines[index - 1] if index else ""
            announced = f"{before}\n{lines[index].partition(_BEGIN)[0]}"
        exception, index = _read(lines, index)
        exceptions.append(exception)
        after = next((place for place in range(index, min(index + 3, len(lines))) if lines[place].strip()), None)
        if after is not None and lines[after].strip() in _LINKS:
            index = after + 1
            continue
        found.append(Chain(tuple(exceptions), announced))
        exceptions = []
    if exceptions:
        found.append(Chain(tuple(exceptions), announced))
    return found


def _read(lines: Sequence[str], start: int) -> tuple[Raised, int]:
    """The traceback that begins on a line, and where the log goes on after it."""
    index = start + 1
    while index < len(lines) and (lines[index].startswith((" ", "\t")) or not lines[index].strip()):
        index += 1
    if index >= len(lines):
        return Raised("", "", tuple(lines[start:])), index
    match = _EXCEPTION.fullmatch(lines[index])
    if match is None:
        return Raised("", lines[index], tuple(lines[start:index])), index
    kind, message = match["type"].rsplit(".", 1)[-1], [match["message"] or ""]
    index += 1
    while index < len(lines) and _continues(lines[index]):
        message.append(lines[index])
        index += 1
    while len(message) > 1 and not message[-1].strip():
        message.pop()
    whole = [_BEGIN, *lines[start + 1 : index]]
    return Raised(kind, "\n".join(message).strip(), tuple(whole)), index


def _continues(line: str) -> bool:
    """Whether a line after an exception's still belongs to its message."""
    if _BEGIN in line or line.strip() in _LINKS or not line.strip():
        return False
    return not _STAMPED.match(line) and not _GUNICORN.match(line)


def shown_traceback(chain: Chain) -> tuple[str, ...]:
    """The user's part of a chain: frames of the server's are left out, and the middle of a long one."""
    lines: list[str] = []
    for exception in chain.of_user:
        own = list(_own_frames(exception.lines))
        lines += own if own else list(exception.lines)
    if len(lines) > MAX_TRACEBACK:
        half = MAX_TRACEBACK // 2
        lines = [*lines[:half], "  …", *lines[-half:]]
    return tuple(lines)


def _own_frames(lines: Sequence[str]) -> Iterator[str]:
    kept = True
    for index, line in enumerate(lines):
        frame = _FRAME.match(line)
        if frame is not None:
            kept = not _SERVER.search(frame["path"]) and not frame["path"].startswith("<frozen ")
        elif index and not line.startswith((" ", "\t")):
            kept = True
        if kept:
            yield line


def shown_crash(lines: Sequence[str]) -> tuple[str, ...]:
    """What Python's faulthandler says of a crash, without the frames of the server's; empty where it says nothing."""
    start = next((index for index, line in enumerate(lines) if line.startswith("Fatal Python error: ")), None)
    if start is None:
        return ()
    told = [line for line in lines[start : start + 60] if not _SERVER.search(line)]
    end = next((index for index, line in enumerate(told) if line.startswith("Extension modules: ")), len(told))
    return tuple(line for line in told[:end] if line.strip())[:MAX_LINES]


def shown_lines(lines: Sequence[str]) -> tuple[str, ...]:
    """The last lines of a log that say something: warnings and errors if there are any, without the server's banner."""
    said = [line for line in lines if line.strip() and not _NOISE.search(line)]
    wrong = [line for line in said if _level(line) in ("W", "E", "C")]
    unstamped = [line for line in said if not _level(line)]
    if not wrong and not unstamped:
        return tuple(said[-MAX_QUIET_LINES:])
    chosen = {id(line) for line in (*wrong, *unstamped)}
    return tuple([line for line in said if id(line) in chosen][-MAX_LINES:])


def _level(line: str) -> str:
    """The first letter of a line's level; empty where it has none."""
    match = _STAMPED.match(line) or _GUNICORN.match(line)
    if match is None:
        return ""
    found = match.groupdict()
    return (found.get("level") or found.get("word") or "I")[0]
