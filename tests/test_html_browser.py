"""The HTML report in a real browser: matrix, filters, keyboard, both themes, a phone, paper, and hostile content."""

from __future__ import annotations

import contextlib
import http.server
import itertools
import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from amlcheck import cli
from amlcheck.report import formats
from chromium import CONTROL, Chromium, Page
from html_reports import HOSTILE, hostile_report, large_report, rich_report
from needed import lacking

PHONE = 375
SMALL_PHONE = 320
Open = Callable[..., Page]
REPORTS = {"rich": rich_report, "hostile": hostile_report}
CONTRAST = """
(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parts = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const back = (element) => {
    for (let up = element; up; up = up.parentElement) {
      const colour = parts(getComputedStyle(up).backgroundColor);
      if (colour[3] === 255) return colour;
      if (colour[3]) throw new Error("half transparent: " + up.outerHTML.slice(0, 80));
    }
    return parts(getComputedStyle(document.documentElement).backgroundColor);
  };
  const seen = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let count = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || ["SCRIPT", "STYLE"].includes(element.tagName) || element.closest(".sr")) continue;
    if (!element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const colour = parts(element.closest("svg") ? style.fill : style.color);
    const ground = back(element.closest("svg") ? element.closest("svg").parentElement : element);
    const pair = [light(colour), light(ground)].sort((a, b) => b - a);
    seen.set(((pair[0] + 0.05) / (pair[1] + 0.05)).toFixed(2), element.outerHTML.slice(0, 120));
    count += 1;
  }
  return { count, worst: [...seen].sort((a, b) => a[0] - b[0])[0], colours: seen.size };
})()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("html")
    for name, report in REPORTS.items():
        (made / f"{name}.html").write_text(formats.render("html", report()), encoding="utf-8")
    return made


@pytest.fixture
def opened(chromium: Chromium, folder: Path) -> Iterator[Open]:
    """Opens a report: `opened("rich", "#status=met", width=375)`. At the end nothing may have been asked for or said."""
    pages = []

    def open_page(name: str, fragment: str = "", width: int = 1280, scripts: bool = True, **features: str) -> Page:
        page = chromium.page(width)
        pages.append(page)
        page.emulate(**features)
        if not scripts:
            page.without_javascript()
        page.open((folder / f"{name}.html").as_uri() + fragment)
        return page

    yield open_page
    for page in pages:
        page.settle()
        assert page.complaints == []
        assert [address for address in page.requests if not address.startswith("data:image/svg+xml,")] == []
        page.close()


def visible_items(page: Page) -> list[str]:
    shown: list[str] = page.run(
        "[...document.querySelectorAll('.item:not([hidden])')].filter(e => !e.closest('[hidden]')).map(e => e.id)"
    )
    return shown


def matrix(page: Page) -> list[list[str]]:
    cells: list[list[str]] = page.run(
        "[...document.querySelectorAll('#matrix tr')].filter(r => !r.hidden)"
        ".map(r => [...r.cells].map(c => c.innerText.trim()))"
    )
    return cells


def focused(page: Page) -> str:
    text: str = page.run(
        "(() => { const e = document.activeElement; return e.id || e.name || e.getAttribute('href') || e.tagName })()"
    )
    return text


def overflow(page: Page) -> list[str]:
    """What is wider than the page, or than the dialog. Nothing else scrolls, and nothing is cut off."""
    wide: list[str] = page.run(
        "(() => { const w = document.documentElement.clientWidth, d = document.querySelector('#explain');"
        " if (d.scrollWidth > d.clientWidth) return ['the dialog: ' + d.scrollWidth];"
        " if (document.documentElement.scrollWidth <= w) return [];"
        " return ['the page: ' + document.documentElement.scrollWidth].concat([...document.querySelectorAll('body *')]"
        ".filter(e => e.getBoundingClientRect().right > w + 1).map(e => e.outerHTML.slice(0, 100))).slice(0, 5) })()"
    )
    return wide


def test_the_matrix(opened: Open) -> None:
    page = opened("rich")
    head, dockerfile, image, failed, environment, unreadable = matrix(page)
    assert head[:4] == ["Subject", "ubuntu", "conda", "python"]
    assert head[-1] == "Findings"
    assert dockerfile[:5] == [
        "service/Dockerfile",
        "ubuntu met\n16.04",
        "conda met\n4.7.12",
        "python violated\n3.5",
        "libfuse not asked",
    ]
    assert dockerfile[10] == "inference-server violated, waived\nabsent"
    assert dockerfile[12].endswith("findings: 1 error, 1 warning, 1 info, 1 waived")
    assert image[2] == "conda undecided\npresent"
    assert failed[1:-1] == environment[1:-1] == [""] * 11
    assert unreadable == ["old/Dockerfile", "could not be read"]
    signs = page.run(
        "['met', 'violated', 'undecided', 'not-applicable']"
        ".map(k => getComputedStyle(document.querySelector(`#matrix .${k} a`), '::before').content)"
    )
    assert len({sign.partition("/")[0] for sign in signs}) == 4, "not by colour alone"
    scopes = page.run("[...document.querySelectorAll('#matrix th')].map(e => e.scope)")
    assert scopes.count("col") == 13
    assert scopes.count("row") == 5


def test_a_verdict_leads_to_what_it_rests_on(opened: Open) -> None:
    page = opened("rich")
    page.run("document.querySelector('#s2').scrollIntoView()")
    link = page.run("document.querySelector('#matrix tbody tr:nth-child(2) td:nth-child(4) a').hash")
    page.click(f'#matrix a[href="{link}"]')
    item = page.run(
        f"(() => {{ const e = document.querySelector('{link}');"
        " return [e.open, e.closest('.settled').open, e.innerText, document.activeElement.parentElement === e] })()"
    )
    assert item[:2] == [True, True]
    assert "They disagree: the Dockerfile says 3.5 but the image has 3.8.5." in item[2]
    assert '"version": "3.8.5"' in item[2]
    assert item[3] is True
    # … and from its evidence to the line, which leads back.
    line = page.run(f"document.querySelector('{link} .chain a').hash")
    page.click(f'{link} .chain a[href="{line}"]')
    told = page.run(
        f"(() => {{ const e = document.querySelector('{line}'), b = e.getBoundingClientRect();"
        " return [e.textContent, e.closest('details').open, b.top >= 0 && b.bottom <= innerHeight,"
        " document.activeElement === e] })()"
    )
    assert told[0].startswith("ARG PYTHON_VERSION=3.5")
    assert told[1:] == [True, True, True]
    assert page.run("location.hash") == f"#at={line[1:]}"
    page.run("history.back()")
    page.settle()
    page.pause(0.05)
    assert page.run("location.hash") == f"#at={link[1:]}"
    assert focused(page) != line[1:]


def test_filters_and_a_reload(opened: Open) -> None:
    page = opened("rich")
    everything = visible_items(page)
    assert page.run("document.querySelector('#filters').hidden") is False
    page.click('[name=status][value="violated"]')
    violated = visible_items(page)
    assert 0 < len(violated) < len(everything)
    assert (
        page.run("document.querySelector('#shown').textContent")
        == f"Showing 2 of {len(everything)} entries in 1 of 5 subjects."
    )
    assert [row[0] for row in matrix(page)] == ["Subject", "service/Dockerfile"]
    page.click("[name=waived]")
    assert len(visible_items(page)) == 1
    assert page.run("location.hash") == "#status=violated&waived=no"
    page.reload()
    assert visible_items(page) == violated[:1]
    assert page.run("[...document.querySelectorAll(':checked')].map(e => e.value)")[-2:] == ["violated", "no"]
    page.click("#filters [type=reset]")
    page.pause(0.02)
    assert visible_items(page) == everything
    assert page.run("[location.hash, document.querySelector('#shown').textContent]") == ["", ""]


@pytest.mark.parametrize(
    ("fragment", "shown"),
    [
        ("#text=FUSE+newest", ["s1-13"]),
        ("#status=finding&severity=error", ["s1-15", "s3-1"]),
        ("#about=python", ["s1-3", "s2-3"]),
        ("#about=AML205", ["s1-12"]),
        ("#status=undecided,violated&about=conda", ["s2-2"]),
        ("#text=no-such-words", []),
        ("#text=serving%3A1.4+python&status=met", ["s2-3"]),
        ("#status=nonsense&about=%3Cscript%3E&%%%=1&text", None),
        ("#s1-3", None),
        ("#nowhere", None),
        ("#%ff%3Cimg%20src=x%20onerror=window.pwned=1%3E", None),
    ],
)
def test_a_filter_in_the_address(opened: Open, fragment: str, shown: list[str] | None) -> None:
    page = opened("rich", fragment)
    found = visible_items(page)
    if shown is not None:
        assert found == shown
    assert page.run("window.pwned") is None


def test_typing_a_search(opened: Open) -> None:
    page = opened("rich")
    page.run("document.querySelector('[name=text]').focus()")
    page.write("end of life")
    page.pause(0.25)
    assert visible_items(page) == ["s1-12"]
    assert page.run("location.hash") == "#text=end+of+life"
    assert page.run("document.querySelector('#shown').getAttribute('aria-live')") == "polite"
    page.press("Enter")
    assert visible_items(page) == ["s1-12"]


def test_a_column_alone_and_cells_that_do_not_fit(opened: Open) -> None:
    page = opened("rich", "#about=python&status=violated")
    heads = page.run(
        "[...document.querySelectorAll('#matrix thead th')].filter(e => e.checkVisibility()).map(e => e.textContent)"
    )
    assert heads == ["Subject", "python"]
    page = opened("rich", "#status=violated")
    hidden = page.run(
        "[...document.querySelectorAll('#matrix tbody tr:first-child td.met a')].map(e => getComputedStyle(e).visibility)"
    )
    assert set(hidden) == {"hidden"}


def test_keyboard_alone(opened: Open) -> None:
    page = opened("rich")
    page.press("Tab")
    assert focused(page) == "#results", "first the way past the head"
    outline = page.run(
        "(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle + ' ' + s.outlineWidth })()"
    )
    assert outline == "solid 2px"
    for _ in range(40):
        page.press("Tab")
        if page.run("document.activeElement.closest('#matrix') !== null"):
            break
    assert focused(page) == "#s1", "one stop in the matrix"
    for key, modifiers, expected in (
        ("ArrowRight", 0, "#s1-1"),
        ("ArrowRight", 0, "#s1-2"),
        ("ArrowDown", 0, "#s2-2"),
        ("End", 0, "#s2"),
        ("Home", 0, "#s2"),
        ("End", CONTROL, "#s5"),
        ("Home", CONTROL, "#s1"),
        ("ArrowUp", 0, "#s1"),
        ("ArrowLeft", 0, "#s1"),
        ("PageDown", 0, "#s5"),
        ("PageUp", 0, "#s1"),
        ("ArrowRight", 0, "#s1-1"),
        ("ArrowDown", 0, "#s2-1"),
        ("ArrowDown", 0, "#s3"),
        ("ArrowRight", 0, "#s3"),
    ):
        page.press(key, modifiers)
        assert focused(page) == expected, key
    assert page.run("document.activeElement.closest('td') !== null"), "the findings: nothing else is in that row"
    assert page.run("document.querySelectorAll('#matrix a[tabindex=\"0\"]').length") == 1
    page.press("Tab")
    assert page.run("document.activeElement.closest('#matrix')") is None
    page.press("Home", CONTROL)
    page.run("document.querySelector('#matrix a[tabindex=\"0\"]').focus()")
    page.press("Home", CONTROL)
    for _ in range(3):
        page.press("ArrowRight")
    assert focused(page) == "#s1-3"
    page.press("Enter")
    page.settle()
    assert page.run("[document.activeElement.tagName, document.activeElement.parentElement.id]") == ["SUMMARY", "s1-3"]
    assert page.run("document.querySelector('#s1-3').open") is True
    page.press("Enter")
    assert page.run("document.querySelector('#s1-3').open") is False
    page.press("Space")
    assert page.run("document.querySelector('#s1-3').open") is True


def test_a_rule_explained_over_the_page(opened: Open) -> None:
    page = opened("rich")
    page.run("document.querySelector('#s1-3').open = true; document.querySelector('#s1-3 .explain').focus()")
    page.press("Enter")
    page.settle()
    told = page.run(
        "(() => { const d = document.querySelector('#explain');"
        " return [d.open, d.innerText, d.contains(document.activeElement)] })()"
    )
    assert told[0] is True
    assert told[2] is True
    for words in ("AML103 Python, in a version that Azure ML supports", "Why", "Good", "Bad", "FROM python:3.8-slim"):
        assert words in told[1]
    page.press("Escape")
    page.pause(0.05)
    assert page.run("[document.querySelector('#explain').open, document.activeElement.className]") == [False, "explain"]


def choose(page: Page, theme: str) -> None:
    page.run(
        f"(() => {{ const e = document.querySelector('#theme'); e.value = '{theme}';"
        " e.dispatchEvent(new Event('change')) })()"
    )
    page.settle()


@pytest.mark.parametrize(("system", "other"), [("light", "dark"), ("dark", "light")])
def test_themes(opened: Open, system: str, other: str) -> None:
    colours = {"light": "rgb(246, 247, 249)", "dark": "rgb(17, 20, 24)"}
    back = "getComputedStyle(document.body).backgroundColor"
    page = opened("rich", prefers_color_scheme=system)
    assert page.run(back) == colours[system]
    choose(page, other)
    assert page.run(back) == colours[other]
    page.reload()
    assert page.run("document.querySelector('#theme').value") == other
    assert page.run(back) == colours[other]
    choose(page, "auto")
    page.reload()
    assert page.run(back) == colours[system]


def test_a_theme_survives_where_there_is_no_storage(opened: Open) -> None:
    page = opened("rich", prefers_color_scheme="light")
    page.run("Object.defineProperty(window, 'localStorage', { get() { throw new Error('no') } }); 1")
    choose(page, "dark")
    assert page.run("location.hash") == "#theme=dark"
    page.reload()
    assert page.run("document.documentElement.dataset.theme") == "dark"
    page.click('[name=status][value="met"]')
    assert page.run("location.hash") == "#status=met&theme=dark"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, PHONE])
def test_contrast(opened: Open, theme: str, width: int) -> None:
    page = opened("rich", width=width, prefers_color_scheme=theme)
    page.run("for (const e of document.querySelectorAll('details')) e.open = true")
    found = page.run(CONTRAST)
    assert found["count"] > 500
    assert found["colours"] > 8
    assert float(found["worst"][0]) >= 4.5, found["worst"]


@pytest.mark.parametrize("name", list(REPORTS))
def test_no_horizontal_scrolling(opened: Open, name: str) -> None:
    page = opened(name, width=PHONE)
    assert overflow(page) == []
    page.run("for (const e of document.querySelectorAll('details')) e.open = true")
    for width in (PHONE, SMALL_PHONE, 700, 1000) if name == "rich" else (PHONE, 1000):
        page.resize(width)
        assert overflow(page) == [], width
    page.resize(PHONE)
    page.run("document.querySelector('.explain').click()")
    page.settle()
    assert overflow(page) == []


def test_targets_on_a_phone_can_be_hit(opened: Open) -> None:
    page = opened("rich", width=PHONE)
    small = page.run(
        "[...document.querySelectorAll('button, select, input[type=search], .choice, #matrix td a, summary')]"
        ".filter(e => e.checkVisibility())"
        ".map(e => [e.getBoundingClientRect().height, e.outerHTML.slice(0, 80)]).filter(pair => pair[0] < 24)"
    )
    assert small == []


def test_motion_is_not_forced_on_anybody(opened: Open) -> None:
    page = opened("rich", prefers_reduced_motion="reduce")
    assert page.run("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    assert page.run("getComputedStyle(document.querySelector('.item .line'), '::before').transitionDuration") == "0s"


def test_without_javascript_all_can_be_read(opened: Open, chromium: Chromium) -> None:
    page = opened("rich", scripts=False)
    assert page.run("document.querySelector('#filters').checkVisibility()") is False
    assert page.run("document.querySelector('#theme').checkVisibility()") is False
    assert len(matrix(page)) == 6
    page.run("for (const e of document.querySelectorAll('details')) e.open = true")
    text = page.run("document.querySelector('main').innerText")
    for words in (
        "3.5 is not >=3.6",
        "Image requirements: Python 3.6+",
        "FROM python:3.8-slim",
        "COPY environment.yml /tmp/",
    ):
        assert words in text
    assert page.run("document.querySelector('#matrix a').tabIndex") == 0


def test_structure_for_screen_readers(opened: Open) -> None:
    page = opened("rich")
    page.run("for (const e of document.querySelectorAll('details')) e.open = true")
    levels = page.run(
        "[...document.querySelectorAll('main h2, main h3, main h4, main h5, h1')].map(e => Number(e.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    nodes = page.send("Accessibility.getFullAXTree")["nodes"]
    roles = [node.get("role", {}).get("value") for node in nodes if not node.get("ignored")]
    for role in ("banner", "main", "navigation", "contentinfo", "search", "status", "grid"):
        assert role in roles, role
    nameless = [
        node
        for node in nodes
        if not node.get("ignored")
        and node.get("role", {}).get("value")
        in (
            "link",
            "button",
            "checkbox",
            "combobox",
            "searchbox",
            "gridcell",
            "columnheader",
            "rowheader",
            "image",
            "region",
        )
        and not node.get("name", {}).get("value")
        and not (node["role"]["value"] == "gridcell" and not node.get("childIds"))
    ]
    assert nameless == []
    names = [node["name"]["value"] for node in nodes if node.get("role", {}).get("value") == "link"]
    assert "python violated 3.5" in names, "no sign is read out"


def test_on_paper(opened: Open, tmp_path: Path) -> None:
    page = opened("rich", prefers_color_scheme="dark")
    page.emulate(media="print", prefers_color_scheme="dark")
    assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    shown = page.run(
        "['#filters', '#theme', 'nav', 'dialog', '.skip', 'button'].filter(s => document.querySelector(s).checkVisibility())"
    )
    assert shown == []
    found = page.run(CONTRAST)
    assert float(found["worst"][0]) >= 4.5, found["worst"]
    if shutil.which("pdftotext") is None:
        lacking("no pdftotext (Debian's package poppler-utils) for the test of the printed page")
    page.emulate()
    printed = tmp_path / "report.pdf"
    printed.write_bytes(page.pdf())
    done = subprocess.run(
        ["pdftotext", "-layout", str(printed), "-"], capture_output=True, text=True, check=True, timeout=60
    )
    text = " ".join(done.stdout.split())
    page.run("for (const e of document.querySelectorAll('details')) e.open = true")
    for words in (
        "2 of 5 subjects fail",
        "3.5 is not >=3.6",
        "as far as the Dockerfile tells",
        "the image has 3.8.5",
        "ModuleNotFoundError: No module named 'sklearn'",
        "sample-request.json",
        "Differences:",
        "p99",
        "raise azureml-defaults to 1.62.0",
        "known since 2025",
        "What it asks",
        "RUN conda install -y python=3.5",
        "COPY environment.yml /tmp/",
        "this profile asks nothing of it",
    ):
        assert words in text, words
    # Each word that can be seen on the screen, with everything open, is on paper.
    page.run("for (const e of document.querySelectorAll('.sr, .source-link')) e.remove()")
    screen = set(
        page.run("document.querySelector('#results').innerText + document.querySelector('#rules').innerText").split()
    )
    pressed = "".join(done.stdout.split())
    missing = sorted(word for word in screen if word not in pressed)
    assert missing == []


def test_hostile_content_does_nothing(opened: Open) -> None:
    for scripts in (True, False):
        page = opened("hostile", scripts=scripts)
        page.run("for (const e of document.querySelectorAll('details')) e.open = true")
        page.pause(0.1)
        assert page.run("window.pwned") is None
        assert page.run("document.querySelectorAll('script').length") == 2
        assert (
            page.run(
                "document.querySelectorAll('img, iframe, object, embed, base, link:not([rel=icon]), form:not(#filters)').length"
            )
            == 0
        )
        assert page.run("document.baseURI.startsWith('file:')") is True
        text = page.run("document.body.textContent")
        for words in HOSTILE[:15]:
            assert words in text


def test_hostile_content_in_the_search(opened: Open) -> None:
    page = opened("hostile", "#text=" + "%3Cscript%3Ewindow.pwned%3D1%3C/script%3E")
    assert len(visible_items(page)) > 0
    for link in page.run(
        "[...document.querySelectorAll('a[href^=\"#\"]')].slice(0, 300).map((e, i) => i % 7 ? null : i).filter(i => i !== null)"
    ):
        page.run(
            f"document.querySelectorAll('a[href^=\"#\"]')[{link}].click(); document.querySelector('#explain').close()"
        )
    assert page.run("window.pwned") is None


def test_the_policy_holds_even_where_something_got_in(chromium: Chromium, folder: Path) -> None:
    """The second line of defence, tried: what is written into the page unescaped neither runs nor loads."""
    page_text = (folder / "rich.html").read_text(encoding="utf-8")
    hole = (
        "<script>window.pwned=1</script><img src=x onerror=window.pwned=2><img src=https://192.0.2.1/x.png>"
        "<style>body{background:url(https://192.0.2.1/y)!important}</style><iframe src=https://192.0.2.1/></iframe>"
        "<a id=hole href='javascript:window.pwned=3'>x</a>"
    )
    (folder / "holed.html").write_text(page_text.replace("<main", f"{hole}<main"), encoding="utf-8")
    page = chromium.page()
    with contextlib.closing(page):
        page.open((folder / "holed.html").as_uri())
        page.run("document.querySelector('#hole').click()")
        page.pause(0.1)
        assert page.run("window.pwned") is None
        refused = [text for text in page.complaints if "Content Security Policy" in text]
        assert len(refused) >= 6
        assert page.run("getComputedStyle(document.body).backgroundImage") == "none"


def test_a_dockerfile_full_of_scripts(chromium: Chromium, tmp_path: Path) -> None:
    """From the file to the browser, by the command."""
    lines = "".join(
        f"# {words}\nENV A{number}={json.dumps(words)}\nRUN echo {words!r}\n" for number, words in enumerate(HOSTILE)
    )
    dockerfile = tmp_path / "<img src=x onerror=window.pwned=1>.Dockerfile"
    dockerfile.write_bytes(
        f"FROM ubuntu:14.04\nMAINTAINER <script>window.pwned=1</script>\n{lines}".replace("\0", "").encode(
            "utf-8", "replace"
        )
    )
    out = tmp_path / "out.html"
    assert cli.main(["lint", str(dockerfile), "--format", "html", "--output", str(out)]) in (1, 3)
    page = chromium.page()
    with contextlib.closing(page):
        page.open(out.as_uri())
        page.run("for (const e of document.querySelectorAll('details')) e.open = true")
        page.pause(0.1)
        assert page.run("window.pwned") is None
        assert "<script>window.pwned=1</script>" in page.run("document.querySelector('#sources').textContent")
        assert page.complaints == []
        assert [address for address in page.requests if not address.startswith("data:")] == []


def test_from_a_server_nothing_else_is_asked_for(chromium: Chromium, folder: Path) -> None:
    """Over HTTP a browser asks for a favicon of its own accord, unless the page has one."""
    asked: list[str] = []

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            asked.append(self.path)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        page = chromium.page()
        try:
            page.open(f"http://127.0.0.1:{server.server_port}/rich.html#status=met")
            page.pause(0.2)
            assert len(visible_items(page)) == 5
            assert page.complaints == []
        finally:
            page.close()
            server.shutdown()
            thread.join()
    assert asked == ["/rich.html"]


def test_many_files_open_quickly(chromium: Chromium, tmp_path: Path) -> None:
    """150 here; docs/html.md has figures of 1,000."""
    out = tmp_path / "large.html"
    out.write_text(formats.render("html", large_report(150)), encoding="utf-8")
    page = chromium.page()
    with contextlib.closing(page):
        page.open(out.as_uri() + "#status=violated")
        assert (
            page.run("document.querySelector('#shown').textContent")
            == "Showing 300 of 2250 entries in 150 of 150 subjects."
        )
        first = page.run("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        assert first < 10_000
        page.run("document.querySelector('#matrix a[href=\"#s149-3\"]').click()")
        assert page.run("document.querySelector('#s149-3').getBoundingClientRect().top") < 900
        assert page.complaints == []
