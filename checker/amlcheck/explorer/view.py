"""The rows of a screen, from a state: exactly as many as the screen has, none wider. Nothing here has an effect.

From top to bottom: a title, the body (a matrix, a list, a page), on larger screens a preview of what the cursor is on,
a message or what is being asked, and the keys.
"""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text

from amlcheck.explorer import detail, help_text
from amlcheck.explorer.items import DEPLOYMENT, FINDING, Item, line, tickable
from amlcheck.explorer.matrix import mark, matrix
from amlcheck.explorer.state import (
    FINDINGS,
    SCORE,
    Confirm,
    Detail,
    Help,
    Listing,
    Matrix,
    Panel,
    Search,
    State,
)
from amlcheck.explorer.wrapping import ends, wrapped
from amlcheck.model import Verdict

MAX_PREVIEW = 3


def rows(state: State) -> list[Text]:
    """The whole screen."""
    columns, count = state.size.columns, state.size.rows
    made = [_title(state), *_body(state)]
    bottom = _bottom(state)
    made = made[: count - len(bottom)]
    made += [Text()] * (count - len(bottom) - len(made))
    made += bottom
    for row in made:
        row.truncate(columns, overflow="ellipsis")
        row.no_wrap = True
    return made[:count]


def body_height(state: State) -> int:
    """The rows that move under the cursor."""
    heading = 1 if isinstance(state.screen, Matrix) else 0
    return max(1, state.size.rows - 1 - heading - len(_bottom(state)))


def length(state: State) -> int:
    """How many rows there are to move through."""
    screen = state.screen
    if isinstance(screen, Matrix):
        return len(state.subjects())
    if isinstance(screen, Listing):
        return len(state.shown(screen))
    if isinstance(screen, Detail):
        return len(detail_lines(state))
    return len(help_text.HELP) if isinstance(screen, Help) else len(_panel_rows(state))


def on_screen(state: State) -> list[int]:
    """The subjects that are seen, that of the cursor first."""
    screen, height, current = state.screen, body_height(state), state.current()
    seen: list[int] = [] if current is None else [current]
    if isinstance(screen, Matrix):
        seen += state.subjects()[screen.top : screen.top + height]
    elif isinstance(screen, Listing):
        seen += [item.subject for item in state.shown(screen)[screen.top : screen.top + height]]
    return list(dict.fromkeys(seen))


def detail_lines(state: State) -> list[Text]:
    """The page of the item that was stepped into; empty for other screens."""
    screen = state.screen
    item = state.find(screen.key) if isinstance(screen, Detail) else None
    if item is None:
        return []
    return detail.page(item, state.report.subjects[item.subject], state.size.columns)


# --- above and below -------------------------------------------------------------------------------------------------


def _title(state: State) -> Text:
    screen = state.screen
    here = "amlcheck"
    if isinstance(screen, Listing):
        here = "all of them" if screen.subject is None else line(state.report.subjects[screen.subject].subject)
        here += " · findings" if screen.findings_only else ""
    elif isinstance(screen, Detail):
        item = state.find(screen.key)
        here = line(state.name(item)) if item is not None else ""
    elif isinstance(screen, Help):
        here = "keys"
    elif isinstance(screen, Panel):
        here = "what is shown"
    else:
        here += f" · {line(state.report.profile)}"
        here += f" with {line(state.report.flavour)}" if state.report.flavour else ""
        here += f" · {_of(len(state.subjects()), len(state.report.subjects), 'subject')}"
    right = _where(state)
    room = state.size.columns - cell_len(right) - 2
    title = Text(ends(here, room) if isinstance(screen, Listing | Detail) else here, style="bold")
    title.truncate(max(room, 1), overflow="ellipsis", pad=True)
    title.append(f"  {right}")
    title.stylize("reverse")
    return title


def _where(state: State) -> str:
    """How much there is, and where in it one is."""
    screen = state.screen
    if isinstance(screen, Matrix):
        counted = [f"{count} {kind}" for kind, count in state.items.wrong.items() if count]
        return ", ".join(counted) or "all met"
    count, height = length(state), body_height(state)
    if isinstance(screen, Listing):
        return f"{min(screen.row + 1, count)}/{count}"
    if isinstance(screen, Panel) or count <= height:
        return ""
    return f"{round(100 * min(screen.top + height, count) / count)} %"


def _of(shown: int, count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}" if shown == count else f"{shown} of {count} {what}s"


def _bottom(state: State) -> list[Text]:
    made: list[Text] = []
    if state.size.rows >= 16 and isinstance(state.screen, Matrix):
        made += _preview(state)
    asked = _asked(state)
    if state.size.rows >= 8:
        return [*made, asked, _keys(state)]
    return [asked if asked.plain else _keys(state)]


def _asked(state: State) -> Text:
    """The line above the keys: a question, what is typed, a message, or the filter."""
    prompt = state.prompt
    if isinstance(prompt, Confirm):
        question = line(prompt.question)
        room = state.size.columns - 8
        return Text(question if cell_len(question) <= room else question[: room - 1] + "…", "bold yellow").append(
            " [y/N]"
        )
    if isinstance(prompt, Search):
        return Text(f"/{ends(line(prompt.text), state.size.columns - 3)}", "bold").append("_", "reverse")
    if state.message:
        return Text(line(state.message), "bold")
    told = state.filter.told
    return Text(f"shown: {line(told)}" if told else "", "dim")


