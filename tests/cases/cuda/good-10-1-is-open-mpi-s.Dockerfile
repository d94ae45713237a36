# options: --flavour openmpi-gpu
# expect: found=10.1
FROM nvcr.io/nvidia/cuda:10.1-devel-ubuntu16.04
