# options: --datasets
FROM ubuntu:20.04
ARG PACKAGES="wget libfuse-dev fuse"
RUN apt-get update && apt-get install -y ${PACKAGES}
