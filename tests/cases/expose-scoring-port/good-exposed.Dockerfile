FROM python:3.10-slim
RUN pip install azureml-inference-server-http==1.5.1
EXPOSE 5001
CMD ["azmlinfsrv", "--entry_script", "score.py"]
