"""A report read back from its JSON, for whoever shows, compares or explains a result without the files it is about.

Everything that the JSON has comes back, fingerprints included: `render(parse(render(report)))` is `render(report)`.
What it does not have stays empty: headers and bodies of requests, and all of a file but the lines that places point into.
A result is somebody else's file: sizes, numbers and depths are bounded, and what is wrong is told in one sentence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from amlcheck.deployment.model import (
    Answer,
    Deployment,
    Ending,
    Exchange,
    Failure,
    Load,
    Outcome,
    Request,
    Stage,
    StageTime,
)
from amlcheck.errors import AmlcheckError
from amlcheck.model import (
    Chain,
    Edit,
    Evidence,
    Fact,
    Finding,
    Judgement,
    Location,
    Medium,
    Origin,
    Repair,
    Report,
    Severity,
    SubjectReport,
    Testimony,
    Unknown,
    Value,
    Verdict,
    Waiver,
    Witness,
    parse_value,
)
from amlcheck.regex import regex
from amlcheck.versions import VersionSet

SCHEMA = "amlcheck/1"
MAX_BYTES = 256 << 20
"""Bytes of a result that are read."""
MAX_NUMBER = 2**31 - 1
"""The highest line, column and count."""
MAX_FILLED = 4_000_000
"""Empty lines that stand for what an excerpt left out, over the whole result."""
_FINGERPRINT = regex(r"[0-9a-f]{32}")
_E = TypeVar("_E", bound=Enum)


def read_report(path: Path) -> Report:
    """The report in a file. Raises AmlcheckError with one sentence."""
    try:
        if path.is_dir():
            raise AmlcheckError(
                f"{path}: is a folder; name the file that `amlcheck … --format json --output FILE` wrote"
            )
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise AmlcheckError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(content) > MAX_BYTES:
        raise AmlcheckError(f"{path}: has more than {MAX_BYTES >> 20} MB; that is no result of amlcheck")
    try:
        return parse(content.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError as error:
        raise AmlcheckError(f"{path}: is no result of amlcheck: it is not UTF-8") from error


def parse(text: str, name: str) -> Report:
    """The report in a JSON text; `name` is the file's, for errors. Raises AmlcheckError with one sentence."""
    try:
        data = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        cut = " (it ends too early: was it cut off?)" if error.pos >= len(text.rstrip()) and text.strip() else ""
        where = f"{name}:{error.lineno}" if text.strip() else name
        what = f"{error.msg}{cut}" if text.strip() else "the file is empty"
        raise AmlcheckError(f"{where}: is no JSON: {what}; write a result with `--format json`") from error
    except (RecursionError, ValueError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise AmlcheckError(f"{name}: is no result of amlcheck: {why}") from error
    schema = data.get("schema") if isinstance(data, dict) else None
    if schema != SCHEMA:
        said = f"its schema is {_short(schema)}" if schema is not None else "it has no schema"
        raise AmlcheckError(f"{name}: is no result of amlcheck, or of another version: {said}, not {SCHEMA!r}")
    return _Reader(name).report(_Node(data, "", name))


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


class _Node:
    """An object of the JSON that knows its place; what is missing or of another type is an error that names it."""

    def __init__(self, data: dict[str, Any], place: str, name: str) -> None:
        self._data, self._place, self._name = data, place, name

    def fail(self, key: str, wanted: str) -> NoReturn:
        where = f"{self._place}.{key}".lstrip(".")
        found = _short(self._data.get(key)) if key in self._data else "missing"
        raise AmlcheckError(
            f"{self._name}: is no result of amlcheck that can be read: {where} is {found}, not {wanted}"
        )

    def get(self, key: str) -> Any:
        return self._data.get(key)

    def text(self, key: str, default: str | None = None) -> str:
        value = self._data.get(key, default)
        if not isinstance(value, str):
            self.fail(key, "a string")
        return value

    def optional(self, key: str) -> str | None:
        return None if self._data.get(key) is None else self.text(key)

    def whole(self, key: str, least: int = 0, default: int | None = None) -> int:
        value = self._data.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MAX_NUMBER:
            self.fail(key, f"a whole number from {least} on")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        value = self._data.get(key, default)
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not abs(value) <= 1e15:
            self.fail(key, "a number")
        return float(value)

    def flag(self, key: str, default: bool | None = None) -> bool:
        value = self._data.get(key, default)
        if not isinstance(value, bool):
            self.fail(key, "true or false")
        return value

    def choice(self, key: str, choices: type[_E]) -> _E:
        value = self.text(key)
        try:
            return choices(value)
        except ValueError:
            self.fail(key, "one of " + ", ".join(str(item.value) for item in choices))

    def node(self, key: str) -> _Node:
        value = self._data.get(key)
        if not isinstance(value, dict):
            self.fail(key, "an object")
        return _Node(value, f"{self._place}.{key}".lstrip("."), self._name)

    def maybe(self, key: str) -> _Node | None:
        return None if self._data.get(key) is None else self.node(key)

    def nodes(self, key: str, required: bool = False) -> Iterator[_Node]:
        value = self._data.get(key, None if required else [])
        if not isinstance(value, list):
            self.fail(key, "a list")
        for index, item in enumerate(value):
            place = f"{self._place}.{key}[{index}]".lstrip(".")
            if not isinstance(item, dict):
                raise AmlcheckError(f"{self._name}: is no result of amlcheck that can be read: {place} is no object")
            yield _Node(item, place, self._name)

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.fail(key, "a list of strings")
        return tuple(value)

    def strings(self, key: str) -> dict[str, str]:
        value = self._data.get(key, {})
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            self.fail(key, "an object of strings")
        return dict(value)


class _Reader:
    def __init__(self, name: str) -> None:
        self._name = name
        self._filled = 0

    def report(self, node: _Node) -> Report:
        fail_on = node.text("fail_on", "error")
        tool = node.maybe("tool")
        return Report(
            profile=node.text("profile"),
            subjects=tuple(self._subject(item) for item in node.nodes("subjects", required=True)),
            flavour=node.optional("flavour") or "",
            fail_on=None if fail_on == "never" else self._severity(node, "fail_on", "error"),
            allow_undecided=node.flag("allow_undecided", False),
            notes=node.texts("notes"),
            interrupted=node.flag("interrupted", False),
            made_by=tool.text("version", "") if tool is not None else "",
        )

    def _subject(self, node: _Node) -> SubjectReport:
        name, about, notes = node.text("subject"), node.strings("about"), node.texts("notes")
        deployment = node.maybe("deployment")
        return SubjectReport(
            subject=name,
            kind=node.text("kind"),
            judgements=tuple(self._judgement(item) for item in node.nodes("verdicts", required=True)),
            findings=tuple(self._finding(item) for item in node.nodes("findings", required=True)),
            error=node.optional("error") or "",
            sources=self._sources(node),
            partial=bool(node.get("excerpts")),
            about=about,
            notes=notes,
            deployment=self._deployment(deployment, name, notes, about) if deployment is not None else None,
        )

    def _sources(self, node: _Node) -> dict[str, str]:
        """The excerpts as texts whose other lines are empty; left out where they would fill too much."""
        excerpts = node.maybe("excerpts")
        found: dict[str, str] = {}
        for path in node.get("excerpts") or {}:
            assert excerpts is not None
            lines = excerpts.strings(path)
            numbers = [int(number) for number in lines if number.isascii() and number.isdigit() and len(number) < 10]
            if len(numbers) != len(lines) or 0 in numbers:
                excerpts.fail(path, "an object of lines by their numbers")
            if not numbers or self._filled + max(numbers) > MAX_FILLED:
                continue
            self._filled += max(numbers)
            whole = [""] * max(numbers)
            for number, line in lines.items():
                whole[int(number) - 1] = line.replace("\n", " ")
            found[path] = "\n".join(whole)
        return found

    def _severity(self, node: _Node, key: str, default: str | None = None) -> Severity:
        text = node.text(key, default)
        found = next((severity for severity in Severity if severity.label == text), None)
        return found if found is not None else node.fail(key, "error, warning or info")

    def _judgement(self, node: _Node) -> Judgement:
        return Judgement(
            component=node.text("requirement"),
            verdict=node.choice("verdict", Verdict),
            expected=node.optional("expected"),
            found=node.optional("found"),
            reason=node.text("reason"),
            witnesses=tuple(
                self._witness(item, node.text("requirement")) for item in node.nodes("witnesses", required=True)
            ),
            severity=self._severity(node, "severity", "error"),
            source=node.text("source", ""),
            fix=node.optional("fix") or "",
            rule=node.text("rule", ""),
            repair=self._repair(node),
            waiver=self._waiver(node),
            fingerprint=self._fingerprint(node),
        )

    def _finding(self, node: _Node) -> Finding:
        return Finding(
            rule=node.text("rule"),
            severity=self._severity(node, "severity"),
            message=node.text("message"),
            location=self._location(node.maybe("location")),
            fix=node.optional("fix") or "",
            related=self._chain(node, "related"),
            repair=self._repair(node),
            waiver=self._waiver(node),
            fingerprint=self._fingerprint(node),
        )

    def _fingerprint(self, node: _Node) -> str:
        text = node.optional("fingerprint") or ""
        if text and not _FINGERPRINT.fullmatch(text):
            node.fail("fingerprint", "32 hexadecimal digits")
        return text

    def _witness(self, node: _Node, component: str) -> Witness:
        value, evidence = node.optional("value"), self._chain(node, "evidence")
        testimony: Testimony
        if value is None:
            testimony = Unknown(component, node.optional("unknown") or "", evidence)
        else:
            testimony = Fact(component, _value(value), evidence, node.text("note", ""))
        return Witness(node.choice("origin", Origin), testimony)

    def _chain(self, node: _Node, key: str) -> Chain:
        return tuple(self._evidence(item) for item in node.nodes(key))

    def _evidence(self, node: _Node) -> Evidence:
        image = node.maybe("image")
        return Evidence(
            text=node.text("text"),
            location=self._location(node),
            note=node.text("note", ""),
            medium=image.choice("in", Medium) if image is not None else None,
            place=image.text("place") if image is not None else "",
        )

    def _location(self, node: _Node | None) -> Location | None:
        if node is None or node.get("path") is None:
            return None
        line, column = node.whole("line", 1), node.whole("column", 1)
        return Location(node.text("path"), line, column, node.whole("end_line", line), node.whole("end_column", 1))

    def _repair(self, node: _Node) -> Repair | None:
        repair = node.maybe("repair")
        if repair is None:
            return None
        return Repair(repair.text("title"), tuple(self._edits(repair)), repair.flag("safe"))

    def _edits(self, repair: _Node) -> Iterator[Edit]:
        for node in repair.nodes("edits", required=True):
            location = self._location(node)
            if location is None:
                node.fail("path", "a string")
            yield Edit(location, node.text("text"))

    def _waiver(self, node: _Node) -> Waiver | None:
        waiver = node.maybe("waiver")
        if waiver is None:
            return None
        location = self._location(waiver.maybe("location"))
        return Waiver(waiver.text("by"), waiver.text("reason"), waiver.optional("until") or "", location)

    def _deployment(self, node: _Node, image: str, notes: tuple[str, ...], about: Mapping[str, str]) -> Deployment:
        failure, load, ending = node.maybe("failure"), node.maybe("load"), node.maybe("ending")
        return Deployment(
            image=image,
            mode=node.text("mode"),
            why_mode=node.text("why"),
            stages=tuple(
                StageTime(item.choice("stage", Stage), item.number("at"), item.number("seconds"), item.text("note", ""))
                for item in node.nodes("stages")
            ),
            exchanges=tuple(self._exchange(item) for item in node.nodes("exchanges")),
            failure=self._failure(failure) if failure is not None else None,
            load=self._load(load) if load is not None else None,
            server=node.optional("server") or "",
            ending=Ending(ending.whole("exit_code", -MAX_NUMBER), ending.flag("out_of_memory"))
            if ending is not None
            else None,
            kept=node.strings("kept"),
            notes=notes,
            digest=about.get("digest", ""),
        )

    def _exchange(self, node: _Node) -> Exchange:
        seconds, status = node.number("seconds"), node.get("status")
        answer = None
        if status is not None:
            body = (node.optional("answer") or "").encode("utf-8", "replace")
            answer = Answer(node.whole("status"), {}, body, seconds)
        return Exchange(
            request=Request(name=node.text("request"), method=node.text("method"), path=node.text("path")),
            outcome=node.choice("outcome", Outcome),
            answer=answer,
            seconds=seconds,
            detail=node.text("detail", ""),
            expected=node.text("expected"),
            differences=node.texts("differences"),
            bad=node.flag("bad"),
        )

    def _failure(self, node: _Node) -> Failure:
        return Failure(
            kind=node.text("kind"),
            stage=node.choice("stage", Stage),
            cause=node.text("cause"),
            remedy=node.text("remedy"),
            source=node.text("source"),
            at=node.number("at"),
            evidence=self._chain(node, "evidence"),
            log=node.texts("log"),
        )

    def _load(self, node: _Node) -> Load:
        return Load(
            requests=node.whole("requests"),
            concurrency=node.whole("concurrency"),
            failed=node.whole("failed"),
            seconds=node.number("seconds"),
            p50=node.number("p50_ms"),
            p95=node.number("p95_ms"),
            p99=node.number("p99_ms"),
        )


def _value(text: str) -> Value:
    """A value as it was written; what has no such notation ("nothing") keeps its words and is no version at all."""
    try:
        value = parse_value(text)
    except (ValueError, IndexError):
        return Value(True, versions=VersionSet((), written=text))
    return value if value.text == text else Value(True, versions=VersionSet((), written=text))
