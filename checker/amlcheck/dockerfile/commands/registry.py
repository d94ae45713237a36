"""Which module reads which command, and the prefixes (sudo, env, …) that come before one."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from amlcheck.dockerfile import programs
from amlcheck.dockerfile.built import EVERYTHING, Missing, Opaque
from amlcheck.dockerfile.commands import apt, conda, download, filesystem, pip, python
from amlcheck.dockerfile.effort import USED_UP
from amlcheck.dockerfile.script import Command
from amlcheck.dockerfile.step import NOT_THE_SYSTEM, Options, Step
from amlcheck.dockerfile.text import HOLE, Text, hole, join, literal
from amlcheck.records import replace
from amlcheck.regex import regex

Reader = Callable[[Command, Step], None]

_READERS: dict[str, Reader] = {
    **dict.fromkeys(("apt-get", "apt", "aptitude", "apt-fast", "apt-get-install"), apt.apt_get),
    "dpkg": apt.dpkg,
    "gdebi": apt.dpkg,
    **dict.fromkeys(("add-apt-repository", "apt-add-repository"), apt.add_repository),
    **dict.fromkeys(("yum", "dnf", "microdnf", "tdnf", "apk", "zypper", "rpm", "pacman"), apt.other_system),
    **dict.fromkeys(("conda", "mamba", "micromamba"), conda.conda),
    "uv": python.uv,
    "poetry": python.poetry,
    "pipenv": python.pipenv,
    "wget": download.wget,
    "aria2c": download.wget,
    "curl": download.curl,
    **dict.fromkeys(("tar", "unzip", "bsdtar"), download.unpack),
    **dict.fromkeys(("make", "ninja", "rpm2cpio"), download.build),
    **dict.fromkeys(("echo", "printf"), filesystem.echo),
    **dict.fromkeys(("cat", "tee"), filesystem.cat),
    **dict.fromkeys(("cp", "mv"), filesystem.copy),
    "rm": filesystem.remove,
    "ln": filesystem.link,
    "update-alternatives": filesystem.alternatives,
    **dict.fromkeys(("cd", "pushd"), filesystem.change_folder),
    **dict.fromkeys(("useradd", "adduser"), filesystem.user_added),
    **dict.fromkeys(("read", "mapfile", "readarray", "getopts"), lambda command, step: _read(command, step)),
}
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh"})
_PREFIXES: dict[str, frozenset[str]] = {
    "sudo": frozenset({"-u", "-g", "-C", "-p", "-h"}),
    "env": frozenset({"-u", "-C", "-S"}),
    "time": frozenset(),
    "nice": frozenset({"-n"}),
    "ionice": frozenset({"-c", "-n"}),
    "nohup": frozenset(),
    "exec": frozenset({"-a"}),
    "command": frozenset(),
    "builtin": frozenset(),
    "eatmydata": frozenset(),
    "retry": frozenset(),
}
_ASSIGNMENT = regex(r"[A-Za-z_]\w*=")


def dispatch(command: Command, step: Step) -> None:
    """Hands a command to its reader; one that nobody reads and that is not known to be harmless cannot be followed."""
    if not command.words:
        return
    if not step.runner.effort.copy(len(command.words)):
        step.hide(USED_UP, command, EVERYTHING, replaces=EVERYTHING)
        return
    name = command.name
    step.image.commands.append((name, command.span))
    programs.look_out(command, step)
    missing = programs.lacking(command, step)
    if missing is not None:
        _in_vain(command, step, missing)
    else:
        _read_by(name, command, step)


def _in_vain(command: Command, step: Step, missing: Missing) -> None:
    """A command whose program is not there: what it asks for is read, and is not there either."""
    image = step.image
    if all(item.span.start != missing.span.start for item in image.missing):
        image.missing.append(missing)
    before, opaque = len(image.packages), len(image.opaque)
    step.in_vain = True
    try:
        _read_by(command.name, command, step)
    finally:
        step.in_vain = False
    components: set[str] = set()
    for number in range(before, len(image.packages)):
        package = image.packages[number]
        image.packages[number] = replace(package, in_vain=True)
        meanings = image.knowledge.meanings(package.manager, package.name)
        components |= {item.component for item in meanings} | {package.name}
    components &= EVERYTHING
    if "azureml-defaults" in components:
        components.add("inference-server")
    image.opaque[opaque:] = [replace(item, in_vain=True) for item in image.opaque[opaque:]]
    if components:
        line = command.span.location.line
        reason = f"{missing.program} is not in the image (line {line}): what it is asked to install is not there"
        image.opaque.append(Opaque(reason, command.span, frozenset(components), in_vain=True))


def _read_by(name: str, command: Command, step: Step) -> None:
    """Hands a command to its reader."""
    if any("/etc/apt/sources" in word.value or "/etc/apt/preferences" in word.value for word in command.words[1:]):
        step.image.repositories_added = True
    if any("/etc/apt/" in item.target.value for item in command.redirects):
        step.image.repositories_added = True
    if name == "command" and len(command.words) > 1 and command.words[1].value in ("-v", "-V"):
        return  # it is asked where a program is; that does not run
    if name in _PREFIXES:
        _after_prefix(command, step)
    elif name in ("timeout", "su", "gosu", "su-exec", "chroot"):
        _after_operand(command, step)
    elif name in _SHELLS:
        _shell(command, step)
    elif name in (".", "source"):
        _sourced(command, step)
    elif name in _READERS:
        _READERS[name](command, step)
    elif pip.PIP_NAME.fullmatch(name):
        pip.pip(command, step)
    elif python.PYTHON_NAME.fullmatch(name):
        python.python(command, step)
    elif name in ("virtualenv", "pyvenv"):
        python.make_environment(command.words[1:], command, step)
    elif name == "xargs":
        _xargs(command, step)
    elif name == "find" and any(word.value in ("-exec", "-execdir") for word in command.words):
        _find_exec(command, step)
    elif not name:
        step.hide(f"which program runs is not known: {command.words[0].reason}", command, NOT_THE_SYSTEM)
    elif "/" in command.words[0].value or name.endswith((".sh", ".run", ".bash")):
        _program(command, step)
    elif name not in step.image.knowledge.harmless_commands:
        step.hide(f"what {name[:40]!r} does is not followed", command, NOT_THE_SYSTEM)


def _after_prefix(command: Command, step: Step) -> None:
    position = 1
    with_value = _PREFIXES[command.name]
    while position < len(command.words):
        text = command.words[position].value
        if text in with_value:
            position += 2
        elif text.startswith("-") or _ASSIGNMENT.match(text):
            position += 1
        else:
            break
    if position < len(command.words):
        dispatch(command.without(position), step)


def _after_operand(command: Command, step: Step) -> None:
    """`timeout 60 CMD`; `su USER -c "…"`."""
    options = Options(command.words[1:], frozenset({"-c", "--command", "-s", "-k", "--signal", "--kill-after"}))
    script = options.value("-c", "--command")
    if command.name == "su" and script is not None:
        if not step.run_text(script, command.certain):
            step.hide("what su runs is not known", command)
        return
    position = 1
    while position < len(command.words) and command.words[position].value.startswith("-"):
        position += 2 if command.words[position].value in ("-s", "-k") else 1
    dispatch(command.without(position + 1), step)


def _is_bash(command: Command) -> bool | None:
    """Whether bash reads the script; None for sh, which may be bash or not."""
    return True if command.name == "bash" else None


def _shell(command: Command, step: Step) -> None:
    """`bash -c "…"`, `bash FILE …`, `… | bash`, `bash <<EOF`."""
    position = 1
    while position < len(command.words):
        text = command.words[position].value
        if not text.startswith(("-", "+")) or text == "-":
            break
        if text in ("-o", "+o", "-O"):
            position += 2
            continue
        if "c" in text.lstrip("-") and not text.startswith("--"):
            script = command.words[position + 1] if position + 1 < len(command.words) else Text()
            if not step.run_text(script, command.certain, bash=_is_bash(command)) and script.value:
                step.hide(f"what {command.name} -c runs is not known: {script.reason}", command)
            return
        position += 1
        if text == "-s":
            break
    body = next((item.body for item in command.redirects if item.operator == "<<" and item.body is not None), None)
    if body is not None:
        step.run_script(body, command.certain, bash=_is_bash(command))
    elif command.feeder is not None and (
        position >= len(command.words)
        or command.words[position].value == "-"
        or command.words[position - 1].value == "-s"
    ):
        given = command.words[position:]
        if given and given[0].value == "--":
            given = given[1:]
        rest = Command((command.words[0], *given), command.span, command.certain, (), None, command.feeder)
        if not _printed(rest, step):
            download.piped_script(rest, step)
    elif position < len(command.words) and command.words[position].value != "-":
        download.run_file(command, command.words[position], command.words[position + 1 :], step)


def _printed(command: Command, step: Step) -> bool:
    """`echo "…" | sh`."""
    feeder = command.feeder
    if feeder is None or feeder.name not in ("echo", "printf", "yes"):
        body = (
            next((item.body for item in feeder.redirects if item.body is not None), None)
            if feeder is not None
            else None
        )
        if body is not None:
            step.run_script(body, command.certain)
            return True
        if feeder is not None and feeder.name == "cat" and len(feeder.words) == 2:
            download.run_file(command, feeder.words[1], (), step)
            return True
        return False
    return step.run_text(join(feeder.words[1:]), command.certain)


def _sourced(command: Command, step: Step) -> None:
    """`. FILE`: the conda activation scripts, or a script of the user's that changes variables."""
    if len(command.words) < 2 or conda.activate(command, step):
        return
    word = command.words[1]
    path = step.path(word)
    content = step.files.read(path) if path is not None else None
    if content is not None and content.mapped is not None:
        step.run_script(content.mapped, command.certain, apart=False)
    elif path in ("/etc/os-release", "/usr/lib/os-release", "/etc/lsb-release"):
        _release_variables(command, step)
    else:
        step.runner.unsettled = f"{word.value.replace(HOLE, '…')} is sourced, and what it sets is not known"


