FROM ubuntu:20.04
RUN apt-get update && apt-get install -y python3.8
RUN apt-get purge -y python3.8
