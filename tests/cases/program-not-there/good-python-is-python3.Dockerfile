FROM ubuntu:22.04
RUN apt-get update && apt-get install -y python3 python-is-python3
RUN python --version
