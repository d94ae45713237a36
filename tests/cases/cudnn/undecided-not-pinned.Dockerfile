# options: --flavour openmpi-gpu
# expect: found=7
FROM nvidia/cuda:10.0-base-ubuntu16.04
RUN apt-get update && apt-get install -y libcudnn7
