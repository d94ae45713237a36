"""`amlcheck init`: writes amlcheck.toml with what a folder holds, commented, for `amlcheck check` and all other commands."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from amlcheck.config import DEFAULT_PROFILE
from amlcheck.errors import AmlcheckError
from amlcheck.exits import Exit
from amlcheck.project import Project, find_project

NAME = "amlcheck.toml"


def run_init(options: argparse.Namespace) -> Exit:
    """Writes the file and says what it found. Raises AmlcheckError where there is one already."""
    from amlcheck.report.destination import write

    folder = Path(options.folder)
    if not folder.is_dir():
        raise AmlcheckError(f"{folder}: is no folder")
    path = folder / NAME
    if path.exists() and not options.force:
        raise AmlcheckError(f"{path}: is there already; --force replaces it")
    project = find_project(folder)
    write(as_toml(project), str(path))
    write(f"{path} written; {_told(project)}\n", None)
    return Exit.MET


def _told(project: Project) -> str:
    found = [path for path in (project.dockerfile, project.entry_script, project.conda_file) if path is not None]
    names = ", ".join(_relative(project, path) for path in found)
    return f"`amlcheck check` now takes {names}" if names else "it names no files: nothing was found here"


def as_toml(project: Project) -> str:
    """The configuration of a project; what was not found stands in it as a comment."""
    lines = [
        "# What amlcheck checks here. Every key is explained in docs/configuration.md; options override them.",
        "",
        f'profile = "{DEFAULT_PROFILE}"            # what is asked; `amlcheck profiles` lists others',
        '# flavour = "openmpi-cpu"                 # exact versions to match',
        "# datasets = true                         # datasets are mounted: libfuse is needed",
        "# user-managed = true                     # nothing is built on top of the image",
        "",
    ]
    lines += _key(project, "dockerfile", project.dockerfile, "Dockerfile", "what is built")
    lines += _key(project, "entry-script", project.entry_script, "score.py", "init() and run(), deployed for the test")
    lines += _key(project, "model", project.model, "model", "put where AZUREML_MODEL_DIR leads")
    lines += _key(project, "conda-file", project.conda_file, "environment.yml", "put beside the entry script")
    lines += _key(project, "request", project.request, "sample-request.json", "sent to the scoring route", many=True)
    lines += ["# expect = ['$[0]=55']                    # what the answer must be", ""]
    return "\n".join(lines)


def _key(project: Project, key: str, path: Path | None, usual: str, why: str, many: bool = False) -> list[str]:
    value = json.dumps(_relative(project, path) if path is not None else usual, ensure_ascii=False)
    line = f"{key} = [{value}]" if many else f"{key} = {value}"
    written = f"{'' if path is not None else '# '}{line:<39} # {why}"
    others = project.others.get(key, ())
    if not others:
        return [written]
    return [written, f"#   also there: {', '.join(_relative(project, other) for other in others[:5])}"]


def _relative(project: Project, path: Path) -> str:
    try:
        return path.relative_to(project.folder).as_posix()
    except ValueError:
        return path.as_posix()
