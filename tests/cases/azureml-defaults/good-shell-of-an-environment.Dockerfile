# expect: found=1.43.0
FROM continuumio/miniconda3:4.7.12
RUN conda create -y -n model python=3.8
SHELL ["conda", "run", "--no-capture-output", "-n", "model", "/bin/bash", "-c"]
RUN pip install azureml-defaults==1.43.0
ENV PATH=/opt/conda/envs/model/bin:$PATH
