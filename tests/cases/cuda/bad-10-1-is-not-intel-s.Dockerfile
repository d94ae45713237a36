# options: --flavour intelmpi-gpu
# expect: found=10.1
FROM nvidia/cuda:10.1-cudnn7-devel-ubuntu16.04
