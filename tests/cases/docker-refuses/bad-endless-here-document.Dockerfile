FROM ubuntu:20.04
RUN <<EOF
apt-get update
