# expect: found=3.10
FROM mambaorg/micromamba:1.5.8-jammy
RUN micromamba install -y -n base -c conda-forge python=3.10
ENV PATH=/opt/conda/bin:$PATH
