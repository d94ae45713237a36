# options: --flavour openmpi-cpu
# expect: found=2.7.4
FROM ubuntu:16.04
RUN apt-get update && apt-get install -y git
