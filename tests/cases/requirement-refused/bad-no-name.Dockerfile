# expect: count=1 message=name
FROM python:3.10-slim
RUN python -m pip install ==1.2
