# expect: count=1 line=3 column=6
ARG TAG=latest
FROM ubuntu:${TAG}
