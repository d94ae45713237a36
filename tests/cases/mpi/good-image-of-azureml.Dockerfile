# options: --flavour openmpi-cpu
# expect: found="openmpi 3.1.2"
FROM mcr.microsoft.com/azureml/openmpi3.1.2-ubuntu16.04:20210301.v1
