# expect: found=3.11
FROM ubuntu:22.04
COPY --from=ghcr.io/astral-sh/uv:0.5.0 /uv /usr/local/bin/uv
RUN uv venv --python 3.11 /opt/venv
ENV PATH=/opt/venv/bin:$PATH
