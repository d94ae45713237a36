# expect: count=1 line=2 column=6
FROM mcr.microsoft.com/azureml/openmpi3.1.2-ubuntu18.04:20210714.v1
