"""Azure ML does not go through the image's entrypoint

## What it asks

The image has no ENTRYPOINT that does something of its own. A shell, tini and the like are no fault.

## Why

Azure ML starts its own command. What an entrypoint sets up (variables, an activated environment, a service) is then not there;
and where the command is handed to the entrypoint, as for a local endpoint, it may take it for arguments of its own.

## How it is read

From the image's config.

## Bad

```dockerfile
FROM ubuntu:22.04
COPY start.sh /start.sh
ENTRYPOINT ["/start.sh"]
```

## Good

```dockerfile
FROM ubuntu:22.04
ENV LD_LIBRARY_PATH=/opt/ours/lib
ENTRYPOINT ["/usr/bin/tini", "--"]
```

## Fix

Put what it sets up into ENV, or into the service that starts the server.

**No automatic fix:** only the image shows it, and not which words of which file are to blame.

## Sources

- docs/azureml-facts of the project, section 4: a local endpoint sets `CMD runsvdir /var/runit` on top of the image.
"""

from __future__ import annotations

from amlcheck.model import Severity

ID = "AML406"
SEVERITY = Severity.INFO
FIX = "put what the entrypoint sets up into ENV, or into the service that starts the server"
LIVE = True
