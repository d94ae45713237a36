FROM mcr.microsoft.com/azureml/openmpi3.1.2-ubuntu18.04:20210714.v1 AS old
RUN mkdir /out
FROM ubuntu:22.04
COPY --from=old /out /out
