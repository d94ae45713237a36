"""The judge: what is accepted, which witness counts, when a requirement applies, and what the run tells its caller."""

from __future__ import annotations

import pytest

from amlcheck.exits import Exit
from amlcheck.judge import Circumstances, exit_code, fails, is_gpu, judge
from amlcheck.model import (
    ABSENT,
    PRESENT,
    Fact,
    Finding,
    Judgement,
    Origin,
    Report,
    Requirement,
    Severity,
    SubjectReport,
    Testimony,
    Unknown,
    Verdict,
    When,
    Witness,
    parse_value,
    version,
)
from amlcheck.profiles import parse_accepts
from amlcheck.records import replace

NEITHER = None


def requirement(component: str, accepts: str, **changes: object) -> Requirement:
    """A requirement as a profile would write it."""
    return replace(Requirement(component, parse_accepts(accepts), accepts), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("component", "accepts", "value", "accepted"),
    [
        ("ubuntu", ">=16.04", "18.04", True),
        ("ubuntu", ">=16.04", "14.04", False),
        ("ubuntu", ">=16.04", "debian 12", False),
        ("ubuntu", ">=16.04", "fedora 40", False),
        ("ubuntu", ">=16.04", "debian", False),
        ("ubuntu", ">=16.04 | debian >=11", "debian 12", True),
        ("ubuntu", ">=16.04 | debian >=11", "debian 10", False),
        ("ubuntu", ">=16.04 | debian", "debian 9", True),
        ("ubuntu", "debian", "22.04", False),
        ("ubuntu", "debian >=11", "22.04", False),
        ("ubuntu", "ubuntu >=18.04", "22.04", True),
        ("ubuntu", "ubuntu >=18.04 | debian >=11", "16.04", False),
        ("ubuntu", "ubuntu", "16.04", True),
        ("ubuntu", "debian >=11", "present", NEITHER),
        ("conda", ">=4.5", "4.7.12", True),
        ("conda", ">=4.5", "4.3", False),
        ("conda", ">=4.5", ">=4.4", NEITHER),
        ("conda", ">=4.5", ">=4.6,<5", True),
        ("conda", ">=4.5", "<4.5", False),
        ("conda", ">=4.5", "present", NEITHER),
        ("conda", ">=4.5", "absent", False),
        ("conda", "present", "absent", False),
        ("conda", "present", "4.3", True),
        ("conda", "present", "present", True),
        ("python", "==3.5.* | ==3.6.*", "3.6", True),
        ("python", "==3.5.* | ==3.6.*", "3.7", False),
        ("python", "==3.5.* | ==3.6.*", ">=3.5,<3.7", True),
        ("python", "==3.5.* | ==3.6.*", ">=3.6", NEITHER),
        ("python", "3.7", "3.7.4", True),
        ("git", "2.7.4", "2.7", NEITHER),
        ("mpi", "present", "openmpi 3.1.2", True),
        ("mpi", "openmpi 3.1.2", "openmpi 3.1.2", True),
        ("mpi", "openmpi 3.1.2", "openmpi 4.0.1", False),
        ("mpi", "openmpi 3.1.2", "openmpi", NEITHER),
        ("mpi", "openmpi 3.1.2", "mpich 3.1.2", False),
        ("mpi", "openmpi 3.1.2", "3.1.2", NEITHER),
        ("mpi", "openmpi", "openmpi >=2", True),
        ("mpi", ">=3", "openmpi 4.0.1", True),
        ("mpi", ">=3", "intelmpi 2018.3.222", True),
        ("mpi", ">=3", "openmpi 2.1", False),
        ("mpi", ">=3", "3.1", True),
    ],
)
def test_what_is_accepted(component: str, accepts: str, value: str, accepted: bool | None) -> None:
    assert requirement(component, accepts).compare(parse_value(value)) is accepted


OLD, NEW = Fact("conda", version("4.3")), Fact("conda", version("4.7.12"))
OPEN = Fact("conda", parse_value(">=4.4"))
FAILED = Unknown("conda", "the probe failed")
HIDDEN = Unknown("conda", "the installer is not known")
CONDA = requirement("conda", ">=4.5")


def judged(asked: Requirement | None, *told: tuple[Origin, Testimony], **changes: object) -> Judgement:
    """The judgement on these witnesses."""
    witnesses = [Witness(origin, testimony) for origin, testimony in told]
    circumstances = Circumstances(bool(changes.get("datasets")), bool(changes.get("user_managed")))
    gpu = changes.get("gpu", False)
    assert gpu is None or isinstance(gpu, bool)
    return judge("conda", asked, witnesses, circumstances, gpu, fix="install it", rule="AML102")


