"""The HTTP client against servers that do as they like: real sockets on loopback, no container."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from amlcheck.deployment.asking import Address, ask
from amlcheck.deployment.load import curve, measure, percentile
from amlcheck.deployment.model import Outcome, Request

Behaviour = Callable[[socket.socket], None]
Serve = Callable[[Behaviour], Address]
GET = Request(method="GET", path="/", content_type="")


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A server that does the same to each connection."""
    with contextlib.ExitStack() as stack:

        def start(behaviour: Behaviour) -> Address:
            listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def handle(connection: socket.socket) -> None:
                with connection, contextlib.suppress(OSError):
                    behaviour(connection)

            def accept() -> None:
                with contextlib.suppress(OSError):
                    while True:
                        connection, _ = listening.accept()
                        threading.Thread(target=handle, args=(connection,), daemon=True).start()

            thread = threading.Thread(target=accept, daemon=True)
            thread.start()
            stack.callback(thread.join, 2)
            stack.callback(listening.shutdown, socket.SHUT_RDWR)
            return Address("127.0.0.1", listening.getsockname()[1])

        yield start


def says(data: bytes) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(data)

    return behave


def drips(data: bytes, seconds: float) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        connection.recv(65536)
        for index in range(len(data)):
            connection.sendall(data[index : index + 1])
            time.sleep(seconds)

    return behave


def test_an_answer(serve: Serve) -> None:
    address = serve(says(b"HTTP/1.1 200 OK\r\nX-One: a\r\nX-One: b\r\nContent-Length: 2\r\n\r\nhi"))
    exchange = ask(address, GET, 2)
    assert exchange.outcome is Outcome.ANSWERED
    assert exchange.answer is not None
    assert (exchange.answer.status, exchange.answer.body, exchange.answer.headers["x-one"]) == (200, b"hi", "a")
    assert exchange.answer.complete


def test_what_is_sent(serve: Serve) -> None:
    """Our own headers cannot be replaced, and a body is always counted."""
    got: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        got.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    headers = (("Authorization", "Bearer x"), ("Content-Length", "99"), ("Host", "elsewhere"))
    exchange = ask(serve(behave), Request(b"{}", "application/json", headers, path="/score"), 2)
    assert exchange.answer is not None
    text = got[0].decode()
    assert text.startswith("POST /score HTTP/1.1\r\nHost: 127.0.0.1:")
    assert text.endswith("\r\n\r\n{}")
    assert text.count("Content-Length") == 1
    assert "Content-Length: 2\r\n" in text
    assert "Authorization: Bearer x\r\n" in text
    assert "elsewhere" not in text


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    exchange = ask(Address("127.0.0.1", port), GET, 2)
    assert (exchange.outcome, exchange.answer) == (Outcome.REFUSED, None)
    assert exchange.seconds < 1


def test_accepted_and_never_answered(serve: Serve) -> None:
    exchange = ask(serve(lambda connection: time.sleep(5)), GET, 0.3)
    assert exchange.outcome is Outcome.SILENT
    assert 0.3 <= exchange.seconds < 1


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + b"x" * 5000,
        b"HTTP/1.1 200 OK\r\n" + b"X-Header: y\r\n" * 5000,
        b"H" * 5000,
    ],
    ids=["body", "headers", "status line"],
)
def test_a_byte_now_and_then(serve: Serve, data: bytes) -> None:
    """The limit is one for the whole exchange, not one a byte."""
    exchange = ask(serve(drips(data, 0.01)), GET, 0.5)
    assert exchange.outcome is Outcome.SILENT
    assert exchange.seconds < 1.5


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"\x00\x01\x02\xff" * 100 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\nhello",
        b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
    ids=["ssh", "status", "binary", "chunk", "many headers", "long header"],
)
def test_what_is_no_http(serve: Serve, data: bytes) -> None:
    exchange = ask(serve(says(data)), GET, 2)
    assert exchange.outcome in (Outcome.GARBLED, Outcome.CLOSED) or (
        exchange.answer is not None and not exchange.answer.complete
    )


