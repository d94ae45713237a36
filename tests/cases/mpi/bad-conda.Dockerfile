# options: --require "mpi=openmpi >=4.1"
# expect: found="openmpi 4.0"
FROM continuumio/miniconda3:4.9.2
RUN conda install -y -c conda-forge openmpi=4.0 mpi4py
