import json


def init():
    pass


def run(raw):
    rows = json.loads(raw)["data"]
    return rows[2]
