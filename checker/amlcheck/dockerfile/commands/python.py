"""`python -m …` and scripts, virtual environments, uv, poetry and pipenv."""

from __future__ import annotations

import posixpath
import re

from amlcheck.dockerfile.built import PYTHON_PACKAGES, Content
from amlcheck.dockerfile.commands.pip import environment_of, install_requirement, run_pip
from amlcheck.dockerfile.script import Command
from amlcheck.dockerfile.source import Mapped
from amlcheck.dockerfile.step import Options, Step
from amlcheck.dockerfile.text import HOLE, Text, defined, literal
from amlcheck.environment.lock_files import locked_packages
from amlcheck.regex import regex
from amlcheck.versions import prefix

PYTHON_NAME = regex(r"python(?:\d+(?:\.\d+)?)?")


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
            run_pip(rest, command, step, environment_of(command, step))
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


_RUNS_PROGRAMS = regex(r"subprocess|os\s*\.\s*system|popen|\bpip\b|conda|exec\(|__import__|urlretrieve", re.IGNORECASE)


def _script(word: Text, command: Command, step: Step) -> None:
    """A Python script: harmless where its text is known and starts no programs."""
    content = step.content(word)
    if content is None or content.mapped is None or _RUNS_PROGRAMS.search(content.mapped.text):
        step.hide(f"what {word.value.replace(HOLE, '…')} does is not followed", command, word=word)


def make_environment(words: tuple[Text, ...], command: Command, step: Step) -> None:
    """`python -m venv DIR`, `virtualenv DIR`: a prefix with the Python that made it."""
    options = Options(words, frozenset({"-p", "--python", "--prompt", "--seed"}))
    for word in options.operands:
        place = step.path(word)
        if place is None:
            continue
        wanted = options.value("-p", "--python")
        named = re.search(
            r"(?<![\d.])(\d{1,9}\.\d{1,9}(?:\.\d{1,9})?)$", wanted.value if wanted is not None else command.name
        )
        source = environment_of(command, step)
        maker = next(step.image.packages.newest_first("python", source), None)
        if named is not None:
            step.install("venv", "python", word, command, versions=prefix(named.group(1)), place=place, note="venv")
        elif maker is not None:
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
        run_pip(
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
