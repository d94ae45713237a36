"""Commands that run a program which is certainly not in the image: pip and python where nothing brought a Python, conda.

"Not there" is said only where nothing unreadable has run, nothing unknown was copied to where programs stand, and every
package is known not to bring it: see `lacking`. What such a command would have installed is not there.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from packaging.version import Version

from amlcheck.dockerfile.built import DEFAULT_PATH, Built, Missing, Package
from amlcheck.regex import regex

if TYPE_CHECKING:
    from amlcheck.dockerfile.script import Command
    from amlcheck.dockerfile.step import Step
    from amlcheck.knowledge import Release

_PROGRAM = regex(r"(?:python|pip)(?:\d+(?:\.\d+)?)?|conda")
_PUT_BY_HAND = frozenset(
    {"ln", "cp", "mv", "install", "rsync", "alias", "link", "update-alternatives", "alternatives", "dpkg-divert"}
)
"""Commands that put a file where a program is looked for, or give it another name."""
_NAMED = regex(r"python|pip|conda|mamba|[*?\ufffc]")
_MAY_BRING_PIP = regex(r"(?:python|pip|easy_install|pyvenv)[\d.]*|uv|uvx|pipx|poetry|pipenv|virtualenv")


def look_out(command: Command, step: Step) -> None:
    """Notes where a command may put one of the programs by hand: nothing is said of them from there on."""
    if step.image.handmade:
        return
    if any(_NAMED.search(item.target.value) for item in command.redirects):
        step.image.handmade = True
    if command.name not in _PUT_BY_HAND:
        return
    folders = DEFAULT_PATH.split(":")
    for word in command.words[1:]:
        path = step.path(word) if word.known else None
        above = path is not None and any(_holds(path, folder) for folder in folders)
        if above or path is None or _NAMED.search(word.value):
            step.image.handmade = True
            return


def lacking(command: Command, step: Step) -> Missing | None:
    """What a command misses: the program itself, or the pip of `python -m pip`. None where it may be there."""
    image, name = step.image, command.name
    if not _PROGRAM.fullmatch(name) or image.handmade or not command.certain or step.in_vain:
        return None
    base = image.base_value("conda" if name == "conda" else "python")
    size = 1 + len(image.packages) + len(image.opaque) + len(image.commands)
    if base is None or base.present or _is_elsewhere(step) or not step.runner.effort.copy(size):
        return None
    found = _no_conda(image) if name == "conda" else (_no_python(image) or _only_python(command, image))
    if found is None or _may_be_brought(command, step):
        return None
    program, why, remedy = found
    pythons = [package.chain[-1] for package, _ in image.installed("python")[-1:] if package.chain]
    return Missing(program or name, why, remedy, command.span, (*image.base_chain(), *pythons), command.noticed)


def _is_elsewhere(step: Step) -> bool:
    """Whether what runs may stand where PATH does not tell: in an environment, or as a sourced file says."""
    image = step.image
    scratch = image.base is not None and image.base.reference is not None and image.base.reference.is_scratch
    active = "CONDA_DEFAULT_ENV" in step.runner.variables or "CONDA_DEFAULT_ENV" in image.env or bool(image.active_env)
    return scratch or active or bool(step.runner.unsettled)


def _unread(image: Built, *components: str) -> bool:
    """Whether something that cannot be followed may have brought one of these."""
    return any(not item.in_vain and item.components & set(components) for item in image.opaque)


def _no_conda(image: Built) -> tuple[str, str, str] | None:
    named = any("conda" in package.name or "mamba" in package.name for package in image.packages if not package.in_vain)
    if named or image.installed("conda") or _unread(image, "conda", "python"):
        return None
    return "", "nothing installs conda", "install Miniconda before this line"


def _no_python(image: Built) -> tuple[str, str, str] | None:
    if image.installed("python") or image.stranger() is not None or _unread(image, "python"):
        return None
    return "", "nothing installs a Python", "install python3 and python3-pip before this line"


def _only_python(command: Command, image: Built) -> tuple[str, str, str] | None:
    """Where all that was installed is packages of apt that bring neither pip nor a plain `python`, by their names."""
    if image.repositories_added or _unread(image, "python", "azureml-defaults"):
        return None
    if not all(_is_plain(image, package) for package in image.packages if not package.in_vain):
        return None
    name, release = command.name, image.release()
    if name == "python":
        if release is None or not _has_no_plain(image, release):
            return None
        return "", "apt's python3 brings no plain python", "call python3, or install python-is-python3"
    module = command.words[2].value if len(command.words) > 2 and command.words[1].value == "-m" else ""
    if not (name.startswith("pip") or module == "pip") or _may_have_pip(image):
        return None
    return "pip" if module else "", "apt's python3 brings no pip", "install python3-pip before this line"


def _is_plain(image: Built, package: Package) -> bool:
    known = package.manager == "apt" and not package.removed
    return known and (image.knowledge.brings_no_pip(package.name) or package.name == "python3-pip")


def _may_have_pip(image: Built) -> bool:
    """Whether python3-pip was installed, or another program ran that may have installed pip."""
    vain = {item.span.start for item in image.missing}
    earlier = image.commands[:-1]
    ran = [name for name, span in earlier if _MAY_BRING_PIP.fullmatch(name) and span.start not in vain]
    return bool(ran) or any(package.name == "python3-pip" for package in image.packages)


def _has_no_plain(image: Built, release: Release) -> bool:
    """Whether of this release on only python-is-python2 and python-is-python3 bring a plain `python`."""
    since = image.knowledge.no_plain_python.get(release.distribution)
    return since is not None and Version(release.version) >= Version(since)


def _may_be_brought(command: Command, step: Step) -> bool:
    """Whether a file that was copied may be the program, in a folder of PATH or where the command names it."""
    if any(flag.name == "mount" and "from=" in (flag.value or "") for flag in step.instruction.flags):
        return True
    if command.environment is not None and "PATH" in command.environment:
        return True
    word = command.words[0]
    if "/" in word.value:
        path = step.path(word)
        return path is None or not word.value.startswith("/") or step.files.may_hold(path)
    folders = step.search_path()
    return any(folder is None or step.files.may_hold(posixpath.join(folder, command.name)) for folder in folders)


def _holds(path: str, folder: str) -> bool:
    """Whether a path is a folder of PATH, or one that holds it."""
    return path == folder or folder.startswith(path.rstrip("/") + "/")
