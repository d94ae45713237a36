FROM alpine:3.19
RUN apk --repository https://dl-cdn.alpinelinux.org/alpine/edge/main add python3 py3-pip
RUN pip install flask
