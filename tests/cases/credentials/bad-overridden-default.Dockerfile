# options: --build-arg DB_PASSWORD=another
# expect: count=1
FROM ubuntu:20.04
ARG DB_PASSWORD=hunter2secret
