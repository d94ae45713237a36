"""Asks an HTTP server on loopback one thing: bounded in time and size whatever it sends back, and never redirected.

A new connection a request; no proxies, no cookies, no keep-alive. The time limit is one for the whole exchange, from
connecting to the last byte, so that a server that sends a byte now and then cannot hold anybody up.
"""

from __future__ import annotations

import errno
import http.client
import io
import socket
import time
from typing import Any

from amlcheck.deployment.model import Answer, Exchange, Outcome, Request
from amlcheck.records import dataclass, replace

MAX_BODY = 8 << 20
"""Bytes of an answer that are read."""
MAX_HEAD = 256 << 10
"""Bytes of status line and headers."""
_PIECE = 64 << 10
_ALONE = ("host", "content-length", "content-type", "connection", "transfer-encoding")
"""Headers that are ours to set."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is asked."""

    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


class _Late(Exception):  # noqa: N818
    """The time for the whole exchange is over."""


def ask(address: Address, request: Request, seconds: float, limit: int = MAX_BODY) -> Exchange:
    """Sends a request (its `path` must be set) and waits at most so long for the whole answer. Never raises."""
    begun = time.monotonic()
    deadline = begun + seconds

    def failed(outcome: Outcome, detail: str) -> Exchange:
        return Exchange(request, outcome, seconds=time.monotonic() - begun, detail=detail)

    try:
        connection = socket.create_connection((address.host, address.port), timeout=seconds)
    except TimeoutError:
        return failed(Outcome.UNREACHABLE, f"no connection within {seconds:g} s")
    except OSError as error:
        if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
            return failed(Outcome.UNREACHABLE, error.strerror or str(error))
        return failed(Outcome.REFUSED, error.strerror or str(error))
    with connection:
        reader = _Reader(connection, deadline, MAX_HEAD + limit)
        try:
            sent = _send(connection, _head(address, request) + request.body, deadline)
            answer = _receive(reader, request, limit)
        except _Late:
            heard = f"; it had sent {reader.received} bytes" if reader.received else ""
            return failed(Outcome.SILENT, f"no answer within {seconds:g} s{heard}")
        except (ConnectionError, http.client.RemoteDisconnected) as error:
            detail = error.strerror if isinstance(error, OSError) and error.strerror else "closed without an answer"
            return failed(Outcome.CLOSED, detail)
        except (http.client.HTTPException, ValueError, OverflowError, OSError) as error:
            return failed(Outcome.GARBLED, f"no HTTP: {type(error).__name__}: {_short(str(error))}")
    took = time.monotonic() - begun
    detail = "" if sent else "it answered before it had read the whole request"
    return Exchange(request, Outcome.ANSWERED, replace(answer, seconds=took), took, detail)


def _head(address: Address, request: Request) -> bytes:
    """Request line and headers. A header with a line break in it is an error of the user's and was refused before."""
    lines = [f"{request.method} {request.path} HTTP/1.1", f"Host: {address.host}:{address.port}", "Connection: close"]
    if request.body or request.method in ("POST", "PUT"):
        lines.append(f"Content-Length: {len(request.body)}")
    if request.content_type:
        lines.append(f"Content-Type: {request.content_type}")
    lines += [f"{name}: {value}" for name, value in request.headers if name.lower() not in _ALONE]
    names = {name.lower() for name, _ in request.headers}
    if "accept" not in names:
        lines.append("Accept: */*")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _send(connection: socket.socket, data: bytes, deadline: float) -> bool:
    """Whether all was sent. A server may answer, and close, before it has read a large body: its answer still counts."""
    view = memoryview(data)
    while view:
        connection.settimeout(_left(deadline))
        try:
            sent = connection.send(view[: _PIECE * 16])
        except TimeoutError as error:
            raise _Late from error
        except (BrokenPipeError, ConnectionResetError):
            return False
        view = view[sent:]
    return True


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise _Late
    return left


def _receive(reader: _Reader, request: Request, limit: int) -> Answer:
    response = http.client.HTTPResponse(_Socket(reader), method=request.method)  # type: ignore[arg-type]
    response.begin()
    headers: dict[str, str] = {}
    for name, value in response.getheaders():
        headers.setdefault(name.lower(), value)
    complete = True
    try:
        body = response.read(limit + 1)
    except http.client.IncompleteRead as error:
        body, complete = error.partial, False
    except ConnectionError:
        body, complete = b"", False
    declared = headers.get("content-length", "")
    if declared.isdecimal() and len(body) < int(declared[:18]) and request.method != "HEAD":
        complete = False
    if len(body) > limit:
        body, complete = body[:limit], False
    return Answer(response.status, headers, body, 0.0, complete)


class _Reader(io.RawIOBase):
    """A socket's bytes up to a deadline and a number of them."""

    def __init__(self, connection: socket.socket, deadline: float, limit: int) -> None:
        self._connection, self._deadline, self._limit = connection, deadline, limit
        self.received = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self.received > self._limit:
            return 0
        self._connection.settimeout(_left(self._deadline))
        try:
            count = self._connection.recv_into(buffer)
        except TimeoutError as error:
            raise _Late from error
        self.received += count
        return count


class _Socket:
    """As much of a socket as http.client asks of one."""

    def __init__(self, reader: _Reader) -> None:
        self._reader = reader

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._reader, _PIECE)


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:199] + "…"
