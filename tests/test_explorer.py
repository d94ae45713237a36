"""The explorer's pure part: keys, states, and the rows of a screen."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from amlcheck.deployment.model import Answer, Deployment, Exchange, Failure, Outcome, Request, Stage, StageTime
from amlcheck.errors import AmlcheckError
from amlcheck.explorer import help_text, repairs
from amlcheck.explorer.items import Filter
from amlcheck.explorer.keys import Keys
from amlcheck.explorer.state import (
    Abilities,
    Apply,
    Confirm,
    Detail,
    Listing,
    Matrix,
    Quit,
    Recheck,
    Size,
    State,
    opened,
)
from amlcheck.explorer.update import press, resized, settled
from amlcheck.explorer.view import rows
from amlcheck.model import (
    Edit,
    Evidence,
    Fact,
    Finding,
    Judgement,
    Location,
    Origin,
    Repair,
    Report,
    Severity,
    SubjectReport,
    Unknown,
    Verdict,
    Waiver,
    Witness,
    in_file,
    version,
)
from amlcheck.records import replace

TEXT = "FROM ubuntu:14.04\nARG PY=3.5\nRUN apt-get install -y python${PY} && \\\n    echo done\n"
HOSTILE = "a\x1b[31mred\x1b]0;title\x07\u202eevil\x9b2J\r\nnext\tline\x00 \u2028 \ufeff 名前 é"
BASE = Location("Dockerfile", 1, 6, 1, 18)
SAFE = Repair("move to 22.04", (Edit(Location("Dockerfile", 1, 13, 1, 18), "22.04"),), safe=True)
UNSAFE = Repair("take Python 3.8", (Edit(Location("Dockerfile", 2, 8, 2, 11), "3.8"),), safe=False)


def judgement(component: str, verdict: Verdict, **more: object) -> Judgement:
    evidence = (Evidence("ubuntu:14.04", BASE, "base image"),)
    made = Judgement(
        component,
        verdict,
        ">=3.6",
        "3.5",
        f"the reason of {component}",
        (Witness(Origin.STATIC, Fact(component, version("3.5"), evidence)),),
        rule={"python": "AML103", "ubuntu": "AML101"}.get(component, "AML102"),
        fix=f"the fix of {component}",
    )
    return replace(made, **more)  # type: ignore[arg-type]


def report() -> Report:
    live = Witness(Origin.LIVE, Fact("python", version("3.8.1"), (in_file("/opt/python", "3.8.1"),)))
    first = SubjectReport(
        "Dockerfile",
        "dockerfile",
        (
            judgement("ubuntu", Verdict.VIOLATED, repair=SAFE),
            judgement("conda", Verdict.MET),
            judgement("python", Verdict.VIOLATED, repair=UNSAFE),
            judgement("cuda", Verdict.NOT_APPLICABLE, severity=Severity.INFO),
        ),
        (
            Finding("AML205", Severity.WARNING, "old base", BASE, "move on", repair=SAFE),
            Finding("AML306", Severity.INFO, "hm", None, waiver=Waiver("ignore", "because", "2027-01-01")),
        ),
        sources={"Dockerfile": TEXT},
    )
    both = judgement("python", Verdict.UNDECIDED)
    second = SubjectReport(
        "image:1",
        "image",
        (replace(both, witnesses=(*both.witnesses, live)), judgement("conda", Verdict.VIOLATED)),
        about={"digest": "sha256:00"},
        notes=("nothing could be run",),
    )
    stages = (StageTime(Stage.CREATED, 0.1, 0.1), StageTime(Stage.STARTED, 0.5, 0.4), StageTime(Stage.LIVE, 2.0, 1.5))
    exchange = Exchange(Request(name="sample", path="/score"), Outcome.ANSWERED, Answer(200, {}, b"[1]", 0.01), 0.01)
    failure = Failure("init-raised", Stage.READY, "init() raised", "mend init()", at=3.0, log=("Traceback", "boom"))
    third = SubjectReport(
        "served:1",
        "deployment",
        (),
        (Finding("AML501", Severity.ERROR, "init() raised"),),
        deployment=Deployment("served:1", "packaged", "it has a script", stages, (exchange,), failure),
    )
    broken = SubjectReport("gone/Dockerfile", "dockerfile", error="gone/Dockerfile: cannot be read")
    return Report("azureml-2021-04", (first, second, third, broken))


def hostile() -> Report:
    place = Location(HOSTILE, 1, 1, 3, 99)
    evidence = (Evidence(HOSTILE, place, HOSTILE), in_file(HOSTILE, HOSTILE, HOSTILE))
    said = (
        Witness(Origin.STATIC, Unknown("python", HOSTILE, evidence)),
        Witness(Origin.LIVE, Fact("python", version("3.9"), evidence, HOSTILE)),
    )
    one = Judgement(
        "python",
        Verdict.VIOLATED,
        HOSTILE,
        HOSTILE,
        HOSTILE,
        said,
        source=HOSTILE,
        fix=HOSTILE,
        rule="AML103",
        repair=Repair(HOSTILE, (Edit(Location(HOSTILE, 1, 1, 1, 2), HOSTILE),), False),
        waiver=Waiver("ignore", HOSTILE, HOSTILE, place),
    )
    failure = Failure(HOSTILE, Stage.LIVE, HOSTILE, HOSTILE, HOSTILE, 1.0, evidence, (HOSTILE,) * 3)
    exchange = Exchange(
        Request(name=HOSTILE, method=HOSTILE, path=HOSTILE),
        Outcome.ANSWERED,
        Answer(500, {}, HOSTILE.encode("utf-8", "replace"), 0.1),
        0.1,
        HOSTILE,
        HOSTILE,
        (HOSTILE,),
    )
    deployment = Deployment(
        HOSTILE, HOSTILE, HOSTILE, (StageTime(Stage.LIVE, 1, 1, HOSTILE),), (exchange,), failure, server=HOSTILE
    )
    subject = SubjectReport(
        HOSTILE,
        HOSTILE,
        (one,),
        (Finding(HOSTILE, Severity.ERROR, HOSTILE, place, HOSTILE, evidence),),
        sources={HOSTILE: HOSTILE * 50},
        about={HOSTILE: HOSTILE},
        notes=(HOSTILE,),
        deployment=deployment,
    )
    return Report(HOSTILE, (subject, SubjectReport(HOSTILE, "dockerfile", error=HOSTILE)), flavour=HOSTILE)


FULL = Abilities(apply=True, recheck=True)


def at(columns: int = 80, lines: int = 24, of: Report | None = None, can: Abilities = FULL) -> State:
    return settled(opened(of or report(), Size(columns, lines), can))


def screen(state: State) -> str:
    return "\n".join(row.plain.rstrip() for row in rows(state))


def after(state: State, *keys: str) -> State:
    for key in keys:
        state, _ = press(state, key)
    return state


# --- keys ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        (b"\x1b[A\x1b[B\x1bOC\x1bOD", ["up", "down", "right", "left"]),
        (b"\x1b[1;5A", ["up"]),
        (b"\x1b[5~\x1b[6~\x1b[H\x1b[F\x1b[1~\x1b[4~", ["pageup", "pagedown", "home", "end", "home", "end"]),
        (b"\r\n\t\x7f\x0c", ["enter", "enter", "tab", "backspace", "ctrl-l"]),
        ("é名".encode(), ["é", "名"]),
        (b"\x1bq", ["esc", "q"]),
        (b"\x1b[200~x\x1b[201~", ["x"]),
        (b"\x1b[99;99;99zq", ["q"]),
        (b"\xff", ["\ufffd"]),
        (b"\x1b\x1b[A", ["up"]),
    ],
)
def test_keys(content: bytes, keys: list[str]) -> None:
    assert Keys().feed(content) == keys
    one_by_one = Keys()
    assert [key for byte in content for key in one_by_one.feed(bytes([byte]))] == keys


def test_an_escape_alone_is_a_key_when_nothing_follows() -> None:
    keys = Keys()
    assert keys.feed(b"\x1b") == []
    assert keys.waiting
    assert keys.flush() == ["esc"]
    assert keys.feed(b"[A") == ["[", "A"]


@given(st.binary(max_size=200))
def test_no_bytes_break_the_keyboard(content: bytes) -> None:
    keys = Keys()
    for key in [*keys.feed(content), *keys.flush()]:
        assert len(key) == 1 or key.isascii()
        assert "\x1b" not in key


# --- the screen ------------------------------------------------------------------------------------------------------

_WORDS = [*"hjklqQgGnNpavrsfcRwtxe/?$0 yé", "up", "down", "left", "right", "pageup", "pagedown", "enter", "esc", "tab"]
_WORDS += ["home", "end", "backspace", "ctrl-u", "ctrl-d", "ctrl-l", "backtab", "ctrl-x", "delete"]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)
@given(
    st.sampled_from(["usual", "hostile"]),
    st.integers(1, 200),
    st.integers(1, 60),
    st.lists(st.sampled_from(_WORDS), max_size=40),
)
def test_every_screen_fits_and_says_nothing_to_the_terminal(of: str, columns: int, lines: int, keys: list[str]) -> None:
    state = at(columns, lines, hostile() if of == "hostile" else report())
    for key in ["", *keys]:
        state = press(state, key)[0] if key else state
    made = rows(state)
    assert len(made) == lines
    for row in made:
        assert cell_len(row.plain) <= columns
        assert re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", row.plain) is None
    shrunk = resized(state, Size(max(1, columns // 2), max(1, lines // 3)))
    assert len(rows(shrunk)) == shrunk.size.rows


def test_matrix() -> None:
    seen = screen(at())
    assert seen.splitlines()[0].startswith("amlcheck · azureml-2021-04 · 4 subjects")
    assert "3 violated, 1 undecided" in seen
    heading, first, second, third, fourth = seen.splitlines()[1:6]
    assert heading.split() == ["ubuntu", "conda", "python", "findings", "score"]
    assert first.split() == [">", "Dockerfile", "[FAIL]", "ok", "FAIL", "1W", "-"]
    assert second.split() == ["image:1", "FAIL", "?", "-", "-"]
    assert third.split() == ["served:1", "1E", "FAIL"]
    assert fourth.split() == ["gone/Dockerfile", "cannot", "be", "read"]
    assert "violated[AML101] ubuntu: the reason of ubuntu" in seen
    assert "? help" in seen.splitlines()[-1]
    assert "q quit" in seen.splitlines()[-1]


def test_cursor_is_marked_without_colour() -> None:
    state = after(at(), "j", "l")
    assert [line for line in screen(state).splitlines() if line.startswith("> ")] == [
        line for line in screen(state).splitlines() if "[" in line and "image:1" in line
    ]
    assert "[FAIL]" in screen(state)


def test_what_is_not_asked_is_shown_on_request() -> None:
    assert "cuda" not in screen(at())
    panel = after(at(), "f", *["down"] * 7, " ")
    assert "> show     [x] what is not asked" in screen(panel)
    assert "cuda" in screen(after(panel, "enter")).splitlines()[1]


def test_the_columns_around_the_cursor_are_seen_in_a_narrow_terminal() -> None:
    state = at(40, 12)
    assert "ubuntu" in screen(state)
    for name in ("conda", "python", "findings", "score"):
        state = after(state, "right")
        assert name in screen(state).splitlines()[1]
    assert "ubuntu" not in screen(state).splitlines()[1]


@pytest.mark.parametrize(
    ("keys", "shown", "hidden"),
    [
        (["/", *"image"], "image:1", "> Dockerfile"),
        (["s"], "1W", "zzz"),
        (["r"], "ubuntu", "conda"),
        (["v"], "FAIL", " ok "),
        (["v", "v"], "?", "FAIL "),
        (["/", *"zzz"], "nothing that the filter shows", "FAIL"),
    ],
)
def test_filters(keys: list[str], shown: str, hidden: str) -> None:
    seen = "\n".join(screen(after(at(), *keys)).splitlines()[1:16])
    assert shown in seen
    assert hidden not in seen
    if keys[0] == "/":
        keys = [*keys, "enter"]
    assert after(at(), *keys, "c").filter == Filter()


def test_severity_hides_findings_below_it() -> None:
    assert "1W" in screen(after(at(), "s"))
    assert "1W" not in screen(after(at(), "s", "s"))
    assert "1W" in screen(after(at(), "s", "s", "s"))


def test_search_is_taken_back_by_escape() -> None:
    state = after(at(), "/", *"zz", "esc")
    assert state.filter == Filter()
    assert state.prompt is None


def test_list_has_what_is_wrong_first_and_what_is_waived_apart() -> None:
    seen = screen(after(at(), "tab")).splitlines()
    assert seen[0].startswith("all of them")
    assert seen[1].startswith("> FAIL      AML101 fix ")
    assert "fix!" in seen[2]
    order = [line.split()[0] for line in seen[2:11] if line]
    assert order == ["FAIL", "FAIL", "FAIL", "error", "?", "warning", "(info)", "ok"]
    assert isinstance(after(at(), "tab", "tab").screen, Matrix)


def test_list_of_a_subject() -> None:
    state = after(at(), "0", "enter")
    assert state.screen == Listing(0)
    assert "image:1" not in screen(state)
    findings = after(at(), "$", "left", "enter")
    assert findings.screen == Listing(0, findings_only=True)
    assert "old base" in screen(findings)
    assert "python" not in screen(findings)


def test_page_of_a_violation() -> None:
    seen = screen(after(at(100, 60), "enter"))
    for text in (
        "violated[AML101] ubuntu: the reason of ubuntu",
        "found     3.5",
        "expected  >=3.6",
        "Dockerfile:1:6",
        "1 | FROM ubuntu:14.04",
        "|      ^^^^^^^^^^^^ base image",
        "Witnesses",
        "the fix of ubuntu",
        "move to 22.04 (a applies it)",
        "-FROM ubuntu:14.04",
        "+FROM ubuntu:22.04",
        "Explanation (amlcheck explain AML101)",
        "WHAT IT ASKS",
    ):
        assert text in seen


def test_static_against_live() -> None:
    seen = screen(after(at(100, 60), "j", "right", "right", "enter"))
    lines = [line.split() for line in seen.splitlines()]
    assert ["Dockerfile", "3.5"] in lines
    assert ["image", "3.8.1"] in lines
    assert "they disagree: python: the Dockerfile says 3.5, the image has 3.8.1" in seen


def test_page_of_a_deployment() -> None:
    seen = screen(after(at(100, 60), "j", "j", "$", "enter"))
    assert re.search(r"ok +created +0\.10 s +\+ +0\.10 s +#", seen)
    assert re.search(r"FAIL +ready +3\.00 s +\+ +1\.00 s +#", seen)
    for text in ("init() raised", "mend init()", "POST /score sample: 200 [1]", "| Traceback", "| boom"):
        assert text in seen


def test_waiver_is_told() -> None:
    state = after(at(100, 40), "tab", *["down"] * 7, "enter")
    assert "waived info[AML306] hm" in screen(state)
    assert "ignore: because, until 2027-01-01" in screen(state)


def test_next_and_previous_item() -> None:
    state = after(at(), "tab", "enter")
    keys = []
    for _ in range(4):
        assert isinstance(state.screen, Detail)
        keys.append(state.screen.key)
        state = after(state, "n")
    assert len(set(keys)) == 4
    assert isinstance(after(state, "p").screen, Detail)
    assert after(state, "p", "p", "p", "p").screen == Detail(keys[0], Listing())
    assert "this is the first one" in screen(after(state, *"ppppp"))


def test_parts_of_a_page() -> None:
    state = after(at(80, 20), "enter")
    assert "Explanation" in screen(after(state, "e")).splitlines()[1]
    assert "Fix" in screen(after(state, "x")).splitlines()[1]
    assert "there is no part" in screen(after(at(), "j", "j", "$", "enter", "x"))


def test_find_in_a_page() -> None:
    state = after(at(80, 14), "enter", "/", *"azure", "enter")
    found = state.screen
    assert isinstance(found, Detail)
    assert "azure" in rows(state)[1].plain.lower()
    again = after(state, "n").screen
    assert isinstance(again, Detail)
    assert again.top > found.top
    left = after(state, "esc").screen
    assert isinstance(left, Detail)
    assert left.find == ""


# --- what is done ----------------------------------------------------------------------------------------------------


def test_safe_repair_is_applied_by_a_key() -> None:
    _, effect = press(at(), "a")
    assert effect == Apply("Dockerfile\0ubuntu")


def test_unsafe_repair_asks() -> None:
    state, effect = press(after(at(), "right", "right"), "a")
    assert effect is None
    assert isinstance(state.prompt, Confirm)
    assert "unsafe fix, the image may change: take Python 3.8 in Dockerfile? [y/N]" in screen(state)
    declined, nothing = press(state, "enter")
    assert nothing is None
    assert "nothing was changed" in screen(declined)
    assert press(state, "y")[1] == Apply("Dockerfile\0python")


def test_repair_of_a_result_that_may_be_anybody_s_asks() -> None:
    state, effect = press(at(can=Abilities(apply=True, ask_always=True)), "a")
    assert effect is None
    assert "move to 22.04 in Dockerfile? [y/N]" in screen(state)


def test_what_cannot_be_done_is_told() -> None:
    assert "there is no fix" in screen(after(at(), "right", "a"))
    assert "nothing can be changed from here" in screen(after(at(can=Abilities()), "a"))
    assert "only what was read from files" in screen(after(at(can=Abilities()), "R"))


def test_leaving() -> None:
    assert press(at(), "q")[1] == Quit()
    inside = after(at(), "enter", "?")
    assert press(inside, "q")[1] is None
    assert press(inside, "Q")[1] == Quit()
    assert after(inside, "q", "esc").screens == at().screens
    assert press(at(), "R")[1] == Recheck()


def test_help_names_the_keys_that_there_are() -> None:
    """Every key of the help does something somewhere, and every letter that does something is in the help."""
    states = [at(), after(at(), "tab"), after(at(), "enter"), after(at(), "tab", "j"), after(at(80, 10), "enter", "j")]
    states += [after(at(80, 12), "j", "l"), after(at(), "f", "j"), after(at(80, 12), "enter", "/", *"azure", "enter")]
    states += [after(at(), "s")]

    def works(key: str) -> bool:
        return any(press(state, key) != (replace(state, message=""), None) for state in states)

    named = help_text.keys() - {"arrows", "ok", "FAIL", "-", "2E", "1W", "3I", "fix", "fix!", "Ctrl-Z", "Ctrl-C"}
    words = {"PageUp": "pageup", "PageDown": "pagedown", "Home": "home", "End": "end", "Enter": "enter", "Esc": "esc"}
    words |= {"Tab": "tab", "Ctrl-U": "ctrl-u", "Ctrl-D": "ctrl-d", "Ctrl-L": "ctrl-l"}
    keys = {words.get(name, name) for name in named}
    assert [key for key in sorted(keys) if not works(key)] == []
    letters = {chr(code) for code in range(33, 127)}
    assert {key for key in letters if works(key)} - keys - {"^"} == set()


def test_difference_of_a_repair() -> None:
    made = repairs.difference(SAFE, {"Dockerfile": TEXT})
    assert made[:2] == ["--- Dockerfile", "+++ Dockerfile"]
    assert made[3:5] == ["-FROM ubuntu:14.04", "+FROM ubuntu:22.04"]


@pytest.mark.parametrize("place", [(99, 1, 99, 1), (1, 99, 1, 99), (1, 5, 1, 1)])
def test_repair_that_does_not_fit_the_file_is_refused(place: tuple[int, int, int, int]) -> None:
    repair = Repair("mend it", (Edit(Location("f", *place), "x"),), True)
    with pytest.raises(AmlcheckError):
        repairs.difference(repair, {"f": "FROM a\n"})
    with pytest.raises(AmlcheckError):
        repairs.difference(repair, {})


@pytest.mark.parametrize("width", [None, 80, 30])
def test_what_is_printed_says_nothing_to_the_terminal(width: int | None) -> None:
    """A result may be anybody's, in every field."""
    from amlcheck.explorer.printed import printed

    text = printed(hostile(), width, False)
    assert "red" in text
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text) is None
    coloured = re.sub(r"\x1b\[[\d;]*m", "", printed(hostile(), width, True))
    assert "31mred" in coloured
