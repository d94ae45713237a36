FROM ubuntu:20.04
ARG PREFIX
ENV PATH=$PREFIX/bin:$PATH
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-py38_4.12.0-Linux-x86_64.sh -O /tmp/conda.sh && \
    bash /tmp/conda.sh -b -p $PREFIX
