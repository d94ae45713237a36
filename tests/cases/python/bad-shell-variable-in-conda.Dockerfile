# expect: found=3.5
FROM continuumio/miniconda3:4.9.2
RUN PY=3.5; conda install -y python=$PY
