"""From what was found to the report: what is ignored, and what the baseline knows; for every command alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from amlcheck.model import Report, SubjectReport
from amlcheck.policy.ignoring import with_ignores
from amlcheck.records import replace

if TYPE_CHECKING:
    from amlcheck.lint_command import Settings


def report_of(subjects: Sequence[SubjectReport], settings: Settings) -> Report:
    """The report on a run: what comments in the files ignore and what the baseline knows has a waiver.

    Raises AmlcheckError for a baseline that cannot be read or written.
    """
    from amlcheck.catalog import catalog
    from amlcheck.today import today

    reports = [_noted(subject, settings) for subject in subjects]
    reports = with_ignores(reports, catalog, lambda subject: settings.at(subject.subject).profile, today)
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


def _noted(subject: SubjectReport, settings: Settings) -> SubjectReport:
    """A report that tells of another profile or flavour than that of the whole, where the configuration has one for it."""
    if not settings.config.get("per-path") or not subject.judgements:
        return subject
    profile, flavour = settings.at(subject.subject).profile.name, settings.flavour_at(subject.subject)
    if (profile, flavour) == (settings.lint.profile.name, settings.flavour):
        return subject
    told = f"judged by the profile {profile}{f' with {flavour}' if flavour else ''}, as [per-path] says of it"
    return replace(subject, notes=(*subject.notes, told))


def _compared(reports: list[SubjectReport], settings: Settings) -> tuple[list[SubjectReport], tuple[str, ...]]:
    """The reports beside the baseline, which is written before where that was asked for; and what is to be known of it."""
    from amlcheck.policy import baseline

    if settings.write_baseline is None:
        assert settings.baseline is not None
        known = settings.baseline
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
