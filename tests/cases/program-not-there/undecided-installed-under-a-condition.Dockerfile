FROM ubuntu:22.04
ARG MODE
RUN if [ "$MODE" = dev ]; then apt-get install -y python3-pip; fi
RUN pip3 install flask
