"""The files that locations point into: excerpts with their words marked, and at the page's end the files themselves.

What is shown is bounded: a long file is cut around the lines that something is said of, and so are all files once there
are many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from amlcheck.model import Location, SubjectReport
from amlcheck.records import dataclass, field
from amlcheck.report.html.markup import Markup, join, tag, text

WHOLE_FILE = 300
"""Lines of a file that are shown whole."""
WHOLE_REPORT = 15_000
"""Lines of all files that are shown beside those that something is said of."""
AROUND, AROUND_LATER = 8, 2
"""Lines before and after one that something is said of, where a file is cut; and once the report has many."""
MAX_REFERRED = 300
"""Lines of one file that something can be said of."""
MAX_COLUMNS = 600
"""Characters of one line."""
MAX_EXCERPT = 4
"""Lines of one excerpt."""
BEFORE_WORDS, MAX_EXCERPT_COLUMNS = 40, 240
MAX_BACK = 3
"""Links back from one line."""


@dataclass
class File:
    """One text, and the lines of it that something is said of."""

    number: int
    path: str
    lines: list[str]
    partial: bool
    """Whether only lines that something is said of are known; all others are empty then."""
    said: dict[int, dict[str, str]] = field(default_factory=dict)
    """By line: the label of what is said, by its anchor; an empty dictionary where only evidence points there."""

    def anchor(self, line: int) -> str:
        return f"f{self.number}-{line}"


class Sources:
    """All files of a report, each once, however many subjects were read from it."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, str, bool], File] = {}

    def find(self, subject: SubjectReport, path: str) -> File | None:
        """The file that a location of a subject is in; None where its text is not at hand."""
        content = subject.sources.get(path)
        if content is None:
            return None
        key = (path, content, subject.partial)
        if key not in self._files:
            self._files[key] = File(len(self._files) + 1, path, content.split("\n"), subject.partial)
        return self._files[key]

    def place(
        self, subject: SubjectReport, location: Location, said: tuple[str, str] | None = None, words: str = ""
    ) -> Markup:
        """A location in words, as a link to its line where that is shown. `said` is what points back, and its label."""
        words = words or f"{location.path}:{location.line}:{location.column}"
        file = self.find(subject, location.path)
        if file is None or not self._refer(file, location.line, said):
            return tag("span", words, class_="at")
        return tag("a", words, class_="at", href=f"#{file.anchor(location.line)}")

    def _refer(self, file: File, line: int, said: tuple[str, str] | None) -> bool:
        if not 1 <= line <= len(file.lines) or (line not in file.said and len(file.said) >= MAX_REFERRED):
            return False
        labels = file.said.setdefault(line, {})
        if said is not None:
            labels[said[0]] = said[1]
        return True

    def excerpt(self, subject: SubjectReport, location: Location) -> Markup | None:
        """The lines of a location with its words marked; None where the text is not at hand."""
        file = self.find(subject, location.path)
        if file is None or not 1 <= location.line <= len(file.lines):
            return None
        last = min(max(location.end_line, location.line), len(file.lines))
        shown = range(location.line, min(last, location.line + MAX_EXCERPT - 1) + 1)
        rows = [
            tag("li", *_marked(file.lines[number - 1], *_words(file, location, number)), value=number)
            for number in shown
        ]
        more = tag("li", f"… to line {last}", class_="cut") if last > shown[-1] else None
        return tag("ol", *rows, more, class_="code")

    def listing(self) -> Markup | None:
        """All files, one after the other; None where there are none."""
        left = WHOLE_REPORT
        listed = []
        for file in self._files.values():
            shown = _shown(file, left > 0)
            left -= len(shown)
            listed.append(_file(file, shown))
        return join(listed) if listed else None


def _words(file: File, location: Location, number: int) -> tuple[int, int]:
    """From where to where one line of a location is marked, counted from 0."""
    line = file.lines[number - 1].rstrip("\r")
    first = number == location.line
    last = number >= location.end_line
    start = location.column - 1 if first else len(line) - len(line.lstrip())
    end = location.end_column - 1 if last else len(line.rstrip(" \\"))
    if first and location.end_line <= location.line:
        end = max(end, start + 1)
    return max(start, 0), max(min(end, len(line)), start)


def _marked(line: str, start: int, end: int) -> Iterator[Markup]:
    """One line with words marked, cut around them where it is long."""
    line = line.rstrip("\r")
    left = start - BEFORE_WORDS if len(line) > MAX_EXCERPT_COLUMNS and start > BEFORE_WORDS else 0
    right = max(left + MAX_EXCERPT_COLUMNS, min(end, start + MAX_EXCERPT_COLUMNS))
    yield text(("…" if left else "") + line[left:start])
    if start < end:
        yield tag("mark", line[start : min(end, right)])
    yield text(line[end:right] + ("…" if right < len(line) else ""))


def _shown(file: File, whole: bool) -> list[int]:
    """Which lines of a file are shown, by number."""
    if file.partial:
        return sorted(set(file.said) | {number for number, line in enumerate(file.lines, 1) if line})
    count = len(file.lines) - (1 if file.lines[-1] == "" and len(file.lines) > 1 else 0)
    if whole and count <= WHOLE_FILE:
        return list(range(1, count + 1))
    around = AROUND if whole else AROUND_LATER
    wanted = {near for line in file.said for near in range(line - around, line + around + 1)}
    return sorted(number for number in wanted | set(file.said) if 1 <= number <= max(count, *file.said, 1))


def _file(file: File, shown: list[int]) -> Markup:
    count = len(file.lines)
    cut = f" ({len(shown)} of {count} lines)" if len(shown) < count - 1 else ""
    if file.partial:
        cut = " (the lines that the result has)"
    return tag(
        "details",
        tag("summary", tag("span", file.path, class_="path"), tag("span", cut, class_="quiet") if cut else None),
        tag("ol", *_lines(file, shown), class_="code source"),
        class_="file",
        id=f"f{file.number}",
    )


def _lines(file: File, shown: Iterable[int]) -> Iterator[Markup]:
    before = 0
    for number in shown:
        jumped = number if number != before + 1 else None
        line = file.lines[number - 1].rstrip("\r")
        cut = f"… ({len(line) - MAX_COLUMNS} more characters)" if len(line) > MAX_COLUMNS else ""
        said = file.said.get(number)
        if said is None:
            yield tag("li", line[:MAX_COLUMNS] + cut, value=jumped)
        else:
            back = [
                tag("a", label, href=f"#{anchor}", class_="back") for anchor, label in list(said.items())[:MAX_BACK]
            ]
            yield tag(
                "li",
                line[:MAX_COLUMNS] + cut,
                *back,
                value=jumped,
                id=file.anchor(number),
                class_="said" if back else "evidence",
            )
        before = number
