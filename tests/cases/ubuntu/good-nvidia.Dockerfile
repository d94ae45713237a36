# expect: found=18.04
FROM nvidia/cuda:11.3.1-cudnn8-runtime-ubuntu18.04
