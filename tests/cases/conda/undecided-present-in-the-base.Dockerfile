# expect: found=present
FROM mcr.microsoft.com/azureml/base-lite:latest
