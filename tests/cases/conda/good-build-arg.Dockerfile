# options: --build-arg CONDA_VERSION=4.7.12
# expect: found=4.7.12
FROM ubuntu:20.04
ARG CONDA_VERSION
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-${CONDA_VERSION}-Linux-x86_64.sh -O /tmp/conda.sh && \
    bash /tmp/conda.sh -b -p /opt/conda
