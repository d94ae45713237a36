"""A line to a server: HTTP requests bounded in time and bytes, whatever the server does. The only importer of requests.

Redirects are not followed here, nothing is decompressed, and no `.netrc` is read: who gets which header is decided by
the caller alone. Proxies and certificates are those that requests honours (HTTPS_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE).
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from amlcheck import __version__
from amlcheck.errors import UnreadableError

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
"""Seconds of silence after which a server is given up."""
PIECE = 64 << 10
"""Bytes that are read at a time."""


class RegistryError(UnreadableError):
    """A registry that cannot be reached, refuses or answers nonsense: one sentence that names it."""

    def __init__(self, message: str, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient
        """Whether asking again may help."""


class Authorization(AuthBase):
    """The value of an Authorization header, or of none. It is in no repr, and keeps requests from reading .netrc."""

    def __init__(self, value: str = "") -> None:
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._value:
            request.headers["Authorization"] = self._value
        return request

    def __repr__(self) -> str:
        return "Authorization(…)" if self._value else "Authorization()"


class _Watch:
    """Cuts the connections of a line when its time is over.

    A socket's own timeout starts anew with each byte, so a server that sends one a second would never run into it.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._sockets: list[socket.socket] = []
        self._deadline: float | None = None
        self._thread: threading.Thread | None = None
        self.expired = self.ended = False

    def add(self, connected: socket.socket) -> None:
        """Watches a connection: a copy of it, as TLS takes the original apart."""
        with self._condition, contextlib.suppress(OSError):
            self._sockets.append(connected.dup())
            if self.ended:
                self._cut()

    def until(self, deadline: float) -> None:
        """Sets the end, in seconds of the monotonic clock."""
        with self._condition:
            self.expired = False
            self._deadline = deadline
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="registry-watch", daemon=True)
                self._thread.start()
            else:
                self._condition.notify()

    def cut(self) -> None:
        """Ends all connections now, and those still to come; reads that wait on them fail at once."""
        with self._condition:
            self.ended = True
            self._cut()

    def close(self) -> None:
        """Ends watching."""
        with self._condition:
            self._deadline = None
            thread, self._thread = self._thread, None
            self._condition.notify()
            for watched in self._sockets:
                watched.close()
            self._sockets.clear()
        if thread is not None:
            thread.join()

    def _cut(self) -> None:
        for watched in self._sockets:
            with contextlib.suppress(OSError):
                watched.shutdown(socket.SHUT_RDWR)
            watched.close()
        self._sockets.clear()

    def _run(self) -> None:
        with self._condition:
            while self._thread is threading.current_thread():
                if self._deadline is None:
                    self._condition.wait()
                    continue
                left = self._deadline - time.monotonic()
                if left > 0:
                    self._condition.wait(left)
                    continue
                self.expired, self._deadline = True, None
                self._cut()


class _Adapter(HTTPAdapter):
    """requests' own adapter, whose connections are watched."""

    def __init__(self, watch: _Watch) -> None:
        self._pools = _watched_pools(watch)
        super().__init__(pool_connections=4, pool_maxsize=2)

    def init_poolmanager(self, *arguments: Any, **settings: Any) -> None:
        super().init_poolmanager(*arguments, **settings)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **settings: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **settings)
        if not proxy.lower().startswith("socks"):  # Its connections are of another kind; silence still ends them.
            manager.pool_classes_by_scheme = self._pools
        return manager


