FROM ubuntu:22.04
RUN PATH=/work/bin:$PATH pip install flask
RUN ./venv/bin/pip install flask
