# expect: found=3.8 line=2 column=6
FROM python:3.8-slim
