# expect: found=14.04 line=2 column=6
FROM ubuntu:14.04 AS base
FROM base AS tools
RUN mkdir /tools
FROM tools
