# options: --flavour openmpi-cpu
# expect: found=absent
FROM ubuntu:18.04
RUN wget -q https://download.open-mpi.org/release/open-mpi/v3.1/openmpi-3.1.2.tar.gz && tar zxf openmpi-3.1.2.tar.gz
