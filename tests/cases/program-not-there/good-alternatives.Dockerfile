FROM ubuntu:22.04
RUN apt-get update && apt-get install -y python3
RUN update-alternatives --install /usr/bin/python python /usr/bin/python3 1
RUN python --version
