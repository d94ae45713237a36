"""conda, mamba and micromamba."""

from __future__ import annotations

import re

from amlcheck.dockerfile.commands.pip import install_requirement, install_requirements_file
from amlcheck.dockerfile.script import Command
from amlcheck.dockerfile.source import Mapped
from amlcheck.dockerfile.step import Options, Step
from amlcheck.dockerfile.text import HOLE, Text, defined, literal
from amlcheck.environment.specs import conda_spec
from amlcheck.model import COMPONENTS
from amlcheck.versions import VersionSet

_WITH_VALUE = frozenset(
    {"-n", "--name", "-p", "--prefix", "-c", "--channel", "-f", "--file", "--solver", "--copy-from", "--clone"}
    | {"--override-channels-from", "--subdir", "--platform", "--repodata-fn", "-r", "--root-prefix", "--revision"}
    | {"--experimental", "--experimental-solver", "--trusted-host", "--category"}
)
CONDA_COMPONENTS = frozenset(COMPONENTS) - {"ubuntu"}


def conda(command: Command, step: Step) -> None:
    """The subcommands that change an environment; `run` and `activate` say where later commands work."""
    options = Options(command.words[1:], _WITH_VALUE)
    verbs = [word.value for word in options.operands]
    verb = verbs[0] if verbs else ""
    micro = command.name == "micromamba"
    if verb == "run":
        _run(command, step)
        return
    if options.has("--dry-run", "-d", "--download-only"):
        return
    prefix = _prefix(command, step, options, micro)
    if verb in ("env", "devenv"):
        action = verbs[1] if len(verbs) > 1 else ""
        if action in ("create", "update"):
            _env_file(command, step, options, prefix)
        elif action == "remove":
            _forget(command, step, _place(options, step, prefix))
        return
    if verb in ("activate",):
        target = options.operands[1].value if len(options.operands) > 1 else "base"
        step.runner.variables["CONDA_DEFAULT_ENV"] = literal(target)
        return
    if verb in ("install", "create", "update", "upgrade"):
        if options.has("-f", "--file") and _named_files(options):
            _env_file(command, step, options, prefix)
        _packages(command, step, options, prefix, verb)
    elif verb in ("remove", "uninstall"):
        place = _place(options, step, prefix)
        if options.has("--all"):
            _forget(command, step, place)
        for word in options.operands[1:]:
            for manager in ("conda", "installer"):
                step.remove(manager, word.value.lower(), word, command, place)


def _named_files(options: Options) -> list[Text]:
    return [word for word in options.all_values("-f", "--file") if word.value.endswith((".yml", ".yaml"))]


def _prefix(command: Command, step: Step, options: Options, micro: bool) -> str:
    if not micro:
        return step.conda_prefix(command)
    given = options.value("-r", "--root-prefix")
    root = given or step.variable("MAMBA_ROOT_PREFIX")
    return root.value if root is not None and root.known and root.value else "/opt/conda"


def _place(options: Options, step: Step, prefix: str) -> str:
    named = options.value("-n", "--name")
    if named is not None:
        return step.environment_place(named.value, prefix) if named.known else ""
    at = options.value("-p", "--prefix")
    if at is not None:
        return step.path(at) or ""
    return step.active_place(prefix)


def _packages(command: Command, step: Step, options: Options, prefix: str, verb: str) -> None:
    place = _place(options, step, prefix)
    if options.has("--revision"):
        step.hide(
            "conda goes back to an earlier revision", command, CONDA_COMPONENTS, None, frozenset({"conda", "python"})
        )
    for word in options.operands[1:]:
        _spec(word, command, step, place, verb)
    for file in options.all_values("--file", "-f"):
        if not file.value.endswith((".yml", ".yaml")):
            _spec_file(file, command, step, place)
    if options.has("--all", "-a") and verb in ("update", "upgrade"):
        _raise(command, step, place, ("conda", "python"))


def _spec(word: Text, command: Command, step: Step, place: str, verb: str = "install") -> None:
    if re.search(r"\.(?:tar\.bz2|conda)(?:#.*)?$", word.value):
        word_name = word.value.rsplit("/", 1)[-1]
        match = re.fullmatch(r"(.+)-([^-]+)-([^-]+)\.(?:tar\.bz2|conda)", word_name)
        if match is None:
            step.hide(
                f"which package {word_name.replace(HOLE, '…')} holds is not known", command, CONDA_COMPONENTS, word
            )
            return
        word = literal(f"{match.group(1)}=={match.group(2)}", word.span)
    spec = conda_spec(word)
    if spec is None:
        step.hide(f"which package conda installs is not known: {word.reason}", command, CONDA_COMPONENTS, word)
        return
    versions = spec.versions
    if (versions is None or versions.is_any) and not spec.unknown and spec.name in ("conda", "python"):
        versions = _at_least(step, spec.name, place)
    step.install(
        "conda",
        spec.name,
        word,
        command,
        versions=versions,
        part=spec.version_part,
        place=place,
        unknown=spec.unknown,
        note=f"conda {verb}",
    )