@pytest.mark.parametrize(
    ("static", "live", "verdict"),
    [
        pytest.param(NEW, NEW, Verdict.MET, id="met, met"),
        pytest.param(NEW, OLD, Verdict.VIOLATED, id="met, violated"),
        pytest.param(OLD, NEW, Verdict.MET, id="violated, met"),
        pytest.param(OLD, OLD, Verdict.VIOLATED, id="violated, violated"),
        pytest.param(HIDDEN, NEW, Verdict.MET, id="unknown, met"),
        pytest.param(HIDDEN, OLD, Verdict.VIOLATED, id="unknown, violated"),
        pytest.param(OPEN, NEW, Verdict.MET, id="undecided, met"),
        pytest.param(OPEN, OLD, Verdict.VIOLATED, id="undecided, violated"),
        pytest.param(NEW, None, Verdict.MET, id="met, not run"),
        pytest.param(OLD, None, Verdict.VIOLATED, id="violated, not run"),
        pytest.param(HIDDEN, None, Verdict.UNDECIDED, id="unknown, not run"),
        pytest.param(OPEN, None, Verdict.UNDECIDED, id="undecided, not run"),
        pytest.param(NEW, FAILED, Verdict.UNDECIDED, id="met, the probe failed"),
        pytest.param(OLD, FAILED, Verdict.VIOLATED, id="violated, the probe failed"),
        pytest.param(HIDDEN, FAILED, Verdict.UNDECIDED, id="unknown, the probe failed"),
        pytest.param(None, NEW, Verdict.MET, id="none, met"),
        pytest.param(None, FAILED, Verdict.UNDECIDED, id="none, the probe failed"),
        pytest.param(None, None, Verdict.UNDECIDED, id="none, none"),
    ],
)
def test_the_verdict_on_static_and_live_witnesses(
    static: Testimony | None, live: Testimony | None, verdict: Verdict
) -> None:
    pairs = ((Origin.STATIC, static), (Origin.LIVE, live))
    told = [(origin, testimony) for origin, testimony in pairs if testimony is not None]
    assert judged(CONDA, *told).verdict is verdict
    assert judged(CONDA, *reversed(told)).verdict is verdict


@pytest.mark.parametrize(("live", "scored"), [(OLD, NEW), (NEW, OLD), (FAILED, NEW), (NEW, FAILED)])
def test_scored_outranks_live(live: Testimony, scored: Testimony) -> None:
    alone = judged(CONDA, (Origin.SCORED, scored))
    both = judged(CONDA, (Origin.LIVE, live), (Origin.SCORED, scored), (Origin.STATIC, live))
    assert (both.verdict, both.reason) == (alone.verdict, alone.reason)


def test_a_judgement_says_what_it_rests_on() -> None:
    asked = replace(CONDA, source="Image requirements", severity=Severity.WARNING)
    found = judged(asked, (Origin.STATIC, NEW), (Origin.LIVE, OLD))
    assert (found.component, found.rule, found.expected, found.found) == ("conda", "AML102", ">=4.5", "4.3")
    assert (found.source, found.severity, found.fix) == ("Image requirements", Severity.WARNING, "install it")
    assert found.reason == "4.3 is not >=4.5"
    assert [witness.testimony for witness in found.witnesses] == [NEW, OLD]


@pytest.mark.parametrize(
    ("testimony", "origin", "reason"),
    [
        (NEW, Origin.STATIC, "as far as the Dockerfile tells"),
        (NEW, Origin.LIVE, "found in the image"),
        (replace(NEW, note="it is on PATH"), Origin.LIVE, "it is on PATH"),
        (OLD, Origin.STATIC, "4.3 is not >=4.5"),
        (replace(OLD, note="removed again"), Origin.STATIC, "removed again"),
        (Fact("conda", ABSENT), Origin.STATIC, "conda is not in the image"),
        (OPEN, Origin.STATIC, ">=4.4 may or may not be >=4.5: state the version more exactly"),
        (HIDDEN, Origin.STATIC, "the installer is not known"),
    ],
)
def test_the_reason_is_told(testimony: Testimony, origin: Origin, reason: str) -> None:
    assert judged(CONDA, (origin, testimony)).reason == reason


