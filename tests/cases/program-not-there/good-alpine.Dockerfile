FROM alpine:3.19
RUN apk add --no-cache python3 py3-pip
RUN pip install flask
