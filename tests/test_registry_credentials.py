"""Where credentials are looked for, and which of them count; helpers are real programs."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amlcheck.image import credentials
from amlcheck.image.credentials import CredentialsError, Search, find_credentials

SECRET = "s3cret-in-no-output"
Look = Callable[..., Search]


def packed(user: str, password: str = SECRET) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    return tmp_path


@pytest.fixture
def look(home: Path) -> Look:
    """Looks for what is kept for a registry, in an environment that says nothing else."""

    def run(registry: str = "r.example.com", path: str = "team/base", named: bool = True, **environ: str) -> Search:
        return find_credentials(
            registry, path, named, {"HOME": str(home), "PATH": f"{home}/bin:/usr/bin:/bin", **environ}
        )

    return run


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


def helper(home: Path, name: str, script: str) -> None:
    program = home / "bin" / f"docker-credential-{name}"
    program.write_text(f"#!/bin/sh\nread server\n{script}\n", encoding="utf-8")
    program.chmod(0o755)


def answer(user: str, secret: str = SECRET) -> str:
    return f"echo '{json.dumps({'ServerURL': '', 'Username': user, 'Secret': secret})}'"


def user_of(found: Search) -> str | None:
    return found.credentials.username if found.credentials is not None else None


def test_nothing_anywhere(look: Look) -> None:
    assert look() == Search()


@pytest.mark.parametrize(
    ("registry", "keys", "expected"),
    [
        ("r.example.com", ["r.example.com"], "0"),
        ("r.example.com", ["https://r.example.com"], "0"),
        ("r.example.com", ["https://r.example.com/v1/"], "0"),
        ("r.example.com", ["http://r.example.com/v2/"], "0"),
        ("r.example.com", ["R.Example.COM"], "0"),
        ("r.example.com", ["r.example.com:443"], None),
        ("r.example.com", ["example.com", "er.example.com", "r.example.com.evil.org"], None),
        ("r.example.com:5000", ["r.example.com", "r.example.com:5000"], "1"),
        ("docker.io", ["https://index.docker.io/v1/"], "0"),
        ("docker.io", ["docker.io"], "0"),
        ("docker.io", ["registry-1.docker.io"], "0"),
        ("r.example.com", ["r.example.com", "r.example.com/team", "r.example.com/team/base"], "2"),
        ("r.example.com", ["r.example.com/team/base", "r.example.com"], "0"),
        ("r.example.com", ["r.example.com/te", "r.example.com/other", "r.example.com/team/base/more"], None),
    ],
)
def test_keys_of_a_config(look: Look, home: Path, registry: str, keys: list[str], expected: str | None) -> None:
    write(home / ".docker/config.json", {"auths": {key: packed(str(number)) for number, key in enumerate(keys)}})
    assert user_of(look(registry)) == expected


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (packed("user"), ("user", SECRET, "")),
        (packed("user", "with:colons"), ("user", "with:colons", "")),
        (packed("user", "pässwörd"), ("user", "pässwörd", "")),
        (packed("user", "ended\0\0"), ("user", "ended", "")),
        ({"username": "user", "password": SECRET}, ("user", SECRET, "")),
        ({"identitytoken": "token"}, ("", "", "token")),
        ({**packed("0000"), "identitytoken": "token"}, ("0000", "", "token")),
    ],
)
def test_entries(look: Look, home: Path, entry: dict[str, str], expected: tuple[str, str, str]) -> None:
    write(home / ".docker/config.json", {"auths": {"r.example.com": entry}})
    found = look().credentials
    assert found is not None
    assert (found.username, found.password, found.identity_token) == expected
    assert found.source == str(home / ".docker/config.json")
    assert found.bound


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is no JSON object"),
        ({"auths": {"r.example.com": {"auth": "%%%"}}}, "cannot be decoded"),
        ({"auths": {"r.example.com": {"auth": base64.b64encode(b"no colon").decode()}}}, "cannot be decoded"),
        ({"auths": {"r.example.com": {"auth": base64.b64encode(b"\xff\xfe:\xff").decode()}}}, "cannot be decoded"),
        ({"auths": {"r.example.com": {}}}, ""),
        ({"auths": {"r.example.com": 5}}, ""),
        ({"auths": 5, "credHelpers": 5, "credsStore": 5}, ""),
        ({"credsStore": "../../evil"}, "can be none"),
        ({"credsStore": "a b; touch x"}, "can be none"),
        ({"credsStore": "missing"}, "docker-credential-missing, which"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(look: Look, home: Path, content: Any, problem: str) -> None:
    write(home / ".docker/config.json", content)
    found = look()
    assert found.credentials is None
    assert len(found.problems) == bool(problem)
    assert problem in "".join(found.problems)


def test_a_folder_where_a_file_should_be(look: Look, home: Path) -> None:
    (home / ".docker/config.json").mkdir(parents=True)
    assert "cannot be read" in look().problems[0]


def test_the_order_of_the_files(look: Look, home: Path) -> None:
    places = {
        "given": home / "given.json",
        "docker": home / "docker/config.json",
        "podman": home / "run/containers/auth.json",
        "config": home / ".config/containers/auth.json",
    }
    for name, place in places.items():
        write(place, {"auths": {"r.example.com": packed(name)}})
    environ = {
        "REGISTRY_AUTH_FILE": str(places["given"]),
        "DOCKER_CONFIG": str(home / "docker"),
        "XDG_RUNTIME_DIR": str(home / "run"),
    }
    for name in places:
        assert user_of(look(**environ)) == name
        places[name].unlink()
    assert look(**environ) == Search()


def test_a_helper_before_the_store_before_the_file(look: Look, home: Path) -> None:
    helper(home, "own", answer("own"))
    helper(home, "all", answer("all"))
    content: dict[str, Any] = {
        "credHelpers": {"r.example.com": "own"},
        "credsStore": "all",
        "auths": {"r.example.com": packed("file")},
    }
    write(home / ".docker/config.json", content)
    assert user_of(look()) == "own"
    assert user_of(look("other.example.com")) == "all"
    helper(home, "own", "echo 'credentials not found in native keychain'; exit 1")
    assert look().problems == ()
    assert user_of(look()) == "all"
    helper(home, "all", "exit 3")
    assert user_of(look()) == "file"
    assert look().problems == ("docker-credential-all failed with exit code 3",)


@pytest.mark.parametrize(("registry", "server"), [("docker.io", "https://index.docker.io/v1/"), ("r:5000", "r:5000")])
def test_what_a_helper_is_asked(look: Look, home: Path, registry: str, server: str) -> None:
    helper(home, "asked", f'echo "$* $server" > {home}/asked\n{answer("user")}')
    write(home / ".docker/config.json", {"credsStore": "asked"})
    assert user_of(look(registry)) == "user"
    assert (home / "asked").read_text(encoding="utf-8") == f"get {server}\n"


def test_a_helper_with_an_identity_token(look: Look, home: Path) -> None:
    helper(home, "token", answer("<token>", "identity"))
    write(home / ".docker/config.json", {"credsStore": "token"})
    found = look().credentials
    assert found is not None
    assert (found.identity_token, found.password) == ("identity", "")
    assert "identity" not in repr(look())


@pytest.mark.parametrize(
    "script", ["echo not JSON", "echo '{}'", "echo '[]'", f'echo \'{{"Username": 5, "Secret": "{SECRET}"}}\'']
)
def test_a_helper_that_answers_nonsense(look: Look, home: Path, script: str) -> None:
    helper(home, "odd", script)
    write(home / ".docker/config.json", {"credsStore": "odd"})
    assert look() == Search(None, ("docker-credential-odd answered something else than credentials",))


def test_a_helper_that_hangs(look: Look, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "HELPER_SECONDS", 0.3)
    helper(home, "slow", "exec sleep 30")
    write(home / ".docker/config.json", {"credsStore": "slow"})
    start = time.monotonic()
    assert look().problems == ("docker-credential-slow did not answer within 0.3 s",)
    assert time.monotonic() - start < 5


VARIABLES = {"AMLCHECK_REGISTRY_USERNAME": "user", "AMLCHECK_REGISTRY_PASSWORD": SECRET}


@pytest.mark.parametrize(
    ("limit", "registry", "named", "expected"),
    [
        ("", "r.example.com", True, (True, False)),
        ("", "r.example.com", False, (False, False)),
        ("r.example.com", "r.example.com", True, (True, True)),
        ("https://R.example.com/", "r.example.com", False, (True, True)),
        ("index.docker.io", "docker.io", False, (True, True)),
        ("other.example.com", "r.example.com", True, (False, False)),
        ("r.example.com", "r.example.com:5000", True, (False, False)),
    ],
)
def test_variables(look: Look, limit: str, registry: str, named: bool, expected: tuple[bool, bool]) -> None:
    found = look(registry, named=named, AMLCHECK_REGISTRY=limit, **VARIABLES)
    assert (found.credentials is not None, bool(found.credentials and found.credentials.bound)) == expected
    assert bool(found.problems) is not expected[0]
    assert SECRET not in repr(found)


@pytest.mark.parametrize("missing", VARIABLES)
def test_half_of_the_variables(look: Look, missing: str) -> None:
    with pytest.raises(CredentialsError, match=f"^{missing}: is not set") as told:
        look(**{name: value for name, value in VARIABLES.items() if name != missing})
    assert SECRET not in str(told.value)


def test_variables_before_files(look: Look, home: Path) -> None:
    write(home / ".docker/config.json", {"auths": {"r.example.com": packed("file")}})
    assert user_of(look(**VARIABLES)) == "user"
    assert user_of(look(**VARIABLES, named=False)) == "file"
