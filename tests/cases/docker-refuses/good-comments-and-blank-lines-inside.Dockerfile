FROM ubuntu:20.04
RUN apt-get update && \
    # comments and blank lines may stand inside

    apt-get install -y git wget
