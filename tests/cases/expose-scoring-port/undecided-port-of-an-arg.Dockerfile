FROM python:3.10-slim
ARG PORT
EXPOSE $PORT
CMD ["azmlinfsrv", "--entry_script", "score.py"]
