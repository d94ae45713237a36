# expect: count=1
FROM python:3.10-slim
ARG PIN="=>1.2"
RUN pip install "numpy${PIN}"
