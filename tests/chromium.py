"""A headless Chromium for tests, driven over its own pipe: no port, no driver, nothing to install but the browser.

`Chromium` starts one browser, ends it, and opens pages in it; a `Page` speaks the DevTools protocol. Whatever a page
asks of the network, writes to its console, refuses by its policy or throws is kept in `requests` and `complaints`.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ANSWER_SECONDS = 30.0
_KEYS: Mapping[str, tuple[str, int, str]] = {
    "Enter": ("Enter", 13, "\r"),
    "Escape": ("Escape", 27, ""),
    "Tab": ("Tab", 9, ""),
    "Space": ("Space", 32, " "),
    "End": ("End", 35, ""),
    "Home": ("Home", 36, ""),
    "ArrowLeft": ("ArrowLeft", 37, ""),
    "ArrowUp": ("ArrowUp", 38, ""),
    "ArrowRight": ("ArrowRight", 39, ""),
    "ArrowDown": ("ArrowDown", 40, ""),
    "PageUp": ("PageUp", 33, ""),
    "PageDown": ("PageDown", 34, ""),
}
"""Code, number and text of the keys that tests press."""
CONTROL, SHIFT = 2, 8
_START = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3]]
os.dup2(ends[0], 3)
os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""The browser reads its commands from descriptor 3 and writes to 4, whatever the pipes' numbers are here."""
Data = dict[str, Any]


class ChromiumError(Exception):
    """The browser said no, or nothing."""


def chromium_program() -> str | None:
    """The path of a Chromium; None where this machine has none."""
    chosen = os.environ.get("AMLCHECK_TEST_CHROMIUM")
    return chosen or next((path for name in NAMES if (path := shutil.which(name))), None)


class Chromium:
    """One browser, until `close`."""

    def __init__(self, program: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="amlcheck-test-chromium-", ignore_cleanup_errors=True)
        to_browser, self._to = os.pipe()
        self._from, from_browser = os.pipe()
        command = [
            program,
            "--headless",
            "--remote-debugging-pipe",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-extensions",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--hide-scrollbars",
            "--force-color-profile=srgb",
            "--lang=en",
            f"--user-data-dir={self._folder.name}",
            "about:blank",
        ]
        started = [sys.executable, "-S", "-c", _START, str(to_browser), str(from_browser), *command]
        log = open(Path(self._folder.name) / "log", "wb")  # noqa: SIM115 (the browser's own until it ends)
        with log:
            self._process = subprocess.Popen(
                started, pass_fds=(to_browser, from_browser), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        os.close(to_browser)
        os.close(from_browser)
        os.set_blocking(self._from, False)
        self._numbers = itertools.count(1)
        self._read = b""
        self._answers: dict[int, Data] = {}
        self.pages: dict[str, Page] = {}

    def page(self, width: int = 1280, height: int = 900) -> Page:
        """A new page, of that many CSS pixels, in a context of its own: no storage is shared."""
        context = self.send("Target.createBrowserContext")["browserContextId"]
        target = self.send("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        made = self.pages[session] = Page(self, session, context)
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            made.send(f"{domain}.enable")
        made.resize(width, height)
        return made

    def send(self, method: str, session: str = "", **parameters: Any) -> Data:
        """One command and its answer. Raises ChromiumError."""
        number = next(self._numbers)
        message: Data = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        try:
            _write_all(self._to, json.dumps(message).encode() + b"\0")
        except BrokenPipeError:
            raise ChromiumError(f"the browser has ended: {self._log()}") from None
        deadline = time.monotonic() + ANSWER_SECONDS
        while number not in self._answers:
            self._pump(deadline)
        answer = self._answers.pop(number)
        if "error" in answer:
            raise ChromiumError(f"{method}: {answer['error']['message']}")
        result: Data = answer["result"]
        return result

    def listen(self, seconds: float) -> None:
        """Takes in what the browser tells, for at most so long; returns when it has told something."""
        with contextlib.suppress(TimeoutError):
            self._pump(time.monotonic() + seconds)

    def _pump(self, deadline: float) -> None:
        import select

        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self._from], [], [], left)[0]:
            raise TimeoutError("the browser does not answer")
        part = os.read(self._from, 1 << 20)
        if not part:
            raise ChromiumError(f"the browser has ended with {self._process.wait(5)}: {self._log()}")
        *messages, self._read = (self._read + part).split(b"\0")
        for text in messages:
            message = json.loads(text)
            if "id" in message:
                self._answers[message["id"]] = message
            elif page := self.pages.get(message.get("sessionId", "")):
                page.told(message["method"], message["params"])

    def _log(self) -> str:
        return (Path(self._folder.name) / "log").read_text(errors="replace")[-500:]

    def close(self) -> None:
        """Ends the browser."""
        with contextlib.suppress(OSError, ChromiumError, TimeoutError):
            self.send("Browser.close")
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._to)
        os.close(self._from)
        self._folder.cleanup()


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


