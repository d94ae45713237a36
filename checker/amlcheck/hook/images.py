"""The images of Dockerfiles that are pushed: built from the commit, looked into, and removed again."""

from __future__ import annotations

import os
import posixpath
from contextlib import suppress
from pathlib import Path

from amlcheck.catalog import catalog
from amlcheck.errors import AmlcheckError
from amlcheck.hook.git import Git
from amlcheck.hook.large_files import MAX_POINTER, pointed_at, stored
from amlcheck.hook.telling import say
from amlcheck.hook.tree import LINK, SUBMODULE, Entry, Tree
from amlcheck.image import ownership
from amlcheck.image.building import BuildOptions, build
from amlcheck.image.engine import Engine
from amlcheck.image.image import parse_image
from amlcheck.image.sources import OpenOptions, open_image
from amlcheck.lint import LintOptions
from amlcheck.model import SubjectReport
from amlcheck.probe import ProbeOptions, probe_image
from amlcheck.probing import load_probes
from amlcheck.records import replace

SECONDS = 7200.0
"""After which the folder of a build that was left is certainly nobody's."""
MAX_LARGE_FILE = 1 << 32
"""Bytes of a file of Git LFS that is put into a build context."""


def looked_into(git: Git, tree: Tree, subject: SubjectReport, lint: LintOptions) -> SubjectReport:
    """The report on a Dockerfile and on the image that it builds.

    Raises AmlcheckError where there is no engine, the commit's files are not all here, or the Dockerfile does not build.
    """
    known = catalog()
    supplied = None
    if (environment := lint.environments.get(subject.subject)) is not None:
        from amlcheck.environment.judging import supplied_by

        supplied = supplied_by(known, environment)
    engine = Engine.connect()
    folder = ownership.make_folder(SECONDS)
    close = ownership.remember(lambda: ownership.remove_folder(folder))
    try:
        say(f"building the image of {subject.subject}")
        context = _inside(lint.context.as_posix()) if lint.context is not None else posixpath.dirname(subject.subject)
        _export(git, tree, context, subject.subject, folder)
        options = BuildOptions(folder / subject.subject, folder / context, lint.target, lint.build_args)
        built = build(engine, options)
        try:
            probes = load_probes(known, [])
            image = open_image(parse_image(f"docker-daemon:{built.name}"), probes.wanted, OpenOptions(pull="never"))
            try:
                asked = ProbeOptions(lint.profile, lint.circumstances)
                report = probe_image(known, probes, image, asked, subject, supplied)
            finally:
                image.close()
        finally:
            built.close()
    finally:
        close()
        engine.close()
    return replace(report, subject=subject.subject)


def _inside(path: str) -> str:
    path = posixpath.normpath(path)
    return "" if path == "." else path


def _export(git: Git, tree: Tree, context: str, dockerfile: str, folder: Path) -> None:
    """Puts a folder of the commit, and the Dockerfile, below a folder, as a checkout would. Raises AmlcheckError."""
    (folder / context).mkdir(parents=True, exist_ok=True)
    for path, entry in tree.entries.items():
        if path == dockerfile or not context or path.startswith(f"{context}/"):
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if entry.mode == SUBMODULE:
                place.mkdir(exist_ok=True)
            elif entry.mode == LINK:
                with suppress(OSError):
                    os.symlink(tree.links[path], place)
            else:
                _write(git, path, entry, place)


def _write(git: Git, path: str, entry: Entry, place: Path) -> None:
    size = git.size(entry.name)
    if size is None:
        raise AmlcheckError(f"{path}: its content is not in this repository")
    pointer = pointed_at(git.content(entry.name) or b"") if size <= MAX_POINTER else None
    with place.open("wb") as file:
        if pointer is None:
            git.copy(entry.name, file)
        else:
            content = stored(git, pointer[0], MAX_LARGE_FILE)
            if content is None:
                raise AmlcheckError(f"{path}: its content is in Git LFS and not here")
            file.write(content)
    if entry.mode == "100755":
        place.chmod(place.stat().st_mode | 0o111)
