# expect: count=1 message=python
FROM ubuntu:22.04
RUN ["python3", "-m", "pip", "install", "flask"]
