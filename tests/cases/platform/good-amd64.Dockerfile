FROM --platform=linux/amd64 ubuntu:20.04
