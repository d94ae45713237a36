"""Sums the rows of a request, with the offset that the model has."""

import json
import os
from pathlib import Path

offset = 0


def init():
    """Reads the model from where Azure ML puts it."""
    global offset
    model = Path(os.environ["AZUREML_MODEL_DIR"])
    found = next(model.rglob("offset.json"))
    offset = json.loads(found.read_text())["offset"]


def run(raw_data):
    """Takes {"data": [[…], …]} and gives one number for each row."""
    rows = json.loads(raw_data)["data"]
    return [sum(row) + offset for row in rows]
