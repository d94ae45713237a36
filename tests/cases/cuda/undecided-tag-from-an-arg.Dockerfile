# options: --flavour openmpi-gpu
# expect: found=none reason="ARG CUDA has no default"
ARG CUDA
FROM nvidia/cuda:${CUDA}-base-ubuntu18.04
