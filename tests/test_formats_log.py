"""What stands in the log of a CI: commands that survive every character, and nothing from a file that is one.

The two parsers here do what the agents do (actions/runner, src/Runner.Common/ActionCommand.cs; azure-pipelines-agent,
src/Microsoft.VisualStudio.Services.Agent/Command.cs and CommandStringConvertor.cs, read in November 2026). Both compare
as .NET does by default, which overlooks characters of no width.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from amlcheck.model import Finding, Report, Severity, SubjectReport, Verdict
from amlcheck.report import formats, github, harmless, markdown, text_report
from amlcheck.report.markdown_text import code, text
from formats_support import HOSTILE, PATH, dockerfile, everything, image, judged, location, only
from test_cli import VIOLATED, WARNED, environment, run

GITHUB = ("::error ", "::warning ", "::notice ")
AZURE = "##vso[task.logissue type="
SURROUNDED = "line 1\nline 2: 100%, 50%25 %0A %AZP25; [x] ]y[ 'q' \"q\" ünï 日本 😀 ::error::z"
"""What a message may hold and must come back as it was."""


@dataclass
class Command:
    name: str
    properties: dict[str, str] = field(default_factory=dict)
    data: str = ""


def unseen(text: str) -> str:
    """Text as a comparison of .NET sees it."""
    return "".join(
        char
        for char in text
        if unicodedata.category(char) not in ("Cf", "Cc", "Cs") and char not in "\ufe0f\u034f\u3164"
    )


def github_command(line: str) -> Command | None:
    """A line as the runner reads it: `::name key=value,…::data`, or, of old, `##[name]data` anywhere."""
    seen = unseen(line).lstrip()
    if seen.startswith("::") and "::" in seen[2:]:
        head, _, data = seen[2:].partition("::")
        name, _, told = head.partition(" ")
        pairs = (pair.partition("=") for pair in told.strip().split(",") if pair)
        properties = {key: _decoded(value, ("%0D\r", "%0A\n", "%3A:", "%2C,", "%25%")) for key, _, value in pairs}
        return Command(name, properties, _decoded(data, ("%0D\r", "%0A\n", "%25%")))
    found = re.search(r"##\[([^\] ]*)[^\]]*\](.*)", seen)
    return Command(found.group(1), {}, found.group(2)) if found else None


def azure_command(line: str) -> Command | None:
    """A line as the agent reads it: `##vso[area.event key=value;…]data` anywhere."""
    seen = unseen(line)
    start = seen.find("##vso[")
    if start < 0 or "]" not in seen[start:]:
        return None
    head, _, data = seen[start + 6 :].partition("]")
    name, _, told = head.partition(" ")
    marks = ("%3B;", "%0D\r", "%0A\n", "%5D]", "%AZP25%")
    pairs = (pair.partition("=") for pair in told.split(";") if pair)
    return Command(name, {key: _decoded(value, marks) for key, _, value in pairs}, _decoded(data, marks))


def _decoded(text: str, marks: Iterable[str]) -> str:
    for mark in marks:
        text = text.replace(mark[:-1], mark[-1])
    return text


def lines_of(text: str) -> list[str]:
    """As a stream reader splits: at LF, CR and both."""
    return re.split(r"\r\n|\r|\n", text)


def one(message: str) -> Report:
    finding = Finding("AML302", Severity.ERROR, message, location(3, 10, 13), fix="do: this, that")
    return Report("p", (SubjectReport(PATH, "dockerfile", findings=(finding,)),))


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "GITHUB_STEP_SUMMARY",
        "AGENT_TEMPDIRECTORY",
        "GITHUB_WORKSPACE",
        "GITHUB_SERVER_URL",
        "CI_PROJECT_URL",
    ):
        monkeypatch.delenv(name, raising=False)


# --- commands survive ------------------------------------------------------------------------------------------------


def test_github_annotations_survive() -> None:
    command = github_command(formats.render("github", one(SURROUNDED)).splitlines()[0])
    assert command is not None
    assert command.name == "error"
    assert command.data == f"{SURROUNDED}\nfix: do: this, that"
    assert command.properties == {
        "file": PATH,
        "line": "3",
        "endLine": "3",
        "col": "10",
        "endColumn": "12",
        "title": "AML302 unpinned-versions",
    }


def test_azure_issues_survive() -> None:
    command = azure_command(formats.render("azure-pipelines", one(SURROUNDED)).splitlines()[0])
    assert command is not None
    assert command.name == "task.logissue"
    assert command.data == f"{SURROUNDED}\nfix: do: this, that"
    assert command.properties == {
        "type": "error",
        "sourcepath": PATH,
        "linenumber": "3",
        "columnnumber": "10",
        "code": "AML302",
    }


VISIBLE = st.text(st.characters(blacklist_categories=("Cc", "Cf", "Cs", "Cn", "Co", "Mn")), max_size=30)


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(VISIBLE, st.sampled_from(["%", "%25", "%0A", "%AZP25", ":", ",", ";", "]", "[", "#", "::"])),
        max_size=8,
    )
)
def test_any_message_survives(parts: list[str]) -> None:
    """Except for what would be a command to the other CI, and blanks at the ends."""
    message = harmless.in_command("x" + "".join(parts).replace("\u2028", "").replace("\u2029", "") + "x")
    told = github_command(formats.render("github", one(message)).splitlines()[0])
    issue = azure_command(formats.render("azure-pipelines", one(message)).split("\n")[0])
    assert told is not None
    assert issue is not None
    assert told.data == issue.data == f"{unseen(message)}\nfix: do: this, that"


def test_columns_only_within_one_line() -> None:
    finding = Finding("AML302", Severity.ERROR, "m", location(3, 10, 3, end_line=4))
    report = Report("p", (SubjectReport(PATH, "dockerfile", findings=(finding,)),))
    command = github_command(formats.render("github", report))
    assert command is not None
    assert (command.properties["line"], command.properties["endLine"]) == ("3", "4")
    assert "col" not in command.properties
    assert "endColumn" not in command.properties


@pytest.mark.parametrize(("name", "start"), [("github", "::{} "), ("azure-pipelines", "##vso[task.logissue type={};")])
def test_levels(name: str, start: str) -> None:
    for verdict, severity, level in (
        (Verdict.VIOLATED, Severity.ERROR, "error"),
        (Verdict.VIOLATED, Severity.WARNING, "warning"),
        (Verdict.UNDECIDED, Severity.ERROR, "warning"),
    ):
        assert formats.render(name, only(verdict, severity)).startswith(start.format(level))
    for verdict in (Verdict.MET, Verdict.NOT_APPLICABLE):
        assert formats.render(name, only(verdict)).startswith("amlcheck: 1 file, profile azureml-2021-04: ")


# --- nothing else is a command ---------------------------------------------------------------------------------------


def all_texts(report: Report) -> dict[str, str]:
    shown = {name: formats.render(name, report) for name in formats.MACHINE}
    for colour in (False, True):
        shown[f"text {colour}"] = harmless.in_text(text_report.render(report, 60, colour))
    return shown


@pytest.mark.parametrize(
    "hostile", [HOSTILE, HOSTILE.replace(" ", "\n"), HOSTILE.replace(" ", "\r"), HOSTILE.replace(" ", "\u00a0")]
)
def test_no_line_is_a_command(hostile: str) -> None:
    for name, shown in all_texts(everything(hostile)).items():
        for line in lines_of(shown):
            at_github, at_azure = github_command(line), azure_command(line)
            if name == "github":
                assert at_github is None or line.startswith(GITHUB)
                assert at_azure is None
            elif name == "azure-pipelines":
                assert at_azure is None or line.startswith(AZURE)
                assert at_github is None
            else:
                assert at_github is None, f"{name}: {line!r}"
                assert at_azure is None, f"{name}: {line!r}"
            assert "##teamcity[" not in unseen(line)


def test_the_test_sees_commands() -> None:
    assert github_command(" \u00a0::add-mask::x") is not None
    assert github_command("\u00ad::add-mask::x") is not None
    assert github_command("text ##[add-path]/evil") is not None
    assert azure_command("text #\u00ad#v\u200bso[task.complete]z") is not None
    assert github_command("a::b::c") is None


def test_a_dockerfile_and_its_name_command_nothing(tmp_path: Path) -> None:
    """Through the whole program: a file's name at the beginning of a line, words of the file, and errors."""
    name = "::add-mask::x"
    content = VIOLATED + 'ENV A=b ##vso[task.setvariable variable=x]y\nLABEL "##[add-path]/evil"=1 ::stop-commands::t\n'
    forms = list(formats.NAMES)
    files = [option for form in forms[1:] for option in ("--format", f"{form}={form}.out")]
    for given_name in (name, "##vso[task.setvariable variable=x]y", "Dockerfile"):
        (tmp_path / given_name).write_text(content)
        result = run("lint", given_name, "--format", "text", *files, cwd=tmp_path)
        assert result.code == 1
        shown = {form: (tmp_path / f"{form}.out").read_text() for form in forms[1:]}
        for form, told in {**shown, "text": result.out + result.err}.items():
            for line in lines_of(told):
                assert github_command(line) is None or (form == "github" and line.startswith(GITHUB)), line
                assert azure_command(line) is None or (form == "azure-pipelines" and line.startswith(AZURE)), line
    missing = run("lint", "x\n::add-mask::y", "--config", "no\n::add-mask::y ##vso[task.complete]", cwd=tmp_path)
    assert missing.code == 2
    assert [line for line in lines_of(missing.err) if github_command(line) or azure_command(line)] == []
    assert missing.err.count("\n") == 1


