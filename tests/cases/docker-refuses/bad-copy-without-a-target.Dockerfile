# expect: count=1
FROM ubuntu:20.04
COPY environment.yml
