"""What the config of a base image says of components, and how that fits what is known of the image by its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from amlcheck.image.config import ImageConfig
from amlcheck.knowledge import BaseImage, Knowledge
from amlcheck.model import Evidence, Value, parse_value, version
from amlcheck.records import dataclass, field, replace
from amlcheck.regex import regex
from amlcheck.versions import loose, prefix

SOURCE = "config of the base image"
_REF_NAME = "org.opencontainers.image.ref.name"
_REF_VERSION = "org.opencontainers.image.version"
_OTHER_PYTHON = regex(r"conda|forge|/envs?(?:/|$)|venv")
"""Folders of PATH in which another Python than that of PYTHON_VERSION stands."""
_NCCL_PACKAGE = regex(r"libnccl2=(\S+)")


@dataclass(frozen=True)
class Resolved:
    """A base image's config, and what follows from it."""

    config: ImageConfig
    values: dict[str, Value] = field(default_factory=dict)
    """By component: at least as exact as what is known by the image's name."""
    evidence: dict[str, Evidence] = field(default_factory=dict)
    contradictions: dict[str, str] = field(default_factory=dict)
    """By component, why neither the name nor the config can be believed."""


def resolve(config: ImageConfig, known: BaseImage | None, knowledge: Knowledge) -> Resolved:
    """Reads a config; a word of it that contradicts the image's name makes the component unknown."""
    resolved = Resolved(config)
    for component, value, evidence in _stated(config, knowledge):
        if component in resolved.evidence:
            continue
        resolved.evidence[component] = evidence
        before = known.provides.get(component) if known is not None else None
        agreed = value if before is None else _agreed(before, value)
        if agreed is None and before is not None:
            resolved.contradictions[component] = (
                f"its name says {component} {before.text}, and {evidence.note.removeprefix(SOURCE + ', ')}"
                f" of its config says {value.text}"
            )
        elif agreed is not None:
            resolved.values[component] = agreed
    return resolved


def _agreed(name: Value, config: Value) -> Value | None:
    """What name and config come to together; None where they contradict each other."""
    if name.present is not config.present or (name.family and config.family and name.family != config.family):
        return None
    if name.versions is None or config.versions is None:
        return replace(config, versions=config.versions if name.versions is None else name.versions)
    if name.versions.isdisjoint(config.versions):
        return None
    return config if config.versions <= name.versions else replace(config, versions=name.versions & config.versions)


def _stated(config: ImageConfig, knowledge: Knowledge) -> Iterator[tuple[str, Value, Evidence]]:
    """Component, value and evidence; the first word on a component counts."""
    for component, place, key, read in _WORDS:
        text = (config.env if place == "Env" else config.labels).get(key, "")
        stem = read(text)
        if stem is not None:
            yield component, _value(component, key, stem), Evidence(f"{key}={stem}", None, f"{SOURCE}, {place}.{key}")
    python = loose(config.env.get("PYTHON_VERSION", ""))
    if python is not None and _is_plain(config):
        yield "python", version(python), Evidence(f"PYTHON_VERSION={python}", None, f"{SOURCE}, Env.PYTHON_VERSION")
    release = config.labels.get(_REF_VERSION, "")
    if config.labels.get(_REF_NAME) == "ubuntu" and re.fullmatch(r"\d\d\.\d\d", release):
        system = parse_value(release)
        # An image built on top inherits the first label, and may say its own version in the second.
        if knowledge.release(system) is not None:
            yield "ubuntu", system, Evidence(f"{_REF_VERSION}={release}", None, f"{SOURCE}, Labels.{_REF_VERSION}")
    if config.os == "windows":
        yield "ubuntu", Value(True, "windows"), Evidence("windows", None, f"{SOURCE}, os")


def _package(text: str) -> str | None:
    match = _NCCL_PACKAGE.match(text)
    return loose(match.group(1)) if match is not None else None


_WORDS: tuple[tuple[str, str, str, Callable[[str], str | None]], ...] = (
    ("cuda", "Env", "CUDA_VERSION", loose),
    ("cuda", "Env", "NV_CUDA_LIB_VERSION", loose),
    ("cuda", "Env", "NV_CUDA_CUDART_VERSION", loose),
    ("cudnn", "Env", "NV_CUDNN_VERSION", loose),
    ("cudnn", "Env", "CUDNN_VERSION", loose),
    ("cudnn", "Labels", "com.nvidia.cudnn.version", loose),
    ("nccl", "Env", "NCCL_VERSION", loose),
    ("nccl", "Env", "NV_LIBNCCL_PACKAGE_VERSION", loose),
    ("nccl", "Env", "NV_LIBNCCL_PACKAGE", _package),
)
"""Component, part of the config, key, and how a version is read from it: what NVIDIA's own images state."""


def _value(component: str, key: str, stem: str) -> Value:
    if component == "cuda" and key != "CUDA_VERSION":
        # The runtime's own patch number is not that of the toolkit: 11.8.89 belongs to CUDA 11.8.0.
        return Value(True, "", prefix(".".join(stem.split(".")[:2])))
    return version(stem)


def _is_plain(config: ImageConfig) -> bool:
    """Whether the Python of the official images is the first on PATH."""
    for folder in config.path:
        if folder == "/usr/local/bin":
            return True
        if _OTHER_PYTHON.search(folder):
            return False
    return False
