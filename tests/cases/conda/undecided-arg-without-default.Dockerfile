# expect: found=none reason="ARG CONDA_VERSION has no default"
FROM ubuntu:20.04
ARG CONDA_VERSION
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-${CONDA_VERSION}-Linux-x86_64.sh -O /tmp/conda.sh && \
    bash /tmp/conda.sh -b -p /opt/conda
