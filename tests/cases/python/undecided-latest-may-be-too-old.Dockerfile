# options: --require python>=3.13
# expect: found=>=3.12
FROM ubuntu:20.04
ENV PATH=/opt/conda/bin:$PATH
RUN wget https://repo.anaconda.com/miniconda/Miniconda3-latest-Linux-x86_64.sh -O /tmp/c.sh && bash /tmp/c.sh -b -p /opt/conda
