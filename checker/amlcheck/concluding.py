"""From what was found to the report: what is ignored, and what the baseline knows; for every command alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from amlcheck.model import Report, SubjectReport
from amlcheck.policy.ignoring import with_ignores

if TYPE_CHECKING:
    from amlcheck.lint_command import Settings


def report_of(subjects: Sequence[SubjectReport], settings: Settings) -> Report:
    """The report on a run: what comments in the files ignore and what the baseline knows has a waiver.

    Raises AmlcheckError for a baseline that cannot be read or written.
    """
    from amlcheck.catalog import catalog
    from amlcheck.today import today

    reports = with_ignores(subjects, catalog, lambda subject: settings.at(subject.subject).profile, today)
    notes: tuple[str, ...] = ()
    if settings.write_baseline is not None or settings.baseline is not None:
        reports, notes = _compared(reports, settings)
    return Report(
        profile=settings.lint.profile.name,
        subjects=tuple(reports),
        flavour=settings.flavour,
        fail_on=settings.fail_on,
        allow_undecided=settings.allow_undecided,
        notes=notes,
    )


def _compared(reports: list[SubjectReport], settings: Settings) -> tuple[list[SubjectReport], tuple[str, ...]]:
    """The reports beside the baseline, which is written before where that was asked for; and what is to be known of it."""
    from amlcheck.policy import baseline

    if settings.write_baseline is None:
        assert settings.baseline is not None
        known = baseline.read_baseline(settings.baseline)
        compared, stale = baseline.with_baseline(reports, known)
        told = stale and not settings.selected
        return compared, (baseline.told_stale(known, stale),) if told else ()
    unreadable = next((subject for subject in reports if subject.error), None)
    if unreadable is not None:
        return reports, (f"{settings.write_baseline}: not written, as {unreadable.subject} could not be read",)
    known = baseline.baseline_of(reports, settings.write_baseline)
    baseline.write_baseline(known)
    count = len(known.entries)
    note = f"{known.path}: written, {count} entr{'y' if count == 1 else 'ies'}"
    return baseline.with_baseline(reports, known)[0], (note,)
