"""What SECURITY.md says an attacker cannot do: hostile repositories and registries, as they would be found."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from amlcheck.image import registry_client
from amlcheck.image.registry import fetch_config
from amlcheck.image.registry_line import RegistryError
from fake_registry import Answer, FakeRegistry, Handler, fake_registry
from faults_support import Place

ROOT = Path(__file__).resolve().parent.parent
SECRET = "hunter2-of-somebody-else"
V2 = "$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json\nname: x\nimage: ubuntu:20.04\n"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A repository in the working directory, and beside it what is none of its."""
    made = Place(tmp_path)
    (tmp_path / "work" / ".git").mkdir()
    (tmp_path / "outside").write_text(f"{SECRET}: {SECRET}\n{SECRET}\n")
    (tmp_path / "outside.yml").write_text(f"{SECRET}: {SECRET}\n{SECRET}\n")
    made.write("Dockerfile", "FROM ubuntu:20.04\nCOPY outside /r.txt\nRUN pip install -r /r.txt\n")
    return made


def test_a_dockerfile_that_is_a_link_out(place: Place) -> None:
    (place.folder / "work" / "Dockerfile.x").symlink_to("../outside")
    done = place.run("lint")
    done.ended(2, "Dockerfile.x: is a link that leads out of", "name it to check it")
    assert SECRET not in done.words
    # Whoever names it wants it.
    assert SECRET in place.run("lint", "Dockerfile.x").words
    # A link inside is as good as a file.
    (place.folder / "work" / "Dockerfile.x").unlink()
    (place.folder / "work" / "Dockerfile.y").symlink_to("Dockerfile")
    assert "2 files" in place.run("lint").words


@pytest.mark.parametrize("source", ["../outside", "/outside", "link"])
def test_a_copy_from_outside_of_the_context(place: Place, source: str) -> None:
    (place.folder / "work" / "link").symlink_to("../outside")
    place.write("Dockerfile", f"FROM ubuntu:20.04\nCOPY {source} /r.txt\nRUN pip install -r /r.txt\n")
    assert SECRET not in place.run("lint").words


@pytest.mark.parametrize("named", ["../outside.yml", "/proc/self/../self/environ", "link.yml"])
def test_an_environment_that_names_files_outside(place: Place, named: str) -> None:
    (place.folder / "work" / "link.yml").symlink_to("../outside.yml")
    place.write("environment.yml", f"{V2}conda_file: {named}\n")
    done = place.run("lint", MY_TOKEN=SECRET)
    assert SECRET not in done.words
    assert "warning[AML630] the conda file was not checked" in done.words
    assert "environment.yml:4:13" in done.words


@pytest.mark.parametrize(
    "setting",
    [
        'context = ".."',
        'context = "/"',
        'profile = "../own.toml"',
        'baseline = "../outside"',
        'format = ["json=../outside"]',
        'format = ["json=/tmp/../{folder}/outside"]',
        '[per-path."*"]\ncontext = ".."',
    ],
)
def test_a_configuration_that_leads_out(place: Place, setting: str) -> None:
    (place.folder / "own.toml").write_text("extends = 'azureml-2021-04'\n")
    before = (place.folder / "outside").read_text()
    place.write("amlcheck.toml", setting.replace("{folder}", str(place.folder)) + "\n")
    done = place.run("lint")
    done.ended(2, "leads out of", "trust it with --config")
    assert SECRET not in done.words
    assert (place.folder / "outside").read_text() == before


def test_a_configuration_that_is_named_is_trusted(place: Place) -> None:
    place.write("amlcheck.toml", 'context = ".."\n')
    assert place.run("lint", "--config", "amlcheck.toml").code in (1, 3)


@pytest.mark.parametrize("key", ["entry-script", "model", "conda-file", "request", "dockerfile"])
def test_a_deployment_gets_no_files_from_outside(place: Place, key: str) -> None:
    value = '["../outside"]' if key == "request" else '"../outside"'
    place.write("amlcheck.toml", f"{key} = {value}\n")
    place.run("check").ended(2, "leads out of")


@pytest.mark.parametrize("key", ["probes", "plugins", "rules-folder", "extensions"])
def test_a_configuration_loads_no_code(place: Place, key: str) -> None:
    place.write("evil.py", "raise SystemExit('it ran')\n")
    place.write("amlcheck.toml", f'{key} = ["evil.py", "."]\n')
    done = place.run("lint")
    done.ended(2, "unknown key")
    assert "it ran" not in done.words


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeRegistry]:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setattr(registry_client, "ANSWER_SECONDS", 2.0)
    monkeypatch.setattr(registry_client, "PAUSE", 0.01)
    with fake_registry() as server:
        yield server


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest/meta-data/", "file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://x/"]
)
def test_a_registry_that_leads_elsewhere(fake: FakeRegistry, target: str) -> None:
    def moved(handler: Handler) -> None:
        handler.reply(307, Location=target)

    answer: Answer = moved
    fake.routes["/v2/a/manifests/"] = answer
    with pytest.raises(RegistryError, match="redirects to what is no https address; it is not followed"):
        fetch_config(f"{fake.address}/a:1")


def test_what_security_md_refers_to_is_there() -> None:
    named = set(re.findall(r"`(tests/test_\w+\.py)`", (ROOT / "SECURITY.md").read_text(encoding="utf-8")))
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_a_link_out_does_not_keep_the_others_from_being_checked(place: Place) -> None:
    (place.folder / "work" / "Dockerfile.x").symlink_to("../outside")
    for _ in range(2):  # the second time from memory
        done = place.run("lint", "--format", "json")
        subjects = {item["subject"]: item.get("error", "") for item in json.loads(done.out)["subjects"]}
        assert "leads out of" in subjects["Dockerfile.x"]
        assert subjects["Dockerfile"] == ""
        assert SECRET not in done.words
    assert SECRET in place.run("lint", "Dockerfile.x").words
    assert SECRET not in place.run("lint").words


def test_a_pipe_in_a_folder_is_not_waited_for(place: Place) -> None:
    os.mkfifo(place.folder / "work" / "Dockerfile.pipe")
    done = place.run("lint", "--format", "json")
    assert [item["subject"] for item in json.loads(done.out)["subjects"]] == ["Dockerfile"]
