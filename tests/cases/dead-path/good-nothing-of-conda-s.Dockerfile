FROM ubuntu:20.04
ENV PATH=/app/bin:/usr/lib/jvm/bin:$PATH
