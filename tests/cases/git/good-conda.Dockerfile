# options: --require git>=2.40
# expect: found=2.42.0
FROM continuumio/miniconda3:4.9.2
RUN conda install -y git=2.42.0
