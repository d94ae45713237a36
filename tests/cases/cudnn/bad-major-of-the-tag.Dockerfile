# options: --require cudnn>=8
# expect: found=7 line=3 column=6
FROM nvidia/cuda:10.0-cudnn7-devel-ubuntu16.04
