# options: --flavour openmpi-gpu
# expect: found=none
FROM nvidia/cuda:10.0-base-ubuntu16.04
RUN git clone -b v2.4.8-1 https://github.com/NVIDIA/nccl.git && cd nccl && make -j src.build && make install
