# options: --datasets
FROM ubuntu:20.04
RUN ["apt-get", "install", "-y", "libfuse2"]
