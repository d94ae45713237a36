"""Registries that lie, drip, flood or lead astray: each ends in one clean sentence, soon, and gets nobody's password.

The server is fake_registry.py, a FAKE: no real registry behaves like this.
"""

from __future__ import annotations

import base64
import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from amlcheck.errors import AmlcheckError, UnreadableError
from amlcheck.image import blob_store, registry_client, registry_line
from amlcheck.image.cache_folder import cache_folder
from amlcheck.image.credentials import CredentialsError
from amlcheck.image.registry import fetch_config, fetch_image
from amlcheck.image.registry_client import RegistryClient, _challenges
from amlcheck.image.registry_line import RegistryError, is_loopback
from fake_registry import Answer, FakeRegistry, Handler, described, fake_registry, manifest_of, says
from live_registry import SECRET, USER, config_of, layer

CONFIG = json.dumps(config_of({"A": "1"})).encode()
ESCAPES = b'{"errors": [{"code": "\x1b[2J\x1b]0;owned\x07", "message": "\x1b[31m<script>"}]}'


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeRegistry]:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("AMLCHECK_") or name == "REGISTRY_AUTH_FILE":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("AMLCHECK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(registry_client, "ANSWER_SECONDS", 1.0)
    monkeypatch.setattr(registry_client, "PAUSE", 0.01)
    monkeypatch.setattr(blob_store, "STALL_SECONDS", 1.0)
    with fake_registry() as server:
        yield server


@pytest.fixture
def password(fake: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMLCHECK_REGISTRY_USERNAME", USER)
    monkeypatch.setenv("AMLCHECK_REGISTRY_PASSWORD", SECRET)
    monkeypatch.setenv("AMLCHECK_REGISTRY", fake.address)


def honest(fake: FakeRegistry, *layers: bytes, config: bytes = CONFIG) -> None:
    """An image as it should be, which a test then spoils."""
    fake.routes["/v2/a/manifests/"] = says(manifest_of(config, *layers))
    for blob in (config, *layers):
        fake.routes[f"/v2/a/blobs/{described(blob)['digest']}"] = says(blob)


def refused(fake: FakeRegistry, fetch: Callable[..., object] = fetch_config, within: float = 4.0) -> str:
    start = time.monotonic()
    with pytest.raises(AmlcheckError) as told:
        fetch(f"{fake.address}/a:1")
    assert time.monotonic() - start < within
    message = str(told.value)
    assert re.fullmatch(r"[\x20-\x7e…]{20,400}", message), message
    assert message.startswith(fake.address)
    assert not list(cache_folder("registry").rglob("*.part"))
    return message


def test_the_fake_can_be_honest(fake: FakeRegistry) -> None:
    honest(fake, layer({"a": b"1"}))
    assert fetch_config(f"{fake.address}/a:1").env == {"A": "1"}
    assert fetch_image(f"{fake.address}/a:1").is_dir()


# --- nonsense --------------------------------------------------------------------------------------------------------

DEEP = b'{"a":' * 50_000
NONSENSE: dict[str, tuple[Answer, str]] = {
    "no JSON": (says(b"<html>\x1b[2J</html>"), "is not JSON"),
    "deep JSON": (says(DEEP), "is not JSON"),
    "no object": (says(b"[]"), "no JSON object"),
    "nothing": (says(b""), "is not JSON"),
    "neither": (says({"schemaVersion": 2}), "neither of an image nor of an index"),
    "schema 1": (says({"schemaVersion": 1, "fsLayers": []}), "old schema 1"),
    "schema 1 by type": (
        says({}, Content_Type="application/vnd.docker.distribution.manifest.v1+prettyjws"),
        "old schema 1",
    ),
    "both": (says({**manifest_of(CONFIG), "manifests": []}), "an image and an index at once"),
    "an empty index": (says({"manifests": []}), "lists no image"),
    "no list": (says({"manifests": {"a": 1}}), "no list of at most"),
    "many layers": (says({**manifest_of(CONFIG), "layers": [described(b"")] * 1001}), "at most 1000 layers"),
    "a chart": (says({**manifest_of(CONFIG), "config": described(CONFIG, "application/x\x1b[31m")}), "no image"),
    "a huge config": (
        says({**manifest_of(CONFIG), "config": {**described(CONFIG), "size": 9 << 20}}),
        "more than 8388608 are not read",
    ),
    "a negative size": (says({**manifest_of(CONFIG), "config": {**described(CONFIG), "size": -1}}), "without digest"),
    "a size of true": (says({**manifest_of(CONFIG), "config": {**described(CONFIG), "size": True}}), "without digest"),
    "a path for a digest": (
        says({**manifest_of(CONFIG), "config": {**described(CONFIG), "digest": "sha256:../../../../etc/passwd"}}),
        "no sha256",
    ),
    "another algorithm": (
        says({**manifest_of(CONFIG), "config": {**described(CONFIG), "digest": "md5:" + "0" * 32}}),
        "no sha256",
    ),
    "a null layer": (says({**manifest_of(CONFIG), "layers": [None]}), "without digest"),
    "another digest": (
        says(manifest_of(CONFIG), Docker_Content_Digest=f"sha256:{'0' * 64}"),
        "not the one of its digest",
    ),
    "too large": (says(b" " * ((4 << 20) + 1)), "more than 4194304 bytes"),
    "an error page": (says(ESCAPES, 500), "HTTP status 500"),
    "not found": (says(ESCAPES, 404), "has no 1 there"),
    "a teapot": (says(ESCAPES, 418), "HTTP status 418"),
    "no more": (says(ESCAPES, 429), "no more requests"),
    "denied": (says(ESCAPES, 403), "user name and password are needed"),
    "hostile platforms": (
        says(
            {
                "manifests": [
                    {**described(b""), "platform": {"os": "\x1b[2J", "architecture": f"{number:02}" + "x" * 100}}
                    for number in range(30)
                ]
            }
        ),
        "and 10 more",
    ),
}


@pytest.mark.parametrize("case", NONSENSE)
def test_nonsense(fake: FakeRegistry, case: str) -> None:
    honest(fake)
    fake.routes["/v2/a/manifests/"], expected = NONSENSE[case]
    if case == "hostile platforms":
        with pytest.raises(UnreadableError, match=expected) as told:
            fetch_config(f"{fake.address}/a:1")
        assert "\x1b" not in str(told.value)
        return
    assert expected in refused(fake)


def test_a_manifest_by_digest_is_verified(fake: FakeRegistry) -> None:
    honest(fake)
    with pytest.raises(UnreadableError, match="not the one of its digest"):
        fetch_config(f"{fake.address}/a@sha256:{'1' * 64}")


def test_an_index_of_itself(fake: FakeRegistry) -> None:
    index = {"manifests": [{**described(b"x"), "platform": {"os": "linux", "architecture": "amd64"}}]}
    fake.routes["/v2/a/manifests/"] = says(index)
    assert "not the one of its digest" in refused(fake)


@pytest.mark.parametrize("body", [CONFIG[:-1], CONFIG + b" ", CONFIG.replace(b"1", b"2"), b""])
def test_a_config_that_is_another(fake: FakeRegistry, body: bytes) -> None:
    honest(fake)
    fake.routes[f"/v2/a/blobs/{described(CONFIG)['digest']}"] = says(body)
    refused(fake)


def test_a_config_that_is_not_json(fake: FakeRegistry) -> None:
    honest(fake, config=b"\x1b[2J no JSON")
    assert "config is not JSON" in refused(fake)


def test_a_compressed_answer_is_not_unpacked(fake: FakeRegistry) -> None:
    import gzip

    bomb = gzip.compress(b"\0" * (64 << 20), 1)
    fake.routes["/v2/a/manifests/"] = says(bomb, Content_Encoding="gzip")
    assert "is not JSON" in refused(fake)


# --- time and size ---------------------------------------------------------------------------------------------------


def endless(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.ended.is_set():
        handler.wfile.write(b" " * 65536)


def dripping_body(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    while not handler.server.ended.wait(0.05):
        handler.wfile.write(b" ")


def dripping_head(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not handler.server.ended.wait(0.05):
        handler.wfile.write(b"x")


def silent(handler: Handler) -> None:
    handler.server.ended.wait(20)


def hanging_up(handler: Handler) -> None:
    handler.close_connection = True


def too_short(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"{")
    handler.close_connection = True


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (endless, "more than 4194304 bytes"),
        (dripping_body, "did not answer in time"),
        (dripping_head, "did not answer in time"),
        (silent, "did not answer in time"),
        (hanging_up, "hung up"),
        (too_short, "hung up"),
    ],
)
def test_every_answer_ends(fake: FakeRegistry, answer: Answer, expected: str) -> None:
    fake.routes["/v2/a/manifests/"] = answer
    assert expected in refused(fake)
    assert not [thread for thread in threading.enumerate() if thread.name == "registry-watch"]


def test_a_busy_registry_is_asked_again(fake: FakeRegistry) -> None:
    honest(fake)
    fine = fake.routes["/v2/a/manifests/"]
    answers = iter([says(b"", 503), hanging_up, fine])
    fake.routes["/v2/a/manifests/"] = lambda handler: next(answers)(handler)
    assert fetch_config(f"{fake.address}/a:1").env == {"A": "1"}


def test_all_requests_together_are_bounded(fake: FakeRegistry) -> None:
    fake.routes["/v2/a/manifests/"] = silent
    start = time.monotonic()
    with pytest.raises(RegistryError, match="did not answer in time"):
        fetch_config(f"{fake.address}/a:1", seconds=0.3)
    assert time.monotonic() - start < 2


# --- layers ----------------------------------------------------------------------------------------------------------

LAYER = os.urandom(300_000)
DIGEST = f"/v2/a/blobs/{described(LAYER)['digest']}"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (says(LAYER + b"x"), "more than the 300000 bytes"),
        (says(LAYER[:-1]), "ends before the 300000 bytes"),
        (says(bytes(300_000)), "not the one of its digest"),
        (says(b"", 404), "check its name"),
        (endless, "more than the 300000 bytes"),
        (dripping_body, "did not answer in time"),
        (hanging_up, "hung up"),
    ],
)
def test_layers_that_are_not_what_is_stated(
    fake: FakeRegistry, monkeypatch: pytest.MonkeyPatch, answer: Answer, expected: str
) -> None:
    monkeypatch.setattr(blob_store, "RESUMES", 1)
    honest(fake, LAYER)
    fake.routes[DIGEST] = answer
    assert expected in refused(fake, fetch_image, within=8)
    assert not list(cache_folder("registry", "images").iterdir())
    assert not list(cache_folder("registry", "new").iterdir())


def test_a_broken_download_goes_on_where_it_ended(fake: FakeRegistry) -> None:
    honest(fake, LAYER)
    ranges: list[str] = []

    def breaking(handler: Handler) -> None:
        ranges.append(handler.headers.get("Range", ""))
        start = int(ranges[-1].removeprefix("bytes=").removesuffix("-") or 0)
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Length", str(len(LAYER) - start))
        handler.end_headers()
        handler.wfile.write(LAYER[start : start + 140_000])
        handler.close_connection = True

    fake.routes[DIGEST] = breaking
    folder = fetch_image(f"{fake.address}/a:1")
    assert (folder / "blobs/sha256" / DIGEST.rpartition(":")[2]).read_bytes() == LAYER
    assert ranges[0] == ""
    assert len(ranges) > 1
    assert all(item.startswith("bytes=") for item in ranges[1:])


def test_a_server_without_ranges_is_read_from_the_start_again(fake: FakeRegistry) -> None:
    honest(fake, LAYER)
    counts = iter([100_000, 200_000, 300_000])

    def breaking(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(LAYER)))
        handler.end_headers()
        handler.wfile.write(LAYER[: next(counts)])
        handler.close_connection = True

    fake.routes[DIGEST] = breaking
    folder = fetch_image(f"{fake.address}/a:1")
    assert (folder / "blobs/sha256" / DIGEST.rpartition(":")[2]).read_bytes() == LAYER


