"""The loop: keys to states, states to the screen, and what is to be done besides, done."""

from __future__ import annotations

from collections.abc import Callable

from amlcheck.errors import AmlcheckError
from amlcheck.explorer.state import (
    Abilities,
    Apply,
    Effect,
    Recheck,
    Redraw,
    State,
    checked_again,
    opened,
)
from amlcheck.explorer.terminal import GONE, RESIZED, RESUMED, Terminal
from amlcheck.explorer.update import press, resized, settled
from amlcheck.explorer.view import rows
from amlcheck.model import Repair, Report, SubjectReport
from amlcheck.records import dataclass, replace


@dataclass(frozen=True)
class Actions:
    """What the explorer can do beside showing."""

    can: Abilities
    apply: Callable[[SubjectReport, Repair], str] | None = None
    """Writes a repair and tells what was written. Raises AmlcheckError."""
    recheck: Callable[[], Report] | None = None
    """Checks everything again. Raises AmlcheckError."""
    refresh: Callable[[Report], Report] | None = None
    """Of a result that was read: reads the files it is about again."""


def explore(report: Report, terminal: Terminal, actions: Actions) -> Report:
    """Shows a report until the user leaves it. Gives the report as it was then: what was fixed was checked again."""
    with terminal:
        state = settled(opened(report, terminal.size(), actions.can))
        while True:
            terminal.draw(rows(state), state.size.columns)
            for key in terminal.read():
                if key == GONE:
                    return state.report
                if key in (RESIZED, RESUMED):
                    terminal.forget()
                    state = resized(state, terminal.size())
                    continue
                state, effect = press(state, key)
                if effect is None:
                    continue
                if isinstance(effect, Recheck | Apply):
                    terminal.draw(rows(state), state.size.columns)  # it says that it is being done
                    state = settled(_done(state, effect, actions))
                elif isinstance(effect, Redraw):
                    terminal.forget()
                else:
                    return state.report


def _done(state: State, effect: Effect, actions: Actions) -> State:
    """The state after a repair was written, or everything was checked again."""
    try:
        if isinstance(effect, Apply) and actions.apply is not None:
            told = actions.apply(state.report.subjects[effect.subject], effect.repair)
            if actions.recheck is None:
                return _without(state, effect, told, actions)
            return checked_again(state, actions.recheck(), told)
        if isinstance(effect, Recheck) and actions.recheck is not None:
            return checked_again(state, actions.recheck(), "checked again")
    except AmlcheckError as error:
        return replace(state, message=str(error))
    return replace(state, message=state.can.why_not)


def _without(state: State, effect: Apply, told: str, actions: Actions) -> State:
    """A result that was read cannot be checked again: what was applied has no repair any more."""
    subject = state.report.subjects[effect.subject]
    judgements = tuple(replace(one, repair=None) if one.repair is effect.repair else one for one in subject.judgements)
    findings = tuple(replace(one, repair=None) if one.repair is effect.repair else one for one in subject.findings)
    changed = replace(subject, judgements=judgements, findings=findings)
    subjects = tuple(changed if one is subject else one for one in state.report.subjects)
    report = replace(state.report, subjects=subjects)
    return checked_again(state, actions.refresh(report) if actions.refresh is not None else report, told)
