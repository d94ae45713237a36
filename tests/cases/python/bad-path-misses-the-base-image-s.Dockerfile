# expect: found=3.4
FROM ubuntu:14.04
COPY --from=python:3.11-slim-bookworm /usr/local /opt/python
RUN apt-get update && apt-get install -y python3