def _at_least(step: Step, name: str, place: str) -> VersionSet | None:
    """Unpinned, conda keeps or raises what is there: at least that version."""
    known = next((item for item in step.image.packages.newest_first(name, place) if not item.removed), None)
    before = known.versions if known is not None else None
    base = step.image.base.known if step.image.base is not None else None
    if known is None and base is not None and base.prefixes.get("conda") == place and name in base.provides:
        before = base.provides[name].versions
    if before is None or before.lowest is None:
        return None
    return VersionSet((((before.lowest, -1), None),))


def _raise(command: Command, step: Step, place: str, names: tuple[str, ...]) -> None:
    """`conda update --all`: nothing gets older."""
    for name in names:
        versions = _at_least(step, name, place)
        if versions is not None:
            step.install("conda", name, None, command, versions=versions, place=place, note="conda update --all")


def _spec_file(file: Text, command: Command, step: Step, place: str) -> None:
    content = step.content(file)
    if content is None or content.mapped is None:
        reason = content.reason if content is not None else f"{file.value.replace(HOLE, '…')} is not known"
        step.hide(f"conda's package list cannot be read: {reason}", command, CONDA_COMPONENTS, file)
        return
    at = 0
    for line in content.mapped.text.splitlines(keepends=True):
        words = line.partition("#")[0].strip()
        if words and not words.startswith("@"):
            start = at + line.index(words)
            _spec(_from_file(content.mapped, start, start + len(words), file), command, step, place)
        at += len(line)


def _from_file(mapped: Mapped, start: int, end: int, file: Text) -> Text:
    return defined(literal(mapped.text[start:end], mapped.span(start, end)), file.span, "copied file")


def _env_file(command: Command, step: Step, options: Options, prefix: str) -> None:
    named = _named_files(options) or options.all_values("-f", "--file")
    file = named[-1] if named else None
    if file is None:
        positional = [word for word in options.operands[2:] if word.value.endswith((".yml", ".yaml"))]
        file = positional[0] if positional else literal("environment.yml", command.span)
    content = step.content(file)
    if content is None or content.mapped is None:
        reason = content.reason if content is not None else f"{file.value.replace(HOLE, '…')} is not known"
        replaces = frozenset({"conda", "python"}) if _place(options, step, prefix) == prefix else frozenset()
        step.hide(f"the conda file cannot be read: {reason}", command, CONDA_COMPONENTS, file, replaces)
        return
    from amlcheck.environment.conda_file import CondaFileError, read_conda_file

    try:
        environment = read_conda_file(content.mapped)
    except CondaFileError as error:
        step.hide(f"the conda file cannot be read: {error}", command, CONDA_COMPONENTS, file)
        return
    place = _place(options, step, prefix)
    if options.value("-n", "--name", "-p", "--prefix") is None and environment.name:
        place = step.environment_place(environment.name, prefix)
    for item in environment.dependencies:
        _spec(defined(item, file.span, "conda file"), command, step, place, "env")
    for item in environment.pip:
        word = defined(item, file.span, "conda file")
        if word.value.startswith(("-r ", "--requirement ", "-c ")):
            install_requirements_file(
                word.slice(word.value.index(" ") + 1, len(word.value)).strip(), command, step, place
            )
        elif not word.value.startswith("-"):
            install_requirement(word, command, step, place, "conda file, pip section")
    if environment.unread:
        step.hide(f"the conda file cannot be read wholly: {environment.unread}", command, CONDA_COMPONENTS, file)


def _run(command: Command, step: Step) -> None:
    """`conda run -n ENV COMMAND…`: the rest is a command of its own, in that environment."""
    position = 2
    name: Text | None = None
    while position < len(command.words) and command.words[position].value.startswith("-"):
        text = command.words[position].value
        if text in ("-n", "--name", "-p", "--prefix") and position + 1 < len(command.words):
            name = command.words[position + 1]
            position += 1
        position += 1
    before = step.runner.variables.get("CONDA_DEFAULT_ENV")
    if name is not None:
        step.runner.variables["CONDA_DEFAULT_ENV"] = name
    if position < len(command.words):
        step.dispatch(command.without(position), step)
    if before is None:
        step.runner.variables.pop("CONDA_DEFAULT_ENV", None)
    else:
        step.runner.variables["CONDA_DEFAULT_ENV"] = before


def activate(command: Command, step: Step) -> bool:
    """`source activate ENV`, `. /opt/conda/etc/profile.d/conda.sh`: True where the command is one of these."""
    words = [word.value for word in command.words]
    if len(words) < 2:
        return False
    if words[1].rsplit("/", 1)[-1] == "activate":
        folder = words[1].rsplit("/", 2)[0] if words[1].endswith("/bin/activate") else ""
        target = words[2] if len(words) > 2 else folder or "base"
        step.runner.variables["CONDA_DEFAULT_ENV"] = literal(target)
        return True
    return words[1].endswith(("/profile.d/conda.sh", "/conda.sh", ".bashrc", ".profile", "/profile.d/mamba.sh"))


def _forget(command: Command, step: Step, place: str) -> None:
    there = step.image.packages.of_place(place) if place else ()
    for manager, name in sorted({(item.manager, item.name) for item in there}):
        step.remove(manager, name, None, command, place)
