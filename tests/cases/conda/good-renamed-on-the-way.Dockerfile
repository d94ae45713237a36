# expect: found=4.7.12
FROM ubuntu:20.04
RUN cd /tmp && wget -q https://repo.anaconda.com/miniconda/Miniconda3-4.7.12-Linux-x86_64.sh && \
    mv Miniconda3-4.7.12-Linux-x86_64.sh c.sh && bash c.sh -b -p /opt/conda