def _keys(state: State) -> Text:
    """As many keys as there is room for; how to get help and how to leave always."""
    screen = state.screen
    if isinstance(state.prompt, Search):
        keys = [("Enter", "done"), ("Esc", "as before")]
    elif isinstance(state.prompt, Confirm):
        keys = [("y", "do it"), ("any other key", "do not")]
    elif isinstance(screen, Matrix):
        keys = [("↑↓←→", "move"), ("Enter", "open"), ("n", "next wrong"), ("Tab", "list"), ("/", "search")]
        keys += [("f", "filter"), ("a", "fix")]
    elif isinstance(screen, Listing):
        keys = [("↑↓", "move"), ("Enter", "open"), ("a", "fix"), ("/", "search"), ("f", "filter"), ("s", "severity")]
    elif isinstance(screen, Detail):
        keys = [("↑↓", "scroll"), ("n", "next"), ("p", "previous"), ("a", "fix"), ("e", "explain"), ("/", "find")]
        if screen.find:
            keys = [("n", "next match"), ("N", "match before"), ("Esc", "no more matches")]
    elif isinstance(screen, Panel):
        keys = [("↑↓", "move"), ("Space", "change"), ("c", "show all"), ("Enter", "done")]
    else:
        keys = [("↑↓", "scroll")]
    always = [] if state.prompt is not None else [("?", "help")] if not isinstance(screen, Help) else []
    always += [("q", "quit" if len(state.screens) == 1 else "back")] if state.prompt is None else []
    room = state.size.columns
    for name, what in always:
        room -= len(f"  {name} {what}")
    made = Text()
    for name, what in (*keys, *always):
        needed = len(f"{name} {what}") + (2 if made.plain else 0)
        if (name, what) not in always and cell_len(made.plain) + needed > room:
            continue
        if made.plain:
            made.append("  ")
        made.append(name, "bold").append(f" {what}")
    return made


def _preview(state: State) -> list[Text]:
    """What the cursor is on, in a few lines."""
    assert isinstance(state.screen, Matrix)
    subjects = state.subjects()
    made = [Text("─" * state.size.columns, "dim")]
    if subjects:
        subject = subjects[min(state.screen.row, len(subjects) - 1)]
        made += wrapped(_told(state, subject, state.screen.column), state.size.columns)[:MAX_PREVIEW]
    return made + [Text()] * (1 + MAX_PREVIEW - len(made))


def _told(state: State, subject: int, column: str) -> Text:
    report = state.report.subjects[subject]
    if report.error:
        return Text(line(f"error: {report.error}"), "bold red")
    if column == FINDINGS:
        findings = [item for item in state.visible.of.get(subject, ()) if item.kind == FINDING]
        if not findings:
            return Text("no findings", "dim")
        return Text(f"{_of(len(findings), len(findings), 'finding')}: {'; '.join(one.message for one in findings[:8])}")
    if column == SCORE:
        item = next((one for one in state.items.all if one.subject == subject and one.kind == DEPLOYMENT), None)
        return Text(item.message if item is not None else "it was not deployed")
    item = state.items.cells.get((subject, column))
    if item is not None:
        return detail.headline(item).append("" if item.repair is None else "  (a: apply a fix)", "green")
    about = ", ".join(f"{key} {value}" for key, value in report.about.items())
    notes = "; ".join(report.notes)
    return Text(line(f"{report.kind} {report.subject}{', ' + about if about else ''}{': ' + notes if notes else ''}"))


# --- the bodies ------------------------------------------------------------------------------------------------------


def _body(state: State) -> list[Text]:
    screen, height = state.screen, body_height(state)
    if isinstance(screen, Matrix):
        return matrix(state, screen, height)
    if isinstance(screen, Listing):
        items = state.shown(screen)[screen.top : screen.top + height]
        if not items:
            return [Text("  nothing that the filter shows (c shows everything)", "dim")]
        return [_listed(state, screen, item, screen.top + number) for number, item in enumerate(items)]
    if isinstance(screen, Detail):
        found = [text.copy() for text in detail_lines(state)[screen.top : screen.top + height]]
        for text in found:
            if screen.find:
                text.highlight_words([screen.find], "reverse", case_sensitive=False)
        return found
    if isinstance(screen, Help):
        return [help_text.row(text) for text in help_text.HELP[screen.top : screen.top + height]]
    return _panel_rows(state)[screen.top : screen.top + height]


def _listed(state: State, screen: Listing, item: Item, number: int) -> Text:
    current = number == screen.row
    row = Text("> " if current else "  ", "bold")
    marks = mark(item)
    marks.truncate(9, pad=True)
    row.append_text(marks).append(f" {item.rule:<7}", "dim")
    row.append(
        "fix " if item.repair is not None and item.repair.safe else "fix!" if item.repair is not None else "    "
    )
    row.append(" ")
    if screen.subject is None and len(state.report.subjects) > 1:
        room = max(8, state.size.columns // 4)
        name = Text(ends(line(state.name(item)), room - 1), "blue")
        name.truncate(room, pad=True)
        row.append_text(name)
    row.append(item.message, "reverse" if current else "")
    return row


def _panel_rows(state: State) -> list[Text]:
    made = []
    row = state.screen.row if isinstance(state.screen, Panel) else -1
    words = {"severity": "at least", "kind": "show", "component": "only"}
    for number, (kind, name) in enumerate(tickable()):
        if kind == "severity":
            ticked = state.filter.least.label == name
        elif kind == "kind":
            ticked = name not in state.filter.hidden
        else:
            ticked = name in state.filter.components
        box = ("(*)" if ticked else "( )") if kind == "severity" else ("[x]" if ticked else "[ ]")
        text = Text("> " if number == row else "  ", "bold")
        text.append(f"{words[kind]:<9}", "dim").append(box, "bold" if ticked else "")
        made.append(text.append(f" {_PANEL.get(name, name)}", "reverse" if number == row else ""))
    return made


_PANEL = {
    "info": "info: everything",
    "warning": "warning",
    "error": "error",
    FINDING: "findings",
    Verdict.NOT_APPLICABLE.value: "what is not asked",
}
