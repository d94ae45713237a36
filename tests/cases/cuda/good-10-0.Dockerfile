# options: --flavour openmpi-gpu
# expect: found=10.0
FROM nvidia/cuda:10.0-cudnn7-devel-ubuntu16.04
