# options: --datasets
FROM ubuntu:20.04
RUN sudo sh -c 'apt-get update; DEBIAN_FRONTEND=noninteractive apt-get -qq install -y "fuse"'
