FROM ubuntu:22.04
ADD python.txz /opt
ENV PATH=/opt/python/bin:$PATH
RUN pip install flask
