# expect: count=1 line=5 column=5
FROM ubuntu:20.04
RUN apt-get update && \
    apt-get install -y git
    wget
