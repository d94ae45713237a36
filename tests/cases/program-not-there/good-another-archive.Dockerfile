FROM ubuntu:20.04
RUN apt-get update && apt-get install -y software-properties-common && add-apt-repository -y ppa:deadsnakes/ppa
RUN apt-get install -y python3.11 && pip3 install flask
