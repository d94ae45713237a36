"""pip: what it installs and removes, requirements and constraints files, markers."""

from __future__ import annotations

import posixpath
from itertools import pairwise
from typing import TYPE_CHECKING

from amlcheck.dockerfile.built import NO_DEPENDENCIES, PYTHON_PACKAGES, Refused
from amlcheck.dockerfile.script import Command
from amlcheck.dockerfile.source import Mapped
from amlcheck.dockerfile.step import Options, Step
from amlcheck.dockerfile.text import HOLE, Text, defined, literal
from amlcheck.environment.requirement_syntax import MAX_REFUSED, is_template, refusal
from amlcheck.environment.requirements_file import COMMENT, read_requirements
from amlcheck.environment.specs import LINUX, pip_spec
from amlcheck.regex import regex
from amlcheck.versions import ANY, VersionSet, prefix

if TYPE_CHECKING:
    from packaging.markers import Marker

_PIP_VALUES = frozenset(
    {"-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-t", "--target", "--prefix", "--root"}
    | {"-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--trusted-host", "--python", "-p", "--platform"}
    | {"--python-version", "--implementation", "--abi", "--timeout", "--retries", "--cache-dir", "--proxy", "--cert"}
    | {"--src", "--global-option", "--install-option", "--no-binary", "--only-binary", "--progress-bar", "--log"}
    | {"--upgrade-strategy", "--config-settings", "-C", "--exists-action", "--report", "--resume-retries"}
    | {"--root-user-action", "--use-feature", "--use-deprecated", "-o", "--output-file", "--extra", "--group"}
    | {"--index-strategy", "--link-mode", "--default-index", "--directory", "--project", "--resolution"}
)
PIP_NAME = regex(r"pip(?:\d+(?:\.\d+)?)?")
_MAX_INCLUDES = 10
UNQUOTED = "pip install, unquoted: a redirection"
_ALONE = frozenset(
    {"install", "-U", "--upgrade", "-q", "-qq", "--quiet", "-v", "--verbose", "--user", "--pre", "--no-deps"}
    | {"--no-cache-dir", "--no-cache", "--force-reinstall", "-I", "--ignore-installed", "--no-build-isolation"}
    | {"--prefer-binary", "--disable-pip-version-check", "--break-system-packages", "--no-input", "--no-index"}
    | {"--no-warn-script-location", "--no-compile", "--no-color", "--no-clean", "--require-hashes", "--isolated"}
)
"""Options without a value: what stands behind another one may be its value."""


def pip(command: Command, step: Step) -> None:
    """`pip install` and `pip uninstall`, into the environment that this pip belongs to."""
    run_pip(command.words[1:], command, step, environment_of(command, step))


def environment_of(command: Command, step: Step) -> str:
    """The prefix that a pip or python belongs to: by its path, else the first on PATH that has a Python."""
    folder = step.program_folder(command)
    if folder is not None:
        return posixpath.dirname(folder) if posixpath.basename(folder) in ("bin", "Scripts") else folder
    prefixes = step.image.conda_prefixes()
    active = step.runner.lookup("CONDA_DEFAULT_ENV")
    if step.image.active_env or (active is not None and active.known and active.value):
        return step.active_place(prefixes[-1] if prefixes else "")
    base = step.image.base.known if step.image.base is not None else None
    known = {*prefixes, *(base.prefixes.values() if base is not None else ())}
    for entry in step.search_path():
        if entry is None:
            return ""
        place = posixpath.dirname(entry)
        if place in known or step.image.packages.numbers_at("python", place):
            return place
    return ""


