# options: --flavour openmpi-cpu
# expect: found=openmpi
FROM registry.example.com/team/base:7
RUN apt-get update && apt-get install -y openmpi-bin
