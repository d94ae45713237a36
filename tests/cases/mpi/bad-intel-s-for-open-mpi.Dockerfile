# options: --flavour openmpi-cpu
# expect: found="intelmpi 2018.3.222"
FROM mcr.microsoft.com/azureml/intelmpi2018.3-ubuntu16.04:20210301.v1