def run_pip(words: tuple[Text, ...], command: Command, step: Step, place: str) -> None:
    """Pip with these arguments, in the environment at `place`."""
    options = Options(words, _PIP_VALUES)
    if not options.operands:
        return
    verb, operands = options.operands[0].value, options.operands[1:]
    if verb == "uninstall":
        for word in operands:
            spec = pip_spec(word)
            if spec is not None:
                step.remove("pip", spec.name, word, command, place)
        return
    if verb not in ("install", "sync") or options.has("--dry-run"):
        return
    target = options.value("-t", "--target", "--prefix", "--root")
    if target is not None:
        place = step.path(target) or ""
    if options.has("--user"):
        place = f"{step.image.home() or ''}/.local"
    limits = _constraints(options, step)
    upgrades = options.has("-U", "--upgrade", "--force-reinstall", "-I", "--ignore-installed")
    for file in options.all_values("-r", "--requirement") + (operands if verb == "sync" else []):
        install_requirements_file(file, command, step, place, limits)
    behind = pairwise(words)
    doubtful = {id(word) for option, word in behind if option.value.startswith("-") and option.value not in _ALONE}
    for word in operands if verb == "install" else ():
        if word.value == HOLE or word.value.startswith(HOLE):
            step.hide(f"which package pip installs is not known: {word.reason}", command, PYTHON_PACKAGES, word)
        else:
            if not upgrades and _already_there(word, place, step):
                continue
            extras = frozenset({NO_DEPENDENCIES}) if options.has("--no-deps") else frozenset()
            judged = id(word) not in doubtful
            install_requirement(word, command, step, place, _note(command), limits, extras, judged)
    for word in options.all_values("-e", "--editable"):
        _project(word, command, step)


def _already_there(word: Text, place: str, step: Step) -> bool:
    """Without --upgrade, pip keeps a release that is there and that the requirement allows."""
    spec = pip_spec(word)
    if spec is None or spec.unknown or spec.versions is not None:
        return False
    named = step.image.packages.newest_first(spec.name, place)
    there = next((item for item in named if item.manager == "pip"), None)
    return there is not None and not there.removed and there.certain


def _note(command: Command) -> str:
    """`pip install flask>=2` without quotes: the shell takes the rest as a file's name."""
    taken = any(item.operator in (">", "<") and item.target.value[:1] in "=0123456789" for item in command.redirects)
    return UNQUOTED if taken else "pip install"


Limits = dict[str, VersionSet]
UNREAD = ""


def _constraints(options: Options, step: Step) -> Limits:
    """What constraints files allow, by package; `UNREAD` stands for one that cannot be read."""
    limits: Limits = {}
    always = step.variable("PIP_CONSTRAINT")
    files = [*options.all_values("-c", "--constraint"), *([always] if always is not None and always.value else [])]
    for file in files:
        if file is always and not file.known and "base image" in file.reason:
            continue
        content = step.content(file)
        if content is not None and content.mapped is not None:
            _limit(content.mapped, limits)
        else:
            limits[UNREAD] = ANY
    return limits


def _limit(mapped: Mapped, limits: Limits) -> None:
    for line in read_requirements(mapped):
        spec = pip_spec(line.word) if line.kind == "requirement" else None
        if spec is not None and spec.versions is not None:
            limits[spec.name] = limits[spec.name] & spec.versions if spec.name in limits else spec.versions


def install_requirement(
    word: Text,
    command: Command,
    step: Step,
    place: str,
    note: str,
    limits: Limits | None = None,
    extras: frozenset[str] = frozenset(),
    judged: bool = True,
) -> None:
    """One requirement, as pip is given it. `judged`: pip certainly reads it as one."""
    spec = pip_spec(word)
    if judged and (spec is None or spec.unknown) and HOLE not in word.value:
        _look_at(word, command, step, note)
    if spec is None:
        if HOLE in word.value:
            step.hide(f"which package pip installs is not known: {word.reason}", command, PYTHON_PACKAGES, word)
        else:
            _project(word, command, step)
        return
    if not spec.applies:
        return
    versions = spec.versions
    unknown = spec.unknown
    if limits and UNREAD in limits and versions is None and not unknown:
        unknown = "its constraints file cannot be read"
    certain = None
    if spec.marker is not None:
        applies = _applies(spec.marker, place, step)
        if applies is False:
            return
        certain = command.certain and applies is True
    limit = (limits or {}).get(spec.name)
    if limit is not None and not spec.unknown:
        both = limit if versions is None else versions & limit
        if both.is_empty:
            unknown = f"its constraints allow {limit.text} only, which is not what is asked for: pip refuses it"
        versions = limit if both == limit else both
    step.install(
        "pip",
        spec.name,
        word,
        command,
        versions=versions,
        part=spec.version_part,
        place=place,
        unknown=unknown,
        note=note,
        extras=spec.extras | extras,
        certain=certain,
    )


