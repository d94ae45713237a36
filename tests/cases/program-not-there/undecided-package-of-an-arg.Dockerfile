FROM ubuntu:22.04
ARG PACKAGES
RUN apt-get update && apt-get install -y $PACKAGES
RUN pip install flask
