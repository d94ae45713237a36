# options: --user-managed
# expect: found=absent
FROM python:3.10-slim
RUN pip install azureml-inference-server-http==1.5.1
RUN pip uninstall --yes azureml_inference_server_http
