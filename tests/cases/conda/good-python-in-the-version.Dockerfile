# expect: found=4.12.0
FROM ubuntu:20.04
RUN curl -sSO https://repo.anaconda.com/miniconda/Miniconda3-py38_4.12.0-Linux-x86_64.sh && \
    bash Miniconda3-py38_4.12.0-Linux-x86_64.sh -b -p /opt/conda
