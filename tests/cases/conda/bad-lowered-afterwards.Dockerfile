# expect: found=4.4.11 line=6 column=39 text=conda=4.4.11
FROM ubuntu:18.04
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-4.7.12-Linux-x86_64.sh -O /tmp/conda.sh && \
    bash /tmp/conda.sh -b -p /opt/conda
ENV PATH=/opt/conda/bin:$PATH
RUN conda install -y -c conda-canary  conda=4.4.11
