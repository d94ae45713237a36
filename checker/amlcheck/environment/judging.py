"""The check of one environment: what it states, the image below it, every rule asked, and what it brings as a witness."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from amlcheck.catalog import CRASHED, ENVIRONMENT, Catalog
from amlcheck.discover import NO_ENVIRONMENT
from amlcheck.dockerfile.built import EVERYTHING, Base, Built, Opaque, Package
from amlcheck.dockerfile.context import Context
from amlcheck.dockerfile.foreign import not_for_checking, what_it_is
from amlcheck.dockerfile.packages import Packages
from amlcheck.dockerfile.reader import read
from amlcheck.dockerfile.text import literal
from amlcheck.environment.document import Scalar, place, string
from amlcheck.environment.environment import Environment
from amlcheck.environment.files import Files
from amlcheck.environment.read import read_environments
from amlcheck.errors import AmlcheckError
from amlcheck.knowledge import BaseImage
from amlcheck.lint import LintOptions, build, judged, read_text
from amlcheck.model import (
    ABSENT,
    COMPONENTS,
    Fact,
    Finding,
    Judgement,
    Severity,
    SubjectReport,
    Testimony,
    Unknown,
    Verdict,
)
from amlcheck.records import dataclass, field, replace
from amlcheck.reference import parse_reference

PREFIX = "/azureml-environment"
"""Where the environment's packages stand, for those who ask which Python they belong to; it is no real path."""
SUPPLIED = ("python", "azureml-defaults", "inference-server")
"""What the environment on top decides; everything else is the image's."""
_SERVER = "azureml-inference-server-http"


@dataclass(frozen=True)
class Supplied:
    """What an environment file brings, by component, and the texts that the evidence points into."""

    testimonies: Mapping[str, Testimony] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)


def supplied_by(catalog: Catalog, shown: str, changed: Mapping[str, bytes] | None = None) -> Supplied:
    """What the environment in a file brings on top of an image. Raises UnreadableError."""
    files = Files(changed=changed or {})
    environments = read_environments(shown, catalog.knowledge, files)
    if not environments:
        raise AmlcheckError(f"{shown}: {NO_ENVIRONMENT}")
    return Supplied(testimonies(catalog, chosen(environments)), files.texts)


def chosen(environments: list[Environment]) -> Environment:
    """The environment that a file is about: of several, the one that is used for scoring, else the last."""
    return next((item for item in environments if item.scoring), environments[-1])


def testimonies(catalog: Catalog, environment: Environment) -> dict[str, Testimony]:
    """What an environment brings of what it decides; nothing where it is not built on top of the image."""
    if environment.is_user_managed or environment.routes is not None:
        return {}
    if environment.conda is None or environment.is_user_managed is None:
        reason = environment.conda_open
        if environment.is_user_managed is None:
            reason = "whether it is user-managed is not known"
        return {component: Unknown(component, reason) for component in SUPPLIED} if reason else {}
    built = as_built(environment)
    found: dict[str, Testimony] = {}
    for component in SUPPLIED:
        testimony = catalog.requirements[component].ask(built)
        if isinstance(testimony, Fact) and not testimony.value.present:
            testimony = _absent(environment, component, testimony)
        found[component] = testimony
    return found


def _absent(environment: Environment, component: str, fact: Fact) -> Testimony:
    conda = environment.conda
    assert conda is not None
    if component == "python":
        return Unknown(component, "the environment names no Python: which one it gets is not known")
    if component == "azureml-defaults" and conda.named(_SERVER):
        return Unknown(component, f"the environment lists {_SERVER} instead, which is enough for v2")
    evidence = (conda.dependencies_span.evidence("dependencies"),) if conda.dependencies_span is not None else ()
    note = fact.note if fact.final else f"the environment on top of the image does not list {component}"
    if component == "inference-server" and not fact.final:
        note = "nothing in the environment on top of the image brings a server"
    return replace(fact, evidence=fact.evidence or evidence, note=note, final=True)


