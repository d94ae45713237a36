# expect: found=none
FROM ubuntu:20.04
COPY conda-pack.tar.gz /tmp/
RUN mkdir /opt/conda && tar xzf /tmp/conda-pack.tar.gz -C /opt/conda
