"""pip, `python -m …`, uv, poetry, pipenv and virtual environments."""

from __future__ import annotations

import posixpath
import re

from amlcheck.dockerfile.built import PYTHON_PACKAGES, Content
from amlcheck.dockerfile.script import Command
from amlcheck.dockerfile.source import Mapped
from amlcheck.dockerfile.step import Options, Step
from amlcheck.dockerfile.text import HOLE, Text, defined, literal
from amlcheck.environment.lock_files import locked_packages
from amlcheck.environment.requirements_file import read_requirements
from amlcheck.environment.specs import pip_spec
from amlcheck.versions import VersionSet, prefix

_PIP_VALUES = frozenset(
    {"-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-t", "--target", "--prefix", "--root"}
    | {"-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--trusted-host", "--python", "-p", "--platform"}
    | {"--python-version", "--implementation", "--abi", "--timeout", "--retries", "--cache-dir", "--proxy", "--cert"}
    | {"--src", "--global-option", "--install-option", "--no-binary", "--only-binary", "--progress-bar", "--log"}
    | {"--upgrade-strategy", "--config-settings", "-C", "--exists-action", "--report", "--resume-retries"}
    | {"--root-user-action", "--use-feature", "--use-deprecated", "-o", "--output-file", "--extra", "--group"}
    | {"--index-strategy", "--link-mode", "--default-index", "--directory", "--project", "--resolution"}
)
PYTHON_NAME = re.compile(r"python(?:\d+(?:\.\d+)?)?")
PIP_NAME = re.compile(r"pip(?:\d+(?:\.\d+)?)?")
_MAX_INCLUDES = 10


def pip(command: Command, step: Step) -> None:
    """`pip install` and `pip uninstall`, into the environment that this pip belongs to."""
    _pip(command.words[1:], command, step, environment_of(command, step))


def python(command: Command, step: Step) -> None:
    """`python -m pip|venv|conda …`; a script of the user's is not followed."""
    words = command.words[1:]
    position = 0
    while position < len(words) and words[position].value.startswith("-") and words[position].value not in ("-m", "-c"):
        position += 1
    if position >= len(words):
        return
    if words[position].value == "-m" and position + 1 < len(words):
        module, rest = words[position + 1].value, words[position + 2 :]
        if module == "pip":
            _pip(rest, command, step, environment_of(command, step))
        elif module in ("venv", "virtualenv"):
            make_environment(rest, command, step)
        elif module in ("conda", "mamba"):
            step.dispatch(command.without(position + 2), step)
        return
    script = words[position].value
    if script.endswith("setup.py") and any(word.value in ("install", "develop") for word in words):
        step.hide("what setup.py installs is not followed", command, PYTHON_PACKAGES)
    elif script.endswith(".py") and "get-pip" not in script and "install" in script:
        step.hide(f"what {script.replace(HOLE, '…')} does is not followed", command, PYTHON_PACKAGES)


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
    known = {package.place for package in step.image.packages if package.name == "python"} | set(prefixes)
    known |= set(base.prefixes.values()) if base is not None else set()
    for entry in step.search_path():
        if entry is None:
            return ""
        place = posixpath.dirname(entry)
        if place in known:
            return place
    return ""


def _pip(words: tuple[Text, ...], command: Command, step: Step, place: str) -> None:
    options = Options(words, _PIP_VALUES)
    if not options.operands:
        return
    verb, operands = options.operands[0].value, options.operands[1:]
    if verb == "uninstall":
        for word in operands:
            spec = pip_spec(word)
            if spec is not None:
                step.install("pip", spec.name, word, command, place=place, removed=True, note="pip uninstall")
        return
    if verb not in ("install", "sync"):
        return
    target = options.value("-t", "--target", "--prefix", "--root")
    if target is not None:
        place = step.path(target) or ""
    limits = _constraints(options, step)
    for file in options.all_values("-r", "--requirement") + (operands if verb == "sync" else []):
        install_requirements_file(file, command, step, place, limits)
    for word in operands if verb == "install" else ():
        if word.value == HOLE or word.value.startswith(HOLE):
            step.hide(f"which package pip installs is not known: {word.reason}", command, PYTHON_PACKAGES, word)
        else:
            install_requirement(word, command, step, place, _note(command), limits)
    for word in options.all_values("-e", "--editable"):
        _project(word, command, step)


