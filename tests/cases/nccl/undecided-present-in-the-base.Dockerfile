# options: --flavour openmpi-gpu
# expect: found=present
FROM nvidia/cuda:10.0-cudnn7-devel-ubuntu16.04
