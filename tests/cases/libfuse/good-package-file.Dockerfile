# options: --datasets
FROM ubuntu:20.04
COPY libfuse2_2.9.9-3_amd64.deb /tmp/
RUN dpkg -i /tmp/libfuse2_2.9.9-3_amd64.deb