def _note(command: Command) -> str:
    """`pip install flask>=2` without quotes: the shell takes the rest as a file's name."""
    taken = any(item.operator in (">", "<") and item.target.value[:1] in "=0123456789" for item in command.redirects)
    return "pip install, unquoted: a redirection" if taken else "pip install"


Limits = dict[str, VersionSet]


def _constraints(options: Options, step: Step) -> Limits:
    """What constraints files allow, by package."""
    limits: Limits = {}
    for file in options.all_values("-c", "--constraint"):
        path = step.path(file)
        content = step.files.read(path) if path is not None else None
        if content is not None and content.mapped is not None:
            _limit(content.mapped, limits)
    return limits


def _limit(mapped: Mapped, limits: Limits) -> None:
    for line in read_requirements(mapped):
        spec = pip_spec(line.word) if line.kind == "requirement" else None
        if spec is not None and spec.versions is not None:
            limits[spec.name] = limits[spec.name] & spec.versions if spec.name in limits else spec.versions


def install_requirement(
    word: Text, command: Command, step: Step, place: str, note: str, limits: Limits | None = None
) -> None:
    """One requirement, as pip is given it."""
    spec = pip_spec(word)
    if spec is None:
        if HOLE in word.value:
            step.hide(f"which package pip installs is not known: {word.reason}", command, PYTHON_PACKAGES, word)
        else:
            _project(word, command, step)
        return
    if not spec.applies:
        return
    versions = spec.versions
    limit = (limits or {}).get(spec.name)
    if limit is not None and not spec.unknown:
        both = limit if versions is None else versions & limit
        versions = limit if both == limit else both
    step.install(
        "pip",
        spec.name,
        word,
        command,
        versions=versions,
        part=spec.version_part,
        place=place,
        unknown=spec.unknown,
        note=note,
        extras=spec.extras,
    )


def _project(word: Text, command: Command, step: Step) -> None:
    """`pip install .`, a URL or a source archive: its dependencies are its own affair."""
    shown = word.value.replace(HOLE, "…")
    step.hide(f"what pip installs with {shown[:60]!r} is not followed", command, PYTHON_PACKAGES, word)


def install_requirements_file(
    file: Text, command: Command, step: Step, place: str, limits: Limits | None = None, depth: int = 0
) -> None:
    """`pip install -r FILE`, and what it includes."""
    path = step.path(file)
    if file.value in ("-", "/dev/stdin"):
        path = _piped(command, step)
    content = step.files.read(path) if path is not None else None
    if content is None or content.mapped is None or depth > _MAX_INCLUDES:
        reason = content.reason if content is not None else "it is not known where it comes from"
        shown = file.value.replace(HOLE, "…")
        step.hide(f"{shown} cannot be read: {reason}", command, PYTHON_PACKAGES, file)
        return
    allowed = dict(limits or {})
    lines = list(read_requirements(content.mapped))
    for line in lines:
        if line.kind == "constraint" and path is not None:
            other = step.files.read(posixpath.normpath(posixpath.join(posixpath.dirname(path), line.word.value)))
            if other is not None and other.mapped is not None:
                _limit(other.mapped, allowed)
    for line in lines:
        word = defined(line.word, file.span, "requirements file")
        if line.kind == "include" and path is not None:
            nested = literal(posixpath.join(posixpath.dirname(path), line.word.value), file.span)
            install_requirements_file(nested, command, step, place, allowed, depth + 1)
        elif line.kind == "editable":
            _project(word, command, step)
        elif line.kind == "requirement":
            install_requirement(word, command, step, place, "requirements file", allowed)


def _piped(command: Command, step: Step) -> str | None:
    """The file whose content is piped in, where it is known."""
    feeder = command.feeder
    if feeder is not None and feeder.name == "cat" and len(feeder.words) == 2:
        return step.path(feeder.words[1])
    return None


