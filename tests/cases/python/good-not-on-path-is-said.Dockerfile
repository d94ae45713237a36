# expect: found=3.8 reason="it stands in /opt/conda, which is not on PATH"
FROM ubuntu:20.04
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-py38_4.12.0-Linux-x86_64.sh -O /tmp/conda.sh && \
    bash /tmp/conda.sh -b -p /opt/conda
