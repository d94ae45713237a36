"""The words that everything here speaks: facts, what is not known, evidence, requirements, verdicts and findings.

All of it is frozen and typed and does no I/O. Rules and probes only testify, with `Fact` or `Unknown`;
`amlcheck.judge` is the only place that makes a `Verdict` of it.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import TYPE_CHECKING

from amlcheck.records import dataclass, field
from amlcheck.versions import NOTHING, VersionSet, exactly, from_specifiers, prefix

if TYPE_CHECKING:
    from amlcheck.deployment.model import Deployment

COMPONENTS = (
    "ubuntu",
    "conda",
    "python",
    "libfuse",
    "cuda",
    "cudnn",
    "nccl",
    "mpi",
    "azureml-defaults",
    "inference-server",
    "git",
)
"""What a requirement can be about, in the order in which reports show it."""


@dataclass(frozen=True, slots=True)
class Location:
    """Words in a file. Lines and columns count from 1, columns in characters; the end is exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


class Medium(Enum):
    """In what part of an image evidence was found."""

    FILE = "file"
    CONFIG = "config"
    COMMAND = "command"
    EXCHANGE = "exchange"
    """An HTTP request and its answer."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that can be looked at: the exact words in a file, and what they are in the chain."""

    text: str
    """The words themselves, or the statement of a data file."""
    location: Location | None = None
    """None for knowledge that stands in no file of the user's (a known base image, say)."""
    note: str = ""
    """What the words are: "ARG CONDA_VERSION", "base image", "URL"."""
    medium: Medium | None = None
    """Set for what was found in an image; `location` is None then."""
    place: str = ""
    """Where in the image: the path of the file, the key of the config ("Env.CUDA_VERSION"), the command as it was run."""


def in_file(path: str, text: str, note: str = "") -> Evidence:
    """What stands in a file of the image, or what its being there or its name says."""
    return Evidence(text, note=note, medium=Medium.FILE, place=path)


def in_config(key: str, text: str, note: str = "") -> Evidence:
    """What the image's config says."""
    return Evidence(text, note=note, medium=Medium.CONFIG, place=key)


def in_output(command: str, text: str, note: str = "") -> Evidence:
    """What a program that was run in the image printed."""
    return Evidence(text, note=note, medium=Medium.COMMAND, place=command)


def in_exchange(request: str, text: str, note: str = "") -> Evidence:
    """What a server of the image answered."""
    return Evidence(text, note=note, medium=Medium.EXCHANGE, place=request)


Chain = tuple[Evidence, ...]
"""Evidence in the order of cause: ARG, then the URL that uses it. The first one is where a fix belongs."""


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of a component: absent, present, or present in one of a set of versions, perhaps of a family."""

    present: bool
    family: str = ""
    """"openmpi" for mpi, "debian" for the system; empty where the component has only one kind."""
    versions: VersionSet | None = None
    """None where only presence is known."""

    @property
    def text(self) -> str:
        if not self.present:
            return "absent"
        words = [self.family, self.versions.text if self.versions is not None else ""]
        return " ".join(word for word in words if word) or "present"


ABSENT = Value(present=False)
PRESENT = Value(present=True)


def version(text: str, family: str = "") -> Value:
    """A version stated to its precision: "3.7" is any 3.7.x; with three parts or more it is that one version."""
    exact = text.count(".") >= 2
    return Value(True, family, exactly(text) if exact else prefix(text))


def parse_value(text: str) -> Value:
    """The notation of the data files: "absent", "present", "3.7", ">=3.8,<4", "openmpi 3.1.2", "debian 12".

    Raises ValueError.
    """
    text = text.strip()
    if text == "absent":
        return ABSENT
    if text == "present":
        return PRESENT
    family, _, rest = text.partition(" ") if text[0].isalpha() else ("", "", text)
    return Value(True, family, from_specifiers(rest) if rest.strip() else None)


@dataclass(frozen=True, slots=True)
class Fact:
    """A component has this value, and this is why."""

    component: str
    value: Value
    evidence: Chain = ()
    note: str = ""
    """What a reader should know of how the value was found."""
    final: bool = False
    """Absent although what should bring it is there: no environment on top makes up for that."""
    fix: str = ""
    """What to do where this value is not accepted, if more is known than the rule says; {expected} is what is asked."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """What could not be decided, and why. A value like any other: it is never turned into a guess."""

    component: str
    reason: str
    evidence: Chain = ()


Testimony = Fact | Unknown


class Origin(Enum):
    """Who testifies, from the weakest to the strongest."""

    STATIC = "static"
    LIVE = "live"
    SCORED = "scored"
    ENVIRONMENT = "environment"
    """What Azure ML builds on top of the image: it is what runs."""


@dataclass(frozen=True, slots=True)
class Witness:
    origin: Origin
    testimony: Testimony


class Severity(IntEnum):
    """How much a violation or a finding matters. Only `--fail-on` decides what fails."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        return self.name.lower()


class When(Enum):
    """When a requirement applies."""

    ALWAYS = "always"
    DATASETS = "datasets"
    """Only where datasets are mounted or downloaded."""
    GPU = "gpu"
    """Only for images with CUDA."""
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Accepted:
    """One alternative that a requirement accepts: a family (any, where empty) and its versions (any, where None)."""

    family: str = ""
    versions: VersionSet | None = None

    @property
    def text(self) -> str:
        words = [self.family, self.versions.text if self.versions is not None else ""]
        return " ".join(word for word in words if word) or "present"


