# options: --require cuda==11.8.*
# expect: found=11.3
FROM continuumio/miniconda3:4.9.2
RUN conda install -y -c pytorch -c nvidia pytorch=1.12.1 cudatoolkit=11.3
