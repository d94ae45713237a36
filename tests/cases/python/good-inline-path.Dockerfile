# expect: found=3.8
FROM ubuntu:20.04
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-py37_4.12.0-Linux-x86_64.sh -O /tmp/c.sh && bash /tmp/c.sh -b -p /opt/conda
RUN export PATH=/opt/conda/bin:$PATH && conda install -y python=3.8
ENV PATH=/opt/conda/bin:$PATH
