"""The routes in an endpoint's, deployment's or environment's file: `inference_config` with liveness, readiness, scoring."""

from __future__ import annotations

from pathlib import Path

from amlcheck.deployment.options import Route, Routes
from amlcheck.dockerfile.source import Mapped, Source
from amlcheck.environment.yaml_nodes import Node, Scalar, YamlError, compose, get
from amlcheck.errors import ConfigError, UnreadableError

ROUTES = ("liveness_route", "readiness_route", "scoring_route")
_MAX_BYTES = 1 << 20


def read_routes(path: Path) -> Routes:
    """The three routes, all of which Azure ML asks for. Raises UnreadableError, ConfigError."""
    try:
        data = path.read_bytes()[: _MAX_BYTES + 1]
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UnreadableError(f"{path}: cannot be read: {reason}") from error
    try:
        root = compose(Mapped.of(Source(str(path), text)))
    except YamlError as error:
        raise ConfigError(f"{path}: {error}") from error
    config = _inference_config(root)
    if config is None:
        raise ConfigError(f"{path}: has no inference_config, neither of its own nor in its environment")
    found = {name: _route(_value(config, name), path, name) for name in ROUTES}
    return Routes(found["liveness_route"], found["readiness_route"], found["scoring_route"])


def _inference_config(root: Node | None) -> Node | None:
    config = _value(root, "inference_config")
    return config if config is not None else _value(_value(root, "environment"), "inference_config")


def _value(node: Node | None, key: str) -> Node | None:
    return get(node, key) if node is not None else None


def _route(node: Node | None, path: Path, name: str) -> Route:
    if node is None:
        raise ConfigError(
            f"{path}: inference_config: {name} is missing; liveness, readiness and scoring are all needed"
        )
    port, route = _value(node, "port"), _value(node, "path")
    if not isinstance(port, Scalar) or not isinstance(route, Scalar):
        raise ConfigError(f"{path}: inference_config: {name}: write it with port: NUMBER and path: /PATH")
    if not port.value.isdecimal() or not 0 < int(port.value) < 65536:
        raise ConfigError(f"{path}: inference_config: {name}: port: {port.value!r} is no port")
    if any(ord(letter) <= 32 for letter in route.value):
        raise ConfigError(f"{path}: inference_config: {name}: path: blanks are written as %20")
    return Route(int(port.value), f"/{route.value.lstrip('/')}")
