# expect: count=1 line=3 column=22 message="Python 3.6"
FROM continuumio/miniconda3:4.9.2
RUN conda install -y python=3.6
