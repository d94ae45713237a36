FROM python:3.8-slim
RUN pip install --upgrade pip setuptools wheel && pip install azureml-defaults==1.54.0 scikit-learn==1.0.2
