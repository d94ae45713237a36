# options: --build-arg DB_PASSWORD=hunter2secret
FROM ubuntu:20.04
ARG DB_PASSWORD
