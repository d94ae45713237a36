# expect: found=4.7.12 line=4 column=17
FROM ubuntu:20.04
WORKDIR /tmp
RUN curl -sSLO  https://repo.anaconda.com/miniconda/Miniconda3-4.7.12-Linux-x86_64.sh
RUN chmod +x Miniconda3-4.7.12-Linux-x86_64.sh
RUN ./Miniconda3-4.7.12-Linux-x86_64.sh -b -p /opt/conda
