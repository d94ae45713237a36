FROM ubuntu:22.04
RUN apt-get update && apt-get install -y python3 wget
RUN wget https://bootstrap.pypa.io/get-pip.py && python3 get-pip.py && pip install flask
