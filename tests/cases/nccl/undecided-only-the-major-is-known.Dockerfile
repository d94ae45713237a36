# options: --flavour openmpi-gpu
# expect: found=2
FROM mcr.microsoft.com/azureml/openmpi3.1.2-cuda10.1-cudnn7-ubuntu18.04:20210714.v1
