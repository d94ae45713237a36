# expect: found=absent
FROM ubuntu:18.04
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-4.7.12-Linux-x86_64.sh -O /opt/conda.sh
