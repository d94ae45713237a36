# expect: found=4.7.12
FROM ubuntu:20.04
RUN curl -sSL https://repo.anaconda.com/miniconda/Miniconda3-4.7.12-Linux-x86_64.sh | bash -s -- -b -p /opt/conda
