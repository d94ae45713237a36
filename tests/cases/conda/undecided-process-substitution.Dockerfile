# expect: found=none
FROM ubuntu:20.04
SHELL ["/bin/bash", "-c"]
RUN bash <(curl -sSL https://repo.anaconda.com/miniconda/Miniconda3-4.7.12-Linux-x86_64.sh) -b -p /opt/conda
