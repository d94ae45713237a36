# expect: found=3.5
FROM python:3.11-slim AS build
RUN python -m compileall /usr/local/lib/python3.11
FROM ubuntu:16.04
RUN apt-get update && apt-get install -y python3
