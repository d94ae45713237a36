"""What is asked of a server: the user's requests, the sample request of Microsoft's documents, swagger's example."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from amlcheck.deployment.expectation import Expectation, loads, read_if_file, shown
from amlcheck.deployment.model import Answer, Request
from amlcheck.errors import AmlcheckError
from amlcheck.regex import regex

SAMPLE_BODY = {"data": [list(range(1, 11)), list(range(10, 0, -1))]}
SAMPLE = Request(json.dumps(SAMPLE_BODY).encode(), name="the sample request of Microsoft's documents")
SAMPLE_ANSWER = Expectation(value=[55, 55], has_value=True, text="[55, 55]")
"""What the built-in entry script answers it: the sum of each row."""
_HEADER = regex(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_MAX_EXAMPLE = 1 << 20


def parse_request(text: str, content_type: str = "", headers: Sequence[tuple[str, str]] = ()) -> Request:
    """A request as the command line has it: a file, or JSON. Raises AmlcheckError, UnreadableError."""
    body = read_if_file(text, "--request")
    if body is not None:
        guessed = mimetypes.guess_type(PurePath(text).name)[0] or "application/octet-stream"
        return Request(body, content_type or guessed, tuple(headers), name=text)
    try:
        loads(text.encode("utf-8", "surrogateescape"))
    except ValueError as error:
        if content_type and "json" not in content_type:
            return Request(text.encode("utf-8", "surrogateescape"), content_type, tuple(headers), name=shown(text))
        raise AmlcheckError(f"--request {shown(text)}: is neither a file nor JSON: {error}") from error
    data = text.encode("utf-8", "surrogateescape")
    return Request(data, content_type or "application/json", tuple(headers), name=shown(text))


def parse_header(text: str) -> tuple[str, str]:
    """A header as NAME:VALUE. Raises AmlcheckError."""
    name, colon, value = text.partition(":")
    name, value = name.strip(), value.strip()
    if not colon or not _HEADER.fullmatch(name) or any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
        raise AmlcheckError(f"--header {text.partition(':')[0]!r}: write it as NAME:VALUE, without control characters")
    return name, value


def from_swagger(answer: Answer, scoring_path: str = "/score") -> Request | None:
    """A request made from the example that a swagger.json has for the scoring route; None where it has none."""
    if answer.status != 200 or not answer.complete:
        return None
    try:
        document = loads(answer.body)
        if isinstance(document, str):  # older servers send it as a string of JSON
            document = loads(document.encode())
        example = _example(document, scoring_path)
        body = json.dumps(example).encode()
    except (ValueError, RecursionError):
        return None
    # Without @input_schema the server does not know what run() takes, and its example is empty.
    if not example or len(body) > _MAX_EXAMPLE:
        return None
    return Request(body, name="the example of /swagger.json")


def _example(document: Any, scoring_path: str) -> Any:
    """The example of what is posted to the scoring route, of a Swagger 2 or OpenAPI 3 document."""
    paths = _table(document, "paths")
    ends = [path for path in paths if isinstance(path, str) and path.endswith(scoring_path)]
    if not ends:
        return None
    post = _table(_table(paths, ends[0]), "post")
    parameters = post.get("parameters")
    for parameter in parameters if isinstance(parameters, list) else []:
        if isinstance(parameter, dict) and parameter.get("in") == "body":
            return _of_schema(document, parameter.get("schema"))
    content = _table(_table(post, "requestBody"), "content")
    media = _table(content, "application/json")
    return media.get("example", _of_schema(document, media.get("schema")))


def _of_schema(document: Any, schema: Any) -> Any:
    for _ in range(10):
        if not isinstance(schema, dict):
            return None
        if "example" in schema:
            return schema["example"]
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return None
        schema = document
        for part in reference[2:].split("/"):
            schema = schema.get(part) if isinstance(schema, dict) else None
    return None


def _table(data: Any, key: str) -> dict[str, Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def bad_requests(good: Request) -> tuple[Request, ...]:
    """Requests that a server may refuse, and must survive."""
    headers = good.headers
    return (
        Request(b'{"data": [[1, 2', good.content_type, headers, "malformed JSON"),
        Request(b"", good.content_type, headers, "an empty body"),
        Request(good.body, "text/plain", headers, "a wrong content type"),
        Request(good.body, good.content_type, headers, "a wrong method", method="PUT"),
        Request(b"", "", headers, "a wrong path", method="GET", path="/no-such-path"),
        Request(_large(), "application/json", headers, "a body of 10 MB"),
    )


def _large() -> bytes:
    """10 MB of valid JSON that is no list of numbers, so that a server need not work on it for long."""
    return b'{"data": "' + b"a" * (10 * 1000 * 1000 - 12) + b'"}'
