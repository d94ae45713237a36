# expect: found=1.0.43
FROM continuumio/miniconda3:4.7.12
RUN conda create -y -n old python=3.6 && conda create -y -n new python=3.8
RUN /opt/conda/envs/old/bin/pip install azureml-defaults==1.0.43
RUN /opt/conda/envs/new/bin/pip install azureml-defaults==1.43.0
ENV PATH=/opt/conda/envs/old/bin:$PATH