@dataclass(frozen=True, slots=True)
class Requirement:
    """What is asked of one component, when, how gravely, by whom, and what to do where it is not met."""

    component: str
    accepts: tuple[Accepted, ...]
    expected: str
    """`accepts` for people, as the profile wrote it."""
    when: When = When.ALWAYS
    severity: Severity = Severity.ERROR
    source: str = ""
    absent_is_undecided: bool = False
    """Azure ML's environment may supply it, so its absence from the image alone decides nothing."""
    asked_by: str = ""
    """The profile, the flavour or the option that asks."""

    def compare(self, value: Value) -> bool | None:
        """Whether a value is accepted; None where what is known is both inside and outside."""
        if not value.present:
            return False
        if all(not choice.family and choice.versions is None for choice in self.accepts):
            return True
        fitting = [choice for choice in self.accepts if self._fits(choice, value)]
        if not fitting:
            return None if self._family_unknown(value) else False
        if any(choice.versions is None for choice in fitting):
            return True
        if value.versions is None:
            return None
        union = NOTHING
        for choice in fitting:
            assert choice.versions is not None
            union |= choice.versions
        if value.versions <= union:
            return True
        return False if value.versions.isdisjoint(union) else None

    def _fits(self, choice: Accepted, value: Value) -> bool:
        """Versions of different systems cannot be compared: a bare ">=16.04" means Ubuntu's; for MPI it means any family's."""
        if self.component == "ubuntu":
            return choice.family.removeprefix("ubuntu") == value.family
        return choice.family in ("", value.family)

    def _family_unknown(self, value: Value) -> bool:
        """Whether only a family is missing for the value to fit; a system without one is Ubuntu."""
        is_ubuntu = self.component == "ubuntu" and value.versions is not None
        return not value.family and not is_ubuntu and all(choice.family for choice in self.accepts)


class Verdict(Enum):
    MET = "met"
    VIOLATED = "violated"
    UNDECIDED = "undecided"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class Edit:
    """Words of a file, and what is to stand there instead; an empty location (start = end) inserts."""

    location: Location
    text: str


@dataclass(frozen=True, slots=True)
class Repair:
    """What would make one finding or violation go away, as edits of the user's files."""

    title: str
    """In the imperative: "pin the tag to 20.04"."""
    edits: tuple[Edit, ...]
    """None overlaps another; each is about one file, all are applied or none."""
    safe: bool
    """Whether the image that is built stays what its author meant; an unsafe one asks to be looked at."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """Why a finding, violation or undecided requirement is shown but does not count."""

    by: str
    """"ignore" (a comment in the file) or "baseline"."""
    reason: str
    until: str = ""
    """The last day on which it holds, as YYYY-MM-DD; empty where none is given."""
    location: Location | None = None
    """The comment."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one requirement, with all that it rests on."""

    component: str
    verdict: Verdict
    expected: str | None
    found: str | None
    """What is known of the image, whatever the verdict; None where nothing is."""
    reason: str
    witnesses: tuple[Witness, ...] = ()
    severity: Severity = Severity.ERROR
    source: str = ""
    fix: str = ""
    rule: str = ""
    repair: Repair | None = None
    waiver: Waiver | None = None
    fingerprint: str = ""
    """As a JSON result had it, from which no text can be read again; empty where `amlcheck.fingerprint` makes it."""

    @property
    def chain(self) -> Chain:
        """The evidence of the strongest witness that has some; witnesses stand from the weakest to the strongest."""
        said = (witness.testimony.evidence for witness in reversed(self.witnesses))
        return next((evidence for evidence in said if evidence), ())


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a rule says beside the requirements: where, how grave, and what to do."""

    rule: str
    severity: Severity
    message: str
    location: Location | None = None
    fix: str = ""
    related: Chain = ()
    repair: Repair | None = None
    waiver: Waiver | None = None
    fingerprint: str = ""
    """As a JSON result had it; empty where `amlcheck.fingerprint` makes it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a rule says of one place; the catalogue makes a `Finding` of it with the rule's name and severity."""

    message: str
    location: Location | None = None
    fix: str = ""
    related: Chain = ()
    repair: Repair | None = None


@dataclass(frozen=True, slots=True)
class SubjectReport:
    """All that was decided about one subject: a Dockerfile, or an image (with its Dockerfile, where one was given)."""

    subject: str
    """The path or name, as it was given."""
    kind: str
    judgements: tuple[Judgement, ...] = ()
    findings: tuple[Finding, ...] = ()
    error: str = ""
    """Why it could not be read at all; everything else is empty then."""
    sources: dict[str, str] = field(default_factory=dict)
    """The text of the files that locations point into, for excerpts."""
    about: dict[str, str] = field(default_factory=dict)
    """Of an image: its "source", "digest" and "platform", as far as they are known."""
    notes: tuple[str, ...] = ()
    """What limits all that is said here: that nothing could be run in the image, and why."""
    deployment: Deployment | None = None
    """The test deployment, where this is the report on one."""
    partial: bool = False
    """Whether `sources`, of a report that was read, has only the lines that locations point into; the others are empty then."""


@dataclass(frozen=True, slots=True)
class Report:
    """One run: every subject, under one profile."""

    profile: str
    subjects: tuple[SubjectReport, ...]
    flavour: str = ""
    fail_on: Severity | None = Severity.ERROR
    """The least severity that fails; None: nothing does."""
    allow_undecided: bool = False
    notes: tuple[str, ...] = ()
    """What is to be known of the run as a whole: that entries of its baseline are stale."""
    made_by: str = ""
    """The version of amlcheck that made a result which was read; empty for this one."""
    interrupted: bool = False
    """It holds what was found until Ctrl-C; one of its subjects has the error that says so."""
