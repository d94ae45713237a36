# expect: count=2 message="a, b, c, d and 1 more"
FROM python:3.8-slim
RUN pip install a b c && pip install d e
RUN pip install f
