"""Stages and how they depend on each other: FROM stage, COPY --from, --target, and the ARGs before the first FROM."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping

from amlcheck.dockerfile.canonical import Problem
from amlcheck.dockerfile.expand import ExpansionError, expand
from amlcheck.dockerfile.reader import Dockerfile, Instruction
from amlcheck.dockerfile.source import Mapped, Span
from amlcheck.dockerfile.text import Text, defined, hole, literal
from amlcheck.errors import AmlcheckError
from amlcheck.nearest import nearest
from amlcheck.records import dataclass, field

PLATFORM = {
    "TARGETPLATFORM": "linux/amd64",
    "TARGETOS": "linux",
    "TARGETARCH": "amd64",
    "TARGETVARIANT": "",
    "BUILDPLATFORM": "linux/amd64",
    "BUILDOS": "linux",
    "BUILDARCH": "amd64",
    "BUILDVARIANT": "",
}
"""BuildKit's platform ARGs for the one platform that Azure ML runs."""


@dataclass
class Stage:
    """A stage: its FROM and what follows, with its parent where it starts from another stage."""

    index: int
    name: str
    start: Instruction
    base: Text
    platform: Text | None
    parent: int | None = None
    instructions: list[Instruction] = field(default_factory=list)

    @property
    def label(self) -> str:
        return self.name or str(self.index)


@dataclass
class Plan:
    """All stages, the one to build, and the global ARGs."""

    dockerfile: Dockerfile
    stages: list[Stage]
    target: int
    global_args: dict[str, Text | None]
    """None for one that was declared and has no value."""
    build_args: Mapping[str, str]
    problems: list[Problem]
    names: dict[str, list[int]] = field(default_factory=dict)
    """The stages of each name, from the first."""

    def find(self, name: str, before: int) -> int | None:
        """The stage of that name or number among those before another."""
        named = self.names.get(name.lower(), [])
        if at := bisect_left(named, before):
            return named[at - 1]
        # Longer numbers are none: Python refuses to read those of thousands of digits.
        return int(name) if name.isdecimal() and len(name) < 10 and int(name) < before else None


def make_plan(dockerfile: Dockerfile, target: str = "", build_args: Mapping[str, str] | None = None) -> Plan:
    """The plan of a file. Raises AmlcheckError for a target that it does not have."""
    given = build_args or {}
    plan = Plan(dockerfile, [], 0, {}, given, [])
    for instruction in dockerfile.instructions:
        if instruction.keyword == "FROM" and not instruction.broken:
            _add_stage(plan, instruction)
        elif plan.stages:
            plan.stages[-1].instructions.append(instruction)
        elif instruction.keyword == "ARG" and not instruction.broken:
            _global_args(plan, instruction)
    plan.target = _target(plan, target)
    return plan


def argument(name: Mapped, value: Text | None, given: Mapping[str, str]) -> tuple[str, Text | None]:
    """An ARG's name and value, with its definition: the one given on the command line, else its default."""
    label = name.text
    if label in given:
        span = name.span(0, len(label))
        return label, defined(literal(given[label], span), span, f"--build-arg {label}")
    return label, defined(value, value.span, f"ARG {label}") if value is not None else None


def _global_args(plan: Plan, instruction: Instruction) -> None:
    for name, word in instruction.assignments(plan.dockerfile.escape):
        value: Text | None = None
        if word is not None:
            value = _expanded(plan, word, plan.global_args)
        label, held = argument(name, value, plan.build_args)
        if held is None and label in PLATFORM:
            place = name.span(0, len(label))
            held = defined(literal(PLATFORM[label], place), place, f"ARG {label}")
        plan.global_args[label] = held


def _expanded(plan: Plan, word: Mapped, scope: Mapping[str, Text | None]) -> Text:
    def lookup(name: str) -> Text | None:
        if name in scope:
            held = scope[name]
            if held is None:
                return hole(f"ARG {name} has no default (give --build-arg {name}=…)")
            return held
        if name in PLATFORM:
            return literal(PLATFORM[name])
        return None

    try:
        return expand(word, lookup, plan.dockerfile.escape)
    except ExpansionError as error:
        span = word.span(0, len(word.text))
        plan.problems.append(Problem(span, f"Docker cannot expand this: {error}", "correct the substitution"))
        return hole(str(error), span)


def _add_stage(plan: Plan, instruction: Instruction) -> None:
    words = instruction.words()
    index = len(plan.stages)
    base = _expanded(plan, words[0], plan.global_args)
    name = words[2].text.lower() if len(words) == 3 else ""
    flag = instruction.flag("platform")
    platform = _expanded(plan, flag.value_word, plan.global_args) if flag is not None else None
    parent = plan.find(base.value, index) if base.known and not base.value.isdigit() else None
    if base.known and not base.value and not plan.problems:
        span = words[0].span(0, len(words[0].text))
        plan.problems.append(
            Problem(span, f"base name ({words[0].text}) should not be blank", "give the ARG a default before FROM")
        )
        base = hole("the base image's name is empty", span)
    plan.names.setdefault(name, []).append(index)
    plan.stages.append(Stage(index, name, instruction, base, platform, parent))


def _target(plan: Plan, wanted: str) -> int:
    if not wanted:
        return len(plan.stages) - 1
    found = plan.find(wanted, len(plan.stages))
    if found is not None:
        return found
    names = [stage.name for stage in plan.stages if stage.name]
    near = nearest(wanted.lower(), names)
    hint = (
        f"did you mean {near}?"
        if near
        else (f"its stages are: {', '.join(names)}" if names else "its stages have no names, only numbers")
    )
    raise AmlcheckError(f"{plan.dockerfile.source.path}: has no stage {wanted!r} for --target; {hint}")


def platform_of(stage: Stage) -> str:
    """The platform that FROM names, as "os/architecture"; empty where it names none, or one that is not known."""
    named = stage.platform.value.lower() if stage.platform is not None and stage.platform.known else ""
    return named if re.fullmatch(r"[a-z0-9]+/[a-z0-9_-]+(?:/[a-z0-9]+)?", named) else ""


def stage_span(stage: Stage) -> Span:
    """The words that name the stage's base image."""
    word = stage.start.words()[0]
    return word.span(0, len(word.text))
