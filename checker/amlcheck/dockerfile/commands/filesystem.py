"""Commands that write, copy, move and remove files, as far as later commands read them."""

from __future__ import annotations

import posixpath
import re

from amlcheck import versions
from amlcheck.dockerfile.built import Content, Opaque
from amlcheck.dockerfile.script import Command
from amlcheck.dockerfile.source import Mapped
from amlcheck.dockerfile.step import Options, Step
from amlcheck.dockerfile.text import Text, as_mapped, join, literal


def echo(command: Command, step: Step) -> None:
    """`echo WORDS > FILE`, printf too."""
    words = [
        word
        for index, word in enumerate(command.words)
        if index and not (index == 1 and word.value in ("-e", "-n", "-en"))
    ]
    text = join(words)
    if command.name == "printf" or "\\n" in text.value:
        text = _with_line_ends(text)
    _save(command, step, Content(as_mapped(text + literal("\n"))) if text.known else Content(reason=text.reason))


def _with_line_ends(text: Text) -> Text:
    """Escaped line ends as line ends; a space keeps each character at its place."""
    return join(text.split("\\n"), " \n")


def cat(command: Command, step: Step) -> None:
    """`cat > FILE <<EOF`, `tee FILE <<EOF`, `cat A > B`."""
    body = next((item for item in command.redirects if item.operator == "<<" and item.body is not None), None)
    if body is not None and body.body is not None:
        holes = body.expands and ("$" in body.body.text or "`" in body.body.text)
        content = Content(_expanded(body.body, step)) if holes else Content(body.body)
    elif len(command.words) == 2 and command.name == "cat":
        path = step.path(command.words[1])
        content = (step.files.read(path) if path is not None else None) or Content(reason="it is not known")
    elif command.feeder is not None and command.feeder.name in ("echo", "printf"):
        redirected = Command(command.feeder.words, command.span, command.certain, command.redirects)
        for target in _targets(command, step):
            _write_echo(redirected, target, step, "-a" in [word.value for word in command.words])
        return
    else:
        content = Content(reason="what is written to it is not followed")
    _save(command, step, content)
    for target in _targets(command, step):
        step.files.write(target, content)


def _expanded(body: Mapped, step: Step) -> Mapped | None:
    """A here-document whose variables are all known; None otherwise."""
    from amlcheck.dockerfile.expand import ExpansionError, expand

    quoted = Mapped(body.source, body.text.replace("'", "\ue001").replace('"', "\ue002"), body.joints)
    try:
        text = expand(quoted, step.runner.lookup, "\\")
    except ExpansionError:
        return None
    mapped = as_mapped(text) if text.known else None
    if mapped is None:
        return None
    return Mapped(mapped.source, mapped.text.replace("\ue001", "'").replace("\ue002", '"'), mapped.joints)


def _targets(command: Command, step: Step) -> list[str]:
    if command.name != "tee":
        return []
    paths = [step.path(word) for word in command.words[1:] if not word.value.startswith("-")]
    return [path for path in paths if path is not None]


def _write_echo(command: Command, target: str, step: Step, append: bool) -> None:
    text = join(command.words[1:])
    content = Content(as_mapped(text + literal("\n"))) if text.known else Content(reason=text.reason)
    if append:
        step.files.append(target, content)
    else:
        step.files.write(target, content)


def _save(command: Command, step: Step, content: Content) -> None:
    for item in command.redirects:
        if item.operator not in (">", ">>", ">|", "&>"):
            continue
        path = step.path(item.target)
        if path is None or path.startswith("/dev/"):
            continue
        if item.operator == ">>":
            step.files.append(path, content)
        else:
            step.files.write(path, content)


def copy(command: Command, step: Step) -> None:
    """`cp A B`, `mv A B`: a file keeps its text under another name."""
    options = Options(command.words[1:], frozenset({"-t", "--target-directory"}))
    if len(options.operands) < 2:
        return
    *sources, target = [step.path(word) for word in options.operands]
    if target is None:
        return
    for source in sources:
        if source is not None:
            if command.name == "mv":
                _forget_below(source, options.operands[0], command, step)
            step.files.move(source, target)
            step.files.move(source, posixpath.join(target, posixpath.basename(source)))


