# expect: found=none reason="ARG BASE has no default"
ARG BASE
FROM ${BASE}
