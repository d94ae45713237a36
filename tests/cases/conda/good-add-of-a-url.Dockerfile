# expect: found=4.7.12 line=3 column=5
FROM ubuntu:20.04
ADD https://repo.anaconda.com/miniconda/Miniconda3-4.7.12-Linux-x86_64.sh /tmp/conda.sh
RUN bash /tmp/conda.sh -b -p /opt/conda
