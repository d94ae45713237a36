# options: --flavour intelmpi-cpu
# expect: found="intelmpi 2018.3.222"
FROM ubuntu:16.04
ENV INTEL_MPI_VERSION 2018.3.222
RUN wget -q http://registrationcenter-download.intel.com/akdlm/irc_nas/tec/13063/l_mpi_${INTEL_MPI_VERSION}.tgz && \
    tar zxf l_mpi_${INTEL_MPI_VERSION}.tgz && cd l_mpi_${INTEL_MPI_VERSION} && ./install.sh -s silent.cfg
