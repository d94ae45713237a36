# expect: count=2
FROM ubuntu:20.04
ENV NAME=x \
    API_KEY=0123456789abcdef \
    ACCESS_TOKEN=abcdefghijkl