def _watched_pools(watch: _Watch) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            connected = super()._new_conn()
            watch.add(connected)
            return connected

    class Encrypted(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            connected = super()._new_conn()
            watch.add(connected)
            return connected

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    return {"http": PlainPool, "https": EncryptedPool}


class _Session(requests.Session):
    """Does not look at redirects at all: requests reads their whole bodies even where it does not follow them."""

    def resolve_redirects(self, *_: Any, **__: Any) -> Iterator[Any]:
        return iter(())


class Line:
    """Requests one after the other, for one thread. Close it when done."""

    def __init__(self) -> None:
        self._watch = _Watch()
        self._session = _Session()
        self._session.headers.clear()
        self._session.headers["User-Agent"] = f"amlcheck/{__version__}"
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(self._watch))

    def send(
        self,
        url: str,
        seconds: float,
        authorization: Authorization | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """The answer's head; its body is to be read with `read` or `pieces`, within the same seconds.

        A `form` is posted; everything else is a GET. Raises RegistryError.
        """
        place = address_of(url)
        try:
            self._watch.until(time.monotonic() + seconds)
            return self._session.request(
                "GET" if form is None else "POST",
                url,
                params=params,
                data=form,
                headers={"Accept-Encoding": "identity", **(headers or {})},
                auth=authorization or Authorization(),
                timeout=(min(CONNECT_SECONDS, seconds), min(READ_SECONDS, seconds)),
                allow_redirects=False,
                stream=True,
                # As docker does it: what is on this machine is not asked for through a proxy.
                proxies={"http": None, "https": None, "all": None} if is_loopback(place) else None,  # type: ignore[dict-item]
            )
        except _FAILURES as error:
            raise self._failure(place, error) from None

    def read(self, response: requests.Response, limit: int) -> bytes:
        """A whole body, of at most `limit` bytes. Raises RegistryError."""
        found = bytearray()
        while piece := self.piece(response):
            found += piece
            if len(found) > limit:
                response.close()
                raise RegistryError(
                    f"{address_of(response.url)}: answers with more than {limit} bytes; they are not read"
                )
        return bytes(found)

    def piece(self, response: requests.Response) -> bytes:
        """The next bytes of a body, empty at its end. Raises RegistryError."""
        place = address_of(response.url)
        try:
            found: bytes = response.raw.read(PIECE, decode_content=False)
        except _FAILURES as error:
            response.close()
            raise self._failure(place, error) from None
        if not found and (self._watch.expired or self._watch.ended):
            raise self._failure(place, None)
        return found

    def extend(self, seconds: float) -> None:
        """More time, from now, for the body that is being read."""
        self._watch.until(time.monotonic() + seconds)

    def cut(self) -> None:
        """Ends what is under way; called from another thread."""
        self._watch.cut()

    def close(self) -> None:
        self._session.close()
        self._watch.close()

    def _failure(self, place: str, error: Exception | None) -> RegistryError:
        """One sentence; the exception itself may hold a request with its headers and is let go."""
        if self._watch.ended:
            return RegistryError(f"{place}: interrupted")
        if self._watch.expired or isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)):
            return RegistryError(f"{place}: did not answer in time; check the address and the network, or try again")
        if isinstance(error, (requests.exceptions.SSLError, urllib3.exceptions.SSLError)):
            return RegistryError(
                f"{place}: no trusted TLS connection can be made; where its certificate is your own,"
                " name the bundle that has it in REQUESTS_CA_BUNDLE"
            )
        if isinstance(error, requests.exceptions.ProxyError):
            return RegistryError(f"{place}: the proxy does not lead there; check HTTPS_PROXY and NO_PROXY")
        if isinstance(error, (ValueError, requests.exceptions.InvalidURL)) and not isinstance(error, OSError):
            return RegistryError(f"{place}: is no address that can be asked")
        if isinstance(_cause(error), urllib3.exceptions.NewConnectionError):
            return RegistryError(f"{place}: cannot be reached; check the address and the network")
        return RegistryError(f"{place}: hung up before its answer was complete; try again", True)


def _cause(error: Exception | None) -> object:
    """What urllib3 gives as the reason where requests wraps it."""
    return getattr(error.args[0], "reason", error) if error is not None and error.args else error


_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError)


def address_of(url: str) -> str:
    """Host and port of a URL, without user information, for messages and comparisons."""
    return urlsplit(url).netloc.rpartition("@")[2]


def is_loopback(address: str) -> bool:
    """Whether "host:port" is this machine itself, by its name or number: localhost, 127.0.0.0/8, ::1."""
    try:
        host = urlsplit(f"//{address}").hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
