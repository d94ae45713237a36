# expect: found=none reason="ARG PACKAGE has no default"
FROM python:3.8-slim
ARG PACKAGE
RUN pip install $PACKAGE
