# options: --flavour openmpi-gpu
# expect: found=2.4.7 line=4 column=11
FROM nvidia/cuda:10.0-base-ubuntu16.04
ARG  NCCL=2.4.7-1+cuda10.0
RUN apt-get update && apt-get install -y "libnccl-dev=$NCCL"
