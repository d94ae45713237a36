"""A FAKE registry on loopback: an HTTP server that behaves as no real one would. For hostile behaviour only."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """One request: answered by the first route whose beginning its path has."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers)))
        with contextlib.suppress(OSError):
            for beginning, answer in self.server.routes.items():
                if self.path.startswith(beginning):
                    answer(self)
                    return
            self.reply(200 if self.path == "/v2/" else 404)

    def do_POST(self) -> None:
        self.do_GET()

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        """A whole, honest answer; "_" in a header's name is "-"."""
        self.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.routes: dict[str, Answer] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.ended = threading.Event()


@dataclass
class FakeRegistry:
    """Where it listens, what it answers, and what it was asked."""

    server: _Server = field(default_factory=_Server)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"

    @property
    def routes(self) -> dict[str, Answer]:
        """By the beginning of the path; the first that fits counts."""
        return self.server.routes

    @property
    def seen(self) -> list[tuple[str, dict[str, str]]]:
        """Path and headers of each request."""
        return self.server.seen

    @property
    def ended(self) -> threading.Event:
        """Set when the test is over: what drips waits on it."""
        return self.server.ended


@contextlib.contextmanager
def fake_registry() -> Iterator[FakeRegistry]:
    """A server for the time of a test."""
    fake = FakeRegistry()
    thread = threading.Thread(target=fake.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.ended.set()
        fake.server.shutdown()
        fake.server.server_close()
        thread.join()


def says(body: bytes | dict[str, Any], status: int = 200, **headers: str) -> Answer:
    """A route that answers with this body."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda handler: handler.reply(status, content, **headers)


def described(content: bytes, kind: str = "application/vnd.oci.image.config.v1+json") -> dict[str, Any]:
    """The descriptor of a blob."""
    return {"mediaType": kind, "digest": f"sha256:{hashlib.sha256(content).hexdigest()}", "size": len(content)}


def manifest_of(config: bytes, *layers: bytes, **more: Any) -> dict[str, Any]:
    """An honest manifest."""
    kind = "application/vnd.oci.image.layer.v1.tar+gzip"
    return {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": described(config),
        "layers": [described(item, kind) for item in layers],
        **more,
    }
