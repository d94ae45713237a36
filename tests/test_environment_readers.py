"""JSON and YAML with their places: the standard reader as the oracle, and files that want to do harm."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from amlcheck.dockerfile.source import Mapped, Source
from amlcheck.environment.document import Document, Mapping, Node, Open, Scalar, Sequence, walk
from amlcheck.environment.files import Files, decode
from amlcheck.environment.json_reader import read_json
from amlcheck.environment.limits import MAX_BYTES, MAX_CHARACTERS, MAX_DEPTH
from amlcheck.environment.yaml_reader import read_yaml
from amlcheck.errors import UnreadableError
from environment_cases import check
from support import findings

SECONDS = 5.0
"""What any hostile file may take, on a busy machine."""


def mapped(text: str) -> Mapped:
    return Mapped.of(Source("file", text))


def plain(node: Node | None) -> object:
    """The document as Python's own reader gives it."""
    if isinstance(node, Mapping):
        return {entry.key: plain(entry.node) for entry in node.entries}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    if isinstance(node, Open):
        return node.span.text
    assert isinstance(node, Scalar)
    return node.value


def depth_of(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max((depth_of(item) for item in inner), default=0) if isinstance(value, (dict, list)) else 0


def problem(document: Document) -> tuple[str, int, int]:
    (found,) = document.problems
    place = found.span.location
    return found.message, place.line, place.column


_WORDS = st.text(alphabet=st.characters(exclude_characters="{}$<#_", codec="utf-16"), max_size=8)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(_VALUES, st.booleans(), st.sampled_from([None, 1, "\t"]))
@settings(max_examples=200, deadline=None)
def test_json_is_what_json_says(value: object, ascii_only: bool, indent: int | str | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    document = read_json(mapped(text))
    assert document.problems == ()
    assert plain(document.root) == json.loads(text)


_BITS = st.sampled_from(
    ['{', '}', '[', ']', ',', ':', '"a"', '"', "1", "-", "0", ".", "e5", "true", "nul", "NaN", "Infinity", "\\", "\n", " ",
     "\t", "\x00", "\x0b", "\u00a0", "\ufeff", "\\u12", "\ud800", "'", "/", "01", "1."]
)  # fmt: skip


@given(st.lists(_BITS, max_size=9).map("".join))
@settings(max_examples=1500, deadline=None)
def test_json_takes_what_json_takes(text: str) -> None:
    document = read_json(mapped(text))
    try:
        wanted = json.loads(text) if not text.startswith("\ufeff") else None
        taken = not text.startswith("\ufeff")
    except (ValueError, RecursionError):
        wanted, taken = None, False
    if document.template:
        return
    repeated = [item for item in document.problems if "stands twice" in item.message]
    assert (document.root is not None) is taken, text
    assert taken or len(document.problems) == 1
    assert not taken or document.problems == tuple(repeated)
    if taken and not (isinstance(wanted, float) and math.isnan(wanted)):
        assert repr(plain(document.root)) == repr(wanted)


@given(_VALUES)
@settings(max_examples=150, deadline=None)
def test_every_word_of_json_stands_at_its_place(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False)
    document = read_json(mapped(text))
    for node in walk(document.root):
        assert json.loads(node.span.text) == plain(node) or isinstance(node, Open)
        for entry in node.entries if isinstance(node, Mapping) else ():
            assert json.loads(f'"{entry.key_span.text}"') == entry.key


@given(_VALUES)
@settings(max_examples=150, deadline=None)
def test_yaml_is_what_yaml_says(value: object) -> None:
    text = yaml.safe_dump(value, allow_unicode=True)
    document = read_yaml(mapped(text))
    assert document.problems == ()
    assert str(plain(document.root)) == str(yaml.safe_load(text))


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ('{"a": 1,}', "a comma stands before the }", 1, 9),
        ("[1,\n]", "a comma stands before the ]", 2, 1),
        ('{"a": 1 "b": 2}', "a comma or the end is missing", 1, 9),
        ("{'a': 1}", "a key in quotes is missing", 1, 2),
        ('{"a" 1}', "a colon is missing", 1, 6),
        ('{"a": tru}', "a value is missing", 1, 7),
        ('{"a": "b\\x"}', "escapes nothing", 1, 9),
        ('{"a": "b', "a string does not end", 1, 7),
        ('{"a": 1', "it ends too early", 1, 7),
        ('{"a": 1} x', "something after its end", 1, 10),
        ("// note\n{}", "a value is missing", 1, 1),
        ('{"a": 1, "b": {}, "a": 2}', "the key 'a' stands twice", 1, 20),
        ("", "it ends too early", 1, 1),
        ("[" + "9" * 5000 + "]", "a number is too long", 1, 2),
    ],
)
def test_what_is_wrong_with_json_and_where(text: str, message: str, line: int, column: int) -> None:
    told, at_line, at_column = problem(read_json(mapped(text)))
    assert message in told
    assert (at_line, at_column) == (line, column)


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("a: b: c\n", "mapping values are not allowed", 1, 5),
        ("a:\n\t- b\n", "cannot start any token", 2, 1),
        ("a: *b\n", "the alias *b has no anchor", 1, 4),
        ("a: 1\nb: 2\na: 3\n", "the key 'a' stands twice", 3, 1),
        ("a: 1\n---\nb: 2\n", "more than one document", 2, 1),
        ("a: &x [*x]\n", "aliases included", 1, 4),
        ('a: "b\n', "unexpected end", 1, 6),
    ],
)
def test_what_is_wrong_with_yaml_and_where(text: str, message: str, line: int, column: int) -> None:
    told, at_line, at_column = problem(read_yaml(mapped(text)))
    assert message in told
    assert at_line == line
    assert (at_column == column) or message == "unexpected end"


