# expect: found=3.9
FROM continuumio/miniconda3:4.5.11
RUN conda create -y --prefix /opt/model python=3.9
ENV PATH=/opt/model/bin:${PATH}
