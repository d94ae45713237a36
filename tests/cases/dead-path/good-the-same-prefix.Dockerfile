FROM ubuntu:20.04
ENV PATH=/opt/conda/bin:$PATH
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-4.7.12-Linux-x86_64.sh -O /tmp/conda.sh && \
    bash /tmp/conda.sh -b -p /opt/conda
