FROM python:3.10-slim
ENV PORT=8080
EXPOSE $PORT
CMD ["azmlinfsrv", "--entry_script", "score.py", "--port", "8080"]