def as_built(environment: Environment) -> Built:
    """The environment as something that rules on Dockerfiles can be asked about: a fresh prefix with its packages."""
    conda = environment.conda
    assert conda is not None
    nothing = BaseImage(dict.fromkeys(COMPONENTS, ABSENT))
    base = Base(literal("scratch"), None, nothing, (), None, conda.span)
    packages = Packages(
        Package(
            item.manager,
            item.spec.name,
            item.spec.versions,
            PREFIX,
            item.word.chain("environment"),
            unknown=item.spec.unknown,
            written=item.word,
            extras=item.spec.extras,
        )
        for item in conda.wanted
    )
    opaque = [Opaque(conda.open, conda.span, EVERYTHING)] if conda.open else []
    path = literal(f"{PREFIX}/bin")
    return Built(read("", ""), environment.knowledge, base, packages, opaque, env={"PATH": path})


def is_dockerfile_text(text: str) -> bool:
    """Whether it is a Dockerfile's content, not its name: v1 takes either."""
    return "\n" in text or text.lstrip().upper().startswith("FROM ")


def image_below(
    catalog: Catalog, shown: str, environment: Environment, options: LintOptions, dockerfile: str
) -> tuple[Built | None, dict[str, str]]:
    """The image that an environment is built on: of a Dockerfile, or the one that it names. None where that is not known."""
    path = environment.dockerfile_path or dockerfile
    if path:
        try:
            context = Context(options.context or Path(path).parent, Path(path), options.changed)
            return build(catalog, path, read_text(Path(path), options.changed), context, options)
        except AmlcheckError:
            return None, {}
    inline = string(environment.dockerfile)
    if inline is not None and is_dockerfile_text(inline):
        name = f"{shown} (baseDockerfile)"
        try:
            return build(catalog, name, inline, None, options)
        except AmlcheckError:
            return None, {}
    text = string(environment.image)
    reference = parse_reference(text) if text is not None else None
    node = environment.image
    if reference is None or node is None or not isinstance(node, Scalar):
        return None, {}
    span = place(node)
    known = environment.knowledge.base_image(reference)
    base = Base(node.text, reference, known, (span.evidence("image"),), None, span)
    return Built(read("", ""), environment.knowledge, base), {}


def lint_environment(catalog: Catalog, shown: str, options: LintOptions) -> SubjectReport:
    """Checks one file that states an environment. What cannot be read is told in the report's `error`, never raised."""
    files = Files(changed=options.changed)
    dockerfile = options.dockerfiles.get(shown, "")
    try:
        environments, sources = prepared(catalog, shown, options, files)
    except AmlcheckError as error:
        return SubjectReport(shown, "environment", error=str(error))
    except Exception as error:  # a reader that fails on one file must not silence the others
        message = f"this file could not be read: {type(error).__name__}: {error}"
        crash = Finding(CRASHED, Severity.WARNING, message, fix="please report it with the file")
        return SubjectReport(shown, "environment", findings=(crash,))
    if not environments:
        is_named = options.named is not None and shown in options.named
        it_is = what_it_is(files.texts.get(shown, "")) if is_named else None
        if it_is is not None and it_is[0] != "JSON":
            return SubjectReport(shown, "environment", error=not_for_checking(shown, it_is))
        return SubjectReport(shown, "environment", error=NO_ENVIRONMENT)
    found: list[Finding] = []
    notes: list[str] = []
    for environment in environments:
        found += _findings(catalog, environment, options)
        notes += [f"belongs to it: {item}" for item in environment.together]
    judgements: tuple[Judgement, ...] = ()
    if dockerfile:
        notes.append(f"judged together with {dockerfile}, whose verdicts count what it brings")
    elif _can_be_judged(chosen(environments)):
        judgements = _judgements(catalog, chosen(environments), options)
    else:
        judgements = _decided_here(catalog, environments, options)
    sources.update(files.texts)
    return SubjectReport(
        shown,
        "environment",
        judgements,
        tuple(_sorted(found)),
        sources=sources,
        notes=tuple(dict.fromkeys(notes)),
        about={"states": ", ".join(dict.fromkeys(item.kind.value for item in environments))},
    )


