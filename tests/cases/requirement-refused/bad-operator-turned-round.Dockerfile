# expect: count=1 line=3 column=18 message=operator
FROM python:3.10-slim
RUN pip install "numpy=>1.2"