@pytest.mark.parametrize("verdict", [Verdict.MET, Verdict.VIOLATED, Verdict.UNDECIDED, Verdict.NOT_APPLICABLE])
def test_a_fix_is_given_only_where_something_is_to_be_done(verdict: Verdict) -> None:
    told = {Verdict.MET: NEW, Verdict.VIOLATED: OLD, Verdict.UNDECIDED: OPEN, Verdict.NOT_APPLICABLE: OLD}[verdict]
    found = judged(None if verdict is Verdict.NOT_APPLICABLE else CONDA, (Origin.STATIC, told))
    assert found.verdict is verdict
    assert bool(found.fix) == (verdict in (Verdict.VIOLATED, Verdict.UNDECIDED))


@pytest.mark.parametrize(
    ("when", "circumstances", "verdict"),
    [
        (When.ALWAYS, {}, Verdict.VIOLATED),
        (When.NEVER, {"datasets": True, "gpu": True}, Verdict.NOT_APPLICABLE),
        (When.DATASETS, {}, Verdict.NOT_APPLICABLE),
        (When.DATASETS, {"datasets": True}, Verdict.VIOLATED),
        (When.GPU, {"gpu": False}, Verdict.NOT_APPLICABLE),
        (When.GPU, {"gpu": True}, Verdict.VIOLATED),
        (When.GPU, {"gpu": None}, Verdict.UNDECIDED),
    ],
)
def test_when_a_requirement_applies(when: When, circumstances: dict[str, object], verdict: Verdict) -> None:
    assert judged(replace(CONDA, when=when), (Origin.STATIC, OLD), **circumstances).verdict is verdict


def test_a_profile_that_asks_nothing_still_tells_what_was_found() -> None:
    found = judged(None, (Origin.STATIC, OLD))
    assert (found.verdict, found.expected, found.found) == (Verdict.NOT_APPLICABLE, None, "4.3")


@pytest.mark.parametrize(
    ("absence", "user_managed", "verdict"),
    [
        (Fact("conda", ABSENT), False, Verdict.UNDECIDED),
        (Fact("conda", ABSENT), True, Verdict.VIOLATED),
        (Fact("conda", ABSENT, final=True), False, Verdict.VIOLATED),
        (Fact("conda", ABSENT, final=True), True, Verdict.VIOLATED),
        (OLD, False, Verdict.VIOLATED),
        (NEW, False, Verdict.MET),
    ],
)
def test_absence_that_the_environment_may_make_up_for(absence: Testimony, user_managed: bool, verdict: Verdict) -> None:
    asked = replace(CONDA, absent_is_undecided=True)
    assert judged(asked, (Origin.STATIC, absence), user_managed=user_managed).verdict is verdict


def test_absence_is_a_violation_where_nothing_makes_up_for_it() -> None:
    assert judged(CONDA, (Origin.STATIC, Fact("conda", ABSENT))).verdict is Verdict.VIOLATED


def test_a_failed_probe_does_not_make_possible_absence_a_violation() -> None:
    asked = replace(CONDA, absent_is_undecided=True)
    found = judged(asked, (Origin.STATIC, Fact("conda", ABSENT)), (Origin.LIVE, FAILED))
    assert (found.verdict, found.reason) == (Verdict.UNDECIDED, "the probe failed")


@pytest.mark.parametrize(
    ("testimonies", "gpu"),
    [
        ([], None),
        ([Fact("cuda", ABSENT)], False),
        ([Fact("cuda", version("10.1"))], True),
        ([Fact("cuda", PRESENT)], True),
        ([Unknown("cuda", "?")], None),
        ([Fact("cuda", ABSENT), Fact("cuda", PRESENT)], True),
        ([Fact("cuda", PRESENT), Unknown("cuda", "?")], True),
    ],
)
def test_whether_it_is_a_gpu_image(testimonies: list[Testimony], gpu: bool | None) -> None:
    assert is_gpu(testimonies) is gpu


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("absent", "absent"),
        ("present", "present"),
        ("3.7", "3.7"),
        (">=3.8,<4", ">=3.8,<4"),
        ("openmpi 3.1.2", "openmpi 3.1.2"),
        ("debian 12", "debian 12"),
        ("windows", "windows"),
        (" 18.04 ", "18.04"),
    ],
)
def test_the_notation_of_values(text: str, shown: str) -> None:
    assert parse_value(text).text == shown


@pytest.mark.parametrize("text", ["openmpi three", "==", "3.7 3.8"])
def test_a_value_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a version specifier"):
        parse_value(text)


