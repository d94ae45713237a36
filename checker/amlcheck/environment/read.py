"""Which environment a file states, whatever kind of file it is: the one door to everything in this folder."""

from __future__ import annotations

import os
import re
from pathlib import PurePath

from amlcheck.environment import v1, v2
from amlcheck.environment.conda import conda_of, conda_of_requirements
from amlcheck.environment.document import Document, Mapping, Open, Problem, Scalar, Sequence, string
from amlcheck.environment.entry_script import read_entry_script
from amlcheck.environment.environment import Environment, Kind, MissingFile, Written
from amlcheck.environment.files import Files, Opened, beside
from amlcheck.environment.known_keys import unknown_keys
from amlcheck.environment.limits import MAX_CHARACTERS, TOO_LONG
from amlcheck.environment.python_source import Program, parse
from amlcheck.environment.readers import read_document
from amlcheck.environment.sdk import Stated, read_sdk
from amlcheck.errors import UnreadableError
from amlcheck.knowledge import Knowledge
from amlcheck.regex import regex

REQUIREMENTS_NAME = regex(r"(?:.*[-_.])?(?:requirements?|constraints?)(?:[-_.].*)?\.(?:txt|in)", re.IGNORECASE)
_SCRIPT_FUNCTIONS = regex(r"^(?:async\s+)?def\s+(init|run)\s*\(", re.MULTILINE)
_ENTRY_NAME = regex(r"(?:.*[-_])?(?:score|scoring|main|entry)(?:[-_].*)?\.py", re.IGNORECASE)


def read_environments(shown: str, knowledge: Knowledge, files: Files, alone: bool = True) -> list[Environment]:
    """What a file states; more than one environment only for a program, none for a file that is nothing of ours.

    `alone`: the file was named by the user, so that it is what it seems to be. Raises UnreadableError.
    """
    suffix = PurePath(shown).suffix.lower()
    if suffix == ".py":
        return _python(shown, knowledge, files, alone)
    if REQUIREMENTS_NAME.fullmatch(PurePath(shown).name):
        return [_requirements(shown, knowledge, files)]
    if suffix in (".json", ".yml", ".yaml"):
        return _document(shown, read_document(shown, files), knowledge, files, alone)
    return []


def _document(shown: str, document: Document, knowledge: Knowledge, files: Files, alone: bool) -> list[Environment]:
    root = document.root
    if not isinstance(root, Mapping):
        wrong = document.problems or document.template
        if not wrong or not (alone or _looks_like_one(shown, document)):
            return []
        result = Environment(_guessed(shown), Written.NOTHING, knowledge, document.source.span(0, 0))
        result.problems = list(document.problems)
        result.conda_open = document.template
        if document.template:
            result.together.append(f"nothing: {document.template}, and only filled in it is a document")
        return [result]
    found = _stated(shown, root, knowledge, files)
    if found is None:
        return []
    found.problems = [*document.problems, *found.problems]
    _attach_script(found, root, shown, files)
    return [found]


def _stated(shown: str, root: Mapping, knowledge: Knowledge, files: Files) -> Environment | None:
    kind = v2.kind_of(root)
    if v1.is_inference_config(root):
        return v1.inference_config(root, shown, knowledge, files)
    if kind is Kind.DEPLOYMENT:
        return v2.deployment(root, shown, knowledge, files)
    if kind is Kind.ENVIRONMENT:
        return v2.environment(root, shown, knowledge, files)
    if v1.is_environment(root):
        return v1.environment(root, shown, knowledge, files)
    if v1.is_deployment_config(root):
        result = Environment(Kind.DEPLOYMENT_CONFIG, Written.CLI_V1, knowledge, root.span)
        result.settings = root
        result.unknown_keys = list(unknown_keys(root, knowledge.environment_keys("deployment-config")))
        return result
    if root.entry("$schema") is None and is_conda_file(root):
        result = Environment(Kind.CONDA_FILE, Written.NOTHING, knowledge, root.span)
        result.name = root.get("name")
        result.conda = conda_of(root, shown, files, result.missing)
        result.unknown_keys = list(unknown_keys(root, knowledge.environment_keys("conda-file")))
        return result
    return None


def is_conda_file(root: Mapping) -> bool:
    """Whether a document is a conda environment file: a list of packages, with channels or a name."""
    dependencies = root.get("dependencies")
    if not isinstance(dependencies, Sequence):
        return False
    plain = all(
        isinstance(item, (Scalar, Open)) or (isinstance(item, Mapping) and (item.entry("pip") or item.open))
        for item in dependencies.items
    )
    return plain and (root.entry("channels") is not None or root.entry("name") is not None or len(root.entries) == 1)


