"""Sums each row: the sample request of Microsoft's documents gives [55, 55]."""

import json


def init():
    """Nothing to load."""


def run(raw):
    return [sum(row) for row in json.loads(raw)["data"]]
