# expect: found=4.4.10 line=4 column=11
FROM ubuntu:18.04
ENV LANG=C.UTF-8 \
    CONDA=4.4.10
RUN curl -sSLo /tmp/c.sh "https://repo.anaconda.com/miniconda/Miniconda3-$CONDA-Linux-x86_64.sh" \
 && sh /tmp/c.sh -bfp /opt/conda
