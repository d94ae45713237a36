ARG BASE
FROM mcr.microsoft.com/azureml/${BASE}
