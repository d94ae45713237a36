FROM ubuntu:22.04
COPY runtime /opt/runtime
ENV PATH=/opt/runtime/bin:$PATH
RUN pip install flask
RUN /opt/runtime/bin/python --version
