"""The static check of one Dockerfile: read, plan, follow, ask every rule, judge."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from amlcheck import looking
from amlcheck.catalog import DOCKERFILE, Catalog
from amlcheck.discover import is_dockerfile_name
from amlcheck.dockerfile.build import Builder
from amlcheck.dockerfile.built import Built
from amlcheck.dockerfile.context import Context
from amlcheck.dockerfile.foreign import no_dockerfile, not_for_checking, what_it_is
from amlcheck.dockerfile.grammar import KEYWORDS
from amlcheck.dockerfile.plan import make_plan, platform_of
from amlcheck.dockerfile.reader import read
from amlcheck.errors import AmlcheckError, UnreadableError
from amlcheck.judge import Circumstances, is_gpu, judge
from amlcheck.model import (
    COMPONENTS,
    Finding,
    Judgement,
    Origin,
    Requirement,
    SubjectReport,
    Testimony,
    When,
    Witness,
)
from amlcheck.profiles import Profile
from amlcheck.records import dataclass, field, replace
from amlcheck.reference import parse_reference

if TYPE_CHECKING:
    from amlcheck.image.base_image import BaseImages

MAX_BYTES = 10 << 20
"""Bytes of a Dockerfile that are read; a larger one is refused as unreadable."""


@dataclass(frozen=True)
class LintOptions:
    """How Dockerfiles are checked, the same for all of a run."""

    profile: Profile
    circumstances: Circumstances = field(default_factory=Circumstances)
    target: str = ""
    build_args: Mapping[str, str] = field(default_factory=dict)
    context: Path | None = None
    """The build context; None is the Dockerfile's own folder."""
    bases: BaseImages | None = None
    """Where the configs of base images are asked for; None leaves it at what is known of them."""
    environments: Mapping[str, str] = field(default_factory=dict)
    """The environment that Azure ML builds on top, by Dockerfile; both by the paths that are shown."""
    dockerfiles: Mapping[str, str] = field(default_factory=dict)
    """The Dockerfile below an environment that does not itself name one."""
    named: frozenset[str] | None = None
    """The files that the user named; what was found in a folder may be something else than it seems. None: all."""
    changed: Mapping[str, bytes] = field(default_factory=dict)
    """Files as they would be, by their real paths ("-" for standard input): what is not written yet is checked so."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Files that were found and must not be read, each with the sentence that says why."""
    own: Mapping[str, LintOptions] = field(default_factory=dict)
    """What holds instead for single files, by the paths that are shown."""

    def of(self, name: str) -> LintOptions:
        """How one file is checked."""
        own = self.own.get(name)
        return self if own is None else replace(own, changed=self.changed, refused=self.refused)


def lint_file(catalog: Catalog, path: Path, shown: str, options: LintOptions) -> SubjectReport:
    """Checks one file. What cannot be read is told in the report's `error`, never raised."""
    try:
        text = read_text(path, options.changed)
        context = Context(options.context or path.parent, path, options.changed)
        return lint_text(catalog, shown, text, context, options)
    except AmlcheckError as error:
        return SubjectReport(shown, "dockerfile", error=str(error))
    except Exception as error:  # one file must not end the check of the others
        what = f"{type(error).__name__}: {str(error)[:200]}"
        failed = f"{shown}: amlcheck itself failed on this file; please report it with the file ({what})"
        return SubjectReport(shown, "dockerfile", error=failed)


def read_text(path: Path, changed: Mapping[str, bytes] | None = None) -> str:
    """A Dockerfile's text, or what it would be. Raises UnreadableError with one sentence."""
    instead = changed.get(os.path.realpath(path)) if changed else None
    if instead is not None:
        return decode(instead, str(path))
    if why := looking.into(path):
        raise UnreadableError(f"{path}: {why}")
    try:
        if path.is_dir():
            raise UnreadableError(f"{path}: no Dockerfile in this folder; name the file to check")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise UnreadableError(f"{path}: has more than {MAX_BYTES >> 20} MB; that is no Dockerfile")
    except OSError as error:
        raise UnreadableError(f"{path}: cannot be read: {error.strerror or error}") from error
    text = decode(content, str(path))
    it_is = None if is_dockerfile_name(path.name) else what_it_is(text)
    if it_is is not None:
        raise UnreadableError(not_for_checking(str(path), it_is))
    return text


