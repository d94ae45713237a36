# options: --flavour openmpi-gpu
# expect: found=2.17.1
FROM nvidia/cuda:10.0-cudnn7-devel-ubuntu18.04
RUN apt-get update && apt-get install -y git
