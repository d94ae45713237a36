# expect: count=1
FROM ubuntu:20.04
COPY --chwon=me a.txt /tmp/
