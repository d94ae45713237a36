FROM python:3.10-slim AS base
EXPOSE 5001
FROM base
CMD ["azmlinfsrv", "--entry_script", "score.py"]
