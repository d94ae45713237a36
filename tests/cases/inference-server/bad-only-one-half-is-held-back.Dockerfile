# expect: found=absent
FROM python:3.8-slim
RUN pip install azureml-defaults==1.13.0 "jinja2>=3.0,<3.1"
