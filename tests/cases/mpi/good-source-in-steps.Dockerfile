# options: --flavour openmpi-gpu
# expect: found="openmpi 3.1.2"
FROM nvidia/cuda:10.0-cudnn7-devel-ubuntu16.04
ADD https://download.open-mpi.org/release/open-mpi/v3.1/openmpi-3.1.2.tar.bz2 /src/
WORKDIR /src
RUN tar xjf openmpi-3.1.2.tar.bz2
WORKDIR /src/openmpi-3.1.2
RUN ./configure --prefix=/usr/local
RUN make all install
