"""The files of a commit that are concerned, checked in a private folder, each under the configuration that counts for it."""

from __future__ import annotations

import argparse
import os
import posixpath
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlcheck import looking
from amlcheck.arguments import parser
from amlcheck.concluding import report_of
from amlcheck.config import read_config
from amlcheck.data_files import read_toml
from amlcheck.discover import NO_ENVIRONMENT, excluded, is_environment_name
from amlcheck.errors import AmlcheckError
from amlcheck.hook.checking import CONFIGURATION, Checked
from amlcheck.hook.git import Git
from amlcheck.hook.pushed import Pushed
from amlcheck.hook.snapshot import Snapshot
from amlcheck.hook.tree import Changes, Tree
from amlcheck.image import ownership
from amlcheck.lint import LintOptions
from amlcheck.lint_command import Settings, own_options, settings_of, with_environments
from amlcheck.model import Report, SubjectReport
from amlcheck.records import replace
from amlcheck.run import lint_all, once

if TYPE_CHECKING:
    from amlcheck.image.base_image import BaseImages

SECONDS = 900.0
"""After which a temporary folder that was left is certainly nobody's."""


def judged(
    git: Git,
    tree: Tree,
    pushed: Pushed,
    changes: Sequence[Changes],
    found: set[str],
    words: Sequence[str],
    images: bool,
) -> Checked:
    """What is said of the files found that are judged otherwise than before. Raises AmlcheckError."""
    with ownership.ending_cleanly(), _folder() as folder, _inside(folder):
        snapshot = Snapshot(git, tree, folder)
        groups = _by_configuration(snapshot, found, changes)
        lacking: list[str] = []
        reports: list[Report] = []
        with looking.heard_by(snapshot):
            for name, names in groups:
                settings = _settings(snapshot, name, words)
                said, lint = _said(snapshot, changes, names, settings)
                lacking += [
                    f"{item.subject}: {snapshot.lacking[item.subject]}" for item in said if _lacks(snapshot, item)
                ]
                said = [item for item in said if not _lacks(snapshot, item)]
                if images:
                    said = [_with_image(git, tree, item, lint, lacking) for item in said]
                reports.append(replace(report_of(said, settings), allow_undecided=True, notes=()))
    return Checked(pushed, tuple(report for report in reports if report.subjects), tuple(lacking))


def _lacks(snapshot: Snapshot, subject: SubjectReport) -> bool:
    return subject.subject in snapshot.lacking


def _with_image(git: Git, tree: Tree, subject: SubjectReport, lint: LintOptions, lacking: list[str]) -> SubjectReport:
    """The report on a Dockerfile together with its image, where that can be had; else why not goes to `lacking`."""
    if subject.kind != "dockerfile" or subject.error:
        return subject
    from amlcheck.hook.images import looked_into

    try:
        return looked_into(git, tree, subject, lint.own.get(subject.subject, lint))
    except AmlcheckError as error:
        lacking.append(f"the image of {subject.subject}: {error}")
        return subject


@contextmanager
def _folder() -> Iterator[Path]:
    """A private folder; it goes however the check ends."""
    folder = ownership.make_folder(SECONDS)
    close = ownership.remember(lambda: ownership.remove_folder(folder))
    try:
        yield folder
    finally:
        close()


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Paths are then those of the repository."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


# --- what is asked ---------------------------------------------------------------------------------------------------


