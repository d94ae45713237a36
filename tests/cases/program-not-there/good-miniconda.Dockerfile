FROM ubuntu:20.04
ADD https://repo.anaconda.com/miniconda/Miniconda3-py38_4.12.0-Linux-x86_64.sh /tmp/conda.sh
RUN bash /tmp/conda.sh -b -p /opt/conda
ENV PATH=/opt/conda/bin:$PATH
RUN conda install -y flask && pip install gunicorn && python --version
