# expect: found=3.8
# `conda run` in SHELL says where RUN works; the image's own `python` stays the base environment's.
FROM continuumio/miniconda3:4.9.2
RUN conda create -y -n old python=3.5
SHELL ["conda", "run", "-n", "old", "/bin/bash", "-c"]
RUN pip install requests==2.20.0
