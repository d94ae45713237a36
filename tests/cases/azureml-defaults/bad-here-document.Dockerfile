# expect: found=1.0.43 line=5 column=1
FROM python:3.6-slim
RUN cat <<LIST > /tmp/requirements.txt
numpy==1.19.5
azureml_defaults==1.0.43
LIST
RUN pip install -r /tmp/requirements.txt
