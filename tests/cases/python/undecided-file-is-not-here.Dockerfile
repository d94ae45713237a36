# expect: found=none reason=environment.yml
FROM continuumio/miniconda3:4.7.12
COPY environment.yml /tmp/
RUN conda env create -n model -f /tmp/environment.yml
ENV PATH=/opt/conda/envs/model/bin:$PATH
