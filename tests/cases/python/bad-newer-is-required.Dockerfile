# options: --require python>=3.9
# expect: found=3.8
FROM python:3.8-slim
