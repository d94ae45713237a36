# expect: count=1
FROM mcr.microsoft.com/azureml/intelmpi2018.3-ubuntu16.04:20210301.v1
