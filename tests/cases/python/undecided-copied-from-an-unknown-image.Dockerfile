# expect: found=none
FROM ubuntu:22.04
COPY --from=registry.example.com/team/python:3 /opt/python /opt/python
ENV PATH=/opt/python/bin:$PATH
