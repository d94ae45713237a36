# options: --datasets
FROM condaforge/miniforge3:24.9.2-0
RUN conda install -y libfuse=3.16.2
