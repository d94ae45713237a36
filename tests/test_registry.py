"""Images in a real registry on loopback: configs, platforms, whole images in the cache, and who may read."""

from __future__ import annotations

import base64
import json
import logging
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import amlcheck
from amlcheck.errors import AmlcheckError, UnreadableError
from amlcheck.image import blob_store
from amlcheck.image.cache_folder import cache_folder
from amlcheck.image.credentials import CredentialsError
from amlcheck.image.registry import fetch_config, fetch_image
from amlcheck.image.registry_client import NoSuchImageError
from amlcheck.image.registry_line import RegistryError
from live_registry import SECRET, USER, LiveRegistry, certificate, config_of, layer, serve
from needed import lacking

SOURCE = str(Path(amlcheck.__file__).resolve().parent.parent)
PACKED = base64.b64encode(f"{USER}:{SECRET}".encode()).decode()


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    with serve(tmp_path_factory.mktemp("registry")) as live:
        yield live


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    with serve(tmp_path_factory.mktemp("private"), locked=True) as live:
        live.push("team/base", config_of({"CUDA_VERSION": "11.8.0"}), [layer({"a": b"private"})])
        yield live


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No credentials but those of the test, no cache but its own, and a proxy that leads nowhere."""
    for name in list(os.environ):
        if name.startswith("AMLCHECK_") or name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR"):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("AMLCHECK_CACHE", str(tmp_path / "cache"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    return home


def docker_config(home: Path, **content: object) -> None:
    (home / ".docker").mkdir(exist_ok=True)
    (home / ".docker" / "config.json").write_text(json.dumps(content), encoding="utf-8")


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


# --- configs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("docker", [False, True], ids=["OCI", "Docker schema 2"])
def test_a_config_is_read_without_a_layer(registry: LiveRegistry, docker: bool) -> None:
    config = config_of(
        {"CUDA_VERSION": "11.8.0", "EMPTY": ""},
        Labels={"maintainer": "NVIDIA"},
        User="1000",
        ExposedPorts={"5001/tcp": {}},
        Entrypoint=["/entry"],
        Cmd=["a"],
    )
    gone = layer({"a": b"gone %d" % docker})
    pushed = registry.push(f"config/{docker}".lower(), config, [gone], docker=docker)
    manifest = json.loads(registry.blob_file(pushed.digest).read_bytes())
    registry.blob_file(manifest["layers"][0]["digest"]).unlink()
    found = fetch_config(f"{registry.address}/config/{docker}:1".lower())
    assert found.env == {"CUDA_VERSION": "11.8.0", "EMPTY": ""}
    assert found.labels == {"maintainer": "NVIDIA"}
    assert (found.user, found.ports, found.entrypoint, found.cmd) == ("1000", ("5001/tcp",), ("/entry",), ("a",))
    assert found.platform == "linux/amd64"


def test_a_digest_names_the_image_whatever_the_tag_says(registry: LiveRegistry) -> None:
    old = registry.push("moved", config_of({"RELEASE": "old"}))
    registry.push("moved", config_of({"RELEASE": "new"}))
    name = f"{registry.address}/moved"
    assert fetch_config(f"{name}:1").env == {"RELEASE": "new"}
    assert fetch_config(f"{name}@{old.digest}").env == {"RELEASE": "old"}
    assert fetch_config(f"{name}:1@{old.digest}").env == {"RELEASE": "old"}


def test_localhost_is_a_name_of_this_machine(registry: LiveRegistry) -> None:
    registry.push("here", config_of({"A": "1"}))
    assert fetch_config(f"localhost:{registry.address.rpartition(':')[2]}/here:1").env == {"A": "1"}


@pytest.mark.parametrize("docker", [False, True], ids=["OCI index", "Docker manifest list"])
def test_platforms(registry: LiveRegistry, docker: bool) -> None:
    name = f"many/{docker}".lower()
    images = [
        (registry.push(name, config_of({"P": platform}, platform), docker=docker), platform)
        for platform in ("linux/arm64/v8", "linux/amd64", "windows/amd64")
    ]
    attestation = (registry.push(name, config_of({"P": "none"}, "unknown/unknown"), docker=docker), "unknown/unknown")
    registry.push_index(name, [*images, attestation], docker=docker)
    there = f"{registry.address}/{name}:1"
    assert fetch_config(there).env == {"P": "linux/amd64"}
    assert fetch_config(there, "linux/arm64").env == {"P": "linux/arm64/v8"}
    assert fetch_config(there, "windows/amd64").env == {"P": "windows/amd64"}
    with pytest.raises(
        UnreadableError, match=r"no image for linux/s390x; there is linux/arm64/v8, linux/amd64, win"
    ) as told:
        fetch_config(there, "linux/s390x")
    assert "unknown" not in str(told.value)


def test_an_index_without_amd64(registry: LiveRegistry) -> None:
    name = "foreign"
    arm, power = (
        (registry.push(name, config_of({"P": item}, item)), item) for item in ("linux/arm64", "linux/ppc64le")
    )
    registry.push_index(name, [arm], tag="one")
    registry.push_index(name, [arm, power], tag="two")
    assert fetch_config(f"{registry.address}/{name}:one").env == {"P": "linux/arm64"}
    with pytest.raises(UnreadableError, match="no image for linux/amd64; there is linux/arm64, linux/ppc64le"):
        fetch_config(f"{registry.address}/{name}:two")


def test_what_is_not_there(registry: LiveRegistry) -> None:
    registry.push("there", config_of())
    for name in ("there:2", "not/there:1", f"there@sha256:{'0' * 64}"):
        with pytest.raises(NoSuchImageError) as told:
            fetch_config(f"{registry.address}/{name}")
        assert str(told.value).startswith(f"{registry.address}/")


def test_no_registry_at_an_address() -> None:
    start = time.monotonic()
    with pytest.raises(RegistryError, match=r"^127\.0\.0\.1:9: cannot be reached"):
        fetch_config("127.0.0.1:9/team/base:1")
    assert time.monotonic() - start < 5


def test_a_registry_with_tls(registry: LiveRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.push("tls", config_of({"A": "1"}))
    keys = certificate(tmp_path / "keys")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    with serve(tmp_path / "tls", tls=keys, data=registry.data) as live:
        with pytest.raises(RegistryError, match=r"^127\.0\.0\.1:\d+: no trusted TLS connection .* REQUESTS_CA_BUNDLE$"):
            fetch_config(f"{live.address}/tls:1")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(keys / "cert.pem"))
        assert fetch_config(f"{live.address}/tls:1").env == {"A": "1"}


@pytest.mark.parametrize(
    "reference",
    ["Upper/Case", "127.0.0.1:99999/a", "evil\x1b[2J.com/a", "a?b.com/x", "a#b.com/x", "[::1/a", "x.y:0/a", "a:é"],
)
def test_what_is_no_reference_is_never_asked_for(reference: str) -> None:
    with pytest.raises(AmlcheckError) as told:
        fetch_config(reference)
    assert "\x1b" not in str(told.value)


# --- whole images ----------------------------------------------------------------------------------------------------


def test_a_whole_image_becomes_an_oci_layout(registry: LiveRegistry) -> None:
    layers = [layer({f"file{number}": b"%d" % number * 1000}) for number in range(5)]
    pushed = registry.push("whole", config_of({"A": "1"}), layers)
    heard: list[tuple[int, int]] = []
    folder = fetch_image(f"{registry.address}/whole:1", told=lambda done, total: heard.append((done, total)))
    assert folder.is_relative_to(cache_folder())
    index = json.loads((folder / "index.json").read_bytes())
    assert [item["digest"] for item in index["manifests"]] == [pushed.digest]
    assert json.loads((folder / "oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}
    manifest = json.loads((folder / "blobs/sha256" / pushed.digest[7:]).read_bytes())
    assert [(folder / "blobs/sha256" / item["digest"][7:]).read_bytes() for item in manifest["layers"]] == layers
    total = sum(item["size"] for item in (manifest["config"], *manifest["layers"]))
    assert heard[-1] == (total, total)
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)


def test_skopeo_reads_the_layout(registry: LiveRegistry) -> None:
    registry.push("checked", config_of({"A": "1"}), [layer({"a": b"1"})])
    folder = fetch_image(f"{registry.address}/checked:1")
    try:
        done = subprocess.run(["skopeo", "inspect", "--config", f"oci:{folder}"], capture_output=True, check=True)
    except FileNotFoundError:
        lacking("skopeo is not installed")
    assert json.loads(done.stdout)["config"]["Env"] == ["A=1"]


def test_shared_blobs_are_read_and_kept_once(registry: LiveRegistry) -> None:
    shared, own = layer({"shared": b"s" * 5000}), layer({"own": b"o"})
    registry.push("share/a", config_of({"I": "a"}), [shared])
    pushed = registry.push("share/b", config_of({"I": "b"}), [shared, own])
    first = fetch_image(f"{registry.address}/share/a:1")
    blob = json.loads(registry.blob_file(pushed.digest).read_bytes())["layers"][0]["digest"]
    registry.blob_file(blob).unlink()
    second = fetch_image(f"{registry.address}/share/b:1")
    hexed = blob.removeprefix("sha256:")
    assert (first / "blobs/sha256" / hexed).samefile(second / "blobs/sha256" / hexed)


def test_an_image_that_is_there_is_not_read_again(registry: LiveRegistry) -> None:
    pushed = registry.push("again", config_of({"I": "again"}), [layer({"a": b"again"})])
    name = f"{registry.address}/again"
    folder = fetch_image(f"{name}:1")
    for item in json.loads(registry.blob_file(pushed.digest).read_bytes())["layers"]:
        registry.blob_file(item["digest"]).unlink()
    assert fetch_image(f"{name}:1") == folder
    registry.blob_file(pushed.digest).unlink()
    assert fetch_image(f"{name}@{pushed.digest}") == folder


def test_the_cache_is_for_its_owner_only(registry: LiveRegistry) -> None:
    registry.push("own", config_of())
    fetch_image(f"{registry.address}/own:1")
    for folder in (cache_folder(), cache_folder("registry")):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_forged_layer_is_refused_and_leaves_nothing(registry: LiveRegistry) -> None:
    content = layer({"a": b"honest" * 50})
    pushed = registry.push("forged", config_of({"I": "forged"}), [content])
    blob = json.loads(registry.blob_file(pushed.digest).read_bytes())["layers"][0]["digest"]
    registry.blob_file(blob).write_bytes(bytes(reversed(content)))
    with pytest.raises(UnreadableError, match="is not the one of its digest"):
        fetch_image(f"{registry.address}/forged:1")
    store = cache_folder("registry")
    assert not list((store / "new").iterdir())
    assert not list((store / "images").iterdir())
    assert not (store / "blobs/sha256" / blob.removeprefix("sha256:")).exists()
    registry.blob_file(blob).write_bytes(content)
    assert fetch_image(f"{registry.address}/forged:1").is_dir()


def test_least_recently_used_images_go_first(registry: LiveRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        registry.push(f"lru/{name}", config_of({"I": name}), [layer({"f": os.urandom(40_000)})])
    folders = {name: _fetched_elsewhere(registry, f"lru/{name}") for name in "ab"}
    os.utime(folders["a"], (2e9, 2e9))
    os.utime(folders["b"], (1e9, 1e9))
    monkeypatch.setenv("AMLCHECK_CACHE_GB", "0.0001")
    folders["c"] = fetch_image(f"{registry.address}/lru/c:1")
    assert {name for name, folder in folders.items() if folder.is_dir()} == {"a", "c"}
    size = sum(path.stat().st_size for path in files_below(cache_folder("registry", "blobs")))
    assert size <= 100_000


def test_what_this_run_uses_is_never_removed(registry: LiveRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMLCHECK_CACHE_GB", "0.00001")
    for name in "ab":
        registry.push(f"kept/{name}", config_of({"I": name}), [layer({"f": os.urandom(40_000)})])
    folders = [fetch_image(f"{registry.address}/kept/{name}:1") for name in "ab"]
    assert all(folder.is_dir() for folder in folders)


def test_a_limit_that_is_no_number(registry: LiveRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.push("limit", config_of())
    monkeypatch.setenv("AMLCHECK_CACHE_GB", "much")
    with pytest.raises(AmlcheckError, match="AMLCHECK_CACHE_GB: 'much' is no number of GB"):
        fetch_image(f"{registry.address}/limit:1")


def test_a_disk_without_room(registry: LiveRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.push("large", config_of({"I": "large"}), [layer({"a": b"1"})])
    monkeypatch.setattr(blob_store, "FREE", 1 << 60)
    with pytest.raises(AmlcheckError, match=r"needs .* GB of the disk, and .* GB are free: make room, or name another"):
        fetch_image(f"{registry.address}/large:1")
    assert not list(cache_folder("registry", "new").iterdir())


def test_a_cache_that_cannot_be_made(registry: LiveRegistry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("AMLCHECK_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(AmlcheckError, match="name another folder in AMLCHECK_CACHE"):
        fetch_image(f"{registry.address}/own:1")


FETCH = """
import sys
from amlcheck.image.registry import fetch_image
print(fetch_image(sys.argv[1]), flush=True)
"""


def _start(*names: str, code: str = FETCH) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *names],
        env={**os.environ, "PYTHONPATH": SOURCE},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _fetched_elsewhere(registry: LiveRegistry, name: str) -> Path:
    """By a process that has ended and holds nothing any more."""
    out, err = _start(f"{registry.address}/{name}:1").communicate(timeout=60)
    assert not err
    return Path(out.strip())


def test_several_processes_fetch_at_once(registry: LiveRegistry) -> None:
    layers = [layer({"f": os.urandom(200_000)}) for _ in range(4)]
    registry.push("race", config_of({"I": "race"}), layers)
    processes = [_start(f"{registry.address}/race:1") for _ in range(4)]
    answers = [process.communicate(timeout=60) for process in processes]
    assert [err for _, err in answers] == [""] * 4
    (folder,) = {out.strip() for out, _ in answers}
    assert len(files_below(Path(folder))) == 2 + 1 + 1 + 4
    assert not list(cache_folder("registry", "new").iterdir())


SLOW = """
import sys, time
from amlcheck.image.registry import fetch_image
def told(done, total):
    if done:
        print("under way", flush=True)
        time.sleep(60)
