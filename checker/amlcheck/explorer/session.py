"""The loop: keys to states, states to the screen, and what is to be done besides, done."""

from __future__ import annotations

from collections.abc import Callable

from amlcheck.errors import AmlcheckError
from amlcheck.explorer.items import Item
from amlcheck.explorer.state import (
    Abilities,
    Apply,
    ApplyAll,
    Effect,
    Recheck,
    Redraw,
    State,
    checked_again,
    opened,
    with_subject,
)
from amlcheck.explorer.terminal import GONE, RESIZED, RESUMED, Terminal
from amlcheck.explorer.update import press, resized, settled
from amlcheck.explorer.view import on_screen, rows
from amlcheck.model import Report, SubjectReport
from amlcheck.records import dataclass, replace


@dataclass(frozen=True)
class Actions:
    """What the explorer can do beside showing. All of it raises AmlcheckError."""

    can: Abilities
    apply: Callable[[SubjectReport, Item], str] | None = None
    """Writes the repair of an item and tells what was written."""
    apply_all: Callable[[list[str]], str] | None = None
    """Writes all safe repairs of subjects."""
    recheck: Callable[[], Report] | None = None
    """Checks everything again."""
    refresh: Callable[[Report], Report] | None = None
    """Of a result that was read: reads the files it is about again."""
    repairs: Callable[[SubjectReport], SubjectReport] | None = None
    """Looks for what would repair a subject; where it is None, the report has that already."""


def explore(report: Report, terminal: Terminal, actions: Actions) -> Report:
    """Shows a report until the user leaves it. Gives the report as it was then: what was fixed was checked again."""
    with terminal:
        state = settled(opened(report, terminal.size(), actions.can))
        while True:
            terminal.draw(rows(state), state.size.columns)
            number = _to_look_at(state, actions)
            for key in terminal.read(wait=number is None):
                if key == GONE:
                    return state.report
                if key in (RESIZED, RESUMED):
                    terminal.forget()
                    state = resized(state, terminal.size())
                    continue
                if key == "a":
                    state = _looked_at(state, state.current(), actions)
                state, effect = press(state, key)
                if effect is None:
                    continue
                if isinstance(effect, Recheck | Apply | ApplyAll):
                    terminal.draw(rows(state), state.size.columns)  # it says that it is being done
                    state = settled(_done(state, effect, actions))
                elif isinstance(effect, Redraw):
                    terminal.forget()
                else:
                    return state.report
                break  # what was typed on was typed on another screen
            else:
                if number is not None and number not in state.looked:
                    state = _looked_at(state, number, actions)


def _to_look_at(state: State, actions: Actions) -> int | None:
    """The next subject to look for repairs of while no key is pressed: of those on the screen, the cursor's first."""
    if actions.repairs is None:
        return None
    return next((number for number in on_screen(state) if number not in state.looked), None)


def _looked_at(state: State, number: int | None, actions: Actions) -> State:
    if number is None or number in state.looked or actions.repairs is None:
        return state
    return with_subject(state, number, actions.repairs(state.report.subjects[number]))


def _done(state: State, effect: Effect, actions: Actions) -> State:
    """The state after a repair was written, or everything was checked again."""
    told = "checked again"
    try:
        if isinstance(effect, Apply):
            item = state.find(effect.key)
            if item is None or actions.apply is None:
                return replace(state, message=state.can.why_not)
            told = actions.apply(state.report.subjects[item.subject], item)
            if actions.recheck is None:
                return _without(state, item, told, actions)
        elif isinstance(effect, ApplyAll) and actions.apply_all is not None:
            told = actions.apply_all([state.report.subjects[number].subject for number in effect.subjects])
        if actions.recheck is None:
            return replace(state, message=state.can.why_not)
        return checked_again(state, actions.recheck(), told)
    except AmlcheckError as error:
        return replace(state, message=str(error))


def _without(state: State, item: Item, told: str, actions: Actions) -> State:
    """A result that was read cannot be checked again: what was applied has no repair any more."""
    subject = state.report.subjects[item.subject]
    judgements = tuple(replace(one, repair=None) if one.repair == item.repair else one for one in subject.judgements)
    findings = tuple(replace(one, repair=None) if one.repair == item.repair else one for one in subject.findings)
    changed = replace(subject, judgements=judgements, findings=findings)
    subjects = tuple(changed if one is subject else one for one in state.report.subjects)
    report = replace(state.report, subjects=subjects)
    return checked_again(state, actions.refresh(report) if actions.refresh is not None else report, told)
