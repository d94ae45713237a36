# expect: found=none
FROM ubuntu:20.04
RUN VERSION=$(curl -s https://example.com/version) && \
    wget -q https://repo.anaconda.com/miniconda/Miniconda3-${VERSION}-Linux-x86_64.sh -O /tmp/conda.sh && \
    bash /tmp/conda.sh -b -p /opt/conda
