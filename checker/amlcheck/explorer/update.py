"""One key more: from a state to the next, and what is to be done besides. Nothing here has an effect of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from amlcheck.explorer.items import FINDING, KINDS, Filter, Item, tickable
from amlcheck.explorer.state import (
    FINDINGS,
    NAME,
    SCORE,
    Apply,
    ApplyAll,
    Confirm,
    Detail,
    Effect,
    Help,
    Listing,
    Matrix,
    Panel,
    Quit,
    Recheck,
    Redraw,
    Search,
    Size,
    State,
)
from amlcheck.explorer.view import body_height, detail_lines, length
from amlcheck.model import COMPONENTS, Severity
from amlcheck.records import replace

Step = tuple[State, Effect | None]
_MOVES = {
    "up": "up",
    "k": "up",
    "down": "down",
    "j": "down",
    "left": "left",
    "h": "left",
    "right": "right",
    "l": "right",
    "pageup": "pageup",
    "ctrl-b": "pageup",
    "pagedown": "pagedown",
    "ctrl-f": "pagedown",
    " ": "pagedown",
    "ctrl-u": "halfup",
    "ctrl-d": "halfdown",
    "home": "home",
    "g": "home",
    "end": "end",
    "G": "end",
}
MAX_SEARCH = 200
"""Characters of a search."""


def press(state: State, key: str) -> Step:
    """The state after a key, and what is to be done."""
    after, effect = _pressed(state, key)
    return settled(after), effect


def _pressed(state: State, key: str) -> Step:
    if state.prompt is not None:
        return _answer(state, key)
    state = replace(state, message="")
    everywhere: dict[str, Callable[[State], Step]] = {
        "q": _back_or_quit,
        "Q": lambda state: (state, Quit()),
        "esc": _back,
        "backspace": _back,
        "?": lambda state: (state if isinstance(state.screen, Help) else state.opening(Help()), None),
        "f": lambda state: (state if isinstance(state.screen, Panel) else state.opening(Panel()), None),
        "s": _severity,
        "c": lambda state: (_filtered(state, Filter()), None),
        "/": _search,
        "R": _recheck,
        "ctrl-l": lambda state: (state, Redraw()),
        "tab": _other_view,
        "backtab": _other_view,
    }
    if key == "A" and not isinstance(state.screen, Help | Panel):
        return _all_repaired(state), None
    if key in everywhere:
        return everywhere[key](state)
    screen = state.screen
    if isinstance(screen, Matrix):
        return _in_matrix(state, screen, key)
    if isinstance(screen, Listing):
        return _in_list(state, screen, key)
    if isinstance(screen, Detail):
        return _in_detail(state, screen, key)
    if isinstance(screen, Panel):
        return _in_panel(state, screen, key)
    if key in _MOVES:
        moved = _moved(screen.top, _MOVES[key], length(state) - body_height(state) + 1, body_height(state))
        return state.showing(replace(screen, top=moved)), None
    return (_left(state), None) if key == "enter" else (state, None)


def resized(state: State, size: Size) -> State:
    """The same on a screen of another size."""
    return settled(replace(state, size=size))


def settled(state: State) -> State:
    """With every cursor on something, and on the screen."""
    screen, height = state.screen, body_height(state)
    if isinstance(screen, Detail | Help):
        return state.showing(replace(screen, top=max(0, min(screen.top, length(state) - height))))
    row = max(0, min(screen.row, length(state) - 1))
    top = max(0, min(screen.top, row, length(state) - height), row - height + 1)
    changed = replace(screen, row=row, top=max(top, 0))
    if isinstance(changed, Matrix) and changed.column not in state.columns():
        changed = replace(changed, column=NAME)
    return state.showing(changed)


# --- moving and leaving ----------------------------------------------------------------------------------------------


def _moved(place: int, move: str, count: int, page: int) -> int:
    """A cursor that is moved among so many places."""
    steps = {
        "up": -1,
        "down": 1,
        "pageup": 1 - page,
        "pagedown": page - 1,
        "halfup": -(page // 2),
        "halfdown": page // 2,
    }
    if move == "home":
        return 0
    wanted = count - 1 if move == "end" else place + steps.get(move, 0)
    return max(0, min(wanted, count - 1))


def _left(state: State) -> State:
    return replace(state, screens=state.screens[:-1]) if len(state.screens) > 1 else state


def _back(state: State) -> Step:
    """One screen back; on the first one, what is filtered is shown again."""
    if isinstance(state.screen, Detail) and state.screen.find:
        return state.showing(replace(state.screen, find="")), None
    if len(state.screens) > 1:
        return _left(state), None
    return (_filtered(state, Filter()) if state.filter != Filter() else _told(state, "q quits")), None


def _back_or_quit(state: State) -> Step:
    return (_left(state), None) if len(state.screens) > 1 else (state, Quit())


def _told(state: State, message: str) -> State:
    return replace(state, message=message)


def _other_view(state: State) -> Step:
    """From the matrix to the list of everything, and back."""
    if isinstance(state.screen, Matrix):
        return state.opening(Listing()), None
    if isinstance(state.screen, Listing):
        return _left(state), None
    return state, None


# --- what is shown ---------------------------------------------------------------------------------------------------


def _filtered(state: State, chosen: Filter) -> State:
    return replace(state, filter=chosen, message="" if chosen.told else "everything is shown")


def _severity(state: State) -> Step:
    after = {Severity.INFO: Severity.WARNING, Severity.WARNING: Severity.ERROR, Severity.ERROR: Severity.INFO}
    return _filtered(state, replace(state.filter, least=after[state.filter.least])), None


def _search(state: State) -> Step:
    if isinstance(state.screen, Detail):
        return replace(state, prompt=Search("", state.screen.find)), None
    if isinstance(state.screen, Matrix | Listing):
        return replace(state, prompt=Search(state.filter.text, state.filter.text)), None
    return state, None


def _recheck(state: State) -> Step:
    if not state.can.recheck:
        return _told(state, "only what was read from files can be checked again; this result was"), None
    return _told(state, "checking again …"), Recheck()


def _only(state: State, component: str) -> State:
    """Only this requirement, or all again."""
    chosen = frozenset() if component in state.filter.components else frozenset({component})
    return _filtered(state, replace(state.filter, components=chosen))


def _verdict(state: State) -> State:
    """All, then only what is violated or found, then only what is undecided, then only what is met."""
    usual = Filter().hidden
    shown = [usual]
    shown += [frozenset(KINDS) - kinds for kinds in ({KINDS[0], FINDING}, {KINDS[1]}, {KINDS[3]})]
    now = shown.index(state.filter.hidden) if state.filter.hidden in shown else -1
    return _filtered(state, replace(state.filter, hidden=frozenset(shown[(now + 1) % len(shown)])))


def _toggled(chosen: frozenset[str], name: str) -> frozenset[str]:
    return chosen ^ {name}


# --- the screens -----------------------------------------------------------------------------------------------------


def _in_matrix(state: State, screen: Matrix, key: str) -> Step:
    subjects, columns = state.subjects(), state.columns()
    move = _MOVES.get(key, "")
    if move in ("left", "right"):
        now = columns.index(screen.column) if screen.column in columns else 0
        wanted = max(0, min(now + (1 if move == "right" else -1), len(columns) - 1))
        return state.showing(replace(screen, column=columns[wanted])), None
    if key in ("0", "^", "$"):
        return state.showing(replace(screen, column=columns[-1 if key == "$" else 0])), None
    if move:
        row = _moved(screen.row, move, len(subjects), body_height(state))
        return state.showing(replace(screen, row=row)), None
    if key == "v":
        return _verdict(state), None
    if key == "r":
        if screen.column in COMPONENTS:
            return _only(state, screen.column), None
        return _told(state, "r: move to a requirement's column first"), None
    if key in ("enter", "a") and subjects:
        return _into(state, subjects[min(screen.row, len(subjects) - 1)], screen.column, key)
    if key in ("n", "N"):
        return _next_wrong(state, screen, subjects, columns, 1 if key == "n" else -1), None
    return state, None


def _into(state: State, subject: int, column: str, key: str) -> Step:
    """Steps into a cell, or applies its repair."""
    report = state.report.subjects[subject]
    if report.error:
        return _told(state, f"it could not be read: {report.error}"), None
    item = state.items.cells.get((subject, column))
    if column == SCORE:
        item = next((item for item in state.items.all if item.subject == subject and item.kind == "deployment"), None)
    if key == "a":
        return _repaired(state, item)
    if item is not None:
        return state.opening(Detail(item.key, Listing(subject))), None
    if column in (NAME, FINDINGS):
        listing = Listing(subject, findings_only=column == FINDINGS)
        if state.shown(listing):
            return state.opening(listing), None
        return _told(state, "nothing here that the filter shows"), None
    return _told(state, "nothing is known of it here"), None


def _next_wrong(state: State, screen: Matrix, subjects: Sequence[int], columns: list[str], step: int) -> State:
    """The next cell that is violated or undecided, from left to right and down."""
    wrong = []
    for row, subject in enumerate(subjects):
        for name in columns[1:]:
            cell = state.items.cells.get((subject, name))
            if cell is not None and cell.kind in KINDS[:2] and cell.waiver is None:
                wrong.append((row, columns.index(name)))
    now = (screen.row, columns.index(screen.column) if screen.column in columns else 0)
    ahead = [place for place in wrong if place > now] if step > 0 else [place for place in wrong if place < now][::-1]
    rest = wrong if step > 0 else wrong[::-1]
    if not rest:
        return _told(state, "nothing is violated or undecided")
    row, column = (ahead or rest)[0]
    return state.showing(replace(screen, row=row, column=columns[column]))


def _in_list(state: State, screen: Listing, key: str) -> Step:
    items = state.shown(screen)
    move = _MOVES.get(key, "")
    if move == "left":
        return _left(state), None
    if items and (key == "enter" or move == "right"):
        item = items[min(screen.row, len(items) - 1)]
        return state.opening(Detail(item.key, replace(screen, row=0, top=0))), None
    if move:
        row = _moved(screen.row, move, len(items), body_height(state))
        return state.showing(replace(screen, row=row)), None
    if key == "v":
        return _verdict(state), None
    if key == "a" and items:
        return _repaired(state, items[min(screen.row, len(items) - 1)])
    return state, None


def _in_detail(state: State, screen: Detail, key: str) -> Step:
    move = _MOVES.get(key, "")
    if screen.find and key in ("n", "N"):
        return _next_match(state, screen, 1 if key == "n" else -1), None
    if key in ("n", "p", "N") or move in ("left", "right"):
        return _neighbour(state, screen, -1 if key in ("p", "N") or move == "left" else 1), None
    if move:
        height = body_height(state)
        return state.showing(replace(screen, top=_moved(screen.top, move, length(state) - height + 1, height))), None
    item = state.find(screen.key)
    if key == "a":
        return _repaired(state, item)
    sections = {"w": "Where", "e": "Explanation", "x": "Fix", "t": "Witnesses"}
    if key in sections:
        titles = [text.plain for text in detail_lines(state)]
        place = next((number for number, text in enumerate(titles) if text.startswith(sections[key])), None)
        if place is None:
            return _told(state, f"there is no part {sections[key]!r} here"), None
        return state.showing(replace(screen, top=place)), None
    return state, None


def _neighbour(state: State, screen: Detail, step: int) -> State:
    items = state.shown(screen.within)
    places = [number for number, item in enumerate(items) if item.key == screen.key]
    wanted = places[0] + step if places else 0
    if not items or not 0 <= wanted < len(items):
        return _told(state, "this is the last one" if step > 0 else "this is the first one")
    return state.showing(replace(screen, key=items[wanted].key, top=0))


def _next_match(state: State, screen: Detail, step: int) -> State:
    """The next line with what was searched, from the top of the screen on."""
    wanted = screen.find.casefold()
    hits = [number for number, text in enumerate(detail_lines(state)) if wanted in text.plain.casefold()]
    if not hits:
        return _told(state, f"{screen.find!r} is not here")
    ahead = [hit for hit in hits if hit > screen.top] if step > 0 else [hit for hit in hits if hit < screen.top][::-1]
    moved = state.showing(replace(screen, top=(ahead or (hits if step > 0 else hits[::-1]))[0]))
    return _told(moved, f"{len(hits)} line{'s' if len(hits) != 1 else ''}")


def _repaired(state: State, item: Item | None) -> Step:
    """The repair of an item is to be applied; an unsafe one only after a question."""
    if item is None or item.repair is None:
        return _told(state, "there is no fix that could be applied by itself; read what to do"), None
    if not state.can.apply:
        return _told(state, state.can.why_not), None
    effect = Apply(item.key)
    if item.repair.safe and not state.can.ask_always:
        return _told(state, "applying …"), effect
    kind = "" if item.repair.safe else "unsafe fix, the image may change: "
    files = ", ".join(sorted({edit.location.path for edit in item.repair.edits}))
    return replace(state, prompt=Confirm(f"{kind}{item.repair.title} in {files}?", effect)), None


def _all_repaired(state: State) -> State:
    """All that can be repaired safely is to be: of the subject that is looked at, or of all that are shown."""
    if not state.can.recheck:
        return _told(state, "only what was read from files can be repaired all at once; this result was")
    current, screen = state.current(), state.screen
    of_all = isinstance(screen, Matrix) or (isinstance(screen, Listing) and screen.subject is None)
    if of_all or current is None:
        chosen = tuple(number for number in state.subjects() if not state.report.subjects[number].error)
    else:
        chosen = (current,)
    if not chosen:
        return _told(state, "nothing is shown")
    where = state.report.subjects[chosen[0]].subject if len(chosen) == 1 else f"{len(chosen)} files"
    return replace(state, prompt=Confirm(f"write all safe fixes of {where}?", ApplyAll(chosen)))


def _in_panel(state: State, screen: Panel, key: str) -> Step:
    rows = tickable()
    move = _MOVES.get(key, "") if key != " " else ""
    if move:
        row = _moved(screen.row, move, len(rows), body_height(state))
        return state.showing(replace(screen, row=row)), None
    if key == "enter":
        return _left(state), None
    if key in (" ", "x"):
        kind, name = rows[screen.row]
        now = state.filter
        if kind == "severity":
            now = replace(now, least=Severity[name.upper()])
        elif kind == "kind":
            now = replace(now, hidden=_toggled(now.hidden, name))
        else:
            now = replace(now, components=_toggled(now.components, name))
        return replace(state, filter=now), None
    return state, None


# --- what is asked ---------------------------------------------------------------------------------------------------


def _answer(state: State, key: str) -> Step:
    prompt = state.prompt
    assert prompt is not None
    if isinstance(prompt, Confirm):
        if key in ("y", "Y"):
            return replace(state, prompt=None, message="applying …"), prompt.effect
        return replace(state, prompt=None, message="nothing was changed"), None
    if key == "enter":
        done = replace(state, prompt=None)
        return (_next_match(done, done.screen, 1) if isinstance(done.screen, Detail) and prompt.text else done), None
    if key == "esc" or (key == "backspace" and not prompt.text):
        return _searching(replace(state, prompt=None), prompt.before), None
    if key in ("backspace", "ctrl-h"):
        text = prompt.text[:-1]
    elif key in ("ctrl-u", "ctrl-w"):
        text = "" if key == "ctrl-u" else prompt.text.rstrip().rpartition(" ")[0]
    else:
        text = prompt.text + key if len(key) == 1 and len(prompt.text) < MAX_SEARCH else prompt.text
    return _searching(replace(state, prompt=replace(prompt, text=text)), text), None


def _searching(state: State, text: str) -> State:
    """What is typed narrows a list at once, and is marked in a page."""
    if isinstance(state.screen, Detail):
        return state.showing(replace(state.screen, find=text))
    return replace(state, filter=replace(state.filter, text=text))
