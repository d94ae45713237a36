# options: --flavour openmpi-gpu
# expect: found=2.4.8
FROM nvidia/cuda:10.0-base-ubuntu16.04
RUN apt-get update && apt-get install -y libnccl2=2.4.8-1+cuda10.0
