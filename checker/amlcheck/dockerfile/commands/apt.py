"""apt-get, apt, aptitude, apt-fast and dpkg."""

from __future__ import annotations

from amlcheck.dockerfile.built import Opaque
from amlcheck.dockerfile.script import Command
from amlcheck.dockerfile.step import NOT_THE_SYSTEM, Options, Step
from amlcheck.dockerfile.text import HOLE, Text
from amlcheck.model import COMPONENTS
from amlcheck.regex import regex
from amlcheck.versions import VersionSet, exactly, loose, prefix

_WITH_VALUE = frozenset({"-o", "--option", "-t", "--target-release", "--default-release", "-c", "--config-file", "-a"})
_DEB = regex(r"(?P<name>[a-z0-9][a-z0-9.+-]*)_(?P<version>[^_/]+)(?:_[a-z0-9]+)?\.deb")
_REPOSITORY_DEB = regex(r"cuda-repo-|nvidia-machine-learning-repo|packages-microsoft|cuda-keyring|nv-tensorrt|.*-repo")
SYSTEM_PACKAGES = frozenset(COMPONENTS) - {"ubuntu", "conda", "azureml-defaults", "inference-server"}


def apt_get(command: Command, step: Step) -> None:
    """Packages of `install`, `remove` and `purge`; `upgrade` keeps what is there within its release."""
    options = Options(command.words[1:], _WITH_VALUE)
    if not options.operands:
        return
    verb, words = options.operands[0].value, options.operands[1:]
    if verb == HOLE or verb in ("build-dep", "source", "satisfy", "dselect-upgrade"):
        step.hide(f"{command.name} {verb.replace(HOLE, '…')} is not followed", command, SYSTEM_PACKAGES)
        return
    if verb not in ("install", "reinstall", "remove", "purge", "autoremove"):
        return
    if options.has("-s", "--simulate", "--dry-run", "--just-print", "-d", "--download-only", "--print-uris"):
        return
    other_release = options.value("-t", "--target-release", "--default-release")
    for word in words:
        if verb in ("remove", "purge", "autoremove"):
            _remove(word, command, step)
        else:
            _install(word, command, step, other_release)


def _install(word: Text, command: Command, step: Step, other_release: Text | None) -> None:
    text = word.value
    if text.endswith(".deb"):
        _deb(word, command, step)
        return
    name_part, version_part = word.partition("=")
    named, from_release = name_part.partition("/")
    name = named.value.partition(":")[0].lower()
    other_release = other_release or from_release
    if HOLE in name:
        step.hide(f"which package {command.name} installs is not known: {word.reason}", command, SYSTEM_PACKAGES, word)
        return
    if name.endswith("-") and not name.endswith("g++-"):
        step.remove("apt", name[:-1], word, command, "/usr")
        return
    if version_part is None:
        unknown = f"it comes from the release {other_release.value}" if other_release is not None else ""
        step.install("apt", name.rstrip("+") if name != "g++" else name, word, command, place="/usr", unknown=unknown)
        return
    versions = package_version(version_part.value)
    unknown = "" if versions is not None else (version_part.reason or f"{version_part.value!r} is no version")
    step.install("apt", name, word, command, versions=versions, part=version_part, place="/usr", unknown=unknown)


def package_version(text: str) -> VersionSet | None:
    """The upstream version of an apt pin: "7.6.5.32-1+cuda10.0", "1:2.25*"; None where it is not known."""
    if HOLE in text:
        return None
    starred = "*" in text
    stem = loose(text.partition("*")[0].rstrip(".")) if starred else loose(text)
    if stem is None:
        return None
    return prefix(stem) if starred else exactly(stem)


def _remove(word: Text, command: Command, step: Step) -> None:
    text = word.value
    if HOLE in text or "*" in text or "^" in text:
        parts = text.rstrip("+").replace(HOLE, "*").split("*")
        names = {item.name for item in step.image.packages.of_manager("apt") if _fits(item.name, parts)}
        for name in sorted(names):
            step.remove("apt", name, word, command, "/usr")
        base = step.image.base.known if step.image.base is not None else None
        absent = {item for item, value in base.provides.items() if not value.present} if base is not None else set()
        line = command.span.location.line
        reason = f"{text.replace(HOLE, '…')} is removed, which may be what the base image has (line {line})"
        step.image.opaque.append(Opaque(reason, word.span, frozenset(), command.certain, SYSTEM_PACKAGES - absent))
        return
    name = text.partition(":")[0].partition("=")[0].lower()
    step.remove("apt", name, word, command, "/usr")


def dpkg(command: Command, step: Step) -> None:
    """`dpkg -i FILE.deb`: the package and its version stand in the file's name."""
    options = Options(command.words[1:], frozenset())
    if options.has("-r", "--remove", "-P", "--purge"):
        for word in options.operands:
            _remove(word, command, step)
    if not options.has("-i", "--install"):
        return
    for word in options.operands:
        _deb(word, command, step)


def _fits(name: str, parts: list[str]) -> bool:
    """Whether a name holds the parts in their order, the first at its start and the last at its end."""
    if len(parts) == 1:
        return name == parts[0]
    at = len(parts[0])
    if not name.startswith(parts[0]):
        return False
    for part in parts[1:-1]:
        at = name.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return len(name) - at >= len(parts[-1]) and name.endswith(parts[-1])


def _deb(word: Text, command: Command, step: Step) -> None:
    content = step.content(word)
    named = content.url if content is not None and content.url is not None else word
    base = named.value.rsplit("/", 1)[-1].partition("?")[0].replace("%2B", "+").replace("%2b", "+")
    if _REPOSITORY_DEB.match(base):
        step.image.repositories_added = True
        return
    match = _DEB.fullmatch(base)
    if match is None:
        step.hide(f"which package {base.replace(HOLE, '…') or 'it'} holds is not known", command, NOT_THE_SYSTEM, word)
        return
    start = named.value.rindex(base) + match.start("version") if base in named.value else 0
    part = named.slice(start, start + len(match.group("version")))
    versions = package_version(match.group("version"))
    step.install("apt", match.group("name"), word, command, versions=versions, part=part, place="/usr")


def add_repository(command: Command, step: Step) -> None:
    """Another archive: what an unpinned package's version is no longer follows from the release."""
    step.image.repositories_added = True


_INSTALL = frozenset({"install", "add", "in", "localinstall", "groupinstall", "upgrade", "reinstall"})


def other_system(command: Command, step: Step) -> None:
    """yum, dnf, apk, zypper: not Ubuntu's tools; what they install is not followed."""
    if any(word.value in _INSTALL for word in command.words[1:]):
        step.hide(f"what {command.name} installs is not followed", command, SYSTEM_PACKAGES)
