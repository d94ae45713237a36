FROM ubuntu:20.04
COPY --from=registry.example.com/team/python:3 /opt/py /opt/py
RUN ln -s /opt/py/bin/python3 /usr/local/bin/python
