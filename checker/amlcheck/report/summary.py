"""A run in one line, and in one word."""

from __future__ import annotations

from collections import Counter

from amlcheck.exits import Exit
from amlcheck.judge import exit_code
from amlcheck.model import Report, Severity, Verdict

_WORDS = {
    Exit.MET: "all met",
    Exit.VIOLATED: "something is violated",
    Exit.ERROR: "something could not be read",
    Exit.UNDECIDED: "something is undecided, nothing is violated",
    Exit.INTERRUPTED: "interrupted: not everything was checked",
}


def outcome(report: Report) -> str:
    """What the exit code says, in words."""
    return _WORDS[exit_code(report)]


def counted(report: Report) -> str:
    """How many of each: "2 files, profile azureml-2021-04: 4 met, 1 violated, 0 undecided; 1 warning"."""
    judgements = [item for subject in report.subjects for item in subject.judgements]
    findings = [item for subject in report.subjects for item in subject.findings if item.waiver is None]
    verdicts = Counter(item.verdict for item in judgements if item.waiver is None)
    severities = Counter(item.severity for item in findings)
    waived = sum(item.waiver is not None for subject in report.subjects for item in subject.judgements)
    waived += sum(item.waiver is not None for subject in report.subjects for item in subject.findings)
    errors = sum(bool(subject.error) for subject in report.subjects)
    count = len(report.subjects)
    kinds = {subject.kind for subject in report.subjects}
    kind = next(iter(kinds)) if kinds in ({"image"}, {"deployment"}) else "subject" if "deployment" in kinds else "file"
    line = f"{count} {kind}{'s' if count != 1 else ''}, profile {report.profile}"
    line += f" with {report.flavour}" if report.flavour else ""
    told = [f"{verdicts[verdict]} {verdict.value}" for verdict in (Verdict.MET, Verdict.VIOLATED, Verdict.UNDECIDED)]
    line += f": {', '.join(told)}"
    found = [_several(severities[severity], severity) for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO)]
    line += "".join(f"; {word}" if index == 0 else f", {word}" for index, word in enumerate(filter(None, found)))
    line += f"; {waived} waived" if waived else ""
    return line + (f"; {errors} not readable" if errors else "")


def _several(count: int, severity: Severity) -> str:
    """Nothing where there is none."""
    plural = "s" if count != 1 and severity is not Severity.INFO else ""
    return f"{count} {severity.label}{plural}" if count else ""