@pytest.mark.parametrize(("text", "exact"), [("3.7", False), ("3", False), ("4.7.12", True), ("2018.3.222", True)])
def test_a_version_is_known_to_the_precision_in_which_it_is_stated(text: str, exact: bool) -> None:
    versions = version(text).versions
    assert versions is not None
    assert (f"{text}.1" in versions) is not exact


MET, VIOLATED, UNDECIDED = (
    judged(CONDA, (Origin.STATIC, testimony)) for testimony in (NEW, OLD, Unknown("conda", "not known"))
)
SKIPPED = judged(None, (Origin.STATIC, OLD))


def run(*judgements: Judgement, findings: tuple[Finding, ...] = (), error: str = "", **options: object) -> Report:
    """A run over two files: one in order, one with this."""
    fine = SubjectReport("a", "dockerfile", (MET,))
    other = SubjectReport("b", "dockerfile", judgements, findings, error)
    return replace(Report("profile", (fine, other)), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("report", "code"),
    [
        pytest.param(run(), Exit.MET, id="nothing"),
        pytest.param(run(MET, SKIPPED), Exit.MET, id="met"),
        pytest.param(run(MET, VIOLATED), Exit.VIOLATED, id="violated"),
        pytest.param(run(MET, UNDECIDED), Exit.UNDECIDED, id="undecided"),
        pytest.param(run(UNDECIDED, VIOLATED), Exit.VIOLATED, id="violated before undecided"),
        pytest.param(run(error="cannot be read"), Exit.ERROR, id="unreadable"),
        pytest.param(run(VIOLATED, UNDECIDED, error="cannot be read"), Exit.ERROR, id="error before all"),
        pytest.param(run(UNDECIDED, allow_undecided=True), Exit.MET, id="undecided allowed"),
        pytest.param(run(VIOLATED, UNDECIDED, allow_undecided=True), Exit.VIOLATED, id="violated is not allowed"),
        pytest.param(run(replace(VIOLATED, severity=Severity.WARNING)), Exit.MET, id="a warning does not fail"),
        pytest.param(
            run(replace(VIOLATED, severity=Severity.WARNING), fail_on=Severity.WARNING), Exit.VIOLATED, id="it does"
        ),
        pytest.param(run(replace(UNDECIDED, severity=Severity.WARNING)), Exit.MET, id="nor does an undecided one"),
        pytest.param(
            run(replace(UNDECIDED, severity=Severity.WARNING), fail_on=Severity.INFO), Exit.UNDECIDED, id="unless asked"
        ),
        pytest.param(run(findings=(Finding("AML302", Severity.WARNING, "!"),)), Exit.MET, id="a finding below"),
        pytest.param(run(findings=(Finding("AML302", Severity.ERROR, "!"),)), Exit.VIOLATED, id="a finding"),
        pytest.param(
            run(findings=(Finding("AML302", Severity.INFO, "!"),), fail_on=Severity.INFO),
            Exit.VIOLATED,
            id="any finding",
        ),
    ],
)
def test_the_exit_code(report: Report, code: Exit) -> None:
    assert exit_code(report) is code


@pytest.mark.parametrize(
    ("item", "failing"),
    [
        (VIOLATED, True),
        (UNDECIDED, False),
        (MET, False),
        (SKIPPED, False),
        (Finding("AML302", Severity.ERROR, "!"), True),
        (Finding("AML302", Severity.WARNING, "!"), False),
    ],
)
def test_which_item_fails_the_run(item: Judgement | Finding, failing: bool) -> None:
    assert fails(run(), item) is failing


def test_the_exit_codes_are_those_of_the_documentation() -> None:
    assert [(code.name, code.value) for code in Exit] == [
        ("MET", 0),
        ("VIOLATED", 1),
        ("ERROR", 2),
        ("UNDECIDED", 3),
        ("INTERRUPTED", 130),
        ("READER_GONE", 141),
    ]


def test_no_fix_is_given_for_what_only_nobody_looked_at() -> None:
    """The Dockerfile's value is accepted; that the image was not asked is not mended by another version."""
    unknown = Unknown("python", "the image was not looked at")
    asked = requirement("python", ">=3.6")

    def told(value: str) -> Judgement:
        witnesses = [Witness(Origin.STATIC, Fact("python", version(value))), Witness(Origin.LIVE, unknown)]
        return judge("python", asked, witnesses, Circumstances(), None, fix="take another")

    assert (told("3.11").verdict, told("3.11").fix) == (Verdict.UNDECIDED, "")
    assert (told("3").verdict, told("3").fix) == (Verdict.UNDECIDED, "take another")
