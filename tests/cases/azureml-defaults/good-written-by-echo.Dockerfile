# expect: found=1.43.0
FROM python:3.8-slim
RUN echo "azureml-defaults==1.43.0" > /tmp/r.txt && echo 'numpy==1.19.5' >> /tmp/r.txt
RUN pip install -r /tmp/r.txt
