FROM ubuntu:20.04
ARG LOGIN
RUN pip install --extra-index-url https://build:${LOGIN}@pkgs.example.com/simple mypackage==1.0
