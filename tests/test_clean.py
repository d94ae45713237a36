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
    assert "containers were not looked for" in told
    assert sorted(path.name for path in place.iterdir()) == ["amlcheck-other"]


def test_the_cache_goes_where_that_is_asked_for_and_nothing_beside_it(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{place}/none.sock")
    for name in ("layers", "registry", "mine"):
        (place / "cache" / name).mkdir(parents=True)
        (place / "cache" / name / "file").write_text("x")
    main(["clean"])
    assert len(list((place / "cache").iterdir())) == 3
    main(["clean", "--cache"])
    assert [path.name for path in (place / "cache").iterdir()] == ["mine"]
    assert "emptied" in capsys.readouterr().out


def test_containers_of_dead_runs_go(place: Path, small_images: SmallImages, capsys: pytest.CaptureFixture[str]) -> None:
    labels = {ownership.LABEL_RUN: "x", ownership.LABEL_OWNER: _dead(), ownership.LABEL_DEADLINE: "99999999999"}
    made = small_images.client.containers.create(
        small_images.make(busybox()), "true", labels=labels, network_mode="none"
    )
    assert main(["clean"]) == 0
    assert f"removed {made.name}" in capsys.readouterr().out
    assert made.id not in [found["Id"] for found in small_images.client.api.containers(all=True)]
    assert main(["clean"]) == 0
