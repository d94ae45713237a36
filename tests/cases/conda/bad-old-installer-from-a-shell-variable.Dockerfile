# expect: found=4.3.30 line=3 column=13
FROM ubuntu:18.04
RUN VERSION=4.3.30; \
    curl -sSL https://repo.anaconda.com/miniconda/Miniconda3-${VERSION}-Linux-x86_64.sh > /root/conda.sh; \
    bash /root/conda.sh -b -p /opt/conda
