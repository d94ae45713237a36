# expect: reason="may pin an old Flask"
# The base's Python is known to be 3.8 or newer only, and pip takes another release for each: only the last resort breaks.
FROM mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20241216.v1
RUN pip install azureml-defaults
