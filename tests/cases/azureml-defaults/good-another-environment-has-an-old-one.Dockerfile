# expect: found=1.43.0
FROM continuumio/miniconda3:4.7.12
RUN conda create -y -n old python=3.6 && conda run -n old pip install azureml-defaults==1.0.43
RUN conda create -y -n new python=3.8 && conda run -n new pip install azureml-defaults==1.43.0
ENV PATH=/opt/conda/envs/new/bin:$PATH
