# options: --flavour openmpi-cpu
# expect: found=none
FROM ubuntu:18.04
COPY mpi /usr/local/src/mpi
RUN cd /usr/local/src/mpi && ./configure && make install