def test_anchors_aliases_and_merge_keys() -> None:
    text = "base: &b {x: 1, y: 2}\nown:\n  <<: *b\n  x: 3\nlist: [*b]\nmany:\n  <<: [{y: 5}, *b]\n"
    document = read_yaml(mapped(text))
    assert document.problems == ()
    assert plain(document.root) == yaml.safe_load(text)


LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{own}: &{own} [{','.join(['*' + before] * 9)}]\n" for before, own in zip("abcdefgh", "bcdefghi", strict=True)
)
DEEP = 100_000


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("deep.json", "[" * DEEP, f"more than {MAX_DEPTH} deep"),
        ("deep-objects.json", '{"a":' * DEEP, f"more than {MAX_DEPTH} deep"),
        ("deep.yml", "[" * DEEP, f"more than {MAX_DEPTH} deep"),
        ("deep-mappings.yml", "{a: " * DEEP, f"more than {MAX_DEPTH} deep"),
        ("blocks.yml", "\n".join(" " * level + "a:" for level in range(1200)), f"more than {MAX_DEPTH} deep"),
        ("laughs.yml", LAUGHS, "aliases included"),
        ("cycle.yml", "a: &a {b: &b {c: [*a, *b]}}\n", "aliases included"),
        ("wide.yml", "dependencies:\n" + "- a\n" * 200_000, "more than 50000 values"),
        ("long.json", '{"a": "' + "x" * MAX_CHARACTERS + '"}', "more than 1 MB"),
        ("long.yml", "a: " + "x" * MAX_CHARACTERS, "more than 1 MB"),
        ("quotes.json", '"' + "\\" * 500_001, "escapes nothing"),
        ("commas.json", "[" + "," * 500_000, "a value is missing"),
        ("keys.yml", "? " * 40_000, "deep"),
        ("many.json", "[" + "1," * 60_000 + "1]", "more than 50000 values"),
        ("requirements.txt", "a\n" * 600_000, "more than 1 MB"),
    ],
)
def test_hostile_documents_end_soon_and_are_told(name: str, text: str, message: str, tmp_path: Path) -> None:
    started = time.process_time()
    report = check({name: text}, tmp_path)
    assert time.process_time() - started < SECONDS
    (found,) = findings(report, "AML601")
    assert message in found.message
    assert found.location is not None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "keys.json",
            json.dumps({"entryScript": "s", "environment": {f"dockr{number}": 1 for number in range(20_000)}}),
        ),
        ("words.yml", "channels: [a]\ndependencies:\n- pip:\n" + "  - p\n" * 10_000),
        ("wheel.yml", "channels: [a]\ndependencies:\n- pip:\n  - " + "a" * 900_000),
        ("conda.yml", "channels: [a]\ndependencies:\n- " + "a::" * 300_000),
        ("requirements.txt", "a" * 900_000),
        ("constraints.txt", "a \\\n" * 150_000),
        ("requirements-self.txt", "-r requirements-self.txt\n" * 3),
    ],
)
def test_large_files_are_read_soon(name: str, text: str, tmp_path: Path) -> None:
    started = time.process_time()
    report = check({name: text}, tmp_path)
    assert time.process_time() - started < SECONDS
    assert findings(report, "AML000") == []
    assert all(len(item.related) <= 20 for item in report.findings)


