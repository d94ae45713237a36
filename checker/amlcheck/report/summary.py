"""A run in one line, and in one word."""

from __future__ import annotations

from collections import Counter

from amlcheck.exits import Exit
from amlcheck.judge import exit_code
from amlcheck.model import Finding, Judgement, Report, Severity, Verdict

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
    """How many of each: "2 files, profile azureml-2021-04: 4 met, 1 violated, 0 undecided; 1 warning; 2 ignored"."""
    everything: list[Judgement | Finding] = []
    for subject in report.subjects:
        everything += [*subject.judgements, *subject.findings]
    waived = Counter(item.waiver.by for item in everything if item.waiver is not None)
    items = [item for item in everything if item.waiver is None]
    verdicts = Counter(item.verdict for item in items if isinstance(item, Judgement))
    severities = Counter(item.severity for item in items if isinstance(item, Finding))
    met = [f"{verdicts[verdict]} {verdict.value}" for verdict in (Verdict.MET, Verdict.VIOLATED, Verdict.UNDECIDED)]
    found = [_several(severities[severity], severity) for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO)]
    parts = [
        ", ".join(filter(None, found)),
        f"{waived['ignore']} ignored" if waived["ignore"] else "",
        f"{waived['baseline']} in the baseline" if waived["baseline"] else "",
        _unreadable(report),
    ]
    under = f"{report.profile} with {report.flavour}" if report.flavour else report.profile
    return "; ".join([f"{_subjects(report)}, profile {under}: {', '.join(met)}", *filter(None, parts)])


def _subjects(report: Report) -> str:
    count = len(report.subjects)
    kinds = {subject.kind for subject in report.subjects}
    kind = next(iter(kinds)) if kinds in ({"image"}, {"deployment"}) else "subject" if "deployment" in kinds else "file"
    return f"{count} {kind}{'s' if count != 1 else ''}"


def _unreadable(report: Report) -> str:
    errors = sum(bool(subject.error) for subject in report.subjects)
    return f"{errors} not readable" if errors else ""


def _several(count: int, severity: Severity) -> str:
    """Nothing where there is none."""
    plural = "s" if count != 1 and severity is not Severity.INFO else ""
    return f"{count} {severity.label}{plural}" if count else ""
