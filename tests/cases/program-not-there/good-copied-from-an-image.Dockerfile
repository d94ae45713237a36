FROM ubuntu:22.04
COPY --from=python:3.10 /usr/local /usr/local
RUN pip install flask