def remove(command: Command, step: Step) -> None:
    """`rm -r PREFIX`, `rm -rf PREFIX/*`: what was installed there is gone, the base image's too."""
    for word in Options(command.words[1:], frozenset()).operands:
        path = step.path(word)
        if path is None or path == "/":
            continue
        folder = path.removesuffix("/*")
        _forget_below(folder, word, command, step)
        name = posixpath.basename(path)
        component = _PROGRAMS.get(name) if posixpath.basename(posixpath.dirname(path)) == "bin" else None
        component = "cuda" if folder.startswith("/usr/local/cuda") else component
        if component is not None:
            gone = frozenset({component})
            reason = f"{path} is removed (line {command.span.location.line})"
            step.image.opaque.append(Opaque(reason, word.span, frozenset(), command.certain, gone))


_PROGRAMS = {"git": "git", "conda": "conda", "python": "python", "python3": "python"}


def _forget_below(folder: str, word: Text, command: Command, step: Step) -> None:
    """Notes that the prefixes below a folder are removed."""
    base = step.image.base.known if step.image.base is not None else None
    prefixes = {prefix for prefix in base.prefixes.values() if _below(prefix, folder)} if base is not None else set()
    for prefix in prefixes - {"/usr", "/usr/local"}:
        for name in ("conda", "python"):
            step.remove("installer", name, word, command, prefix)
    packages = step.image.packages
    places = [place for place in packages.places if place not in ("", "/usr", "/usr/local") and _below(place, folder)]
    there = {
        (item.manager, item.name, place) for place in places for item in packages.of_place(place) if not item.removed
    }
    for manager, name, place in sorted(there):
        step.remove(manager, name, word, command, place)


def link(command: Command, step: Step) -> None:
    """`ln -s …/python3.8 …/bin/python`: which interpreter `python` is."""
    options = Options(command.words[1:], frozenset({"-t", "--target-directory"}))
    if len(options.operands) == 2:
        _linked(options.operands[0], options.operands[1], command, step)


def alternatives(command: Command, step: Step) -> None:
    """`update-alternatives --install LINK NAME PATH PRIORITY` and `--set NAME PATH`."""
    words = command.words[1:]
    verbs = [word.value for word in words]
    if "--install" in verbs and len(words) > verbs.index("--install") + 3:
        at = verbs.index("--install")
        _linked(words[at + 3], words[at + 1], command, step)
    elif "--set" in verbs and len(words) > verbs.index("--set") + 2:
        at = verbs.index("--set")
        _linked(words[at + 2], literal(f"/usr/bin/{words[at + 1].value}", words[at + 1].span), command, step)


def _linked(source: Text, target: Text, command: Command, step: Step) -> None:
    path, origin = step.path(target), step.path(source)
    if path is None or posixpath.basename(path) not in ("python", "python3"):
        if path is not None and posixpath.basename(path) == "bin" and origin is not None and "python" in origin:
            path = posixpath.join(path, posixpath.basename(origin))
        else:
            return
    place = posixpath.dirname(posixpath.dirname(path))
    named = re.search(r"python(\d{1,9}\.\d{1,9})$", origin or "")
    if named is not None:
        step.install(
            "link", "python", source, command, versions=versions.prefix(named.group(1)), place=place, note="link"
        )
        return
    home = posixpath.dirname(posixpath.dirname(origin)) if origin is not None else ""
    if origin is not None and home in (place, "/usr") and posixpath.basename(origin) in ("python", "python3"):
        return
    last = next(step.image.packages.newest_first("python", home), None) if home else None
    if last is not None:
        step.install(
            "link", "python", source, command, versions=last.versions, place=place, unknown=last.unknown, note="link"
        )
    else:
        reason = f"which Python {path} is cannot be told"
        step.hide(reason, command, frozenset({"python"}), target, frozenset({"python"}))


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")


def change_folder(command: Command, step: Step) -> None:
    """Cd and pushd."""
    target = command.words[1] if len(command.words) > 1 else literal("~")
    path = step.path(target)
    from amlcheck.dockerfile.text import hole

    step.runner.variables["PWD"] = (
        literal(path, command.span) if path is not None else hole("the working directory is not known", command.span)
    )


def user_added(command: Command, step: Step) -> None:
    """Useradd and adduser: where the user's home is."""
    options = Options(
        command.words[1:],
        frozenset({"-d", "--home", "--home-dir", "-u", "--uid", "-g", "--gid", "-G", "--groups", "-s", "--shell"})
        | {"-c", "--comment", "-p", "--password", "--gecos", "--ingroup", "-k", "-b", "-N"} - {"-N"},
    )
    if not options.operands:
        return
    name = options.operands[0].value
    home = options.value("-d", "--home", "--home-dir")
    if home is not None and home.known:
        step.image.homes[name] = posixpath.normpath(home.value)
