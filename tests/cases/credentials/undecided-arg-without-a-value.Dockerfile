FROM ubuntu:20.04
ARG DB_PASSWORD
RUN ./configure --password "$DB_PASSWORD"