class Page:
    """One page."""

    def __init__(self, browser: Chromium, session: str, context: str) -> None:
        self._browser, self._session, self._context = browser, session, context
        self._loaded = False
        self._scripts = True
        self.requests: list[str] = []
        """The addresses of everything that was asked for, the page's own left out."""
        self.complaints: list[str] = []
        """Errors, warnings, violations of the policy, and dialogs."""

    def send(self, method: str, **parameters: Any) -> Data:
        return self._browser.send(method, self._session, **parameters)

    def told(self, method: str, parameters: Data) -> None:
        """What the browser tells of this page."""
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Network.requestWillBeSent" and parameters.get("type") != "Document":
            self.requests.append(parameters["request"]["url"])
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(f"console: {parameters['args']}")
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(f"exception: {parameters['exceptionDetails']}")
        elif method == "Log.entryAdded":
            self.complaints.append(f"log: {parameters['entry']['text']}")
        elif method == "Page.javascriptDialogOpening":
            self.complaints.append(f"dialog: {parameters['message']}")

    def open(self, address: str) -> None:
        """Loads an address from the beginning, even where only its fragment is another one."""
        self.send("Page.navigate", url="about:blank")
        self._loading("Page.navigate", url=address)

    def reload(self) -> None:
        self._loading("Page.reload")

    def _loading(self, method: str, **parameters: Any) -> None:
        self.send("Runtime.evaluate", expression="1")
        self._loaded = False
        self.send(method, **parameters)
        deadline = time.monotonic() + ANSWER_SECONDS
        while not self._loaded:
            if time.monotonic() > deadline:
                raise ChromiumError("the page does not load")
            self._browser.listen(1)
        self.settle()

    def settle(self) -> None:
        """Waits until what was begun is drawn."""
        if self._scripts:
            self.run("new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)))")

    def pause(self, seconds: float) -> None:
        """Waits, for what a page does by and by."""
        time.sleep(seconds)
        self.run("1")

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression; a promise is waited for. Raises ChromiumError for what it throws."""
        answer = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise ChromiumError(json.dumps(answer["exceptionDetails"])[:2000])
        return answer["result"].get("value")

    def press(self, key: str, modifiers: int = 0) -> None:
        """One key, as from a keyboard."""
        code, number, text = _KEYS[key]
        common: Data = {"key": " " if key == "Space" else key, "code": code, "windowsVirtualKeyCode": number}
        self.send("Input.dispatchKeyEvent", type="keyDown", text=text, modifiers=modifiers, **common)
        self.send("Input.dispatchKeyEvent", type="keyUp", modifiers=modifiers, **common)

    def write(self, text: str) -> None:
        """Types into what has the focus."""
        self.send("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        """The left button on the middle of an element. Raises ChromiumError where it is not to be seen."""
        place = self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); if (!e) return null;"
            " e.scrollIntoView({block: 'center', behavior: 'instant'});"
            " const b = e.getBoundingClientRect(); return b.width ? [b.x + b.width / 2, b.y + b.height / 2] : null; })()"
        )
        if place is None:
            raise ChromiumError(f"{selector}: is not to be seen")
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)
        self.settle()

    def resize(self, width: int, height: int = 900) -> None:
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )

    def emulate(self, media: str = "", **features: str) -> None:
        """ "print" or "", and features such as prefers_color_scheme="dark"."""
        told = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.send("Emulation.setEmulatedMedia", media=media, features=told)

    def without_javascript(self) -> None:
        """From the next page on. `run` works all the same."""
        self._scripts = False
        self.send("Emulation.setScriptExecutionDisabled", value=True)

    def pdf(self) -> bytes:
        return base64.b64decode(self.send("Page.printToPDF", printBackground=True)["data"])

    def picture(self, whole: bool = False) -> bytes:
        """A PNG of what is to be seen, or of the whole page."""
        return base64.b64decode(self.send("Page.captureScreenshot", captureBeyondViewport=whole)["data"])

    def close(self) -> None:
        self._browser.send("Target.disposeBrowserContext", browserContextId=self._context)
        self._browser.pages.pop(self._session, None)