def test_json_and_xml_say_the_same_in_other_words() -> None:
    """What is rewritten for logs is no loss to a reader."""
    hostile = "##vso[task.complete]\n::error::x ##[group]"
    plain = json.loads(formats.render("json", everything(hostile)))
    assert plain["subjects"][0]["findings"][0]["message"] == hostile
    issues = json.loads(formats.render("gitlab", everything(hostile)))
    assert any("##vso[task.complete] ::error::x ##[group]" in issue["description"] for issue in issues)


# --- Markdown --------------------------------------------------------------------------------------------------------


def html_of(source: str) -> str:
    shown: str = MarkdownIt("gfm-like", {"linkify": False}).render(source)
    return shown


def test_markdown_is_as_it_is_meant() -> None:
    shown = html_of(formats.render("markdown", everything(HOSTILE)))
    assert "<script" not in shown
    assert "<img" not in shown
    assert "href" not in shown
    assert "</code></pre>" not in shown
    tags = set(re.findall(r"<(/?[a-z0-9]+)", shown))
    known = {
        "h2",
        "h3",
        "p",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "strong",
        "ul",
        "li",
        "code",
        "br",
        "details",
        "summary",
    }
    assert {tag.lstrip("/") for tag in tags} <= known
    assert shown.count("<h3>") == 4
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown


