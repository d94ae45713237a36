# expect: count=1 message=quote
FROM python:3.10-slim
RUN pip install numpy=>1.2
