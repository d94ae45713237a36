# options: --flavour openmpi-gpu
# expect: found=none reason="ARG NCCL has no default"
FROM nvidia/cuda:10.0-base-ubuntu16.04
ARG NCCL
RUN apt-get update && apt-get install -y libnccl2=${NCCL}
