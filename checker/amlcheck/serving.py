"""Commands that start the scoring server, and the port that they name."""

from __future__ import annotations

from amlcheck.regex import regex

SCORING_PORT = 5001
"""Where the server listens unless it is told otherwise."""
_SERVER = regex(r"\bazmlinfsrv\b|azureml_inference_server_http|\brunsvdir\b")
_OPEN_PORT = regex(r"--port[= \"',]+\$|(?:--bind|-b)[= \"',]+\S*:\$")
_PORT = regex(r"--port[= \"',]+(\d{1,5})\b|(?:--bind|-b)[= \"',]+\S*?:(\d{1,5})\b")


def served_port(command: str) -> int | None:
    """The port of the scoring server that a command starts; None where it starts none, or only a variable tells."""
    if not _SERVER.search(command) or _OPEN_PORT.search(command):
        return None
    stated = _PORT.search(command)
    port = next((group for group in stated.groups() if group), None) if stated is not None else None
    return int(port) if port is not None else SCORING_PORT


def covers(text: str, port: int) -> bool:
    """Whether a port as EXPOSE has it ("5001", "5001/tcp", "5000-5010") is or contains one."""
    numbers = text.partition("/")[0].partition("-")
    try:
        low = int(numbers[0])
        return low <= port <= int(numbers[2] or low)
    except ValueError:
        return False
