# expect: count=1 message="port 31311"
FROM python:3.10-slim
RUN pip install azureml-inference-server-http==1.5.1
ENTRYPOINT ["gunicorn", "-b", "0.0.0.0:31311", "azureml_inference_server_http.server.entry:app"]
