FROM ubuntu:22.04
RUN pip() { echo "$@"; }; pip install flask
