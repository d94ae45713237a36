"""Reports for the tests of formats: one that has everything, with text that would break out of each of them."""

from __future__ import annotations

from amlcheck.model import (
    Edit,
    Evidence,
    Fact,
    Finding,
    Judgement,
    Location,
    Origin,
    Repair,
    Report,
    Severity,
    SubjectReport,
    Unknown,
    Verdict,
    Waiver,
    Witness,
    in_config,
    in_file,
    in_output,
    version,
)

HOSTILE = (
    "100% %25 %0A %AZP25 a:b,c;d]e \"q\" 'r' ünï 日本 😀\r\n::error file=x::pwned\n::add-mask::x"
    " ##vso[task.setvariable variable=x;]y ##[add-path]/evil ##teamcity[x] #\u00ad#v\u200bso[task.complete]z\n/close\n"
    "]]> --> <script>alert(1)</script> </code></pre> <!-- --> | `x` ``` **b** _i_ ~~s~~ $x$ [l](https://evil.example)"
    " ![i](http://evil.example/i.png) www.evil.example @octocat #1 !2 GH-3 \\ {0} ${V} \x1b[31mred\x1b[0m \x00 \x07 \x0b"
    " \x85 \u2028 \u202e \ufffe \uffff \ud800 not ok 1 - x # TODO"
)
"""What nothing may come of."""

TEXT = "ARG V=14.04\nFROM ubuntu:${V}\nRUN echo 日本😀 bad && true\nENV A=::error::x\n"
PATH = "sub dir/Docker file:1,é.Dockerfile"


def location(line: int, start: int, end: int, path: str = PATH, end_line: int | None = None) -> Location:
    return Location(path, line, start, end_line if end_line is not None else line, end)


ARG = Evidence("14.04", location(1, 7, 12), "ARG V")
FROM = Evidence("ubuntu:${V}", location(2, 6, 17), "base image")
REPAIR = Repair("pin the tag to 20.04", (Edit(location(1, 7, 12), "20.04"), Edit(location(3, 5, 5), "-x ")), safe=True)


def judged(
    component: str,
    verdict: Verdict,
    reason: str = "for a reason",
    rule: str = "AML101",
    severity: Severity = Severity.ERROR,
    waiver: Waiver | None = None,
    repair: Repair | None = None,
    evidence: tuple[Evidence, ...] = (ARG, FROM),
) -> Judgement:
    found = None if verdict is Verdict.UNDECIDED else "14.04"
    testimony = (
        Unknown(component, reason, evidence)
        if verdict is Verdict.UNDECIDED
        else Fact(component, version("14.04"), evidence)
    )
    return Judgement(
        component=component,
        verdict=verdict,
        expected=">=16.04",
        found=found,
        reason=reason,
        witnesses=(Witness(Origin.STATIC, testimony),),
        severity=severity,
        source="Image requirements",
        fix="start from something newer" if verdict is Verdict.VIOLATED else "",
        rule=rule,
        repair=repair,
        waiver=waiver,
    )


def dockerfile(message: str = "says something", path: str = PATH) -> SubjectReport:
    """A Dockerfile with one entry of each kind."""
    ignored = Waiver("ignore", f"agreed: {message}", "2027-01-01", location(3, 1, 5))
    known = Waiver("baseline", "was there before")
    return SubjectReport(
        path,
        "dockerfile",
        judgements=(
            judged("ubuntu", Verdict.VIOLATED, message, repair=REPAIR),
            judged("conda", Verdict.MET, message, "AML102"),
            judged("python", Verdict.UNDECIDED, message, "AML103"),
            judged("libfuse", Verdict.NOT_APPLICABLE, message, "AML104"),
            judged("git", Verdict.VIOLATED, message, "AML111", Severity.WARNING),
            judged("mpi", Verdict.VIOLATED, message, "AML108", waiver=ignored),
            judged("nccl", Verdict.UNDECIDED, message, "AML107", waiver=known),
        ),
        findings=(
            Finding("AML001", Severity.ERROR, message, location(3, 10, 13), fix=message, related=(ARG,)),
            Finding("AML302", Severity.WARNING, message, location(3, 10, 3, end_line=4), repair=REPAIR),
            Finding("AML302", Severity.INFO, message),
            Finding("AML302", Severity.ERROR, message, location(4, 1, 4), waiver=known),
            Finding("XYZ999", Severity.WARNING, message, location(1, 1, 1)),
        ),
        sources={PATH: TEXT},
        notes=(message,),
    )


def image(
    message: str = "says something", kind: str = "image", name: str = "registry.example.com/team/image:1"
) -> SubjectReport:
    evidence = (
        in_file("/etc/os-release", message, "note"),
        in_config("Env.PATH", message),
        in_output("python --version", message),
    )
    return SubjectReport(
        name,
        kind,
        judgements=(
            judged("ubuntu", Verdict.VIOLATED, message, evidence=evidence),
            judged("conda", Verdict.MET, message, "AML102", evidence=evidence),
            judged("python", Verdict.UNDECIDED, message, "AML103", evidence=()),
        ),
        findings=(Finding("AML403", Severity.WARNING, message, related=evidence),),
        about={"source": "engine", "digest": "sha256:" + "0" * 64},
        notes=(message,),
    )


def everything(message: str = "says something", **changes: object) -> Report:
    """Every kind of subject, with every kind of entry."""
    subjects = (
        dockerfile(message),
        SubjectReport("environment.yml", "environment"),
        image(message),
        image(message, "deployment", message),
        SubjectReport("gone.Dockerfile", "dockerfile", error=f"gone.Dockerfile: {message}"),
    )
    return Report("azureml-2021-04", subjects, notes=(message,), **changes)  # type: ignore[arg-type]


def only(verdict: Verdict, severity: Severity = Severity.ERROR, allow_undecided: bool = False) -> Report:
    """One verdict."""
    subject = SubjectReport("Dockerfile", "dockerfile", judgements=(judged("ubuntu", verdict, severity=severity),))
    return Report("azureml-2021-04", (subject,), allow_undecided=allow_undecided)
