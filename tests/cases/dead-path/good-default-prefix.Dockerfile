FROM ubuntu:20.04
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-4.7.12-Linux-x86_64.sh && \
    bash Miniconda3-4.7.12-Linux-x86_64.sh -b
ENV PATH=/root/miniconda3/bin:$PATH
