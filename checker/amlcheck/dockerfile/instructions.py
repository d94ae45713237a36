"""One instruction of a stage: what it changes, as far as its text tells."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.dockerfile.built import EVERYTHING, Built, Content, Opaque, Package, Stated
from amlcheck.dockerfile.canonical import Problem
from amlcheck.dockerfile.commands import registry
from amlcheck.dockerfile.commands.download import note_product
from amlcheck.dockerfile.copying import bring_from_image, bring_from_stage
from amlcheck.dockerfile.expand import ExpansionError, expand, expand_words
from amlcheck.dockerfile.files import ImageFiles
from amlcheck.dockerfile.plan import PLATFORM, Stage, argument
from amlcheck.dockerfile.reader import Instruction
from amlcheck.dockerfile.script import Command, Runner
from amlcheck.dockerfile.source import Mapped, Span
from amlcheck.dockerfile.step import NOT_THE_SYSTEM, Step
from amlcheck.dockerfile.text import HOLE, Text, defined, hole, literal
from amlcheck.records import dataclass

if TYPE_CHECKING:
    from amlcheck.dockerfile.build import Builder

MAX_BROUGHT = 2_000
"""What two stages may hold for a copy between them to be followed: two copies of all from each stage before double it."""
_POSIX_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh"})
_SET_BY_SHELL = frozenset("?$@*#!-_0123456789") | {
    "RANDOM",
    "HOSTNAME",
    "UID",
    "EUID",
    "SECONDS",
    "OSTYPE",
    "MACHTYPE",
    "PPID",
    "OLDPWD",
    "BASH_VERSION",
    "BASH_SOURCE",
    "LINENO",
}
_OUTPUTS = {
    ("uname", "-m"): "x86_64",
    ("uname", "-p"): "x86_64",
    ("uname", "-i"): "x86_64",
    ("uname", "-s"): "Linux",
    ("uname",): "Linux",
    ("arch",): "x86_64",
    ("dpkg", "--print-architecture"): "amd64",
}


@dataclass
class StageState:
    """A stage while it is followed."""

    built: Built
    files: ImageFiles
    pending: list[Package]


class InstructionReader:
    """One instruction of one stage."""

    def __init__(self, builder: Builder, stage: Stage, state: StageState, instruction: Instruction) -> None:
        self.builder = builder
        self.stage = stage
        self.state = state
        self.built = state.built
        self.instruction = instruction
        self.escape = builder.plan.dockerfile.escape

    def read(self) -> None:
        handler = getattr(self, f"_{self.instruction.keyword.lower()}", None)
        if handler is not None:
            handler()

    def stages(self) -> Iterator[int]:
        """The stages that it copies from or mounts."""
        for flag in self.instruction.flags:
            origin: str | None = None
            if flag.name == "from" and self.instruction.keyword in ("COPY", "ADD"):
                origin = self._expand(flag.value_word).value
            elif flag.name == "mount" and self.instruction.keyword == "RUN":
                origin = _fields(flag.value or "").get("from")
            index = self.builder.plan.find(origin, self.stage.index) if origin is not None else None
            if index is not None:
                yield index

    # --- expansion ---------------------------------------------------------------------------------------------------

    def lookup(self, name: str) -> Text | None:
        """A variable as the build sees it; a hole where the base image may set it."""
        found = self.built.env.get(name)
        if found is not None:
            return found
        if name == "HOME":
            home = self.built.home()
            return literal(home) if home is not None else hole("the home directory is not known")
        if name == "PWD":
            return self.built.workdir if self.built.workdir.pieces else literal("/")
        declared = self.builder.plan.global_args.get(name)
        if declared is None and name in self.built.arg_names:
            return hole(f"ARG {name} has no default (give --build-arg {name}=…)")
        base = self.built.base
        known = base.known if base is not None else None
        if name in _SET_BY_SHELL:
            return hole(f"${name} is set by the shell")
        if base is not None and base.resolved is not None:
            return None
        if known is not None and not any(value.present for key, value in known.provides.items() if key != "ubuntu"):
            return None
        return hole(f"{name} is not set in this Dockerfile; the base image may set it")

    def _expand(self, word: Mapped) -> Text:
        try:
            return expand(word, self.lookup, self.escape)
        except ExpansionError as error:
            span = word.span(0, len(word.text))
            problem = Problem(span, f"Docker cannot expand this: {error}", "correct the substitution")
            self.builder.refuse(problem)
            return hole(str(error), span)

    def _words(self) -> list[Text]:
        if self.instruction.json is not None:
            return [self._expand(Mapped(place.source, value, place.joints)) for value, place in self.instruction.json]
        return [self._expand(word) for word in self.instruction.words()]

    # --- settings ----------------------------------------------------------------------------------------------------

    def _arg(self) -> None:
        for name, word in self.instruction.assignments(self.escape):
            value = self._expand(word) if word is not None else None
            label, held = argument(name, value, self.builder.plan.build_args)
            span = name.span(0, len(name.text))
            if held is None:
                held = self.builder.plan.global_args.get(label)
                if held is None and label in PLATFORM:
                    held = literal(PLATFORM[label], span)
            whole = word.span(0, len(word.text)) if word is not None else span
            stated = held if value is None else value
            self.built.args.append(Stated(label, stated or Text(), span.cover(whole), self.instruction))
            self.built.arg_names.add(label)
            if label == "PATH" and self.built.image_path is None:
                self.built.image_path = self.built.env.get("PATH")
            if held is not None:
                self.built.env[label] = held

    def _env(self) -> None:
        new: dict[str, Text] = {}
        for name, word in self.instruction.assignments(self.escape):
            if word is None:
                continue
            label = self._expand(name).value
            value = self._expand(word)
            span = name.span(0, len(name.text)).cover(word.span(0, len(word.text)))
            self.built.stated_env.append(Stated(label, value, span, self.instruction))
            new[label] = defined(value, value.span, f"ENV {label}") if value.pieces else Text()
        self.built.env.update(new)
        if "PATH" in new and self.built.image_path is not None:
            self.built.image_path = new["PATH"]

    def _label(self) -> None:
        for name, word in self.instruction.assignments(self.escape):
            if word is not None:
                span = name.span(0, len(name.text)).cover(word.span(0, len(word.text)))
                stated = Stated(self._expand(name).value, self._expand(word), span, self.instruction)
                self.built.labels.append(stated)

    def _expose(self) -> None:
        try:
            words = expand_words(self.instruction.args, self.lookup, self.escape)
        except ExpansionError:
            return
        for word in words:
            span = word.span or self.instruction.span
            self.built.exposed.append(Stated(word.value, word, span, self.instruction))
            if word.known:
                self._check_port(word.value, span)

    def _check_port(self, text: str, span: Span) -> None:
        if text.isascii() and text.isdigit() and len(text) < 5:  # nearly all of them
            return
        from amlcheck.dockerfile.ports import refusal

        why = refusal(text)
        if why is not None:
            problem = Problem(span, f"EXPOSE: {why}", "name a port up to 65535, or a range, with /tcp, /udp or /sctp")
            if problem not in self.builder.problems:
                self.builder.problems.append(problem)

    def _user(self) -> None:
        self.built.user = self._expand(self.instruction.args)

    def _workdir(self) -> None:
        path = self._expand(self.instruction.args)
        before = self.built.workdir
        if path.known and before.known:
            joined = posixpath.normpath(posixpath.join(before.value or "/", path.value))
            self.built.workdir = literal(joined, path.span)
        else:
            self.built.workdir = path

    def _shell(self) -> None:
        words = tuple(value for value, _ in self.instruction.json or ())
        self.built.shell = words
        if words[:2] in (("conda", "run"), ("mamba", "run"), ("micromamba", "run")):
            named = [words[at + 1] for at, word in enumerate(words[:-1]) if word in ("-n", "--name", "-p", "--prefix")]
            self.built.active_env = named[-1] if named else "base"
        else:
            self.built.active_env = ""

    def _cmd(self) -> None:
        self.built.cmd = self.instruction

    def _entrypoint(self) -> None:
        self.built.entrypoint = self.instruction

    # --- files -------------------------------------------------------------------------------------------------------

    def _copy(self) -> None:
        words = self._words()
        flag = self.instruction.flag("from")
        target = self._target(words[-1])
        if target is None:
            return
        if flag is not None:
            self._copy_from(self._expand(flag.value_word), words[:-1], target)
            return
        if target.startswith("/etc/apt"):
            self.built.repositories_added = True
        bodies = iter(self.instruction.heredocs)
        folder = words[-1].value.endswith("/") or len(words) > 2
        for word in words[:-1]:
            if word.value.startswith("<<"):
                document = next(bodies, None)
                if document is not None:
                    path = posixpath.join(target, document.name) if folder else target
                    self.state.files.write(path, self._document(document.content, document.expands))
            elif "://" in word.value or word.value.startswith("git@"):
                self._added(word, target, folder)
            elif not word.known or any(char in word.value for char in "*?["):
                self.state.files.bring(_folder_of(word), target)
                self._look_out(word, target)
            else:
                self._bring(word, target, folder)

    _add = _copy

    def _document(self, content: Mapped, expands: bool) -> Content:
        if not expands or "$" not in content.text:
            return Content(content)
        return Content(reason="it holds variables")

    def _target(self, word: Text) -> str | None:
        if not word.known:
            return None
        workdir = self.built.workdir
        if not word.value.startswith("/") and not workdir.known:
            return None
        return posixpath.normpath(posixpath.join(workdir.value or "/", word.value))

    def _bring(self, word: Text, target: str, folder: bool) -> None:
        path = posixpath.normpath(word.value).lstrip("/")
        files = self.state.files
        if files.is_folder(path) or path == ".":
            files.bring(path, target)
            self._look_out(word, target)
        else:
            # Whether a target without a trailing slash is a folder only the image knows: both readings are kept.
            files.bring(path, posixpath.join(target, posixpath.basename(path)))
            if not folder:
                files.bring(path, target)
            if self.instruction.keyword == "ADD" and path.endswith((".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")):
                span = word.span or self.instruction.span
                system = EVERYTHING if target == "/" else NOT_THE_SYSTEM
                self.built.opaque.append(Opaque(f"the archive {path} is not looked into", span, system))

    def _look_out(self, word: Text, target: str) -> None:
        """A folder copied to where software stands may bring any of it."""
        places = {
            "/",
            "/usr",
            "/usr/local",
            "/opt",
            *(posixpath.dirname(item.folder or "") for item in self.built.path()),
        }
        if target in places:
            components = EVERYTHING if target == "/" else NOT_THE_SYSTEM
            reason = f"what {word.value.replace(HOLE, '…')} holds, copied to {target}, is not looked into"
            self.built.opaque.append(Opaque(reason, word.span, components))

    def _added(self, url: Text, target: str, folder: bool) -> None:
        command = Command((url,), url.span or self.instruction.span, True)
        note_product(url, command, self._step())
        name = url.value.partition("?")[0].rsplit("/", 1)[-1]
        path = posixpath.join(target, name) if folder else target
        self.state.files.write(path, Content(url=url, reason="it is downloaded by the build"))

    def _copy_from(self, origin: Text, sources: list[Text], target: str) -> None:
        index = self.builder.plan.find(origin.value, self.stage.index) if origin.known else None
        if index is not None:
            other = self.builder.stage(index)
            size = sum(len(built.packages) + len(built.opaque) for built in (self.built, other.built))
            if size > MAX_BROUGHT or not self.builder.effort.copy(size * len(sources)):
                self._unread("more is copied between stages than is followed", self.instruction.span, True)
                return
            bring_from_stage(self.built, self.state.files, other.built, other.files, sources, target, self.instruction)
        else:
            bring_from_image(self.built, origin, sources, target, self.instruction)

    # --- RUN ---------------------------------------------------------------------------------------------------------

    def _step(self) -> Step:
        runner = Runner(
            {},
            self.lookup,
            lambda command: registry.dispatch(command, step),
            self._output,
            self._unread,
            self.builder.effort,
        )
        step = Step(self.built, self.state.files, runner, self.instruction, self.state.pending, registry.dispatch)
        return step

    def _output(self, command: Command) -> Text | None:
        words = tuple(word.value for word in command.words)
        if words in _OUTPUTS:
            return literal(_OUTPUTS[words])
        release = self.built.release()
        if words[0] == "lsb_release" and release is not None:
            if words[1:] in (("-cs",), ("-c", "-s"), ("-sc",)):
                return literal(release.codename)
            if words[1:] in (("-rs",), ("-r", "-s"), ("-sr",)):
                return literal(release.version)
        if words == ("pwd",):
            return self.lookup("PWD")
        if words[0] == "cat" and len(words) == 2:
            path = self._step().path(command.words[1])
            content = self.state.files.read(path) if path is not None else None
            if content is not None and content.mapped is not None and len(content.mapped.text) < 10_000:
                return literal(content.mapped.text.strip(), command.span)
        return None

    def _unread(self, reason: str, span: Span, certain: bool) -> None:
        line = span.location.line
        self.built.opaque.append(Opaque(f"{reason} (line {line})", span, EVERYTHING - {"ubuntu"}, certain))

    def _run(self) -> None:
        step = self._step()
        self._mounts(step)
        if self.instruction.json is not None:
            words = tuple(
                literal(value, place.span(0, len(place.text))) if value else literal("", None)
                for value, place in self.instruction.json
            )
            if words:
                registry.dispatch(Command(words, self.instruction.span, True, noticed=True), step)
            return
        shell = self.built.shell
        program = posixpath.basename(shell[0]) if shell else "sh"
        if program not in _POSIX_SHELLS and not self.built.active_env:
            self._unread(f"the shell {program} is not followed", self.instruction.keyword_span, True)
            return
        step.runner.stops = any(re.fullmatch(r"-[a-z]*e[a-z]*", word) for word in shell[1:])
        step.runner.run(self._script(), bash=True if program == "bash" else None)

    def _script(self) -> Mapped:
        """The text that the shell runs: the joined lines, with the here-documents below them."""
        args = self.instruction.args
        documents = self.instruction.heredocs
        if not documents:
            return args
        first = documents[0]
        if args.text.strip().startswith("<<") and len(args.text.split()) <= 2 and "\n" not in args.text.strip():
            content = first.content
            shebang = content.text.split("\n", 1)[0]
            if shebang.startswith("#!") and not any(name in shebang for name in _POSIX_SHELLS):
                self._unread(f"a script for {shebang[2:].strip()} is not followed", first.whole, True)
                return content.slice(0, 0)
            return content
        source = args.source
        start, end = documents[0].whole.start, documents[-1].whole.end
        joints = (*args.joints, (len(args.text), max(start - 1, 0)), (len(args.text) + 1, start))
        return Mapped(source, args.text + "\n" + source.text[start:end] + "\n", joints)

    def _mounts(self, step: Step) -> None:
        """`--mount=type=bind`: files of the context or of another stage that are there while the RUN lasts."""
        for flag in self.instruction.flags:
            if flag.name != "mount" or flag.value is None:
                continue
            fields = _fields(flag.value)
            if fields.get("type", "bind") != "bind":
                continue
            source = fields.get("source") or fields.get("src") or "."
            target = fields.get("target") or fields.get("dst") or fields.get("destination") or ""
            origin = fields.get("from")
            if not target or HOLE in source:
                continue
            path = posixpath.normpath(posixpath.join(self.built.workdir.value or "/", target))
            if origin is None:
                step.files.bring(posixpath.normpath(source).lstrip("/") or ".", path)
                continue
            index = self.builder.plan.find(origin, self.stage.index)
            if index is not None:
                content = self.builder.stage(index).files.read(posixpath.normpath("/" + source.lstrip("/")))
                if content is not None:
                    step.files.write(path, content)


def _fields(value: str) -> dict[str, str]:
    """The `name=value` parts of a --mount."""
    return dict(part.partition("=")[::2] for part in value.split(","))


def _folder_of(word: Text) -> str:
    """The folder before the first wildcard."""
    text = word.value
    stops = [at for at in (text.find(char) for char in ("*", "?", "[", HOLE)) if at >= 0]
    return posixpath.normpath(text[: min(stops)].rpartition("/")[0] or ".").lstrip("/") or "."
