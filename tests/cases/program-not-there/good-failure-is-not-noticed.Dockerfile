FROM ubuntu:22.04
RUN pip install flask; echo done
RUN pip install flask | tee /tmp/log
RUN set -e; set +e; pip install flask; true
RUN set -e; pip --version && echo there; true