def _by_configuration(snapshot: Snapshot, found: set[str], changes: Sequence[Changes]) -> list[tuple[str, list[str]]]:
    """The files under each configuration; "" where there is none.

    The one at the top of the commit counts for all, as it does for `amlcheck lint` there. Where there is none, it is the
    nearest one above a file. One that changed is read even where it counts for nothing here: that it is broken is told now,
    not at the next push.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for each in changes:
        for path in each.paths & snapshot.tree.entries.keys():
            if posixpath.basename(path) == CONFIGURATION:
                groups[path] = []
    known: dict[str, str] = {}
    top = _configuration(snapshot, "", known)
    for path in sorted(found):
        groups[top or _configuration(snapshot, posixpath.dirname(path), known)].append(path)
    return sorted(groups.items())


def _configuration(snapshot: Snapshot, folder: str, known: dict[str, str]) -> str:
    """The nearest configuration at or above a folder."""
    if folder not in known:
        own, project = (posixpath.join(folder, name) for name in (CONFIGURATION, "pyproject.toml"))
        if _is_there(snapshot, own):
            known[folder] = own
        elif _is_there(snapshot, project) and _has_settings(project):
            known[folder] = project
        else:
            known[folder] = _configuration(snapshot, posixpath.dirname(folder), known) if folder else ""
    return known[folder]


def _is_there(snapshot: Snapshot, path: str) -> bool:
    return path in snapshot.tree.entries and snapshot.at(path) and os.path.isfile(path) and not snapshot.into(path)


def _has_settings(project: str) -> bool:
    """Whether [tool.amlcheck] stands in a pyproject.toml; one that does not name it may be as broken as it likes."""
    if b"amlcheck" not in Path(project).read_bytes():
        return False
    tool = read_toml(Path(project)).get("tool")
    return isinstance(tool, dict) and "amlcheck" in tool


def _settings(snapshot: Snapshot, name: str, words: Sequence[str]) -> Settings:
    """What the configuration of the commit and the options say. Raises AmlcheckError."""
    options: argparse.Namespace = parser().parse_args(["lint", *words, *(() if name else ("--no-config",))])
    if name and not options.config and not options.no_config and snapshot.at(name):
        options.config = name
        _bring_named(snapshot, posixpath.dirname(name), read_config(Path(name)).values, set())
    _bring_named(snapshot, "", vars(options), set())
    settings = settings_of(options)
    if settings.lint.bases is not None:
        return replace(settings, lint=replace(settings.lint, bases=_lenient()))
    return settings


def _bring_named(snapshot: Snapshot, folder: str, value: Any, seen: set[str]) -> None:
    """Everything of the commit that a configuration names, such as a profile of one's own and the one that it extends."""
    if isinstance(value, Mapping):
        for item in value.values():
            _bring_named(snapshot, folder, item, seen)
    elif isinstance(value, list):
        for item in value:
            _bring_named(snapshot, folder, item, seen)
    elif isinstance(value, str) and value and "\n" not in value:
        path = posixpath.normpath(posixpath.join(folder, value))
        path = "" if path == "." else path
        if path in seen or not (path in snapshot.tree.folders or path in snapshot.tree.entries):
            return
        seen.add(path)
        if snapshot.at(path) and path.endswith(".toml") and os.path.isfile(path):
            _bring_named(snapshot, posixpath.dirname(path), read_toml(Path(path)), seen)


def _lenient() -> BaseImages:
    """Base images as far as they can be had: that somebody is not logged in is nothing of the commit's."""
    from amlcheck.image.base_image import BaseImages
    from amlcheck.image.config import ImageConfig

    class Lenient(BaseImages):
        def config(self, name: str, platform: str = "") -> ImageConfig | str:
            try:
                return super().config(name, platform)
            except AmlcheckError as error:
                return str(error)

    return Lenient()


# --- what is said ----------------------------------------------------------------------------------------------------


def _said(
    snapshot: Snapshot, changes: Sequence[Changes], found: list[str], settings: Settings
) -> tuple[list[SubjectReport], LintOptions]:
    """The reports on those files whose check looked at something that is not as it was, and how they were checked."""
    patterns = settings.config.get("exclude", [])
    names = [name for name in found if not excluded(name, patterns)]
    lint, names = with_environments(settings.lint, names, None, [])
    own = own_options(settings, lint, names)
    lint = replace(lint, own={name: replace(each, bases=lint.bases) for name, each in own.items()})
    said: list[SubjectReport] = []
    for name in names:
        snapshot.looked.clear()
        subject = lint_all([name], lint)[0]
        looked = frozenset((name, *snapshot.looked, *_gone_beside(name, changes, snapshot)))
        if subject.error != NO_ENVIRONMENT and _is_concerned(looked, changes, snapshot.tree):
            said.append(subject)
    return list(once(said)), lint


def _gone_beside(name: str, changes: Sequence[Changes], snapshot: Snapshot) -> Iterator[str]:
    """Environments that stood beside a Dockerfile, and may have been what was judged together with it."""
    if is_environment_name(name):
        return
    for each in changes:
        for path, object_name in each.gone.items():
            beside = posixpath.dirname(path) == posixpath.dirname(name) and is_environment_name(path)
            if beside and snapshot.stated_environment(path, object_name):
                yield path


def _is_concerned(looked: frozenset[str], changes: Sequence[Changes], tree: Tree) -> bool:
    """Whether, compared with each of the remote's commits, something that was looked at is not as it was."""
    return all(any(each.touches(path, tree) for path in looked) for each in changes)
