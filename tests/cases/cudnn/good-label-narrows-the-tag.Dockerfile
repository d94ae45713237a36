# options: --flavour openmpi-gpu
# expect: found=7.5.0 line=4 column=33
FROM nvidia/cuda:10.0-cudnn7-devel-ubuntu16.04
LABEL com.nvidia.cudnn.version="7.5.0"
