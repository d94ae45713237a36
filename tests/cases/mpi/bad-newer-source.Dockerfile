# options: --flavour openmpi-cpu
# expect: found="openmpi 4.1.0" line=4 column=21
FROM ubuntu:18.04
ENV OPENMPI_VERSION 4.1.0
RUN wget -q https://download.open-mpi.org/release/open-mpi/v4.1/openmpi-${OPENMPI_VERSION}.tar.gz && \
    tar zxf openmpi-${OPENMPI_VERSION}.tar.gz && cd openmpi-${OPENMPI_VERSION} && ./configure && make all install
