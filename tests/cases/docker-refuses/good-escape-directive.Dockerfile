# escape=`
FROM ubuntu:20.04
RUN echo C:\ && `
    echo more