def decode(content: bytes, name: str) -> str:
    """The text of a Dockerfile's bytes; bytes that are no UTF-8 are kept as they are. Raises UnreadableError."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableError(f"{name}: is UTF-16; Docker reads UTF-8, save it as such")
    if b"\0" in content[:8192]:
        raise UnreadableError(f"{name}: is a binary file, not a Dockerfile")
    return content.decode("utf-8", "surrogateescape")


def lint_text(catalog: Catalog, shown: str, text: str, context: Context | None, options: LintOptions) -> SubjectReport:
    """Checks a Dockerfile's text. Raises AmlcheckError for a target that it does not have.

    Raises CredentialsError where a base image is asked for and needs a user name and password.
    """
    image, sources = build(catalog, shown, text, context, options)
    return _report(catalog, shown, image, options, sources)


def build(
    catalog: Catalog, shown: str, text: str, context: Context | None, options: LintOptions
) -> tuple[Built, dict[str, str]]:
    """What a Dockerfile builds, and the texts that it was read from. Raises what `lint_text` raises."""
    dockerfile = read(shown, text)
    sources = {shown: text}
    if not any(instruction.keyword == "FROM" and not instruction.broken for instruction in dockerfile.instructions):
        foreign = no_dockerfile(shown, text, dockerfile.instructions, KEYWORDS)
        problems = [foreign] if foreign is not None else list(dockerfile.problems)
        return Built(dockerfile, catalog.knowledge, problems=problems), sources
    plan = make_plan(dockerfile, options.target, options.build_args)
    builder = Builder(plan, catalog.knowledge, context, options.bases)
    built = builder.target()
    problems = [*dockerfile.problems, *builder.problems]
    image = replace(built, problems=sorted(problems, key=lambda problem: problem.span.start))
    for name, source in builder.sources.items():
        sources.setdefault(name, source.text)
    return image, sources


def bases_of(path: Path, options: LintOptions) -> Iterator[tuple[str, str]]:
    """The base images of all stages of a file, as `BaseImages` is asked for them; none where it cannot be read."""
    try:
        plan = make_plan(read(str(path), read_text(path)), options.target, options.build_args)
    except AmlcheckError:
        return
    for stage in plan.stages:
        reference = parse_reference(stage.base.value) if stage.parent is None and stage.base.known else None
        if reference is not None and not reference.is_scratch:
            yield reference.text, platform_of(stage)


def _report(catalog: Catalog, shown: str, image: Built, options: LintOptions, sources: dict[str, str]) -> SubjectReport:
    """Every rule is asked, every requirement judged."""
    testimonies = {rule.component: rule.ask(image) for rule in catalog.rules if rule.component}
    supplied, notes = _supplied(catalog, shown, options, sources)
    judgements = judged(catalog, testimonies, supplied, options)
    found: list[Finding] = []
    for rule in catalog.rules:
        severity = options.profile.rules.get(rule.id, rule.severity if rule.on else None)
        if rule.check is not None and severity is not None and rule.subject == DOCKERFILE:
            found.extend(rule.look(image, severity))
    found.sort(key=lambda item: (item.location.line if item.location else 0, item.rule))
    return SubjectReport(shown, "dockerfile", judgements, tuple(found), sources=sources, notes=notes)


def _supplied(
    catalog: Catalog, shown: str, options: LintOptions, sources: dict[str, str]
) -> tuple[Mapping[str, Testimony], tuple[str, ...]]:
    """What the environment on top of a Dockerfile's image brings, and the note that says so."""
    name = options.environments.get(shown)
    if name is None:
        return {}, ()
    from amlcheck.environment.judging import supplied_by

    supplied = supplied_by(catalog, name, options.changed)
    for path, text in supplied.sources.items():
        sources.setdefault(path, text)
    return supplied.testimonies, (f"judged together with {name}",)


def judged(
    catalog: Catalog,
    testimonies: Mapping[str, Testimony],
    supplied: Mapping[str, Testimony],
    options: LintOptions,
) -> tuple[Judgement, ...]:
    """The verdicts on an image, given what an environment on top of it brings."""
    gpu = is_gpu([testimonies["cuda"]])
    return tuple(
        _judged(component, testimonies[component], supplied.get(component), catalog, options, gpu)
        for component in COMPONENTS
    )


def asked_of(component: str, catalog: Catalog, profile: Profile) -> Requirement | None:
    """What a profile asks of a component, with what its [rules] say of it; None where it asks nothing."""
    return _overridden(profile.requires.get(component), catalog.requirements[component].id, profile)


def _overridden(requirement: Requirement | None, rule_id: str, profile: Profile) -> Requirement | None:
    """A requirement with the severity that [rules] gives its rule; not asked where that is "off"."""
    if requirement is None or rule_id not in profile.rules:
        return requirement
    severity = profile.rules[rule_id]
    if severity is None:
        return replace(requirement, when=When.NEVER, asked_by="[rules]")
    return replace(requirement, severity=severity)


def _judged(
    component: str,
    testimony: Testimony,
    supplied: Testimony | None,
    catalog: Catalog,
    options: LintOptions,
    gpu: bool | None,
) -> Judgement:
    witnesses = [Witness(Origin.STATIC, testimony)]
    if supplied is not None:
        witnesses.append(Witness(Origin.ENVIRONMENT, supplied))
    rule = catalog.requirements[component]
    requirement = asked_of(component, catalog, options.profile)
    expected = requirement.expected if requirement is not None else ""
    return judge(
        component,
        requirement,
        witnesses,
        options.circumstances,
        gpu,
        fix=rule.fix.replace("{expected}", expected),
        rule=rule.id,
    )