def test_a_layer_larger_than_any_disk_empties_no_cache(fake: FakeRegistry) -> None:
    honest(fake, layer({"kept": b"1"}))
    kept = fetch_image(f"{fake.address}/a:1")
    stated = manifest_of(CONFIG, b"")
    stated["layers"][0]["size"] = 1 << 62
    fake.routes["/v2/a/manifests/"] = says(stated)
    with pytest.raises(AmlcheckError, match="make room"):
        fetch_image(f"{fake.address}/a:1")
    assert kept.is_dir()


# --- who gets the password -------------------------------------------------------------------------------------------


def bearer(realm: str) -> Answer:
    return says(b"", 401, WWW_Authenticate=f'Bearer realm="{realm}",service="s",scope="repository:other:push"')


@pytest.mark.parametrize(
    "realm",
    [
        "file:///etc/passwd",
        "http://auth.example.com/token",
        "http://127.0.0.1.example.com/token",
        "http://localhost@auth.example.com/token",
        "https://user:pass@auth.example.com/token",
        "//auth.example.com/token",
        "ftp://auth.example.com/",
        "https://",
        "http://[::1",
        "",
    ],
)
@pytest.mark.usefixtures("password")
def test_token_servers_that_are_not_trusted(fake: FakeRegistry, realm: str) -> None:
    fake.routes["/v2/a/manifests/"] = bearer(realm)
    assert "no password is sent there" in refused(fake)
    assert not [headers for _, headers in fake.seen if "Authorization" in headers]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (says({"token": "a\r\nX-Evil: 1"}), "without a token"),
        (says({"token": 5}), "without a token"),
        (says({"token": "x\x1b[2J"}), "without a token"),
        (says([]), "without a token"),  # type: ignore[arg-type]
        (says(b"\x1b[2J"), "without a token"),
        (says(b" " * ((1 << 20) + 1)), "more than 1048576 bytes"),
        (says(b"", 302, Location="http://auth.example.com/"), "HTTP status 302"),
        (says(ESCAPES, 500), "HTTP status 500"),
        (says(ESCAPES, 401), "are refused"),
        (dripping_body, "did not answer in time"),
        (says({"token": "taken"}), "are refused"),
    ],
)
@pytest.mark.usefixtures("password")
def test_token_servers_that_answer_nonsense(fake: FakeRegistry, answer: Answer, expected: str) -> None:
    fake.routes["/v2/a/manifests/"] = bearer(f"http://{fake.address}/token")
    fake.routes["/token"] = answer
    message = refused(fake, within=8)
    assert expected in message
    assert "taken" not in message
    for path, _ in fake.seen:
        assert "other" not in path, "a token for another repository than the image's was asked for"


