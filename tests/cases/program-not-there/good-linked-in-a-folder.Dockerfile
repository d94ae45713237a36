FROM ubuntu:22.04
RUN apt-get update && apt-get install -y python3 && cd /usr/bin && ln -s python3 python
RUN python --version
