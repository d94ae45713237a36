# expect: found=none
FROM nvidia/cuda:10.0-cudnn7-devel
