# expect: found=4.3.11 line=3 column=19 text=4.3.11 chain=3,4
FROM ubuntu:18.04
ARG CONDA_VERSION=4.3.11
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-${CONDA_VERSION}-Linux-x86_64.sh -O /tmp/conda.sh && \
    bash /tmp/conda.sh -b -p /opt/conda && \
    rm /tmp/conda.sh
