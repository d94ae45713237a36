FROM ubuntu:22.04
RUN base64 -d /tmp/program > /usr/local/bin/pip && chmod +x /usr/local/bin/pip
RUN pip install flask
