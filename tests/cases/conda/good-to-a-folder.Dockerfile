# expect: found=4.7.12
FROM ubuntu:20.04
RUN wget -q -P /tmp https://repo.anaconda.com/miniconda/Miniconda3-4.7.12-Linux-x86_64.sh && \
    /bin/sh /tmp/Miniconda3-4.7.12-Linux-x86_64.sh -b -u -p /opt/conda
