"""A real registry that takes tokens only: whom a token is asked for, and with what."""

from __future__ import annotations

import base64
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from amlcheck.image.cache_folder import cache_folder
from amlcheck.image.credentials import CredentialsError
from amlcheck.image.registry import fetch_config, fetch_image
from live_registry import SECRET, USER, LiveRegistry, config_of, layer, serve
from token_server import IDENTITY, TokenServer, token_server

PACKED = base64.b64encode(f"{USER}:{SECRET}".encode()).decode()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveRegistry, TokenServer]]:
    folder = tmp_path_factory.mktemp("tokens")
    with token_server(folder / "server") as tokens, serve(folder / "registry", token_server=tokens.settings) as live:
        for name in ("public/base", "team/base"):
            writer = replace(live, token=tokens.token(name, ["pull", "push"]))
            writer.push(name, config_of({"NAME": name}), [layer({"a": os.urandom(500)})])
        yield live, tokens


@pytest.fixture(autouse=True)
def home(world: tuple[LiveRegistry, TokenServer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    world[1].asked.clear()
    for name in list(os.environ):
        if name.startswith("AMLCHECK_") or name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("AMLCHECK_CACHE", str(tmp_path / "cache"))
    return tmp_path


def logged_in(home: Path, address: str, **entry: str) -> None:
    (home / ".docker").mkdir()
    (home / ".docker/config.json").write_text(json.dumps({"auths": {address: entry}}), encoding="utf-8")


def test_a_public_image_needs_nobody(world: tuple[LiveRegistry, TokenServer]) -> None:
    live, tokens = world
    assert fetch_config(f"{live.address}/public/base:1").env == {"NAME": "public/base"}
    assert tokens.asked == [("", "repository:public/base:pull", "GET")]


def test_variables_of_no_registry_are_not_sent_for_a_public_image(
    world: tuple[LiveRegistry, TokenServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    live, tokens = world
    monkeypatch.setenv("AMLCHECK_REGISTRY_USERNAME", USER)
    monkeypatch.setenv("AMLCHECK_REGISTRY_PASSWORD", SECRET)
    assert fetch_config(f"{live.address}/public/base:1").env
    assert [user for user, _, _ in tokens.asked] == [""]
    assert fetch_config(f"{live.address}/team/base:1").env
    assert [user for user, _, _ in tokens.asked] == ["", "", USER]


def test_a_login_that_is_no_longer_right_does_not_bar_a_public_image(
    world: tuple[LiveRegistry, TokenServer], home: Path
) -> None:
    live, _ = world
    logged_in(home, live.address, auth=base64.b64encode(f"{USER}:old".encode()).decode())
    assert fetch_config(f"{live.address}/public/base:1").env
    with pytest.raises(CredentialsError, match="are refused"):
        fetch_config(f"{live.address}/team/base:1")


def test_a_private_image_without_credentials(world: tuple[LiveRegistry, TokenServer]) -> None:
    live, _ = world
    with pytest.raises(CredentialsError, match=f"^{live.address}: a user name and password are needed"):
        fetch_config(f"{live.address}/team/base:1")


def test_dockers_login(world: tuple[LiveRegistry, TokenServer], home: Path) -> None:
    live, tokens = world
    logged_in(home, live.address, auth=PACKED)
    assert fetch_config(f"{live.address}/team/base:1").env == {"NAME": "team/base"}
    assert tokens.asked == [(USER, "repository:team/base:pull", "GET")]


def test_an_identity_token_is_posted(world: tuple[LiveRegistry, TokenServer], home: Path) -> None:
    live, tokens = world
    nobody = base64.b64encode(b"00000000-0000-0000-0000-000000000000:").decode()
    logged_in(home, live.address, auth=nobody, identitytoken=IDENTITY)
    assert fetch_config(f"{live.address}/team/base:1").env == {"NAME": "team/base"}
    assert tokens.asked == [(USER, "repository:team/base:pull", "POST")]


@pytest.mark.parametrize("entry", [{"auth": PACKED}, {"identitytoken": IDENTITY}], ids=["password", "identity token"])
def test_neither_secret_nor_token_appears_anywhere(
    world: tuple[LiveRegistry, TokenServer],
    home: Path,
    entry: dict[str, str],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    live, tokens = world
    caplog.set_level(logging.DEBUG)
    logged_in(home, live.address, **entry)
    tokens.given.clear()
    fetch_image(f"{live.address}/team/base:1")
    outputs = [caplog.text, *capfd.readouterr()]
    outputs += [path.read_bytes().decode("latin-1") for path in cache_folder().rglob("*") if path.is_file()]
    assert "/token" in caplog.text
    assert tokens.given
    for secret in (SECRET, PACKED, IDENTITY, *tokens.given):
        assert not [output for output in outputs if secret in output]
