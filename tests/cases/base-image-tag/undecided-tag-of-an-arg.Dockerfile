ARG TAG
FROM ubuntu:${TAG}
