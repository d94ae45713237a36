"""Follows a plan stage by stage, as Docker would, and yields what each stage contains: see `built.Built`.

Nothing is executed. Each instruction changes the stage as far as its text tells; the rest is noted as unreadable.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.dockerfile.built import DEFAULT_PATH, EVERYTHING, Base, Built, Missing, Opaque, Refused, Stated
from amlcheck.dockerfile.canonical import Problem
from amlcheck.dockerfile.context import Context
from amlcheck.dockerfile.effort import USED_UP, Effort
from amlcheck.dockerfile.files import ImageFiles
from amlcheck.dockerfile.instructions import InstructionReader, StageState
from amlcheck.dockerfile.packages import Packages
from amlcheck.dockerfile.plan import Plan, Stage, platform_of, stage_span
from amlcheck.dockerfile.reader import Instruction
from amlcheck.dockerfile.resolved import resolve
from amlcheck.dockerfile.source import Source
from amlcheck.dockerfile.step import NOT_THE_SYSTEM
from amlcheck.dockerfile.text import HOLE, bounded, hole, literal
from amlcheck.errors import AmlcheckError
from amlcheck.knowledge import SCRATCH, BaseImage, Knowledge
from amlcheck.model import Evidence
from amlcheck.records import replace
from amlcheck.reference import parse_reference

if TYPE_CHECKING:
    from amlcheck.image.base_image import BaseImages


FAILED = "amlcheck itself failed on the instruction"
"""Never seen where all is well; please report it with the file."""


class Builder:
    """Follows the stages of one plan; stages that nothing needs are never looked at."""

    def __init__(
        self, plan: Plan, knowledge: Knowledge, context: Context | None, bases: BaseImages | None = None
    ) -> None:
        """`bases`: where the configs of base images are asked for; None leaves it at what is known of them."""
        self.bases = bases
        self.plan = plan
        self.knowledge = knowledge
        self.context = context
        self.problems: list[Problem] = list(plan.problems)
        self._told: set[Problem] = set(plan.problems)
        self.sources: dict[str, Source] = {plan.dockerfile.source.path: plan.dockerfile.source}
        self.effort = Effort()
        self._missing: list[Missing] = []
        self._refused: list[Refused] = []
        self._deferred: dict[int, list[Instruction]] = {}
        self._done: dict[int, StageState] = {}

    def refuse(self, problem: Problem) -> None:
        """Notes why Docker refuses the file, once."""
        if problem not in self._told:
            self._told.add(problem)
            self.problems.append(problem)

    def target(self) -> Built:
        """The stage that is built."""
        return self.stage(self.plan.target).built

    def stage(self, index: int) -> StageState:
        """A stage after its last instruction. What it needs of others is followed first, without recursion."""
        waiting = [] if index in self._done else [(index, self._follow(self.plan.stages[index]))]
        while waiting:
            number, steps = waiting[-1]
            needed = next(steps, None)
            if needed is None:
                waiting.pop()
            elif needed not in self._done and needed < number:
                waiting.append((needed, self._follow(self.plan.stages[needed])))
        return self._done[index]

    def _follow(self, stage: Stage) -> Iterator[int]:
        """Follows a stage to its end; yields each stage that has to be followed before it can go on."""
        if stage.parent is not None:
            yield stage.parent
            parent = self._done[stage.parent]
            if self.effort.copy(_size(parent)):
                state = StageState(_child(parent.built), parent.files.copy(), list(parent.pending))
            else:
                state = StageState(self._start(stage), ImageFiles(self.context, self.sources, self.effort), [])
            for instruction in self._triggers(stage.parent):
                if not self._goes_on(state, stage.start):
                    break
                self._read(InstructionReader(self, stage, state, instruction))
        else:
            state = StageState(self._start(stage), ImageFiles(self.context, self.sources, self.effort), [])
        for instruction in stage.instructions:
            if not self._goes_on(state, instruction):
                break
            if instruction.broken:
                reason = f"Docker refuses the instruction in line {instruction.start_line}"
                state.built.opaque.append(Opaque(reason, instruction.keyword_span, NOT_THE_SYSTEM))
                continue
            reader = InstructionReader(self, stage, state, instruction)
            yield from reader.stages()
            self._read(reader)
        self._done[stage.index] = state

    def _read(self, reader: InstructionReader) -> None:
        """One instruction. What this program fails on is unreadable, and the rest of the file is followed all the same."""
        try:
            reader.read()
        except AmlcheckError:
            raise
        except Exception as error:
            line = reader.instruction.start_line
            reason = f"{FAILED} in line {line}: {type(error).__name__}: {str(error)[:200]}"
            reader.built.opaque.append(Opaque(reason, reader.instruction.keyword_span, EVERYTHING, replaces=EVERYTHING))

    def _triggers(self, parent: int) -> list[Instruction]:
        """What a stage defers to those on top of it."""
        if parent not in self._deferred:
            self._deferred[parent] = [
                instruction.trigger
                for instruction in self.plan.stages[parent].instructions
                if instruction.keyword == "ONBUILD" and instruction.trigger is not None and not instruction.broken
            ]
        return self._deferred[parent]

    def _goes_on(self, state: StageState, instruction: Instruction) -> bool:
        """Whether there is anything left for an instruction; that there is not is noted once a stage."""
        if self.effort.spend():
            return True
        where = f"{USED_UP}, and ends to be followed in line {instruction.start_line}"
        state.built.opaque.append(Opaque(where, instruction.keyword_span, EVERYTHING, replaces=EVERYTHING))
        return False

    # --- the base image ----------------------------------------------------------------------------------------------

    def _start(self, stage: Stage) -> Built:
        built = Built(self.plan.dockerfile, self.knowledge, missing=self._missing, refused=self._refused)
        span = stage_span(stage)
        reference = parse_reference(stage.base.value) if stage.base.known else None
        known: BaseImage | None = None
        if reference is not None:
            known = SCRATCH if reference.is_scratch else self.knowledge.base_image(reference)
        chain = stage.base.chain("base image")
        if known is not None and known.source:
            chain = (*chain, Evidence(f"{stage.base.value}: {known.source}", None, "known base image"))
        built.base = Base(stage.base, reference, known, chain, stage.platform, span)
        if stage.base.known and reference is None and stage.base.value:
            self.refuse(
                Problem(span, f"invalid image reference: {stage.base.value!r}", "name[:tag][@digest], in lower case")
            )
        if known is not None:
            for name, value in known.env.items():
                built.env[name] = literal(value, span)
            built.user = literal(known.user)
            if known.provides.get("ubuntu", SCRATCH.provides["ubuntu"]).family == "windows":
                built.shell = ("cmd", "/S", "/C")
            prefix = known.prefixes.get("conda")
            if "PATH" not in built.env:
                plain = not any(
                    known.provides.get(item, SCRATCH.provides["git"]).present for item in ("conda", "python")
                )
                if plain:
                    built.env["PATH"] = literal(DEFAULT_PATH, span)
                elif prefix:
                    built.env["PATH"] = hole(f"the PATH of the base image {stage.base.value} is not known", span)
        if "PATH" not in built.env:
            built.env["PATH"] = hole(
                f"the PATH of the base image {stage.base.value.replace(HOLE, '…')} is not known", span
            )
        self._resolve(stage, built)
        return built

    def _resolve(self, stage: Stage, built: Built) -> None:
        """Asks for the config of a stage's base image, and puts down what it says. Raises CredentialsError."""
        base = built.base
        if self.bases is None or base is None or base.reference is None or base.known is SCRATCH:
            return
        from amlcheck.image.credentials import CredentialsError

        try:
            found = self.bases.config(base.reference.text, platform_of(stage))
        except CredentialsError as error:
            place = base.span.location
            raise CredentialsError(f"{place.path}:{place.line}: {error}") from None
        if isinstance(found, str):
            base.unresolved = found
            return
        base.resolved = resolve(found, base.known, self.knowledge)
        built.env = {name: bounded(literal(value, base.span)) for name, value in found.env.items()}
        built.env.setdefault("PATH", literal(DEFAULT_PATH, base.span))
        built.user = literal(found.user)
        built.workdir = literal(found.working_dir)
        built.exposed = [Stated(port, literal(port, base.span), base.span, stage.start) for port in found.ports]
        if found.os == "windows":
            built.shell = ("cmd", "/S", "/C")


def _size(state: StageState) -> int:
    """How many things a stage holds that one on top of it gets a copy of."""
    built = state.built
    stated = len(built.stated_env) + len(built.labels) + len(built.args) + len(built.exposed)
    held = len(built.packages) + len(built.opaque) + len(built.env) + len(built.homes) + len(built.commands)
    return held + stated + len(state.pending) + state.files.size


def _child(parent: Built) -> Built:
    """A stage that starts where another ended."""
    return replace(
        parent,
        packages=Packages(parent.packages),
        opaque=list(parent.opaque),
        env=dict(parent.env),
        stated_env=list(parent.stated_env),
        labels=list(parent.labels),
        args=list(parent.args),
        arg_names=set(parent.arg_names),
        exposed=list(parent.exposed),
        homes=dict(parent.homes),
        commands=list(parent.commands),
    )
