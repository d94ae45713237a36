# expect: found=2.7
FROM python:2.7-slim