def test_markdown_calls_nobody_and_refers_to_nothing() -> None:
    """These sites look into the rendered text, but not into code."""
    shown = html_of(formats.render("markdown", everything(HOSTILE)))
    outside = re.sub(r"<code>.*?</code>", "", shown, flags=re.DOTALL)
    assert "octocat" in outside
    assert not re.search(r"(?<![\w&])[@#!](?=\w)", outside.replace("&#", ""))
    assert "://" not in outside.replace("://\u200b", "")
    assert "www.evil" not in outside
    for line in formats.render("markdown", everything(HOSTILE.replace(" ", "\n"))).splitlines():
        assert not line.lstrip().startswith("/"), "GitLab acts on a line that begins with /"


@settings(deadline=None)
@given(st.text(max_size=60))
def test_text_and_code_stay_text_and_code(words: str) -> None:
    for made, pattern in ((text(words), r"<p>x ?.* ?y</p>\n"), (code(words), r"<p>x (<code>[^<>]*</code>)? ?y</p>\n")):
        shown = html_of(f"x {made} y")
        assert re.fullmatch(pattern, shown, re.DOTALL), shown
        assert shown.count("<") <= 4


def test_a_comment_stays_below_the_limit() -> None:
    subjects = tuple(dockerfile(HOSTILE, f"{number}/Dockerfile") for number in range(100))
    report = Report("p", (*subjects, image()))
    comment = formats.render("markdown", report)
    assert len(comment.encode()) < 65_536
    left = re.search(r"\n(\d+) more are left off here", comment)
    assert left is not None
    shown = comment.count("\n- **") + sum(map(int, re.findall(r"<summary>(\d+) waived", comment)))
    assert int(left.group(1)) + shown == 100 * 10 + 3
    assert comment.startswith(markdown.MARK)


def test_quiet_files_are_folded() -> None:
    met = SubjectReport("a/Dockerfile", "dockerfile", judgements=(judged("conda", Verdict.MET),))
    comment = formats.render(
        "markdown", Report("p", (met, dockerfile(), SubjectReport("environment.yml", "environment")))
    )
    assert "<summary>2 with nothing to do</summary>" in comment
    assert formats.render("markdown", Report("p", (met,))).count("| met | conda |") == 1


def test_places_are_links_where_a_ci_tells_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "team/images")
    monkeypatch.setenv("GITHUB_SHA", "0123abc")
    shown = html_of(formats.render("markdown", Report("p", (dockerfile(),))))
    address = "https://github.com/team/images/blob/0123abc/sub%20dir/Docker%20file%3A1%2C%C3%A9.Dockerfile#L1"
    assert f'href="{address}"' in shown


# --- summaries -------------------------------------------------------------------------------------------------------