def _release_variables(command: Command, step: Step) -> None:
    """What /etc/os-release sets, where the release is known."""
    release = step.image.release()
    for name in (
        "ID",
        "VERSION_ID",
        "VERSION_CODENAME",
        "UBUNTU_CODENAME",
        "DISTRIB_RELEASE",
        "DISTRIB_CODENAME",
        "NAME",
    ):
        value = hole("the base image's os-release is not known", command.span)
        if release is not None and name != "NAME":
            text = release.distribution if name == "ID" else release.codename if "CODENAME" in name else release.version
            value = literal(text, command.span)
        step.runner.variables[name] = value


def _read(command: Command, step: Step) -> None:
    """`read NAME…`, `mapfile NAME`, `getopts … NAME`: the variables hold what the build finds."""
    for word in command.words[1:]:
        if word.known and re.fullmatch(r"[A-Za-z_]\w*", word.value):
            step.runner.variables[word.value] = hole(f"{word.value} is read while the build runs", command.span)


def _program(command: Command, step: Step) -> None:
    """A program called by its path: a script that the build brought, or something of the image's own."""
    word = command.words[0]
    path = step.path(word)
    known = path is not None and step.files.read(path) is not None
    folder = posixpath.dirname(path) if path is not None else ""
    script = command.name.endswith((".sh", ".run", ".bash")) or word.value.startswith("./")
    if known or script or HOLE in word.value:
        if command.name.endswith(".py"):
            step.hide(f"what {command.name} does is not followed", command)
            return
        download.run_file(command, word, command.words[1:], step)
    elif command.name not in step.image.knowledge.harmless_commands and folder not in (
        "/bin",
        "/usr/bin",
        "/sbin",
        "/usr/sbin",
    ):
        step.hide(f"what {word.value[:60]!r} does is not followed", command, NOT_THE_SYSTEM)


