# expect: found=4.3.11
FROM ubuntu:18.04
ARG OLD=yes
RUN if [ "$OLD" = "yes" ]; then V=4.3.11; else V=4.7.12; fi && \
    wget -q https://repo.anaconda.com/miniconda/Miniconda3-$V-Linux-x86_64.sh -O /tmp/c.sh && bash /tmp/c.sh -b -p /opt/conda
