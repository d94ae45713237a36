"""The server does not stop well

## What it asks

The container ends by itself with exit code 0 when it is asked to with SIGTERM.

## Why

Azure ML takes containers away whenever it scales or updates an endpoint. One that ignores SIGTERM, or ends with an error,
loses the requests that it was working on. Most often a start script runs the server as its child and not in its place.

## How it is read

`amlcheck score` stops the container as `docker stop` does and looks at its exit code.

## Bad

```text
#!/bin/sh
gunicorn --bind 0.0.0.0:5001 main:app
```

## Good

```text
#!/bin/sh
exec gunicorn --bind 0.0.0.0:5001 main:app
```

## Fix

Start the server with `exec` in the start script, or name it directly in CMD in JSON form.

**No automatic fix:** only the image shows it, and not which words of which file are to blame.

## Sources

- Docker: `docker stop` sends SIGTERM to the first process, and SIGKILL ten seconds later.
"""

from __future__ import annotations

from amlcheck.model import Severity

ID = "AML502"
SEVERITY = Severity.INFO
FIX = "start the server with exec in the start script, so that it gets the signal itself"
LIVE = True
