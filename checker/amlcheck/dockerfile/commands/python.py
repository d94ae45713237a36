"""pip, `python -m …`, uv, poetry, pipenv and virtual environments."""

from __future__ import annotations

import posixpath
import re

from packaging.markers import Marker

from amlcheck.dockerfile.built import NO_DEPENDENCIES, PYTHON_PACKAGES, Content
from amlcheck.dockerfile.script import Command
from amlcheck.dockerfile.source import Mapped
from amlcheck.dockerfile.step import Options, Step
from amlcheck.dockerfile.text import HOLE, Text, defined, literal
from amlcheck.environment.lock_files import locked_packages
from amlcheck.environment.requirements_file import read_requirements
from amlcheck.environment.specs import LINUX, pip_spec
from amlcheck.versions import ANY, VersionSet, prefix

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
        body = next((item.body for item in command.redirects if item.body is not None), None)
        if (body is not None and _RUNS_PROGRAMS.search(body.text)) or command.feeder is not None:
            step.hide("what the Python code does is not followed", command)
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
    if words[position].value == "-c":
        code = words[position + 1].value if position + 1 < len(words) else HOLE
        if HOLE in code or _RUNS_PROGRAMS.search(code):
            step.hide("what the Python code does is not followed", command)
        return
    script = words[position].value
    if script.endswith("setup.py") and any(word.value in ("install", "develop") for word in words):
        step.hide("what setup.py installs is not followed", command, PYTHON_PACKAGES)
    elif "get-pip" not in script:
        _script(words[position], command, step)


_RUNS_PROGRAMS = re.compile(
    r"subprocess|os\s*\.\s*system|popen|\bpip\b|conda|exec\(|__import__|urlretrieve", re.IGNORECASE
)


def _script(word: Text, command: Command, step: Step) -> None:
    """A Python script: harmless where its text is known and starts no programs."""
    path = step.path(word)
    content = step.files.read(path) if path is not None else None
    if content is None or content.mapped is None or _RUNS_PROGRAMS.search(content.mapped.text):
        step.hide(f"what {word.value.replace(HOLE, '…')} does is not followed", command, word=word)


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
    for word in operands if verb == "install" else ():
        if word.value == HOLE or word.value.startswith(HOLE):
            step.hide(f"which package pip installs is not known: {word.reason}", command, PYTHON_PACKAGES, word)
        else:
            if not upgrades and _already_there(word, place, step):
                continue
            extras = frozenset({NO_DEPENDENCIES}) if options.has("--no-deps") else frozenset()
            install_requirement(word, command, step, place, _note(command), limits, extras)
    for word in options.all_values("-e", "--editable"):
        _project(word, command, step)


def _already_there(word: Text, place: str, step: Step) -> bool:
    """Without --upgrade, pip keeps a release that is there and that the requirement allows."""
    spec = pip_spec(word)
    if spec is None or spec.unknown or spec.versions is not None:
        return False
    there = [item for item in step.image.packages if (item.manager, item.name, item.place) == ("pip", spec.name, place)]
    return bool(there) and not there[-1].removed and there[-1].certain


def _note(command: Command) -> str:
    """`pip install flask>=2` without quotes: the shell takes the rest as a file's name."""
    taken = any(item.operator in (">", "<") and item.target.value[:1] in "=0123456789" for item in command.redirects)
    return "pip install, unquoted: a redirection" if taken else "pip install"


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
        path = step.path(file)
        content = step.files.read(path) if path is not None else None
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


def _applies(marker: Marker, place: str, step: Step) -> bool | None:
    """Whether a marker that asks for the Python holds; None where that Python is not known to its minor version."""
    there = [item for item in step.image.packages if item.name == "python" and item.place == place and not item.removed]
    versions = there[-1].versions if there else None
    base = step.image.base_value("python")
    if not there and base is not None:
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
        named = re.search(r"(?<![\d.])(\d+\.\d+(?:\.\d+)?)$", wanted.value if wanted is not None else command.name)
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
    if verbs[:2] == ["python", "install"]:
        step.hide("where the Python goes that uv installs is not followed", command, frozenset({"python"}))
    elif verbs[:1] == ["pip"]:
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
