# expect: count=1 line=2 column=6 message=2023-06-27
FROM python:3.7-slim
