"""What registries have beside HTTP: the address, who may read, redirects to a storage, and trying again."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import requests

from amlcheck.errors import UnreadableError
from amlcheck.image.credentials import (
    PASSWORD,
    REGISTRY,
    USERNAME,
    Credentials,
    CredentialsError,
    Search,
    find_credentials,
)
from amlcheck.image.registry_line import Authorization, Line, RegistryError, address_of, is_loopback
from amlcheck.records import dataclass
from amlcheck.regex import regex

ANSWER_SECONDS = 60.0
"""Seconds for one whole answer that is no layer."""
MAX_TOKEN = 1 << 20
"""Bytes of a token server's answer."""
MAX_REDIRECTS = 5
TRIES = 3
PAUSE = 0.5
"""Seconds before the second try; twice as many before the third."""
CLIENT = "amlcheck"
_ADDRESS = regex(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_HOSTS = {"docker.io": "registry-1.docker.io"}
"""Where a registry is that has another name in references."""
_REFUSED = (401, 403)
_BUSY = (429, 500, 502, 503, 504)
_MOVED = (301, 302, 303, 307, 308)
_TOKEN = regex(r"[\x21-\x7e]+")


class NoSuchImageError(RegistryError):
    """What the registry says it does not have."""


@dataclass(frozen=True, slots=True)
class _Challenge:
    """What a registry asks for in WWW-Authenticate."""

    scheme: str
    parameters: dict[str, str]


class Access:
    """Who may read a repository: shared by all lines to it, and asked for only when the registry refuses."""

    def __init__(self, address: str, path: str, named_by_user: bool) -> None:
        self.address, self.path = address, path
        self.authorization = Authorization()
        self._named_by_user = named_by_user
        self._found: Search | None = None
        self._lock = threading.Lock()

    def search(self) -> Search:
        """The credentials for the repository, looked up once. Raises CredentialsError."""
        with self._lock:
            if self._found is None:
                self._found = find_credentials(self.address, self.path, self._named_by_user)
            return self._found

    def refused(self) -> CredentialsError:
        """The one sentence for an image that cannot be read with what there is."""
        found = self.search()
        image = f"{self.address}/{self.path}"
        if found.credentials is not None:
            problem = f"the user name and password from {found.credentials.source} are refused for {image}"
            what = "give those of a user who may read it"
        else:
            problem = f"a user name and password are needed for {image}, if there is such an image"
            what = "give them"
        told = "".join(f" ({text})" for text in found.problems)
        limit = "" if self._named_by_user else f", with {REGISTRY}={self.address}"
        return CredentialsError(
            f"{self.address}: {problem}{told}: {what} with `docker login {self.address}`,"
            f" or in {USERNAME} and {PASSWORD}{limit}"
        )


class RegistryClient:
    """Reads from one repository of one registry, in one thread; `sibling` makes another for another thread."""

    def __init__(self, address: str, path: str, named_by_user: bool = True, deadline: float | None = None) -> None:
        """`deadline`: when everything must be done, in seconds of the monotonic clock. Raises UnreadableError."""
        if not _ADDRESS.fullmatch(address) or not _port_fits(address):
            raise UnreadableError(f"{address!r} is no address of a registry; it is HOST or HOST:PORT")
        self.access = Access(address, path, named_by_user)
        self.deadline = deadline
        self.line = Line()
        self._base = ""

    def sibling(self) -> RegistryClient:
        """One more client for the same repository, that need not ask again who may read it."""
        other = RegistryClient.__new__(RegistryClient)
        other.access, other.deadline, other.line, other._base = self.access, self.deadline, Line(), self._base
        return other

    def close(self) -> None:
        self.line.close()

    def __enter__(self) -> RegistryClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, kind: str, name: str, limit: int, accept: str = "*/*") -> tuple[bytes, requests.Response]:
        """A manifest or a small blob, of at most `limit` bytes. Raises RegistryError, CredentialsError."""
        for patience in self._tries():
            response = self.open(kind, name, {"Accept": accept}, ANSWER_SECONDS)
            try:
                return self.line.read(response, limit), response
            except RegistryError as error:
                if not error.transient or not patience:
                    raise
        raise AssertionError("a last try returns or raises")

    def open(self, kind: str, name: str, headers: dict[str, str], seconds: float) -> requests.Response:
        """The answer to GET /v2/PATH/kind/name with its body still to be read. Raises RegistryError, CredentialsError."""
        access = self.access
        url = f"{self._where()}/v2/{access.path}/{kind}/{name}"
        response = self._follow(url, access.authorization, headers, seconds)
        if response.status_code in _REFUSED and _origin(response.url) == _origin(url):
            response = self._admitted(url, response, headers, seconds)
        if response.status_code in (200, 206):
            return response
        response.close()
        told = f"{access.address}/{access.path}: "
        if response.status_code == 404:
            raise NoSuchImageError(f"{told}the registry has no {name} there; check its name, tag and digest")
        if response.status_code == 429:
            raise RegistryError(f"{told}the registry allows no more requests for now; log in, or try again later", True)
        if response.status_code == 416:  # Asked for the rest of a blob, of which there is none.
            raise RegistryError(f"{told}the registry has less of {name[:19]}… than it states: it is damaged there")
        busy = response.status_code in _BUSY
        raise RegistryError(f"{told}the registry answers with HTTP status {response.status_code}", busy)

    # --- who may read ------------------------------------------------------------------------------------------------

    def _admitted(
        self, url: str, response: requests.Response, headers: dict[str, str], seconds: float
    ) -> requests.Response:
        """The answer to the first authorization that the registry takes. Raises CredentialsError."""
        response.close()
        for authorization in self._authorizations(response.headers.get("WWW-Authenticate", "")):
            answer = self._follow(url, authorization, headers, seconds)
            if answer.status_code not in _REFUSED:
                self.access.authorization = authorization
                return answer
            answer.close()
        raise self.access.refused()

    def _authorizations(self, header: str) -> Iterator[Authorization]:
        """What can be tried: credentials that are the registry's own before none at all, all others after it."""
        challenges = {item.scheme: item for item in _challenges(header)}
        found = self.access.search().credentials
        if bearer := challenges.get("bearer"):
            order = [None] if found is None else [found, None] if found.bound else [None, found]
            for credentials in order:
                token = self._token(bearer, credentials)
                if token is not None:
                    yield token
        elif "basic" in challenges and found is not None and not found.identity_token:
            yield _basic(found)

    def _token(self, challenge: _Challenge, credentials: Credentials | None) -> Authorization | None:
        """A token from the server that the registry names; None where that refuses. Raises RegistryError."""
        realm = challenge.parameters.get("realm", "")
        self._check_realm(realm)
        # The scope is made here and not taken from the registry: it gets a token for this repository and no other.
        asked = {"service": challenge.parameters.get("service", ""), "scope": f"repository:{self.access.path}:pull"}
        if credentials is not None and credentials.identity_token:
            form = {"grant_type": "refresh_token", "refresh_token": credentials.identity_token, "client_id": CLIENT}
            response = self.line.send(realm, self._seconds(ANSWER_SECONDS), form={**form, **asked})
        else:
            basic = _basic(credentials) if credentials is not None else Authorization()
            response = self._patiently(realm, basic, {}, ANSWER_SECONDS, asked)
        if response.status_code in (*_REFUSED, 400):
            response.close()
            return None
        if response.status_code != 200:
            response.close()
            raise RegistryError(
                f"{self.access.address}: its token server answers with HTTP status {response.status_code}",
                response.status_code in _BUSY,
            )
        try:
            answer = json.loads(self.line.read(response, MAX_TOKEN))
            token = answer.get("token") or answer.get("access_token")
        except (ValueError, RecursionError, AttributeError):
            token = None
        # Only what can stand in a header: others would be quoted in an exception.
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise RegistryError(f"{self.access.address}: its token server answers without a token")
        return Authorization(f"Bearer {token}")

    def _check_realm(self, realm: str) -> None:
        """Refuses a token server that cannot be trusted with a password."""
        try:
            parts = urlsplit(realm)
            host = parts.hostname
            at_home = is_loopback(parts.netloc) and is_loopback(self.access.address)
        except ValueError:
            parts, host, at_home = urlsplit(""), None, False
        if (
            not host
            or parts.username is not None
            or not (parts.scheme == "https" or (parts.scheme == "http" and at_home))
        ):
            raise RegistryError(
                f"{self.access.address}: names a token server that is no https address; no password is sent there"
            )

    # --- ways --------------------------------------------------------------------------------------------------------

    def _where(self) -> str:
        """Scheme and host. Only a registry on this machine may speak plain HTTP, as docker has it."""
        if not self._base:
            address = _HOSTS.get(self.access.address, self.access.address)
            self._base = f"https://{address}"
            if is_loopback(address) and self._is_plain(address):
                self._base = f"http://{address}"
        return self._base

    def _is_plain(self, address: str) -> bool:
        """Whether plain HTTP is understood there. A TLS server hangs up, or answers 400."""
        try:
            response = self._patiently(f"http://{address}/v2/", Authorization(), {}, ANSWER_SECONDS)
        except RegistryError:
            return False
        response.close()
        return response.status_code != 400

    def _follow(
        self, url: str, authorization: Authorization, headers: dict[str, str], seconds: float
    ) -> requests.Response:
        """The answer after redirects; only the host that asked for it gets the authorization."""
        here, home = url, _origin(url)
        for _ in range(MAX_REDIRECTS + 1):
            own = authorization if _origin(here) == home else Authorization()
            response = self._patiently(here, own, headers, seconds)
            location = response.headers.get("Location", "")
            if response.status_code not in _MOVED or not location:
                return response
            response.close()
            here = self._next(here, location)
        raise RegistryError(f"{self.access.address}: redirects more than {MAX_REDIRECTS} times")

    def _next(self, here: str, location: str) -> str:
        try:
            there = urljoin(here, location)
            parts = urlsplit(there)
            plain = parts.scheme == "http" and is_loopback(parts.netloc) and is_loopback(self.access.address)
            if parts.hostname and (parts.scheme == "https" or plain):
                return there
        except ValueError:
            pass
        raise RegistryError(f"{self.access.address}: redirects to what is no https address; it is not followed")

    def _patiently(
        self,
        url: str,
        authorization: Authorization,
        headers: dict[str, str],
        seconds: float,
        params: dict[str, str] | None = None,
    ) -> requests.Response:
        """The answer's head, asked for again where the server is busy or the connection breaks."""
        for patience in self._tries():
            try:
                response = self.line.send(url, self._seconds(seconds), authorization, headers, params)
            except RegistryError as error:
                if not error.transient or not patience:
                    raise
                continue
            if response.status_code not in _BUSY or not patience:
                return response
            response.close()
        raise AssertionError("a last try returns or raises")

    def _tries(self) -> Iterator[bool]:
        """True for each try but the last, with a pause before the next."""
        for number in range(1, TRIES):
            yield True
            pause = PAUSE * number
            if self.deadline is not None and time.monotonic() + pause > self.deadline:
                break
            time.sleep(pause)
        yield False

    def _seconds(self, wanted: float) -> float:
        if self.deadline is None:
            return wanted
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise RegistryError(f"{self.access.address}: did not answer in time; check the network, or try again")
        return min(wanted, left)


