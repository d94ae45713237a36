# options: --require cuda>=11
# expect: found=11.3.1
FROM continuumio/miniconda3:4.9.2
RUN conda install -y -c conda-forge "cudatoolkit=11.3.1=h2bc3f7f_2"
