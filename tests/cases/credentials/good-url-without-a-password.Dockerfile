FROM ubuntu:20.04
RUN git clone https://me@example.com/x.git && curl http://example.com:8080/a@b
