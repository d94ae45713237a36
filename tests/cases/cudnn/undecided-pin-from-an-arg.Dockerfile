# options: --flavour openmpi-gpu
# expect: found=none reason="ARG CUDNN has no default"
FROM nvidia/cuda:10.0-base-ubuntu16.04
ARG CUDNN
RUN apt-get update && apt-get install -y libcudnn7=${CUDNN}
