"""`amlcheck clean`, as it is called."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from amlcheck.cli import main
from amlcheck.image import ownership
from small_images import SmallImages, busybox


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("AMLCHECK_CACHE", str(tmp_path / "cache"))
    return tmp_path


def _dead() -> str:
    here = ownership.me()
    return ownership.Owner(here.boot, here.namespace, 2**22 - 3, 1).text


def test_without_an_engine_folders_go(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{place}/none.sock")
    left = place / f"amlcheck-0123456789ab-{_dead()}-{int(time.time()) + 1000}-x"
    left.mkdir()
    (place / "amlcheck-other").mkdir()
    assert main(["clean"]) == 0
    told = capsys.readouterr().out
    assert f"removed folder {left.name}" in told
    assert told.splitlines()[1:] == [
        "containers, networks and images were not looked for:"
        f" no container engine answers at unix://{place}/none.sock: there is no such socket; start it, or set DOCKER_HOST"
    ]
    assert sorted(path.name for path in place.iterdir()) == ["amlcheck-other"]


def test_the_cache_goes_where_that_is_asked_for_and_nothing_beside_it(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{place}/none.sock")
    for name in ("layers", "registry", "mine"):
        (place / "cache" / name).mkdir(parents=True)
        (place / "cache" / name / "file").write_text("x")
    main(["clean"])
    assert capsys.readouterr().out.startswith("no temporary folder was left by a killed run\ncontainers, ")
    assert len(list((place / "cache").iterdir())) == 3
    main(["clean", "--cache"])
    assert [path.name for path in (place / "cache").iterdir()] == ["mine"]
    assert f"\nemptied the cache {place / 'cache'}: 0.0 KB\n" in capsys.readouterr().out
    main(["clean", "--cache"])
    assert f"\nthe cache {place / 'cache'} was empty already\n" in capsys.readouterr().out


def test_without_an_engine_nothing_is_said_of_images_that_were_not_asked_for(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    main(["clean"])
    told = capsys.readouterr().out
    if "were not looked for" not in told:
        pytest.skip("an engine is in its usual place")
    assert "no container engine answers: there is no socket" in told
    assert "rootfs:" not in told


def test_containers_of_dead_runs_go(place: Path, small_images: SmallImages, capsys: pytest.CaptureFixture[str]) -> None:
    labels = {ownership.LABEL_RUN: "x", ownership.LABEL_OWNER: _dead(), ownership.LABEL_DEADLINE: "99999999999"}
    made = small_images.client.containers.create(
        small_images.make(busybox()), "true", labels=labels, network_mode="none"
    )
    assert main(["clean"]) == 0
    assert f"removed container {made.name}\n" in capsys.readouterr().out
    assert made.id not in [found["Id"] for found in small_images.client.api.containers(all=True)]
    assert main(["clean"]) == 0
