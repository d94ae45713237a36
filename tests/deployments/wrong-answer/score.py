import json


def init():
    pass


def run(raw):
    return [float(max(row)) for row in json.loads(raw)["data"]]
