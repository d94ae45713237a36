# options: --require git
FROM ubuntu:20.04
RUN add() { apt-get install -y --no-install-recommends "$@"; }; apt-get update; add wget git
