FROM ubuntu:20.04
RUN apt-get update && apt-get install -y git=1:2.25.1-1ubuntu3
