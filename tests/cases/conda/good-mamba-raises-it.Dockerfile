# expect: found=4.12.0
FROM condaforge/mambaforge:4.10.3-1
RUN mamba install -y -n base "conda==4.12.0"