def _basic(credentials: Credentials) -> Authorization:
    pair = f"{credentials.username}:{credentials.password}".encode()
    return Authorization(f"Basic {base64.b64encode(pair).decode()}")


_PARAMETER = regex(r'([A-Za-z][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_SCHEME = regex(r"\s*,?\s*([A-Za-z][\w-]*)(?:\s+(?=[A-Za-z][\w-]*\s*=)|\s*(?=,|$))")


def _challenges(header: str) -> list[_Challenge]:
    """The challenges of a WWW-Authenticate header, which may hold several; what cannot be read ends it."""
    found: list[_Challenge] = []
    position, header = 0, header[:8192]
    while scheme := _SCHEME.match(header, position):
        position = scheme.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(header, position):
            quoted, plain = parameter.group(2), parameter.group(3)
            parameters[parameter.group(1).lower()] = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            position = parameter.end()
            if comma := re.compile(r"\s*,\s*(?=[A-Za-z][\w-]*\s*=)").match(header, position):
                position = comma.end()
        found.append(_Challenge(scheme.group(1).lower(), parameters))
        if position >= len(header):
            break
    return found


def _origin(url: str) -> tuple[str, str]:
    return urlsplit(url).scheme, address_of(url).lower()


def _port_fits(address: str) -> bool:
    try:
        port = urlsplit(f"//{address}").port
    except ValueError:
        return False
    return port is None or port > 0
