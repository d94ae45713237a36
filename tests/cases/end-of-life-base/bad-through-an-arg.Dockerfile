# expect: count=1 line=3 column=6
ARG RELEASE=xenial
FROM ubuntu:${RELEASE}
