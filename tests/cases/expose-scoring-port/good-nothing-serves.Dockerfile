FROM python:3.10-slim
CMD ["python", "train.py"]
