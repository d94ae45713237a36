# options: --require "mpi=openmpi >=4.1"
# expect: found=openmpi
FROM continuumio/miniconda3:4.9.2
RUN conda install -y -c conda-forge openmpi
