FROM ubuntu:22.04
RUN apt-get update && apt-get install -y fuse3 libfuse3-dev
