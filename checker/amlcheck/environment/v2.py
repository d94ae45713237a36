"""The v2 CLI's YAML: environments, and managed and Kubernetes online deployments."""

from __future__ import annotations

from amlcheck.environment.conda import conda_of
from amlcheck.environment.document import Mapping, Node, Open, Scalar, is_null, string
from amlcheck.environment.environment import Environment, Kind, MissingFile, Written
from amlcheck.environment.files import Files, beside
from amlcheck.environment.known_keys import unknown_keys
from amlcheck.environment.readers import read_document
from amlcheck.environment.v1 import conda_file
from amlcheck.errors import UnreadableError
from amlcheck.knowledge import Knowledge
from amlcheck.regex import regex

_SCHEMA = regex(r"/(?P<name>\w+)\.schema\.json$")
_DEPLOYMENTS = frozenset({"managedOnlineDeployment", "kubernetesOnlineDeployment"})


def kind_of(root: Mapping) -> Kind | None:
    """What a v2 document is, by its $schema, else by its keys; None for one that is nothing of ours."""
    schema = string(root.get("$schema"))
    if schema is not None:
        match = _SCHEMA.search(schema)
        name = match.group("name") if match is not None else ""
        if name in _DEPLOYMENTS:
            return Kind.DEPLOYMENT
        return Kind.ENVIRONMENT if name == "environment" else None
    has = {entry.key for entry in root.entries}
    if "endpoint_name" in has and has & {"code_configuration", "environment", "model"} and "compute" not in has:
        return Kind.DEPLOYMENT
    if "conda_file" in has and has & {"image", "build"} and "command" not in has:
        return Kind.ENVIRONMENT
    if "image" in has and "inference_config" in has:
        return Kind.ENVIRONMENT
    return None


def environment(root: Mapping, shown: str, knowledge: Knowledge, files: Files) -> Environment:
    """An environment: an image or what is built, a conda file, and the routes of a server of its own."""
    result = Environment(Kind.ENVIRONMENT, Written.V2, knowledge, root.span)
    result.name, result.image, result.routes = root.get("name"), root.get("image"), root.get("inference_config")
    _build(result, root.get("build"), shown, files)
    dependencies = root.get("conda_file")
    if isinstance(dependencies, Mapping):
        result.conda = conda_of(dependencies, shown, files, result.missing, in_file=False)
    else:
        conda_file(result, dependencies, shown, files)
    result.unknown_keys = list(unknown_keys(root, knowledge.environment_keys("environment")))
    return result


def _build(result: Environment, build: Node | None, shown: str, files: Files) -> None:
    if isinstance(build, Open):
        result.conda_open = build.reason
    if not isinstance(build, Mapping):
        return
    context = string(build.get("path"))
    named = build.get("dockerfile_path")
    result.dockerfile = named or build.get("path") or build
    if context is None or "://" in context or (named is not None and string(named) is None):
        return
    folder = beside(shown, context)
    path = beside(f"{folder}/.", string(named) or "Dockerfile")
    if files.is_file(path):
        result.dockerfile_path = path
        result.together.append(f"the Dockerfile {path}, which `build` names")
    elif isinstance(result.dockerfile, Scalar):
        result.missing.append(MissingFile(result.dockerfile.inner, "the Dockerfile", path))


def deployment(root: Mapping, shown: str, knowledge: Knowledge, files: Files) -> Environment:
    """An online deployment with the environment that it states, or that stands in a file that it names."""
    result = _used(root.get("environment"), shown, knowledge, files)
    result.kind, result.span = Kind.DEPLOYMENT, root.span
    variables = root.get("environment_variables")
    result.variables = variables if isinstance(variables, Mapping) else None
    result.unknown_keys += unknown_keys(root, knowledge.environment_keys("deployment"))
    result.settings = root
    code = root.get("code_configuration")
    if isinstance(code, Mapping):
        result.scoring = result.routes is None
        result.entry_node = code.get("scoring_script", "scoringScript")
    return result


def _used(node: Node | None, shown: str, knowledge: Knowledge, files: Files) -> Environment:
    if isinstance(node, Mapping):
        result = environment(node, shown, knowledge, files)
        result.unknown_keys = []  # the deployment's own look has them
        return result
    result = Environment(
        Kind.DEPLOYMENT, Written.V2, knowledge, node.span if node is not None else _nowhere(shown, files)
    )
    if node is None or is_null(node):
        return result
    result.reference = node
    name = string(node)
    if isinstance(node, Scalar) and name is not None and _is_path(name):
        path = beside(shown, name.removeprefix("file:"))
        if not files.is_file(path):
            result.missing.append(MissingFile(node.inner, "the environment", path))
        else:
            try:
                return _from_file(node, path, knowledge, files) or result
            except UnreadableError as error:
                result.missing.append(MissingFile(node.inner, "the environment", path, str(error)))
    result.conda_open = "the environment is only named here"
    return result


def _from_file(node: Scalar, path: str, knowledge: Knowledge, files: Files) -> Environment | None:
    """None where it states none. Raises UnreadableError."""
    document = read_document(path, files)
    if not isinstance(document.root, Mapping):
        return None
    result = environment(document.root, path, knowledge, files)
    result.together.insert(0, f"the environment {path}, which line {node.inner.location.line} names")
    result.problems.extend(document.problems)
    return result


def _is_path(name: str) -> bool:
    return name.startswith("file:") or (not name.startswith("azureml:") and name.lower().endswith((".yml", ".yaml")))


def _nowhere(shown: str, files: Files):  # type: ignore[no-untyped-def]
    return files.read(shown).mapped.span(0, 0)