fetch_image(sys.argv[1], told=told)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_download_that_is_killed_leaves_nothing_half_written(registry: LiveRegistry, how: signal.Signals) -> None:
    name = f"killed/{how.name.lower()}"
    registry.push(name, config_of({"I": name}), [layer({"f": os.urandom(3_000_000)}) for _ in range(2)])
    code = SLOW if how is signal.SIGKILL else SLOW.replace("time.sleep(60)", "time.sleep(0.5)")
    process = _start(f"{registry.address}/{name}:1", code=code)
    assert process.stdout is not None
    assert process.stdout.readline() == "under way\n"
    process.send_signal(how)
    process.communicate(timeout=30)
    assert process.returncode != 0
    new = cache_folder("registry", "new")
    assert bool(list(new.iterdir())) is (how is signal.SIGKILL)
    assert not list(cache_folder("registry", "images").iterdir())
    assert fetch_image(f"{registry.address}/{name}:1").is_dir()
    assert not list(new.iterdir())


# --- who may read ----------------------------------------------------------------------------------------------------


def base(private: LiveRegistry) -> str:
    return f"{private.address}/team/base:1"


def test_without_credentials(private: LiveRegistry) -> None:
    for fetch in (fetch_config, fetch_image):
        with pytest.raises(CredentialsError) as told:
            fetch(base(private))
        message = str(told.value)
        assert message.startswith(f"{private.address}: a user name and password are needed")
        assert f"`docker login {private.address}`" in message
        assert "AMLCHECK_REGISTRY_USERNAME and AMLCHECK_REGISTRY_PASSWORD" in message
        assert "\n" not in message


