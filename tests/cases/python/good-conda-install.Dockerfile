# expect: found=3.7
FROM continuumio/miniconda3:4.9.2
RUN conda install -y -c conda-forge python=3.7 scikit-learn=0.24
