FROM ubuntu:22.04
RUN --mount=type=bind,from=python:3.10,source=/usr/local,target=/usr/local pip install flask
