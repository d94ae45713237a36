# expect: count=1 line=3 column=17 message="azureml-defaults, scikit-learn"
FROM python:3.8-slim
RUN pip install azureml-defaults scikit-learn
