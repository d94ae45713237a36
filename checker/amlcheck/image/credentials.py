"""Credentials for a registry, as docker and podman keep them, or from the environment. None of them is ever shown.

Looked at in this order, the first hit counts:

1. AMLCHECK_REGISTRY_USERNAME and AMLCHECK_REGISTRY_PASSWORD, where AMLCHECK_REGISTRY names this registry or is not set;
2. $REGISTRY_AUTH_FILE;
3. docker's config.json in $DOCKER_CONFIG or ~/.docker: its helper for the registry, its store, what it holds itself;
4. podman's auth.json in $XDG_RUNTIME_DIR/containers and in $XDG_CONFIG_HOME/containers.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from amlcheck.errors import AmlcheckError
from amlcheck.records import dataclass, field
from amlcheck.regex import regex

USERNAME = "AMLCHECK_REGISTRY_USERNAME"
PASSWORD = "AMLCHECK_REGISTRY_PASSWORD"
REGISTRY = "AMLCHECK_REGISTRY"
HELPER_SECONDS = 30
"""Seconds that a credential helper has: it may open a key ring or ask a cloud."""
MAX_FILE = 4 << 20
"""Bytes of a file with credentials that are read."""
_DOCKER_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com")
_DOCKER_HUB_KEY = "https://index.docker.io/v1/"
"""What `docker login` and credential helpers call Docker Hub."""
_TOKEN_USER = "<token>"
"""The user name with which a helper says that its secret is an identity token."""
_HELPER = regex(r"[\w.-]+", re.ASCII)


class CredentialsError(AmlcheckError):
    """A registry that answers only with a user name and password: none were found, not the right ones, or half of them."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and password, or an identity token. Its repr holds no secret."""

    username: str = field(repr=False)
    password: str = field(repr=False)
    identity_token: str = field(default="", repr=False)
    """An OAuth2 refresh token, which a token server takes in place of both."""
    source: str = ""
    """For people: the variable or file they come from."""
    bound: bool = True
    """Whether they are known to be this registry's. Others are only tried where it refuses to answer without."""


@dataclass(frozen=True, slots=True)
class Search:
    """What was found for a registry, and what went wrong on the way: told only where the registry then refuses."""

    credentials: Credentials | None = None
    problems: tuple[str, ...] = ()


def find_credentials(
    registry: str, path: str, named_by_user: bool = True, environ: Mapping[str, str] | None = None
) -> Search:
    """What is kept for a repository of a registry.

    `registry` is its address ("docker.io", "localhost:5000"), `path` the repository's path there. Where it was not the
    user who named the image but a file, credentials from the environment are found only if AMLCHECK_REGISTRY names the
    registry: a Dockerfile of somebody else's cannot ask for them. Raises CredentialsError for half-set variables.
    """
    environment = os.environ if environ is None else environ
    problems: list[str] = []
    found = _from_environment(registry, named_by_user, environment, problems)
    for file in _files(environment) if found is None else ():
        found = _from_file(file, registry, path, environment, problems)
        if found is not None:
            break
    return Search(found, tuple(problems))


def _from_environment(
    registry: str, named_by_user: bool, environ: Mapping[str, str], problems: list[str]
) -> Credentials | None:
    username, password, limit = (environ.get(name, "") for name in (USERNAME, PASSWORD, REGISTRY))
    if not username and not password:
        return None
    if not username or not password:
        missing = PASSWORD if username else USERNAME
        raise CredentialsError(
            f"{missing}: is not set, but {USERNAME if username else PASSWORD} is; set both or neither"
        )
    if limit and _host(limit) != _host(registry):
        problems.append(f"{USERNAME} is for {REGISTRY} only, which is another")
        return None
    if not limit and not named_by_user:
        problems.append(f"{USERNAME} is not sent to a registry that only a file names, unless {REGISTRY} names it too")
        return None
    return Credentials(username, password, source=USERNAME, bound=bool(limit))


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Every file that may hold credentials, in the order in which they count."""
    if named := environ.get("REGISTRY_AUTH_FILE"):
        yield Path(named)
    home = environ.get("HOME") or os.path.expanduser("~")
    if home.startswith("~"):  # There is none, and the folder "~" of wherever this runs is somebody else's.
        home = ""
    for named, below, file in (
        ("DOCKER_CONFIG", ".docker", "config.json"),
        ("XDG_RUNTIME_DIR", "", "containers/auth.json"),
        ("XDG_CONFIG_HOME", ".config", "containers/auth.json"),
    ):
        folder = environ.get(named) or (os.path.join(home, below) if home and below else "")
        if folder:
            yield Path(folder) / file


def _from_file(
    file: Path, registry: str, path: str, environ: Mapping[str, str], problems: list[str]
) -> Credentials | None:
    try:
        with file.open("rb") as stream:
            data = json.loads(stream.read(MAX_FILE))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        problems.append(f"{file} cannot be read: {error.strerror or 'it is no file'}")
        return None
    except (ValueError, RecursionError):
        problems.append(f"{file} is not JSON")
        return None
    if not isinstance(data, dict):
        problems.append(f"{file} is no JSON object")
        return None
    for helper in _helpers(data, registry):
        found = _from_helper(helper, registry, file, environ, problems)
        if found is not None:
            return found
    auths = data.get("auths")
    entry = _entry(auths, registry, path) if isinstance(auths, dict) else None
    return _from_entry(entry, file, problems) if entry else None


def _helpers(data: dict[str, Any], registry: str) -> list[str]:
    """The helpers to ask: the registry's own, and then the one for all."""
    own = data.get("credHelpers")
    named = [own[key] for key in own if _host(key) == _host(registry)] if isinstance(own, dict) else []
    return [name for name in dict.fromkeys([*named, data.get("credsStore")]) if isinstance(name, str) and name]


