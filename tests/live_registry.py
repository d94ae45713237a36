"""A real registry on loopback (Debian's docker-registry), and images pushed to it as its API has it, without docker."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import re
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from needed import lacking

PROGRAM = "docker-registry"
USER, SECRET = "tester", "s3cret-in-no-output"
_HTPASSWD = f"{USER}:$2b$04$abcdefghijklmnopqrstuufv4FCr3zI1cWxk.R3bDcLMo72X1WFH6\n"
"""bcrypt of SECRET, as the registry wants it; cheap on purpose."""
START_SECONDS = 20.0
OCI = "application/vnd.oci.image"
DOCKER = "application/vnd.docker"


@dataclass(frozen=True)
class Pushed:
    """A manifest as it was pushed."""

    media_type: str
    digest: str
    size: int


@dataclass(frozen=True)
class LiveRegistry:
    """A registry that runs, and who may write to it."""

    address: str
    """127.0.0.1:PORT"""
    data: Path
    auth: tuple[str, str] | None = None
    token: str = ""

    def push(
        self,
        name: str,
        config: Mapping[str, Any] | bytes,
        layers: Sequence[bytes] = (),
        *,
        tag: str = "1",
        docker: bool = False,
    ) -> Pushed:
        """An image of these layers (compressed tars), with OCI's media types or Docker's. Its config gets their digests."""
        if not isinstance(config, bytes):
            plain = [f"sha256:{hashlib.sha256(gzip.decompress(layer)).hexdigest()}" for layer in layers]
            config = {**config, "rootfs": {"type": "layers", "diff_ids": plain}}
        body = config if isinstance(config, bytes) else json.dumps(config).encode()
        kind = f"{DOCKER}.distribution.manifest.v2+json" if docker else f"{OCI}.manifest.v1+json"
        manifest = {
            "schemaVersion": 2,
            "mediaType": kind,
            "config": {
                "mediaType": f"{DOCKER}.container.image.v1+json" if docker else f"{OCI}.config.v1+json",
                **self.push_blob(name, body),
            },
            "layers": [
                {
                    "mediaType": f"{DOCKER}.image.rootfs.diff.tar.gzip" if docker else f"{OCI}.layer.v1.tar+gzip",
                    **self.push_blob(name, layer),
                }
                for layer in layers
            ],
        }
        return self.push_manifest(name, manifest, tag)

    def push_index(
        self, name: str, images: Sequence[tuple[Pushed, str]], *, tag: str = "1", docker: bool = False
    ) -> Pushed:
        """An index of images, each with "os/architecture[/variant]"."""
        kind = f"{DOCKER}.distribution.manifest.list.v2+json" if docker else f"{OCI}.index.v1+json"
        entries = []
        for pushed, platform in images:
            described = dict(zip(("os", "architecture", "variant"), platform.split("/"), strict=False))
            entry = {"mediaType": pushed.media_type, "digest": pushed.digest, "size": pushed.size}
            entries.append({**entry, "platform": described})
        return self.push_manifest(name, {"schemaVersion": 2, "mediaType": kind, "manifests": entries}, tag)

    def push_blob(self, name: str, content: bytes) -> dict[str, Any]:
        """Digest and size of a blob that is there now."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        started = self._send("POST", f"/v2/{name}/blobs/uploads/")
        self._send("PUT", started.headers["Location"], content, params={"digest": digest})
        return {"digest": digest, "size": len(content)}

    def push_manifest(self, name: str, manifest: Mapping[str, Any], tag: str) -> Pushed:
        """A manifest under a tag."""
        body = json.dumps(manifest).encode()
        kind = str(manifest["mediaType"])
        self._send("PUT", f"/v2/{name}/manifests/{tag}", body, headers={"Content-Type": kind})
        return Pushed(kind, f"sha256:{hashlib.sha256(body).hexdigest()}", len(body))

    def blob_file(self, digest: str) -> Path:
        """Where the registry keeps a blob."""
        found = digest.removeprefix("sha256:")
        return self.data / "docker/registry/v2/blobs/sha256" / found[:2] / found / "data"

    def _send(self, method: str, path: str, content: bytes = b"", **settings: Any) -> requests.Response:
        url = path if path.startswith("http") else f"http://{self.address}{path}"
        headers = settings.pop("headers", {})
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        with requests.Session() as session:
            session.trust_env = False
            response = session.request(
                method, url, data=content, auth=self.auth, headers=headers, timeout=30, **settings
            )
        assert response.status_code < 300, f"{method} {url}: {response.status_code} {response.text}"
        return response


def layer(files: Mapping[str, bytes]) -> bytes:
    """A compressed layer of these files, the same bytes each time."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(made.getvalue(), mtime=0)


def config_of(env: Mapping[str, str] | None = None, platform: str = "linux/amd64", **more: Any) -> dict[str, Any]:
    """An image's config with these variables."""
    system, architecture = platform.split("/")[:2]
    stated = {"Env": [f"{name}={value}" for name, value in (env or {}).items()], **more}
    return {"os": system, "architecture": architecture, "config": stated}


@contextlib.contextmanager
def serve(
    folder: Path,
    *,
    locked: bool = False,
    token_server: Mapping[str, str] | None = None,
    tls: Path | None = None,
    data: Path | None = None,
) -> Iterator[LiveRegistry]:
    """A registry that keeps its data in a folder, on a free port; its end is that of the `with`.

    `locked`: with USER and SECRET only. `token_server`: realm, service, issuer and rootcertbundle of a token server.
    `tls`: a folder with cert.pem and key.pem. `data`: that of another registry.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        lacking(f"{PROGRAM} is not installed (Debian's package of that name)")
    folder.mkdir(parents=True, exist_ok=True)
    settings: dict[str, Any] = {
        "version": 0.1,
        "log": {"level": "info", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(data or folder / "data")}, "delete": {"enabled": True}},
        "http": {"addr": "127.0.0.1:0", "secret": "of the tests"},
    }
    if locked:
        (folder / "htpasswd").write_text(_HTPASSWD, encoding="utf-8")
        settings["auth"] = {"htpasswd": {"realm": "tests", "path": str(folder / "htpasswd")}}
    if token_server is not None:
        settings["auth"] = {"token": dict(token_server)}
    if tls is not None:
        settings["http"]["tls"] = {"certificate": str(tls / "cert.pem"), "key": str(tls / "key.pem")}
    # JSON is YAML.
    (folder / "config.yml").write_text(json.dumps(settings), encoding="utf-8")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "serve", str(folder / "config.yml")], stdout=log, stderr=log)
    try:
        yield LiveRegistry(
            _address(process, folder / "log"), data or folder / "data", (USER, SECRET) if locked else None
        )
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def certificate(folder: Path) -> Path:
    """Key and self-signed certificate for localhost, as key.pem and cert.pem in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    made = [
        "-keyout",
        str(folder / "key.pem"),
        "-out",
        str(folder / "cert.pem"),
        "-subj",
        "/CN=localhost",
        "-days",
        "2",
    ]
    made += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    try:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *made], capture_output=True, check=True
        )
    except FileNotFoundError:
        lacking("openssl is not installed")
    return folder


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """What the registry itself says it listens on."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        found = re.search(r"listening on (127\.0\.0\.1:\d+)", log.read_text(encoding="utf-8"))
        if found:
            return found.group(1)
        time.sleep(0.02)
    raise AssertionError(f"the registry does not start: {log.read_text(encoding='utf-8')[-2000:]}")
