# options: --flavour openmpi-cpu
# expect: found=4.7.12
FROM ubuntu:16.04
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-4.7.12-Linux-x86_64.sh -O /tmp/conda.sh && \
    bash /tmp/conda.sh -b -p /opt/conda