def _find_exec(command: Command, step: Step) -> None:
    """`find … -exec CMD … ;`: what CMD does to files whose names are not known."""
    at = next(index for index, word in enumerate(command.words) if word.value in ("-exec", "-execdir"))
    rest = command.without(at + 1)
    if rest.name and rest.name not in step.image.knowledge.harmless_commands and rest.name not in ("rm", "cp", "mv"):
        step.hide(f"what {rest.name} does with each file that find finds is not known", command, NOT_THE_SYSTEM)


def _xargs(command: Command, step: Step) -> None:
    """`cat FILE | xargs CMD`: the command, with arguments that are not known."""
    position = 1
    while position < len(command.words) and command.words[position].value.startswith("-"):
        position += 2 if command.words[position].value in ("-n", "-I", "-P", "-L", "-d", "-a", "-s") else 1
    rest = command.without(position)
    if (
        not rest.words
        or rest.name in step.image.knowledge.harmless_commands
        or rest.name in ("rm", "cp", "mv", "chmod")
    ):
        return
    feeder = command.feeder
    words = _fed(feeder, step) if feeder is not None else None
    if words is None:
        step.hide(
            f"the arguments that xargs gives to {rest.name or 'a program'} are not known", command, NOT_THE_SYSTEM
        )
        return
    dispatch(Command((*rest.words, *words), command.span, command.certain), step)


def _fed(feeder: Command, step: Step) -> tuple[Text, ...] | None:
    if feeder.name in ("echo", "printf"):
        return feeder.words[1:]
    files = [word for word in feeder.words[1:] if not word.value.startswith("-")]
    if feeder.name != "cat" or len(files) != 1:
        return None
    content = step.content(files[0])
    if content is None or content.mapped is None:
        return None
    return tuple(
        literal(match.group(0), content.mapped.span(*match.span()))
        for match in re.finditer(r"\S+", re.sub(r"#[^\n]*", lambda m: " " * len(m.group(0)), content.mapped.text))
    )
