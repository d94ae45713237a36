FROM debian:12
RUN apt-get update && apt-get install -y python3-venv
RUN python3 -m ensurepip --upgrade && pip3 install flask
