# expect: count=1
FROM python:3.10-slim
RUN pip install numpy~=1