def _entry(auths: dict[str, Any], registry: str, path: str) -> dict[str, Any] | None:
    """The entry of the narrowest key that fits: podman's may name a repository or a part of its path."""
    best, length = None, -1
    for key, entry in auths.items():
        host, below = _host(key), _below(key)
        fits = host == _host(registry) and (not below or path == below or path.startswith(f"{below}/"))
        if fits and isinstance(entry, dict) and entry and len(below) > length:
            best, length = entry, len(below)
    return best


def _from_entry(entry: dict[str, Any], file: Path, problems: list[str]) -> Credentials | None:
    token, packed = entry.get("identitytoken"), entry.get("auth")
    username, password = entry.get("username"), entry.get("password")
    if isinstance(packed, str) and packed:
        try:
            username, colon, password = base64.b64decode(packed, validate=True).decode("utf-8").partition(":")
        except (binascii.Error, ValueError):
            colon = ""
        if not colon:
            problems.append(f"{file} holds an entry for the registry that cannot be decoded")
            return None
    if isinstance(token, str) and token:
        return Credentials(username if isinstance(username, str) else "", "", token, str(file))
    if isinstance(username, str) and username and isinstance(password, str):
        return Credentials(username, password.rstrip("\0"), source=str(file))
    return None


def _from_helper(
    name: str, registry: str, file: Path, environ: Mapping[str, str], problems: list[str]
) -> Credentials | None:
    """Asks `docker-credential-NAME get`. What it prints is read and never shown."""
    program = f"docker-credential-{name}"
    if not _HELPER.fullmatch(name):
        problems.append(f"{file} names a credential helper that can be none")
        return None
    found = shutil.which(program, path=environ.get("PATH"))
    if found is None:
        problems.append(f"{program}, which {file} names, is not installed")
        return None
    server = _DOCKER_HUB_KEY if _host(registry) == "docker.io" else registry
    try:
        answer = subprocess.run(
            [found, "get"], input=server.encode(), capture_output=True, timeout=HELPER_SECONDS, env=dict(environ)
        )
    except subprocess.TimeoutExpired:
        problems.append(f"{program} did not answer within {HELPER_SECONDS} s")
        return None
    except OSError as error:
        problems.append(f"{program} cannot be run: {error.strerror or 'it is no program'}")
        return None
    if answer.returncode:
        if b"not found" not in answer.stdout:
            problems.append(f"{program} failed with exit code {answer.returncode}")
        return None
    return _from_answer(answer.stdout, program, problems)


def _from_answer(output: bytes, program: str, problems: list[str]) -> Credentials | None:
    try:
        data = json.loads(output)
        username, secret = data["Username"], data["Secret"]
    except (ValueError, RecursionError, TypeError, KeyError):
        username = secret = None
    if not isinstance(username, str) or not isinstance(secret, str):
        problems.append(f"{program} answered something else than credentials")
        return None
    if not secret:
        return None
    if username == _TOKEN_USER:
        return Credentials("", "", secret, program)
    return Credentials(username, secret, source=program)


def _host(key: str) -> str:
    """A registry's address as keys are compared: no scheme, no path, one name for Docker Hub."""
    host = re.sub(r"^https?://", "", key.strip(), flags=re.IGNORECASE).partition("/")[0].lower()
    return "docker.io" if host in _DOCKER_HUB else host


def _below(key: str) -> str:
    """The path that a key is for; empty for the whole registry, which docker may write as https://HOST/v1/."""
    if re.match(r"https?://", key, re.IGNORECASE):
        return ""
    path = key.partition("/")[2].strip("/")
    return "" if path in ("v1", "v2") else path