@pytest.mark.usefixtures("password")
def test_redirects_carry_no_password_to_another_server(fake: FakeRegistry) -> None:
    honest(fake, LAYER)
    basic = "Basic " + base64.b64encode(f"{USER}:{SECRET}".encode()).decode()
    with fake_registry() as storage:
        storage.routes["/stored"] = says(LAYER)
        for path, answer in list(fake.routes.items()):
            fake.routes[path] = _locked(answer, basic)
        fake.routes[DIGEST] = _locked(says(b"", 307, Location=f"http://{storage.address}/stored?signed=1"), basic)
        assert fetch_image(f"{fake.address}/a:1").is_dir()
        assert [path for path, _ in storage.seen] == ["/stored?signed=1"]
        assert not [headers for _, headers in storage.seen if "Authorization" in headers]


def _locked(answer: Answer, basic: str) -> Answer:
    def ask(handler: Handler) -> None:
        if handler.headers.get("Authorization") == basic:
            answer(handler)
        else:
            handler.reply(401, WWW_Authenticate='Basic realm="x"')

    return ask


@pytest.mark.usefixtures("password")
def test_a_storage_that_refuses_is_no_matter_of_passwords(fake: FakeRegistry) -> None:
    with fake_registry() as storage:
        storage.routes["/stored"] = says(ESCAPES, 403)
        fake.routes["/v2/a/manifests/"] = says(b"", 307, Location=f"http://{storage.address}/stored")
        assert "HTTP status 403" in refused(fake)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/v2/a/manifests/1", "more than 5 times"),
        ("http://storage.example.com/x", "no https address"),
        ("file:///etc/passwd", "no https address"),
        ("http://[::1", "no https address"),
        ("gopher://x/", "no https address"),
    ],
)
def test_redirects_that_lead_nowhere(fake: FakeRegistry, location: str, expected: str) -> None:
    fake.routes["/v2/a/manifests/"] = says(b"", 307, Location=location)
    assert expected in refused(fake)
    assert len(fake.seen) <= 8