@pytest.mark.parametrize(
    "text",
    ["(" * DEEP, "-" * DEEP + "1", "x = " + "[" * 5000, "a = " + "f(" * 3000 + ")" * 3000, "x" + ".a" * 50_000, "if a:\n" * 90,
     'a = "xx"\n' + "a = a + a\n" * 200, 'a = "xx"\n' + 'a = f"{a}{a}"\n' * 200, "a = [1]\n" + "a = a + a\n" * 200,
     "a = {}\n" + "a = {'x': a, 'y': a}\n" * 200 + "Environment(name='a', image='b:1', build=a, inference_config=a)",
     "from azureml.core import Environment as E\ne = E('a')\ne.python = e\ne.docker = e\ne.docker.python = e",
     "x = " + "+".join(["1"] * 30_000), "def init(): ...\ndef run(a): ...\nx = " + "'a'" * 30_000],
    ids=["parentheses", "signs", "brackets", "calls", "attributes", "no body", "doubled", "doubled f-strings", "doubled lists",
         "doubled mappings", "inside itself", "a long sum", "long strings"],
)  # fmt: skip
def test_hostile_programs_end_soon(text: str, tmp_path: Path) -> None:
    started = time.process_time()
    report = check({"score.py": f"import azureml\nfrom azure.ai.ml.entities import Environment\n{text}\n"}, tmp_path)
    assert time.process_time() - started < SECONDS
    assert findings(report, "AML000") == []


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "environment.yml"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(UnreadableError, match="more than 10 MB"):
        Files().read(str(path))


def test_pipes_and_folders_are_refused(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.json")
    for name in ("pipe.json", "."):
        with pytest.raises(UnreadableError, match=r"is not a regular file|directory"):
            Files().read(str(tmp_path / name))
    with pytest.raises(UnreadableError, match="cannot be read"):
        Files().read(str(tmp_path / "none.json"))


@pytest.mark.parametrize(
    ("content", "message", "line", "column"),
    [
        (b"\xff\xfea\0:\0 \x001\0", "it is UTF-16", 1, 1),
        (b"\xfe\xff\0a\0:\0 \x001", "it is UTF-16", 1, 1),
        (b"\xff\xfe\0\0a\0\0\0", "it is UTF-32", 1, 1),
        (b"a: b\nc: caf" + b"\xe9\n", "byte 0xe9 here", 2, 7),
        (b"ab\xf0\x28\x8c\x28", "byte 0xf0 here", 1, 3),
    ],
)
def test_other_encodings_are_told_at_the_place(content: bytes, message: str, line: int, column: int) -> None:
    opened = decode(content, "file")
    (found,) = opened.problems
    assert message in found.message
    assert (found.span.location.line, found.span.location.column) == (line, column)


def test_a_byte_order_mark_of_utf_8_is_no_fault() -> None:
    opened = decode(b"\xef\xbb\xbfa: 1", "file")
    assert (opened.mapped.text, opened.problems) == ("a: 1", ())


def test_utf_16_is_still_read(tmp_path: Path) -> None:
    (tmp_path / "conda.yml").write_bytes("channels: [a]\ndependencies: [python=3.6.2]\n".encode("utf-16"))
    report = check({"other.txt": ""}, tmp_path)
    assert report.error
    report = check_bytes(tmp_path)
    assert {item.rule for item in report.findings} >= {"AML601"}


def check_bytes(folder: Path):  # type: ignore[no-untyped-def]
    from amlcheck.catalog import catalog
    from amlcheck.environment.judging import lint_environment
    from support import options_of

    return lint_environment(catalog(), str(folder / "conda.yml"), options_of(""))


def test_tabs_carriage_returns_and_wide_characters_keep_their_columns(tmp_path: Path) -> None:
    text = '{\r\n\t"entryScript": "s.py", "condaFile": "ü😀.yml"}\r\n'
    report = check({"ic.json": text}, tmp_path)
    (found,) = [item for item in findings(report, "AML603") if "conda" in item.message]
    assert found.location is not None
    assert (found.location.line, found.location.column, found.location.end_column) == (2, 39, 45)
