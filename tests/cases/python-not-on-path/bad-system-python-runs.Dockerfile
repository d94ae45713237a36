# expect: count=1 message=/usr
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y python3 wget
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-py38_4.12.0-Linux-x86_64.sh -O /tmp/conda.sh && \
    bash /tmp/conda.sh -b -p /opt/conda
