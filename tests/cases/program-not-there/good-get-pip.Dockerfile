FROM ubuntu:22.04
RUN apt-get update && apt-get install -y python3 curl python3-distutils
RUN curl -sS https://bootstrap.pypa.io/get-pip.py | python3
RUN pip install flask
