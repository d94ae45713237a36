# expect: found=present
FROM mcr.microsoft.com/azureml/minimal-ubuntu20.04-py38-cpu-inference:20220722.v1