def test_the_step_summary_is_added_to(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(VIOLATED)
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    result = run("lint", "Dockerfile", "--format", "github", cwd=tmp_path, env={"GITHUB_STEP_SUMMARY": str(summary)})
    assert result.code == 1
    assert result.out.startswith("::error file=Dockerfile,line=1,")
    assert summary.read_text().startswith("before\n## amlcheck: something is violated\n")
    assert "**violated** | ubuntu" in summary.read_text()
    both = run(
        "lint", "Dockerfile", "--format", "github=log.txt", cwd=tmp_path, env={"GITHUB_STEP_SUMMARY": str(summary)}
    )
    assert (both.code, both.out) == (1, "")
    assert summary.read_text().count("## amlcheck") == 2


def test_no_other_format_touches_the_summary(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(VIOLATED)
    env = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"), "AGENT_TEMPDIRECTORY": str(tmp_path)}
    run(
        "lint",
        "Dockerfile",
        "--format",
        "text",
        "--format",
        "markdown=a.md",
        "--format",
        "sarif=b",
        cwd=tmp_path,
        env=env,
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Dockerfile", "a.md", "b"]


def test_a_step_summary_is_never_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = tmp_path / "summary.md"
    summary.write_bytes(b"x" * (github.SUMMARY_LIMIT - 30_000))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    subjects = tuple(dockerfile(HOSTILE, f"{number}/Dockerfile") for number in range(20))
    formats.publish("github", Report("p", subjects))
    assert github.SUMMARY_LIMIT - 30_000 < summary.stat().st_size <= github.SUMMARY_LIMIT
    size = summary.stat().st_size
    monkeypatch.setattr(github, "SUMMARY_LIMIT", size + 100)
    formats.publish("github", Report("p", subjects))
    assert summary.stat().st_size == size, "nothing rather than a torso"


def test_the_summary_of_azure_pipelines(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(VIOLATED)
    folder = tmp_path / "agent;temp]"
    folder.mkdir()
    env = {"AGENT_TEMPDIRECTORY": str(folder)}
    results = [run("lint", "Dockerfile", "--format", "azure-pipelines", cwd=tmp_path, env=env) for _ in range(2)]
    assert results[0].out == results[1].out
    (made,) = folder.iterdir()
    assert made.read_text().startswith("## amlcheck: something is violated\n")
    command = azure_command(results[0].out.splitlines()[-1])
    assert command == Command("task.uploadsummary", {}, str(made))


def test_a_summary_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(VIOLATED)
    for form, env in (
        ("github", {"GITHUB_STEP_SUMMARY": str(tmp_path)}),
        ("azure-pipelines", {"AGENT_TEMPDIRECTORY": "/no/such"}),
    ):
        result = run("lint", "Dockerfile", "--format", form, cwd=tmp_path, env=env)
        assert result.code == 2
        assert result.err.startswith("amlcheck: ")
        assert next(iter(env)) in result.err


def test_a_diff_in_a_log_commands_nothing(tmp_path: Path) -> None:
    """In a log only: what is led into a file, or is in no CI, must fit the file it is about to the byte."""
    (tmp_path / "Dockerfile").write_text(WARNED + "RUN true \\\n::add-mask::x ##vso[task.complete]\n")
    asked = ("lint", "Dockerfile", "--diff", "--unsafe-fixes")
    exact = run(*asked, cwd=tmp_path).out
    assert "\n ::add-mask::x ##vso[task.complete]\n" in exact, "it is close enough to what is repaired"
    for name in ("GITHUB_ACTIONS", "TF_BUILD"):
        shown = run(*asked, cwd=tmp_path, env={name: "true"})
        assert "add-mask" in shown.out
        assert [line for line in lines_of(shown.out + shown.err) if github_command(line) or azure_command(line)] == []
    with (tmp_path / "patch").open("wb") as file:
        command = [sys.executable, "-m", "amlcheck", *asked]
        subprocess.run(command, cwd=tmp_path, env=environment({"TF_BUILD": "True"}), stdout=file, check=False)
    assert (tmp_path / "patch").read_text() == exact


def test_a_difference_commands_nothing(tmp_path: Path) -> None:
    hostile = "x\n::add-mask::x ##vso[task.complete]y ##[group]z"
    for name, report in (("old.json", one("x")), ("new.json", one(hostile))):
        (tmp_path / name).write_text(formats.render("json", report))
    for form in ("text", "json", "markdown"):
        result = run("diff", "old.json", "new.json", "--format", form, cwd=tmp_path)
        assert "add-mask" in result.out
        assert [line for line in lines_of(result.out) if github_command(line) or azure_command(line)] == []
