"""The matrix: subjects by requirements, in as many columns as there is room for."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from amlcheck.explorer.items import DEPLOYMENT, FINDING, Item, line
from amlcheck.explorer.state import FINDINGS, NAME, SCORE, Matrix, State
from amlcheck.explorer.wrapping import ends
from amlcheck.model import Severity, Verdict

MARKS = {
    Verdict.MET.value: ("ok", "green"),
    Verdict.VIOLATED.value: ("FAIL", "bold red"),
    Verdict.UNDECIDED.value: ("?", "yellow"),
    Verdict.NOT_APPLICABLE.value: ("-", "dim"),
}
SEVERITIES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def matrix(state: State, screen: Matrix, height: int) -> list[Text]:
    subjects = state.subjects()
    if not subjects:
        return [Text("  nothing that the filter shows (c shows everything)", "dim")]
    columns = state.columns()
    seen = range(screen.top, min(screen.top + height, len(subjects)))
    width = _name_width(state, [subjects[row] for row in seen], columns)
    shown = _fitting(columns, screen.column, state.size.columns - width)
    cut = len(shown) < len(columns) - 1
    heading = Text("  requirements of" if width > 20 else "", "dim")
    heading.truncate(width, pad=True)
    for name in shown:
        heading.append(f" {_heading(name):^{_width(name)}}", "bold underline" if name == screen.column else "dim")
    if cut:
        heading.append(" …", "dim")
    return [heading, *(_row(state, screen, subjects[row], row == screen.row, width, shown) for row in seen)]


def table(state: State) -> list[Text]:
    """The matrix without a cursor, for a printer: all its rows."""
    columns = state.columns()
    subjects = state.subjects()
    width = _name_width(state, subjects, columns)
    shown = _fitting(columns, NAME, state.size.columns - width)
    heading = Text(" " * width)
    for name in shown:
        heading.append(f" {_heading(name):^{_width(name)}}", "bold")
    rest = columns[len(shown) + 1 :]
    made = [heading, *(_row(state, Matrix(row=-1), number, False, width, shown) for number in subjects)]
    if rest:
        made.append(Text(f"  (no room for {', '.join(rest)})", "dim"))
    return made


def _name_width(state: State, subjects: Sequence[int], columns: list[str]) -> int:
    """Names get what the columns leave, but never less than a third."""
    longest = max(cell_len(line(state.report.subjects[number].subject)) for number in subjects) + 4
    left = state.size.columns - sum(_width(name) + 1 for name in columns[1:])
    return min(longest, max(left, state.size.columns // 3))


def _width(name: str) -> int:
    """Of a column: its name, and room for the longest mark within the marks of the cursor."""
    return max(len(_heading(name)), 10 if name == FINDINGS else 6)


def _heading(name: str) -> str:
    """Of a column: a component's last word tells enough."""
    return name.rpartition("-")[2]


def _fitting(columns: list[str], chosen: str, room: int) -> list[str]:
    """The columns around the cursor that there is room for."""
    names = columns[1:]
    start = 0
    while True:
        shown, used = [], 2 if start or sum(_width(name) + 1 for name in names) > room else 0
        for name in names[start:]:
            used += _width(name) + 1
            if used > room:
                break
            shown.append(name)
        if chosen not in names or chosen in shown or start >= names.index(chosen):
            return shown or names[start : start + 1]
        start += 1


def _row(state: State, screen: Matrix, number: int, current: bool, width: int, shown: list[str]) -> Text:
    subject = state.report.subjects[number]
    on_name = current and screen.column == NAME
    name = Text("> " if current else "  ", "bold")
    name.append(ends(line(subject.subject), width - 3), "bold reverse" if on_name else "bold" if current else "")
    name.truncate(width, pad=True)
    if subject.error:
        return name.append(" cannot be read", "bold red")
    for column in shown:
        marks = _cell(state, number, column)
        room = _width(column)
        here = current and column == screen.column
        text = f"[{marks.plain}]" if here else f" {marks.plain} "
        left = (room - cell_len(text)) // 2
        name.append(" " * (left + 1))
        if here:
            name.append("[", "bold").append_text(marks).append("]", "bold")
        else:
            name.append(" ").append_text(marks).append(" ")
        name.append(" " * (room - left - cell_len(text)))
    return name


def _cell(state: State, subject: int, column: str) -> Text:
    if column == FINDINGS:
        return _counted(state, subject)
    if column == SCORE:
        deployment = state.report.subjects[subject].deployment
        if deployment is None:
            return Text("-", "dim")
        return Text("FAIL", "bold red") if deployment.failure is not None else Text("ok", "green")
    item = state.items.cells.get((subject, column))
    if item is None or not state.filter.shows(item, state.name(item)):
        return Text("·" if item is not None else " ", "dim")
    return mark(item)


def mark(item: Item) -> Text:
    """A verdict in a few characters; within parentheses where it does not count."""
    if item.kind == DEPLOYMENT:
        return Text("FAIL", "bold red") if item.rule else Text("ok", "green")
    text, style = MARKS[item.kind] if item.kind in MARKS else (item.severity.label, SEVERITIES[item.severity])
    return Text(f"({text})", "dim") if item.waiver is not None else Text(text, style)


def _counted(state: State, subject: int) -> Text:
    """As in "2E 1W 3I": errors, warnings, infos."""
    made = Text()
    for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO):
        count = sum(
            item.kind == FINDING and item.severity is severity and item.waiver is None
            for item in state.visible.of.get(subject, ())
        )
        if count:
            made.append(" " if made.plain else "").append(f"{count}{severity.name[0]}", SEVERITIES[severity])
    return made if made.plain else Text("-", "dim")
