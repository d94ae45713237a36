# expect: count=1 line=4 column=1 message="port 5001"
FROM python:3.10-slim
RUN pip install azureml-inference-server-http==1.5.1
CMD ["azmlinfsrv", "--entry_script", "score.py"]
