# expect: count=1
FROM ubuntu:22.04
RUN apt-get update && apt-get install -y sudo
RUN sudo -H pip3 install flask
