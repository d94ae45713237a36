# options: --flavour openmpi-gpu
# expect: found=11.3 line=3 column=6
FROM nvidia/cuda:11.3.1-cudnn8-devel-ubuntu18.04
