# expect: found=1.0.33 line=3 column=40
FROM python:3.6-slim
RUN python -m pip install --no-cache  "azureml-defaults[notebooks] == 1.0.33"
