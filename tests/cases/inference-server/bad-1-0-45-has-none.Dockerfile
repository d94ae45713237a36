# expect: found=absent line=3 column=17
FROM python:3.6-slim
RUN pip install azureml-defaults==1.0.45
