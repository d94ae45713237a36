FROM mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20241216.v1
