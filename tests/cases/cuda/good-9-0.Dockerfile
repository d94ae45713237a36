# options: --flavour intelmpi-gpu
# expect: found=9.0
FROM nvidia/cuda:9.0-cudnn7-devel-ubuntu16.04
