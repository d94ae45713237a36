"""A small token server on loopback whose tokens a real registry takes; openssl signs them."""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from live_registry import SECRET, USER, certificate

IDENTITY = "identity-t0ken-in-no-output"
ISSUER, SERVICE = "tests", "registry of the tests"
_BASIC = "Basic " + base64.b64encode(f"{USER}:{SECRET}".encode()).decode()


@dataclass
class TokenServer:
    """What it asks of a registry's configuration, what it was asked, and what it gave."""

    folder: Path
    realm: str = ""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """User ("" is nobody), scope and method of each request."""
    given: list[str] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, str]:
        bundle = str(self.folder / "cert.pem")
        return {"realm": self.realm, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": bundle}

    def token(self, name: str, actions: list[str]) -> str:
        """A token for a repository, as the registry's token specification has it."""
        certificate = "".join((self.folder / "cert.pem").read_text(encoding="ascii").splitlines()[1:-1])
        now = int(time.time())
        access = [{"type": "repository", "name": name, "actions": actions}] if actions else []
        claims = {"iss": ISSUER, "sub": "", "aud": SERVICE, "iat": now, "nbf": now - 10, "exp": now + 300, "jti": "1"}
        parts = ({"typ": "JWT", "alg": "RS256", "x5c": [certificate]}, {**claims, "access": access})
        signed = ".".join(_packed(json.dumps(part).encode()) for part in parts)
        key = str(self.folder / "key.pem")
        done = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", key], input=signed.encode(), capture_output=True, check=True
        )
        return f"{signed}.{_packed(done.stdout)}"


@contextlib.contextmanager
def token_server(folder: Path) -> Iterator[TokenServer]:
    """Gives USER and SECRET, or IDENTITY, a token for everything; anybody one for what starts with "public/"."""
    certificate(folder)
    tokens = TokenServer(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            given = self.headers.get("Authorization", "")
            self.answer(query, USER if given == _BASIC else "" if not given else None)

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            right = form["grant_type"] == ["refresh_token"] and form["refresh_token"] == [IDENTITY]
            self.answer(form, USER if right else None)

        def answer(self, asked: dict[str, list[str]], user: str | None) -> None:
            scope = asked["scope"][0]
            assert asked["service"] == [SERVICE]
            if user is None:
                self.send_error(401)
                return
            tokens.asked.append((user, scope, self.command))
            name = scope.split(":")[1]
            token = tokens.token(name, ["pull"] if user or name.startswith("public/") else [])
            tokens.given.append(token)
            body = json.dumps({"token" if self.command == "GET" else "access_token": token}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    tokens.realm = f"http://127.0.0.1:{server.server_port}/token"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield tokens
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
