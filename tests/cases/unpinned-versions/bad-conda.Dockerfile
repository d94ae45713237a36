# expect: count=1 message="conda installs python, numpy"
FROM continuumio/miniconda3:4.9.2
RUN conda create -y -n model python numpy scipy=1.9
