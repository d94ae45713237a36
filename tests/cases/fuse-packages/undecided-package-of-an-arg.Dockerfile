FROM ubuntu:20.04
ARG PACKAGES
RUN apt-get update && apt-get install -y $PACKAGES
