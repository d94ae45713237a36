# options: --require mpi=openmpi
# expect: found="openmpi 4.0.3"
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y libopenmpi-dev
