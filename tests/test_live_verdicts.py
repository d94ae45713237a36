"""What `amlcheck probe` says of real images, through an engine and from their files alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from images.defects import GOOD, PLANTED, Good, Planted

if TYPE_CHECKING:
    from images.builder import Builder

EXPECTED: list[Good | Planted] = [*GOOD, *PLANTED]
NAMES = list(dict.fromkeys(each.image for each in EXPECTED))
NO_ENGINE = "unix:///nonexistent/docker.sock"
SECONDS = 300
FORMS = ("docker-archive", "oci", "rootfs")
NOT_ASKED = "not-applicable"

Key = tuple[str, tuple[str, ...]]
"""An image's name in the catalogue, and the options it is probed with."""


@dataclass
class Probed:
    """What runs of `amlcheck probe` said."""

    subjects: dict[Key, dict[str, Any]] = field(default_factory=dict)
    texts: dict[Key, str] = field(default_factory=dict)

    def verdicts(self, each: Good | Planted) -> dict[str, dict[str, Any]]:
        return {verdict["requirement"]: verdict for verdict in self.subjects[each.image, each.options]["verdicts"]}

    def rules(self, each: Good | Planted) -> list[str]:
        return [finding["rule"] for finding in self.subjects[each.image, each.options]["findings"]]


def groups() -> Mapping[tuple[str, ...], list[str]]:
    """The images that are asked for the same: one command probes them side by side."""
    found: dict[tuple[str, ...], list[str]] = {}
    for each in EXPECTED:
        found.setdefault(each.options, []).append(each.image)
    return found


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, docker_host: str) -> dict[str, str]:
    return {
        **os.environ,
        "AMLCHECK_CACHE": str(tmp_path_factory.mktemp("cache")),
        "DOCKER_HOST": docker_host,
        "COLUMNS": "400",
    }


def probe(
    environment: Mapping[str, str], *arguments: str, prefix: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """`amlcheck probe`; anything but a report is a failure."""
    command = [
        *prefix,
        sys.executable,
        "-m",
        "amlcheck",
        "probe",
        "--no-config",
        "--pull",
        "never",
        "--color",
        "never",
        *arguments,
    ]
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode in (0, 1, 3), f"{done.returncode}: {done.stderr}"
    assert done.stderr == ""
    return done


def ask(
    environment: Mapping[str, str],
    images: Mapping[str, str],
    options: Sequence[str],
    into: Probed,
    prefix: Sequence[str] = (),
) -> None:
    """Probes images, given as the user would, by their names in the catalogue."""
    report = json.loads(probe(environment, "--format", "json", *options, *images.values(), prefix=prefix).stdout)
    for name, subject in zip(images, report["subjects"], strict=True):
        assert subject["kind"] == "image"
        assert not subject.get("error"), subject["error"]
        into.subjects[name, tuple(options)] = subject


@pytest.fixture(scope="module")
def live(builder: Builder, environment: dict[str, str]) -> Probed:
    """Every image through the engine, as JSON and, where there is something to say, as text."""
    probed = Probed()
    for options, names in groups().items():
        images = {name: builder.build(name) for name in names}
        ask(environment, images, options, probed)
        text = probe(environment, *options, *images.values()).stdout
        starts = {name: f"\n{text}".find(f"\n{image}\n") for name, image in images.items()}
        places = sorted((start, name) for name, start in starts.items() if start >= 0)
        ends = [start for start, _ in places[1:]] + [len(text)]
        for (start, name), end in zip(places, ends, strict=True):
            probed.texts[name, options] = text[start:end]
    return probed


@pytest.fixture(scope="module")
def stored(builder: Builder, environment: dict[str, str]) -> Mapping[str, Probed]:
    """Every image from its files, in each form, where no engine can be reached."""
    from images import exports

    alone = {**environment, "DOCKER_HOST": NO_ENGINE}
    archive, layout = exports.docker_archive(builder, *NAMES), exports.oci_layout(builder, *NAMES)
    found = {form: Probed() for form in FORMS}
    for options, group in groups().items():
        archives = {name: f"docker-archive:{archive}:{builder.build(name)}" for name in group}
        ask(alone, archives, options, found["docker-archive"])
        ask(alone, {name: f"oci:{layout}:{name}" for name in group}, options, found["oci"])
        roots = exports.root_file_systems(builder, group, NAMES)
        folders = {name: f"rootfs:{folder}" for name, folder in roots.folders.items()}
        ask(alone, folders, options, found["rootfs"], roots.prefix)
    return found


def test_there_are_enough_defects() -> None:
    assert len({planted.image for planted in PLANTED}) >= 12
    assert {planted.component for planted in PLANTED} >= {
        "ubuntu",
        "conda",
        "python",
        "libfuse",
        "cuda",
        "cudnn",
        "nccl",
    }


@pytest.mark.parametrize("good", GOOD, ids=lambda good: good.image)
def test_a_good_image_meets_everything_with_evidence(live: Probed, good: Good) -> None:
    asked = {name: verdict for name, verdict in live.verdicts(good).items() if verdict["verdict"] != NOT_ASKED}
    assert {name for name, verdict in asked.items() if verdict["verdict"] != "met"} == set()
    for verdict in asked.values():
        for witness in verdict["witnesses"]:
            assert witness["origin"] == "live"
            assert witness["evidence"], verdict
            assert all(item["image"]["place"] and item["text"] for item in witness["evidence"])
    assert sorted(set(live.rules(good))) == sorted(good.findings)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.image)
def test_exactly_the_planted_defect_is_found(live: Probed, planted: Planted) -> None:
    verdicts = live.verdicts(planted)
    others = {
        name: verdict["verdict"] for name, verdict in verdicts.items() if verdict["verdict"] not in ("met", NOT_ASKED)
    }
    assert others == {planted.component: "violated", **dict.fromkeys(planted.undecided, "undecided")}
    verdict = verdicts[planted.component]
    assert planted.found in verdict["found"]
    assert planted.says in verdict["reason"]
    assert set(planted.findings) <= set(live.rules(planted))


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.image)
def test_the_message_names_what_was_found_and_where(live: Probed, planted: Planted) -> None:
    rule = live.verdicts(planted)[planted.component]["rule"]
    _, heading, rest = live.texts[planted.image, planted.options].partition(f"error[{rule}]")
    assert heading
    message = rest.partition("\n\n")[0]
    for word in (planted.component, planted.says, *planted.where):
        assert word in message
    if planted.found != "absent":
        assert planted.found in message
    assert "fix: " in message


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("each", EXPECTED, ids=lambda each: each.image)
def test_files_alone_never_give_another_answer(
    live: Probed, stored: Mapping[str, Probed], each: Good | Planted, form: str
) -> None:
    through_engine, from_files = live.verdicts(each), stored[form].verdicts(each)
    for name, verdict in through_engine.items():
        other = from_files[name]
        if name in each.run or (form == "rootfs" and name in each.config):
            assert other["verdict"] in ("undecided", verdict["verdict"])
            assert other["reason"]
        else:
            assert (other["verdict"], other["found"]) == (verdict["verdict"], verdict["found"]), name
