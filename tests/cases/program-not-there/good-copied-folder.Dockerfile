FROM ubuntu:22.04
COPY tools/ /usr/local/bin/
RUN pip install flask