def prepared(
    catalog: Catalog, shown: str, options: LintOptions, files: Files
) -> tuple[list[Environment], dict[str, str]]:
    """What a file states, each with the image below it, and the texts of the Dockerfiles that were read for that.

    Raises UnreadableError.
    """
    alone = options.named is None or shown in options.named
    environments = read_environments(shown, catalog.knowledge, files, alone)
    sources: dict[str, str] = {}
    dockerfile = options.dockerfiles.get(shown, "")
    for environment in environments:
        built, texts = image_below(catalog, shown, environment, options, dockerfile)
        environment.built = built
        environment.from_dockerfile = bool(environment.dockerfile_path or dockerfile or texts)
        environment.supplied = testimonies(catalog, environment)
        environment.python = _python(environment)
        sources.update(texts)
    return environments, sources


def _python(environment: Environment) -> Testimony | None:
    """The Python that the entry script runs on; None where nothing tells."""
    if environment.conda_open or environment.reference is not None:
        return None
    if "python" in environment.supplied:
        return environment.supplied["python"]
    if environment.built is None or environment.is_user_managed is None:
        return None
    from amlcheck.dockerfile.interpreters import effective_python

    return effective_python(environment.built).testimony


def _can_be_judged(environment: Environment) -> bool:
    """Whether it is used for scoring, and something of it is stated here: of a name alone there is nothing to say."""
    return environment.scoring and (environment.built is not None or environment.conda is not None)


def _findings(catalog: Catalog, environment: Environment, options: LintOptions) -> list[Finding]:
    found: list[Finding] = []
    for rule in catalog.rules:
        severity = options.profile.rules.get(rule.id, rule.severity if rule.on else None)
        if rule.check is not None and severity is not None and rule.subject == ENVIRONMENT:
            found.extend(rule.look(environment, severity))
    return found


def _sorted(found: list[Finding]) -> list[Finding]:
    """In the order of the places; what several environments of a file say alike is said once."""
    unique = list(dict.fromkeys(found))
    return sorted(
        unique,
        key=lambda item: (
            (item.location.path, item.location.line, item.location.column) if item.location else ("", 0, 0)
        ),
    )


def _decided_here(catalog: Catalog, environments: list[Environment], options: LintOptions) -> tuple[Judgement, ...]:
    """What a file decides for whatever it is used: the Python that it names, where that is certainly right or wrong.

    Of several environments the worst is told.
    """
    stating = [item for item in environments if isinstance(item.supplied.get("python"), Fact)]
    told = [judgement for item in stating for judgement in _judgements(catalog, item, options)]
    pythons = [item for item in told if item.component == "python"]
    wrong = [item for item in pythons if item.verdict is Verdict.VIOLATED]
    met = [item for item in pythons if item.verdict is Verdict.MET]
    return tuple((wrong or (met if len(met) == len(environments) else []))[:1])


def _judgements(catalog: Catalog, environment: Environment, options: LintOptions) -> tuple[Judgement, ...]:
    """The verdicts on an environment that is used for scoring and whose image is known by its name."""
    supplied = environment.supplied
    below = environment.built
    told: dict[str, Testimony] = {}
    for component, rule in catalog.requirements.items():
        if below is not None:
            told[component] = rule.ask(below)
        else:
            told[component] = Unknown(component, "the image below the environment is not known")
    circumstances = options.circumstances
    if environment.is_user_managed:
        circumstances = replace(circumstances, user_managed=True)
    return judged(catalog, told, supplied, replace(options, circumstances=circumstances))