def test_closed_without_an_answer(serve: Serve) -> None:
    def close(connection: socket.socket) -> None:
        connection.recv(10)

    exchange = ask(serve(close), GET, 2)
    assert (exchange.outcome, exchange.answer) == (Outcome.CLOSED, None)


def test_a_body_that_is_cut_off(serve: Serve) -> None:
    exchange = ask(serve(says(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")), GET, 2)
    assert exchange.answer is not None
    assert (exchange.answer.body, exchange.answer.complete) == (b"short", False)


def test_a_body_without_end(serve: Serve) -> None:
    """It is read up to a limit."""

    def flood(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    exchange = ask(serve(flood), GET, 5, limit=100_000)
    assert exchange.answer is not None
    assert (len(exchange.answer.body), exchange.answer.complete) == (100_000, False)


def test_continue_without_end(serve: Serve) -> None:
    exchange = ask(serve(says(b"HTTP/1.1 100 Continue\r\n\r\n" * 50_000)), GET, 2)
    assert exchange.answer is None
    assert exchange.seconds < 3


def test_redirects_are_not_followed(serve: Serve) -> None:
    reached: list[bool] = []

    def trap(connection: socket.socket) -> None:
        reached.append(True)

    there = serve(trap)
    exchange = ask(serve(says(f"HTTP/1.1 302 Found\r\nLocation: {there.url}/\r\n\r\n".encode())), GET, 2)
    assert exchange.answer is not None
    assert exchange.answer.status == 302
    assert reached == []


def test_proxies_of_the_environment_are_not_used(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert ask(serve(says(b"HTTP/1.1 200 OK\r\n\r\n")), GET, 2).outcome is Outcome.ANSWERED


def test_an_early_answer_to_a_large_body(serve: Serve) -> None:
    """A server may refuse 10 MB before it has read them."""

    def refuse(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            while connection.recv(1 << 20):
                pass

    exchange = ask(serve(refuse), Request(b"x" * 10_000_000, path="/score"), 5)
    assert exchange.answer is not None
    assert exchange.answer.status == 413


def test_a_body_that_nobody_reads(serve: Serve) -> None:
    exchange = ask(serve(lambda connection: time.sleep(5)), Request(b"x" * 50_000_000, path="/"), 0.5)
    assert exchange.outcome is Outcome.SILENT
    assert exchange.seconds < 1.5


def test_figures_of_many(serve: Serve) -> None:
    load = measure(serve(says(b"HTTP/1.1 200 OK\r\n\r\n")), [GET], [200], 50, 4, 2)
    assert (load.requests, load.failed, load.concurrency) == (50, 0, 4)
    assert 0 < load.p50 <= load.p95 <= load.p99 < 2000
    assert len(load.curve) == 101
    assert load.curve == tuple(sorted(load.curve))
    assert (load.curve[50], load.curve[95], load.curve[99]) == (load.p50, load.p95, load.p99)


def test_figures_of_many_that_fail(serve: Serve) -> None:
    load = measure(serve(says(b"HTTP/1.1 500 No\r\n\r\n")), [GET], [200], 10, 2, 2)
    assert (load.failed, load.p95, load.throughput) == (10, 0.0, 0.0)


def test_many_end_where_there_is_nobody_left_to_ask() -> None:
    load = measure(Address("127.0.0.1", 1), [GET], [200], 1000, 2, 2, over=lambda: True)
    assert load.failed == 1000


def test_percentiles() -> None:
    values = [float(number) for number in range(1, 101)]
    assert [percentile(values, percent) for percent in (50, 95, 99, 100)] == [50.0, 95.0, 99.0, 100.0]
    assert percentile([7.0], 99) == 7.0
    assert percentile([], 50) == 0.0


def test_a_curve_is_bounded_and_keeps_the_ends() -> None:
    values = [float(number) for number in range(10_000)]
    assert len(curve(values)) == 101
    assert (curve(values)[0], curve(values)[50], curve(values)[100]) == (0.0, 4999.0, 9999.0)
    assert curve([7.0]) == (7.0,) * 101
    assert curve([]) == ()
