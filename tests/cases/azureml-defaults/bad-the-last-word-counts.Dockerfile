# expect: found=1.0.43 line=4 column=17
FROM python:3.6-slim
RUN pip install azureml-defaults==1.13.0
RUN pip install azureml-defaults==1.0.43
