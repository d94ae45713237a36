# options: --flavour openmpi-cpu
# expect: found=none reason="ARG V has no default"
FROM ubuntu:18.04
ARG V
RUN wget -q https://download.open-mpi.org/release/open-mpi/v3.1/openmpi-$V.tar.gz && tar zxf openmpi-$V.tar.gz && \
    cd openmpi-$V && ./configure && make install
