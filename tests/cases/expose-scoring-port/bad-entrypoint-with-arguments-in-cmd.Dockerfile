# expect: count=1
FROM python:3.10-slim
RUN pip install azureml-inference-server-http==1.5.1
ENTRYPOINT ["azmlinfsrv"]
CMD ["--entry_script", "score.py"]
