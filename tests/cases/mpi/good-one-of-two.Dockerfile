# options: --require "mpi=openmpi ==4.1.* | mpich"
# expect: found="mpich 3.3"
FROM ubuntu:18.04
RUN apt-get update && apt-get install -y libmpich-dev mpich
