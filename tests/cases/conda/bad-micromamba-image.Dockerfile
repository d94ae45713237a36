# expect: found=absent
FROM mambaorg/micromamba:1.5.8-jammy
RUN micromamba install -y -n base -c conda-forge python=3.10 && micromamba clean --all --yes
