"""The ML CLI's inference config and deployment config, and SDK v1's environments: the same keys, in JSON or YAML."""

from __future__ import annotations

from amlcheck.dockerfile.text import Text
from amlcheck.environment.conda import conda_of
from amlcheck.environment.document import Document, Mapping, Node, Open, Scalar, is_null, string
from amlcheck.environment.environment import Environment, Kind, MissingFile, Written, stated
from amlcheck.environment.files import Files, beside
from amlcheck.environment.known_keys import unknown_keys
from amlcheck.environment.readers import read_document
from amlcheck.errors import UnreadableError
from amlcheck.knowledge import Knowledge

COMPUTE_TYPES = ("local", "aci", "aks", "akswebservice", "aciwebservice", "localwebservice")


def is_inference_config(root: Mapping) -> bool:
    """Whether a document is the ML CLI's inference config."""
    return root.entry("entryScript") is not None and any(
        root.entry(name) is not None
        for name in ("environment", "runtime", "condaFile", "baseImage", "sourceDirectory", "enableGpu")
    )


def is_environment(root: Mapping) -> bool:
    """Whether a document is an environment as SDK v1 saves it."""
    docker, python = root.get("docker"), root.get("python")
    return (isinstance(docker, Mapping) and docker.entry("baseImage", "baseDockerfile", "enabled") is not None) or (
        isinstance(python, Mapping) and python.entry("condaDependencies", "userManagedDependencies") is not None
    )


def is_deployment_config(root: Mapping) -> bool:
    compute = string(root.get("computeType"))
    return compute is not None and compute.lower() in COMPUTE_TYPES


def inference_config(root: Mapping, shown: str, knowledge: Knowledge, files: Files) -> Environment:
    """An inference config, in the present form or in the flat one of 2019."""
    section = root.get("environment")
    nested = section if isinstance(section, Mapping) else None
    result = environment(nested or Mapping(root.span, ()), shown, knowledge, files, Written.CLI_V1)
    result.kind, result.span, result.scoring = Kind.INFERENCE_CONFIG, root.span, True
    if nested is None and section is not None:
        result.reference = section
        result.conda_open = "the environment is only named here"
    result.entry_node = root.get("entryScript")
    known = knowledge.environment_keys("inference-config")
    result.unknown_keys = list(unknown_keys(root, known))
    if nested is None and section is None:
        _flat(result, root, shown, files)
    return result


def _flat(result: Environment, root: Mapping, shown: str, files: Files) -> None:
    """The form of 2019: the environment's parts stand at the top."""
    result.image = root.get("baseImage")
    registry = root.get("baseImageRegistry")
    result.registry = registry if isinstance(registry, Mapping) else None
    conda_file(result, root.get("condaFile"), shown, files)


def environment(
    root: Mapping, shown: str, knowledge: Knowledge, files: Files, written: Written = Written.SDK_V1
) -> Environment:
    """An environment with `docker` and `python` sections."""
    result = Environment(Kind.V1_ENVIRONMENT, written, knowledge, root.span)
    docker, python = root.section("docker"), root.section("python")
    result.name = root.get("name")
    result.docker = docker if docker.entries else None
    result.docker_enabled = docker.get("enabled")
    result.image = docker.get("baseImage")
    registry = docker.get("baseImageRegistry")
    result.registry = registry if isinstance(registry, Mapping) else None
    result.stack_version = root.get("inferencingStackVersion")
    result.interpreter_path = python.get("interpreterPath")
    result.user_managed = python.get("userManagedDependencies")
    result.base_conda = python.get("baseCondaEnvironment")
    variables = root.get("environmentVariables")
    result.variables = variables if isinstance(variables, Mapping) else None
    dockerfile = docker.get("baseDockerfile")
    if isinstance(dockerfile, Scalar):
        result.dockerfile = dockerfile
        text = string(dockerfile) or ""
        if "\n" not in text and text:
            path = beside(shown, text)
            if files.is_file(path):
                result.dockerfile_path = path
            elif not text.upper().startswith("FROM "):
                result.missing.append(MissingFile(dockerfile.inner, "the Dockerfile", path))
    dependencies = python.get("condaDependencies")
    if isinstance(dependencies, Mapping):
        result.conda = conda_of(dependencies, shown, files, result.missing, in_file=False)
    elif isinstance(dependencies, Open):
        result.conda_open = dependencies.reason
    else:
        conda_file(result, python.get("condaDependenciesFile"), shown, files)
    if stated(result.base_conda) and result.conda is not None:
        result.conda.open = (
            result.conda.open or "it starts from a conda environment of the image (baseCondaEnvironment)"
        )
    elif stated(result.base_conda):
        result.conda_open = "it is a conda environment of the image (baseCondaEnvironment)"
    if result.conda is None and not result.conda_open and python.open:
        result.conda_open = python.open
    known = {
        key.removeprefix("environment").lstrip("."): names
        for key, names in knowledge.environment_keys("inference-config").items()
        if key.startswith("environment")
    }
    result.unknown_keys = list(unknown_keys(root, known))
    return result


def conda_file(result: Environment, node: Node | None, shown: str, files: Files) -> None:
    """Reads the conda file that an environment names into it."""
    if node is None or is_null(node):
        return
    name = string(node)
    if not isinstance(node, Scalar) or name is None:
        result.conda_open = node.reason if isinstance(node, Open) else "the conda file is not known"
        return
    if "://" in name or name.startswith("azureml:"):
        result.conda_open = "the conda file is somewhere else"
        return
    path = beside(shown, name.removeprefix("file:"))
    if not files.is_file(path):
        result.conda_open = f"{path} is not there"
        result.missing.append(MissingFile(node.inner, "the conda file", path))
        return
    try:
        document = read_document(path, files)
    except UnreadableError as error:
        result.conda_open = str(error)
        result.missing.append(MissingFile(node.inner, "the conda file", path, str(error)))
        return
    result.together.append(f"the conda file {path}, which {_line(node.text)} names")
    _conda_document(result, document, path, files)


def _conda_document(result: Environment, document: Document, path: str, files: Files) -> None:
    if isinstance(document.root, Mapping):
        result.conda = conda_of(document.root, path, files, result.missing)
        if document.problems and result.kind is not Kind.CONDA_FILE:
            result.problems.extend(document.problems)
    else:
        result.conda_open = document.template or f"{path} cannot be read"
        result.problems.extend(document.problems)


def _line(text: Text) -> str:
    span = text.span
    return f"line {span.location.line}" if span is not None else "it"
