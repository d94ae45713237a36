# expect: count=1
ARG TAG=20.04
FROM ubuntu:${TAG^^}
