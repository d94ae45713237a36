FROM ubuntu:22.04
COPY pip /usr/local/bin/pip
RUN pip install flask
