"""A file as a document, by what its name and its content say it is."""

from __future__ import annotations

from amlcheck.environment.document import Document
from amlcheck.environment.files import Files
from amlcheck.environment.json_reader import read_json
from amlcheck.records import replace


def read_document(shown: str, files: Files) -> Document:
    """A JSON or YAML file. Raises UnreadableError."""
    opened = files.read(shown)
    if shown.lower().endswith(".json"):
        document = read_json(opened.mapped)
    else:
        from amlcheck.environment.yaml_reader import read_yaml

        document = read_yaml(opened.mapped)
    return replace(document, problems=(*opened.problems, *document.problems))