def test_credentials_from_the_environment(private: LiveRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMLCHECK_REGISTRY_USERNAME", USER)
    with pytest.raises(AmlcheckError, match=r"^AMLCHECK_REGISTRY_PASSWORD: is not set"):
        fetch_config(base(private))
    monkeypatch.setenv("AMLCHECK_REGISTRY_PASSWORD", SECRET)
    assert fetch_config(base(private)).env == {"CUDA_VERSION": "11.8.0"}
    assert fetch_image(base(private)).is_dir()
    with pytest.raises(CredentialsError, match="only a file names, unless AMLCHECK_REGISTRY names it"):
        fetch_config(base(private), named_by_user=False)
    monkeypatch.setenv("AMLCHECK_REGISTRY", "other.example.com")
    with pytest.raises(CredentialsError, match="for AMLCHECK_REGISTRY only"):
        fetch_config(base(private))
    monkeypatch.setenv("AMLCHECK_REGISTRY", private.address)
    assert fetch_config(base(private)).env == {"CUDA_VERSION": "11.8.0"}
    assert fetch_config(base(private), named_by_user=False).env == {"CUDA_VERSION": "11.8.0"}


def test_credentials_from_dockers_config(private: LiveRegistry, nobody: Path) -> None:
    docker_config(nobody, auths={private.address: {"auth": PACKED}})
    assert fetch_config(base(private)).env == {"CUDA_VERSION": "11.8.0"}
    assert fetch_config(base(private), named_by_user=False).env == {"CUDA_VERSION": "11.8.0"}


def test_credentials_from_a_helper(
    private: LiveRegistry, nobody: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = tmp_path / "docker-credential-tests"
    answer = json.dumps({"ServerURL": private.address, "Username": USER, "Secret": SECRET})
    helper.write_text(
        f"#!/bin/sh\nread server; echo \"$1 $server\" >> {tmp_path}/asked\necho '{answer}'\n", encoding="utf-8"
    )
    helper.chmod(0o755)
    docker_config(nobody, credHelpers={private.address: "tests"})
    with pytest.raises(
        CredentialsError, match=r"docker-credential-tests, which .*config\.json names, is not installed"
    ):
        fetch_config(base(private))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert fetch_config(base(private)).env == {"CUDA_VERSION": "11.8.0"}
    assert (tmp_path / "asked").read_text(encoding="utf-8") == f"get {private.address}\n"


def test_credentials_that_are_not_needed_are_not_looked_for(registry: LiveRegistry, nobody: Path) -> None:
    registry.push("public", config_of({"A": "1"}))
    docker_config(nobody, credsStore="that-is-not-installed")
    assert fetch_config(f"{registry.address}/public:1").env == {"A": "1"}


def test_netrc_is_not_read(private: LiveRegistry, nobody: Path) -> None:
    (nobody / ".netrc").write_text(f"machine 127.0.0.1 login {USER} password {SECRET}\n", encoding="utf-8")
    with pytest.raises(CredentialsError, match="are needed"):
        fetch_config(base(private))


def _with_variables(monkeypatch: pytest.MonkeyPatch, home: Path, address: str, password: str) -> None:
    monkeypatch.setenv("AMLCHECK_REGISTRY_USERNAME", USER)
    monkeypatch.setenv("AMLCHECK_REGISTRY_PASSWORD", password)


def _with_config(monkeypatch: pytest.MonkeyPatch, home: Path, address: str, password: str) -> None:
    packed = base64.b64encode(f"{USER}:{password}".encode()).decode()
    docker_config(home, auths={address: {"auth": packed}})


@pytest.mark.parametrize("give", [_with_variables, _with_config])
@pytest.mark.parametrize("right", [True, False], ids=["right", "wrong"])
def test_the_password_appears_nowhere(
    private: LiveRegistry,
    nobody: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    give: Callable[[pytest.MonkeyPatch, Path, str, str], None],
    right: bool,
) -> None:
    password = SECRET if right else f"not-{SECRET}"
    give(monkeypatch, nobody, private.address, password)
    caplog.set_level(logging.DEBUG)
    outputs = []
    if right:
        fetch_config(base(private))
        fetch_image(base(private))
    else:
        with pytest.raises(CredentialsError, match="are refused") as told:
            fetch_image(base(private))
        outputs += [str(told.value), repr(told.value)]
        outputs += [repr(value) for frame in told.traceback[1:] for value in frame.locals.values()]
        assert told.value.__cause__ is None
    outputs += [caplog.text, *capfd.readouterr()]
    outputs += [path.read_bytes().decode("latin-1") for path in files_below(cache_folder())]
    assert "/v2/team/base/manifests/1" in caplog.text
    for secret in (SECRET, PACKED, base64.b64encode(f"{USER}:{password}".encode()).decode()):
        assert not [output for output in outputs if secret in output]
