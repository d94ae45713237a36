FROM ubuntu:20.04
RUN --mount=type=secret,id=pip pip install --extra-index-url "$(cat /run/secrets/pip)" mypackage==1.0
