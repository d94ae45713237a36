# expect: found=3.5 line=3 column=22 text=python=3.5
FROM continuumio/miniconda3:4.7.12
RUN conda install -y python=3.5
