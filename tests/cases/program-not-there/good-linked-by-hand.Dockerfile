FROM ubuntu:22.04
RUN apt-get update && apt-get install -y python3 && ln -s /usr/bin/python3 /usr/bin/python
RUN python --version