def _look_at(word: Text, command: Command, step: Step, note: str) -> None:
    """Notes a requirement that pip refuses; what uv, poetry and pipenv read is another matter."""
    if command.name in ("uv", "poetry", "pipenv") or len(step.image.refused) >= MAX_REFUSED:
        return
    why = refusal(COMMENT.sub("", word.value))
    if why is not None:
        why += "; the shell takes the rest as a file's name: quote it" if note == UNQUOTED else ""
        step.image.refused.append(Refused(word, why, command.span, command.certain and command.noticed))


def _applies(marker: Marker, place: str, step: Step) -> bool | None:
    """Whether a marker that asks for the Python holds; None where that Python is not known to its minor version."""
    there = next((item for item in step.image.packages.newest_first("python", place) if not item.removed), None)
    versions = there.versions if there is not None else None
    base = step.image.base_value("python")
    if there is None and base is not None:
        versions = base.versions
    lowest = versions.lowest if versions is not None else None
    if lowest is None or versions is None or len(lowest.release) < 2:
        return None
    series = f"{lowest.release[0]}.{lowest.release[1]}"
    if not versions <= prefix(series):
        return None
    return marker.evaluate({**LINUX, "python_version": series, "python_full_version": f"{series}.0"})


def _project(word: Text, command: Command, step: Step) -> None:
    """`pip install .`, a URL or a source archive: its dependencies are its own affair."""
    shown = word.value.replace(HOLE, "…")
    step.hide(f"what pip installs with {shown[:60]!r} is not followed", command, PYTHON_PACKAGES, word)


def install_requirements_file(
    file: Text,
    command: Command,
    step: Step,
    place: str,
    limits: Limits | None = None,
    above: frozenset[str] = frozenset(),
    seen: set[str] | None = None,
) -> None:
    """`pip install -r FILE`, and what it includes. `above`: the files that include it; `seen`: all that were read before."""
    read = set() if seen is None else seen
    path = step.path(file)
    if file.value in ("-", "/dev/stdin"):
        path = _piped(command, step)
    if path is not None and path in read and path not in above:
        return
    read.add(path or "")
    content = step.files.read(path) if path is not None else None
    if content is None or content.mapped is None or path in above or len(above) > _MAX_INCLUDES:
        reason = content.reason if content is not None else "it is not known where it comes from"
        reason = reason or ("it includes itself" if path in above else "it is included too deeply")
        shown = file.value.replace(HOLE, "…")
        step.hide(f"{shown} cannot be read: {reason}", command, PYTHON_PACKAGES, file)
        return
    allowed = dict(limits or {})
    lines = list(read_requirements(content.mapped))
    judged = not is_template(content.mapped.text)
    for line in lines:
        if line.kind == "constraint" and path is not None:
            other = step.files.read(posixpath.normpath(posixpath.join(posixpath.dirname(path), line.word.value)))
            if other is not None and other.mapped is not None:
                _limit(other.mapped, allowed)
    for line in lines:
        word = defined(line.word, file.span, "requirements file")
        if line.kind == "include" and path is not None:
            nested = literal(posixpath.join(posixpath.dirname(path), line.word.value), file.span)
            install_requirements_file(nested, command, step, place, allowed, above | {path}, read)
        elif line.kind == "editable":
            _project(word, command, step)
        elif line.kind == "requirement":
            install_requirement(word, command, step, place, "requirements file", allowed, judged=judged)


def _piped(command: Command, step: Step) -> str | None:
    """The file whose content is piped in, where it is known."""
    feeder = command.feeder
    if feeder is not None and feeder.name == "cat" and len(feeder.words) == 2:
        return step.path(feeder.words[1])
    return None
