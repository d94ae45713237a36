"""A secret stands in the Dockerfile

## What it asks

No password, token or key stands in ARG, ENV, LABEL or RUN, and registry credentials are not written by the build.

## Why

Every layer and the image's history keep it, and everyone who can pull the image can read it. Azure ML's environments must
not contain registry credentials.

## Bad

```dockerfile
FROM ubuntu:20.04
ENV AZURE_CLIENT_SECRET=8Q~abcdefghijklmnopqrstuvwxyz0123456789
```

```dockerfile
FROM ubuntu:20.04
RUN pip install --extra-index-url https://build:hunter2secret@pkgs.example.com/simple mypackage==1.0
```

## Good

```dockerfile
FROM ubuntu:20.04
RUN --mount=type=secret,id=pip pip install --extra-index-url "$(cat /run/secrets/pip)" mypackage==1.0
```

## Fix

Pass it with `RUN --mount=type=secret`, or give it to the deployment, and revoke the one that was committed.

**No automatic fix:** where the secret comes from then is the author's to say, and the committed one has to be revoked.

## Sources

- Docker's build checks (SecretsUsedInArgOrEnv); Azure ML v2: no registry credentials inside the environment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from amlcheck.dockerfile.built import Built, Stated
from amlcheck.dockerfile.source import Span
from amlcheck.model import Notice, Severity
from amlcheck.regex import regex

ID = "AML304"
SEVERITY = Severity.ERROR
FIX = "pass it with RUN --mount=type=secret, and revoke the one that was committed"
_NAME = regex(
    r"(?:^|_)(?:PASSWORD|PASSWD|PWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|ACCOUNT_?KEY|PRIVATE_?KEY|CREDENTIALS?|SAS|CONNECTION_?STRING)(?:$|_)",
    re.IGNORECASE,
)
_NOT_A_SECRET = regex(r"(?:_FILE|_PATH|_DIR|_URL|_NAME|_ID|_ENABLED|_TTL|_EXPIRY)$", re.IGNORECASE)
_PLACEHOLDER = regex(
    r"^(?:|true|false|none|null|changeme|dummy|todo|x+|\*+|<.*>|\.\.\.|/.*|https?://.*|\d{1,7})$", re.IGNORECASE
)
_URL_LOGIN = regex(r"\b[a-z][a-z+.-]*://[^/\s:@$<{]+:(?P<secret>[^/\s@$<{*]{3,})@")
_KNOWN_TOKEN = regex(
    r"(?:gh[pousr]_[A-Za-z0-9]{36}|AKIA[0-9A-Z]{16}|xox[abpr]-[A-Za-z0-9-]{10,}|AccountKey=[A-Za-z0-9+/]{40,}={0,2}"
    r"|-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----|hf_[A-Za-z0-9]{34}|glpat-[A-Za-z0-9_-]{20})"
)
_LOGIN_OPTION = regex(r"\bdocker\s+login\b[^&|;]*?(?:-p|--password)[ =](?P<secret>[^\s$-][^\s]*)")


def check(image: Built) -> Iterator[Notice]:
    """Names and values in ARG and ENV, and what looks like a secret in any other instruction. The value is never shown."""
    for kind, entries in (("ARG", image.args), ("ENV", image.stated_env)):
        for entry in entries:
            if _NAME.search(entry.name) and not _NOT_A_SECRET.search(entry.name) and _holds_value(entry):
                yield Notice(f"{kind} {entry.name} holds a secret: the image keeps it", entry.span.location)
    for instruction in image.dockerfile.instructions:
        for pattern in (_URL_LOGIN, _KNOWN_TOKEN, _LOGIN_OPTION):
            for match in pattern.finditer(instruction.args.text):
                start, end = match.span("secret") if "secret" in match.groupdict() else match.span()
                span: Span = instruction.args.span(start, end)
                yield Notice(f"{instruction.keyword} holds a secret: the image's history keeps it", span.location)


def _holds_value(entry: Stated) -> bool:
    value = entry.value.value
    return entry.value.known and not _PLACEHOLDER.match(value) and not any(piece.via for piece in entry.value.pieces)
