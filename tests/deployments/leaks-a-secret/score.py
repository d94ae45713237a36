"""Fails with a connection string in its message, as clients of storage do."""

import os


def init():
    raise RuntimeError(
        "cannot reach AccountName=store;AccountKey=c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA==;"
        f" tried https://user:hunter2@store.example/model with {os.environ['STORE_PASSWORD']}"
    )


def run(raw):
    return raw