def endless_redirect(handler: Handler) -> None:
    handler.send_response(307)
    handler.send_header("Location", "/v2/b")
    handler.end_headers()
    while not handler.server.ended.is_set():
        handler.wfile.write(b" " * 65536)


def test_the_body_of_a_redirect_is_not_read(fake: FakeRegistry) -> None:
    fake.routes["/v2/a/manifests/"] = endless_redirect
    fake.routes["/v2/b"] = says(manifest_of(CONFIG))
    fake.routes["/v2/a/blobs"] = says(CONFIG)
    start = time.monotonic()
    assert fetch_config(f"{fake.address}/a:1").env == {"A": "1"}
    assert time.monotonic() - start < 0.5


@pytest.mark.usefixtures("password")
def test_a_challenge_that_is_none_gets_nothing(fake: FakeRegistry) -> None:
    for header in ("", "Negotiate", "Bearer", '"', "Basic" * 1000, "=,=,="):
        fake.seen.clear()
        fake.routes["/v2/a/manifests/"] = says(b"", 401, WWW_Authenticate=header)
        with pytest.raises((RegistryError, CredentialsError)):
            fetch_config(f"{fake.address}/a:1")
        assert not [headers for _, headers in fake.seen if "Authorization" in headers]


def test_only_this_machine_may_speak_plain_http(fake: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def never(line: object, url: str, *arguments: object, **settings: object) -> None:
        asked.append(url)
        raise RegistryError("stopped")

    monkeypatch.setattr(registry_line.Line, "send", never)
    for reference in ("ubuntu", "registry.example.com/a", "10.0.0.1:5000/a", "127.0.0.1.example.com/a"):
        with pytest.raises(RegistryError, match="stopped"):
            fetch_config(reference)
    assert asked == [
        "https://registry-1.docker.io/v2/library/ubuntu/manifests/latest",
        "https://registry.example.com/v2/a/manifests/latest",
        "https://10.0.0.1:5000/v2/a/manifests/latest",
        "https://127.0.0.1.example.com/v2/a/manifests/latest",
    ]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("localhost:5000", True),
        ("127.0.0.1", True),
        ("127.8.9.1:1", True),
        ("[::1]:5000", True),
        ("10.0.0.1", False),
        ("localhost.example.com", False),
        ("0.0.0.0", False),
        ("[::1", False),
        ("127.0.0.1@example.com", False),
    ],
)
def test_this_machine(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Bearer realm="https://a/t",service="s"', [("bearer", {"realm": "https://a/t", "service": "s"})]),
        (
            'Basic realm="x", Bearer realm="y" , service=z',
            [("basic", {"realm": "x"}), ("bearer", {"realm": "y", "service": "z"})],
        ),
        ('bearer Realm="a\\"b,c"', [("bearer", {"realm": 'a"b,c'})]),
        ("Negotiate, Basic realm=x", [("negotiate", {}), ("basic", {"realm": "x"})]),
        ("", []),
        ("=", []),
    ],
)
def test_challenges(header: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    assert [(item.scheme, item.parameters) for item in _challenges(header)] == expected


@pytest.mark.parametrize(
    "hostile", ['Bearer realm="' + "\\" * 8000, "Bearer " + "a=b," * 3000, "a " * 5000, "," * 9000]
)
def test_long_challenges_take_no_time(hostile: str) -> None:
    start = time.monotonic()
    _challenges(hostile)
    assert time.monotonic() - start < 0.5


def test_reprs_hold_no_secret(fake: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMLCHECK_REGISTRY_USERNAME", USER)
    monkeypatch.setenv("AMLCHECK_REGISTRY_PASSWORD", SECRET)
    with RegistryClient(fake.address, "a") as client:
        found = client.access.search()
        assert found.credentials is not None
        assert (found.credentials.username, found.credentials.password) == (USER, SECRET)
        for thing in (client, client.access, found, found.credentials, registry_line.Authorization(f"Basic {SECRET}")):
            assert SECRET not in f"{thing!r} {thing}"
        assert isinstance(client.access.refused(), CredentialsError)
