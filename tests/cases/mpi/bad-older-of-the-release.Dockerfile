# options: --flavour openmpi-cpu
# expect: found="openmpi 2.1.1" chain=3,4
FROM ubuntu:18.04
RUN apt-get update && apt-get install -y openmpi-bin
