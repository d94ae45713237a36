# expect: found=none
FROM python:3.8-slim
RUN if [ -e /serve ]; then pip install azureml-defaults==1.0.43; fi
