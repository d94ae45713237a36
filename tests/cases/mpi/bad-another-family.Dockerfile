# options: --flavour openmpi-cpu
# expect: found="mpich 3.3"
FROM ubuntu:18.04
RUN apt-get update && apt-get install -y mpich
