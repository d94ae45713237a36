# expect: found=4.9.2
FROM continuumio/miniconda3:4.9.2
RUN conda create -y -n tools conda=4.3.30