def _looks_like_one(shown: str, document: Document) -> bool:
    """Whether a file that cannot be read would be one of ours, by its name and words."""
    text = document.source.text[:20_000]
    if re.search(r"environment\.schema\.json|OnlineDeployment\.schema\.json|\"entryScript\"", text):
        return True
    return bool(re.search(r"^dependencies\s*:", text, re.MULTILINE) and re.search(r"^channels\s*:", text, re.MULTILINE))


def _guessed(shown: str) -> Kind:
    return Kind.INFERENCE_CONFIG if shown.lower().endswith(".json") else Kind.CONDA_FILE


def _requirements(shown: str, knowledge: Knowledge, files: Files) -> Environment:
    opened = files.read(shown)
    result = Environment(Kind.REQUIREMENTS, Written.NOTHING, knowledge, opened.mapped.span(0, 0))
    result.problems = list(opened.problems)
    if len(opened.mapped.text) > MAX_CHARACTERS:
        result.problems.append(Problem(TOO_LONG, opened.mapped.span(0, 1)))
    result.conda = conda_of_requirements(opened.mapped, shown, files, result.missing)
    return result


# --- Python ----------------------------------------------------------------------------------------------------------


def _python(shown: str, knowledge: Knowledge, files: Files, alone: bool) -> list[Environment]:
    opened = files.read(shown)
    text = opened.mapped.text
    functions = set(_SCRIPT_FUNCTIONS.findall(text))
    named = _ENTRY_NAME.fullmatch(PurePath(shown).name) is not None
    program = parse(opened.mapped)
    found = [_of_sdk(item, shown, program, knowledge, files) for item in read_sdk(program)]
    if not found and (functions == {"init", "run"} or (alone and (named or functions))):
        result = Environment(Kind.ENTRY_SCRIPT, Written.NOTHING, knowledge, opened.mapped.span(0, 0))
        result.entry = read_entry_script(shown, program, (os.path.dirname(shown) or ".",))
        result.problems = list(opened.problems)
        found.append(result)
    return found


def _of_sdk(item: Stated, shown: str, program: Program, knowledge: Knowledge, files: Files) -> Environment:
    if item.kind == "v1.DeploymentConfig":
        config = Environment(Kind.DEPLOYMENT_CONFIG, Written.SDK_V1, knowledge, item.root.span)
        config.settings = item.root
        return config
    if item.kind == "v1.InferenceConfig":
        result = v1.inference_config(item.root, shown, knowledge, files)
        result.written = Written.SDK_V1
    elif item.kind == "v1.Environment":
        result = v1.environment(item.root, shown, knowledge, files)
    elif item.kind == "v2.Deployment":
        result = v2.deployment(item.root, shown, knowledge, files)
    else:
        result = v2.environment(item.root, shown, knowledge, files)
    result.kind, result.span = Kind.SDK, item.root.span
    if item.root.open and result.conda is None:
        result.conda_open = result.conda_open or item.root.open
    if result.written is Written.SDK_V1 and result.conda is None:
        result.conda_open = result.conda_open or "SDK v1 installs its own defaults"
    result.missing = []  # a program's paths start where it is run
    if result.scoring:
        _attach_script(result, item.root, shown, files, must_exist=False)
    return result


# --- the entry script ------------------------------------------------------------------------------------------------


def _attach_script(result: Environment, root: Mapping, shown: str, files: Files, must_exist: bool = True) -> None:
    """The entry script that a deployment or inference config names, read."""
    node = result.entry_node
    name = string(node)
    if not isinstance(node, Scalar) or name is None:
        return
    folder = _code_folder(root, result)
    if folder is None:
        return
    path = beside(f"{beside(shown, folder)}/.", name)
    if not files.is_file(path):
        if must_exist and "://" not in path and not name.startswith("azureml:"):
            result.missing.append(MissingFile(node.inner, "the entry script", path))
        return
    try:
        opened: Opened = files.read(path)
    except UnreadableError as error:
        result.missing.append(MissingFile(node.inner, "the entry script", path, str(error)))
        return
    result.together.append(f"the entry script {path}, which line {node.inner.location.line} names")
    result.entry = read_entry_script(path, parse(opened.mapped), (os.path.dirname(path) or ".", beside(shown, folder)))


def _code_folder(root: Mapping, result: Environment) -> str | None:
    """The folder of the code, as it is named; None where that is not known."""
    code = root.get("code_configuration")
    if isinstance(code, Mapping):
        folder = string(code.get("code"))
        if folder is None:
            return "." if code.get("code") is None else None
        return None if folder.startswith("azureml:") or "://" in folder else folder
    if root.get("sourceDirectory") is None:
        return "."
    return string(root.get("sourceDirectory"))
