# expect: found=1.0.43
FROM python:3.6-slim
RUN ["python", "-m", "pip", "install", "azureml-defaults==1.0.43"]
