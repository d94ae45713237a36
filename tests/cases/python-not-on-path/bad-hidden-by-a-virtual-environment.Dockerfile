# expect: count=1 message=/opt/venv
FROM ubuntu:20.04
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-py38_4.12.0-Linux-x86_64.sh -O /tmp/conda.sh && \
    bash /tmp/conda.sh -b -p /opt/conda && /opt/conda/bin/python -m venv /opt/venv
ENV PATH=/opt/venv/bin:/opt/conda/bin:$PATH
