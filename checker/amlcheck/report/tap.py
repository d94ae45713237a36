"""TAP, the Test Anything Protocol, version 13, which `prove` and all that came after it read: a test a requirement or finding.

"not ok" fails exactly where the exit code is not 0. What is wrong and does not count is "not ok" with the directive TODO,
which is TAP's word for a failure that is known of; what does not apply, and what is undecided and does not count, is
skipped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from amlcheck.model import Report
from amlcheck.regex import regex
from amlcheck.report.entries import Entry, Kind, evidence_line, tested
from amlcheck.report.harmless import one_line

_SPECIAL = regex(r"[\\#]")
_NOT_YAML = regex(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def render(report: Report) -> str:
    """The report as TAP."""
    shown = list(tested(report))
    lines = ["TAP version 13", f"1..{len(shown)}", *(f"# {one_line(note)}" for note in report.notes)]
    for number, entry in enumerate(shown, 1):
        lines.append(_point(number, entry))
        lines.extend(_diagnostics(entry))
    return "\n".join(lines) + "\n"


def _point(number: int, entry: Entry) -> str:
    name = _escaped(f"{one_line(entry.subject.subject)}: {entry.title}")
    line = f"{'ok' if _is_ok(entry) else 'not ok'} {number} - {name}"
    directive = _directive(entry)
    return f"{line} # {directive}" if directive else line


def _is_ok(entry: Entry) -> bool:
    if entry.kind is Kind.UNDECIDED:
        return not entry.counts and entry.waiver is None
    return entry.kind in (Kind.MET, Kind.NOT_APPLICABLE)


def _directive(entry: Entry) -> str:
    if entry.waiver is not None:
        return _escaped(f"TODO waived by {entry.waiver.by}: {one_line(entry.waiver.reason)}")
    if entry.kind is Kind.MET or entry.counts:
        return ""
    if entry.kind is Kind.NOT_APPLICABLE:
        return _escaped(f"SKIP not applicable: {one_line(entry.message)}")
    if entry.kind is Kind.UNDECIDED:
        return _escaped(f"SKIP undecided: {one_line(entry.message)}")
    return f"TODO {entry.severity.label}, which does not fail"


def _diagnostics(entry: Entry) -> Iterator[str]:
    """A block of YAML; its words stand in double quotes, where nothing can end it."""
    if entry.kind is Kind.NOT_APPLICABLE:
        return
    yield "  ---"
    yield f"  message: {_quoted(entry.told)}"
    yield f"  severity: {'comment' if _is_ok(entry) else 'fail'}"
    data = [("kind", entry.kind.value), ("level", entry.severity.label)]
    if entry.location is not None:
        data += [
            ("file", one_line(entry.location.path)),
            ("line", entry.location.line),
            ("column", entry.location.column),
        ]
    data += [(name, text) for name, text in (("fix", entry.fix), ("source", entry.source)) if text]
    yield "  data:"
    for name, value in data:
        yield f"    {name}: {value if isinstance(value, int) else _quoted(value)}"
    if entry.chain:
        yield "    evidence:"
        for number, item in enumerate(entry.chain, 1):  # no list: Perl's reader takes `- "a: b"` for a mapping
            yield f"      {number}: {_quoted(evidence_line(item))}"
    yield "  ..."


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)


def _quoted(text: str) -> str:
    """A YAML string: JSON's, without the few characters that YAML does not take as they are."""
    return _NOT_YAML.sub(lambda found: f"\\u{ord(found.group()):04x}", json.dumps(text, ensure_ascii=False))
