FROM python:3.13-slim
RUN apt-get update && apt-get install -y python2.7
