"""What a folder holds of a deployment, found by the usual names: Dockerfile, conda file, entry script, model, request."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from amlcheck.discover import is_dockerfile_name
from amlcheck.records import dataclass, field

MAX_DEPTH = 2
"""Folders below the one that is searched."""
MAX_CONFIG_BYTES = 1 << 20
_SKIPPED = frozenset(
    {".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".mypy_cache", "site-packages"}
)
_CONDA = (
    "environment.y*ml",
    "conda.y*ml",
    "conda_env.y*ml",
    "conda-env.y*ml",
    "conda_dependencies.y*ml",
    "*conda*.y*ml",
)
_INFERENCE = ("inferenceconfig.json", "inference_config.json", "inference-config.json")
_ENTRY = ("score.py", "scoring.py", "entry_script.py", "main_score.py", "score_*.py")
_REQUEST = ("sample-request.json", "sample_request.json", "request.json", "sample-input.json", "sample_score.json")
_MODEL = ("model", "models", "model.pkl", "model.joblib", "model.onnx", "model.pt")


@dataclass(frozen=True)
class Project:
    """The files of one deployment, each with why it was taken; None where there is none."""

    folder: Path
    dockerfile: Path | None = None
    conda_file: Path | None = None
    inference_config: Path | None = None
    entry_script: Path | None = None
    model: Path | None = None
    request: Path | None = None
    others: dict[str, tuple[Path, ...]] = field(default_factory=dict)
    """What else could have been taken, by what it could have been."""


def find_project(folder: Path) -> Project:
    """What a folder holds. The nearest file wins, then the more usual name, then the alphabet; a reference wins over all."""
    files = sorted(_walk(folder), key=lambda path: (len(path.relative_to(folder).parts), str(path)))
    dockerfiles = [path for path in files if path.is_file() and is_dockerfile_name(path.name)]
    dockerfiles.sort(key=lambda path: (len(path.relative_to(folder).parts), path.name.lower() != "dockerfile"))
    inference = _first(files, _INFERENCE)
    entry, conda = _referred(inference[0]) if inference else (None, None)
    scripts, condas = _first(files, _ENTRY), _first(files, _CONDA)
    found = {
        "dockerfile": dockerfiles,
        "entry-script": [entry] if entry is not None else scripts,
        "conda-file": [conda] if conda is not None else condas,
        "request": _first(files, _REQUEST),
        "model": _first(files, _MODEL),
    }
    return Project(
        folder=folder,
        dockerfile=_one(found["dockerfile"]),
        conda_file=_one(found["conda-file"]),
        inference_config=inference[0] if inference else None,
        entry_script=_one(found["entry-script"]),
        model=_one(found["model"]),
        request=_one(found["request"]),
        others={name: tuple(paths[1:]) for name, paths in found.items() if len(paths) > 1},
    )


def _one(paths: Sequence[Path]) -> Path | None:
    return paths[0] if paths else None


def _first(files: Sequence[Path], patterns: Sequence[str]) -> list[Path]:
    """Those that fit, the more usual names first where they are equally near."""

    def rank(path: Path) -> int:
        return next((index for index, pattern in enumerate(patterns) if fnmatch(path.name.lower(), pattern)), -1)

    return sorted(
        (path for path in files if rank(path) >= 0), key=lambda path: (len(path.parts), rank(path), str(path))
    )


def _referred(config: Path) -> tuple[Path | None, Path | None]:
    """The entry script and the conda file that an inference config names, where they are there."""
    try:
        if config.stat().st_size > MAX_CONFIG_BYTES:
            return None, None
        data = json.loads(config.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None, None
    if not isinstance(data, dict):
        return None, None
    base = config.parent
    source = data.get("sourceDirectory")
    if isinstance(source, str):
        base = base / source
    python = data.get("environment")
    python = python.get("python") if isinstance(python, dict) else None
    conda = python.get("condaDependenciesFile") if isinstance(python, dict) else data.get("condaFile")
    return _there(base, data.get("entryScript")), _there(base, conda)


def _there(folder: Path, name: object) -> Path | None:
    if not isinstance(name, str) or not name:
        return None
    path = folder / name
    return path if path.is_file() else None


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        here = Path(root)
        depth = len(here.relative_to(folder).parts)
        folders[:] = sorted(name for name in folders if name not in _SKIPPED) if depth < MAX_DEPTH else []
        yield from (here / name for name in sorted([*files, *folders]))
