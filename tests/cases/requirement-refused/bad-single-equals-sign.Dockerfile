# expect: count=1 line=3 column=23 message=operator
FROM python:3.10-slim
RUN pip install flask numpy=1.2 gunicorn
