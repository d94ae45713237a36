FROM ubuntu:22.04
RUN apt-get update && apt-get install -y python3 ansible
RUN pip3 install flask
