# expect: found=3.7
FROM continuumio/miniconda3:4.9.2
RUN for spec in python=3.7 numpy=1.21; do conda install -y "$spec"; done