def make_environment(words: tuple[Text, ...], command: Command, step: Step) -> None:
    """`python -m venv DIR`, `virtualenv DIR`: a prefix with the Python that made it."""
    options = Options(words, frozenset({"-p", "--python", "--prompt", "--seed"}))
    for word in options.operands:
        place = step.path(word)
        if place is None:
            continue
        wanted = options.value("-p", "--python")
        named = re.search(r"(\d+\.\d+)$", wanted.value if wanted is not None else command.name)
        source = environment_of(command, step)
        makers = [item for item in step.image.packages if item.name == "python" and item.place == source]
        if named is not None:
            step.install("venv", "python", word, command, versions=prefix(named.group(1)), place=place, note="venv")
        elif makers:
            maker = makers[-1]
            step.install(
                "venv",
                "python",
                word,
                command,
                versions=maker.versions,
                place=place,
                unknown=maker.unknown,
                note="venv",
            )
        else:
            step.install("venv", "python", word, command, place=place, note="venv")


def uv(command: Command, step: Step) -> None:
    """`uv pip install`, `uv venv`, and `uv sync` by its lock file."""
    words = command.words[1:]
    verbs = [word.value for word in words if not word.value.startswith("-")]
    if verbs[:1] == ["pip"]:
        at = next(index for index, word in enumerate(words) if word.value == "pip")
        _pip(
            words[at + 1 :],
            command,
            step,
            "" if any(w.value == "--system" for w in words) else environment_of(command, step),
        )
    elif verbs[:1] == ["venv"]:
        at = next(index for index, word in enumerate(words) if word.value == "venv")
        make_environment(words[at + 1 :] or (literal(".venv", command.span),), command, step)
    elif verbs[:1] in (["sync"], ["run"], ["export"], ["add"]):
        _locked(command, step, "uv.lock")


def poetry(command: Command, step: Step) -> None:
    """`poetry install` and `poetry export`, by the lock file."""
    verbs = [word.value for word in command.words[1:] if not word.value.startswith("-")]
    if verbs[:1] == ["install"]:
        _locked(command, step, "poetry.lock")
    elif verbs[:1] == ["export"]:
        _exported(command, step)
    elif verbs[:1] == ["add"]:
        for word in Options(command.words[1:], frozenset({"--group", "-G", "--source"})).operands[1:]:
            requirement = re.sub(r"@\^?|@latest", ">=" if "@^" in word.value else "==", word.value)
            install_requirement(
                literal(requirement.removesuffix("=="), word.span),
                command,
                step,
                environment_of(command, step),
                "poetry add",
            )


def _lock(step: Step, name: str) -> Content | None:
    cwd = step.runner.lookup("PWD")
    folder = cwd.value if cwd is not None and cwd.known else "/"
    return step.files.read(posixpath.join(folder or "/", name))


def _locked(command: Command, step: Step, name: str) -> None:
    content = _lock(step, name)
    if content is None or content.mapped is None:
        reason = content.reason if content is not None else f"{name} is not copied into the image"
        step.hide(f"what {command.name} installs is not known: {reason}", command, PYTHON_PACKAGES)
        return
    place = environment_of(command, step)
    for word in locked_packages(content.mapped):
        install_requirement(defined(word, command.span, name), command, step, place, name)


def _exported(command: Command, step: Step) -> None:
    """`poetry export -o requirements.txt`: the file then holds what the lock file pins."""
    content = _lock(step, "poetry.lock")
    options = Options(
        command.words[1:], frozenset({"-o", "--output", "-f", "--format", "--with", "--without", "--only"})
    )
    out = options.value("-o", "--output")
    redirected = [item.target for item in command.redirects if item.operator in (">", ">>")]
    target = out or (redirected[0] if redirected else None)
    path = step.path(target) if target is not None else None
    if path is None:
        return
    if content is None or content.mapped is None:
        reason = content.reason if content is not None else "poetry.lock is not copied into the image"
        step.files.write(path, Content(reason=reason))
        return
    parts: list[str] = []
    joints: list[tuple[int, int]] = []
    length = 0
    for word in locked_packages(content.mapped):
        line = word.value + "\n"
        if word.span is not None:
            joints.append((length, word.span.start))
        parts.append(line)
        length += len(line)
    step.files.write(path, Content(Mapped(content.mapped.source, "".join(parts), tuple(joints) or ((0, 0),))))


def pipenv(command: Command, step: Step) -> None:
    """Pipenv's lock file is not read."""
    if any(word.value in ("install", "sync") for word in command.words[1:]):
        step.hide("what pipenv installs is not followed", command, PYTHON_PACKAGES)
