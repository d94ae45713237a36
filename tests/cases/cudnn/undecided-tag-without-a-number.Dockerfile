# options: --require cudnn>=9.1
# expect: found=present
FROM nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04
